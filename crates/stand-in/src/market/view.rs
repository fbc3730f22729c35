//! The market as it is known on one day.

use chrono::NaiveDate;

use super::{DailyClose, Dividend, Market, ParYields, SecurityProfile};

/// The market as it is known on one day, see [`Market::until`].
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    market: &'a Market,
    today: NaiveDate,
}

impl<'a> View<'a> {
    pub(super) fn new(market: &'a Market, today: NaiveDate) -> Self {
        Self { market, today }
    }

    /// The day.
    #[must_use]
    pub fn today(self) -> NaiveDate {
        self.today
    }

    /// The days of a ticker, ascending; `None` when it is unknown, or has no price yet.
    #[must_use]
    pub fn days(self, ticker: &str) -> Option<Vec<DailyClose>> {
        let days = self.market.inner().securities.get(ticker)?.days(self.today);
        (!days.is_empty()).then_some(days)
    }

    /// The adjusted closes of a ticker, ascending: what a client must have in the end. Empty when it is unknown.
    #[must_use]
    pub fn expected_adj(self, ticker: &str) -> Vec<(NaiveDate, f64)> {
        self.days(ticker).unwrap_or_default().iter().map(|day| (day.date, day.adj_close)).collect()
    }

    /// The dividends of a ticker whose ex-date has come, ascending.
    #[must_use]
    pub fn dividends(self, ticker: &str) -> Vec<Dividend> {
        let inner = self.market.inner();
        let all = inner.securities.get(ticker).map(|security| security.dividends.as_slice()).unwrap_or_default();
        all.iter().copied().filter(|dividend| dividend.ex_date <= self.today).collect()
    }

    /// The profile of a ticker.
    #[must_use]
    pub fn profile(self, ticker: &str) -> Option<SecurityProfile> {
        self.market.inner().securities.get(ticker).map(|security| security.profile.clone())
    }

    /// The newest close times the shares outstanding, in whole dollars.
    #[must_use]
    pub fn market_cap(self, ticker: &str) -> Option<f64> {
        let close = self.days(ticker)?.last()?.close;
        Some((close * self.profile(ticker)?.shares).round())
    }

    /// The yields of the days from `from` to `to`, ascending.
    #[must_use]
    pub fn rates(self, from: NaiveDate, to: NaiveDate) -> Vec<(NaiveDate, ParYields)> {
        let to = to.min(self.today);
        if from > to {
            return Vec::new();
        }
        self.market.inner().rates.range(from..=to).map(|(date, rates)| (*date, *rates)).collect()
    }
}
