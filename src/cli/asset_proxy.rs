//! `factor-mcp asset-proxy`: which ETF stands for which bonds, cash, commodities and crypto assets.

mod list;
mod yaml;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use factor_store::{MappingEdit, MappingKind, ProxyRow, Store};
use factor_types::Ticker;

use super::{
    admin::{self, AssetCategory, Change, ChangeArgs, Name, RowsInForce, Text, rows_in_force},
    terminal::Format,
};
use crate::settings::Settings;

const KIND: MappingKind = MappingKind::AssetProxies;

/// What to do with the asset proxies.
#[derive(Debug, Args)]
pub struct AssetProxyArgs {
    #[command(subcommand)]
    command: AssetProxyCommand,
}

#[derive(Debug, Subcommand)]
enum AssetProxyCommand {
    /// Show the proxies in force and where they come from
    List {
        /// Only of this class: fixed_income, cash, commodity or crypto
        #[arg(long, value_name = "CLASS")]
        asset_class: Option<AssetCategory>,
        /// Inactive ones too
        #[arg(long)]
        all: bool,
        /// A table for people or JSON for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Add a proxy, or change it: what is not said stays as it is
    Add {
        #[command(flatten)]
        place: Place,
        /// The ETF
        etf: Ticker,
        /// An alternate, not the ETF that stands first for its key
        #[arg(long)]
        alt: bool,
        /// A lower number is preferred (default: 0, or 100 for an alternate)
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        priority: Option<u32>,
        /// What the ETF is
        #[arg(long, value_name = "TEXT")]
        desc: Option<Text>,
        /// Remarks of yours, kept beside it
        #[arg(long, value_name = "TEXT")]
        notes: Option<Text>,
        /// Do not ask before a proxy that exists is changed
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Put another ETF in the place of one, with its standing and priority
    Replace {
        #[command(flatten)]
        place: Place,
        /// The ETF that goes
        old: Ticker,
        /// The ETF that comes
        new: Ticker,
        /// Do not ask first
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Keep a proxy but take it out of the universe
    Deactivate {
        #[command(flatten)]
        place: Place,
        /// The ETF
        etf: Ticker,
        /// Do not ask first
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Add to the database what a YAML file has, and change what it says differently; what it does not say stays
    SyncFromYaml {
        /// The file (default: asset_etf_proxies.yaml of the proxies folder, or the one built in)
        path: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// Write the proxies in force as YAML
    ExportYaml {
        /// The file; - for standard output
        #[arg(default_value = "asset_etf_proxies.yaml")]
        path: PathBuf,
        /// Do not ask before a file is overwritten
        #[arg(long)]
        force: bool,
    },
    /// Remove every proxy of a class from the database
    ClearClass {
        /// fixed_income, cash, commodity or crypto
        class: AssetCategory,
        /// Do not ask first
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        output: Output,
    },
}

/// Where a proxy stands.
#[derive(Debug, Args)]
struct Place {
    /// fixed_income, cash, commodity or crypto
    class: AssetCategory,
    /// What the ETF stands for, such as UST10Y or gold
    key: Name,
}

/// How a change is made and reported.
#[derive(Debug, Args)]
struct Output {
    #[command(flatten)]
    how: ChangeArgs,
    /// A table for people or JSON for programs
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
/// When the store cannot be reached, refuses the change, or a file cannot be read or written.
pub async fn run(settings: Settings, args: AssetProxyArgs) -> anyhow::Result<ExitCode> {
    let store = admin::open(&settings).await?;
    let store = &*store;
    let before = rows_in_force(store, &settings, KIND).await?;
    match args.command {
        AssetProxyCommand::List { asset_class, all, format } => {
            list::run(store, &before, asset_class.map(|class| class.0), all, format).await
        }
        AssetProxyCommand::Add { place, etf, alt, priority, desc, notes, force, output } => {
            let command = format!("asset-proxy add {} {} {etf}", place.class.0, place.key.0);
            let row = ProxyRow {
                canonical: !alt,
                priority,
                description: desc.map(|text| text.0),
                notes: notes.map(|text| text.0),
                ..ProxyRow::new(place.class.0, place.key.0, etf)
            };
            change(store, &before, MappingEdit::Upsert(vec![row]), command, !force, &output).await
        }
        AssetProxyCommand::Replace { place, old, new, force, output } => {
            let command = format!("asset-proxy replace {} {} {old} {new}", place.class.0, place.key.0);
            // Here, where the keys in force are known: a slip gets the nearest one as its answer.
            before.check_key(place.class.0, &place.key.0)?;
            let edit = MappingEdit::Replace { category: place.class.0, key: place.key.0, old, new };
            change(store, &before, edit, command, !force, &output).await
        }
        AssetProxyCommand::Deactivate { place, etf, force, output } => {
            let command = format!("asset-proxy deactivate {} {} {etf}", place.class.0, place.key.0);
            before.check_key(place.class.0, &place.key.0)?;
            let edit = MappingEdit::Deactivate { category: place.class.0, key: place.key.0, etf };
            change(store, &before, edit, command, !force, &output).await
        }
        AssetProxyCommand::SyncFromYaml { path, output } => yaml::sync(store, &settings, &before, path, &output).await,
        AssetProxyCommand::ExportYaml { path, force } => yaml::export(&before, &path, force),
        AssetProxyCommand::ClearClass { class, force, output } => {
            let command = format!("asset-proxy clear-class {}", class.0);
            change(store, &before, MappingEdit::Clear(class.0), command, !force, &output).await
        }
    }
}

async fn change(
    store: &dyn Store,
    before: &RowsInForce,
    edit: MappingEdit,
    command: String,
    asks: bool,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    Change { kind: KIND, edit, before, command, asks, format: output.format }.make(store, &output.how).await
}
