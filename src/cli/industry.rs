//! `factor-mcp industry`: which ETF stands for which industry.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use factor_store::{IndustryEdit, MappingEdit, MappingKind, ProxyRow, Store};
use factor_types::{AssetClass, Ticker};
use serde_json::{Value, json};

use super::{
    admin::{self, Change, ChangeArgs, Name, RowsInForce, Text, rows_in_force},
    terminal::{Format, print, print_json, table},
};
use crate::settings::Settings;

const KIND: MappingKind = MappingKind::Industries;

/// What to do with the industries.
#[derive(Debug, Args)]
pub struct IndustryArgs {
    #[command(subcommand)]
    command: IndustryCommand,
}

#[derive(Debug, Subcommand)]
enum IndustryCommand {
    /// Show the industries in force and where they come from
    List {
        /// Inactive ones too
        #[arg(long)]
        all: bool,
        /// A table for people or JSON for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Add an industry, or change what is given and keep the rest
    Add {
        /// Its name, as company profiles have it: "Banks - Regional"
        industry: Name,
        /// Its ETF
        etf: Ticker,
        /// equity (where nothing is stored), bond, cash, commodity or crypto
        #[arg(long, value_name = "CLASS")]
        asset_class: Option<AssetClass>,
        /// Its group of sectors, such as cyclical, sensitive or defensive
        #[arg(long, value_name = "NAME")]
        group: Option<Name>,
        /// A finer name
        #[arg(long, value_name = "NAME")]
        subindustry: Option<Name>,
        /// Remarks of yours, kept beside it
        #[arg(long, value_name = "TEXT")]
        notes: Option<Text>,
        /// Do not ask before an industry that exists is changed
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        how: ChangeArgs,
        /// A table for people or JSON for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
}

/// Runs the command.
///
/// # Errors
/// When the store cannot be reached or refuses the change.
pub async fn run(settings: Settings, args: IndustryArgs) -> anyhow::Result<ExitCode> {
    let store = admin::open(&settings).await?;
    let store: &dyn Store = &*store;
    let before = rows_in_force(store, &settings, KIND).await?;
    match args.command {
        IndustryCommand::List { all, format } => list(&before, all, format),
        IndustryCommand::Add { industry, etf, asset_class, group, subindustry, notes, force, how, format } => {
            let command = format!("industry add {} {etf}", industry.0);
            let edit = MappingEdit::Industry(IndustryEdit {
                industry: industry.0,
                etf,
                asset_class,
                sector_group: group.map(|name| name.0),
                subindustry: subindustry.map(|name| name.0),
                notes: notes.map(|text| text.0),
            });
            Change { kind: KIND, edit, before: &before, command, asks: !force, format }.make(store, &how).await
        }
    }
}

fn list(snapshot: &RowsInForce, all: bool, format: Format) -> anyhow::Result<ExitCode> {
    let rows: Vec<&ProxyRow> = snapshot.rows.iter().filter(|row| all || row.active).collect();
    match format {
        Format::Json => {
            let rows: Vec<Value> = rows.into_iter().map(|row| object(snapshot, row)).collect();
            print_json(&json!({"source": snapshot.tier, "industries": rows}))?;
        }
        Format::Table => {
            let count = rows.len();
            if count > 0 {
                let header = ["industry", "ETF", "asset class", "group", "subindustry", "active"];
                print(&table(&header, rows.into_iter().map(|row| cells(snapshot, row)).collect()))?;
            }
            print(&format!("{count} industries, from {}", snapshot.tier.as_str()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn object(snapshot: &RowsInForce, row: &ProxyRow) -> Value {
    json!({
        "industry": row.key,
        "etf": row.etf,
        "asset_class": row.factor(snapshot.tier).asset_class,
        "sector_group": row.sector_group,
        "subindustry": row.subindustry,
        "active": row.active,
        "description": row.description,
        "notes": row.notes,
    })
}

fn cells(snapshot: &RowsInForce, row: &ProxyRow) -> [String; 6] {
    [
        row.key.clone(),
        row.etf.to_string(),
        row.factor(snapshot.tier).asset_class.map_or_else(String::new, |class| class.to_string()),
        row.sector_group.clone().unwrap_or_default(),
        row.subindustry.clone().unwrap_or_default(),
        if row.active { "yes" } else { "no" }.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use factor_types::{Category, SourceTier};

    use super::*;

    #[test]
    fn an_industry_is_equity_unless_its_row_says_otherwise() {
        let plain = ProxyRow::new(Category::Industry, "Gold", "GDX".parse().unwrap());
        let bonds = ProxyRow { asset_class: Some(AssetClass::Bond), active: false, ..plain.clone() };
        let snapshot = RowsInForce { tier: SourceTier::Yaml, rows: vec![] };
        assert_eq!(cells(&snapshot, &plain), ["Gold", "GDX", "equity", "", "", "yes"]);
        assert_eq!(cells(&snapshot, &bonds), ["Gold", "GDX", "bond", "", "", "no"]);
        assert_eq!(object(&snapshot, &bonds)["asset_class"], "bond");
        assert_eq!(object(&snapshot, &plain)["sector_group"], Value::Null);
    }
}
