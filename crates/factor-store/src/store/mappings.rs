//! Reference data as rows.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use factor_types::{Category, Ticker};

use super::{
    Author, RecordedChange, StoreError,
    database::Transaction,
    statement::{DatabaseRow, Statement, statement},
};
use crate::{
    MappingKind, ProxyRow,
    mapping::{
        edit::{EditReport, MappingEdit, RowFate, fitting},
        rules::in_order,
    },
};

pub(super) async fn rows(tx: &mut Transaction<'_>, kind: MappingKind) -> Result<Vec<ProxyRow>, StoreError> {
    let all = match kind {
        MappingKind::AssetProxies => {
            "SELECT asset_class, proxy_key, etf_ticker, priority, active, inception, description, notes, is_canonical \
             FROM asset_etf_proxies ORDER BY position, id"
        }
        MappingKind::Industries => {
            "SELECT 'industry', industry, proxy_etf, priority, active, inception, description, notes, asset_class, \
             sector_group, subindustry FROM industry_proxies ORDER BY position, id"
        }
        MappingKind::StyleAndMarket => {
            "SELECT category, proxy_key, etf_ticker, priority, active, inception, description, notes \
             FROM factor_proxies ORDER BY position, id"
        }
    };
    let read = |row: &DatabaseRow| proxy_row(kind, row);
    tx.rows(statement(all)).await?.iter().map(read).collect()
}

pub(super) async fn revision(tx: &mut Transaction<'_>) -> Result<i64, StoreError> {
    match tx.row(statement("SELECT revision FROM mapping_revision WHERE id = 1")).await? {
        Some(row) => row.get(0),
        None => Err(StoreError::Unreadable("mapping_revision has no row: put one there, (1, 0)".to_owned())),
    }
}

pub(super) async fn edit(
    tx: &mut Transaction<'_>,
    kind: MappingKind,
    edit: &MappingEdit,
    if_empty: &[ProxyRow],
    author: &Author,
    dry_run: bool,
) -> Result<EditReport, StoreError> {
    if let Some(category) = edit.categories().into_iter().find(|category| MappingKind::of(*category) != Some(kind)) {
        return Err(StoreError::Refused(format!("{category} is no category of {kind}")));
    }
    if !dry_run {
        // The lock of all editors: what is read after it stays true until the commit.
        tx.run(statement("UPDATE mapping_revision SET revision = revision WHERE id = 1")).await?;
    }
    let stored = rows(tx, kind).await?;
    let base = if stored.is_empty() { in_order(fitting(if_empty)?) } else { stored.clone() };
    let (after, report) = edit.apply(&base)?;
    let report = EditReport { imported: if stored.is_empty() { base.len() } else { 0 }, ..report };
    if !dry_run && after != stored {
        write(tx, kind, &stored, &after).await?;
        record(tx, kind, &report, author).await?;
    }
    Ok(report)
}

/// Makes the stored rows those that should be. What stays as it is is not touched.
async fn write(
    tx: &mut Transaction<'_>,
    kind: MappingKind,
    stored: &[ProxyRow],
    after: &[ProxyRow],
) -> Result<(), StoreError> {
    let same = |one: &ProxyRow, other: &ProxyRow| {
        (one.category, &one.key, &one.etf) == (other.category, &other.key, &other.etf)
    };
    for gone in stored.iter().filter(|row| !after.iter().any(|other| same(row, other))) {
        tx.run(removal(kind, gone)).await?;
    }
    // Alternates first: a key must never have two canonical ETFs, not for a moment.
    for canonical in [false, true] {
        for (position, row) in after.iter().enumerate().filter(|(_, row)| row.canonical == canonical) {
            if stored.get(position) != Some(row) {
                tx.run(placing(kind, row, position)).await?;
            }
        }
    }
    Ok(())
}

async fn record(
    tx: &mut Transaction<'_>,
    kind: MappingKind,
    report: &EditReport,
    author: &Author,
) -> Result<(), StoreError> {
    let imported = (report.imported > 0).then(|| format!("{} rows of the tier below imported first", report.imported));
    let edited = report.rows.iter().filter_map(|edited| {
        let fate = match edited.fate {
            RowFate::Added => "added",
            RowFate::Updated => "updated",
            RowFate::Removed => "removed",
            RowFate::Unchanged => return None,
        };
        let ProxyRow { category, key, etf, .. } = &edited.row;
        Some(format!("{category} {key} {etf}: {fate}"))
    });
    for what in imported.into_iter().chain(edited) {
        let insert = statement("INSERT INTO proxy_changes (who, why, kind, what) VALUES ($1, $2, $3, $4)");
        let insert = insert.bind(author.who.as_str()).bind(author.why.as_str()).bind(kind.as_str()).bind(what);
        tx.run(insert).await?;
    }
    Ok(())
}

pub(super) async fn changes(tx: &mut Transaction<'_>, limit: usize) -> Result<Vec<RecordedChange>, StoreError> {
    let newest = statement("SELECT changed_at, who, why, kind, what FROM proxy_changes ORDER BY id DESC LIMIT $1");
    let rows = tx.rows(newest.bind(i64::try_from(limit).unwrap_or(i64::MAX))).await?;
    let change = |row: &DatabaseRow| {
        Ok(RecordedChange {
            at: row.get(0)?,
            author: Author { who: row.get(1)?, why: row.get(2)? },
            kind: row.read(3)?,
            what: row.get(4)?,
        })
    };
    rows.iter().map(change).collect()
}

