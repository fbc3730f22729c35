//! The paths of what is held: funds, groups, portfolios and cash.

use chrono::NaiveDate;

use super::path::Path;
use crate::{
    Panel,
    panel::{group::NEEDED_WEIGHT, held::REACH_DAYS, spacing::Spacing},
};

/// What a path is made of.
pub(super) struct Ground<'a> {
    /// Columns of daily prices.
    pub(super) panel: &'a Panel,
    pub(super) dates: (NaiveDate, NaiveDate),
    rates: &'a [f64],
    /// The first row that ends after the start.
    first: usize,
    /// What 1 in cash is worth before each row from there on; not a number from a row on whose rate is not known.
    cash: Vec<f64>,
}

impl<'a> Ground<'a> {
    /// `rates` are the risk-free rate of the panel's rows.
    pub(super) fn new(panel: &'a Panel, rates: &'a [f64], dates: (NaiveDate, NaiveDate)) -> Self {
        let first = panel.labels().partition_point(|label| *label <= dates.0);
        let mut ground = Self { panel, dates, rates, first, cash: vec![1.0] };
        for row in first..panel.rows() {
            let worth = ground.worth(row, panel.labels()[row]);
            ground.cash.push(worth);
        }
        ground
    }

    /// What 1 in cash is worth on a day of a row: over its calendar days it earns the row's rate evenly.
    fn worth(&self, row: usize, date: NaiveDate) -> f64 {
        let (start, end) = (self.panel.label_before(row), self.panel.labels()[row]);
        let days = (date - start.max(self.dates.0)).num_days() as f64 / (end - start).num_days().max(1) as f64;
        let rate = self.rates.get(row).copied().unwrap_or(f64::NAN);
        self.cash[row - self.first] * (1.0 + rate * days)
    }

    /// A column's path, a group and a portfolio by what they are made of.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(super) fn of_column(&self, at: usize) -> Result<Path, String> {
        let Some(column) = self.panel.columns().get(at) else { return Err("there are no prices of it".to_owned()) };
        match &column.cash {
            Some(cash) => self.of_portfolio(&column.members, cash.weight),
            None if column.members.is_empty() => self.of_fund(at),
            None => self.of_group(&column.members),
        }
    }

    /// Cash from the first day on, on the days that `other` has, or at both ends.
    ///
    /// # Errors
    /// The rate is not known.
    pub(super) fn of_cash(&self, days: &[NaiveDate]) -> Result<Path, String> {
        let (from, to) = self.dates;
        if self.earned(to).is_none() {
            return Err(format!("there is no risk-free rate for cash from {from} to {to}"));
        }
        let known = days.iter().map_while(|date| Some((*date, 1.0 + self.earned(*date)?)));
        let (dates, values) = known.unzip();
        Ok(Path { dates, values })
    }

    /// What 1 in cash earns from the start to a day, after the last row at its rate; `None` where a rate is not known, or before
    /// the first row.
    pub(super) fn earned(&self, date: NaiveDate) -> Option<f64> {
        let last = self.panel.rows().checked_sub(1)?;
        if self.dates.0 < self.panel.base() || self.first > last {
            return None;
        }
        if date <= self.dates.0 {
            return Some(0.0);
        }
        let row = self.panel.labels().partition_point(|label| *label < date).clamp(self.first, last);
        Some(self.worth(row, date) - 1.0).filter(|earned| earned.is_finite())
    }

    /// The return of a column from the start to the end, where it has prices; of a fund without the days between.
    pub(super) fn return_of(&self, at: usize) -> Option<f64> {
        let column = self.panel.columns().get(at)?;
        if column.cash.is_some() || !column.members.is_empty() {
            return self.of_column(at).ok()?.return_until(self.dates.1);
        }
        let (start, end) = self.ends_of_fund(at).ok()?;
        let prices = column.series.prices();
        Some(prices[end] / prices[start] - 1.0)
    }

    /// Where the prices stand that a fund had at the start and at the end.
    fn ends_of_fund(&self, at: usize) -> Result<(usize, usize), String> {
        let column = &self.panel.columns()[at];
        if column.bars == Spacing::Monthly {
            return Err("it has one price a month".to_owned());
        }
        let (from, to) = self.dates;
        let ends = self.panel.price_by(at, from).zip(self.panel.price_by(at, to));
        ends.ok_or_else(|| self.why_not(column.series.dates()))
    }

    fn of_fund(&self, at: usize) -> Result<Path, String> {
        let series = &self.panel.columns()[at].series;
        let (start, _) = self.ends_of_fund(at)?;
        let base = series.prices()[start];
        let values = series.prices()[start..].iter().map(|price| price / base).collect();
        let mut dates = series.dates()[start..].to_vec();
        // The day that counts is the one asked for, though the price may be of a few days before: all paths begin together.
        dates[0] = self.dates.0;
        Ok(Path { dates, values })
    }

    fn why_not(&self, dates: &[NaiveDate]) -> String {
        let (from, to) = self.dates;
        match (dates.first(), dates.last()) {
            (Some(first), _) if *first > from => format!("its first price is of {first}"),
            (_, Some(last)) if (to - *last).num_days() > REACH_DAYS as i64 => format!("its last price is of {last}"),
            (None, _) => "there are no prices of it".to_owned(),
            _ => format!("it has no price on or within {REACH_DAYS} days before {from} or {to}"),
        }
    }

    /// The members that have prices, the weight of the others spread over them, where half of the weight is there.
    fn of_group(&self, members: &[(usize, f64)]) -> Result<Path, String> {
        let found: Vec<(f64, Path)> =
            members.iter().filter_map(|(at, weight)| Some((*weight, self.of_fund(*at).ok()?))).collect();
        let whole: f64 = members.iter().map(|(_, weight)| weight).sum();
        let there: f64 = found.iter().map(|(weight, _)| weight).sum();
        if found.is_empty() || there < NEEDED_WEIGHT * whole {
            return Err(format!("{} of its {} members had prices then", found.len(), members.len()));
        }
        let parts: Vec<(f64, &Path)> = found.iter().map(|(weight, path)| (weight / there, path)).collect();
        Ok(Path::weighted(&parts))
    }

    /// All that a saved portfolio holds, and its cash.
    fn of_portfolio(&self, members: &[(usize, f64)], cash: f64) -> Result<Path, String> {
        let of = |(at, weight): &(usize, f64)| {
            let path =
                self.of_column(*at).map_err(|why| format!("{}: {why}", self.panel.columns()[*at].series.ticker()));
            Ok::<_, String>((*weight, path?))
        };
        let mut held: Vec<(f64, Path)> = members.iter().map(of).collect::<Result<_, _>>()?;
        if cash != 0.0 {
            let days = held.first().map_or_else(|| vec![self.dates.0, self.dates.1], |(_, path)| path.dates.clone());
            held.push((cash, self.of_cash(&days)?));
        }
        let parts: Vec<(f64, &Path)> = held.iter().map(|(weight, path)| (*weight, path)).collect();
        Ok(Path::weighted(&parts))
    }
}
