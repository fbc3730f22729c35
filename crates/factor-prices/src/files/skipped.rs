//! Lines of a table that are no rows of it.
//!
//! Notes and totals above and below the rows cost nothing, nor does the header written again. A row that cannot be read does:
//! where there are many of those, the rest is no random part of the file, and the file is refused.

use super::{
    header::OPENING,
    notes::{Notes, Remark, RemarkKind, excerpt},
};

/// A file with more unreadable rows than one in so many is refused.
const ONE_IN: usize = 20;
/// Fewer unreadable rows are slips.
const FEWEST: usize = 3;

/// Why a line is no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Its date cannot be read.
    Undated,
    /// It has more or fewer fields than the header.
    Fields,
    /// As [`Why::Fields`], as when each price were cut in two at its decimal comma.
    DecimalCommas,
}

/// A line whose date cannot be read.
#[derive(Debug)]
pub(super) struct NoDate {
    /// The date's cell.
    pub(super) text: String,
    /// True where all cells of the line are filled.
    pub(super) is_full: bool,
    /// True for a line that repeats the header, cell by cell.
    pub(super) is_header: bool,
}

/// The lines of a file that were skipped.
#[derive(Debug, Default)]
pub(super) struct Skipped {
    /// Rows that cannot be read.
    rows: Skips,
    /// Lines before the first row that is used.
    above: Skips,
    /// Lines since the last row that was used: below all rows, if no further one comes.
    latest: Skips,
    /// The header again.
    headers: Notes,
    some_used: bool,
}

/// Some skipped lines.
#[derive(Debug, Default)]
struct Skips {
    notes: Notes,
    undated: usize,
    decimal_commas: usize,
}

impl Skips {
    fn add(&mut self, why: Why, text: impl FnOnce() -> String) {
        self.notes.add(text);
        self.undated += usize::from(why == Why::Undated);
        self.decimal_commas += usize::from(why == Why::DecimalCommas);
    }

    fn append(&mut self, other: Self) {
        self.notes.append(other.notes);
        self.undated += other.undated;
        self.decimal_commas += other.decimal_commas;
    }

    /// What to do about them, by what most of them are.
    fn way_out(&self) -> &'static str {
        let most = |count: usize| 2 * count > self.notes.len();
        match () {
            () if most(self.decimal_commas) => {
                "numbers with decimal commas want quotes (\"24,01\"), or fields parted by semicolons"
            }
            () if self.undated > 0 => "write dates as YYYY-MM-DD",
            () => "give every line as many fields as the header has",
        }
    }
}

impl Skipped {
    /// Adds a line. `is_row`: it looks like one, wherever it stands.
    pub(super) fn add(&mut self, why: Why, is_row: bool, text: impl FnOnce() -> String) {
        let skips = match (is_row, self.some_used) {
            (true, _) => &mut self.rows,
            (false, false) => &mut self.above,
            (false, true) => &mut self.latest,
        };
        skips.add(why, text);
    }

    /// Adds a line without a date.
    pub(super) fn undated(&mut self, unit: &str, line: u64, no_date: &NoDate) {
        if no_date.is_header {
            return self.headers.add(|| format!("{unit} {line}: the header again; left aside"));
        }
        let note = || format!("{unit} {line}: `{}` is no date; skipped", excerpt(&no_date.text));
        self.add(Why::Undated, looks_like_row(&no_date.text, no_date.is_full), note);
    }

    /// Says that a row was used: what was skipped since the one before stands between rows.
    pub(super) fn used(&mut self) {
        self.some_used = true;
        if !self.latest.notes.is_empty() {
            self.rows.append(std::mem::take(&mut self.latest));
        }
    }

    /// Why no line was used.
    pub(super) fn none_used(self, unit: &str) -> String {
        let mut all = self.above;
        all.append(self.rows);
        if all.notes.is_empty() {
            return format!("a header but no {unit} below it: write one {unit} per date");
        }
        // The way out first: of a long error the end may be cut.
        let way_out = all.way_out();
        format!("no {unit} could be used ({way_out}): {}", all.notes.texts(&format!("{unit}s")).join("; "))
    }

    /// The remarks on a file of which `used` lines were used.
    ///
    /// # Errors
    /// When too many rows cannot be read.
    pub(super) fn finish(mut self, name: &str, unit: &str, used: usize, into: &mut Vec<Remark>) -> Result<(), String> {
        let mut around = self.headers;
        for lines in [self.above, self.latest] {
            // A note under a table is not longer than what may stand over one.
            if lines.notes.len() > OPENING { self.rows.append(lines) } else { around.append(lines.notes) }
        }
        let unread = self.rows.notes.len();
        if unread >= FEWEST && unread * ONE_IN > unread + used {
            let way_out = self.rows.way_out();
            let examples = self.rows.notes.texts(&format!("{unit}s")).join("; ");
            return Err(format!(
                "{unread} of {} {unit}s cannot be read, and the rest is no random part of the file ({way_out}): {examples}",
                unread + used
            ));
        }
        self.rows.notes.finish(name, (RemarkKind::BadLine, &format!("{unit}s skipped")), into);
        around.finish(name, (RemarkKind::NoRow, &format!("{unit}s")), into);
        Ok(())
    }
}

/// True for a line that looks like a row by its date's cell; `is_full`: its other cells are filled.
pub(super) fn looks_like_row(date: &str, is_full: bool) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    date.trim_start().starts_with(is_digit) || is_full && date.contains(is_digit)
}
