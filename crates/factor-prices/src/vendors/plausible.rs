//! Whether a table of yields can be whole, judged before it is used or takes the place of another.
//!
//! A year's file with only its header, another year's file or a column that has gone reads as fewer rows, and fewer rows
//! read as days without a risk-free rate. So every maturity needs a yield on four fifths of each year's trading days
//! within the range: 200 of a whole year's 252. Of the running year it needs those up to its newest row, and one at least: a
//! source that is behind is old, which its dates show, and not full of holes.

use chrono::{Datelike, Days, NaiveDate};
use factor_types::{DateRange, Maturity, YieldTable, exchange::trading_days};

/// The first year of the table of the US Treasury, and of what others take from it.
pub(super) const FIRST_YEAR: i32 = 1990;
/// Years in which the Treasury published no yield of thirty years throughout.
const WITHOUT_30Y: std::ops::RangeInclusive<i32> = 2002..=2006;
/// The last days may not be published yet.
const LATE: u64 = 7;
/// Under so many trading days nothing is judged.
const FEWEST: usize = 5;

/// What a table lacks of the yields of a range; `None` when it can be whole.
pub(super) fn implausible(table: &YieldTable, range: DateRange) -> Option<String> {
    let last = range.end().checked_sub_days(Days::new(LATE))?;
    let newest = table.maturities().filter_map(|maturity| Some(table.get(maturity).last()?.0)).max();
    let last = newest.filter(|newest| newest.year() == last.year()).map_or(last, |newest| newest.min(last));
    let years = range.start().year().max(FIRST_YEAR)..=last.year();
    years.filter_map(|year| part(year, range.start(), last)).find_map(|(year, first, last)| {
        let days = trading_days(first, last).count();
        let lacking = |maturity: Maturity| {
            let rows = table.get(maturity);
            let count = rows.partition_point(|row| row.0 <= last) - rows.partition_point(|row| row.0 < first);
            let excused = maturity == Maturity::Ust30Y && WITHOUT_30Y.contains(&year);
            (!excused && 5 * count < 4 * days).then_some((maturity, count))
        };
        let (maturity, count) = Maturity::ALL.into_iter().filter(|_| days >= FEWEST).find_map(lacking)?;
        Some(format!("{count} yields of {maturity} in {year}, which has {days} trading days up to {last}"))
    })
}

/// The days of a year between two days.
fn part(year: i32, from: NaiveDate, to: NaiveDate) -> Option<(i32, NaiveDate, NaiveDate)> {
    let (first, last) = (NaiveDate::from_ymd_opt(year, 1, 1)?, NaiveDate::from_ymd_opt(year, 12, 31)?);
    let (first, last) = (first.max(from), last.min(to));
    (first <= last).then_some((year, first, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendors::tests::{day, range};

    /// Every maturity on every trading day that `keep` keeps.
    fn table(from: &str, to: &str, keep: impl Fn(Maturity, NaiveDate) -> bool) -> YieldTable {
        let mut table = YieldTable::default();
        for maturity in Maturity::ALL {
            let days = trading_days(day(from), day(to));
            table.insert(maturity, days.filter(|date| keep(maturity, *date)).map(|date| (date, 4.0)));
        }
        table
    }

    #[test]
    fn each_maturity_and_year_has_its_days() {
        let asked = range("2015-03-10", "2026-06-30");
        let judged =
            |keep: &dyn Fn(Maturity, NaiveDate) -> bool| implausible(&table("2015-01-02", "2026-06-30", keep), asked);
        assert_eq!(judged(&|_, _| true), None);
        // Two holidays more than the exchange has.
        assert_eq!(judged(&|_, date| !(date.day() == 11 && [10, 11].contains(&date.month()))), None);
        // The last week may not be there yet.
        assert_eq!(judged(&|_, date| date < day("2026-06-23")), None);
        let told = judged(&|_, date| date.year() != 2019).unwrap();
        assert_eq!(told, "0 yields of UST3M in 2019, which has 252 trading days up to 2019-12-31");
        let told = judged(&|maturity, date| maturity != Maturity::Ust10Y || date < day("2024-01-01")).unwrap();
        assert_eq!(told, "0 yields of UST10Y in 2024, which has 252 trading days up to 2024-12-31");
        // Half a year, and the running one.
        assert!(judged(&|_, date| date.year() != 2020 || date.month() < 7).unwrap().contains("in 2020"));
        assert!(judged(&|_, date| date.year() != 2026).unwrap().contains("in 2026, which has"));
        // Behind by months, which is no hole; a maturity that is behind the others is one.
        assert_eq!(judged(&|_, date| date < day("2026-03-01")), None);
        let told = judged(&|maturity, date| maturity != Maturity::Ust2Y || date < day("2026-03-01")).unwrap();
        assert!(told.contains("yields of UST2Y in 2026, which has"), "{told}");
        assert!(judged(&|_, date| date.year() != 2015).unwrap().contains("in 2015, which has"), "from 10 March on");
    }

    #[test]
    fn years_without_thirty_years_and_before_the_table_are_no_holes() {
        let asked = range("1985-01-01", "2007-12-31");
        let without = |maturity, date: NaiveDate| {
            maturity != Maturity::Ust30Y || date < day("2002-02-19") || date > day("2006-02-08")
        };
        assert_eq!(implausible(&table("1990-01-02", "2007-12-31", without), asked), None);
        assert!(implausible(&table("1991-01-02", "2007-12-31", without), asked).is_some());
        assert_eq!(
            implausible(&YieldTable::default(), range("2026-06-20", "2026-06-30")),
            None,
            "too few days to judge"
        );
    }
}
