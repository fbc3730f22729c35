//! The series of a panel, eight by eight, and the correlations of some of them with a group of eight.

use std::ops::Range;

use super::{
    group::Group,
    lanes::{self, LANES, Lanes},
    pass::{Moments, Pass, moments, moments_of_seen},
};
use crate::{
    correlation::pearson,
    observer::{Progress, Stopped},
};

pub(super) struct Groups<'a> {
    window: usize,
    groups: Vec<Group<'a>>,
}

/// The correlations of `K` series with those of a group, and what is needed to find them.
pub(super) struct Found<const K: usize> {
    /// One entry per window, `NaN` where undefined; the first window ends at row [`Groups::first_end`].
    pub(super) values: Vec<[Lanes; K]>,
    /// The windows that can have a value: of the others nothing is written.
    pub(super) windows: Range<usize>,
    to_end: Vec<[Lanes; K]>,
}

impl<const K: usize> Found<K> {
    /// The values of the windows that can have one.
    pub(super) fn there(&self) -> &[[Lanes; K]] {
        &self.values[self.windows.clone()]
    }
}

impl<'a> Groups<'a> {
    /// The columns are of one length; a window has two rows at least.
    pub(super) fn of(columns: &[&'a [f64]], window: usize, progress: &Progress<'_>) -> Result<Self, Stopped> {
        let window = window.max(2);
        let mut groups = Vec::with_capacity(columns.len().div_ceil(LANES));
        for columns in columns.chunks(LANES) {
            progress.check()?;
            groups.push(Group::of(columns, window));
        }
        Ok(Self { window, groups })
    }

    /// As [`Groups::of`], for a few columns: too short to be worth stopping.
    pub(super) fn of_few(columns: &[&'a [f64]], window: usize) -> Self {
        let window = window.max(2);
        Self { window, groups: columns.chunks(LANES).map(|columns| Group::of(columns, window)).collect() }
    }

    /// The row at which the first window ends.
    pub(super) fn first_end(&self) -> usize {
        self.window - 1
    }

    /// Space for [`Self::correlate`].
    pub(super) fn scratch<const K: usize>(&self) -> Found<K> {
        let windows = self.groups.first().map_or(0, |group| group.scales.mean.len());
        let values = vec![[[f64::NAN; LANES]; K]; windows];
        Found { values, windows: 0..0, to_end: vec![[[0.0; LANES]; K]; self.window] }
    }

    /// The correlations of `K` series with those of a group, through all windows, and the moments of each pair's. The
    /// series are `first`, a multiple of `K`, and those after it. Where there is no series nothing of it means anything.
    pub(super) fn correlate<const K: usize>(&self, first: usize, group: usize, found: &mut Found<K>) -> Moments<K> {
        let (own, lanes) = (&self.groups[first / LANES], first % LANES..first % LANES + K);
        let group = &self.groups[group];
        let rows = common(own.span(lanes.clone()), group.span(0..LANES));
        // A window that begins before either side does has no value, and neither has one that ends after it.
        found.windows = rows.start..(rows.end + 1).saturating_sub(self.window);
        if found.windows.is_empty() {
            // Not where it would begin: that may be past the last window of all.
            found.windows = 0..0;
            return moments(&[]);
        }
        let Found { values, windows, to_end } = found;
        let seen = lanes::run(Pass { own, chunk: lanes.start / K, group, windows: windows.clone(), values, to_end });
        let there = &mut values[windows.clone()];
        let beside_own = own.weak.iter().filter(|(_, lane)| lanes.contains(lane));
        let beside_own = beside_own.flat_map(|(at, x)| (0..group.columns.len()).map(|y| (*at, *x, y)));
        let beside_group = lanes.clone().take_while(|x| *x < own.columns.len());
        let beside_group = beside_group.flat_map(|x| group.weak.iter().map(move |(at, y)| (*at, x, *y)));
        let mut weak = false;
        for (at, x, y) in beside_own.chain(beside_group).filter(|(at, ..)| windows.contains(at)) {
            let r = pearson(own.window(at, x, self.window), group.window(at, y, self.window), self.window).r;
            there[at - windows.start][x - lanes.start][y] = r.unwrap_or(f64::NAN);
            weak = true;
        }
        // Rare, so that it is looked for once in the extremes and not at every value.
        let past_one = seen.past_one();
        if past_one {
            there.as_flattened_mut().as_flattened_mut().iter_mut().for_each(|r| *r = r.clamp(-1.0, 1.0));
        }
        if weak || past_one || !seen.whole() { moments(there) } else { moments_of_seen(there, seen) }
    }
}

/// The rows that two spans share.
fn common(a: Range<usize>, b: Range<usize>) -> Range<usize> {
    let start = a.start.max(b.start);
    start..a.end.min(b.end).max(start)
}
