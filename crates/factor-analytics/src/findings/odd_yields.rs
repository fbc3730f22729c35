//! What is wrong inside a column of yields: days, stretches, and columns that changed places.
//!
//! - `bad_days`: up to five rows that lie off by more than a percentage point, and by more than a fifth of the yield before, and
//!   are gone again; at either end of the column, where nothing says that they go back, by three points and half the yield. A
//!   zero or a yield below zero amid rows of 0.15% and more, likewise. These rows are left out.
//! - `unit_change`: the twenty rows before a step and those after it lie apart by a factor of 40 to 250: the column is refused.
//! - `level`: a step as large as a bad day's that stands, of one maturity alone.
//! - `still`: the same yield for 40 rows while the others move, or in a column that moves elsewhere: a value that was carried on.
//!   All of its rows but the first are left out.
//! - `swapped`: neighbours correlate better, in their changes, where two columns change places: by 0.05 in all. In any year of
//!   2010 to 2024 they correlate worse, by 0.07 at least.
//! - `apart`: neighbours that lie apart by more than three percentage points over twenty rows, by their median, or five where a
//!   maturity between them is not there: another sign, a rate of a month or a day, another country's. In 2010 to 2024 they lay
//!   1.7 apart at most. The one further from all others is named.
//!
//! Steps are those of rows at most ten days apart.

use chrono::NaiveDate;
use factor_types::{Maturity, YieldTable};
use schemars::JsonSchema;
use serde::Serialize;

use self::beside::beside_others;
use super::moves::median;

mod beside;

/// Rows that are taken for single days, and those by which a stretch is judged.
const DAYS: usize = 5;
const STRETCH: usize = 20;

/// How far off a day is: in percentage points, and as a share of the yield before. In 2010 to 2024 none went further there
/// and back than 0.26 points.
const POINTS: f64 = 1.0;
const SHARE: f64 = 0.2;

/// The same at an end of the column.
const POINTS_AT_AN_END: f64 = 3.0;
const SHARE_AT_AN_END: f64 = 0.5;

/// The share of the distance within which a yield is back.
const BACK: f64 = 0.25;

/// Amid yields of so much, and more, none is zero or below.
const ABOVE_ZERO: f64 = 0.15;

/// Rows further apart than this are no step.
const APART: i64 = 10;

/// A hundred, as noise leaves it.
const UNIT: std::ops::RangeInclusive<f64> = 40.0..=250.0;

/// Rows of one value.
const STILL: usize = 40;

/// Findings of a column; beyond so many it is not looked at further.
const MOST: usize = 50;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OddKind {
    /// A few rows that are off, and are left out.
    BadDays,
    /// Another unit from a day on: the column is refused.
    UnitChange,
    /// A step of one maturity alone that stands.
    Level,
    /// A value that was carried on; its rows but the first are left out.
    Still,
    /// Two columns that look as if they had changed places.
    Swapped,
    /// Far from the maturity next to it.
    Apart,
}

/// Something wrong inside a column of yields.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct OddYields {
    /// What.
    pub kind: OddKind,
    /// Where.
    pub maturity: Maturity,
    /// From which date on.
    pub since: NaiveDate,
    /// To which date.
    pub until: NaiveDate,
    /// The yield before it, in what the column is in; of `apart` the other column's.
    pub before: f64,
    /// The yield.
    pub value: f64,
    /// The column it seems to have changed places with, or lies apart from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<Maturity>,
}

impl OddKind {
    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadDays => "bad_yields",
            Self::UnitChange => "yield_unit_change",
            Self::Level => "yield_level",
            Self::Still => "still_yields",
            Self::Swapped => "swapped_yields",
            Self::Apart => "yields_apart",
        }
    }
}

type Row = (NaiveDate, f64);

