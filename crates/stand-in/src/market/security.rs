//! One security, and the arithmetic of its adjusted closes.

use chrono::NaiveDate;

use super::{
    DailyClose, Dividend, SecurityProfile,
    draws::{Draws, hashed},
};

/// One security with its whole history.
#[derive(Debug)]
pub(super) struct Security {
    /// Date and close, ascending.
    pub(super) rows: Vec<(NaiveDate, f64)>,
    /// Ascending by ex-date.
    pub(super) dividends: Vec<Dividend>,
    /// Rows of before the date are multiplied by the factor.
    pub(super) restatements: Vec<(NaiveDate, f64)>,
    /// Decimals of an adjusted close; `None` sends it as it was given.
    pub(super) decimals: Option<i32>,
    pub(super) profile: SecurityProfile,
}

impl Security {
    /// A security whose adjusted closes follow from its dividends.
    pub(super) fn traded(ticker: &str, rows: Vec<(NaiveDate, f64)>, dividends: Vec<Dividend>) -> Self {
        Self { rows, dividends, restatements: Vec::new(), decimals: Some(4), profile: profile(ticker) }
    }

    /// A security known by adjusted closes alone.
    pub(super) fn adjusted(ticker: &str, rows: Vec<(NaiveDate, f64)>) -> Self {
        Self { decimals: None, ..Self::traded(ticker, rows, Vec::new()) }
    }

    /// The days up to `today`, ascending.
    ///
    /// An adjusted close is the close times `1 - dividend / close of the day before`, over the ex-dates after it.
    pub(super) fn days(&self, today: NaiveDate) -> Vec<DailyClose> {
        let known = self.rows.partition_point(|row| row.0 <= today);
        let mut dividends = self.dividends.iter().rev().skip_while(|dividend| dividend.ex_date > today).peekable();
        let mut days = Vec::with_capacity(known);
        let mut basis = 1.0;
        for index in (0..known).rev() {
            let (date, close) = self.rows[index];
            days.push(DailyClose { date, close, adj_close: self.shown(date, close * basis) });
            let Some(before) = index.checked_sub(1).map(|before| self.rows[before]) else { break };
            // An ex-date without a row counts on the next day that has one.
            while let Some(dividend) = dividends.next_if(|dividend| dividend.ex_date > before.0) {
                basis *= 1.0 - dividend.amount / before.1;
            }
        }
        days.reverse();
        days
    }

    fn shown(&self, date: NaiveDate, adjusted: f64) -> f64 {
        let factor: f64 =
            self.restatements.iter().filter(|(before, _)| date < *before).map(|(_, factor)| factor).product();
        match self.decimals {
            Some(decimals) => rounded(adjusted * factor, decimals),
            None => adjusted * factor,
        }
    }
}

/// `value` with so many decimals.
pub(crate) fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    (value * scale).round() / scale
}

fn profile(ticker: &str) -> SecurityProfile {
    SecurityProfile {
        name: format!("{ticker} Stand-in Trust"),
        industry: "Asset Management".to_owned(),
        sector: "Financial Services".to_owned(),
        is_etf: true,
        is_fund: false,
        shares: shares(ticker),
    }
}

/// 10 million to a billion shares, whole.
fn shares(ticker: &str) -> f64 {
    (1e7 + 9.9e8 * Draws::new(hashed(ticker) ^ 1).unit()).round()
}
