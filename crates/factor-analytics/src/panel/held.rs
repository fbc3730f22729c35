//! What weights bought at the price of one day are worth on another.

use chrono::{Days, NaiveDate};

use super::{Column, Panel, Spacing, group::NEEDED_WEIGHT};
use crate::stats;

/// A price may be at most so many days older than the date it is asked for.
pub const REACH_DAYS: u64 = 7;

/// Columns held with the weights of the first day.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldReturn {
    /// Worth at the end over worth at the start, less 1.
    pub total_return: f64,
    /// The standard deviation (divisor n - 1) of the returns between the days on which all that is held has a price; `None`
    /// under two of them.
    pub daily_deviation: Option<f64>,
}

/// A fund that is held: its column, its weight, and the rows of its prices at both ends.
type FundHeld = (usize, f64, (usize, usize));

impl Panel {
    /// The newest price date up to `date`, at most [`REACH_DAYS`] older, of a column; `None` for a group.
    pub fn priced_by(&self, column: usize, date: NaiveDate) -> Option<NaiveDate> {
        let series = &self.columns.get(column)?.series;
        Some(series.dates()[self.price_by(column, date)?])
    }

    pub(crate) fn price_by(&self, column: usize, date: NaiveDate) -> Option<usize> {
        let dates = self.columns.get(column)?.series.dates();
        let at = dates.partition_point(|day| *day <= date).checked_sub(1)?;
        (date.checked_sub_days(Days::new(REACH_DAYS))? <= dates[at]).then_some(at)
    }

