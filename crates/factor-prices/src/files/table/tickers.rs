//! The tickers of a file in long form.

use factor_types::Ticker;

use super::{MAX_SERIES, Table, Targets};
use crate::files::{
    error::FileError,
    layout::TableShape,
    notes::excerpt,
    symbols::{ticker_of, ticker_of_ric},
};

impl Table<'_> {
    /// The targets of a line of a long file, and the group of its ticker; `None` when the ticker cannot be read.
    ///
    /// # Errors
    /// When the file has too many tickers.
    pub(in crate::files) fn targets_of(&mut self, line: u64, ticker: &[u8]) -> Result<Option<Targets>, FileError> {
        let TableShape::Long { columns: of_ticker, .. } = self.layout.shape else { return Ok(None) };
        let text = String::from_utf8_lossy(ticker);
        let group = match self.tickers.get(text.as_ref()) {
            Some(group) => *group,
            None => {
                let read = if self.rics { ticker_of_ric } else { ticker_of };
                let Some(parsed) = read(&text) else {
                    self.bad_tickers
                        .add(|| format!("{} {line}: `{}` is no ticker; skipped", self.unit, excerpt(text.trim())));
                    return Ok(None);
                };
                // ` spy` and `SPY` are one group.
                let known = self.tickers.get(parsed.as_str()).copied();
                let group = match known {
                    Some(group) => group,
                    None => self.new_group(&parsed, line)?,
                };
                self.tickers.insert(text.into_owned(), group);
                group
            }
        };
        // Every ticker has its series side by side, in the order of its columns.
        let columns = of_ticker.columns();
        let mut next = group * columns.iter().flatten().count();
        let targets = columns.map(|column| {
            let target = (column?, next);
            next += 1;
            Some(target)
        });
        Ok(Some((group, targets)))
    }

    fn new_group(&mut self, ticker: &Ticker, line: u64) -> Result<usize, FileError> {
        if self.groups.len() == MAX_SERIES {
            let rule = format!("{} {line}: more than {MAX_SERIES} tickers: split the file", self.unit);
            return Err(FileError::unusable(self.path, rule));
        }
        if let TableShape::Long { columns, .. } = self.layout.shape {
            for (at, kind) in columns.of(ticker) {
                self.target(at, kind);
            }
        }
        self.groups.push(Vec::new());
        self.tickers.insert(ticker.as_str().to_owned(), self.groups.len() - 1);
        Ok(self.groups.len() - 1)
    }
}
