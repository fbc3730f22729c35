//! The panel: returns on common periods, one row a period and one column a ticker.
//!
//! Rows are dates, columns are series; a missing return is `NaN` and never filled. A panel is built once per
//! (universe, start, end, frequency) and shared by every section. How prices become returns is in [`mod@build`], which
//! days a window has in [`mod@window`].

pub mod build;
pub mod calendar;
pub mod daily;
pub mod group;
pub mod held;
mod periods;
pub mod placing;
pub mod portfolio;
pub mod spacing;
pub mod window;

use std::{collections::HashMap, ops::Range, sync::Arc};

use chrono::NaiveDate;
use factor_types::{Frequency, PriceSeries, Ticker, exchange::is_weekend};
use ndarray::{Array2, ArrayView2};

pub use self::{
    build::PanelError,
    calendar::{Period, TradingCalendar},
    daily::{CashHeld, DailyWealth},
    group::GroupColumn,
    held::HeldReturn,
    placing::BarDates,
    portfolio::{ColumnCash, PortfolioColumn},
    spacing::{EarlyEnd, Spacing},
    window::{Clock, DefaultStart, LeftOut, WhyLeftOut, Window, WindowError, WindowRequest},
};

/// Returns of several tickers on common periods.
///
/// `returns` has shape (periods, columns) and is stored column by column, so that a column is one slice. Labels rise
/// strictly and are adjacent periods of the frequency; [`Panel::base`] labels the period before the first row, whose
/// price lies under the first return.
#[derive(Debug, Clone)]
pub struct Panel {
    window: Window,
    base: NaiveDate,
    labels: Vec<NaiveDate>,
    columns: Vec<Column>,
    returns: Array2<f64>,
    by_ticker: HashMap<Ticker, usize>,
    as_of: NaiveDate,
}

/// What the panel knows of one column.
#[derive(Debug, Clone)]
pub struct Column {
    /// The prices it was built from; none for a group or a portfolio.
    pub series: Arc<PriceSeries>,
    /// How far apart its prices lie; of a group or a portfolio as of daily ones.
    pub bars: Spacing,
    /// Rows from the first to the last return that is present; `None` when there is no return.
    pub span: Option<Range<usize>>,
    /// Returns present.
    pub observations: usize,
    /// The price of each period, the base's first; empty for a group or a portfolio.
    pub prices: Vec<Option<f64>>,
    /// The series' rows from the first to the last of these prices.
    pub priced: Option<Range<usize>>,
    /// True when some period has a price, the base's included.
    pub has_price: bool,
    /// Of a group or a portfolio the columns of its members with their weights; empty for a fund.
    pub members: Vec<(usize, f64)>,
    /// Of a portfolio its cash, which may be none. Its members' weights are never spread: a return needs all of them.
    pub cash: Option<ColumnCash>,
    /// Why the series could not be put on this panel's periods at all.
    pub unsupported: Option<String>,
}

