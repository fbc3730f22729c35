//! Which candidates are listed, and in which order.

use super::{Direction, HedgePlan, ScoreParts, SortBy, Swap, scan::Looked};

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
    /// By a scenario those of which it is known what they did there. By effectiveness those that offset when bought, with `allow_short` also those that do when sold short; by correlation and
    /// score those at or under the threshold. Where there is none of them, what comes nearest stands in: in a portfolio the moves
    /// that leave least of its variance, else the lowest correlations.
    pub(super) fn first(&self, count: usize) -> Vec<usize> {
        let all = 0..self.looked.len();
        let is_of_these = |at: &usize| match self.plan.sort_by {
            _ if self.plan.by_scenario => self.looked[*at].candidate.in_scenario.is_some(),
            SortBy::Effectiveness => self.is_listed(*at),
            SortBy::Correlation | SortBy::Score => self.passes(*at),
        };
        let mut chosen: Vec<usize> = all.clone().filter(is_of_these).collect();
        if chosen.is_empty() {
            chosen.extend(all);
            let is_moved =
                self.plan.sort_by == SortBy::Effectiveness && self.looked.iter().any(|one| one.swap.is_some());
            self.order(
                &mut chosen,
                |at| if is_moved { self.after_move(at) } else { (self.looked[at].correlation, 0.0) },
            );
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
    fn value(&self, at: usize) -> (f64, f64) {
        let one = &self.looked[at];
        match self.plan.sort_by {
            _ if self.plan.by_scenario => {
                let result = one.candidate.in_scenario;
                (
                    if result.and_then(|one| one.held) == Some(true) { 0.0 } else { 1.0 },
                    result.map_or(0.0, |one| -one.result),
                )
            }
            SortBy::Effectiveness if one.swap.is_some() && !self.plan.allow_short => self.after_move(at),
            SortBy::Effectiveness => (self.tested(at), 0.0),
            SortBy::Correlation => (one.correlation, 0.0),
            SortBy::Score => (-self.parts[at].score(), 0.0),
        }
    }

    /// The share of the portfolio's variance that the move into a candidate leaves; of equal ones, such as those that nothing is to
    /// be moved into, by what they take away.
    fn after_move(&self, at: usize) -> (f64, f64) {
        let left = self.looked[at].swap.as_ref().and_then(Swap::variance_left);
        (left.unwrap_or(f64::INFINITY), self.tested(at))
    }

    fn tested(&self, at: usize) -> f64 {
        self.looked[at].figures.hedge_effectiveness.out_of_sample.map_or(f64::INFINITY, |share| -share)
    }

    /// Sorts candidates by a value, lowest first: the young after all others, equals by their symbol.
    fn order(&self, chosen: &mut [usize], value: impl Fn(usize) -> (f64, f64)) {
        chosen.sort_by(|a, b| {
            let (one, other) = (&self.looked[*a], &self.looked[*b]);
            let ((first, then), (other_first, other_then)) = (value(*a), value(*b));
            let by_value = first.total_cmp(&other_first).then_with(|| then.total_cmp(&other_then));
            one.is_young().cmp(&other.is_young()).then(by_value).then_with(|| one.symbol().cmp(other.symbol()))
        });
    }
}
