//! The last resort: enough ETFs for every section of an analysis to have something to say.

use factor_types::{Category, SourceTier, TickerError};

use super::{MappingError, MappingSource};
use crate::{MappingKind, ProxyRow};

/// The minimal set built into the binary.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuiltinSource;

impl MappingSource for BuiltinSource {
    fn tier(&self) -> SourceTier {
        SourceTier::Builtin
    }

    fn rows(&self, kind: MappingKind) -> Result<Vec<ProxyRow>, MappingError> {
        let rows: Result<Vec<ProxyRow>, TickerError> = match kind {
            MappingKind::AssetProxies => ASSETS
                .iter()
                .map(|&(category, key, etf, canonical)| {
                    Ok(ProxyRow { canonical, ..ProxyRow::new(category, key, etf.parse()?) })
                })
                .collect(),
            MappingKind::Industries => INDUSTRIES
                .iter()
                .map(|&(key, etf, group)| {
                    let row = ProxyRow::new(Category::Industry, key, etf.parse()?);
                    Ok(ProxyRow { sector_group: Some(group.to_owned()), ..row })
                })
                .collect(),
            MappingKind::StyleAndMarket => {
                EQUITIES.iter().map(|&(category, key, etf)| Ok(ProxyRow::new(category, key, etf.parse()?))).collect()
            }
        };
        Ok(rows?)
    }
}

const ASSETS: [(Category, &str, &str, bool); 11] = [
    (Category::FixedIncome, "UST2Y", "SHY", true),
    (Category::FixedIncome, "UST5Y", "IEI", true),
    (Category::FixedIncome, "UST10Y", "IEF", true),
    (Category::FixedIncome, "UST30Y", "TLT", true),
    (Category::FixedIncome, "credit_ig", "LQD", true),
    (Category::FixedIncome, "credit_hy", "HYG", true),
    (Category::Cash, "USD", "SGOV", true),
    (Category::Cash, "USD_alt", "BIL", false),
    (Category::Commodity, "broad", "DBC", true),
    (Category::Commodity, "gold", "GLD", true),
    (Category::Crypto, "btc_spot", "IBIT", true),
];

const INDUSTRIES: [(&str, &str, &str); 10] = [
    ("Chemicals", "XLB", "cyclical"),
    ("Restaurants", "XLY", "cyclical"),
    ("Financial - Conglomerates", "XLF", "cyclical"),
    ("REIT - Diversified", "VNQ", "cyclical"),
    ("Oil & Gas Integrated", "XLE", "sensitive"),
    ("Industrial - Machinery", "XLI", "sensitive"),
    ("Information Technology Services", "XLK", "sensitive"),
    ("Medical - Distribution", "XLV", "defensive"),
    ("Household & Personal Products", "XLP", "defensive"),
    ("Regulated Electric", "XLU", "defensive"),
];

const EQUITIES: [(Category, &str, &str); 8] = [
    (Category::Style, "momentum", "MTUM"),
    (Category::Style, "value", "VLUE"),
    (Category::Style, "quality", "QUAL"),
    (Category::Style, "size_small", "IWM"),
    (Category::Style, "low_volatility", "USMV"),
    (Category::Market, "us_large", "SPY"),
    (Category::Market, "developed_ex_us", "EFA"),
    (Category::Market, "emerging", "EEM"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load_universe;

    #[test]
    fn agrees_with_the_files_built_into_the_binary() {
        let shipped = load_universe(None).universe;
        for kind in MappingKind::ALL {
            for row in BuiltinSource.rows(kind).unwrap() {
                let factor = shipped.get(&row.etf).unwrap();
                let said = (&factor.category, factor.proxy_key.as_ref(), &factor.canonical, &factor.sector_group);
                assert_eq!(said, (&row.category, Some(&row.key), &row.canonical, &row.sector_group), "{}", row.etf);
            }
        }
    }
}
