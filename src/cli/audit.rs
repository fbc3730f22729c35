//! `factor-mcp audit`: what was called, whether nobody has changed it, and when it goes.

use std::{
    collections::HashMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use chrono::{DateTime, Days, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use factor_store::{
    Store,
    audit::{AuditKey, AuditRow, Broken, Walk},
};
use serde_json::{Map, Value, json};

use super::{
    admin::{self, UsageError},
    terminal::{Format, ask, print, print_json, say},
};
use crate::{
    app::audit::{key_of, seal_of_arguments},
    settings::Settings,
};

/// What to do with the audit.
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Write all rows, a line of JSON each, with whose they are where that may be known
    Export {
        /// Of one server's chain
        #[arg(long, value_name = "NAME")]
        replica: Option<String>,
        /// A file in place of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Go along every chain: whether a row was changed, forged, put elsewhere or cut off; the heads it prints are what to note
    Verify {
        /// A head that was noted earlier: rows that were cut off since are found by it alone
        #[arg(long, value_name = "HASH")]
        head: Vec<String>,
        /// Words for people or JSON for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// The seal that a call has in the audit, of which to look for its rows
    Seal {
        /// The tool
        tool: String,
        /// Its arguments, a file of one JSON object
        arguments: PathBuf,
    },
    /// Take away rows older than FACTOR_AUDIT_DAYS; the chains stay verifiable from there
    Prune {
        /// Keep so many days in place of FACTOR_AUDIT_DAYS
        #[arg(long, value_name = "DAYS")]
        keep_days: Option<u64>,
        /// Do not ask first
        #[arg(long)]
        force: bool,
    },
}

/// Runs the command.
///
/// # Errors
/// When the store or the key cannot be had, or a file not be written.
pub async fn run(settings: Settings, args: AuditArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        AuditCommand::Export { replica, output } => {
            let store = admin::open(&settings).await?;
            export(&*store, replica.as_deref(), output.as_deref()).await
        }
        AuditCommand::Verify { head, format } => {
            let (store, key) = (admin::open(&settings).await?, key_of(&settings)?);
            verify(&*store, &key, &head, format).await
        }
        AuditCommand::Seal { tool, arguments } => {
            let text =
                fs::read_to_string(&arguments).with_context(|| format!("cannot read {}", arguments.display()))?;
            let none = || format!("{} is not the JSON object of a call's arguments", arguments.display());
            let given: Map<String, Value> = serde_json::from_str(&text).with_context(none)?;
            print(&seal_of_arguments(&key_of(&settings)?, &tool, &given))?;
            Ok(ExitCode::SUCCESS)
        }
        AuditCommand::Prune { keep_days, force } => {
            let days = keep_days.unwrap_or(settings.audit.days as u64);
            let (store, key) = (admin::open(&settings).await?, key_of(&settings)?);
            prune(&*store, &key, days, force).await
        }
    }
}

/// Calls `each` with every row of a chain after a place, in order.
async fn walk(
    store: &dyn Store,
    replica: &str,
    mut after: i64,
    mut each: impl FnMut(&AuditRow) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    loop {
        let rows = store.audit_rows(replica, after).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.seq;
        rows.iter().try_for_each(&mut each)?;
    }
}

async fn export(store: &dyn Store, replica: Option<&str>, output: Option<&Path>) -> anyhow::Result<ExitCode> {
    let names: HashMap<String, i64> =
        store.audit_names().await?.into_iter().map(|(user, name)| (name, user.number())).collect();
    let chains = store.audit_chains().await?;
    if let Some(wanted) = replica.filter(|wanted| !chains.iter().any(|(name, _)| name == wanted)) {
        let known: Vec<&str> = chains.iter().map(|(name, _)| name.as_str()).collect();
        return Err(UsageError(format!("there is no chain {wanted}; there are: {}", known.join(", "))).into());
    }
    let mut file = match output {
        Some(path) => Some(fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?),
        None => None,
    };
    for (name, _) in chains.iter().filter(|(name, _)| replica.is_none_or(|wanted| wanted == name)) {
        walk(store, name, 0, |row| {
            let mut shown = serde_json::to_value(row)?;
            shown["time"] = json!(time_of(row.at));
            shown["user"] = json!(names.get(&row.who));
            match &mut file {
                Some(file) => writeln!(file, "{shown}")?,
                None => print(&shown.to_string())?,
            }
            Ok(())
        })
        .await?;
    }
    Ok(ExitCode::SUCCESS)
}

fn time_of(millis: i64) -> Option<String> {
    Some(DateTime::from_timestamp_millis(millis)?.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// What was found of a chain.
struct Found {
    replica: String,
    rows: u64,
    first: i64,
    head: (i64, String),
    broken: Option<Broken>,
}

async fn verify(store: &dyn Store, key: &AuditKey, noted: &[String], format: Format) -> anyhow::Result<ExitCode> {
    let mut missing: Vec<&String> = noted.iter().collect();
    let mut chains = Vec::new();
    for (replica, checkpoint) in store.audit_chains().await? {
        let mut found = Found { rows: 0, first: 1, head: (0, String::new()), broken: None, replica };
        match Walk::begin(key, &found.replica, checkpoint.as_ref()) {
            Ok(mut along) => {
                let begins = along.head().clone();
                found.first = begins.seq + 1;
                missing.retain(|noted| !is_head(noted, &begins.hash));
                walk(store, &found.replica, 0, |row| {
                    if found.broken.is_none() {
                        found.broken = along.step(row).err();
                        missing.retain(|noted| found.broken.is_some() || !is_head(noted, &row.hash));
                    }
                    Ok(())
                })
                .await?;
                (found.rows, found.head) = (along.rows(), (along.head().seq, along.head().hash.clone()));
            }
            Err(broken) => found.broken = Some(broken),
        }
        chains.push(found);
    }
    let lost: Vec<String> = missing.iter().map(|head| Broken::Head((*head).clone()).to_string()).collect();
    let is_whole = lost.is_empty() && chains.iter().all(|chain| chain.broken.is_none());
    match format {
        Format::Json => print_json(&json!({
            "whole": is_whole,
            "chains": chains.iter().map(|chain| json!({
                "replica": chain.replica, "first": chain.first, "rows": chain.rows, "last": chain.head.0,
                "head": chain.head.1, "broken": chain.broken.as_ref().map(ToString::to_string),
            })).collect::<Vec<_>>(),
            "lost_heads": lost,
        }))?,
        Format::Table => print(&in_words(&chains, &lost))?,
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Heads are compared in whatever case they were noted.
fn is_head(noted: &str, hash: &str) -> bool {
    !hash.is_empty() && noted.trim().eq_ignore_ascii_case(hash)
}

fn in_words(chains: &[Found], lost: &[String]) -> String {
    let one = |chain: &Found| match &chain.broken {
        Some(broken) => format!("BROKEN: {broken}"),
        None => format!("{}: rows {} to {} are whole; head {}", chain.replica, chain.first, chain.head.0, chain.head.1),
    };
    let mut lines: Vec<String> = chains.iter().map(one).collect();
    if lines.is_empty() {
        lines.push("there is no row".to_owned());
    }
    lines.extend(lost.iter().map(|lost| format!("BROKEN: {lost}")));
    lines.join("\n")
}

async fn prune(store: &dyn Store, key: &AuditKey, days: u64, force: bool) -> anyhow::Result<ExitCode> {
    let now = Utc::now();
    let before = now.checked_sub_days(Days::new(days)).context("so many days ago there was no calendar")?;
    if !force && !ask(&format!("Take away the rows before {}?", before.date_naive()))? {
        say("nothing was changed");
        return Ok(ExitCode::FAILURE);
    }
    let pruned = store.prune_audit(key, before, now).await?;
    if pruned.is_empty() {
        print(&format!("no row is older than {}", before.date_naive()))?;
    }
    for (replica, rows) in pruned {
        print(&format!("{replica}: {rows} rows are gone"))?;
    }
    Ok(ExitCode::SUCCESS)
}
