//! Numbers on their way out: rounded, never `-0`, never NaN or infinity.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// How numbers are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// Not at all.
    None,
    /// To so many decimals.
    Decimals(i32),
    /// To so many significant digits; from 16 on a number is written as it is.
    Significant(usize),
}

impl Rounding {
    /// Something as compact JSON, every number that is not whole rounded; `null` where one is not finite.
    pub(crate) fn text(self, value: &(impl Serialize + ?Sized)) -> String {
        let mut text = Vec::new();
        let written = value.serialize(&mut Serializer::with_formatter(&mut text, Writer::of(self)));
        // Only a map whose keys are no strings cannot be written, and memory has room.
        debug_assert!(written.is_ok(), "{written:?}");
        match written {
            Ok(()) => String::from_utf8(text).unwrap_or_default(),
            Err(error) => {
                tracing::error!(%error, "a part of an answer cannot be written");
                "null".to_owned()
            }
        }
    }

    /// A number as it is written where no field's name says otherwise.
    pub(crate) fn round(self, value: f64) -> f64 {
        let decimals = match self {
            Self::None | Self::Significant(16..) => return value,
            Self::Decimals(decimals) => decimals,
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
                Self::None | Self::Decimals(_) => value,
            },
        }
    }
}

impl Formatter for Rounding {
    fn write_f64<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        // Adding zero turns -0 into 0.
        let rounded = self.round(value) + 0.0;
        if rounded.is_finite() { CompactFormatter.write_f64(writer, rounded) } else { self.write_null(writer) }
    }
}

/// Rounds by the field that a number is the value of.
struct Writer {
    rounding: Rounding,
    key: Key,
}

impl Writer {
    fn of(rounding: Rounding) -> Self {
        Self { rounding, key: Key::default() }
    }
}

/// The field that is being written, as far as its name says how its number is rounded.
#[derive(Debug, Default)]
pub(super) struct Key {
    name: String,
    open: bool,
}

impl Key {
    pub(super) fn begin(&mut self) {
        self.name.clear();
        self.open = true;
    }

    pub(super) fn add(&mut self, fragment: &str) {
        if self.open {
            self.name.push_str(fragment);
        }
    }

    pub(super) fn end(&mut self) {
        self.open = false;
    }

    /// What follows is no field's value.
    pub(super) fn forget(&mut self) {
        self.name.clear();
    }

    /// How its number is rounded where others are by `rounding`: a small probability is not 0, and three digits say all of it.
    pub(super) fn rounding(&self, rounding: Rounding) -> Rounding {
        const DIGITS: usize = 3;
        /// Who asks for more digits than answers usually have gets them.
        const USUAL: usize = 6;
        let is_probability = matches!(self.name.as_str(), "p" | "p_adjusted" | "alpha_p" | "alpha_p_adjusted")
            || self.name.ends_with("_under_normality");
        match rounding {
            Rounding::Decimals(_) if is_probability => Rounding::Significant(DIGITS),
            Rounding::Significant(digits) if is_probability && digits <= USUAL => {
                Rounding::Significant(DIGITS.min(digits))
            }
            other => other,
        }
    }
}

impl Formatter for Writer {
    fn write_f64<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        self.key.rounding(self.rounding).write_f64(writer, value)
    }

    fn begin_object_key<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.key.begin();
        CompactFormatter.begin_object_key(writer, first)
    }

    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        self.key.add(fragment);
        CompactFormatter.write_string_fragment(writer, fragment)
    }

    fn end_object_key<W: io::Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.key.end();
        Ok(())
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.key.forget();
        CompactFormatter.end_object(writer)
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
        assert_eq!(six.text(&0.123_456_789), "0.123457");
        assert_eq!(six.text(&-1_234.567_89), "-1234.57");
        assert_eq!(six.text(&0.000_012_345_678_9), "0.0000123457");
        assert_eq!(six.text(&123_456_789.0), "123457000.0");
        assert_eq!(six.text(&1.234_567_89e-40), "1.23457e-40");
        assert_eq!(Rounding::Decimals(4).text(&-0.000_01), "0.0");
        assert_eq!(Rounding::Decimals(4).text(&1e306), "null", "past the largest number on the way");
        assert_eq!(Rounding::Significant(17).text(&(0.1 + 0.2)), "0.30000000000000004");
        assert_eq!(Rounding::None.text(&-0.1), "-0.1");
        assert_eq!(six.text(&f64::NAN), "null");
        assert_eq!(six.text(&f64::INFINITY), "null");
    }

    #[test]
    fn a_small_probability_is_not_zero_and_has_three_digits() {
        let tree = json!({
            "p": 1.234_56e-9, "beta": 1.234_56e-9, "fit": {"p": 0.012_345_6, "t": 2.5},
            "rows": [{"alpha_p_adjusted": 1e-30}, 0.000_01], "tail_under_normality": 6.196_49e-6, "pp": 0.000_01,
        });
        let written = concat!(
            r#"{"p":1.23e-9,"beta":0.0,"fit":{"p":0.0123,"t":2.5},"rows":[{"alpha_p_adjusted":1e-30},0.0],"#,
            r#""tail_under_normality":6.2e-6,"pp":0.0}"#,
        );
        assert_eq!(Rounding::Decimals(4).text(&tree), written);
        assert_eq!(super::super::entries::recorded(&tree, Rounding::Decimals(4)).0, written);
        let p = json!({"p": 0.012_345_678});
        assert_eq!(Rounding::Significant(6).text(&p), r#"{"p":0.0123}"#);
        assert_eq!(Rounding::Significant(12).text(&p), r#"{"p":0.012345678}"#, "who asks for more gets it");
    }

    #[test]
    fn whole_numbers_stay_whole() {
        let tree = json!({"n": 120, "r": [0.123_456_78, null, "0.123456789"]});
        assert_eq!(Rounding::Decimals(4).text(&tree), r#"{"n":120,"r":[0.1235,null,"0.123456789"]}"#);
    }

    proptest! {
        #[test]
        fn six_digits_are_within_half_a_unit(digits in -10.0..10.0_f64, power in -12..=11_i32) {
            let value = digits * 10.0_f64.powi(power);
            let rounded = Rounding::Significant(6).round(value);
            prop_assert!((rounded - value).abs() <= 0.500_001e-5 * value.abs());
        }
    }
}
