//! Changes of a mapping.

use factor_types::{AssetClass, Category, Ticker};
use serde::Serialize;

use crate::ProxyRow;

mod apply;
#[cfg(test)]
mod tests;

pub(crate) use apply::fitting;

/// A change of one kind of mapping. What it does to rows is in [`apply`](Self::apply), the same for every store.
///
/// Two rows are the same when category, key and ETF are; of an industry there is one row, whatever its ETF. Only bonds,
/// cash, commodities and crypto assets have canonical ETFs; elsewhere the mark is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MappingEdit {
    /// Adds rows, or changes those of the same category, key and ETF; never removes one. What a row does not say
    /// (priority, inception, description, notes, what is said of an industry) stays as it is stored. A canonical row makes the
    /// other rows of its key alternates, since a key has one canonical ETF.
    Upsert(Vec<ProxyRow>),
    /// Adds an industry, or changes what is given and keeps the rest; it is active afterwards. With another ETF the
    /// month of inception goes, since it was the old one's.
    Industry(IndustryEdit),
    /// Puts another ETF in the place of one, with its standing: canonical or not, priority, description, what is said
    /// of the industry. The new one is active, and keeps what else it says if it was there already.
    Replace {
        /// The category.
        category: Category,
        /// What both ETFs stand for.
        key: String,
        /// The ETF that goes.
        old: Ticker,
        /// The ETF that comes.
        new: Ticker,
    },
    /// Keeps a row and takes it out of the universe.
    Deactivate {
        /// The category.
        category: Category,
        /// What the ETF stands for.
        key: String,
        /// The ETF.
        etf: Ticker,
    },
    /// Removes every row of a category.
    Clear(Category),
}

/// What is said of an industry; `None` keeps what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndustryEdit {
    /// Its name.
    pub industry: String,
    /// Its ETF.
    pub etf: Ticker,
    /// Its asset class.
    pub asset_class: Option<AssetClass>,
    /// Its group of sectors.
    pub sector_group: Option<String>,
    /// Its finer name.
    pub subindustry: Option<String>,
    /// An administrator's remarks.
    pub notes: Option<String>,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowFate {
    /// It is new.
    Added,
    /// It was there and says something else now.
    Updated,
    /// It was there and says the same.
    Unchanged,
    /// It is gone.
    Removed,
}

/// One row that an edit named or touched, as it is now (as it was, for one that is gone).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EditedRow {
    /// What became of it.
    pub fate: RowFate,
    /// The row.
    pub row: ProxyRow,
}

/// What an edit did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EditReport {
    /// Rows of the tier below that were put first because the kind was empty.
    pub imported: usize,
    /// The rows of the edit.
    pub rows: Vec<EditedRow>,
}

impl EditReport {
    /// How many rows met this fate.
    pub fn count(&self, fate: RowFate) -> usize {
        self.rows.iter().filter(|row| row.fate == fate).count()
    }
}
