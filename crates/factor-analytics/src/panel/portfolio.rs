//! Portfolios: columns of fixed weights in other columns and in cash.

use std::sync::Arc;

use chrono::NaiveDate;
use factor_types::Ticker;

use super::{CashHeld, DailyWealth, Panel, group::Composed};
use crate::exposure::{PortfolioError, PortfolioReturns, Position};

/// A portfolio that becomes a column of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct PortfolioColumn {
    /// What the column is called.
    pub ticker: Ticker,
    /// What is held besides cash, with its weight as a share of the portfolio, below zero for a short position.
    pub holdings: Vec<(Ticker, f64)>,
    /// What is said to be in cash. What really is follows from the weights.
    pub cash: f64,
}

/// What a portfolio's column has in cash.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnCash {
    /// Its weight; below zero what is borrowed.
    pub weight: f64,
    /// The risk-free rate per period, one per row, `NaN` where unknown.
    pub rates: Arc<[f64]>,
}

impl Panel {
    /// The panel with a column more for each portfolio, after those it has, groups among them: its returns are those of
    /// [`PortfolioReturns::with_cash`] with cash at `risk_free`, one rate per row. What makes no portfolio is a column
    /// without returns that says why.
    #[must_use]
    pub fn with_portfolios(self, portfolios: &[PortfolioColumn], risk_free: &[f64]) -> Self {
        let rates: Arc<[f64]> = risk_free.into();
        let composed = portfolios.iter().map(|one| self.composed(one, &rates)).collect();
        self.with_composed(composed)
    }

    fn composed(&self, portfolio: &PortfolioColumn, rates: &Arc<[f64]>) -> Composed {
        let columns: Vec<Option<usize>> = portfolio.holdings.iter().map(|(ticker, _)| self.position(ticker)).collect();
        let positions: Vec<Position<'_>> = portfolio
            .holdings
            .iter()
            .zip(&columns)
            .map(|((_, weight), column)| Position { weight: *weight, returns: column.map(|at| self.column(at)) })
            .collect();
        let ticker = portfolio.ticker.clone();
        match PortfolioReturns::with_cash(&positions, portfolio.cash, rates) {
            Ok(returns) => {
                let held = columns.iter().zip(returns.weights()).filter(|(_, weight)| **weight != 0.0);
                Composed {
                    ticker,
                    members: held.filter_map(|(column, weight)| Some(((*column)?, *weight))).collect(),
                    cash: Some(ColumnCash { weight: returns.cash_weight, rates: Arc::clone(rates) }),
                    values: returns.values,
                    unsupported: None,
                }
            }
            Err(why) => Composed {
                ticker,
                values: vec![f64::NAN; self.rows()],
                members: Vec::new(),
                cash: None,
                unsupported: Some(self.in_words(&why, portfolio)),
            },
        }
    }

    /// Why there is no portfolio, with the holdings at fault.
    fn in_words(&self, why: &PortfolioError, portfolio: &PortfolioColumn) -> String {
        let PortfolioError::MostlyUnknown { .. } = why else { return why.to_string() };
        let known = |ticker: &Ticker| self.position(ticker).is_some_and(|at| self.columns[at].observations > 0);
        let unknown = portfolio.holdings.iter().map(|(ticker, _)| ticker).filter(|ticker| !known(ticker));
        let named: Vec<&str> = unknown.take(NAMED).map(Ticker::as_str).collect();
        format!("{why} ({})", named.join(", "))
    }

    /// What a column that is made of others is worth on the days between the ends of the rows that `returns`, its own or some of
    /// them, has; `None` for a fund, and as [`daily_wealth`](Self::daily_wealth) has none.
    pub fn daily_wealth_of_composed(&self, at: usize, returns: &[f64]) -> Option<DailyWealth> {
        let column = self.columns.get(at)?;
        match &column.cash {
            Some(cash) => {
                let held = CashHeld { weight: cash.weight, rates: &cash.rates };
                self.daily_wealth(returns, |_| column.members.clone(), held)
            }
            None if column.members.is_empty() => None,
            None => self.daily_wealth_of_mean(returns, &column.members),
        }
    }

    /// What 1 in cash earns from one date to another: over each row's calendar days evenly at its rate, compounded row by row,
    /// and after the last row as over it. `None` where a rate is not known, or before the first row.
    pub(super) fn earned_on_cash(&self, rates: &[f64], (from, to): (NaiveDate, NaiveDate)) -> Option<f64> {
        let last = self.rows().checked_sub(1)?;
        if from < self.base {
            return None;
        }
        let mut worth = 1.0;
        for row in 0..=last {
            let (start, end) = (self.label_before(row), self.labels[row]);
            let until = if row == last { to } else { to.min(end) };
            let days = (until - from.max(start)).num_days();
            if days > 0 {
                let length = (end - start).num_days().max(1) as f64;
                worth *= 1.0 + rates.get(row).filter(|rate| rate.is_finite())? * (days as f64 / length);
            }
        }
        Some(worth - 1.0)
    }
}

/// Holdings that a reason names.
const NAMED: usize = 5;

#[cfg(test)]
mod tests {
    use factor_types::GroupName;

    use super::*;
    use crate::{
        panel::GroupColumn,
        sections::performance::Drawdown,
        test_study::{near, priced, ticker},
    };

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn name() -> GroupName {
        "My Mix".parse().unwrap()
    }

