//! Treasury yields.

use chrono::NaiveDate;

crate::closed_set! {
    /// A constant-maturity US Treasury yield. The name is also that of file headers.
    pub enum Maturity: "a maturity" {
        /// Three months: the risk-free rate.
        Ust3M = "UST3M",
        /// Two years.
        Ust2Y = "UST2Y",
        /// Five years.
        Ust5Y = "UST5Y",
        /// Ten years.
        Ust10Y = "UST10Y",
        /// Thirty years.
        Ust30Y = "UST30Y",
    }
}

impl Maturity {
    /// The maturities of the rate overlay when none are named.
    pub const OVERLAY: [Self; 4] = [Self::Ust2Y, Self::Ust5Y, Self::Ust10Y, Self::Ust30Y];
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

    /// The same table without some maturities.
    #[must_use]
    pub fn without(&self, maturities: &[Maturity]) -> Self {
        let kept = self.series.iter().filter(|(maturity, _)| !maturities.contains(maturity));
        Self { series: kept.cloned().collect() }
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
}
