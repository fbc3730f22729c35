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
    for text in [&row.description, &row.notes].into_iter().flatten() {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(category: Category, key: &str, etf: &str, canonical: bool) -> ProxyRow {
        ProxyRow { canonical, ..ProxyRow::new(category, key, etf.parse().unwrap()) }
    }

    #[test]
    fn the_order_is_that_of_the_files() {
        let rows = vec![
            row(Category::Commodity, "gold", "IAU", false),
            row(Category::Cash, "USD", "SGOV", true),
            row(Category::Commodity, "broad", "DBC", true),
            row(Category::Commodity, "gold", "GLD", true),
        ];
        let etfs = |rows: Vec<ProxyRow>| rows.iter().map(|row| row.etf.to_string()).collect::<Vec<_>>();
        // Categories as they first come, canonical ETFs before alternates, keys as they first come.
        assert_eq!(etfs(in_order(rows)), ["DBC", "GLD", "IAU", "SGOV"]);
        let styles = vec![row(Category::Market, "us", "SPY", false), row(Category::Style, "value", "VLUE", false)];
        assert_eq!(etfs(in_order(styles)), ["VLUE", "SPY"], "styles before markets, whatever comes first");
    }

    #[test]
    fn a_row_that_could_not_be_read_back_is_refused() {
        let good = row(Category::Cash, "USD", "SGOV", true);
        assert_eq!(checked(&good), Ok(good.clone()));
        let refused = |row: ProxyRow| checked(&row).unwrap_err();
        assert!(refused(ProxyRow { key: " USD".to_owned(), ..good.clone() }).contains("no spaces around"));
        assert!(refused(ProxyRow { description: Some("x".repeat(501)), ..good.clone() }).contains("1 to 500"));
        assert!(
            refused(ProxyRow { sector_group: Some("cyclical".to_owned()), ..good.clone() })
                .contains("only an industry")
        );
        let day = chrono::NaiveDate::from_ymd_opt(2024, 5, 2);
        assert!(refused(ProxyRow { inception: day, ..good.clone() }).contains("give its first day"));
        assert!(
            refused(ProxyRow { category: Category::Custom, ..good }).contains("no mapping has the category custom")
        );
    }

    #[test]
    fn only_asset_proxies_have_canonical_etfs() {
        assert!(!checked(&row(Category::Style, "value", "VLUE", true)).unwrap().canonical);
        assert!(checked(&row(Category::FixedIncome, "UST10Y", "IEF", true)).unwrap().canonical);
    }
}