    /// What is held from the prices on or before `from` to those on or before `to`, on daily prices whatever the panel's
    /// frequency. The weights are those of the first day and drift; a group stands for its members. What has no price at
    /// either end is left out and its weight spread, as long as `least` (a share of 0 to 1) of the weight is there. A portfolio
    /// alone needs all that it holds, and its cash earns the risk-free rate.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub fn held(
        &self,
        weights: &[(usize, f64)],
        (from, to): (NaiveDate, NaiveDate),
        least: f64,
    ) -> Result<HeldReturn, String> {
        let portfolio = match weights {
            [(column, _)] => self.columns.get(*column).filter(|column| column.cash.is_some()),
            _ => None,
        };
        let (held, cash) = match portfolio {
            Some(column) => (self.held_by_portfolio(column, (from, to))?, column.cash.as_ref()),
            None => (self.shares(weights, (from, to), least)?, None),
        };
        if held.iter().any(|(column, ..)| self.columns[*column].bars == Spacing::Monthly) {
            return Err("it has one price a month: ask for whole months".to_owned());
        }
        let earned = |until: NaiveDate| match cash.filter(|cash| cash.weight != 0.0) {
            Some(cash) => Some(cash.weight * self.earned_on_cash(&cash.rates, (from, until))?),
            None => Some(0.0),
        };
        let earned_by_the_end =
            earned(to).ok_or_else(|| format!("no risk-free rate for its cash from {from} to {to}"))?;
        let gained: f64 = held
            .iter()
            .map(|(column, weight, (start, end))| {
                let prices = self.columns[*column].series.prices();
                weight * (prices[*end] / prices[*start] - 1.0)
            })
            .sum();
        let of_cash = |until| cash.map_or(0.0, |cash| cash.weight) + earned(until).unwrap_or(f64::NAN);
        Ok(HeldReturn { total_return: gained + earned_by_the_end, daily_deviation: self.deviation(&held, of_cash) })
    }

    /// The funds that weights stand for, each with its share of the whole (sum 1) and the rows of its prices at both ends: those
    /// that have both, which `least` of the weight must.
    fn shares(
        &self,
        weights: &[(usize, f64)],
        (from, to): (NaiveDate, NaiveDate),
        least: f64,
    ) -> Result<Vec<FundHeld>, String> {
        let funds = self.members(weights);
        let ends = |column: usize| Some((self.price_by(column, from)?, self.price_by(column, to)?));
        let held: Vec<FundHeld> =
            funds.iter().filter_map(|(column, weight)| Some((*column, *weight, ends(*column)?))).collect();
        let whole: f64 = funds.iter().map(|(_, weight)| weight).sum();
        let there: f64 = held.iter().map(|(_, weight, _)| weight).sum();
        if held.is_empty() || there < least * whole - 1e-9 {
            return Err(self.why_not_held(&funds, (from, to)));
        }
        Ok(held.into_iter().map(|(column, weight, ends)| (column, weight / there, ends)).collect())
    }

    /// The same of a portfolio, whose holdings must all be there with the weights that they have, a group by its own rule.
    fn held_by_portfolio(&self, portfolio: &Column, dates: (NaiveDate, NaiveDate)) -> Result<Vec<FundHeld>, String> {
        let mut all = Vec::with_capacity(portfolio.members.len());
        for (column, weight) in &portfolio.members {
            let own = self.shares(&[(*column, 1.0)], dates, NEEDED_WEIGHT);
            let own = own.map_err(|why| format!("{}: {why}", self.columns[*column].series.ticker()))?;
            all.extend(own.into_iter().map(|(fund, share, ends)| (fund, weight * share, ends)));
        }
        Ok(all)
    }

    /// Groups replaced by their members, weights scaled to sum to that of the group.
    fn members(&self, weights: &[(usize, f64)]) -> Vec<(usize, f64)> {
        let mut funds = Vec::with_capacity(weights.len());
        for (column, weight) in weights {
            let members = self.columns.get(*column).map_or(&[][..], |column| column.members.as_slice());
            let whole: f64 = members.iter().map(|(_, own)| own).sum();
            match members {
                [] => funds.push((*column, *weight)),
                members => funds.extend(members.iter().map(|(member, own)| (*member, weight * own / whole))),
            }
        }
        funds
    }

    fn why_not_held(&self, funds: &[(usize, f64)], (from, to): (NaiveDate, NaiveDate)) -> String {
        let dates = |column: usize| self.columns.get(column).map_or(&[][..], |column| column.series.dates());
        match funds {
            [(column, _)] => match (dates(*column).first(), dates(*column).last()) {
                (Some(first), _) if *first > from => format!("its first price is of {first}, after {from}"),
                (_, Some(last)) if (to - *last).num_days() > REACH_DAYS as i64 => {
                    format!("its last price is of {last}")
                }
                (None, _) => "it has no price".to_owned(),
                _ => format!("it has no price on or within {REACH_DAYS} days before {from} or {to}"),
            },
            _ => format!("too few of its members have prices on both {from} and {to}"),
        }
    }

    /// The deviation of the returns between the days on which all that is held has a price; `cash` is what is in cash on a day.
    fn deviation(&self, held: &[FundHeld], cash: impl Fn(NaiveDate) -> f64) -> Option<f64> {
        let (first, others) = held.split_first()?;
        let prices = |(column, _, (start, end)): &FundHeld| {
            let series = &self.columns[*column].series;
            series.dates()[*start..=*end].iter().copied().zip(series.prices()[*start..=*end].iter().copied())
        };
        let gained = |of: &FundHeld, price: f64| of.1 * price / self.columns[of.0].series.prices()[of.2.0];
        let mut others: Vec<_> = others.iter().map(|of| (of, prices(of).peekable())).collect();
        let mut worth = Vec::new();
        for (date, price) in prices(first) {
            let mut all = Some(gained(first, price));
            for (of, days) in &mut others {
                while days.next_if(|(day, _)| *day < date).is_some() {}
                let own = days.peek().filter(|(day, _)| *day == date).map(|(_, price)| gained(of, *price));
                all = all.zip(own).map(|(sum, own)| sum + own);
            }
            worth.extend(all.map(|all| all + cash(date)));
        }
        let returns: Vec<f64> = worth.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
        stats::standard_deviation(&returns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_study::{near, priced};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn panel(of: &[(&str, &[(&str, f64)])]) -> Panel {
        priced(of, ("2024-01-31", "2024-02-29"))
    }

    const A: [(&str, f64); 6] = [
        ("2024-01-31", 100.0),
        ("2024-02-12", 110.0),
        ("2024-02-13", 121.0),
        ("2024-02-14", 108.9),
        ("2024-02-28", 109.0),
        ("2024-02-29", 130.0),
    ];
    const B: [(&str, f64); 5] =
        [("2024-01-31", 50.0), ("2024-02-13", 50.0), ("2024-02-14", 60.0), ("2024-02-28", 60.0), ("2024-02-29", 60.0)];

    #[test]
    fn prices_on_or_before_both_ends_count() {
        let panel = panel(&[("A", &A), ("B", &B)]);
        let of = |from, to| panel.held(&[(0, 1.0)], (day(from), day(to)), 1.0);
        near(of("2024-02-12", "2024-02-14").unwrap().total_return, -0.01);
        // The 18th and 19th have none: those of the 14th and 12th are at most seven days older.
        near(of("2024-02-12", "2024-02-18").unwrap().total_return, -0.01);
        assert_eq!(
            of("2024-02-12", "2024-02-22").unwrap_err(),
            "it has no price on or within 7 days before 2024-02-12 or 2024-02-22"
        );
        assert_eq!(of("2024-01-30", "2024-02-14").unwrap_err(), "its first price is of 2024-01-31, after 2024-01-30");
        assert_eq!(of("2024-02-12", "2024-04-01").unwrap_err(), "its last price is of 2024-02-29");
        // +10% and -10%: a deviation of sqrt(0.02).
        near(of("2024-02-12", "2024-02-14").unwrap().daily_deviation.unwrap(), 0.02_f64.sqrt());
        assert_eq!(panel.priced_by(0, day("2024-02-18")), Some(day("2024-02-14")));
    }

    #[test]
    fn weights_are_those_of_the_first_day() {
        let panel = panel(&[("A", &A), ("B", &B)]);
        let both = [(0, 0.5), (1, 0.5)];
        let found = panel.held(&both, (day("2024-02-13"), day("2024-02-29")), 1.0).unwrap();
        // A 121 to 130, B 50 to 60.
        near(found.total_return, 0.5 * (130.0 / 121.0 - 1.0) + 0.5 * 0.2);
        // B has no price on the 12th within seven days: with half of the weight A stands alone.
        near(panel.held(&both, (day("2024-02-12"), day("2024-02-13")), 0.5).unwrap().total_return, 0.1);
        let told = panel.held(&both, (day("2024-02-12"), day("2024-02-13")), 0.6).unwrap_err();
        assert!(told.contains("too few of its members"), "{told}");
    }
}
