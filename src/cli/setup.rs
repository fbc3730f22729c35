//! `factor-mcp setup`: puts the server into the settings of the clients that are on this machine.

pub(super) mod clients;
pub(super) mod document;
mod entry;
pub(super) mod file;

use std::{fmt::Write as _, path::PathBuf, process::ExitCode};

use chrono::Utc;
use clap::Args;
use serde_json::Value;

use self::{
    clients::{Client, Language},
    entry::{Change, Entry, absolute, started_by},
    file::Settings as ClientFile,
};
use super::{admin::UsageError, print, say, terminal::ask_or};
use crate::settings::{SETTINGS, Settings, UserFolders};

/// The entry's name where none is given.
pub(super) const NAME: &str = "factor-intelligence";
/// Settings of this run that a client's entry takes over. A date and a log belong to the run.
const TAKEN_OVER: [&str; 5] =
    ["FACTOR_PRICE_SOURCE", "FACTOR_PRICE_FILES", "FACTOR_YIELD_FILE", "FACTOR_DATA_DIR", "FACTOR_PROXIES_DIR"];
const KEY: &str = "FMP_API_KEY";

/// What to set up.
///
/// What this run is told by flags or by the environment goes into the entries: `factor-mcp setup --price-files prices`.
#[derive(Debug, Args)]
pub struct SetupArgs {
    /// Only this client, also where nothing shows that it is on this machine (may be repeated)
    #[arg(long = "client", value_enum, value_name = "NAME")]
    clients: Vec<Client>,
    /// The entry's name in the clients' settings
    #[arg(long, default_value = NAME, value_parser = entry_name)]
    name: String,
    /// The program that the entries start (default: this one)
    #[arg(long, value_name = "PATH")]
    command: Option<PathBuf>,
    /// Write the FMP_API_KEY of this run into the entries; it then stands in each client's file
    #[arg(long, conflicts_with = "undo")]
    with_key: bool,
    /// Show what to put where by hand, and change nothing
    #[arg(long, conflicts_with = "undo")]
    print: bool,
    /// Take the last change of each client's settings back
    #[arg(long)]
    undo: bool,
    /// Do not ask first
    #[arg(long, short)]
    yes: bool,
}

/// What is to be done with a client's file.
enum Plan {
    /// Nothing, and that is well.
    Nothing(String),
    /// Nothing, although something should be.
    Refused(String),
    /// Another text, and what changes by it in words.
    Write { text: String, shown: String },
    /// What was there before, or no file.
    Restore { text: Option<String>, used: Option<PathBuf>, shown: String },
}

/// A client of this machine and what is to be done.
struct Step {
    client: Client,
    path: PathBuf,
    file: Option<ClientFile>,
    plan: Plan,
}

