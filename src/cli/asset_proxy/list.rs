//! `asset-proxy list`.

use std::{collections::HashMap, process::ExitCode};

use chrono::{DateTime, Utc};
use factor_store::{ProxyRow, Store};
use factor_types::{AssetClass, Category, Ticker};
use serde::Serialize;
use serde_json::json;

use crate::cli::{
    admin::RowsInForce,
    terminal::{Format, print, print_json, table, time},
};

/// A proxy as it is shown; its defaults are filled in.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    class: Category,
    key: &'a str,
    etf: &'a Ticker,
    canonical: bool,
    priority: u32,
    active: bool,
    asset_class: Option<AssetClass>,
    description: Option<&'a str>,
    notes: Option<&'a str>,
    last_verified_at: Option<String>,
}

pub(super) async fn run(
    store: &dyn Store,
    snapshot: &RowsInForce,
    class: Option<Category>,
    all: bool,
    format: Format,
) -> anyhow::Result<ExitCode> {
    let verified: HashMap<Ticker, DateTime<Utc>> = store.verified().await?.into_iter().collect();
    let is_shown = |row: &&ProxyRow| (all || row.active) && class.is_none_or(|class| row.category == class);
    let mut rows: Vec<&ProxyRow> = snapshot.rows.iter().filter(is_shown).collect();
    // Stable: within a class the rows keep the order of their source.
    rows.sort_by_key(|row| row.category);
    let shown: Vec<Shown<'_>> = rows
        .into_iter()
        .map(|row| {
            let factor = row.factor(snapshot.tier);
            Shown {
                class: row.category,
                key: &row.key,
                etf: &row.etf,
                canonical: row.canonical,
                priority: factor.priority,
                active: row.active,
                asset_class: factor.asset_class,
                description: row.description.as_deref(),
                notes: row.notes.as_deref(),
                last_verified_at: verified.get(&row.etf).copied().map(time),
            }
        })
        .collect();
    match format {
        Format::Json => {
            print_json(&json!({"source": snapshot.tier, "asset_proxies": shown}))?;
        }
        Format::Table => {
            let count = shown.len();
            if count > 0 {
                let header = ["class", "key", "ETF", "standing", "priority", "last verified", "description"];
                print(&table(&header, shown.into_iter().map(cells).collect()))?;
            }
            print(&format!("{count} asset proxies, from {}", snapshot.tier.as_str()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn cells(row: Shown<'_>) -> [String; 7] {
    let standing = match (row.active, row.canonical) {
        (false, _) => "inactive",
        (true, true) => "canonical",
        (true, false) => "alternate",
    };
    [
        row.class.to_string(),
        row.key.to_owned(),
        row.etf.to_string(),
        standing.to_owned(),
        row.priority.to_string(),
        row.last_verified_at.unwrap_or_default(),
        row.description.unwrap_or_default().to_owned(),
    ]
}
