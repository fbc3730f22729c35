//! What is known of a fund besides its prices.

/// What a file of such facts says of a fund; `None` where it does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FundFacts {
    /// Whether it pays out income at all.
    pub pays_income: Option<bool>,
    /// Its costs in a year.
    pub expense_ratio: Option<Ratio>,
    /// What is traded of it on a usual day, in whole US dollars.
    pub average_daily_value: Option<u64>,
    /// The yield of the thirty days before, by the rule of the Securities and Exchange Commission.
    pub sec_yield: Option<Ratio>,
}

/// A ratio in millionths, so that what has one can be compared and hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(i32);

impl Ratio {
    const MILLIONTHS: f64 = 1e6;

    /// The nearest millionth to a decimal (0.0009 is 0.09%); `None` for what is no number, or over 1 in size.
    pub fn new(decimal: f64) -> Option<Self> {
        // Within i32 by the bound before.
        #[expect(clippy::cast_possible_truncation, reason = "at most a million in size")]
        (decimal.abs() <= 1.0).then(|| Self((decimal * Self::MILLIONTHS).round() as i32))
    }

    /// It as a decimal.
    pub fn decimal(self) -> f64 {
        f64::from(self.0) / Self::MILLIONTHS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_comes_back_as_it_was_written() {
        let again = |decimal: f64| Ratio::new(decimal).map(Ratio::decimal);
        assert_eq!(again(0.000_945), Some(0.000_945));
        assert_eq!(again(-0.0121), Some(-0.0121));
        assert_eq!((again(1.01), again(f64::NAN), again(1.0)), (None, None, Some(1.0)));
        assert!(Ratio::new(0.0009) < Ratio::new(0.000_945));
    }
}
