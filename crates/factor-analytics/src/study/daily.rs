//! A study on rows of days or of months over all prices that its series hold.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use factor_types::{Frequency, PriceSeries, Ticker};

use super::{MIN_FLOOR, Study};
use crate::{
    Panel,
    lens::{LensBasis, LensFactor},
    panel::{Column, GroupColumn, PortfolioColumn, Window},
    yields::RiskFree,
};

/// The most returns of a daily panel, some 160 MB of them: of more series fewer years are looked at.
const MOST_RETURNS: usize = 20_000_000;

/// Days of a calendar year over trading days of one.
const CALENDAR_DAYS: f64 = 365.25 / 252.0;

impl Study {
    /// This study on daily rows: every trading day up to the window's end of which its series hold prices, whatever the window's
    /// start. Groups and portfolios are made of daily returns anew; every factor with [`MIN_FLOOR`] returns is in it, also one that
    /// has too few in the window itself; what was refused stays so.
    ///
    /// `None` where no series has daily prices.
    pub fn daily(&self) -> Option<Self> {
        self.over_all_prices(Frequency::Daily)
    }

    /// This study on rows of months likewise: every whole month up to the window's end.
    pub fn monthly(&self) -> Option<Self> {
        self.over_all_prices(Frequency::Monthly)
    }

    /// The same on rows of any frequency: what looks further back than the window begins here.
    pub fn over_all_prices(&self, frequency: Frequency) -> Option<Self> {
        let panel = self.panel_over_all_prices(frequency, |_| true)?;
        let panel = panel.with_groups(&self.groups());
        let rates = RiskFree::of(&panel, &self.yields).per_period;
        let panel = panel.with_portfolios(&self.portfolios(), &rates);
        let mut whole = Self::new(Arc::new(panel), Arc::clone(&self.yields), &self.listed, &[], MIN_FLOOR);
        let is_refused =
            |ticker: &Ticker| self.excluded.iter().any(|one| one.ticker == *ticker && one.reason.is_refusal());
        whole.factors.retain(|one| !is_refused(&one.factor.ticker));
        Some(whole)
    }

    /// What the lens ([`Lens`](crate::lens::Lens)) on the rows of this study's frequency over all prices of its funds rests on. `None` where it has no
    /// price of any.
    pub fn lens_basis(&self) -> Option<LensBasis> {
        let needed: Vec<Ticker> = LensFactor::tickers().chain(Ticker::cash_proxies()).collect();
        let (window, series) = self.all_prices(self.panel.frequency(), |ticker| needed.contains(ticker))?;
        Some(LensBasis { window, series, yields: Arc::clone(&self.yields) })
    }

    /// Some of the panel's funds over all prices that are held.
    fn panel_over_all_prices(&self, frequency: Frequency, is_in: impl Fn(&Ticker) -> bool) -> Option<Panel> {
        let (window, series) = self.all_prices(frequency, is_in)?;
        Panel::build(window, &series).ok()
    }

    fn all_prices(
        &self,
        frequency: Frequency,
        is_in: impl Fn(&Ticker) -> bool,
    ) -> Option<(Window, Vec<Arc<PriceSeries>>)> {
        let columns = self.panel.columns().iter().filter(|column| column.members.is_empty());
        let series: Vec<Arc<PriceSeries>> =
            columns.filter(|column| is_in(column.series.ticker())).map(|column| Arc::clone(&column.series)).collect();
        Some((self.whole_window(frequency, &series)?, series))
    }

    fn whole_window(&self, frequency: Frequency, series: &[Arc<PriceSeries>]) -> Option<Window> {
        let of_panel = self.panel.window();
        let first = series.iter().filter_map(|one| one.dates().first()).min()?;
        let most = (MOST_RETURNS / series.len().max(1)) as f64 * CALENDAR_DAYS;
        let earliest = of_panel.end.checked_sub_days(Days::new(most as u64)).unwrap_or(NaiveDate::MIN);
        let start = first.pred_opt()?.max(earliest);
        Some(Window { frequency, start, left_out: None, ..of_panel.clone() })
    }

    /// The groups among the panel's columns, by their members' tickers.
    fn groups(&self) -> Vec<GroupColumn> {
        let groups = self.panel.columns().iter().filter(|column| !column.members.is_empty() && column.cash.is_none());
        groups.map(|column| GroupColumn { ticker: ticker_of(column), members: self.members_of(column) }).collect()
    }

