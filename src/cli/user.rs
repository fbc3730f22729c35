//! `factor-mcp user`: who may use a shared server.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use factor_store::{Listed, NewUser, Store, User, UserTier};
use factor_types::UserId;
use serde_json::json;

use super::{
    admin::{self, UsageError},
    terminal::{Format, ask, print, print_json, say, table, time},
};
use crate::settings::Settings;

/// What to do with the users.
#[derive(Debug, Args)]
pub struct UserArgs {
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Add a user and show their key, this once
    Add {
        /// Their address
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// What they may use: public, registered or paid
        #[arg(long, default_value_t = UserTier::Registered)]
        tier: UserTier,
        /// A table for people or JSON for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Show the users
    List {
        /// A table for people or JSON for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Take the key from a user; what they saved stays
    Revoke {
        /// Their number, as `user list` shows it
        id: i64,
        /// Do not ask first
        #[arg(long)]
        force: bool,
    },
}

/// Runs the command.
///
/// # Errors
/// When the store cannot be reached.
pub async fn run(settings: Settings, args: UserArgs) -> anyhow::Result<ExitCode> {
    let store = admin::open(&settings).await?;
    match args.command {
        UserCommand::Add { email, tier, format } => add(&*store, email, tier, format).await,
        UserCommand::List { format } => list(store.users().await?, format),
        UserCommand::Revoke { id, force } => revoke(&*store, UserId::new(id), force).await,
    }
}

async fn add(store: &dyn Store, email: Option<String>, tier: UserTier, format: Format) -> anyhow::Result<ExitCode> {
    const ONCE: &str =
        "The key is shown this once and is not kept: only its SHA-256 is. Whoever holds it is this user.";
    let (user, key) = store.add_user(&NewUser { tier, email }).await?;
    match format {
        Format::Json => {
            let mut shown = object(&user);
            shown["key"] = json!(key.reveal());
            shown["note"] = json!(ONCE);
            print_json(&shown)?;
        }
        Format::Table => {
            print(&format!("user {}, {}", user.id, user.tier))?;
            // On a line of its own on standard output, so that a script can take it; the rest goes to standard error.
            print(&key.reveal())?;
            say(ONCE);
            say("They send it with every request: `Authorization: Bearer <key>` or `X-API-Key: <key>`.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(Listed { rows: users, damaged }: Listed<User>, format: Format) -> anyhow::Result<ExitCode> {
    match format {
        Format::Json => {
            let damaged = damaged.iter().map(|id| json!({"id": id.parse::<i64>().ok(), "damaged": true}));
            let all: Vec<_> = users.iter().map(object).chain(damaged).collect();
            print_json(&all)?;
        }
        Format::Table if users.is_empty() && damaged.is_empty() => print("there is no user yet: `user add` makes one")?,
        Format::Table => print(&table(&["id", "tier", "email", "added", "key"], users.iter().map(cells).collect()))?,
    }
    if let (Format::Table, false) = (format, damaged.is_empty()) {
        say(&format!("damaged: user {}; `factor-mcp store check` says more", damaged.join(", ")));
    }
    Ok(ExitCode::SUCCESS)
}

async fn revoke(store: &dyn Store, id: UserId, force: bool) -> anyhow::Result<ExitCode> {
    // Looked up first, so that the question names who loses the key.
    let users = store.users().await?;
    let Some(user) = users.rows.iter().find(|user| user.id == id) else {
        return Err(UsageError(format!("there is no user {id}: `user list` shows their numbers")).into());
    };
    if !user.has_key {
        print(&format!("user {id} has no key: nothing to revoke"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let whom = user.email.as_ref().map(|email| format!(" ({email})")).unwrap_or_default();
    if !force && !ask(&format!("Take the key from user {id}{whom}?"))? {
        say("nothing was changed");
        return Ok(ExitCode::FAILURE);
    }
    store.revoke_user(id).await?;
    print(&format!("user {id} has no key any more; a running server stops taking it within 30 seconds"))?;
    Ok(ExitCode::SUCCESS)
}

fn object(user: &User) -> serde_json::Value {
    json!({
        "id": user.id,
        "tier": user.tier,
        "email": user.email,
        "created_at": time(user.created_at),
        "has_key": user.has_key,
    })
}

fn cells(user: &User) -> [String; 5] {
    [
        user.id.to_string(),
        user.tier.to_string(),
        user.email.clone().unwrap_or_default(),
        time(user.created_at),
        if user.has_key { "yes" } else { "no" }.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_shown_without_a_key() {
        let user = User {
            id: UserId::new(7),
            tier: UserTier::Paid,
            email: None,
            created_at: "2026-01-02T03:04:05Z".parse().unwrap(),
            has_key: false,
        };
        assert_eq!(cells(&user), ["7", "paid", "", "2026-01-02T03:04:05Z", "no"]);
        let shown = object(&User { email: Some("ada@example.com".to_owned()), has_key: true, ..user });
        assert_eq!(
            shown,
            json!({"id": 7, "tier": "paid", "email": "ada@example.com", "created_at": "2026-01-02T03:04:05Z", "has_key": true})
        );
    }
}
