//! A change of a mapping: asked about, made, reported.

use std::process::ExitCode;

use factor_store::{EditReport, EditedRow, MappingEdit, MappingKind, RowFate, Store};
use factor_types::SourceTier;
use serde_json::{Value, json};

use super::{ChangeArgs, RowsInForce};
use crate::cli::terminal::{Format, ask, print, print_json, say, table};

/// A change to be made.
#[derive(Debug)]
pub(in crate::cli) struct Change<'a> {
    pub(in crate::cli) kind: MappingKind,
    pub(in crate::cli) edit: MappingEdit,
    /// What is in force before it.
    pub(in crate::cli) before: &'a RowsInForce,
    /// The command as it was written, for the record of changes.
    pub(in crate::cli) command: String,
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
        let Self { kind, edit, before, command, asks, format } = self;
        let author = how.author(&command);
        let edited = async |dry_run| store.edit_mapping(kind, &edit, before.below(), &author, dry_run).await;
        // A dry run shows what would be changed, so that the question is about rows and not about a command.
        if asks && !how.dry_run && !confirmed(&edited(true).await?)? {
            say("nothing was changed");
            return Ok(ExitCode::FAILURE);
        }
        let done = edited(how.dry_run).await?;
        match format {
            Format::Json => print_json(&report_json(kind, &done, how.dry_run))?,
            Format::Table => print(&report_text(kind, &done, before.tier, how.dry_run))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Shows the rows that exist and would be changed or removed, and asks; without any there is nothing to ask.
fn confirmed(would: &EditReport) -> anyhow::Result<bool> {
    let touched = would.rows.iter().filter(|row| matches!(row.fate, RowFate::Updated | RowFate::Removed));
    let touched: Vec<&EditedRow> = touched.collect();
    let Some(question) = question(&touched) else { return Ok(true) };
    say(&rows_table(&touched, true));
    Ok(ask(&question)?)
}

fn question(touched: &[&EditedRow]) -> Option<String> {
    let rows = match touched.len() {
        0 => return None,
        1 => "this row".to_owned(),
        several => format!("these {several} rows"),
    };
    let what = if touched.iter().all(|row| row.fate == RowFate::Removed) { "Remove" } else { "Change" };
    Some(format!("{what} {rows}?"))
}

/// What became of the rows, for programs.
pub(in crate::cli) fn report_json(kind: MappingKind, report: &EditReport, dry_run: bool) -> Value {
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
pub(in crate::cli) fn report_text(kind: MappingKind, report: &EditReport, before: SourceTier, dry_run: bool) -> String {
    let mut lines = Vec::new();
    if dry_run {
        lines.push("dry run: nothing was written; this is what would be done".to_owned());
    }
    if report.imported > 0 {
        // A database that holds a kind hides the tiers below for all of it.
        let tier = match before {
            SourceTier::Builtin => "the minimal set built into the binary",
            _ => "the YAML mapping",
        };
        lines.push(format!(
            "the database {} no {kind}: {} rows of {tier} {} there first, so that none is hidden",
            if dry_run { "holds" } else { "held" },
            report.imported,
            if dry_run { "would be put" } else { "were put" },
        ));
    }
    let changed: Vec<&EditedRow> = report.rows.iter().filter(|row| row.fate != RowFate::Unchanged).collect();
    if !changed.is_empty() {
        lines.push(rows_table(&changed, dry_run));
    }
    let count = |fate| report.count(fate);
    let mut counts = vec![
        format!("{} {}", count(RowFate::Added), happened(RowFate::Added, dry_run)),
        format!("{} {}", count(RowFate::Updated), happened(RowFate::Updated, dry_run)),
        format!("{} unchanged", count(RowFate::Unchanged)),
    ];
    if count(RowFate::Removed) > 0 {
        counts.push(format!("{} {}", count(RowFate::Removed), happened(RowFate::Removed, dry_run)));
    }
    match report.rows.is_empty() {
        true => lines.push(format!("{kind}: there is no such row, so nothing changed")),
        false => lines.push(format!("{kind}: {}", counts.join(", "))),
    }
    lines.join("\n")
}

/// What became of a row, or what would.
fn happened(fate: RowFate, dry_run: bool) -> &'static str {
    match (fate, dry_run) {
        (RowFate::Added, false) => "added",
        (RowFate::Added, true) => "would be added",
        (RowFate::Updated, false) => "updated",
        (RowFate::Updated, true) => "would be updated",
        (RowFate::Removed, false) => "removed",
        (RowFate::Removed, true) => "would be removed",
        (RowFate::Unchanged, _) => "unchanged",
    }
}

fn rows_table(rows: &[&EditedRow], dry_run: bool) -> String {
    let cells = |edited: &&EditedRow| {
        let row = &edited.row;
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
            happened(edited.fate, dry_run).to_owned(),
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

#[cfg(test)]
mod tests {
    use factor_store::ProxyRow;
    use factor_types::Category;

    use super::*;

    const KIND: MappingKind = MappingKind::AssetProxies;

    fn row(etf: &str, fate: RowFate) -> EditedRow {
        EditedRow { fate, row: ProxyRow::new(Category::Cash, "usd", etf.parse().unwrap()) }
    }

    #[test]
    fn rows_that_exist_are_asked_about_and_new_ones_are_not() {
        let (changed, removed) = (row("BIL", RowFate::Updated), row("SGOV", RowFate::Removed));
        assert_eq!(question(&[]), None);
        assert_eq!(question(&[&removed]).unwrap(), "Remove this row?");
        assert_eq!(question(&[&removed, &removed]).unwrap(), "Remove these 2 rows?");
        assert_eq!(question(&[&removed, &changed]).unwrap(), "Change these 2 rows?");
        let new = EditReport { imported: 0, rows: vec![row("BIL", RowFate::Added), row("SGOV", RowFate::Unchanged)] };
        assert!(confirmed(&new).unwrap());
    }

    #[test]
    fn a_report_counts_every_fate_and_shows_what_changed() {
        let rows = vec![row("BIL", RowFate::Added), row("SGOV", RowFate::Unchanged)];
        let report = EditReport { imported: 0, rows };
        let text = report_text(KIND, &report, SourceTier::Database, false);
        assert!(text.ends_with("asset_proxies: 1 added, 0 updated, 1 unchanged"), "{text}");
        assert!(text.contains("BIL") && !text.contains("SGOV"), "{text}");
        let json = report_json(KIND, &report, true);
        assert_eq!(json["added"], 1);
        assert_eq!(json["dry_run"], true);
        assert_eq!(json["rows"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn that_there_was_nothing_to_change_is_said() {
        let text = report_text(KIND, &EditReport::default(), SourceTier::Database, false);
        assert_eq!(text, "asset_proxies: there is no such row, so nothing changed");
    }

    #[test]
    fn a_dry_run_and_a_first_import_are_said_first() {
        let report = EditReport { imported: 3, rows: vec![row("BIL", RowFate::Removed)] };
        let text = |tier| report_text(KIND, &report, tier, true);
        let lines: Vec<String> = text(SourceTier::Yaml).lines().map(str::to_owned).collect();
        assert_eq!(lines[0], "dry run: nothing was written; this is what would be done");
        assert!(lines[1].contains("3 rows of the YAML mapping would be put there first"), "{lines:?}");
        assert!(lines[3].trim_start().starts_with("would be removed"), "{lines:?}");
        assert!(lines.last().unwrap().ends_with("0 unchanged, 1 would be removed"), "{lines:?}");
        assert!(text(SourceTier::Builtin).contains("3 rows of the minimal set built into the binary"));
    }
}
