//! Days on which all of a file moves by one factor: bonds and stocks, bills and coins never do, a file that was changed does.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::moves::{Moves, median};

/// Fewest series of which that is said, and the share of those with a price that day that have to move so.
const FEWEST: usize = 4;
const NEARLY_ALL: f64 = 0.8;

/// Usual moves from which a move counts, and how near to the middle one, as a share of it, the others have to be.
const FAR: f64 = 8.0;
const NEAR: f64 = 0.1;

/// The days on which four in five series or more, four at least, move by more than eight usual moves and by the same factor to a
/// tenth: on these none is an excuse for another.
pub(super) fn days(all: &[Moves<'_>]) -> BTreeSet<NaiveDate> {
    let mut far = BTreeMap::<NaiveDate, Vec<f64>>::new();
    for moves in all {
        for row in moves.large(FAR) {
            let step = moves.at(row);
            if step.abs() > FAR * moves.sd(row) {
                far.entry(moves.dates[row]).or_default().push(step);
            }
        }
    }
    far.retain(|day, steps| steps.len() >= FEWEST && is_of_all(all, *day, steps));
    far.into_keys().collect()
}

fn is_of_all(all: &[Moves<'_>], day: NaiveDate, steps: &[f64]) -> bool {
    let middle = median(&mut steps.to_vec());
    let same = steps.iter().filter(|step| (**step - middle).abs() <= NEAR * middle.abs()).count();
    let priced = all.iter().filter(|moves| moves.dates.binary_search(&day).is_ok()).count();
    same as f64 >= NEARLY_ALL * priced as f64
}
