//! Columns of a long table that change within a ticker: its rows are no one series.

use super::Table;
use crate::files::{error::FileError, layout::PartedBy, names::plain, notes::excerpt};

/// How exchanges of the United States are written: a fund that moves from one to another is one series.
const AMERICAN: [&str; 16] = [
    "nyse", "nasdaq", "arca", "bats", "amex", "cboe", "xnas", "xnys", "xase", "nms", "ngm", "ncm", "pcx", "nyq", "ase",
    "us",
];

impl Table<'_> {
    /// Takes what the columns that may part a ticker's rows say of one.
    ///
    /// # Errors
    /// When they say another field than for its rows before, or the exchange of another country.
    pub(in crate::files) fn take_parted<'c>(
        &mut self,
        group: usize,
        line: u64,
        cell: impl Fn(usize) -> &'c [u8],
    ) -> Result<(), FileError> {
        for ((at, by), known) in self.layout.parted.iter().zip(&mut self.parted) {
            let text = String::from_utf8_lossy(cell(*at));
            let text = text.trim();
            let Some((first, before)) = known.get(&group) else {
                if !text.is_empty() {
                    known.insert(group, (text.to_owned(), line));
                }
                continue;
            };
            if text.is_empty() || text.eq_ignore_ascii_case(first) {
                continue;
            }
            let is_american = |text: &str| AMERICAN.iter().any(|start| plain(text).starts_with(start));
            let way_out = match by {
                PartedBy::Field => "keep the rows of one, or give each a column of its own (close, adj_close)",
                PartedBy::Exchange if is_american(first) && is_american(text) => continue,
                PartedBy::Exchange => "keep the rows of one, or give those of each exchange their own ticker",
            };
            let header = self.headers.get(*at).map_or("", |header| header.trim());
            let rule = format!(
                "column {} `{}` has `{}` in {unit} {before} and `{}` in {unit} {line} of the same ticker: {way_out}",
                at + 1,
                excerpt(header),
                excerpt(first),
                excerpt(text),
                unit = self.unit,
            );
            return Err(FileError::unusable(self.path, rule));
        }
        Ok(())
    }
}
