//! Which candidates are listed, and in which order.

use super::{Direction, HedgePlan, ScoreParts, SortBy, scan::Looked};

/// The candidates that were looked at, and what they may be ranked by.
pub(super) struct Ranking<'a> {
    pub(super) looked: &'a [Looked<'a>],
    pub(super) parts: &'a [ScoreParts],
    pub(super) plan: &'a HedgePlan,
}

impl Ranking<'_> {
    /// How many are at or under the threshold.
    pub(super) fn meeting(&self) -> usize {
        (0..self.looked.len()).filter(|at| self.passes(*at)).count()
    }

    pub(super) fn passes(&self, at: usize) -> bool {
        self.looked[at].correlation <= self.plan.correlation_threshold
    }

    /// The first so many, best first.
    ///
    /// By effectiveness those that offset when bought, with `allow_short` also those that do when sold short; by correlation and
    /// score those at or under the threshold. Where there is none of them, what comes nearest stands in: in a portfolio the moves
    /// that leave least of its variance, else the lowest correlations.
    pub(super) fn first(&self, count: usize) -> Vec<usize> {
        let all = 0..self.looked.len();
        let is_of_these = |at: &usize| match self.plan.sort_by {
            SortBy::Effectiveness => self.is_listed(*at),
            SortBy::Correlation | SortBy::Score => self.passes(*at),
        };
        let mut chosen: Vec<usize> = all.clone().filter(is_of_these).collect();
        if chosen.is_empty() {
            chosen.extend(all);
            let is_moved =
                self.plan.sort_by == SortBy::Effectiveness && self.looked.iter().any(|one| one.swap.is_some());
            self.order(&mut chosen, |at| if is_moved { self.left(at) } else { self.looked[at].correlation });
            chosen.truncate(count);
            if self.plan.sort_by != SortBy::Score {
                return chosen;
            }
        }
        self.order(&mut chosen, |at| self.value(at));
        chosen.truncate(count);
        chosen
    }

    fn is_listed(&self, at: usize) -> bool {
        let direction = self.looked[at].figures.direction;
        direction == Some(Direction::Long) || (self.plan.allow_short && direction.is_some())
    }

    /// What a candidate is ranked by, lowest first; what was not tested comes after what was.
    fn value(&self, at: usize) -> f64 {
        let one = &self.looked[at];
        match self.plan.sort_by {
            SortBy::Effectiveness if one.swap.is_some() && !self.plan.allow_short => self.left(at),
            SortBy::Effectiveness => {
                one.figures.hedge_effectiveness.out_of_sample.map_or(f64::INFINITY, |share| -share)
            }
            SortBy::Correlation => one.correlation,
            SortBy::Score => -self.parts[at].score(),
        }
    }

    /// The share of the portfolio's variance that the move into a candidate leaves.
    fn left(&self, at: usize) -> f64 {
        self.looked[at].swap.as_ref().and_then(|swap| swap.variance_left()).unwrap_or(f64::INFINITY)
    }

    /// Sorts candidates by a value, lowest first: the young after all others, equals by their symbol.
    fn order(&self, chosen: &mut [usize], value: impl Fn(usize) -> f64) {
        chosen.sort_by(|a, b| {
            let (one, other) = (&self.looked[*a], &self.looked[*b]);
            let by_value = one.is_young().cmp(&other.is_young()).then_with(|| value(*a).total_cmp(&value(*b)));
            by_value.then_with(|| one.symbol().cmp(other.symbol()))
        });
    }
}
