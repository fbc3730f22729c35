//! Prices into rows: which price stands for a period, and the returns between them.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use factor_types::{Calendar, Frequency, PriceSeries, Ticker};
use ndarray::{Array2, ShapeBuilder};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Column, Panel, Window,
    window::{is_monthly, month_price},
};

/// Why no panel could be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PanelError {
    /// The window holds no whole period for which any series has a return.
    #[error(
        "no {frequency} return lies between {start} and {end}: the newest complete period ends on or before {cutoff}"
    )]
    NoPeriods {
        /// How often returns are measured.
        frequency: Frequency,
        /// The window's start.
        start: NaiveDate,
        /// The window's end.
        end: NaiveDate,
        /// The day up to which periods are whole.
        cutoff: NaiveDate,
    },
    /// Every series gives one price a month.
    #[error("{frequency} returns are unsupported here: the source gives one price a month; ask for monthly")]
    OnlyMonthlyPrices {
        /// How often returns were asked for.
        frequency: Frequency,
    },
}

/// A return so large that an unadjusted split or a bad price is likelier than a move.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SuspectReturn {
    /// Whose return.
    pub ticker: Ticker,
    /// The label of its period.
    pub date: NaiveDate,
    /// The return, as a decimal.
    #[serde(rename = "return")]
    pub value: f64,
}

/// Above the first or below the second a return is suspect.
fn suspect_bounds(frequency: Frequency) -> (f64, f64) {
    match frequency {
        Frequency::Monthly => (3.0, -0.9),
        Frequency::Weekly => (1.5, -0.7),
        Frequency::Daily => (0.75, -0.5),
    }
}

/// For each period, base first, the index of each series' price, if it has one.
struct PricedPeriods {
    labels: Vec<NaiveDate>,
    /// Per series, one entry per label.
    priced: Vec<Vec<Option<usize>>>,
}

impl Panel {
    /// Builds the panel of `series` (distinct tickers) over `window`.
    ///
    /// Return r_t = p_t / p_(t-1) - 1 between adjacent periods, missing if either price is missing. Leading rows for
    /// which no series has a return are left out: before the first price there is nothing to be missing.
    ///
    /// # Errors
    /// [`PanelError`] when nothing remains.
    pub fn build(window: Window, series: &[Arc<PriceSeries>]) -> Result<Self, PanelError> {
        let frequency = window.frequency;
        let monthly: Vec<bool> = series.iter().map(|series| is_monthly(series)).collect();
        let usable: Vec<bool> = monthly.iter().map(|monthly| frequency == Frequency::Monthly || !monthly).collect();
        if !usable.contains(&true) && !series.is_empty() {
            return Err(PanelError::OnlyMonthlyPrices { frequency });
        }
        let mut periods = match frequency {
            Frequency::Monthly => months(&window, series),
            Frequency::Weekly => weeks(&window, series),
            Frequency::Daily => days(&window, series, &usable),
        };
        for (priced, usable) in periods.priced.iter_mut().zip(&usable) {
            if !usable {
                priced.fill(None);
            }
        }
        periods.drop_empty_lead();
        let rows = periods.labels.len().saturating_sub(1);
        let Some((&base, labels)) = periods.labels.split_first().filter(|(_, labels)| !labels.is_empty()) else {
            return Err(PanelError::NoPeriods {
                frequency,
                start: window.start,
                end: window.end,
                cutoff: window.cutoff,
            });
        };

        let mut returns = Array2::from_elem((rows, series.len()).f(), f64::NAN);
        let mut columns = Vec::with_capacity(series.len());
        let mut suspects = Vec::new();
        let mut as_of = base;
        let (high, low) = suspect_bounds(frequency);
        for (at, series) in series.iter().enumerate() {
            let priced = &periods.priced[at];
            let mut column = Column {
                series: Arc::clone(series),
                span: None,
                observations: 0,
                priced: None,
                has_price: priced.iter().any(Option::is_some),
                unsupported: (!usable[at])
                    .then(|| format!("the source gives {} one price a month; ask for monthly", series.ticker())),
            };
            for row in 0..rows {
                let (Some(before), Some(now)) = (priced[row], priced[row + 1]) else { continue };
                let value = series.prices()[now] / series.prices()[before] - 1.0;
                returns[(row, at)] = value;
                column.observations += 1;
                column.span = Some(column.span.map_or(row, |span| span.start)..row + 1);
                column.priced = Some(column.priced.map_or(before, |priced| priced.start)..now + 1);
                if value > high || value < low {
                    suspects.push(SuspectReturn { ticker: series.ticker().clone(), date: labels[row], value });
                }
            }
            let newest = priced.iter().flatten().next_back();
            as_of = newest.map_or(as_of, |&newest| as_of.max(series.dates()[newest]));
            columns.push(column);
        }
        Ok(Self {
            base,
            labels: labels.to_vec(),
            by_ticker: series.iter().enumerate().map(|(at, series)| (series.ticker().clone(), at)).collect(),
            columns,
            returns,
            as_of,
            suspects,
            window,
        })
    }
}