pub(super) async fn mark_verified(
    tx: &mut Transaction<'_>,
    tickers: &[Ticker],
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    // `,IEF,SPY,`: one statement for all; no ticker has a comma or a character that LIKE reads otherwise.
    let list: String = tickers.iter().flat_map(|ticker| [",", ticker.as_str()]).chain([","]).collect();
    for mark in [
        "UPDATE asset_etf_proxies SET last_verified_at = $2 WHERE $1 LIKE '%,' || etf_ticker || ',%'",
        "UPDATE industry_proxies SET last_verified_at = $2 WHERE $1 LIKE '%,' || proxy_etf || ',%'",
        "UPDATE factor_proxies SET last_verified_at = $2 WHERE $1 LIKE '%,' || etf_ticker || ',%'",
    ] {
        tx.run(statement(mark).bind(list.as_str()).bind(at)).await?;
    }
    Ok(())
}

pub(super) async fn verified(tx: &mut Transaction<'_>) -> Result<Vec<(Ticker, DateTime<Utc>)>, StoreError> {
    let all = statement(
        "SELECT etf_ticker, last_verified_at FROM asset_etf_proxies WHERE last_verified_at IS NOT NULL \
         UNION ALL SELECT proxy_etf, last_verified_at FROM industry_proxies WHERE last_verified_at IS NOT NULL \
         UNION ALL SELECT etf_ticker, last_verified_at FROM factor_proxies WHERE last_verified_at IS NOT NULL",
    );
    let mut newest: BTreeMap<Ticker, DateTime<Utc>> = BTreeMap::new();
    for row in tx.rows(all).await? {
        let at: DateTime<Utc> = row.get(1)?;
        newest.entry(row.read(0)?).and_modify(|known| *known = at.max(*known)).or_insert(at);
    }
    Ok(newest.into_iter().collect())
}

fn removal(kind: MappingKind, row: &ProxyRow) -> Statement {
    let delete = match kind {
        MappingKind::AssetProxies => {
            "DELETE FROM asset_etf_proxies WHERE asset_class = $1 AND proxy_key = $2 AND etf_ticker = $3"
        }
        MappingKind::Industries => {
            return statement("DELETE FROM industry_proxies WHERE industry = $1 AND proxy_etf = $2")
                .bind(row.key.as_str())
                .bind(row.etf.as_str());
        }
        MappingKind::StyleAndMarket => {
            "DELETE FROM factor_proxies WHERE category = $1 AND proxy_key = $2 AND etf_ticker = $3"
        }
    };
    statement(delete).bind(row.category.as_str()).bind(row.key.as_str()).bind(row.etf.as_str())
}

fn placing(kind: MappingKind, row: &ProxyRow, position: usize) -> Statement {
    let place = |text| {
        statement(text)
            .bind(i64::try_from(position).unwrap_or(i64::MAX))
            .bind(row.key.as_str())
            .bind(row.etf.as_str())
            .bind(row.priority.map(i64::from))
            .bind(row.active)
            .bind(row.inception)
            .bind(row.description.as_deref())
            .bind(row.notes.as_deref())
    };
    match kind {
        MappingKind::AssetProxies => place(
            "INSERT INTO asset_etf_proxies \
             (position, proxy_key, etf_ticker, priority, active, inception, description, notes, asset_class, \
             is_canonical) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (asset_class, proxy_key, etf_ticker) DO UPDATE \
             SET position = excluded.position, priority = excluded.priority, active = excluded.active, \
             inception = excluded.inception, description = excluded.description, notes = excluded.notes, \
             is_canonical = excluded.is_canonical",
        )
        .bind(row.category.as_str())
        .bind(row.canonical),
        MappingKind::Industries => place(
            "INSERT INTO industry_proxies (position, industry, proxy_etf, priority, active, inception, description, \
             notes, asset_class, sector_group, subindustry) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (industry) DO UPDATE \
             SET position = excluded.position, proxy_etf = excluded.proxy_etf, priority = excluded.priority, \
             active = excluded.active, inception = excluded.inception, description = excluded.description, \
             notes = excluded.notes, asset_class = excluded.asset_class, sector_group = excluded.sector_group, \
             subindustry = excluded.subindustry",
        )
        .bind(row.asset_class.map(|class| class.as_str()))
        .bind(row.sector_group.as_deref())
        .bind(row.subindustry.as_deref()),
        MappingKind::StyleAndMarket => place(
            "INSERT INTO factor_proxies \
             (position, proxy_key, etf_ticker, priority, active, inception, description, notes, category) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (category, proxy_key, etf_ticker) DO UPDATE \
             SET position = excluded.position, priority = excluded.priority, active = excluded.active, \
             inception = excluded.inception, description = excluded.description, notes = excluded.notes",
        )
        .bind(row.category.as_str()),
    }
}

fn proxy_row(kind: MappingKind, row: &DatabaseRow) -> Result<ProxyRow, StoreError> {
    let category: Category = row.read(0)?;
    let priority = row.get::<Option<i64>>(3)?.map(u32::try_from).transpose();
    let mut read = ProxyRow {
        priority: priority.map_err(|_| StoreError::Unreadable("a priority is beyond all bounds".to_owned()))?,
        active: row.get(4)?,
        inception: row.get(5)?,
        description: row.get(6)?,
        notes: row.get(7)?,
        ..ProxyRow::new(category, row.get::<String>(1)?, row.read(2)?)
    };
    match kind {
        MappingKind::AssetProxies => read.canonical = row.get(8)?,
        MappingKind::Industries => {
            read.asset_class = row.read_some(8)?;
            read.sector_group = row.get(9)?;
            read.subindustry = row.get(10)?;
        }
        MappingKind::StyleAndMarket => {}
    }
    Ok(read)
}
