//! Groups: columns that are weighted means of other columns.

use std::sync::Arc;

use factor_types::{PriceKind, PriceSeries, Ticker};
use ndarray::{Array2, Axis, ShapeBuilder};

use super::{Column, Panel, Spacing, portfolio::ColumnCash};

/// A period of a group needs this share of its weight.
pub(crate) const NEEDED_WEIGHT: f64 = 0.5;

/// A group that becomes a column of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupColumn {
    /// What the column is called.
    pub ticker: Ticker,
    /// The members with their weights, all above zero; they need not sum to 1.
    pub members: Vec<(Ticker, f64)>,
}

/// A column that is made of others: its returns, one per row, `NaN` where missing.
pub(super) struct Composed {
    pub(super) ticker: Ticker,
    pub(super) values: Vec<f64>,
    pub(super) members: Vec<(usize, f64)>,
    pub(super) cash: Option<ColumnCash>,
    pub(super) unsupported: Option<String>,
}

impl Panel {
    /// The panel with a column more for each group, after those it has.
    ///
    /// value_t = sum w_i r_it / sum w_i over the members present in period t: fixed weights, restored each period, and a
    /// missing member's weight is spread over those present. Undefined in a period in which less than half of the whole
    /// weight is present; a member that is no column of this panel is never present.
    #[must_use]
    pub fn with_groups(self, groups: &[GroupColumn]) -> Self {
        let composed = |group: &GroupColumn| Composed {
            ticker: group.ticker.clone(),
            values: self.group_returns(&group.members),
            members: self.member_columns(&group.members),
            cash: None,
            unsupported: None,
        };
        let all = groups.iter().map(composed).collect();
        self.with_composed(all)
    }

    /// The panel with a column more for each of what is made of other columns, after those it has.
    pub(super) fn with_composed(mut self, composed: Vec<Composed>) -> Self {
        let (rows, columns) = (self.rows(), self.columns.len());
        let mut returns = Array2::from_elem((rows, columns + composed.len()).f(), f64::NAN);
        for (at, source) in self.returns.axis_iter(Axis(1)).enumerate() {
            returns.column_mut(at).assign(&source);
        }
        for (offset, one) in composed.into_iter().enumerate() {
            let present = |row: &usize| one.values[*row].is_finite();
            let (first, last) = ((0..rows).find(present), (0..rows).rfind(present));
            // It has no prices of its own: what asks for them must find none.
            let nothing = PriceSeries::new(one.ticker.clone(), PriceKind::Adjusted, std::iter::empty());
            self.by_ticker.insert(one.ticker, columns + offset);
            self.columns.push(Column {
                series: Arc::new(nothing),
                bars: Spacing::Daily,
                span: first.zip(last).map(|(first, last)| first..last + 1),
                observations: (0..rows).filter(present).count(),
                prices: Vec::new(),
                priced: None,
                has_price: first.is_some(),
                members: one.members,
                cash: one.cash,
                unsupported: one.unsupported,
            });
            for (row, value) in one.values.into_iter().enumerate() {
                returns[(row, columns + offset)] = value;
            }
        }
        Self { returns, ..self }
    }

    /// The columns of those members of a group that have one, with their weights.
    pub fn member_columns(&self, members: &[(Ticker, f64)]) -> Vec<(usize, f64)> {
        members.iter().filter_map(|(ticker, weight)| Some((self.position(ticker)?, *weight))).collect()
    }

    /// One return per row of a group of this panel's columns, as [`with_groups`](Self::with_groups) says.
    pub fn group_returns(&self, members: &[(Ticker, f64)]) -> Vec<f64> {
        let whole: f64 = members.iter().map(|(_, weight)| weight).sum();
        let members = self.member_columns(members);
        let columns: Vec<(&[f64], f64)> =
            members.into_iter().map(|(column, weight)| (self.column(column), weight)).collect();
        let value = |row: usize| {
            let (mut weighted, mut present) = (0.0, 0.0);
            for (returns, weight) in columns.iter().filter(|(returns, _)| returns[row].is_finite()) {
                weighted += weight * returns[row];
                present += weight;
            }
            // Room for rounding: two weights of a half are half of the whole.
            let enough = whole > 0.0 && present / whole >= NEEDED_WEIGHT - 1e-9;
            if enough { weighted / present } else { f64::NAN }
        };
        (0..self.rows()).map(value).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use factor_types::{Frequency, GroupName};

    use super::*;
    use crate::panel::Window;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn panel() -> Panel {
        let series = |ticker: &str, rows: &[(&str, f64)]| {
            let rows = rows.iter().map(|(day, price)| (date(day), *price));
            Arc::new(PriceSeries::new(ticker.parse().unwrap(), PriceKind::Adjusted, rows))
        };
        let a = [("2024-01-31", 100.0), ("2024-02-29", 110.0), ("2024-03-29", 99.0), ("2024-04-30", 99.0)];
        // B starts a month later: its first return is March's.
        let b = [("2024-02-29", 10.0), ("2024-03-29", 12.0), ("2024-04-30", 9.0)];
        let end = date("2024-04-30");
        let window = Window::whole(Frequency::Monthly, date("2024-01-31"), end);
        Panel::build(window, &[series("A", &a), series("B", &b)]).unwrap()
    }

    fn group(members: &[(&str, f64)]) -> GroupColumn {
        let name: GroupName = "My Mix".parse().unwrap();
        let members = members.iter().map(|(ticker, weight)| (ticker.parse().unwrap(), *weight)).collect();
        GroupColumn { ticker: Ticker::of_group(&name), members }
    }

    #[test]
    fn a_group_by_hand() {
        let panel = panel().with_groups(&[group(&[("A", 0.6), ("B", 0.4)])]);
        let at = panel.columns().len() - 1;
        let values = panel.column(at);
        // February: A alone, 60% of the weight, its weight spread to 1: 10%. March: 0.6 x -10% + 0.4 x 20% = 2%.
        // April: 0.4 x -25% = -10%.
        let expected = [0.1, 0.02, -0.1];
        assert!(values.iter().zip(expected).all(|(value, by_hand)| (value - by_hand).abs() < 1e-12), "{values:?}");
        assert_eq!(panel.position(&group(&[]).ticker), Some(at));
        assert_eq!((panel.columns()[at].observations, panel.columns()[at].span.clone()), (3, Some(0..3)));
        // The columns before are what they were.
        assert!((panel.column(0)[0] - 0.1).abs() < 1e-12 && panel.column(1)[0].is_nan());
    }

    #[test]
    fn less_than_half_of_the_weight_is_no_period() {
        let values = panel().group_returns(&group(&[("A", 0.49), ("B", 0.51)]).members);
        assert!(values[0].is_nan() && values[1].is_finite());
        let halves = panel().group_returns(&group(&[("A", 0.5), ("B", 0.5)]).members);
        assert!((halves[0] - 0.1).abs() < 1e-12);
        assert!(panel().group_returns(&group(&[("X", 1.0)]).members).iter().all(|value| value.is_nan()));
    }
}
