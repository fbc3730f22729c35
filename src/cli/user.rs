//! `factor-mcp user`: who may use a shared server.

mod kept;

use std::{collections::BTreeSet, process::ExitCode};

use chrono::{NaiveDate, Utc};
use clap::{Args, Subcommand};
use factor_store::{Identity, Listed, NewUser, Store, Usage, User, UserTier};
use factor_types::{ClosedSet, UserId};
use serde_json::json;

use super::{
    admin::{self, UsageError},
    terminal::{Format, ask, print, print_json, say, table, time},
};
use crate::{
    app::Operation,
    settings::{QuotaSettings, Settings},
};

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
    /// Shut a user out: take their key, and let no token of theirs in; what they saved stays
    Revoke {
        /// Their number, as `user list` shows it
        #[arg(required_unless_present = "subject", conflicts_with_all = ["issuer", "subject"])]
        id: Option<i64>,
        /// Whom their issuer's tokens name, in place of the number
        #[arg(long, value_name = "TEXT", requires = "issuer")]
        subject: Option<String>,
        /// The issuer, as `user list` shows it
        #[arg(long, value_name = "URL", requires = "subject")]
        issuer: Option<String>,
        /// Do not ask first
        #[arg(long)]
        force: bool,
    },
    /// Write all that is kept of a user, as one JSON object
    Export {
        /// Their number, as `user list` shows it
        id: i64,
    },
    /// Take away all that is kept of a user, and their access for good; their rows of the audit stay, and are nobody's
    Delete {
        /// Their number, as `user list` shows it
        id: i64,
        /// Do not ask first
        #[arg(long)]
        force: bool,
    },
    /// Show what was used of a day's quotas, and what is at work
    Usage {
        /// The number of one user, as `user list` shows it
        id: Option<i64>,
        /// The day, in UTC [default: today]
        #[arg(long, value_name = "YYYY-MM-DD")]
        day: Option<NaiveDate>,
        /// A table for people or JSON for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Give a user another tier
    Tier {
        /// Their number, as `user list` shows it
        id: i64,
        /// What they may use: public, registered or paid
        tier: UserTier,
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
        UserCommand::List { format } => list(store.users().await?, store.identities().await?, format),
        UserCommand::Revoke { id, subject, issuer, force } => {
            let id = match (id, issuer.zip(subject)) {
                (None, Some((issuer, subject))) => user_called(&*store, &issuer, &subject).await?,
                (id, _) => UserId::new(id.unwrap_or_default()),
            };
            revoke(&*store, id, force).await
        }
        UserCommand::Export { id } => {
            print_json(&kept::of(&*store, UserId::new(id)).await?.ok_or_else(|| unknown(UserId::new(id)))?)?;
            Ok(ExitCode::SUCCESS)
        }
        UserCommand::Delete { id, force } => delete(&*store, UserId::new(id), force).await,
        UserCommand::Usage { id, day, format } => {
            usage(&*store, &settings.quotas, id.map(UserId::new), day, format).await
        }
        UserCommand::Tier { id, tier } => match store.set_tier(UserId::new(id), tier).await? {
            Some(user) => {
                print(&format!("user {} is {}", user.id, user.tier))?;
                Ok(ExitCode::SUCCESS)
            }
            None => Err(unknown(UserId::new(id)).into()),
        },
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

fn list(users: Listed<User>, identities: Listed<Identity>, format: Format) -> anyhow::Result<ExitCode> {
    let Listed { rows: users, damaged } = users;
    match format {
        Format::Json => {
            let damaged = damaged.iter().map(|id| json!({"id": id.parse::<i64>().ok(), "damaged": true}));
            let shown = users.iter().map(|user| {
                let mut shown = object(user);
                let of_user = identities.rows.iter().filter(|identity| identity.user == user.id);
                shown["identities"] = of_user.map(of_issuer).collect();
                shown
            });
            print_json(&shown.chain(damaged).collect::<Vec<_>>())?;
        }
        Format::Table if users.is_empty() && damaged.is_empty() => print("there is no user yet: `user add` makes one")?,
        Format::Table if identities.rows.is_empty() => {
            print(&table(&["id", "tier", "email", "added", "key"], users.iter().map(cells).collect()))?;
        }
        Format::Table => {
            let heads = ["id", "tier", "email", "added", "key", "issuer", "subject", "revoked"];
            print(&table(&heads, users.iter().flat_map(|user| with_identities(user, &identities.rows)).collect()))?;
        }
    }
    let damaged: BTreeSet<String> = damaged.into_iter().chain(identities.damaged).collect();
    if let (Format::Table, false) = (format, damaged.is_empty()) {
        let numbers: Vec<String> = damaged.into_iter().collect();
        say(&format!("damaged: user {}; `factor-mcp store check` says more", numbers.join(", ")));
    }
    Ok(ExitCode::SUCCESS)
}

/// One line of what was used.
struct Used {
    user: UserId,
    tier: UserTier,
    used: Usage,
    limit: Option<u32>,
}

async fn usage(
    store: &dyn Store,
    quotas: &QuotaSettings,
    id: Option<UserId>,
    day: Option<NaiveDate>,
    format: Format,
) -> anyhow::Result<ExitCode> {
    let now = Utc::now();
    let day = day.unwrap_or(now.date_naive());
    let users = store.users().await?.rows;
    let chosen: Vec<&User> = users.iter().filter(|user| id.is_none_or(|id| user.id == id)).collect();
    if let (Some(id), true) = (id, chosen.is_empty()) {
        return Err(unknown(id).into());
    }
    let mut lines = Vec::new();
    for user in chosen {
        for used in store.usage(user.id, day, now).await? {
            // Callers without a key are counted with the local user, who has no quota.
            let tier = if used.caller.is_empty() { user.tier } else { UserTier::Public };
            let limit = Operation::read(&used.operation).ok().and_then(|operation| quotas.of(operation).of(tier));
            lines.push(Used { user: user.id, tier, used, limit });
        }
    }
    match format {
        Format::Json => print_json(&lines.iter().map(Used::object).collect::<Vec<_>>())?,
        Format::Table if lines.is_empty() => print(&format!("nothing was used on {day}"))?,
        Format::Table => {
            let heads = ["user", "tier", "from", "operation", "answered", "at work", "of a day's"];
            print(&table(&heads, lines.iter().map(Used::cells).collect()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Used {
    fn object(&self) -> serde_json::Value {
        let Self { user, tier, used, limit } = self;
        json!({
            "user": user,
            "tier": tier,
            "from": Some(&used.caller).filter(|caller| !caller.is_empty()),
            "operation": used.operation,
            "answered": used.answered,
            "at_work": used.at_work,
            "limit": limit,
        })
    }

    fn cells(&self) -> [String; 7] {
        let Self { user, tier, used, limit } = self;
        [
            user.to_string(),
            tier.to_string(),
            used.caller.clone(),
            used.operation.clone(),
            used.answered.to_string(),
            used.at_work.to_string(),
            limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string()),
        ]
    }
}

/// The number of whom an issuer calls so.
async fn user_called(store: &dyn Store, issuer: &str, subject: &str) -> anyhow::Result<UserId> {
    let all = store.identities().await?.rows;
    let found = all.iter().find(|identity| identity.issuer == issuer && identity.subject == subject);
    let unknown = || {
        UsageError(
            "nobody of that issuer and subject has come yet: `user list` shows those who have, to the letter"
                .to_owned(),
        )
    };
    Ok(found.ok_or_else(unknown)?.user)
}

fn unknown(id: UserId) -> UsageError {
    UsageError(format!("there is no user {id}: `user list` shows their numbers"))
}

async fn revoke(store: &dyn Store, id: UserId, force: bool) -> anyhow::Result<ExitCode> {
    // Looked up first, so that the question names who loses the key.
    let users = store.users().await?;
    let user = users.rows.iter().find(|user| user.id == id).ok_or_else(|| unknown(id))?;
    let identities = store.identities().await?.rows;
    let comes = identities.iter().find(|identity| identity.user == id && identity.revoked_at.is_none());
    if !user.has_key && comes.is_none() {
        let shut_out = identities.iter().any(|identity| identity.user == id);
        let why = if shut_out { "is shut out already" } else { "has no key" };
        print(&format!("user {id} {why}: nothing to revoke"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let whom = user.email.as_deref().or(comes.map(|identity| identity.subject.as_str()));
    let whom = whom.map(|whom| format!(" ({whom})")).unwrap_or_default();
    let question = match comes {
        Some(_) => format!("Shut user {id}{whom} out?"),
        None => format!("Take the key from user {id}{whom}?"),
    };
    if !force && !ask(&question)? {
        say("nothing was changed");
        return Ok(ExitCode::FAILURE);
    }
    store.revoke_user(id).await?;
    if comes.is_some() {
        print(&format!("user {id} is shut out; a running server stops taking their tokens within 5 seconds"))?;
    }
    if user.has_key {
        print(&format!(
            "user {id} has no key any more; a running server stops taking it within 30 seconds, and ends its streams within 5"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn delete(store: &dyn Store, id: UserId, force: bool) -> anyhow::Result<ExitCode> {
    let question = format!("Take away all that is kept of user {id}, for good?");
    if !force && !ask(&question)? {
        say("nothing was changed");
        return Ok(ExitCode::FAILURE);
    }
    let gone = store.delete_user(id).await?.ok_or_else(|| unknown(id))?;
    print(&format!(
        "user {id}: {} groups and {} portfolios are gone, and the access with them",
        gone.groups, gone.portfolios
    ))?;
    if gone.was_audited {
        say("Rows of the audit stay, and nothing says any more whose they are; one of the last minute may still come.");
    }
    say("Backups keep what was in them: see when the last of them goes.");
    Ok(ExitCode::SUCCESS)
}

/// A user's rows of the table: one, or one for each of those that their issuers call them.
fn with_identities(user: &User, all: &[Identity]) -> Vec<[String; 8]> {
    let [id, tier, email, added, key] = cells(user);
    let row = |of: [String; 3]| {
        let [issuer, subject, revoked] = of;
        [id.clone(), tier.clone(), email.clone(), added.clone(), key.clone(), issuer, subject, revoked]
    };
    let of_user = all.iter().filter(|identity| identity.user == user.id);
    let rows: Vec<_> = of_user
        .map(|identity| {
            let revoked = identity.revoked_at.map(time).unwrap_or_default();
            row([identity.issuer.clone(), identity.subject.clone(), revoked])
        })
        .collect();
    if rows.is_empty() { vec![row(Default::default())] } else { rows }
}

fn of_issuer(identity: &Identity) -> serde_json::Value {
    json!({
        "issuer": identity.issuer,
        "subject": identity.subject,
        "created_at": time(identity.created_at),
        "revoked_at": identity.revoked_at.map(time),
    })
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
    fn a_user_has_a_row_for_each_of_their_names_and_one_at_least() {
        let at = "2026-01-02T03:04:05Z".parse().unwrap();
        let user =
            |id| User { id: UserId::new(id), tier: UserTier::Public, email: None, created_at: at, has_key: false };
        let identity = |user, subject: &str, revoked_at| Identity {
            issuer: "https://login.example.com".to_owned(),
            subject: subject.to_owned(),
            user: UserId::new(user),
            created_at: at,
            revoked_at,
        };
        let all = [identity(2, "ada", None), identity(2, "lady", Some(at)), identity(3, "bob", None)];
        let shown =
            |id| -> Vec<String> { with_identities(&user(id), &all).iter().map(|row| row[5..].join(" ")).collect() };
        assert_eq!(shown(2), ["https://login.example.com ada ", "https://login.example.com lady 2026-01-02T03:04:05Z"]);
        assert_eq!(shown(4), ["  "]);
        assert_eq!(of_issuer(&all[1])["revoked_at"], "2026-01-02T03:04:05Z");
    }

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
