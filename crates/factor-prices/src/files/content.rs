//! What one file held, whatever its format.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use factor_types::{Maturity, PriceKind, PriceSeries, Ticker};

use super::{notes::Remark, reading::Reading};
use crate::Dividend;

/// What one file held.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// One series per ticker.
    pub(super) prices: Vec<Arc<PriceSeries>>,
    /// The dividends of each ticker of a file that has a column for them; empty for one that paid none.
    pub(super) dividends: HashMap<Ticker, Arc<[Dividend]>>,
    /// The closes of each ticker that has adjusted prices too.
    pub(super) closes: HashMap<Ticker, Arc<PriceSeries>>,
    /// The SEC yields of each ticker of a file that has a column for them, decimals, dates rising.
    pub(super) sec_yields: HashMap<Ticker, Arc<[(NaiveDate, f64)]>>,
    /// What the prices of a ticker are in, where that is not the dollar.
    pub(super) currencies: HashMap<Ticker, Arc<str>>,
    /// Yields in percent.
    pub(super) yields: Vec<(Maturity, Vec<(NaiveDate, f64)>)>,
    /// What was wrong with the file.
    pub(super) warnings: Vec<Remark>,
    /// How it was read.
    pub(super) reading: Reading,
}

/// One column's rows, for one ticker where the file is in long form.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) kind: ColumnKind,
    pub(super) rows: Vec<(NaiveDate, f64)>,
    /// What it is in, where that is not the dollar.
    pub(super) currency: Option<String>,
}

/// What a column holds.
#[derive(Debug, Clone)]
pub(super) enum ColumnKind {
    Price(Ticker, PriceKind),
    Yield(Maturity),
    Dividend(Ticker),
    SecYield(Ticker),
}

impl Content {
    /// Adds a column. A ticker's adjusted prices come before its close.
    pub(super) fn take(&mut self, Column { kind, rows, currency }: Column) {
        if let (ColumnKind::Price(ticker, _), Some(currency)) = (&kind, currency) {
            self.currencies.insert(ticker.clone(), currency.into());
        }
        match kind {
            ColumnKind::Yield(maturity) => self.yields.push((maturity, rows)),
            ColumnKind::Dividend(ticker) => drop(self.dividends.insert(ticker, dividends(rows))),
            ColumnKind::SecYield(ticker) => drop(self.sec_yields.insert(ticker, by_date(rows).into())),
            ColumnKind::Price(ticker, price_kind) => {
                let series = PriceSeries::new(ticker, price_kind, rows);
                // The close of a ticker follows its adjusted prices and only steps in where those are not there.
                match self.prices.last_mut().filter(|last| last.ticker() == series.ticker()) {
                    Some(last) if last.is_empty() && !series.is_empty() => *last = Arc::new(series),
                    Some(_) if price_kind == PriceKind::Close => {
                        self.closes.insert(series.ticker().clone(), Arc::new(series));
                    }
                    Some(_) => {}
                    None => self.prices.push(Arc::new(series)),
                }
            }
        }
    }
}

/// Dividends in order of their dates; of several rows for one date the last counts, as it does for prices. Files write
/// zero on days without one.
fn dividends(rows: Vec<(NaiveDate, f64)>) -> Arc<[Dividend]> {
    let paid = by_date(rows).into_iter().filter(|(_, amount)| *amount > 0.0);
    paid.map(|(ex_date, amount)| Dividend { ex_date, amount }).collect()
}

/// Rows in order of their dates, the last of each date.
fn by_date(mut rows: Vec<(NaiveDate, f64)>) -> Vec<(NaiveDate, f64)> {
    rows.sort_by_key(|(date, _)| *date);
    let mut kept = Vec::<(NaiveDate, f64)>::with_capacity(rows.len());
    for row in rows {
        match kept.last_mut().filter(|last| last.0 == row.0) {
            Some(last) => *last = row,
            None => kept.push(row),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 5, day).unwrap()
    }

    #[test]
    fn the_last_row_of_a_date_is_its_dividend_and_zero_is_none() {
        let rows = vec![(day(3), 0.5), (day(1), 0.0), (day(2), 0.2), (day(3), 0.0), (day(2), 0.3)];
        let paid: Vec<(NaiveDate, f64)> = dividends(rows).iter().map(|paid| (paid.ex_date, paid.amount)).collect();
        assert_eq!(paid, [(day(2), 0.3)]);
    }

    #[test]
    fn the_close_steps_in_only_where_no_adjusted_price_is() {
        let spy: Ticker = "SPY".parse().unwrap();
        let column = |kind, price| Column {
            kind: ColumnKind::Price(spy.clone(), kind),
            rows: vec![(day(1), price)],
            currency: None,
        };
        let mut both = Content::default();
        both.take(column(PriceKind::Adjusted, 1.0));
        both.take(column(PriceKind::Close, 2.0));
        assert_eq!(
            (both.prices.len(), both.prices[0].kind(), both.prices[0].prices()),
            (1, PriceKind::Adjusted, &[1.0][..])
        );
        assert_eq!(both.closes[&spy].prices(), [2.0], "and is kept for what it is a close of");
        let mut bad = Content::default();
        bad.take(column(PriceKind::Adjusted, f64::NAN));
        bad.take(column(PriceKind::Close, 2.0));
        assert_eq!((bad.prices.len(), bad.prices[0].kind(), bad.closes.len()), (1, PriceKind::Close, 0));
    }
}
