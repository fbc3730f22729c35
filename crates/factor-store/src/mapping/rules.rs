//! What a row may say. A mapping file and an edit are held to the same, so that what is kept can be written out and
//! read back.

use chrono::Datelike as _;
use factor_types::Category;

use crate::{MappingKind, ProxyRow};

/// Characters of a key, an industry, a group of sectors.
pub(crate) const LONGEST_NAME: usize = 100;
/// Characters of a description.
pub(crate) const LONGEST_TEXT: usize = 500;

/// Names and descriptions reach the answers: no control characters, no essays.
pub(crate) fn check_text(text: &str, longest: usize) -> Result<(), String> {
    let fits = !text.is_empty() && text.chars().count() <= longest;
    if fits && text.trim() == text && !text.chars().any(char::is_control) {
        return Ok(());
    }
    let shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    Err(format!("`{shown}` is no name or text: write 1 to {longest} characters on one line, no spaces around them"))
}

/// The row as it is kept: only bonds, cash, commodities and crypto assets know canonical ETFs.
pub(crate) fn checked(row: &ProxyRow) -> Result<ProxyRow, String> {
    let Some(kind) = MappingKind::of(row.category) else {
        return Err(format!("no mapping has the category {}: {}", row.category, CATEGORIES));
    };
    check_text(&row.key, LONGEST_NAME)?;
    for name in [&row.sector_group, &row.subindustry].into_iter().flatten() {
        check_text(name, LONGEST_NAME)?;
    }
    if let Some(text) = &row.description {
        check_text(text, LONGEST_TEXT)?;
    }
    if row.etf.is_group() {
        return Err(format!("{} is a factor group: an ETF stands for `{}`", row.etf, row.key));
    }
    if let Some(day) = row.inception.filter(|day| day.day() != 1) {
        return Err(format!("{day} is no month of inception: give its first day"));
    }
    let industrial = row.asset_class.is_some() || row.sector_group.is_some() || row.subindustry.is_some();
    if kind != MappingKind::Industries && industrial {
        return Err(format!(
            "`{}` is a {}: only an industry has an asset class, a group or a finer name of its own",
            row.key, row.category
        ));
    }
    Ok(ProxyRow { canonical: row.canonical && kind == MappingKind::AssetProxies, ..row.clone() })
}

/// The rows in the order in which they are written: categories and keys as they first come, styles before markets,
/// canonical ETFs before alternates. What was read from a file is in this order already.
pub(crate) fn in_order(rows: Vec<ProxyRow>) -> Vec<ProxyRow> {
    let first = |same: &dyn Fn(&ProxyRow) -> bool| rows.iter().position(same).unwrap_or_default();
    let mut keyed: Vec<_> = rows
        .iter()
        .map(|row| {
            let category = match row.category {
                Category::Style => 0,
                Category::Market => 1,
                category => first(&|other| other.category == category),
            };
            let of_key = |other: &ProxyRow| {
                (other.category, other.canonical, &other.key) == (row.category, row.canonical, &row.key)
            };
            ((category, !row.canonical, first(&of_key)), row.clone())
        })
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, row)| row).collect()
}

const CATEGORIES: &str = "write industry, style, market, fixed_income, cash, commodity or crypto";
