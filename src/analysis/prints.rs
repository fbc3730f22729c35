//! Digests of what figures rest on, so that it can be told later whether it is still the same.

use std::hash::{Hash, Hasher};

use chrono::{Datelike, NaiveDate};
use factor_analytics::{Fundamentals, Panel};
use factor_types::{PriceKind, PriceSeries, Ticker, YieldTable};
use sha2::{Digest, Sha256};

/// A digest, SHA-256.
pub type Digested = [u8; 32];

/// The digests of a panel's prices and yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prints {
    /// Of each series of prices (what is made of others has none), in the panel's order: ticker, kind, dates and prices.
    pub series: Vec<(Ticker, Digested)>,
    /// Of the yields; `None` where there are none.
    pub yields: Option<Digested>,
    /// Of all series and the yields.
    pub panel: Digested,
}

impl Prints {
    pub(super) fn of(panel: &Panel, yields: &YieldTable) -> Self {
        let priced =
            panel.columns().iter().map(|column| &column.series).filter(|series| !series.ticker().is_composed());
        let series: Vec<(Ticker, Digested)> =
            priced.map(|series| (series.ticker().clone(), of_series(series))).collect();
        let yields = (!yields.is_empty()).then(|| of_yields(yields));
        let mut whole = Sha256::new();
        for digest in series.iter().map(|(_, digest)| digest).chain(&yields) {
            whole.update(digest);
        }
        Self { series, yields, panel: whole.finalize().into() }
    }
}

fn of_series(series: &PriceSeries) -> Digested {
    let kind = match series.kind() {
        PriceKind::Adjusted => "adjusted",
        PriceKind::Close => "close",
    };
    let mut digest = Sha256::new().chain_update(series.ticker().as_str()).chain_update("\0").chain_update(kind);
    for (date, price) in series.dates().iter().zip(series.prices()) {
        digest.update(row(*date, *price));
    }
    digest.finalize().into()
}

fn of_yields(yields: &YieldTable) -> Digested {
    let mut digest = Sha256::new();
    for maturity in yields.maturities() {
        digest.update(maturity.as_str());
        digest.update("\0");
        yields.get(maturity).iter().for_each(|(date, value)| digest.update(row(*date, *value)));
    }
    digest.finalize().into()
}

/// A date and a value.
fn row(date: NaiveDate, value: f64) -> [u8; 12] {
    let mut row = [0; 12];
    row[..4].copy_from_slice(&date.num_days_from_ce().to_le_bytes());
    row[4..].copy_from_slice(&value.to_bits().to_le_bytes());
    row
}

/// The digest of what is known apart from the prices.
pub(super) fn of_facts(fundamentals: &Fundamentals) -> Digested {
    /// Takes what is compared, and nothing else of it.
    struct Digesting(Sha256);
    impl Hasher for Digesting {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut digesting = Digesting(Sha256::new());
    fundamentals.hash(&mut digesting);
    digesting.0.finalize().into()
}

#[cfg(test)]
mod tests {
    use factor_analytics::panel::Window;
    use factor_types::Frequency;
    use std::sync::Arc;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn series(ticker: &str, kind: PriceKind, last: f64) -> PriceSeries {
        let rows = [("2023-12-29", 100.0), ("2024-01-31", 101.0), ("2024-02-29", last)];
        PriceSeries::new(ticker.parse().unwrap(), kind, rows.map(|(day, price)| (date(day), price)))
    }

    #[test]
    fn a_series_is_told_from_any_other() {
        let all = [
            series("SPY", PriceKind::Adjusted, 102.0),
            series("QQQ", PriceKind::Adjusted, 102.0),
            series("SPY", PriceKind::Close, 102.0),
            series("SPY", PriceKind::Adjusted, 102.0_f64.next_up()),
            PriceSeries::new(
                Ticker::spy(),
                PriceKind::Adjusted,
                [(date("2023-12-29"), 100.0), (date("2024-01-31"), 101.0)],
            ),
        ];
        let digests: std::collections::HashSet<Digested> = all.iter().map(of_series).collect();
        assert_eq!(digests.len(), all.len());
        // By Python: sha256(b"SPY\0adjusted" + rows of struct.pack("<id", days since 0001-01-01 counted from 1, price)).
        let by_hand = "4835669949e4707374c76f5319daccc5fafa15207c439b046e6d7c9dc86528f4";
        let digits: String = of_series(&all[0]).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digits, by_hand);
    }

    #[test]
    fn a_panel_is_its_series_and_its_yields() {
        let panel = |last: f64| {
            let window = Window::whole(Frequency::Monthly, date("2023-12-31"), date("2024-02-29"));
            Panel::build(window, &[Arc::new(series("SPY", PriceKind::Adjusted, last))]).unwrap()
        };
        let mut yields = YieldTable::default();
        yields.insert(factor_types::Maturity::Ust10Y, [(date("2024-01-31"), 4.0)]);
        let of = |last: f64, yields: &YieldTable| Prints::of(&panel(last), yields);
        let plain = of(102.0, &YieldTable::default());
        assert_eq!((plain.yields, &plain), (None, &of(102.0, &YieldTable::default())));
        let (moved, with_yields) = (of(103.0, &YieldTable::default()), of(102.0, &yields));
        assert_ne!((moved.panel, &moved.series), (plain.panel, &plain.series));
        assert_ne!(with_yields.panel, plain.panel);
        assert_eq!(with_yields.series, plain.series);
    }
}
