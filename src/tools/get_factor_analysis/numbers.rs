//! Numbers on their way out: rounded, never `-0`, never NaN or infinity.

use serde_json::{Number, Value};

/// How numbers are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounding {
    /// To so many decimals.
    Decimals(i32),
    /// To so many significant digits; from 16 on a number is written as it is.
    Significant(usize),
}

impl Rounding {
    /// The number as JSON; `null` when it is not finite.
    pub(super) fn number(self, value: f64) -> Value {
        // Adding zero turns -0 into 0.
        Number::from_f64(self.round(value) + 0.0).map_or(Value::Null, Value::Number)
    }

    fn round(self, value: f64) -> f64 {
        let decimals = match self {
            Self::Decimals(decimals) => decimals,
            Self::Significant(16..) => return value,
            Self::Significant(_) if value == 0.0 || !value.is_finite() => return value,
            Self::Significant(digits) => digits as i32 - 1 - value.abs().log10().floor() as i32,
        };
        // An integer over a power of ten is the double nearest to that decimal, so it prints as it was rounded. Beyond
        // 10^22 powers of ten are inexact; p-values can be that small, and are rounded as text.
        match decimals {
            0..=22 => {
                let scale = 10_f64.powi(decimals);
                (value * scale).round() / scale
            }
            -22..=-1 => {
                let scale = 10_f64.powi(-decimals);
                (value / scale).round() * scale
            }
            _ => match self {
                Self::Significant(digits) => format!("{value:.*e}", digits - 1).parse().unwrap_or(value),
                Self::Decimals(_) => value,
            },
        }
    }

    /// Rounds every number of a tree that is not whole.
    pub(super) fn apply(self, value: &mut Value) {
        match value {
            Value::Number(number) => {
                if let Some(float) = number.as_f64().filter(|_| number.is_f64()) {
                    *value = self.number(float);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.apply(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.apply(field)),
            Value::Null | Value::Bool(_) | Value::String(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn rounds_as_printed() {
        let six = Rounding::Significant(6);
        assert_eq!(six.number(0.123_456_789).to_string(), "0.123457");
        assert_eq!(six.number(-1_234.567_89).to_string(), "-1234.57");
        assert_eq!(six.number(0.000_012_345_678_9).to_string(), "0.0000123457");
        assert_eq!(six.number(123_456_789.0).to_string(), "123457000.0");
        assert_eq!(six.number(1.234_567_89e-40).to_string(), "1.23457e-40");
        assert_eq!(Rounding::Decimals(4).number(-0.000_01).to_string(), "0.0");
        assert_eq!(Rounding::Significant(17).number(0.1 + 0.2), json!(0.1 + 0.2));
        assert_eq!(six.number(f64::NAN), Value::Null);
        assert_eq!(six.number(f64::INFINITY), Value::Null);
    }

    #[test]
    fn whole_numbers_stay_whole() {
        let mut tree = json!({"n": 120, "r": [0.123_456_78, null, "0.123456789"]});
        Rounding::Decimals(4).apply(&mut tree);
        assert_eq!(tree, json!({"n": 120, "r": [0.1235, null, "0.123456789"]}));
    }

    proptest! {
        #[test]
        fn six_digits_are_within_half_a_unit(value in prop::num::f64::NORMAL.prop_filter("in range", |v| (1e-12..1e12).contains(&v.abs()))) {
            let rounded = Rounding::Significant(6).round(value);
            prop_assert!((rounded - value).abs() <= 0.500_001e-5 * value.abs());
        }
    }
}