/// What is wrong inside the columns of a table.
pub fn odd_yields(table: &YieldTable) -> Vec<OddYields> {
    let columns = table.maturities().map(|maturity| {
        let column = Column { maturity, rows: table.get(maturity), table };
        let bad = column.bad_days();
        let left: Vec<Row> = column.rows.iter().copied().filter(|(date, _)| !within(&bad, *date)).collect();
        let left = Column { rows: &left, ..column };
        let still = left.still();
        let steps = left.steps();
        bad.into_iter().chain(steps).chain(still).take(MOST).collect::<Vec<_>>()
    });
    let columns: Vec<OddYields> = columns.flatten().collect();
    // What is wrong inside a column shall not decide whose neighbour it is.
    let steps = columns.iter().any(|one| one.kind == OddKind::Level);
    let usable = usable_yields(table, &columns);
    let beside = if steps { None } else { beside_others(&usable) };
    columns.into_iter().chain(beside).collect()
}

/// The table without what cannot be used: columns whose unit changes, days that are off, values that were carried on.
#[must_use]
pub fn usable_yields(table: &YieldTable, odd: &[OddYields]) -> YieldTable {
    let mut usable = YieldTable::default();
    for maturity in table.maturities() {
        let of: Vec<&OddYields> = odd.iter().filter(|one| one.maturity == maturity).collect();
        if of.iter().any(|one| one.kind == OddKind::UnitChange) {
            continue;
        }
        let out = |date: NaiveDate| {
            of.iter().any(|one| match one.kind {
                OddKind::BadDays => (one.since..=one.until).contains(&date),
                OddKind::Still => one.since < date && date <= one.until,
                OddKind::UnitChange | OddKind::Level | OddKind::Swapped | OddKind::Apart => false,
            })
        };
        usable.insert(maturity, table.get(maturity).iter().copied().filter(|(date, _)| !out(*date)));
    }
    usable
}

fn within(found: &[OddYields], date: NaiveDate) -> bool {
    let after = found.partition_point(|one| one.since <= date);
    after > 0 && date <= found[after - 1].until
}

fn are_near(a: Row, b: Row) -> bool {
    (b.0 - a.0).num_days() <= APART
}

/// A column and the table that it is of.
#[derive(Clone, Copy)]
struct Column<'a> {
    maturity: Maturity,
    rows: &'a [Row],
    table: &'a YieldTable,
}

