//! The least stable of many pairs: all are counted, and no more of them held than are kept.

use std::cmp::Ordering;

use super::{RollingPair, RollingPairs};
use crate::{
    observer::{Progress, Stopped},
    rolling::RollingSummary,
    sort::{First, sort_by},
    stats,
};

/// Pairs that are put in order between two questions to the observer.
const PAIRS_BETWEEN_QUESTIONS: usize = 1 << 16;

/// The pairs that have come so far.
pub(super) struct LeastStable {
    all: usize,
    first: First<RollingPair, fn(&RollingPair, &RollingPair) -> Ordering>,
    stabilities: Vec<f64>,
}

/// Where a pair stands: by its standard deviation, the largest first and none last, equals in the order of the columns.
type Place = (f64, u32, u32);

fn place(pair: &RollingPair) -> Place {
    // As a number that sorts up: an undefined one is larger than any.
    (pair.summary.sd.map_or(f64::INFINITY, |sd| -sd), pair.a, pair.b)
}

fn order(x: &Place, y: &Place) -> Ordering {
    x.0.total_cmp(&y.0).then_with(|| (x.1, x.2).cmp(&(y.1, y.2)))
}

impl LeastStable {
    /// None yet, of which at most so many are kept.
    pub(super) fn of(most: usize) -> Self {
        Self { all: 0, first: First::new(most, |x, y| order(&place(x), &place(y))), stabilities: Vec::new() }
    }

    /// One more.
    pub(super) fn take(&mut self, a: usize, b: usize, summary: &RollingSummary) {
        self.all += 1;
        self.stabilities.extend(summary.stability);
        // A panel has far fewer columns than a u32 counts.
        let [a, b] = [a, b].map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        self.first.take(RollingPair { a, b, summary: *summary });
    }

    /// Those that are kept, in order, and what all come to.
    pub(super) fn in_order(mut self, progress: &Progress<'_>) -> Result<RollingPairs, Stopped> {
        progress.check()?;
        let held = self.first.held();
        // Sorted by their places: a summary is five times as long.
        let mut places: Vec<(Place, usize)> = held.iter().map(place).zip(0..).collect();
        sort_by(&mut places, |x, y| order(&x.0, &y.0), progress)?;
        let mut pairs = Vec::with_capacity(places.len());
        for some in places.chunks(PAIRS_BETWEEN_QUESTIONS) {
            progress.check()?;
            pairs.extend(some.iter().map(|(_, at)| held[*at]));
        }
        let with_stability = self.stabilities.len();
        Ok(RollingPairs {
            pairs,
            all: self.all,
            with_stability,
            median_stability: stats::median(&mut self.stabilities),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{observer::tests::unobserved, test_study::noise};

    /// Summaries with few different deviations, and some without one.
    fn summaries(count: usize) -> Vec<RollingSummary> {
        let mut next = noise(11);
        let mut one = || {
            let sd = Some(((next() + 0.5) * 20.0).floor() / 100.0).filter(|sd| *sd > 0.02);
            RollingSummary { windows: 20, sd, stability: sd.map(|sd| 1.0 - sd), ..RollingSummary::default() }
        };
        (0..count).map(|_| one()).collect()
    }

    fn found(columns: usize, most: usize, turn: usize) -> RollingPairs {
        let pairs: Vec<(usize, usize)> = (0..columns).flat_map(|a| (a + 1..columns).map(move |b| (a, b))).collect();
        let summaries = summaries(pairs.len());
        let mut found = LeastStable::of(most);
        let (first, second) = (0..pairs.len()).partition::<Vec<_>, _>(|at| *at >= turn);
        for at in first.into_iter().chain(second) {
            found.take(pairs[at].0, pairs[at].1, &summaries[at]);
        }
        unobserved(|progress| found.in_order(progress))
    }

    #[test]
    fn what_is_kept_is_the_beginning_of_all_in_order() {
        let all = found(40, 780, 0);
        assert!((all.pairs.len(), all.all) == (780, 780) && all.with_stability < 780);
        let sds: Vec<f64> = all.pairs.iter().map(|pair| pair.summary.sd.unwrap_or(-1.0)).collect();
        assert!(sds.is_sorted_by(|x, y| x >= y));
        for (most, turn) in [(1, 0), (100, 0), (100, 333), (500, 779)] {
            let some = found(40, most, turn);
            assert_eq!(some.pairs, all.pairs[..most], "{most} of them, from the {turn}th on");
            assert_eq!(
                (some.all, some.with_stability, some.median_stability),
                (780, all.with_stability, all.median_stability)
            );
        }
    }
}