    /// The portfolios among them.
    fn portfolios(&self) -> Vec<PortfolioColumn> {
        let with_cash = self.panel.columns().iter().filter_map(|column| Some((column, column.cash.as_ref()?)));
        with_cash
            .map(|(column, cash)| PortfolioColumn {
                ticker: ticker_of(column),
                holdings: self.members_of(column),
                cash: cash.weight,
            })
            .collect()
    }

    fn members_of(&self, column: &Column) -> Vec<(Ticker, f64)> {
        let columns = self.panel.columns();
        column.members.iter().map(|(member, weight)| (ticker_of(&columns[*member]), *weight)).collect()
    }
}

fn ticker_of(column: &Column) -> Ticker {
    column.series.ticker().clone()
}

#[cfg(test)]
mod tests {
    use factor_types::{Category, Factor, PriceKind, SourceTier, YieldTable};

    use super::*;
    use crate::{
        panel::TradingCalendar,
        test_study::{month_end, ticker},
    };

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Prices on weekdays from a date on.
    fn priced(name: &str, first: &str, last: &str) -> Arc<PriceSeries> {
        let days = day(first).iter_days().take_while(|date| *date <= day(last));
        let rows = days.filter(|date| !factor_types::exchange::is_weekend(*date)).enumerate();
        let price = |at: usize| 100.0 + (at * at % 7) as f64;
        Arc::new(PriceSeries::new(ticker(name), PriceKind::Adjusted, rows.map(|(at, date)| (date, price(at)))))
    }

    fn study(series: &[Arc<PriceSeries>]) -> Study {
        let window = Window {
            calendar: TradingCalendar::NewYork,
            ..Window::whole(Frequency::Monthly, day("2023-12-31"), day("2024-06-30"))
        };
        let panel = Panel::build(window, series).unwrap();
        let both = Ticker::of_group(&"Both".parse().unwrap());
        let group = GroupColumn { ticker: both.clone(), members: vec![(ticker("A"), 0.5), (ticker("B"), 0.5)] };
        let factors: Vec<Arc<Factor>> = [ticker("A"), ticker("B"), both]
            .map(|name| Arc::new(Factor::new(name.clone(), name.as_str(), Category::Market, SourceTier::Yaml)))
            .into();
        Study::new(Arc::new(panel.with_groups(&[group])), Arc::new(YieldTable::default()), &factors, &[], 1)
    }

    #[test]
    fn daily_rows_reach_back_to_the_first_price_and_up_to_the_windows_end() {
        let series = [priced("A", "2022-03-01", "2024-07-31"), priced("B", "2023-01-03", "2024-07-31")];
        let monthly = study(&series);
        let daily = monthly.daily().unwrap();
        let panel = daily.panel();
        assert_eq!((monthly.panel().rows(), panel.base()), (6, day("2022-03-01")));
        assert_eq!(panel.labels().last(), Some(&day("2024-06-28")), "the last trading day of the window");
        assert_eq!(daily.factors.len(), 3);
        let (a, group) = (panel.column(0), panel.column(2));
        let both = panel.labels().binary_search(&day("2023-01-04")).unwrap();
        assert!((group[both] - (a[both] + panel.column(1)[both]) / 2.0).abs() < 1e-15);
        // By hand: the first two prices are 100 + 0 and 100 + 1.
        assert!((a[0] - 0.01).abs() < 1e-15, "{}", a[0]);
    }

    #[test]
    fn monthly_rows_reach_back_as_far() {
        let series = [priced("A", "2022-03-01", "2024-07-31"), priced("B", "2023-01-03", "2024-07-31")];
        let whole = study(&series).monthly().unwrap();
        let panel = whole.panel();
        // March 2022 has no price before it to have a return from.
        assert_eq!(
            (panel.labels().first(), panel.labels().last()),
            (Some(&day("2022-04-30")), Some(&day("2024-06-30")))
        );
        assert_eq!((panel.rows(), whole.factors.len()), (27, 3));
    }

    #[test]
    fn prices_of_months_make_no_daily_study() {
        let ends = (1..=24).map(|month| (month_end(month + 149), 100.0 + month as f64));
        let series = Arc::new(PriceSeries::new(ticker("A"), PriceKind::Adjusted, ends));
        assert!(
            study(&[
                Arc::clone(&series),
                Arc::new(PriceSeries::new(
                    ticker("B"),
                    PriceKind::Adjusted,
                    series.dates().iter().map(|date| (*date, 100.0))
                ))
            ])
            .daily()
            .is_none()
        );
    }
}