impl PricedPeriods {
    /// Drops periods at the front under which no return can lie.
    fn drop_empty_lead(&mut self) {
        let has_return =
            |row: usize| self.priced.iter().any(|priced| priced[row].is_some() && priced[row + 1].is_some());
        let rows = self.labels.len().saturating_sub(1);
        let empty = (0..rows).take_while(|row| !has_return(*row)).count();
        self.labels.drain(..empty);
        for priced in &mut self.priced {
            priced.drain(..empty);
        }
    }
}

/// Calendar months: in when `start < last weekday <= cutoff`; the base is the month before the first.
fn months(window: &Window, series: &[Arc<PriceSeries>]) -> PricedPeriods {
    let mut first = window.start.month_end();
    if first.last_weekday_of_month() <= window.start {
        first = next_month(first);
    }
    let mut labels = vec![first.month_end_back(1)];
    let mut label = first;
    while label.last_weekday_of_month() <= window.cutoff {
        labels.push(label);
        label = next_month(label);
    }
    let priced = series
        .iter()
        .map(|series| labels.iter().map(|label| month_price(series, *label, window.prices_until)).collect())
        .collect();
    PricedPeriods { labels, priced }
}

fn next_month(label: NaiveDate) -> NaiveDate {
    label.checked_add_days(Days::new(1)).map_or(label, Calendar::month_end)
}

/// ISO weeks, labelled Friday: in when `start < Friday <= cutoff`; the last price of Monday to Sunday stands for it.
fn weeks(window: &Window, series: &[Arc<PriceSeries>]) -> PricedPeriods {
    let week = Days::new(7);
    let mut first = window.start.friday();
    if first <= window.start {
        first = first.checked_add_days(week).unwrap_or(first);
    }
    let mut labels = vec![first.checked_sub_days(week).unwrap_or(first)];
    let mut label = first;
    while label <= window.cutoff {
        labels.push(label);
        label = label.checked_add_days(week).unwrap_or(NaiveDate::MAX);
    }
    let last_of_week = |series: &PriceSeries, friday: NaiveDate| {
        let sunday = friday.checked_add_days(Days::new(2)).unwrap_or(friday);
        let at = series.dates().partition_point(|date| *date <= sunday.min(window.prices_until)).checked_sub(1)?;
        (series.dates()[at].friday() == friday).then_some(at)
    };
    let priced =
        series.iter().map(|series| labels.iter().map(|label| last_of_week(series, *label)).collect()).collect();
    PricedPeriods { labels, priced }
}

