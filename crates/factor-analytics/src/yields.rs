//! Treasury yields on a panel's periods: their changes, and the risk-free rate.

mod risk_free;

use chrono::NaiveDate;
use factor_types::{Calendar, Frequency, Maturity, YieldTable};

pub use self::risk_free::{RiskFree, RiskFreePart};
use crate::Panel;

/// A yield counts for a period's end when it is at most this many calendar days older.
pub const STALE_YIELD_DAYS: i64 = 5;

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

/// The date of a maturity's newest yield up to the label of the panel's last row; `None` where there is none.
pub fn as_of(panel: &Panel, yields: &YieldTable, maturity: Maturity) -> Option<NaiveDate> {
    let last = panel.labels().last()?;
    yields.last_on_or_before(maturity, *last, i64::MAX).map(|(date, _)| date)
}

/// The first and last labels of each run of rows, which rise.
pub fn runs(rows: impl IntoIterator<Item = usize>, labels: &[NaiveDate]) -> Vec<(NaiveDate, NaiveDate)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for row in rows {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == row => *last = row,
            _ => runs.push((row, row)),
        }
    }
    runs.into_iter().map(|(first, last)| (labels[first], labels[last])).collect()
}

/// True when yields up to this date end more than a period before the panel does: they do not reach the end of the
/// period before its last, give or take [`STALE_YIELD_DAYS`] (none for days).
pub fn end_early(panel: &Panel, as_of: NaiveDate) -> bool {
    let reach = if panel.frequency() == Frequency::Daily { 0 } else { STALE_YIELD_DAYS };
    panel.rows().checked_sub(1).is_some_and(|last| (panel.label_before(last) - as_of).num_days() > reach)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_study::{month_end, panel, yields};

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
    fn yields_end_early_when_they_miss_the_period_before_the_last() {
        // Twelve months from January to December 2010; yields from December 2009 on.
        let panel = panel(&[("A", &[0.1; 12])]);
        let ends = |count: usize| {
            let last = as_of(&panel, &yields(Maturity::Ust3M, &vec![1.0; count]), Maturity::Ust3M);
            last.map(|last| (last, end_early(&panel, last)))
        };
        assert_eq!(ends(13), Some((month_end(12), false)));
        // One period before the end is enough for the last period's risk-free rate; two are not.
        assert_eq!(ends(12), Some((month_end(11), false)));
        assert_eq!(ends(11), Some((month_end(10), true)));
        assert_eq!(ends(0), None);
        // Those of later dates are not known yet.
        assert_eq!(ends(20), Some((month_end(12), false)));
    }
}
