//! Numbers and tables of a portfolio's reports: those of every report, but a small loss is no negative nothing.

use indexmap::IndexMap;

use crate::answer::markdown::{self, without_lone_sign};
pub(crate) use crate::answer::markdown::{list, titled_table};

/// A number with so many places, or `-` where there is none.
pub(crate) fn decimal(value: Option<f64>, places: usize) -> String {
    without_lone_sign(markdown::decimal(value, places))
}

/// A share as a percentage with two places, or `-`.
pub(crate) fn percent(value: Option<f64>) -> String {
    without_lone_sign(markdown::percent(value))
}

/// Names with their weights, heaviest first; those after `most` are one row.
pub(crate) fn weights(sums: &IndexMap<String, f64>, most: usize) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> =
        sums.iter().take(most).map(|(name, weight)| vec![name.clone(), percent(Some(*weight))]).collect();
    let rest: Vec<f64> = sums.values().skip(most).copied().collect();
    if !rest.is_empty() {
        rows.push(vec![format!("{} others", rest.len()), percent(Some(rest.iter().sum()))]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_light_is_summed_up() {
        let sums = IndexMap::from([("a".to_owned(), 0.5), ("b".to_owned(), 0.3), ("c".to_owned(), -0.000_001)]);
        assert_eq!(weights(&sums, 3)[2], ["c", "0.00%"]);
        assert_eq!(weights(&sums, 1), [["a", "50.00%"], ["2 others", "30.00%"]]);
    }
}
