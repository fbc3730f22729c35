//! The profile of one of a panel's columns over some of its rows.

use std::{borrow::Cow, ops::Range};

use super::{DailyPrices, PerformanceProfile, ProfileInputs};
use crate::{
    Panel,
    panel::{Column, Spacing},
};

/// The profile of a column over adjacent rows: from the price before the first of them to that of the last. `risk_free` has a
/// rate for each row of the panel, `benchmark` is the column of what relative figures are against.
pub(crate) fn profile_over(
    panel: &Panel,
    column: usize,
    rows: Range<usize>,
    (risk_free, benchmark): (Option<Cow<'_, [f64]>>, Option<usize>),
) -> PerformanceProfile {
    // Missing outside the rows: the wealth of what is made of others begins at the price before the first return that there is.
    let within = |(row, r): (usize, &f64)| if rows.contains(&row) { *r } else { f64::NAN };
    let returns: Vec<f64> = panel.column(column).iter().enumerate().map(within).collect();
    let composed = panel.daily_wealth_of_composed(column, &returns);
    // That of the base comes first, so the price before row `start` is at `start`.
    let prices = panel.period_prices(column).get(rows.start..=rows.end).unwrap_or_default();
    let daily = match &composed {
        Some(wealth) => DailyPrices::of(wealth),
        None => daily_prices(panel, column, &rows),
    };
    PerformanceProfile::compute(&ProfileInputs {
        prices,
        daily,
        risk_free: risk_free.as_deref().map(|rates| &rates[rows.clone()]),
        benchmark: benchmark.map(|benchmark| &panel.column(benchmark)[rows.clone()]),
        ..ProfileInputs::new(
            &panel.column(column)[rows.clone()],
            &panel.labels()[rows.clone()],
            panel.label_before(rows.start),
            panel.periods_per_year(),
        )
    })
}

/// A fund's daily prices from the first to the last price of some rows, that before the first row among them.
fn daily_prices<'a>(panel: &'a Panel, column: usize, rows: &Range<usize>) -> DailyPrices<'a> {
    let Column { series, bars, prices, .. } = &panel.columns()[column];
    if *bars != Spacing::Daily {
        return DailyPrices::default();
    }
    // A price at `at` is that of the row before it in the panel.
    let mut priced = (rows.start..=rows.end).filter(|at| prices.get(*at).is_some_and(Option::is_some));
    let first = priced.next();
    let ends = first.zip(priced.next_back().or(first));
    let index = |at: usize| {
        let date = panel.price_date(column, panel.label_before(at))?;
        series.dates().binary_search(&date).ok()
    };
    match ends.and_then(|(first, last)| Some(index(first)?..index(last)? + 1)) {
        Some(days) => DailyPrices { dates: &series.dates()[days.clone()], prices: &series.prices()[days] },
        None => DailyPrices::default(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::test_study::{near, panel, priced};

    #[test]
    fn a_part_of_the_rows_has_its_own_figures() {
        // +10%, -50%, +60%, +25%: the last three make 0.5 x 1.6 x 1.25 = 1.
        let panel = panel(&[("A", &[0.1, -0.5, 0.6, 0.25])]);
        let of = |rows| profile_over(&panel, 0, rows, (None, None));
        near(of(1..4).total_return.unwrap(), 0.0);
        near(of(1..4).max_drawdown.unwrap(), -0.5);
        assert_eq!(of(1..4).drawdown.drawdown_peak, Some(panel.labels()[0]));
        near(of(2..4).total_return.unwrap(), 1.0);
        near(of(2..4).max_drawdown.unwrap(), 0.0);
        near(of(0..4).total_return.unwrap(), 0.1);
        // Of months alone there are no days.
        assert_eq!(of(0..4).max_drawdown_daily, None);
    }

    #[test]
    fn days_are_those_between_the_prices_of_the_rows() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let price = |date: &str| match date {
            "2024-02-14" => 50.0,
            "2024-03-12" => 80.0,
            _ => 100.0,
        };
        let days: Vec<String> = day("2024-01-29").iter_days().take(62).map(|date| date.to_string()).collect();
        let rows: Vec<(&str, f64)> = days.iter().map(|date| (date.as_str(), price(date))).collect();
        let panel = priced(&[("A", &rows)], ("2024-01-31", "2024-03-31"));
        let of = |rows| {
            let found = profile_over(&panel, 0, rows, (None, None));
            (found.max_drawdown_daily.unwrap(), found.drawdown_daily.drawdown_daily_trough)
        };
        assert_eq!(of(0..1), (-0.5, Some(day("2024-02-14"))));
        let (depth, trough) = of(1..2);
        near(depth, -0.2);
        assert_eq!((trough, of(0..2).0), (Some(day("2024-03-12")), -0.5));
    }
}
