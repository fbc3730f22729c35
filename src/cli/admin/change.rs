//! A change of a mapping: asked about, made, told.

use std::process::ExitCode;

use factor_store::{EditReport, EditedRow, MappingEdit, MappingKind, RowFate, Store};
use factor_types::SourceTier;
use serde_json::{Value, json};

use super::{ChangeArgs, RowsInForce};
use crate::cli::terminal::{Format, ask, print, say, table};

/// A change to be made.
#[derive(Debug)]
pub(in crate::cli) struct Change<'a> {
    pub(in crate::cli) kind: MappingKind,
    pub(in crate::cli) edit: MappingEdit,
    /// What is in force before it.
    pub(in crate::cli) before: &'a RowsInForce,
    /// The command in words.
    pub(in crate::cli) words: String,
    /// Asks before a row that exists is changed or removed.
    pub(in crate::cli) asks: bool,
    pub(in crate::cli) format: Format,
}

impl Change<'_> {
    /// Makes the change and prints what became of it; with `--dry-run` only that.
    ///
    /// # Errors
    /// When the store refuses the change or cannot be written.
    pub(in crate::cli) async fn make(self, store: &dyn Store, how: &ChangeArgs) -> anyhow::Result<ExitCode> {
        let Self { kind, edit, before, words, asks, format } = self;
        let author = how.author(&words);
        let edited = async |dry_run| store.edit_mapping(kind, &edit, before.below(), &author, dry_run).await;
        if asks && !how.dry_run {
            let would = edited(true).await?;
            let touched = would.rows.iter().filter(|row| matches!(row.fate, RowFate::Updated | RowFate::Removed));
            let touched: Vec<&EditedRow> = touched.collect();
            if !touched.is_empty() {
                say(&rows_table(&touched));
                let rows =
                    if touched.len() == 1 { "this row".to_owned() } else { format!("these {} rows", touched.len()) };
                let what = if touched.iter().all(|row| row.fate == RowFate::Removed) { "Remove" } else { "Change" };
                if !ask(&format!("{what} {rows}?"))? {
                    say("nothing was changed");
                    return Ok(ExitCode::FAILURE);
                }
            }
        }
        let done = edited(how.dry_run).await?;
        print(&match format {
            Format::Json => serde_json::to_string_pretty(&report(kind, &done, how.dry_run))?,
            Format::Table => told(kind, &done, before.tier, how.dry_run),
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What became of the rows, for programs.
pub(in crate::cli) fn report(kind: MappingKind, report: &EditReport, dry_run: bool) -> Value {
    json!({
        "kind": kind,
        "dry_run": dry_run,
        "imported": report.imported,
        "added": report.count(RowFate::Added),
        "updated": report.count(RowFate::Updated),
        "unchanged": report.count(RowFate::Unchanged),
        "removed": report.count(RowFate::Removed),
        "rows": report.rows,
    })
}

/// What became of the rows, for people.
pub(in crate::cli) fn told(kind: MappingKind, report: &EditReport, before: SourceTier, dry_run: bool) -> String {
    let mut lines = Vec::new();
    if dry_run {
        lines.push("dry run: nothing was written".to_owned());
    }
    if report.imported > 0 {
        let tier = match before {
            SourceTier::Builtin => "the minimal set built into the binary",
            _ => "the YAML mapping",
        };
        lines.push(format!(
            "the database held no {kind}: {} rows of {tier} were put there first, so that none is hidden",
            report.imported
        ));
    }
    let changed: Vec<&EditedRow> = report.rows.iter().filter(|row| row.fate != RowFate::Unchanged).collect();
    if !changed.is_empty() {
        lines.push(rows_table(&changed));
    }
    let count = |fate| report.count(fate);
    let mut counts = vec![
        format!("{} added", count(RowFate::Added)),
        format!("{} updated", count(RowFate::Updated)),
        format!("{} unchanged", count(RowFate::Unchanged)),
    ];
    if count(RowFate::Removed) > 0 {
        counts.push(format!("{} removed", count(RowFate::Removed)));
    }
    lines.push(format!("{kind}: {}", counts.join(", ")));
    lines.join("\n")
}

fn rows_table(rows: &[&EditedRow]) -> String {
    let cells = |edited: &&EditedRow| {
        let row = &edited.row;
        let fate = match edited.fate {
            RowFate::Added => "added",
            RowFate::Updated => "updated",
            RowFate::Unchanged => "unchanged",
            RowFate::Removed => "removed",
        };
        // The tier does not matter here: only the priority is looked at.
        let priority = row.factor(SourceTier::Database).priority;
        let standing = match (row.active, row.canonical) {
            (false, _) => "inactive",
            (true, true) => "canonical",
            (true, false) if MappingKind::of(row.category) == Some(MappingKind::AssetProxies) => "alternate",
            (true, false) => "active",
        };
        let group = row.sector_group.clone().unwrap_or_default();
        [
            fate.to_owned(),
            row.category.to_string(),
            row.key.clone(),
            row.etf.to_string(),
            standing.to_owned(),
            priority.to_string(),
            group,
            row.description.clone().unwrap_or_default(),
        ]
    };
    let header = ["", "class", "key", "ETF", "standing", "priority", "group", "description"];
    table(&header, rows.iter().map(cells).collect())
}