impl Column<'_> {
    fn odd(&self, kind: OddKind, rows: std::ops::Range<usize>, before: f64) -> OddYields {
        let (since, value) = self.rows[rows.start];
        let until = self.rows[rows.end - 1].0;
        OddYields { kind, maturity: self.maturity, since, until, before, value, with: None }
    }

    /// Rows that are off and gone again, in their order.
    fn bad_days(&self) -> Vec<OddYields> {
        let (mut found, beginning) = (Vec::new(), self.bad_beginning());
        if let Some(end) = beginning {
            found.push(self.odd(OddKind::BadDays, 0..end, self.rows[end].1));
        }
        let mut good = beginning.unwrap_or(0);
        while good + 1 < self.rows.len() && found.len() < MOST {
            match self.bad_after(good) {
                Some(end) => {
                    found.push(self.odd(OddKind::BadDays, good + 1..end, self.rows[good].1));
                    good = end;
                }
                None => good += 1,
            }
        }
        found
    }

    /// The row at which yields are back, where those after a row are off.
    fn bad_after(&self, good: usize) -> Option<usize> {
        let (before, off) = (self.rows[good], self.rows[good + 1]);
        if !are_near(before, off) {
            return None;
        }
        let last = self.rows.len();
        let is_back = |end: &usize| {
            let here = self.rows[*end];
            let is_near = (here.1 - before.1).abs() <= BACK * (off.1 - before.1).abs();
            let is_wrong = is_off(before.1, off.1, POINTS, SHARE) || is_no_yield(off.1, before.1.min(here.1));
            is_near && is_wrong && are_near(self.rows[end - 1], here)
        };
        let back = (good + 2..(good + 2 + DAYS).min(last)).find(is_back);
        let ends_off = || good + 1 + DAYS >= last && self.alone(good, good + 1) && is_off_at_an_end(before.1, off.1);
        back.or_else(|| ends_off().then_some(last))
    }

    /// The first row that is right, where the first few are off.
    fn bad_beginning(&self) -> Option<usize> {
        let rows = (1..=DAYS).take_while(|row| row + DAYS < self.rows.len());
        let mut off = rows.filter(|row| is_off_at_an_end(self.rows[*row].1, self.rows[row - 1].1));
        off.next().filter(|row| self.alone(row - 1, *row))
    }

    /// True where no other maturity moves by a third as much between two rows' dates.
    fn alone(&self, from: usize, to: usize) -> bool {
        let (from, to) = (self.rows[from], self.rows[to]);
        let others = self.table.maturities().filter(|maturity| *maturity != self.maturity);
        let moved = |maturity: Maturity| {
            let on = |date| self.table.last_on_or_before(maturity, date, APART);
            Some((on(to.0)?.1 - on(from.0)?.1).abs())
        };
        others.filter_map(moved).all(|moved| 3.0 * moved < (to.1 - from.1).abs())
    }

    /// Steps that stand: to another unit, or of this maturity alone.
    fn steps(&self) -> Vec<OddYields> {
        let mut found = Vec::new();
        for row in 1..self.rows.len() {
            let (before, here) = (self.rows[row - 1], self.rows[row]);
            if !are_near(before, here) || found.len() == MOST {
                continue;
            }
            let kind = if self.is_unit_change(row) {
                OddKind::UnitChange
            } else if is_off(before.1, here.1, POINTS, SHARE) && self.alone(row - 1, row) {
                OddKind::Level
            } else {
                continue;
            };
            found.push(self.odd(kind, row..self.rows.len(), before.1));
        }
        found
    }

    fn is_unit_change(&self, row: usize) -> bool {
        if !are_units_apart(self.rows[row - 1].1, self.rows[row].1) {
            return false;
        }
        let middle = |rows: &[Row]| median(&mut rows.iter().map(|row| row.1).collect::<Vec<_>>());
        let before = &self.rows[row.saturating_sub(STRETCH)..row];
        let after = &self.rows[row..(row + STRETCH).min(self.rows.len())];
        are_units_apart(middle(before), middle(after))
    }

    /// Values that were carried on.
    fn still(&self) -> Vec<OddYields> {
        let mut found = Vec::new();
        for run in self.rows.chunk_by(|a, b| a.1 == b.1) {
            if run.len() < STILL || found.len() == MOST {
                continue;
            }
            // In the rows of the column, which `chunk_by` takes in order.
            let start = self.rows.partition_point(|row| row.0 < run[0].0);
            let rows = start..start + run.len();
            if self.moves_elsewhere(&rows) || self.others_move(run) {
                found.push(self.odd(OddKind::Still, rows, run[0].1));
            }
        }
        found
    }

    fn moves_elsewhere(&self, run: &std::ops::Range<usize>) -> bool {
        let moves = |rows: &[Row]| rows.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
        let (moving, others) = (moves(self.rows), self.rows.len() - run.len());
        others >= STRETCH && 2 * moving > others
    }

    fn others_move(&self, run: &[Row]) -> bool {
        let (first, last) = (run[0].0, run[run.len() - 1].0);
        let others = self.table.maturities().filter(|maturity| *maturity != self.maturity);
        let moving = |maturity: Maturity| {
            let rows = self.table.get(maturity);
            let from = rows.partition_point(|row| row.0 < first);
            let to = rows.partition_point(|row| row.0 <= last);
            rows[from..to].windows(2).filter(|pair| pair[0].1 != pair[1].1).count()
        };
        others.map(moving).any(|moving| 2 * moving > run.len())
    }
}

fn is_off_at_an_end(before: f64, value: f64) -> bool {
    is_off(before, value, POINTS_AT_AN_END, SHARE_AT_AN_END)
        || is_no_yield(value, before)
        || are_units_apart(before, value)
}

fn are_units_apart(a: f64, b: f64) -> bool {
    a > 0.0 && b > 0.0 && UNIT.contains(&(a / b).max(b / a))
}

fn is_off(before: f64, value: f64, points: f64, share: f64) -> bool {
    (value - before).abs() > points.max(share * before.abs())
}

/// A zero, or less, amid yields that are above it.
fn is_no_yield(value: f64, around: f64) -> bool {
    value <= 0.0 && around >= ABOVE_ZERO
}

#[cfg(test)]
mod tests;
