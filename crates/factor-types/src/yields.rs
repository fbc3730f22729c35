//! Treasury yields.

use std::{fmt, str::FromStr};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A constant-maturity US Treasury yield.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Maturity {
    /// Three months: the risk-free rate.
    #[serde(rename = "UST3M")]
    Ust3M,
    /// Two years.
    #[serde(rename = "UST2Y")]
    Ust2Y,
    /// Five years.
    #[serde(rename = "UST5Y")]
    Ust5Y,
    /// Ten years.
    #[serde(rename = "UST10Y")]
    Ust10Y,
    /// Thirty years.
    #[serde(rename = "UST30Y")]
    Ust30Y,
}

impl Maturity {
    /// Every maturity, shortest first.
    pub const ALL: [Self; 5] = [Self::Ust3M, Self::Ust2Y, Self::Ust5Y, Self::Ust10Y, Self::Ust30Y];

    /// The maturities of the rate overlay when none are named.
    pub const OVERLAY: [Self; 4] = [Self::Ust2Y, Self::Ust5Y, Self::Ust10Y, Self::Ust30Y];

    /// The name in arguments, answers and file headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ust3M => "UST3M",
            Self::Ust2Y => "UST2Y",
            Self::Ust5Y => "UST5Y",
            Self::Ust10Y => "UST10Y",
            Self::Ust30Y => "UST30Y",
        }
    }
}

impl fmt::Display for Maturity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Maturity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().to_ascii_uppercase();
        Self::ALL
            .into_iter()
            .find(|maturity| maturity.as_str() == name)
            .ok_or_else(|| format!("`{text}` is not a maturity: write one of UST3M, UST2Y, UST5Y, UST10Y, UST30Y"))
    }
}

/// Yields in percent (4.57 is 4.57%), per maturity, dates strictly rising.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct YieldTable {
    series: Vec<(Maturity, Vec<(NaiveDate, f64)>)>,
}

impl YieldTable {
    /// Replaces one maturity's history. Rows may come in any order; a value that is not finite is dropped, the last of
    /// several rows for one date is kept.
    pub fn insert(&mut self, maturity: Maturity, rows: impl IntoIterator<Item = (NaiveDate, f64)>) {
        let mut rows: Vec<_> = rows.into_iter().filter(|(_, value)| value.is_finite()).collect();
        rows.sort_by_key(|(date, _)| *date);
        rows.reverse();
        rows.dedup_by_key(|(date, _)| *date);
        rows.reverse();
        self.series.retain(|(known, _)| *known != maturity);
        if !rows.is_empty() {
            self.series.push((maturity, rows));
            self.series.sort_by_key(|(maturity, _)| *maturity);
        }
    }

    /// One maturity's history, empty when there is none.
    pub fn get(&self, maturity: Maturity) -> &[(NaiveDate, f64)] {
        self.series.iter().find(|(known, _)| *known == maturity).map_or(&[], |(_, rows)| rows)
    }

    /// The maturities that have a history, shortest first.
    pub fn maturities(&self) -> impl Iterator<Item = Maturity> + '_ {
        self.series.iter().map(|(maturity, _)| *maturity)
    }

    /// True when no maturity has a history.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// The last yield on or before `date` that is at most `days` calendar days older, with its date.
    pub fn last_on_or_before(&self, maturity: Maturity, date: NaiveDate, days: i64) -> Option<(NaiveDate, f64)> {
        let rows = self.get(maturity);
        let (found, value) = *rows[..rows.partition_point(|(day, _)| *day <= date)].last()?;
        ((date - found).num_days() <= days).then_some((found, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_yield_within_reach() {
        let mut table = YieldTable::default();
        table.insert(
            Maturity::Ust10Y,
            [
                (date("2024-03-28"), 4.2),
                (date("2024-03-27"), 4.1),
                (date("2024-03-28"), 4.3),
                (date("2024-04-01"), f64::NAN),
            ],
        );
        let last = |day, days| table.last_on_or_before(Maturity::Ust10Y, date(day), days);
        assert_eq!(last("2024-03-31", 5), Some((date("2024-03-28"), 4.3)));
        assert_eq!(last("2024-03-31", 2), None);
        assert_eq!(last("2024-03-26", 5), None);
        assert_eq!(table.last_on_or_before(Maturity::Ust2Y, date("2024-03-31"), 5), None);
    }

    #[test]
    fn names_read_back() {
        for maturity in Maturity::ALL {
            assert_eq!(maturity.to_string().to_lowercase().parse(), Ok(maturity));
        }
        assert!("UST7Y".parse::<Maturity>().unwrap_err().contains("UST10Y"));
    }
}
