//! Sorting that can be stopped, and the first of many.

use std::cmp::Ordering;

use crate::observer::{Progress, Stopped};

/// Entries that are sorted or merged between two questions to the observer: some milliseconds' work.
const RUN: usize = 1 << 16;

/// The order of [`slice::sort_by`] (stable: equals stay as they stood), and a question to the observer now and then.
///
/// # Errors
/// [`Stopped`] when the observer says stop; the entries are in no particular order then.
pub(crate) fn sort_by<T: Copy>(
    entries: &mut Vec<T>,
    compare: impl Fn(&T, &T) -> Ordering,
    progress: &Progress<'_>,
) -> Result<(), Stopped> {
    for run in entries.chunks_mut(RUN) {
        progress.check()?;
        run.sort_by(&compare);
    }
    let mut width = RUN;
    while width < entries.len() {
        let mut merged = Vec::with_capacity(entries.len());
        for two in entries.chunks(2 * width) {
            let (left, right) = two.split_at(width.min(two.len()));
            merge(left, right, &compare, &mut merged, progress)?;
        }
        *entries = merged;
        width *= 2;
    }
    Ok(())
}

fn merge<T: Copy>(
    mut left: &[T],
    mut right: &[T],
    compare: &impl Fn(&T, &T) -> Ordering,
    merged: &mut Vec<T>,
    progress: &Progress<'_>,
) -> Result<(), Stopped> {
    while let ([first, rest_left @ ..], [second, rest_right @ ..]) = (left, right) {
        if merged.len().is_multiple_of(RUN) {
            progress.check()?;
        }
        // The left one where both are equal.
        if compare(second, first) == Ordering::Less {
            merged.push(*second);
            right = rest_right;
        } else {
            merged.push(*first);
            left = rest_left;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    Ok(())
}

/// The first of many in an order that tells all of them apart, of which few are held while they come.
#[derive(Debug)]
pub(crate) struct First<T, F> {
    most: usize,
    order: F,
    /// In no order; up to twice as many as are wanted.
    held: Vec<T>,
    /// What a further one has to stand before, once there are enough.
    last: Option<T>,
}

impl<T: Copy, F: Fn(&T, &T) -> Ordering> First<T, F> {
    /// None yet, of which at most so many are wanted.
    pub(crate) fn new(most: usize, order: F) -> Self {
        Self { most, order, held: Vec::new(), last: None }
    }

    /// One more.
    pub(crate) fn take(&mut self, one: T) {
        if self.last.as_ref().is_some_and(|last| (self.order)(&one, last).is_gt()) {
            return;
        }
        self.held.push(one);
        if self.held.len() > 2 * self.most {
            self.select();
        }
    }

    /// The first that came, in no order.
    pub(crate) fn held(mut self) -> Vec<T> {
        self.select();
        self.held
    }

    fn select(&mut self) {
        if self.held.len() > self.most {
            if let Some(at) = self.most.checked_sub(1) {
                self.last = Some(*self.held.select_nth_unstable_by(at, &self.order).1);
            }
            self.held.truncate(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::observer::{
        Silent,
        tests::{StopAt, stops},
    };

    /// Few different keys, so that most are equals.
    fn entries(count: usize, seed: u64) -> Vec<(u32, usize)> {
        let mut state = seed | 1;
        (0..count)
            .map(|at| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 60) as u32, at)
            })
            .collect()
    }

    #[test]
    fn many_entries_stop_within_a_run() {
        let asked = stops(|progress| sort_by(&mut entries(5 * RUN, 7), |a, b| a.0.cmp(&b.0), progress));
        // Five runs, and at least half of the entries of three merges.
        assert!(asked >= 12, "{asked}");
        let mut stopping = StopAt::question(3);
        let mut sorted = entries(5 * RUN, 7);
        let found = sort_by(&mut sorted, |a, b| a.0.cmp(&b.0), &Progress::new(&mut stopping, ""));
        // Two runs are in order, the third and all after it are untouched.
        assert_eq!((found, &sorted[2 * RUN..]), (Err(Stopped), &entries(5 * RUN, 7)[2 * RUN..]));
    }

    proptest! {
        #[test]
        fn the_first_are_those_of_all_in_order(count in 0..400_usize, most in 0..50_usize, seed in any::<u64>()) {
            let all = entries(count, seed);
            let mut first = First::new(most, |a: &(u32, usize), b| a.cmp(b));
            all.iter().for_each(|one| first.take(*one));
            prop_assert!(first.held.len() <= 2 * most);
            let (mut found, mut expected) = (first.held(), all);
            found.sort_unstable();
            expected.sort_unstable();
            expected.truncate(most);
            prop_assert_eq!(found, expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn the_order_is_that_of_the_standard_library(count in 0..4 * RUN, seed in any::<u64>()) {
            let (mut ours, mut standard) = (entries(count, seed), entries(count, seed));
            standard.sort_by_key(|entry| entry.0);
            sort_by(&mut ours, |a, b| a.0.cmp(&b.0), &Progress::new(&mut Silent, "")).unwrap();
            prop_assert!(ours == standard);
        }
    }
}
