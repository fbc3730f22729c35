//! From figures to places, and the ticks of axes.

use std::fmt;

use crate::words::{decimal, percent};

/// What a figure is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A plain number: correlations, betas.
    Number,
    /// A share or a return as a decimal: 0.05 is written 5%.
    Percent,
}

impl Unit {
    /// A figure in words, with its sign: two decimals of a number, one of a percentage.
    pub(crate) fn signed(self, value: f64) -> String {
        let text = self.plain(value);
        if value > 0.0 && text.chars().any(|letter| ('1'..='9').contains(&letter)) { format!("+{text}") } else { text }
    }

    /// The same without a plus.
    pub(crate) fn plain(self, value: f64) -> String {
        match self {
            Self::Number => decimal(value, 2),
            Self::Percent => percent(value, 1),
        }
    }

    /// A tick of an axis whose ticks are `step` apart.
    fn tick(self, value: f64, step: f64) -> String {
        let in_units = if self == Self::Percent { step * 100.0 } else { step };
        let places = (0..=6).find(|places| {
            let scaled = in_units * 10f64.powi(*places);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.abs().max(1.0)
        });
        let places = places.unwrap_or(6) as usize;
        match self {
            Self::Number => decimal(value, places),
            Self::Percent => percent(value, places),
        }
    }
}

/// One tick: its value and what is written at it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) text: String,
}

/// A scale from values to places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
    is_log: bool,
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.from, self.to)
    }
}

impl Scale {
    /// From the values `from` and `to` to the places `start` and `end`. Where all values are one, it is widened by a unit of 1%.
    pub(crate) fn linear((from, to): (f64, f64), (start, end): (f64, f64)) -> Self {
        let (from, to) = if from.is_finite() && to.is_finite() { (from.min(to), from.max(to)) } else { (0.0, 1.0) };
        let least = (from.abs().max(to.abs()) * 1e-9).max(1e-9);
        let (from, to) = if to - from < least { (from - 0.01, to + 0.01) } else { (from, to) };
        Self { from, to, start, end, is_log: false }
    }

    /// The same, by logarithms; for positive values only.
    pub(crate) fn log((from, to): (f64, f64), places: (f64, f64)) -> Self {
        let from = from.max(1e-12);
        let linear = Self::linear((from, to.max(from * 1.02)), places);
        Self { is_log: true, ..linear }
    }

    /// The place of a value; beyond the ends it is at them.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let share = if self.is_log {
            (value.max(1e-12) / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        self.start + (self.end - self.start) * share.clamp(0.0, 1.0)
    }

    /// Whether a value is between its ends.
    pub(crate) fn holds(&self, value: f64) -> bool {
        value >= self.from - 1e-12 && value <= self.to + 1e-12
    }

    /// About so many round ticks.
    pub(crate) fn ticks(&self, about: usize, unit: Unit) -> Vec<Tick> {
        if self.is_log {
            return self.log_ticks(about);
        }
        let step = step_of(self.to - self.from, about);
        let first = (self.from / step - 1e-6).ceil() as i64;
        let last = (self.to / step + 1e-6).floor() as i64;
        let tick = |at: i64| {
            let value = at as f64 * step;
            Tick { value, text: unit.tick(value, step) }
        };
        (first..=last.min(first + 40)).map(tick).collect()
    }

    fn log_ticks(&self, about: usize) -> Vec<Tick> {
        let powers = (self.from.log10().floor() as i32)..=(self.to.log10().ceil() as i32);
        let of = |steps: &[f64]| -> Vec<f64> {
            let all = powers.clone().flat_map(|power| steps.iter().map(move |step| step * 10f64.powi(power)));
            all.filter(|value| self.holds(*value)).collect()
        };
        let fine: [&[f64]; 4] = [
            &[1.0],
            &[1.0, 2.0, 5.0],
            &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
            &[1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.7, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
        ];
        let found =
            fine.iter().map(|steps| of(steps)).find(|ticks| ticks.len() + 1 >= about).unwrap_or_else(|| of(fine[3]));
        let most = about.max(2) * 2;
        let every = found.len().div_ceil(most).max(1);
        let text = |value: f64| {
            if value < 1.0 || value.fract() != 0.0 {
                decimal(value, if value < 0.1 { 2 } else { 1 })
            } else {
                decimal(value, 0)
            }
        };
        found.into_iter().step_by(every).map(|value| Tick { value, text: text(value) }).collect()
    }
}

/// The lowest and the highest of the finite values; 0 and 1 where there is none.
pub(crate) fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low <= high { (low, high) } else { (0.0, 1.0) }
}

/// A round step for about so many ticks: 1, 2, 2.5 or 5 times a power of ten.
fn step_of(span: f64, about: usize) -> f64 {
    let rough = span / about.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let share = rough / power;
    let round = [1.0, 2.0, 2.5, 5.0].into_iter().find(|round| share <= round * 1.0001).unwrap_or(10.0);
    round * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.text.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_written_with_the_decimals_that_they_need() {
        let scale = Scale::linear((-1.0, 1.0), (0.0, 100.0));
        assert_eq!(texts(&scale.ticks(4, Unit::Number)), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        let scale = Scale::linear((0.0, 0.213), (0.0, 100.0));
        assert_eq!(texts(&scale.ticks(5, Unit::Percent)), ["0%", "5%", "10%", "15%", "20%"]);
        let scale = Scale::linear((0.012, 0.019), (0.0, 100.0));
        assert_eq!(texts(&scale.ticks(3, Unit::Percent)), ["1.25%", "1.50%", "1.75%"]);
        let scale = Scale::linear((2_000.0, 9_000.0), (0.0, 100.0));
        assert_eq!(texts(&scale.ticks(4, Unit::Number)), ["2,000", "4,000", "6,000", "8,000"]);
    }

    #[test]
    fn a_scale_without_values_or_with_one_value_has_a_span() {
        let none = Scale::linear(ends(std::iter::empty()), (0.0, 10.0));
        assert_eq!((none.place(0.0), none.place(1.0)), (0.0, 10.0));
        let one = Scale::linear((0.05, 0.05), (0.0, 10.0));
        assert!(one.place(0.05) > 0.0 && one.place(0.05) < 10.0);
        let zero = Scale::linear((0.0, 0.0), (0.0, 10.0));
        assert!(zero.place(0.0) > 0.0 && zero.place(0.0) < 10.0);
        assert!(Scale::linear((f64::NAN, 1.0), (0.0, 1.0)).place(0.3).is_finite());
    }

    #[test]
    fn logs_double_by_the_same_step() {
        let scale = Scale::log((1.0, 8.0), (0.0, 90.0));
        assert!((scale.place(2.0) - 30.0).abs() < 1e-9 && (scale.place(4.0) - 60.0).abs() < 1e-9);
        assert_eq!(texts(&scale.ticks(4, Unit::Number)), ["1", "2", "5"]);
        let narrow = Scale::log((0.9, 1.3), (0.0, 90.0));
        assert!(narrow.ticks(4, Unit::Number).len() >= 3, "{:?}", narrow.ticks(4, Unit::Number));
    }

    #[test]
    fn signs_are_written_where_there_is_something() {
        assert_eq!(Unit::Percent.signed(0.052), "+5.2%");
        assert_eq!(Unit::Percent.signed(-0.052), "−5.2%");
        assert_eq!(Unit::Percent.signed(0.0001), "0.0%");
        assert_eq!(Unit::Number.signed(-0.0), "0.00");
        assert_eq!(Unit::Number.plain(-0.004), "0.00");
    }
}
