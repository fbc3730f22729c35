//! What weights that are restored at the end of each period are worth on the days between.

use chrono::NaiveDate;

use super::{Panel, Spacing};

/// Wealth and its days, 1 at the price before the first return.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DailyWealth {
    /// The days, rising.
    pub dates: Vec<NaiveDate>,
    /// The wealth of each.
    pub values: Vec<f64>,
}

/// Cash beside what is held, and the rate that it earns over each row.
#[derive(Debug, Clone, Copy, Default)]
pub struct CashHeld<'a> {
    /// Its weight; below zero what is borrowed.
    pub weight: f64,
    /// The rate per period, one per row.
    pub rates: &'a [f64],
}

/// The prices of a column over one row: those of the days after the one before it, up to its own.
struct Prices<'a> {
    weight: f64,
    start: f64,
    dates: &'a [NaiveDate],
    prices: &'a [f64],
}

/// A walk through the rows, and where in each column's prices it was last.
struct Walk<'a> {
    panel: &'a Panel,
    at: Vec<usize>,
}

impl DailyWealth {
    /// Each day with its wealth.
    pub fn days(&self) -> impl Iterator<Item = (NaiveDate, f64)> {
        self.dates.iter().copied().zip(self.values.iter().copied())
    }

    fn push(&mut self, date: NaiveDate, value: f64) {
        self.dates.push(date);
        self.values.push(value);
    }
}

impl Panel {
    /// The wealth of a series of returns, on the days between period ends too.
    ///
    /// `held` gives the columns and weights over a row; a group stands for its members that have a return there. Over a row
    /// wealth is that of its start times 1 + sum w (p / p_start - 1), cash earning its rate evenly over the row's calendar
    /// days, and at its end exactly what the row's return makes it. A day counts on which all that is held has a price:
    /// nothing is carried over. A row without a return leaves wealth as it was.
    ///
    /// `None` where nothing has a return, or where a held fund has one price a month: it has no days between.
    pub fn daily_wealth(
        &self,
        returns: &[f64],
        held: impl Fn(usize) -> Vec<(usize, f64)>,
        cash: CashHeld<'_>,
    ) -> Option<DailyWealth> {
        let (mut all, mut wealth) = (DailyWealth::default(), 1.0);
        let mut walk = Walk { panel: self, at: vec![0; self.columns.len()] };
        let mut known_daily = vec![false; self.columns.len()];
        for (row, value) in returns.iter().enumerate().filter(|(_, value)| value.is_finite()) {
            let funds = self.funds(row, &held(row));
            for (column, _) in &funds {
                if !known_daily[*column] && self.columns[*column].bars == Spacing::Monthly {
                    return None;
                }
                known_daily[*column] = true;
            }
            let rate = if cash.weight == 0.0 { 0.0 } else { cash.weight * cash.rates.get(row).copied()? };
            walk.days_of(row, &funds, rate, wealth, &mut all);
            wealth *= 1.0 + value;
            all.push(walk.day_of(&funds, self.labels[row]), wealth);
        }
        (!all.dates.is_empty()).then_some(all)
    }

    /// The same of a weighted mean of columns over those that have a return in a row.
    pub fn daily_wealth_of_mean(&self, returns: &[f64], members: &[(usize, f64)]) -> Option<DailyWealth> {
        self.daily_wealth(returns, |row| self.present(members, row), CashHeld::default())
    }

    /// The members of a mean that have a return in a row, their weights scaled to sum to 1.
    fn present(&self, members: &[(usize, f64)], row: usize) -> Vec<(usize, f64)> {
        let present = || members.iter().filter(|(column, _)| self.column(*column)[row].is_finite());
        let whole: f64 = present().map(|(_, weight)| weight).sum();
        present().map(|(column, weight)| (*column, weight / whole)).collect()
    }