impl Panel {
    /// The returns, shape (periods, columns).
    pub fn returns(&self) -> ArrayView2<'_, f64> {
        self.returns.view()
    }

    /// One column's returns, one per row, `NaN` where missing.
    pub fn column(&self, at: usize) -> &[f64] {
        let rows = self.labels.len();
        // OK because the array is stored column by column (`build` makes it so): column `at` is contiguous.
        self.returns.as_slice_memory_order().map_or(&[], |all| &all[at * rows..(at + 1) * rows])
    }

    /// One column's price of each period, that of the base first and then one per row; empty for a group. Between two of
    /// them lies what a missing return in between does not show.
    pub fn period_prices(&self, at: usize) -> &[Option<f64>] {
        self.columns.get(at).map_or(&[], |column| &column.prices)
    }

    /// A column's largest move, up or down, between two prices that periods without one lie between: what no single return
    /// shows. `None` without such a gap, and for a group.
    pub fn largest_move_over_a_gap(&self, at: usize) -> Option<f64> {
        let priced = self.period_prices(at).iter().enumerate().filter_map(|(row, price)| Some((row, (*price)?)));
        let pairs = priced.clone().zip(priced.skip(1));
        let moves =
            pairs.filter(|((row, _), (next, _))| next - row > 1).map(|((_, before), (_, after))| after / before - 1.0);
        moves.max_by(|a, b| a.abs().total_cmp(&b.abs()))
    }

    /// The date of a column's price of the period labelled `label`: a label is a calendar month's end or a Friday, on which
    /// there may be no price. `None` where the column has none, and for a group.
    pub fn price_date(&self, at: usize, label: NaiveDate) -> Option<NaiveDate> {
        let priced = self.price_index(at, label)?;
        self.columns.get(at).map(|column| column.series.dates()[priced])
    }

    /// Which of a column's prices is that of the period labelled `label`.
    fn price_index(&self, at: usize, label: NaiveDate) -> Option<usize> {
        let series = &self.columns.get(at)?.series;
        match Period::of(self.window.frequency, label) {
            Some(period) => window::period_price(series, period, self.window.calendar.last_day(period)),
            None => series.dates().binary_search(&label).ok(),
        }
    }

    /// The same for those who go through the rows one by one: of days it looks on from the price that it saw last, whose place
    /// is in `near`, since a search for each would be most of their time.
    fn price_index_near(&self, at: usize, label: NaiveDate, near: &mut usize) -> Option<usize> {
        if self.window.frequency != Frequency::Daily {
            return self.price_index(at, label);
        }
        periods::price_on(self.columns.get(at)?.series.dates(), label, near)
    }

    /// The same panel with every return missing on the rows that `keep` (one entry per row) leaves out. What is known of
    /// each column, its span and its observations, stays that of all rows.
    #[must_use]
    pub fn masked(&self, keep: &[bool]) -> Self {
        let mut panel = self.clone();
        for (mut row, _) in panel.returns.rows_mut().into_iter().zip(keep).filter(|(_, kept)| !**kept) {
            row.fill(f64::NAN);
        }
        panel
    }

    /// A column's newest returns before the first row, at most `count` of them, the newest last and `NaN` where missing:
    /// what the prices show of the periods before the window, or (daily) of the series' own trading days. Empty for a
    /// group.
    pub fn returns_before(&self, at: usize, count: usize) -> Vec<f64> {
        let series = &self.columns[at].series;
        let periods = periods::before(&self.window, series, self.base, count + 1);
        let price = |at: &Option<usize>| at.map_or(f64::NAN, |at| series.prices()[at]);
        periods.windows(2).map(|pair| price(&pair[1]) / price(&pair[0]) - 1.0).collect()
    }

    /// What is known of each column, in the order of the array's columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of a ticker.
    pub fn position(&self, ticker: &Ticker) -> Option<usize> {
        self.by_ticker.get(ticker).copied()
    }

    /// How many returns a ticker has; `None` where it has no column.
    pub fn observations(&self, ticker: &Ticker) -> Option<usize> {
        self.position(ticker).map(|at| self.columns[at].observations)
    }

    /// The column that is called so: of a ticker, or of a group or portfolio, whose names no text reads as a ticker.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.by_ticker.get(name).copied()
    }

    /// The label of each row: a month's last day, a week's Friday, or the trading day.
    pub fn labels(&self) -> &[NaiveDate] {
        &self.labels
    }

    /// The label of the period before the first row.
    pub fn base(&self) -> NaiveDate {
        self.base
    }

    /// The label before row `row`: that of the row above, or the base.
    pub fn label_before(&self, row: usize) -> NaiveDate {
        row.checked_sub(1).map_or(self.base, |above| self.labels[above])
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// The window the panel was built for.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// How often returns are measured.
    pub fn frequency(&self) -> Frequency {
        self.window.frequency
    }

    /// Periods in a year, the `P` of every annualised figure: 12, 52 and 252, or 365 on the rows of what trades every day.
    pub fn periods_per_year(&self) -> f64 {
        if self.has_every_day() { 365.0 } else { self.frequency().periods_per_year() }
    }

    /// Days with prices in a year, whatever the frequency: 252, or 365 where the benchmark trades every day.
    pub fn days_per_year(&self) -> f64 {
        if self.window.calendar == TradingCalendar::EveryDay { 365.0 } else { Frequency::Daily.periods_per_year() }
    }

    /// True of daily rows that have weekends: the benchmark trades every day, and so does what most of the panel holds.
    pub fn has_every_day(&self) -> bool {
        let weekends = || self.labels.iter().filter(|label| is_weekend(**label)).count();
        // Two rows of seven; a fifth leaves room for days on which few had a price.
        self.window.frequency == Frequency::Daily
            && self.window.calendar == TradingCalendar::EveryDay
            && 5 * weekends() >= self.labels.len()
    }

    /// The newest price date used.
    pub fn as_of(&self) -> NaiveDate {
        self.as_of
    }

    /// The months of daily series whose price lies before their last trading day, base included: what moved in between is in
    /// the next month's return. The benchmark's are among them. Empty for other frequencies.
    pub fn early_ends(&self) -> Vec<EarlyEnd> {
        if self.window.frequency != Frequency::Monthly {
            return Vec::new();
        }
        let ends: Vec<(NaiveDate, NaiveDate)> = std::iter::once(&self.base)
            .chain(&self.labels)
            .map(|label| (*label, spacing::end_of_month(&self.window.calendar, *label)))
            .collect();
        let of_column = |at: usize| {
            let column = &self.columns[at];
            // The date of a source of one price a month only names the month.
            let daily = column.bars != Spacing::Monthly;
            let priced = ends.iter().zip(&column.prices).filter(move |(_, price)| daily && price.is_some());
            priced.filter_map(move |((month, last_day), _)| {
                let date = self.price_date(at, *month).filter(|date| date < last_day)?;
                Some(EarlyEnd { ticker: column.series.ticker().clone(), month: *month, date, last_day: *last_day })
            })
        };
        (0..self.columns.len()).flat_map(of_column).collect()
    }

    /// An estimate of the memory it takes, without the shared price series.
    pub fn bytes(&self) -> usize {
        let prices: usize = self.columns.iter().map(|column| column.prices.len() * size_of::<Option<f64>>()).sum();
        self.returns.len() * size_of::<f64>()
            + prices
            + self.columns.len() * size_of::<Column>()
            + self.labels.len() * 4
    }
}

