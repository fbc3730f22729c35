//! Cells that are no price, and dates that have two: each with its line and date, which is known once all have been read.

use chrono::NaiveDate;
use factor_types::Ticker;

use super::{
    notes::{Notes, SHOWN, excerpt},
    table::Row,
};

/// Prices nearer to each other than this share are one, rounded twice.
const SAME: f64 = 1e-6;

/// Cells that are no number, or no price.
#[derive(Debug, Default)]
pub(super) struct BadCells {
    shown: Vec<BadCell>,
    more: usize,
}

#[derive(Debug)]
struct BadCell {
    row: Row,
    column: usize,
    what: String,
}

impl BadCells {
    /// Adds a cell; what is wrong with it is only written when it will be shown.
    pub(super) fn add(&mut self, row: Row, column: usize, what: impl FnOnce() -> String) {
        if self.shown.len() < SHOWN {
            self.shown.push(BadCell { row, column, what: what() });
        } else {
            self.more += 1;
        }
    }

    /// Counts so many more that are not written out.
    pub(super) fn more_of(&mut self, more: usize) {
        self.more += more;
    }

    /// The notes, with the line and date of each. `place` knows both.
    pub(super) fn notes(
        self,
        unit: &str,
        headers: &[String],
        place: impl Fn(Row) -> Option<(u64, NaiveDate)>,
    ) -> Notes {
        let mut notes = Notes::default();
        for BadCell { row, column, what } in self.shown {
            let header = excerpt(headers.get(column).map_or("", |header| header.trim()));
            let (line, date) = place(row).map_or((0, String::new()), |(line, date)| (line, format!(" ({date})")));
            notes.add(|| format!("{unit} {line}, column {} `{header}`: {what}{date}", column + 1));
        }
        notes.more_of(self.more);
        notes
    }
}

/// Notes the dates for which a ticker has two prices. The rows are given as in the file, with their lines and dates.
pub(super) fn conflicts(ticker: &Ticker, rows: &mut Vec<(NaiveDate, u64, f64)>, unit: &str, notes: &mut Notes) {
    rows.retain(|(_, _, price)| price.is_finite() && *price > 0.0);
    rows.sort_by_key(|(date, ..)| *date);
    for pair in rows.windows(2) {
        let [(date, line, before), (next, other, price)] = [pair[0], pair[1]];
        if date == next && (price - before).abs() > SAME * price.max(before) {
            notes.add(|| {
                format!(
                    "{unit} {line} and {unit} {other}: {ticker} is {before} and {price} on {date}; the last is used"
                )
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn two_prices_for_a_date_are_a_conflict_and_the_same_twice_is_none() {
        let mut notes = Notes::default();
        let rows = [("2024-01-03", 2, 10.0), ("2024-01-02", 3, 5.0), ("2024-01-03", 4, 10.5), ("2024-01-02", 5, 5.0)];
        let mut rows: Vec<_> = rows.iter().map(|(date, line, price)| (day(date), *line, *price)).collect();
        conflicts(&"SPY".parse().unwrap(), &mut rows, "line", &mut notes);
        assert_eq!(notes.texts("conflicts"), ["line 2 and line 4: SPY is 10 and 10.5 on 2024-01-03; the last is used"]);
    }
}