    fn portfolio(holdings: &[(Ticker, f64)], cash: f64) -> PortfolioColumn {
        PortfolioColumn { ticker: Ticker::of_portfolio(&name()), holdings: holdings.to_vec(), cash }
    }

    // A: +10% and -10%; B starts in February: its first return is March's, +20%.
    const A: [(&str, f64); 5] = [
        ("2024-01-31", 100.0),
        ("2024-02-14", 80.0),
        ("2024-02-29", 110.0),
        ("2024-03-14", 121.0),
        ("2024-03-28", 99.0),
    ];
    const B: [(&str, f64); 4] =
        [("2024-02-14", 10.0), ("2024-02-29", 10.0), ("2024-03-14", 11.0), ("2024-03-28", 12.0)];

    fn panel() -> Panel {
        priced(&[("A", &A), ("B", &B)], ("2024-01-31", "2024-03-31"))
    }

    #[test]
    fn a_portfolio_has_a_return_where_all_that_it_holds_has_one() {
        let of = |holdings: &[(Ticker, f64)], cash: f64| {
            let panel = panel().with_portfolios(&[portfolio(holdings, cash)], &[0.029, 0.031]);
            let at = panel.position(&Ticker::of_portfolio(&name())).unwrap();
            assert_eq!(at, 2);
            (panel.column(at).to_vec(), panel.columns()[at].clone())
        };
        // 0.6 of -10%, 0.4 of +20%; in February B has none, and its weight is not spread.
        let (values, column) = of(&[(ticker("A"), 0.6), (ticker("B"), 0.4)], 0.0);
        assert!(values[0].is_nan());
        near(values[1], 0.02);
        assert_eq!((column.observations, column.span, column.has_price), (1, Some(1..2), true));
        // 0.5 of +10% and half of the rate; then 0.5 of -10%.
        let (values, _) = of(&[(ticker("A"), 0.5)], 0.5);
        near(values[0], 0.05 + 0.0145);
        near(values[1], -0.05 + 0.0155);
        let (values, column) = of(&[(ticker("A"), 0.3), (ticker("X"), 0.7)], 0.0);
        assert!(values.iter().all(|r| r.is_nan()));
        assert!(column.unsupported.unwrap().ends_with("choose other dates (X)"));
    }

    #[test]
    fn between_period_ends_it_is_valued_on_daily_prices_groups_inside_too() {
        let group = GroupColumn { ticker: Ticker::of_group(&name()), members: vec![(ticker("A"), 1.0)] };
        let holdings = [(Ticker::of_group(&name()), 0.8)];
        let panel = panel().with_groups(&[group]).with_portfolios(&[portfolio(&holdings, 0.2)], &[0.029, 0.031]);
        let wealth = panel.daily_wealth_of_composed(3, panel.column(3)).unwrap();
        // On the 14th A is down by a fifth, and cash has earned for 14 of 29 days.
        near(wealth.values[1], 1.0 - 0.16 + 0.2 * 0.014);
        near(*wealth.values.last().unwrap(), (1.0 + 0.08 + 0.0058) * (1.0 - 0.08 + 0.0062));
        // That is its deepest fall: in March it comes back only a little from 1.0858.
        near(Drawdown::of(wealth.days()).depth, 0.8428 - 1.0);
        assert!(panel.daily_wealth_of_composed(0, panel.column(0)).is_none(), "a fund is worth its prices");
        assert!(panel.daily_wealth_of_composed(2, panel.column(2)).is_some());
    }

    #[test]
    fn over_dates_its_weights_are_those_of_the_first_day() {
        let holdings = [(ticker("A"), 0.6), (ticker("B"), 0.2)];
        let panel = panel().with_portfolios(&[portfolio(&holdings, 0.2)], &[0.029, 0.031]);
        let of = |from, to| panel.held(&[(2, 1.0)], (day(from), day(to)), 0.5);
        // A 80 to 121, B 10 to 11; cash 15 of 29 days at 2.9%, then 14 of 31 at 3.1%.
        let cash = 1.015 * 1.014 - 1.0;
        let found = of("2024-02-14", "2024-03-14").unwrap();
        near(found.total_return, 0.6 * (121.0 / 80.0 - 1.0) + 0.2 * 0.1 + 0.2 * cash);
        // Worth 1, then at the end of February 0.6 x 110/80 + 0.2 + 0.2 x 1.015, then as above.
        let middle = 0.6 * 110.0 / 80.0 + 0.2 + 0.2 * 1.015;
        let (first, second) = (middle - 1.0, (1.0 + found.total_return) / middle - 1.0);
        near(found.daily_deviation.unwrap(), (first - second).abs() / 2.0_f64.sqrt());
        let refused = of("2024-02-01", "2024-03-14").unwrap_err();
        assert_eq!(refused, "B: its first price is of 2024-02-14, after 2024-02-01");
        // Five days into April: the last row's rate goes on.
        near(panel.earned_on_cash(&[0.029, 0.031], (day("2024-03-31"), day("2024-04-05"))).unwrap(), 0.005);
        assert_eq!(panel.earned_on_cash(&[f64::NAN, 0.031], (day("2024-02-01"), day("2024-04-05"))), None);
    }
}
