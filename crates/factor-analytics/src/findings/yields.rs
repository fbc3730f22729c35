//! The unit of yields: percent, or what looks like decimals or basis points.

use factor_types::{Maturity, YieldTable};
use schemars::JsonSchema;
use serde::Serialize;

/// Fewest yields by which a unit is judged.
const FEWEST: usize = 20;

/// A median above this is in basis points: 25% a year was never paid.
const TOO_LARGE: f64 = 25.0;

/// A median under this may be in decimals, and for five years and longer any under the second.
const TOO_SMALL: f64 = 0.2;
const TOO_SMALL_FOR_LONG: f64 = 0.17;

/// What a column of yields was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum YieldUnit {
    /// Decimals: 0.0427 for 4.27%.
    Decimals,
    /// Basis points: 427 for 4.27%.
    BasisPoints,
    /// Too few values to tell.
    Unverified,
}

/// A column of yields in another unit than percent, or too short to tell.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct YieldFinding {
    /// Which.
    pub maturity: Maturity,
    /// What it looks like.
    pub unit: YieldUnit,
    /// The median of its values but zeros.
    pub median: f64,
    /// How many these are.
    pub rows: usize,
}

impl YieldUnit {
    /// What the values are to be multiplied by to be percent; `None` where that is not known.
    pub fn factor(self) -> Option<f64> {
        match self {
            Self::Decimals => Some(100.0),
            Self::BasisPoints => Some(0.01),
            Self::Unverified => None,
        }
    }
}

/// The columns that are not percent, or not known to be, each judged by itself: one wrong column among five is found.
///
/// Of the values that are not zero: basis points where the median is above 25, or nine of ten are whole numbers; decimals where
/// the median is under 0.2 and fewer than half are multiples of 0.001 (yields are published to a hundredth of a percent), for
/// five years and longer also where it is under 0.17. Years of rates near zero pass.
pub fn examine_yields(table: &YieldTable) -> Vec<YieldFinding> {
    table.maturities().filter_map(|maturity| examine_column(maturity, table)).collect()
}

fn examine_column(maturity: Maturity, table: &YieldTable) -> Option<YieldFinding> {
    let mut values: Vec<f64> =
        table.get(maturity).iter().map(|(_, value)| *value).filter(|value| *value != 0.0).collect();
    let rows = values.len();
    if rows == 0 {
        return None;
    }
    let share = |fits: &dyn Fn(f64) -> bool| values.iter().filter(|value| fits(**value)).count() as f64 / rows as f64;
    let whole = share(&|value| (value - value.round()).abs() < 1e-9);
    let fine = share(&|value| ((value * 1e3).round() - value * 1e3).abs() < 1e-6);
    let median = *values.select_nth_unstable_by(rows / 2, f64::total_cmp).1;
    let found = |unit| Some(YieldFinding { maturity, unit, median, rows });
    let long = maturity >= Maturity::Ust5Y;
    if rows < FEWEST {
        return found(YieldUnit::Unverified);
    }
    if median > TOO_LARGE || whole >= 0.9 {
        return found(YieldUnit::BasisPoints);
    }
    let decimals = median < TOO_SMALL && (fine < 0.5 || (long && median < TOO_SMALL_FOR_LONG));
    // Yields below zero are percent: decimals of them are looked at by their size.
    if decimals && median.abs() < TOO_SMALL { found(YieldUnit::Decimals) } else { None }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn table(maturity: Maturity, values: impl IntoIterator<Item = f64>) -> YieldTable {
        let mut table = YieldTable::default();
        table.insert(maturity, NaiveDate::from_ymd_opt(2024, 1, 1).unwrap().iter_days().zip(values));
        table
    }

    fn unit(maturity: Maturity, values: impl IntoIterator<Item = f64>) -> Option<YieldUnit> {
        examine_yields(&table(maturity, values)).first().map(|found| found.unit)
    }

    /// Yields around 4.27%, to a hundredth.
    fn percent() -> impl Iterator<Item = f64> {
        (0..60).map(|at| f64::from(400 + at) / 100.0)
    }

    #[test]
    fn decimals_and_basis_points_are_found_and_percent_passes() {
        for maturity in [Maturity::Ust3M, Maturity::Ust10Y] {
            assert_eq!(unit(maturity, percent()), None);
            assert_eq!(unit(maturity, percent().map(|value| value / 100.0)), Some(YieldUnit::Decimals));
            assert_eq!(unit(maturity, percent().map(|value| value * 100.0)), Some(YieldUnit::BasisPoints));
        }
        // Five basis points are whole numbers, whatever their size.
        assert_eq!(unit(Maturity::Ust3M, (0..60).map(|at| f64::from(3 + at % 4))), Some(YieldUnit::BasisPoints));
        assert_eq!(YieldUnit::Decimals.factor(), Some(100.0));
    }

    #[test]
    fn years_of_rates_near_zero_pass() {
        // UST3M of 2014: 0.01 to 0.06 with zeros among them; UST5Y of August 2020: 0.19 to 0.30.
        assert_eq!(unit(Maturity::Ust3M, (0..250).map(|at| f64::from(at % 7) / 100.0)), None);
        assert_eq!(unit(Maturity::Ust5Y, (0..30).map(|at| f64::from(19 + at % 12) / 100.0)), None);
        // Decimals that happen to have three digits only.
        assert_eq!(
            unit(Maturity::Ust10Y, (0..60).map(|at| f64::from(40 + at % 5) / 1000.0)),
            Some(YieldUnit::Decimals)
        );
        assert_eq!(unit(Maturity::Ust3M, (0..60).map(|_| 0.0)), None);
    }

    #[test]
    fn few_yields_are_not_verified_and_one_wrong_column_is_found() {
        assert_eq!(unit(Maturity::Ust3M, percent().take(19)), Some(YieldUnit::Unverified));
        assert_eq!(unit(Maturity::Ust3M, percent().take(20)), None);
        let mut both = table(Maturity::Ust3M, percent());
        both.insert(
            Maturity::Ust5Y,
            NaiveDate::from_ymd_opt(2024, 1, 1).unwrap().iter_days().zip(percent().map(|y| y / 100.0)),
        );
        let found = examine_yields(&both);
        assert_eq!((found.len(), found[0].maturity, found[0].rows), (1, Maturity::Ust5Y, 60));
    }
}