#[cfg(test)]
mod tests {
    use factor_types::PriceKind;

    use super::*;
    use crate::test_study::{month_end, panel, ticker};

    #[test]
    fn what_is_masked_is_missing_and_stays_known() {
        let panel = panel(&[("A", &[0.1, 0.2, 0.3]), ("B", &[0.3, 0.2, 0.1])]);
        let masked = panel.masked(&[true, false, true]);
        assert!(masked.column(1)[1].is_nan() && masked.column(0)[1].is_nan());
        assert_eq!((masked.column(0)[0], masked.column(1)[2]), (panel.column(0)[0], panel.column(1)[2]));
        assert_eq!((masked.columns()[0].observations, masked.columns()[0].span.clone()), (3, Some(0..3)));
        assert!(panel.column(0).iter().all(|r| r.is_finite()));
    }

    #[test]
    fn prices_of_periods_bridge_a_missing_return() {
        // B starts in February (its base of 100 is January's), lacks March and so has no return in April either.
        let panel = panel(&[("A", &[0.1, 0.2, 0.1, 0.1]), ("B", &[f64::NAN, 0.1, f64::NAN, 0.2])]);
        let found: Vec<Option<f64>> = panel.period_prices(1).to_vec();
        assert_eq!((found[0], found[1], found[3]), (None, Some(100.0), None));
        assert!((found[2].unwrap() - 110.0).abs() < 1e-12 && (found[4].unwrap() - 132.0).abs() < 1e-12);
        assert_eq!((panel.columns()[1].observations, panel.columns()[1].priced.clone()), (1, Some(0..3)));
        assert!(panel.period_prices(9).is_empty());
    }

