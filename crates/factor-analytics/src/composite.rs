//! Composites: one return series out of several, rebalanced each period.

use chrono::NaiveDate;
use factor_types::Ticker;
use indexmap::IndexMap;

use crate::Panel;

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
            if present > 0 && covers(present, started, min_coverage) { weighted / weight } else { f64::NAN }
        };
        let ticker = |member: &Member| panel.columns()[member.column].series.ticker().clone();
        Self {
            name: name.to_owned(),
            members: members.iter().map(ticker).collect(),
            weights: members.iter().map(|member| member.weight).collect(),
            starts: members.iter().filter_map(|m| Some((ticker(m), panel.labels()[first(m)?]))).collect(),
            listed,
            values: (0..panel.rows()).map(value).collect(),
        }
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