/// Sets up the clients. Exit code 1 where a client's settings had to stay as they were, or the answer was no.
///
/// # Errors
/// When the environment names no home, or standard output cannot be written to.
pub fn run(settings: &Settings, args: &SetupArgs) -> anyhow::Result<ExitCode> {
    let folders =
        UserFolders::of_the_user().ok_or_else(|| UsageError("the environment names no home: set HOME".to_owned()))?;
    let entry = entry(settings, args)?;
    let named = |client: &Client| args.clients.contains(client);
    let (here, away): (Vec<Client>, Vec<Client>) = Client::ALL
        .into_iter()
        .filter(|client| args.clients.is_empty() || named(client))
        .partition(|client| named(client) || args.print || client.is_here(&folders));
    if args.print {
        print(&by_hand(&here, &folders, &args.name, &entry))?;
        return Ok(ExitCode::SUCCESS);
    }
    let steps: Vec<Step> = here.into_iter().map(|client| step(client, &folders, args, &entry)).collect();
    print(&overview(&steps, &away, settings, args, &entry))?;
    let due = steps.iter().filter(|step| matches!(step.plan, Plan::Write { .. } | Plan::Restore { .. })).count();
    let mut well = !steps.iter().any(|step| matches!(step.plan, Plan::Refused(_)));
    if due > 0 {
        let question = if args.undo { "Take this back?" } else { "Write this? What is there is kept beside it." };
        if !args.yes && !ask_or(question, "--yes")? {
            say("nothing was changed");
            return Ok(ExitCode::FAILURE);
        }
        for step in &steps {
            well &= done(step)?;
        }
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the clients are to start.
fn entry(settings: &Settings, args: &SetupArgs) -> anyhow::Result<Entry> {
    let own = std::env::current_exe();
    let (command, arguments) = match &args.command {
        Some(path) => (absolute(&path.display().to_string()), Vec::new()),
        None => started_by(&own?, cfg!(windows)),
    };
    let given = settings.effective().iter().filter(|setting| matches!(setting.origin.as_str(), "flag" | "environment"));
    let mut environment = Vec::new();
    for setting in given.filter(|setting| TAKEN_OVER.contains(&setting.name)) {
        let Some(value) = &setting.value else { continue };
        let is_path = SETTINGS.iter().any(|known| known.variable == setting.name && known.is_path);
        environment.push((setting.name, if is_path { absolute(value) } else { value.clone() }));
    }
    if args.with_key {
        let none = || UsageError(format!("--with-key, but {KEY} is not set: set it for this run"));
        let key = settings.vendors.fmp_key.as_ref().ok_or_else(none)?;
        environment.push((KEY, key.expose().to_owned()));
    }
    Ok(Entry { command, arguments, environment })
}

fn step(client: Client, folders: &UserFolders, args: &SetupArgs, entry: &Entry) -> Step {
    let path = client.file(folders);
    let (file, plan) = match ClientFile::read(&path) {
        Err(why) => (None, Plan::Refused(why)),
        Ok(file) => {
            let plan =
                if args.undo { undoing(client, &file, &args.name) } else { adding(client, &file, &args.name, entry) };
            let plan = plan.unwrap_or_else(Plan::Refused);
            let refuses = matches!(plan, Plan::Write { .. } | Plan::Restore { .. }).then(|| file.refuses()).flatten();
            (Some(file), refuses.map_or(plan, Plan::Refused))
        }
    };
    Step { client, path, file, plan }
}

fn adding(client: Client, file: &ClientFile, name: &str, entry: &Entry) -> Result<Plan, String> {
    let (form, text) = (client.form(), file.text()?);
    let changes = entry.changes(form, document::entry(text, form, name)?.as_ref())?;
    if changes.is_empty() {
        return Ok(Plan::Nothing("set up already".to_owned()));
    }
    let text = document::with(text, form, name, &changes)?;
    Ok(Plan::Write { text, shown: shown(name, form.servers, &changes) })
}

/// The last change taken back. Where nothing else was changed since, the file is then what it was, byte for byte; else the
/// entry alone becomes what it was.
fn undoing(client: Client, file: &ClientFile, name: &str) -> Result<Plan, String> {
    let (form, text) = (client.form(), file.text()?);
    if !file.exists() {
        return Ok(Plan::Nothing("there is no such file".to_owned()));
    }
    let now = document::entry(text, form, name)?;
    let Some(backup) = file.backups().pop() else {
        if now.is_none() {
            return Ok(Plan::Nothing("no entry of this name, and no backup".to_owned()));
        }
        let rest = document::others(text, form, name)?;
        let nothing_else = rest.as_object().is_some_and(serde_json::Map::is_empty);
        let text = if nothing_else { None } else { Some(document::without(text, form, name)?) };
        let gone = if nothing_else { ", and with it the file, which has nothing else" } else { "" };
        return Ok(Plan::Restore { text, used: None, shown: format!("takes `{name}` out{gone}") });
    };
    let kept = ClientFile::read(&backup)?;
    let kept = kept.text()?;
    let before = document::entry(kept, form, name)?;
    let same = document::others(text, form, name)? == document::others(kept, form, name)?;
    let (text, shown) = if same {
        (kept.to_owned(), format!("becomes {} again", backup.display()))
    } else if let Some(before) = before {
        let whole = Change { path: Vec::new(), old: now, new: before };
        (
            document::with(text, form, name, &[whole])?,
            format!("makes `{name}` what it is in {}; the rest was changed since", backup.display()),
        )
    } else {
        (
            document::without(text, form, name)?,
            format!("takes `{name}` out; the rest was changed since {}", backup.display()),
        )
    };
    Ok(Plan::Restore { text: Some(text), used: Some(backup), shown })
}

fn done(step: &Step) -> anyhow::Result<bool> {
    let (Some(file), title, path) = (&step.file, step.client.title(), step.path.display()) else { return Ok(true) };
    let outcome = match &step.plan {
        Plan::Nothing(_) | Plan::Refused(_) => return Ok(true),
        Plan::Write { text, .. } => {
            file.replace(text, &Utc::now().format("%Y%m%dT%H%M%SZ").to_string()).map(|backup| match backup {
                Some(backup) => format!("written; before: {}", backup.display()),
                None => "made".to_owned(),
            })
        }
        Plan::Restore { text, used, .. } => {
            file.restore(text.as_deref(), used.as_deref()).map(|()| "taken back".to_owned())
        }
    };
    match outcome {
        Ok(said) => {
            print(&format!("{title}: {path} {said}"))?;
            Ok(true)
        }
        Err(why) => {
            print(&format!("{title}: {path} stays as it was: {why}"))?;
            Ok(false)
        }
    }
}

/// What was found and what is to be done, for people.
fn overview(steps: &[Step], away: &[Client], settings: &Settings, args: &SetupArgs, entry: &Entry) -> String {
    let mut parts: Vec<String> = steps.iter().map(in_words).collect();
    if steps.is_empty() {
        parts.push(
            "None of the clients that this command knows was found. --print shows what to put where by hand."
                .to_owned(),
        );
    }
    if !away.is_empty() {
        let names: Vec<&str> = away.iter().map(|client| client.title()).collect();
        parts.push(format!("Not found on this machine: {}.", names.join(", ")));
    }
    if !args.undo {
        if settings.vendors.fmp_key.is_some() && !args.with_key {
            parts.push(format!("{KEY} is set for this run and does not reach the clients: with --with-key it is written into their files."));
        } else if entry.environment.is_empty() && !args.with_key {
            parts.push(
                "No prices are named, so a new entry answers with simulated ones: give --price-files FOLDER, or set FMP_API_KEY and give --with-key."
                    .to_owned(),
            );
        }
        if steps.iter().any(|step| matches!(step.plan, Plan::Write { .. })) {
            parts.push("Start the clients again after this: they read their settings when they start.".to_owned());
        }
    }
    parts.join("\n\n")
}

fn in_words(step: &Step) -> String {
    let head = format!("{}: {}", step.client.title(), step.path.display());
    match &step.plan {
        Plan::Nothing(why) => format!("{head}\n  {why}"),
        Plan::Refused(why) => format!("{head}\n  stays as it is: {why}"),
        Plan::Write { shown, .. } | Plan::Restore { shown, .. } => format!("{head}\n{}", indented(shown)),
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// The changes, without what nobody may see.
fn shown(name: &str, servers: &str, changes: &[Change]) -> String {
    let mut lines = String::new();
    for change in changes {
        let place = [&[servers.to_owned(), name.to_owned()][..], &change.path].concat().join(".");
        let last = change.path.last().map(String::as_str).unwrap_or_default();
        let new = pretty(last, &change.new);
        let _ = match &change.old {
            None => writeln!(lines, "+ {place} = {new}"),
            Some(old) => writeln!(lines, "- {place} = {}\n+ {place} = {new}", pretty(last, old)),
        };
    }
    lines.trim_end().to_owned()
}

fn pretty(name: &str, value: &Value) -> String {
    serde_json::to_string_pretty(&masked(name, value)).unwrap_or_default()
}

/// A value in which no variable that holds a secret can be read.
fn masked(name: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), masked(name, value))).collect())
        }
        _ if SETTINGS.iter().any(|setting| setting.is_secret && setting.variable == name) => {
            Value::String("***".to_owned())
        }
        other => other.clone(),
    }
}

