//! `asset-proxy sync-from-yaml` and `export-yaml`.

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use chrono::Utc;
use factor_store::{MappingEdit, MappingSource, Store, YamlSource, read_mapping, write_mapping};
use factor_types::{Category, SourceTier};

use super::{KIND, Output};
use crate::{
    cli::{
        admin::{Change, RowsInForce},
        terminal::{ask, print, say, time},
    },
    settings::Settings,
};

/// Puts the rows of a file into the database; a file that is wrong changes nothing.
pub(super) async fn sync(
    store: &dyn Store,
    settings: &Settings,
    before: &RowsInForce,
    path: Option<PathBuf>,
    output: &Output,
) -> anyhow::Result<ExitCode> {
    let (rows, command) = match &path {
        Some(path) => (read_mapping(KIND, path)?, format!("asset-proxy sync-from-yaml {}", path.display())),
        None => {
            let rows = YamlSource::new(settings.universe.proxies_dir.as_deref()).rows(KIND)?;
            (rows, "asset-proxy sync-from-yaml".to_owned())
        }
    };
    // The rows of the tier in force itself are added and not taken over first: the report counts them once.
    let empty = RowsInForce { tier: before.tier, rows: Vec::new() };
    let before = if before.below() == rows { &empty } else { before };
    let change =
        Change { kind: KIND, edit: MappingEdit::Upsert(rows), before, command, asks: false, format: output.format };
    change.make(store, &output.how).await
}

/// Writes the rows in force; a file is there whole or not at all.
pub(super) fn export(snapshot: &RowsInForce, path: &Path, force: bool) -> anyhow::Result<ExitCode> {
    let text = format!("{}{}", write_mapping(KIND, &snapshot.rows), metadata(snapshot));
    if snapshot.tier != SourceTier::Database {
        say(&format!("the database holds no {KIND}: these are those of {}", snapshot.tier.as_str()));
    }
    if path.as_os_str() == "-" {
        print(text.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    if path.exists() && !force && !ask(&format!("Overwrite {}?", path.display()))? {
        say("nothing was written");
        return Ok(ExitCode::FAILURE);
    }
    // A full disk or a kill in the middle leaves the old file as it was.
    let cannot = || {
        format!("cannot write {}: name a file in a folder that can be written to, or - for the screen", path.display())
    };
    let mut unfinished = path.to_path_buf().into_os_string();
    unfinished.push(format!(".{}.new", std::process::id()));
    let whole = |file: &mut fs::File| file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let written = fs::File::create(&unfinished).and_then(|mut file| whole(&mut file));
    if let Err(error) = written.and_then(|()| fs::rename(&unfinished, path)) {
        let _ = fs::remove_file(&unfinished);
        return Err(error).with_context(cannot);
    }
    print(&format!("{} rows written to {}", snapshot.rows.len(), path.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// When it was written and how much it holds: for people, and set aside when the file is read.
fn metadata(snapshot: &RowsInForce) -> String {
    let classes: BTreeSet<Category> = snapshot.rows.iter().map(|row| row.category).collect();
    format!(
        "_metadata:\n  exported_at: \"{}\"\n  source: {}\n  total_asset_classes: {}\n  total_proxies: {}\n",
        time(Utc::now()),
        snapshot.tier.as_str(),
        classes.len(),
        snapshot.rows.len()
    )
}
