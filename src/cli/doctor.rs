//! `factor-mcp doctor`: what keeps answers away, and the way out of each.
//!
//! Nothing is changed by it and no secret is shown. A check is one file here; each gives findings, one a thing it looked at.

mod clients;
mod clock;
mod folder;
mod sources;
mod store;

use std::process::ExitCode;

use clap::Args;
use factor_types::closed_set;
use serde::Serialize;

use super::{Format, print, print_json};
use crate::{
    app::{App, SourceChoice},
    settings::{Settings, SettingsError},
};

/// How to show what was found.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// A text for people or JSON for programs
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

closed_set! {
    /// What was looked at.
    pub(super) enum Part: "a part" {
        Settings = "settings",
        Key = "key",
        Network = "network",
        Prices = "prices",
        Yields = "yields",
        Universe = "universe",
        Folder = "folder",
        Store = "store",
        Clock = "clock",
        Clients = "clients",
    }
}

closed_set! {
    /// How it is.
    pub(super) enum State: "a state" {
        /// As it should be.
        Ok = "ok",
        /// It works, and somebody may want it otherwise.
        Note = "note",
        /// It keeps answers away or makes them wrong.
        Trouble = "trouble",
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    part: Part,
    state: State,
    /// What was seen.
    says: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    to_do: Option<String>,
}

/// Everything that was looked at.
#[derive(Debug, Serialize)]
struct Report {
    /// The worst state of all.
    state: State,
    findings: Vec<Finding>,
}

impl Finding {
    fn ok(part: Part, says: impl Into<String>) -> Self {
        Self { part, state: State::Ok, says: says.into(), to_do: None }
    }

    fn note(part: Part, says: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { part, state: State::Note, says: says.into(), to_do: Some(to_do.into()) }
    }

    fn trouble(part: Part, says: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { part, state: State::Trouble, says: says.into(), to_do: Some(to_do.into()) }
    }
}

impl Report {
    fn of(findings: Vec<Finding>) -> Self {
        let has = |state| findings.iter().any(|finding| finding.state == state);
        let state = [State::Trouble, State::Note].into_iter().find(|state| has(*state)).unwrap_or(State::Ok);
        Self { state, findings }
    }
}

/// Looks at everything. Exit code 1 where something keeps answers away or makes them wrong.
///
/// # Errors
/// When standard output cannot be written to.
pub async fn run(settings: Result<Settings, SettingsError>, args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    let mut findings = match settings {
        Ok(settings) => in_force(settings).await,
        Err(SettingsError(problems)) => {
            let mut findings: Vec<Finding> = problems
                .into_iter()
                .map(|problem| Finding::trouble(Part::Settings, problem, "put it right where it says it comes from; the server does not start with it, and the rest was not looked at"))
                .collect();
            findings.extend(clock::of_this_machine());
            findings
        }
    };
    findings.extend(clients::look());
    let report = Report::of(findings);
    match args.format {
        Format::Json => print_json(&report)?,
        Format::Table => print(&in_words(&report))?,
    }
    Ok(if report.state == State::Trouble { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// With settings that can be used.
async fn in_force(mut settings: Settings) -> Vec<Finding> {
    let mut findings = vec![of_settings(&settings)];
    findings.extend(folder::look(&settings));
    // Nothing is made and nothing brought to another version by looking.
    settings.migrate = false;
    if store::is_fresh(&settings).await {
        findings.push(Finding::ok(Part::Store, "nothing is kept yet"));
        settings.store.data_dir = None;
    }
    let (today, has_key) = (settings.clock.today, settings.vendors.fmp_key.is_some());
    match App::build(settings) {
        Ok(app) => {
            let (sources, store) = futures::join!(sources::look(&app), store::look(&app));
            findings.extend(sources.findings);
            findings.extend(universe(&app).await);
            findings.extend(store);
            findings.extend(clock::look(today, sources.newest, &app.sources.choice));
            findings.extend(unused_key(has_key, &app.sources.choice));
        }
        Err(error) => {
            findings.push(Finding::trouble(
                Part::Prices,
                format!("{error:#}"),
                "name a file or folder of prices that is there, or another source",
            ));
            findings.extend(clock::look(today, None, &SourceChoice { name: String::new(), why: String::new() }));
        }
    }
    findings
}

fn of_settings(settings: &Settings) -> Finding {
    let written: Vec<String> = settings
        .effective()
        .iter()
        .filter(|setting| setting.origin != "default")
        .map(|setting| format!("{} ({})", setting.name, setting.origin))
        .collect();
    let said = if written.is_empty() { "all as they come".to_owned() } else { written.join(", ") };
    Finding::ok(Part::Settings, format!("can be used; {said}"))
}

/// A key that no source asks for.
fn unused_key(has_key: bool, choice: &SourceChoice) -> Option<Finding> {
    let unused = has_key && choice.name != "fmp";
    unused.then(|| {
        Finding::note(
            Part::Key,
            format!("FMP_API_KEY is set, and prices come from `{}`: {}", choice.name, choice.why),
            "set FACTOR_PRICE_SOURCE=fmp for the vendor's prices, or leave the key out",
        )
    })
}

async fn universe(app: &App) -> Vec<Finding> {
    let snapshot = app.universe_watcher.current().await;
    let loaded = &snapshot.loaded;
    if loaded.problems.is_empty() {
        return vec![Finding::ok(Part::Universe, format!("{} factors", loaded.universe.len()))];
    }
    let way_out = "put the file or row right, or leave FACTOR_PROXIES_DIR out for the mappings built in";
    loaded.problems.iter().map(|problem| Finding::trouble(Part::Universe, problem.as_str(), way_out)).collect()
}

fn in_words(report: &Report) -> String {
    let mut lines = Vec::new();
    for finding in &report.findings {
        let (state, part) = (finding.state.as_str(), finding.part.as_str());
        lines.push(format!("{state:<8} {part:<9} {}", finding.says));
        lines.extend(finding.to_do.iter().map(|to_do| format!("{:19}-> {to_do}", "")));
    }
    let count = |state| report.findings.iter().filter(|finding| finding.state == state).count();
    let (troubles, notes) = (count(State::Trouble), count(State::Note));
    let of = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    lines.push(String::new());
    lines.push(match (troubles, notes) {
        (0, 0) => "all is well".to_owned(),
        (0, notes) => format!("all is well, with {}", of(notes, "note")),
        (troubles, 0) => of(troubles, "trouble"),
        (troubles, notes) => format!("{}, {}", of(troubles, "trouble"), of(notes, "note")),
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_state_is_the_whole_reports() {
        let ok = || Finding::ok(Part::Store, "well");
        let note = || Finding::note(Part::Key, "unused", "leave it out");
        let trouble = || Finding::trouble(Part::Clock, "late", "set it");
        assert_eq!(Report::of(vec![ok(), ok()]).state, State::Ok);
        assert_eq!(Report::of(vec![ok(), note()]).state, State::Note);
        let report = Report::of(vec![trouble(), note(), ok()]);
        assert_eq!(report.state, State::Trouble);
        assert_eq!(
            in_words(&report),
            "trouble  clock     late\n                   -> set it\nnote     key       unused\n                   -> leave it out\nok       store     well\n\n1 trouble, 1 note"
        );
    }
}
