//! `factor-mcp reference`: the whole reference data.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use factor_store::{
    MappingEdit, MappingKind, MappingSource, ProxyRow, RecordedChange, Store, YamlSource, read_mapping,
};
use factor_types::SourceTier;
use serde_json::{Value, json};

use super::{
    admin::{self, ChangeArgs, report_json, report_text},
    terminal::{Format, print, print_json, say, table, time},
};
use crate::settings::Settings;

/// What to do with the reference data.
#[derive(Debug, Args)]
pub struct ReferenceArgs {
    #[command(subcommand)]
    command: ReferenceCommand,
}

#[derive(Debug, Subcommand)]
enum ReferenceCommand {
    /// Put the YAML files of the proxies folder, or those built in, into the database; nothing is removed
    Import {
        #[command(flatten)]
        how: ChangeArgs,
        /// A table for people or JSON for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Show who changed what, when and why, the newest first
    Changes {
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
        /// A table for people or JSON for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
}

/// Runs the command.
///
/// # Errors
/// When the store cannot be reached or a file cannot be read.
pub async fn run(settings: Settings, args: ReferenceArgs) -> anyhow::Result<ExitCode> {
    let store = admin::open(&settings).await?;
    match args.command {
        ReferenceCommand::Import { how, format } => import(&*store, &settings, &how, format).await,
        ReferenceCommand::Changes { limit, format } => changes(&store.recorded_changes(limit).await?, format),
    }
}

/// Every file is read before anything is written: one wrong file changes nothing.
async fn import(store: &dyn Store, settings: &Settings, how: &ChangeArgs, format: Format) -> anyhow::Result<ExitCode> {
    let rows_of = |kind: MappingKind| match settings.universe.proxies_dir.as_deref() {
        // Of a folder its own files alone: what is built in need not be copied to be in force.
        Some(dir) => read_mapping(kind, &dir.join(kind.file_name())),
        None => YamlSource::default().rows(kind),
    };
    let mut read: Vec<(MappingKind, Vec<ProxyRow>)> = Vec::new();
    let mut wrong = Vec::new();
    for kind in MappingKind::ALL {
        match rows_of(kind) {
            Ok(rows) => read.push((kind, rows)),
            Err(error) if error.is_missing() => {
                say(&format!("there is no {}: {kind} stay as they are", kind.file_name()))
            }
            Err(error) => wrong.push(error.to_string()),
        }
    }
    if !wrong.is_empty() {
        anyhow::bail!("{}\nnothing was written: mend these lines and import again", wrong.join("\n"));
    }
    if read.is_empty() {
        anyhow::bail!("there is nothing to import: put one of the three files into the proxies folder");
    }
    let author = how.author("reference import");
    let mut reports: Vec<Value> = Vec::new();
    for (kind, rows) in read {
        // These rows are the tier in force: there is none to be put before them.
        let done = store.edit_mapping(kind, &MappingEdit::Upsert(rows), &[], &author, how.dry_run).await?;
        match format {
            Format::Json => reports.push(report_json(kind, &done, how.dry_run)),
            Format::Table => print(&report_text(kind, &done, SourceTier::Yaml, how.dry_run))?,
        }
    }
    if format == Format::Json {
        print_json(&reports)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn changes(changes: &[RecordedChange], format: Format) -> anyhow::Result<ExitCode> {
    match format {
        Format::Json => {
            let object = |change: &RecordedChange| {
                json!({
                    "at": time(change.at),
                    "who": change.author.who,
                    "why": change.author.why,
                    "kind": change.kind,
                    "what": change.what,
                })
            };
            let all: Vec<Value> = changes.iter().map(object).collect();
            print_json(&all)?;
        }
        Format::Table if changes.is_empty() => print("no change is recorded")?,
        Format::Table => {
            let cells = |change: &RecordedChange| {
                let author = change.author.clone();
                [time(change.at), author.who, change.kind.to_string(), change.what.clone(), author.why]
            };
            print(&table(&["when", "who", "kind", "what", "why"], changes.iter().map(cells).collect()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
