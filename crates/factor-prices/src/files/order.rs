//! The order of a file's dates.

use chrono::NaiveDate;

use super::{dates, table::Row};

/// What is to be said of the order of the dates.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// How many come after a later one.
    pub(super) late: usize,
    /// How many repeat one.
    pub(super) twice: usize,
    /// How many lie after today, and the first of them.
    pub(super) future: Option<(usize, NaiveDate)>,
    /// Why they are those of a shifted zone.
    pub(super) shifted: Option<String>,
}

impl Order {
    /// The order of the rows of each group, whose days these are.
    pub(super) fn of(groups: &[Vec<Row>], days: &[NaiveDate], today: NaiveDate) -> Self {
        let mut order = Self::default();
        for rows in groups {
            let mut of_group: Vec<NaiveDate> = rows.iter().filter_map(|row| days.get(*row as usize)).copied().collect();
            for day in of_group.iter().filter(|day| **day > today) {
                let (count, first) = order.future.unwrap_or((0, *day));
                order.future = Some((count + 1, first.min(*day)));
            }
            let (late, twice) = put_in_order(&mut of_group);
            order.late += late;
            order.twice += twice;
            order.shifted = order.shifted.or_else(|| dates::shifted(&of_group));
        }
        order
    }
}

/// Sorts dates, each once, and counts how many came after a later one and how many repeated one; rising and falling dates
/// are both in order.
fn put_in_order(dates: &mut Vec<NaiveDate>) -> (usize, usize) {
    if dates.is_sorted_by(|a, b| a < b) {
        return (0, 0);
    }
    // Websites write the newest row first.
    if dates.is_sorted_by(|a, b| a > b) {
        dates.reverse();
        return (0, 0);
    }
    let mut newest = NaiveDate::MIN;
    let mut late = 0;
    for date in dates.iter() {
        late += usize::from(*date < newest);
        newest = newest.max(*date);
    }
    let all = dates.len();
    dates.sort_unstable();
    dates.dedup();
    (late, all - dates.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disorder_counts() {
        let mut dates: Vec<NaiveDate> = Vec::new();
        let mut disorder = |days: &[u64]| {
            dates = days.iter().map(|d| NaiveDate::default() + chrono::Days::new(*d)).collect();
            put_in_order(&mut dates)
        };
        assert_eq!(disorder(&[1, 2, 3]), (0, 0));
        assert_eq!(disorder(&[1, 3, 2, 3, 4]), (1, 1));
        assert_eq!(disorder(&[3, 2, 1]), (0, 0));
        assert_eq!(disorder(&[]), (0, 0));
    }
}