/// What to put where, for a person's own hands.
fn by_hand(clients: &[Client], folders: &UserFolders, name: &str, entry: &Entry) -> String {
    let part = |client: &Client| {
        let (form, path) = (client.form(), client.file(folders));
        let text = snippet(*client, name, &masked("", &entry.value(form)));
        let also =
            if form.language == Language::Toml { "put this at the end" } else { "put this in, beside what is there" };
        format!("{}, {}: {also}\n\n{text}", client.title(), path.display())
    };
    clients.iter().map(part).collect::<Vec<_>>().join("\n\n")
}

fn snippet(client: Client, name: &str, entry: &Value) -> String {
    let change = Change { path: Vec::new(), old: None, new: entry.clone() };
    let text = document::with("", client.form(), name, &[change]).unwrap_or_default();
    text.trim().to_owned()
}

fn entry_name(text: &str) -> Result<String, String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if (1..=64).contains(&text.len()) && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err("write 1 to 64 letters, digits, hyphens and underscores".to_owned())
}

/// Where a client of this machine keeps its settings, for those who look at them.
pub(super) fn places(folders: &UserFolders) -> Vec<(Client, PathBuf)> {
    Client::ALL
        .into_iter()
        .filter(|client| client.is_here(folders))
        .map(|client| (client, client.file(folders)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let entry = json!({"command": "x", "env": {"FMP_API_KEY": "planted", "DATABASE_URL": "planted", "FACTOR_PRICE_FILES": "/p"}});
        let whole = shown("n", "mcpServers", &[Change { path: vec![], old: None, new: entry }]);
        let path = vec!["env".to_owned(), "FMP_API_KEY".to_owned()];
        let one = shown("n", "servers", &[Change { path, old: Some(json!("planted")), new: json!("planted-2") }]);
        assert!(!whole.contains("planted") && whole.contains("/p") && whole.contains("***"), "{whole}");
        assert_eq!(one, "- servers.n.env.FMP_API_KEY = \"***\"\n+ servers.n.env.FMP_API_KEY = \"***\"");
    }

    #[test]
    fn a_name_is_one_word() {
        assert_eq!(entry_name("factor_2-x").unwrap(), "factor_2-x");
        for wrong in ["", "a b", "a.b", "é", &"a".repeat(65)] {
            assert!(entry_name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_shown_for_by_hand_is_what_would_be_written() {
        let entry = json!({"command": "/opt/factor-mcp", "env": {"FMP_API_KEY": "***"}});
        assert_eq!(
            snippet(Client::Codex, "factor", &entry),
            "[mcp_servers.factor]\ncommand = \"/opt/factor-mcp\"\nenv = { FMP_API_KEY = \"***\" }"
        );
        let json = snippet(Client::Cursor, "factor", &entry);
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), json!({"mcpServers": {"factor": entry}}));
    }
}
