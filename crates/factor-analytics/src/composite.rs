//! Composites: one return series out of several, rebalanced each period.

use chrono::NaiveDate;
use factor_types::Ticker;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Panel, panel::DailyWealth};

/// An analysed ETF of a group that a section leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Omitted {
    /// The ETF.
    pub ticker: Ticker,
    /// Why.
    pub reason: String,
}

impl Omitted {
    /// One that comes after so many of its group.
    pub(crate) fn after(most: usize, ticker: &Ticker) -> Self {
        Self { ticker: ticker.clone(), reason: format!("after the first {most} of its group") }
    }
}

/// A weighted mean of its members' returns.
#[derive(Debug, Clone)]
pub struct Composite {
    /// `equity`, `cyclical`, or a category's `all`.
    pub name: String,
    /// The members that are analysed.
    pub members: Vec<Ticker>,
    /// Each member's weight before normalisation, in the same order.
    pub weights: Vec<f64>,
    /// The label of each member's first return.
    pub starts: IndexMap<Ticker, NaiveDate>,
    /// How many ETFs the mapping lists for it, analysed or not.
    pub listed: usize,
    /// Analysed ETFs that a bound on its members leaves out.
    pub excluded: Vec<Omitted>,
    /// One return per panel row, `NaN` where the coverage rule is not met.
    pub values: Vec<f64>,
}

/// A member of a composite: its panel column and its weight before normalisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Member {
    /// The panel column.
    pub column: usize,
    /// The weight, above zero; weights are divided by the sum over the members present in a period.
    pub weight: f64,
}

/// Share of `part` in `whole` reaches `needed`, with room for the rounding of `needed` itself (0.6 of 5 is 3).
pub fn covers(part: usize, whole: usize, needed: f64) -> bool {
    part as f64 >= needed * whole as f64 - 1e-9
}

impl Composite {
    /// Builds a composite over the panel's rows.
    ///
    /// value_t = sum w_i r_it / sum w_i over the members present in period t: a missing member's weight is spread over
    /// those present. Undefined where fewer than `min_coverage` (a share of 0 to 1) of the members that have started
    /// by t are present. A member starts with its first return; one that has stopped still counts as started.
    pub fn build(name: &str, panel: &Panel, members: &[Member], listed: usize, min_coverage: f64) -> Self {
        let first = |member: &Member| panel.columns()[member.column].span.as_ref().map(|span| span.start);
        let value = |row: usize| {
            // A member that has stopped still counts: otherwise a dying group would look complete to the end.
            let started = members.iter().filter(|member| first(member).is_some_and(|first| first <= row)).count();
            let (mut present, mut weighted, mut weight) = (0, 0.0, 0.0);
            for member in members {
                let r = panel.column(member.column)[row];
                if r.is_finite() {
                    present += 1;
                    weighted += member.weight * r;
                    weight += member.weight;
                }
            }
            // Nothing has started in the first rows of a late group: 0 of 0 covers anything.
            if present > 0 && covers(present, started, min_coverage) { weighted / weight } else { f64::NAN }
        };
        let ticker = |member: &Member| panel.columns()[member.column].series.ticker().clone();
        Self {
            name: name.to_owned(),
            members: members.iter().map(ticker).collect(),
            weights: members.iter().map(|member| member.weight).collect(),
            starts: members.iter().filter_map(|m| Some((ticker(m), panel.labels()[first(m)?]))).collect(),
            listed,
            excluded: Vec::new(),
            values: (0..panel.rows()).map(value).collect(),
        }
    }

    /// What it is worth on the days between period ends ([`Panel::daily_wealth_of_mean`]).
    pub fn daily_wealth(&self, panel: &Panel) -> Option<DailyWealth> {
        panel.daily_wealth_of_mean(&self.values, &self.columns(panel))
    }

    /// The members' columns with their weights.
    pub fn columns(&self, panel: &Panel) -> Vec<(usize, f64)> {
        let members = self.members.iter().zip(&self.weights);
        members.filter_map(|(ticker, weight)| Some((panel.position(ticker)?, *weight))).collect()
    }

    /// 100 x analysed members / listed ETFs.
    pub fn coverage_pct(&self) -> f64 {
        100.0 * self.members.len() as f64 / self.listed.max(1) as f64
    }
}

/// Composites by name, and the coverage of those that were left out.
#[derive(Debug, Clone, Default)]
pub struct Composites {
    /// Those with enough of their ETFs analysed.
    pub built: Vec<Composite>,
    /// 100 x analysed / listed ETFs of every group, built or not.
    pub coverage_pct: IndexMap<String, f64>,
}

impl Composites {
    /// Adds one group's outcome.
    pub fn push(&mut self, name: &str, outcome: Result<Composite, f64>) {
        match outcome {
            Ok(composite) => {
                self.coverage_pct.insert(name.to_owned(), composite.coverage_pct());
                self.built.push(composite);
            }
            Err(coverage) => {
                self.coverage_pct.insert(name.to_owned(), coverage);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_study::{month_end, near, panel};

    const NAN: f64 = f64::NAN;

    #[test]
    fn the_needed_share_has_room_for_its_own_rounding() {
        assert!(covers(3, 5, 0.6) && covers(6, 10, 0.6) && !covers(5, 10, 0.6));
        assert!(covers(0, 0, 0.6));
    }

    #[test]
    fn weights_are_shared_among_the_members_present() {
        // B starts a month late, C is missing in February and so has no return in March either.
        let panel = panel(&[("A", &[0.1, 0.2, 0.3, 0.1]), ("B", &[NAN, 0.1, 0.1, 0.2]), ("C", &[0.4, NAN, 0.9, 0.3])]);
        let members = [(0, 1.0), (1, 3.0), (2, 4.0)].map(|(column, weight)| Member { column, weight });
        let composite = Composite::build("mix", &panel, &members, 4, 0.6);
        // January: A and C of the two that have started: (0.1 + 4 x 0.4) / 5.
        near(composite.values[0], 0.34);
        // February and March: two of three, which is over 0.6: (0.2 + 3 x 0.1) / 4 and (0.3 + 3 x 0.1) / 4.
        near(composite.values[1], 0.125);
        near(composite.values[2], 0.15);
        // April: (0.1 + 3 x 0.2 + 4 x 0.3) / 8.
        near(composite.values[3], 0.2375);
        assert_eq!(composite.coverage_pct(), 75.0);
        assert_eq!(composite.starts.values().copied().collect::<Vec<_>>(), [1, 2, 1].map(month_end));
        let strict = Composite::build("mix", &panel, &members, 4, 0.7);
        assert!(strict.values[1].is_nan() && strict.values[2].is_nan() && strict.values[3].is_finite());
    }

    #[test]
    fn coverage_is_kept_of_those_that_were_not_built_too() {
        let panel = panel(&[("A", &[0.1, 0.2])]);
        let mut composites = Composites::default();
        composites.push("built", Ok(Composite::build("built", &panel, &[Member { column: 0, weight: 1.0 }], 2, 0.0)));
        composites.push("left out", Err(12.5));
        assert_eq!(composites.built.len(), 1);
        assert_eq!(
            composites.coverage_pct.into_iter().collect::<Vec<_>>(),
            [("built".to_owned(), 50.0), ("left out".to_owned(), 12.5)]
        );
    }
}
