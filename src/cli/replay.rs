//! `factor-mcp replay`: a receipt's question asked again, and whether its answer is the same.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use factor_types::UserId;

use super::{Format, UsageError, print, print_json};
use crate::{
    app::App,
    progress::Progress,
    services::replay::{Question, Replayed},
    settings::Settings,
};

/// What to replay.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The receipt: `analysis_metadata.receipt` of a full answer
    receipt: String,
    /// The call's arguments, a file of one JSON object, where they were too long for the receipt
    #[arg(long, value_name = "FILE")]
    arguments: Option<PathBuf>,
    /// Whose groups and portfolios the answer rests on, by number, on a shared server (default: the local user)
    #[arg(long, value_name = "NUMBER")]
    user: Option<i64>,
    /// Words for people or JSON for programs
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Asks again and says what came of it. Exit code 0 when the answer is the same, 1 when it is not.
///
/// # Errors
/// When the receipt cannot be read, or standard output cannot be written to.
pub async fn run(mut settings: Settings, args: ReplayArgs) -> anyhow::Result<ExitCode> {
    let given = args.arguments.map(|path| {
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let none = || format!("{} is not the JSON object of a call's arguments", path.display());
        serde_json::from_str(&text).with_context(none)
    });
    let question = Question::read(&args.receipt, given.transpose()?).map_err(|error| UsageError(error.to_string()))?;
    let clock = question.clock();
    (settings.clock.today, settings.replayed) = (Some(clock.today), Some(clock));
    let app = App::build(settings)?;
    let user = args.user.map_or(UserId::LOCAL, UserId::new);
    let replayed = question.asked_again(&app, user, Progress::bar()).await;
    let replayed = replayed.map_err(|error| UsageError(error.to_string()))?;
    match args.format {
        Format::Json => print_json(&replayed)?,
        Format::Table => print(&written(&replayed))?,
    }
    Ok(if replayed.same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// For people: the word, and what is no longer as it was.
fn written(replayed: &Replayed) -> String {
    let asked = format!("{} as of {}", replayed.tool, replayed.today);
    let word = match (&replayed.answer_is, &replayed.error) {
        (_, Some(error)) => format!("other: {asked} is not answered any more: {error}"),
        _ if replayed.same => format!("same: {asked} has the same answer, {}", replayed.answer_was),
        (Some(is), None) => format!("other: the answer of {asked} was {}, and is {is}", replayed.answer_was),
        (None, None) => format!("other: the answer of {asked} has no receipt any more"),
    };
    let lines = replayed.in_words().into_iter().map(|line| format!("- {line}"));
    std::iter::once(word).chain(lines).collect::<Vec<_>>().join("\n")
}