/// Trading days: the dates on which at least half of the series alive (between their first and last price) have a
/// price; in when `start < date <= cutoff`, the base being the last one on or before the start.
fn days(window: &Window, series: &[Arc<PriceSeries>], usable: &[bool]) -> PricedPeriods {
    let range = window.price_range();
    let length = (range.end() - range.start()).num_days().max(0) as usize + 1;
    let offset = |date: NaiveDate| (date - range.start()).num_days();
    let (mut priced_on, mut alive_change) = (vec![0_i32; length], vec![0_i32; length + 1]);
    for (series, _) in series.iter().zip(usable).filter(|(_, usable)| **usable) {
        let until = series.dates().partition_point(|date| *date <= window.prices_until);
        let known = &series.dates()[..until];
        let (Some(first), Some(last)) = (known.first(), known.last()) else { continue };
        if *last < range.start() {
            continue;
        }
        alive_change[offset(*first).max(0) as usize] += 1;
        alive_change[(offset(*last) + 1).max(0) as usize] -= 1;
        for date in known.iter().rev().take_while(|date| **date >= range.start()) {
            priced_on[offset(*date) as usize] += 1;
        }
    }
    let mut alive = 0;
    let mut dates = Vec::new();
    for (day, priced) in priced_on.iter().enumerate() {
        alive += alive_change[day];
        if *priced > 0 && priced * 2 >= alive {
            dates.extend(range.start().checked_add_days(Days::new(day as u64)));
        }
    }
    let first = dates.partition_point(|date| *date <= window.start).saturating_sub(1);
    let labels: Vec<NaiveDate> = dates.into_iter().skip(first).take_while(|date| *date <= window.cutoff).collect();
    let priced = series
        .iter()
        .map(|series| labels.iter().map(|label| series.dates().binary_search(label).ok()).collect())
        .collect();
    PricedPeriods { labels, priced }
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;
    use factor_types::PriceKind;
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn series(ticker: &str, rows: &[(&str, f64)]) -> Arc<PriceSeries> {
        let rows = rows.iter().map(|(day, price)| (date(day), *price));
        Arc::new(PriceSeries::new(ticker.parse().unwrap(), PriceKind::Adjusted, rows))
    }

    fn window(frequency: Frequency, start: &str, cutoff: &str) -> Window {
        Window { frequency, start: date(start), end: date(cutoff), cutoff: date(cutoff), prices_until: date(cutoff) }
    }

    #[test]
    fn months_by_hand() {
        let a = series(
            "A",
            &[
                ("2024-01-30", 90.0),
                ("2024-01-31", 100.0),
                ("2024-02-15", 5.0),
                ("2024-02-29", 110.0),
                ("2024-03-28", 99.0),
            ],
        );
        let b = series("B", &[("2024-01-31", 50.0), ("2024-02-20", 60.0), ("2024-03-28", 75.0), ("2024-04-01", 1.0)]);
        let panel = Panel::build(window(Frequency::Monthly, "2024-01-31", "2024-03-29"), &[a, b]).unwrap();
        assert_eq!(panel.base(), date("2024-01-31"));
        assert_eq!(panel.labels(), [date("2024-02-29"), date("2024-03-31")]);
        let a = panel.column(0);
        assert!((a[0] - 0.1).abs() < 1e-15 && (a[1] + 0.1).abs() < 1e-15);
        // B's last price of February is nine days before the month's end: February is missing, and so is March's return.
        assert!(panel.column(1).iter().all(|r| r.is_nan()));
        assert_eq!(panel.as_of(), date("2024-03-28"));
        assert_eq!(panel.columns()[0].priced, Some(1..5));
    }

    #[test]
    fn a_start_within_a_month_takes_that_month_whole() {
        let rows: Vec<_> =
            date("2023-12-01").iter_days().take(120).map(|day| (day, f64::from(day.ordinal()))).collect();
        let prices = Arc::new(PriceSeries::new("A".parse().unwrap(), PriceKind::Adjusted, rows));
        let labels = |start| {
            let panel =
                Panel::build(window(Frequency::Monthly, start, "2024-03-29"), std::slice::from_ref(&prices)).unwrap();
            (panel.base(), panel.labels()[0])
        };
        assert_eq!(labels("2024-01-15"), (date("2023-12-31"), date("2024-01-31")));
        assert_eq!(labels("2024-01-31"), (date("2024-01-31"), date("2024-02-29")));
    }

    #[test]
    fn weeks_end_on_friday_and_take_the_last_price() {
        let a = series(
            "A",
            &[
                ("2024-01-04", 100.0),
                ("2024-01-10", 1.0),
                ("2024-01-11", 110.0),
                ("2024-01-15", 3.0),
                ("2024-01-19", 121.0),
            ],
        );
        let panel = Panel::build(window(Frequency::Weekly, "2024-01-05", "2024-01-19"), &[a]).unwrap();
        assert_eq!(
            (panel.base(), panel.labels()),
            (date("2024-01-05"), [date("2024-01-12"), date("2024-01-19")].as_slice())
        );
        assert!(panel.column(0).iter().all(|r| (r - 0.1).abs() < 1e-12));
    }

    #[test]
    fn days_need_half_of_those_alive() {
        let a = series("A", &[("2024-01-02", 1.0), ("2024-01-03", 2.0), ("2024-01-04", 3.0), ("2024-01-05", 3.0)]);
        let b = series("B", &[("2024-01-02", 1.0), ("2024-01-04", 2.0), ("2024-01-05", 2.0)]);
        // C lives on 3 to 5 January without a price on the 3rd's neighbours: the 3rd has 1 of 2 alive, the 6th (C only) 1 of 1.
        let c = series("C", &[("2024-01-05", 1.0), ("2024-01-06", 2.0)]);
        let panel = Panel::build(window(Frequency::Daily, "2024-01-02", "2024-01-06"), &[a, b, c]).unwrap();
        assert_eq!(panel.base(), date("2024-01-02"));
        let days: Vec<u32> = panel.labels().iter().map(|day| day.day()).collect();
        assert_eq!(days, [3, 4, 5, 6]);
        assert_eq!(panel.column(0)[0], 1.0);
        assert!(panel.column(1)[0].is_nan() && panel.column(1)[1].is_nan() && panel.column(1)[2] == 0.0);
    }

    #[test]
    fn suspect_moves_stay_and_are_listed() {
        let a = series("A", &[("2024-01-31", 100.0), ("2024-02-29", 9.0), ("2024-03-28", 37.0)]);
        let panel = Panel::build(window(Frequency::Monthly, "2024-01-31", "2024-03-29"), &[a]).unwrap();
        assert_eq!(panel.columns()[0].observations, 2);
        let listed: Vec<_> = panel.suspects().iter().map(|suspect| (suspect.date, suspect.value)).collect();
        assert_eq!(listed.len(), 2, "{listed:?}");
    }

    #[test]
    fn monthly_prices_refuse_daily_returns() {
        let a = series("A", &[("2024-01-31", 1.0), ("2024-02-29", 1.0), ("2024-03-28", 1.0), ("2024-04-30", 1.0)]);
        let refused =
            Panel::build(window(Frequency::Daily, "2024-01-31", "2024-04-30"), std::slice::from_ref(&a)).unwrap_err();
        assert!(matches!(refused, PanelError::OnlyMonthlyPrices { .. }));
        assert!(Panel::build(window(Frequency::Monthly, "2024-01-31", "2024-04-30"), &[a]).is_ok());
    }

    #[test]
    fn a_window_before_the_data_has_no_periods() {
        let a = series("A", &[("2024-01-31", 1.0), ("2024-02-29", 1.0)]);
        let refused = Panel::build(window(Frequency::Monthly, "2020-01-31", "2021-01-29"), &[a]).unwrap_err();
        assert!(matches!(refused, PanelError::NoPeriods { .. }));
    }

    proptest! {
        /// Whatever the gaps, a return is there exactly when both of its prices are.
        #[test]
        fn returns_are_missing_exactly_where_a_price_is(present in prop::collection::vec(any::<bool>(), 4..30)) {
            let first = date("2020-01-31");
            let rows: Vec<_> = present.iter().enumerate().filter(|(_, there)| **there)
                .map(|(n, _)| (first.checked_add_months(chrono::Months::new(n as u32)).unwrap().month_end(), 10.0 + n as f64)).collect();
            prop_assume!(!rows.is_empty());
            // A second series of daily-like completeness keeps every row and keeps the first from counting as monthly.
            let dense: Vec<_> = (0..present.len() as u32).map(|n| (first.checked_add_months(chrono::Months::new(n)).unwrap().month_end(), 1.0)).collect();
            let end = dense.last().unwrap().0;
            let (a, b) = (
                Arc::new(PriceSeries::new("A".parse().unwrap(), PriceKind::Adjusted, rows)),
                Arc::new(PriceSeries::new("B".parse().unwrap(), PriceKind::Adjusted, dense)),
            );
            let panel = Panel::build(Window { frequency: Frequency::Monthly, start: first, end, cutoff: end, prices_until: end }, &[a, b]).unwrap();
            prop_assert_eq!(panel.rows(), present.len() - 1);
            for (row, r) in panel.column(0).iter().enumerate() {
                prop_assert_eq!(r.is_finite(), present[row] && present[row + 1]);
            }
        }
    }
}