    #[test]
    fn returns_before_the_window_are_those_of_its_periods() {
        // Prices 100, 110, 99, (none), 120, 126, 126 at the month ends of December 2009 to June 2010; the window starts
        // after April's, so that its base is April's.
        let prices = [Some(100.0), Some(110.0), Some(99.0), None, Some(120.0), Some(126.0), Some(126.0)];
        let rows = prices.iter().enumerate().filter_map(|(at, price)| Some((month_end(at), (*price)?)));
        let series = Arc::new(PriceSeries::new(ticker("A"), PriceKind::Close, rows));
        let window = Window::whole(Frequency::Monthly, month_end(4), month_end(6));
        let panel = Panel::build(window, &[series]).unwrap();
        assert_eq!((panel.rows(), panel.base()), (2, month_end(4)));
        let before = panel.returns_before(0, 4);
        assert!((before[0] - 0.1).abs() < 1e-15 && (before[1] + 0.1).abs() < 1e-15);
        assert!(before[2].is_nan() && before[3].is_nan() && before.len() == 4);
        let whole = Window::whole(Frequency::Monthly, month_end(0), month_end(6));
        let panel =
            Panel::build(whole, &panel.columns.iter().map(|column| Arc::clone(&column.series)).collect::<Vec<_>>());
        // 99 before the month without a price, 120 after it.
        assert!((panel.unwrap().largest_move_over_a_gap(0).unwrap() - 21.0 / 99.0).abs() < 1e-15);
    }

    #[test]
    fn nothing_is_known_before_the_first_price() {
        let rows = [(month_end(0), 100.0), (month_end(1), 110.0), (month_end(2), 121.0)];
        let series = Arc::new(PriceSeries::new(ticker("A"), PriceKind::Close, rows));
        let panel = Panel::build(Window::whole(Frequency::Monthly, month_end(1), month_end(2)), &[series]).unwrap();
        assert_eq!(panel.largest_move_over_a_gap(0), None);
        let before = panel.returns_before(0, 6);
        assert!(before[..5].iter().all(|r| r.is_nan()) && (before[5] - 0.1).abs() < 1e-15, "{before:?}");
    }

    #[test]
    fn what_trades_every_day_has_365_periods_a_year() {
        let days = month_end(0).iter_days().take(90);
        let coin = |trades: fn(NaiveDate) -> bool| {
            let rows = days.clone().filter(|day| trades(*day)).enumerate().map(|(at, day)| (day, 100.0 + at as f64));
            PriceSeries::new(ticker("BTC"), PriceKind::Close, rows.collect::<Vec<_>>())
        };
        let per_year = |series: PriceSeries, frequency| {
            let end = month_end(2);
            let calendar = TradingCalendar::of(Some(&series), end);
            let window = Window { calendar, ..Window::whole(frequency, month_end(0), end) };
            Panel::build(window, &[Arc::new(series)]).unwrap().periods_per_year()
        };
        assert_eq!(per_year(coin(|_| true), Frequency::Daily), 365.0);
        assert_eq!(per_year(coin(|_| true), Frequency::Monthly), 12.0);
        assert_eq!(per_year(coin(|day| !is_weekend(day)), Frequency::Daily), 252.0);
    }

    #[test]
    fn the_base_lies_before_the_first_row() {
        let panel = panel(&[("A", &[0.1, 0.2]), ("B", &[0.1, 0.2])]);
        assert_eq!((panel.rows(), panel.base(), panel.label_before(0)), (2, month_end(0), month_end(0)));
        assert_eq!((panel.label_before(1), panel.as_of()), (month_end(1), month_end(2)));
        assert_eq!((panel.position(&ticker("B")), panel.position(&ticker("C"))), (Some(1), None));
    }
}