    /// What is held over a row with groups replaced by their members.
    fn funds(&self, row: usize, held: &[(usize, f64)]) -> Vec<(usize, f64)> {
        let mut funds = Vec::with_capacity(held.len());
        for (column, weight) in held.iter().filter(|(_, weight)| *weight != 0.0) {
            match self.columns[*column].members.as_slice() {
                [] => funds.push((*column, *weight)),
                members => {
                    let own = self.present(members, row);
                    funds.extend(own.into_iter().map(|(member, share)| (member, weight * share)));
                }
            }
        }
        funds
    }
}

impl<'a> Walk<'a> {
    /// Adds the days strictly within a row, and before the first row the day that it starts from.
    fn days_of(&mut self, row: usize, funds: &[(usize, f64)], rate: f64, wealth: f64, all: &mut DailyWealth) {
        let start = self.day_of(funds, self.panel.label_before(row));
        if all.dates.is_empty() {
            all.push(start, wealth);
        }
        let prices: Vec<Prices<'_>> = funds.iter().filter_map(|fund| self.prices_within(row, *fund)).collect();
        let length = (self.day_of(funds, self.panel.labels[row]) - start).num_days().max(1) as f64;
        let Some((first, others)) = prices.split_first().filter(|_| prices.len() == funds.len()) else { return };
        let mut at = vec![0; others.len()];
        for (date, price) in first.dates.iter().zip(first.prices) {
            let mut gained = Some(first.gained(*price));
            for (of, at) in others.iter().zip(&mut at) {
                while of.dates.get(*at).is_some_and(|day| day < date) {
                    *at += 1;
                }
                let own = of.dates.get(*at).filter(|day| *day == date).map(|_| of.gained(of.prices[*at]));
                gained = gained.zip(own).map(|(sum, own)| sum + own);
            }
            if let Some(gained) = gained.filter(|_| *date > start) {
                let earned = rate * ((*date - start).num_days() as f64 / length);
                all.push(*date, wealth * (1.0 + gained + earned));
            }
        }
    }

    /// A fund's prices strictly between those that a row lies between.
    fn prices_within(&mut self, row: usize, (column, weight): (usize, f64)) -> Option<Prices<'a>> {
        let start = self.price(column, self.panel.label_before(row))?;
        let within = start + 1..self.price(column, self.panel.labels[row])?;
        let series = &self.panel.columns[column].series;
        let (dates, prices) = (series.dates().get(within.clone())?, series.prices().get(within)?);
        Some(Prices { weight, start: series.prices()[start], dates, prices })
    }

    /// The day that a period ends on for what is held: of its newest price; of cash alone its label.
    fn day_of(&mut self, funds: &[(usize, f64)], label: NaiveDate) -> NaiveDate {
        let panel = self.panel;
        let mut day = |column: usize| self.price(column, label).map(|at| panel.columns[column].series.dates()[at]);
        funds.iter().filter_map(|(column, _)| day(*column)).max().unwrap_or(label)
    }

    /// Which of a fund's prices is that of the period labelled `label`.
    fn price(&mut self, column: usize, label: NaiveDate) -> Option<usize> {
        self.panel.price_index_near(column, label, &mut self.at[column])
    }
}

