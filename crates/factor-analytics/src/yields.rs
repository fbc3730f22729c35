//! Treasury yields on a panel's periods: their changes, and the risk-free rate.

use chrono::NaiveDate;
use factor_types::{Calendar, Frequency, Maturity, Ticker, YieldTable};

use crate::{Panel, composite::covers};

/// A yield counts for a period's end when it is at most this many calendar days older.
pub const STALE_YIELD_DAYS: i64 = 5;

/// A risk-free source must cover this share of the rows.
const RISK_FREE_COVERAGE: f64 = 0.9;

/// Where the risk-free rate of an analysis came from.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskFree {
    /// `UST3M`, `BIL`, `SGOV`, or `0`.
    pub source: String,
    /// The rate per period, one per row, `NaN` where unknown.
    pub per_period: Vec<f64>,
}

/// The change of a yield over each period of a panel, in percentage points: dy_t = y_t - y_(t-1), one per row.
///
/// A month's or week's yield is the last one in it, at most [`STALE_YIELD_DAYS`] before its end; a day's is that day's.
/// `NaN` where either end is missing.
pub fn changes(panel: &Panel, yields: &YieldTable, maturity: Maturity) -> Vec<f64> {
    let at = |label: NaiveDate| {
        // A daily change must be of one day: an older yield would stretch it over several.
        let reach = if panel.frequency() == Frequency::Daily { 0 } else { STALE_YIELD_DAYS };
        let (date, value) = yields.last_on_or_before(maturity, label, reach)?;
        let within = panel.frequency() != Frequency::Weekly || date.friday() == label;
        within.then_some(value)
    };
    (0..panel.rows())
        .map(|row| match (at(panel.label_before(row)), at(panel.labels()[row])) {
            (Some(before), Some(now)) => now - before,
            _ => f64::NAN,
        })
        .collect()
}

impl RiskFree {
    /// The first of the three-month Treasury yield, the cash proxies BIL and SGOV, and zero that covers 90% of the rows.
    ///
    /// From the yield: y / 100 / P with the last y on or before the end of the period before, at most
    /// [`STALE_YIELD_DAYS`] older. From a cash proxy: its return over the period.
    pub fn of(panel: &Panel, yields: &YieldTable) -> Self {
        let rows = panel.rows();
        let per_year = panel.frequency().periods_per_year();
        let from_yield = (0..rows).map(|row| {
            yields
                .last_on_or_before(Maturity::Ust3M, panel.label_before(row), STALE_YIELD_DAYS)
                .map_or(f64::NAN, |(_, percent)| percent / 100.0 / per_year)
        });
        // In order of preference: a yield known at the start of the period, a fund that earned it, nothing.
        let mut candidates = vec![(Maturity::Ust3M.as_str(), from_yield.collect::<Vec<_>>())];
        for proxy in ["BIL", "SGOV"] {
            let column = proxy.parse().ok().and_then(|ticker: Ticker| panel.position(&ticker));
            candidates.extend(column.map(|column| (proxy, panel.column(column).to_vec())));
        }
        let covered = |values: &[f64]| values.iter().filter(|value| value.is_finite()).count();
        candidates
            .into_iter()
            .find(|(_, values)| covers(covered(values), rows, RISK_FREE_COVERAGE))
            .map(|(source, per_period)| Self { source: source.to_owned(), per_period })
            .unwrap_or_else(|| Self { source: "0".to_owned(), per_period: vec![0.0; rows] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_study::{near, panel, yields};

    const NAN: f64 = f64::NAN;

    #[test]
    fn changes_are_in_percentage_points_and_need_both_ends() {
        let panel = panel(&[("A", &[0.1, 0.2, 0.3])]);
        let found = changes(&panel, &yields(Maturity::Ust10Y, &[4.0, 4.25, 4.0]), Maturity::Ust10Y);
        assert_eq!(found[..2], [0.25, -0.25]);
        // March's yield is over five days older than March's end.
        assert!(found[2].is_nan());
        assert!(changes(&panel, &YieldTable::default(), Maturity::Ust10Y).iter().all(|change| change.is_nan()));
    }

    #[test]
    fn the_first_source_that_covers_nine_tenths_is_the_risk_free_rate() {
        let eleven = [0.001; 11];
        let series: [(&str, &[f64]); 2] = [("A", &eleven), ("BIL", &[0.002; 11])];
        let panel_with_bill = panel(&series);
        let found = RiskFree::of(&panel_with_bill, &yields(Maturity::Ust3M, &[2.4; 11]));
        assert_eq!(found.source, "UST3M");
        near(found.per_period[0], 0.002);
        // Eight of eleven periods begin with a yield that is recent enough: too few.
        let found = RiskFree::of(&panel_with_bill, &yields(Maturity::Ust3M, &[2.4; 8]));
        assert_eq!(found.source, "BIL");
        near(found.per_period[10], 0.002);
        let found = RiskFree::of(&panel(&[("A", &eleven), ("BIL", &[NAN, NAN, 0.1])]), &YieldTable::default());
        assert_eq!(found, RiskFree { source: "0".to_owned(), per_period: vec![0.0; 11] });
    }
}
