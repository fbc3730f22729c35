//! Treasury yields at both ends of windows of returns.

use chrono::NaiveDate;
use factor_types::Maturity;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::windows::WindowSpan;
use crate::{Study, yields::STALE_YIELD_DAYS};

/// A yield at both ends of a window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct YieldChange {
    /// The date of the first level: the window's start, or the last date with a yield in the five days before it.
    pub from: NaiveDate,
    /// The date of the second level, by the same rule.
    pub to: NaiveDate,
    /// The level at the start, in percent a year.
    pub start: f64,
    /// The level at the end.
    pub end: f64,
    /// `end` - `start`, in percentage points.
    pub change: f64,
}

/// By maturity and window; null where either end has no yield.
pub type YieldChanges = IndexMap<Maturity, IndexMap<String, Option<YieldChange>>>;

/// A change that is null, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingYield {
    /// Of which maturity.
    pub maturity: Maturity,
    /// Over which window.
    pub window: String,
    /// Why.
    pub reason: String,
}

/// The levels of every maturity that has any yield at an end of a window, and what is missing of them.
pub fn yield_changes(study: &Study, spans: &IndexMap<String, WindowSpan>) -> (YieldChanges, Vec<MissingYield>) {
    let (mut changes, mut missing) = (YieldChanges::new(), Vec::new());
    for maturity in Maturity::ALL {
        let (mut windows, mut reasons) = (IndexMap::new(), Vec::new());
        for (window, span) in spans {
            let found = change(study, maturity, span);
            if let Err(reason) = &found {
                reasons.push(MissingYield { maturity, window: window.clone(), reason: reason.clone() });
            }
            windows.insert(window.clone(), found.ok());
        }
        if windows.values().any(Option::is_some) {
            changes.insert(maturity, windows);
            missing.extend(reasons);
        }
    }
    (changes, missing)
}

fn change(study: &Study, maturity: Maturity, span: &WindowSpan) -> Result<YieldChange, String> {
    let (Some(start), Some(end)) = (span.start, span.end) else {
        return Err(span.reason.clone().unwrap_or_else(|| "the window has no dates".to_owned()));
    };
    let on = |date: NaiveDate| {
        let found = study.yield_on(maturity, date, STALE_YIELD_DAYS);
        found.ok_or_else(|| format!("no yield on or within {STALE_YIELD_DAYS} days before {date}"))
    };
    let ((from, before), (to, after)) = (on(start)?, on(end)?);
    Ok(YieldChange { from, to, start: before, end: after, change: after - before })
}

#[cfg(test)]
mod tests {
    use factor_types::{Category, Ticker};

    use super::*;
    use crate::{
        sections::windows::{ReturnWindow, spans},
        test_study::{Fund, month_end, study, yields},
    };

    #[test]
    fn levels_are_those_at_both_ends_and_what_lacks_one_says_so() {
        // Month ends 0 to 3 of prices; yields of the first three: March's end has none.
        let funds = [Fund::new("A", Category::Style, &[0.1, 0.2, 0.3])];
        let study = study(&funds, yields(Maturity::Ust10Y, &[4.0, 4.25, 3.5]));
        let windows = [ReturnWindow::Dates(month_end(0), month_end(2)), ReturnWindow::Months(1)];
        let spans = spans(study.panel(), &windows, &"A".parse::<Ticker>().unwrap());
        let mut by_hand = spans.clone();
        by_hand.insert(
            "two".to_owned(),
            WindowSpan { start: Some(month_end(0)), end: Some(month_end(2)), ..spans["1m"].clone() },
        );
        let (found, missing) = yield_changes(&study, &by_hand);
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [Maturity::Ust10Y], "no maturity without yields");
        let ten = &found[&Maturity::Ust10Y];
        // 3.5 - 4.0.
        let fell = YieldChange { from: month_end(0), to: month_end(2), start: 4.0, end: 3.5, change: -0.5 };
        assert_eq!(ten["two"], Some(fell));
        assert_eq!(ten["1m"], None);
        let last = missing.iter().find(|missing| missing.window == "1m").unwrap();
        assert_eq!(last.reason, format!("no yield on or within 5 days before {}", month_end(3)));
    }
}