impl Prices<'_> {
    fn gained(&self, price: f64) -> f64 {
        self.weight * (price / self.start - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use factor_types::{GroupName, Ticker};

    use super::*;
    use crate::{
        panel::GroupColumn,
        sections::performance::Drawdown,
        test_study::{near, priced},
    };

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn panel(of: &[(&str, &[(&str, f64)])]) -> Panel {
        priced(of, ("2024-01-31", "2024-03-31"))
    }

    // A falls by a fifth inside February and is back at its end; B stands still and has no price on the 21st.
    const A: [(&str, f64); 9] = [
        ("2024-01-30", 99.0),
        ("2024-01-31", 100.0),
        ("2024-02-14", 80.0),
        ("2024-02-21", 70.0),
        ("2024-02-28", 90.0),
        ("2024-02-29", 110.0),
        ("2024-03-14", 99.0),
        ("2024-03-27", 100.0),
        ("2024-03-28", 121.0),
    ];
    const B: [(&str, f64); 8] = [
        ("2024-01-30", 50.0),
        ("2024-01-31", 50.0),
        ("2024-02-14", 50.0),
        ("2024-02-28", 50.0),
        ("2024-02-29", 50.0),
        ("2024-03-14", 45.0),
        ("2024-03-27", 50.0),
        ("2024-03-28", 50.0),
    ];

    #[test]
    fn weights_drift_within_a_month_and_are_restored_at_its_end() {
        let panel = panel(&[("A", &A), ("B", &B)]);
        let returns: Vec<f64> = panel.column(0).iter().zip(panel.column(1)).map(|(a, b)| 0.5 * a + 0.5 * b).collect();
        let found = panel.daily_wealth(&returns, |_| vec![(0, 0.5), (1, 0.5)], CashHeld::default()).unwrap();
        // February: half of A's -20% and -10%, at its end +5%; March from 1.05: half of -10% and of -10%, then A's -9.09%,
        // then half of +10%.
        let expected = [
            ("2024-01-31", 1.0),
            ("2024-02-14", 0.9),
            ("2024-02-28", 0.95),
            ("2024-02-29", 1.05),
            ("2024-03-14", 0.945),
            ("2024-03-27", 1.05 * (1.0 - 0.5 * 10.0 / 110.0)),
            ("2024-03-28", 1.1025),
        ];
        assert_eq!(found.dates, expected.map(|(date, _)| day(date)), "no day on which B has no price");
        found.values.iter().zip(expected).for_each(|(value, (_, by_hand))| near(*value, by_hand));
        // On month ends there is no fall at all.
        let fall = Drawdown::of(found.days());
        near(fall.depth, -0.1);
        assert_eq!(
            (fall.peak, fall.trough, fall.recovery),
            (Some(day("2024-01-31")), Some(day("2024-02-14")), Some(day("2024-02-29")))
        );
    }

    #[test]
    fn cash_earns_evenly_and_a_group_is_its_members() {
        let name: GroupName = "pair".parse().unwrap();
        let members: Vec<(Ticker, f64)> = vec![("A".parse().unwrap(), 3.0), ("B".parse().unwrap(), 1.0)];
        let group = GroupColumn { ticker: Ticker::of_group(&name), members };
        let panel = panel(&[("A", &A), ("B", &B)]).with_groups(&[group]);
        let rates = [0.029, 0.028];
        let returns: Vec<f64> = panel.column(2).iter().zip(rates).map(|(r, rate)| 0.8 * r + 0.2 * rate).collect();
        let cash = CashHeld { weight: 0.2, rates: &rates };
        let found = panel.daily_wealth(&returns, |_| vec![(2, 0.8)], cash).unwrap();
        // The 14th is 14 of 29 days on: 0.8 x 0.75 x -20% and 0.2 x 0.029 x 14/29.
        near(found.values[1], 1.0 - 0.12 + 0.2 * 0.014);
        near(found.values[3], 1.0 + 0.8 * 0.075 + 0.2 * 0.029);
        assert_eq!(panel.daily_wealth(&returns, |_| vec![(2, 0.8)], CashHeld { weight: 0.2, rates: &[] }), None);
    }

    #[test]
    fn one_price_a_month_leaves_no_days_between() {
        let monthly: [(&str, f64); 4] =
            [("2023-12-29", 1.0), ("2024-01-31", 1.0), ("2024-02-29", 1.1), ("2024-03-28", 1.2)];
        let panel = panel(&[("A", &A), ("M", &monthly)]);
        let wealth = |at: usize| panel.daily_wealth(panel.column(at), |_| vec![(at, 1.0)], CashHeld::default());
        assert!(wealth(0).is_some() && wealth(1).is_none());
        assert!(panel.daily_wealth(&[f64::NAN; 2], |_| vec![(0, 1.0)], CashHeld::default()).is_none());
    }
}
