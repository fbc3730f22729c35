//! The moves of one series, and how large its moves usually are.

use chrono::NaiveDate;
use factor_types::PriceSeries;

use crate::panel::Spacing;

/// Rows on either side of a move by which its size is judged.
const AROUND: usize = 60;

/// Rows after a move that it may have touched itself: it may be a misprint that goes back.
const TOUCHED: usize = 5;

/// Fewest rows that a side is judged by.
const FEWEST: usize = 20;

/// From a median size to a standard deviation, were moves normal.
const TO_SD: f64 = 1.4826;

/// No series moves less than this by its nature.
const LEAST_SD: f64 = 0.001;

/// The prices of a series as moves from row to row.
#[derive(Debug)]
pub(super) struct Moves<'a> {
    pub(super) dates: &'a [NaiveDate],
    pub(super) prices: &'a [f64],
    pub(super) daily: bool,
}

impl<'a> Moves<'a> {
    pub(super) fn of(series: &'a PriceSeries) -> Self {
        let daily = Spacing::of(series.dates()) == Spacing::Daily;
        Self { dates: series.dates(), prices: series.prices(), daily }
    }

    pub(super) fn rows(&self) -> usize {
        self.prices.len()
    }

    /// ln(p_t / p_(t-1)), of a row after the first.
    pub(super) fn at(&self, row: usize) -> f64 {
        (self.prices[row] / self.prices[row - 1]).ln()
    }

    /// The usual size of a move around a row: 1.4826 times the median size of the 60 moves before it, or of the 60 from six
    /// rows after it, whichever is larger; a side of fewer than 20 says nothing, and where both are so short all moves count.
    /// At least 0.1%.
    pub(super) fn sd(&self, row: usize) -> f64 {
        let rows = self.rows();
        let before = row.saturating_sub(AROUND).max(1)..row;
        let after = (row + TOUCHED + 1).min(rows)..(row + TOUCHED + 1 + AROUND).min(rows);
        let sides = [before, after].into_iter().filter(|side| side.len() >= FEWEST);
        let typical = sides.map(|side| self.median_size(side)).reduce(f64::max);
        (TO_SD * typical.unwrap_or_else(|| self.median_size(1..rows))).max(LEAST_SD)
    }

    fn median_size(&self, rows: std::ops::Range<usize>) -> f64 {
        let mut sizes: Vec<f64> = rows.map(|row| self.at(row).abs()).collect();
        let (count, middle) = (sizes.len(), sizes.len() / 2);
        if count == 0 {
            return 0.0;
        }
        let (below, upper, _) = sizes.select_nth_unstable_by(middle, f64::total_cmp);
        match count % 2 {
            1 => *upper,
            _ => below.iter().copied().fold(0.0, f64::max).midpoint(*upper),
        }
    }

    /// The move from the last price up to `start` to the last up to `end`, with the row of the latter. `None` where there is
    /// no price so early.
    pub(super) fn over(&self, start: NaiveDate, end: NaiveDate) -> Option<(f64, usize)> {
        let last = |day: NaiveDate| self.dates.partition_point(|date| *date <= day).checked_sub(1);
        let (from, to) = (last(start)?, last(end)?);
        Some(((self.prices[to] / self.prices[from]).ln(), to))
    }
}

#[cfg(test)]
mod tests {
    use factor_types::PriceKind;

    use super::*;

    /// Daily prices that move by these logs.
    fn series(moves: &[f64]) -> PriceSeries {
        let days = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap().iter_days();
        let mut level = 100.0_f64.ln();
        let levels = std::iter::once(0.0).chain(moves.iter().copied()).map(|step| {
            level += step;
            level.exp()
        });
        PriceSeries::new("X".parse().unwrap(), PriceKind::Close, days.zip(levels).collect::<Vec<_>>())
    }

    #[test]
    fn the_usual_size_is_that_of_the_livelier_side() {
        // 70 moves of 1%, one of 50%, five large ones that count on neither side, 70 of 2%.
        let mut moves: Vec<f64> = (0..70).map(|at| if at % 2 == 0 { 0.01 } else { -0.01 }).collect();
        moves.push(0.5);
        moves.extend([0.4, -0.4, 0.4, -0.4, 0.4]);
        moves.extend((0..70).map(|at| if at % 2 == 0 { 0.02 } else { -0.02 }));
        let series = series(&moves);
        let found = Moves::of(&series);
        assert!((found.sd(71) - 1.4826 * 0.02).abs() < 1e-12, "{}", found.sd(71));
        // Near the end there is the side before alone.
        assert!((found.sd(146) - 1.4826 * 0.02).abs() < 1e-12);
    }

    #[test]
    fn a_short_series_is_judged_by_all_of_it_and_a_flat_one_by_the_least() {
        let short = series(&[0.01, -0.02, 0.03, -0.04]);
        assert!((Moves::of(&short).sd(2) - 1.4826 * 0.025).abs() < 1e-12, "between the two in the middle");
        let flat = series(&[0.0; 50]);
        assert_eq!(Moves::of(&flat).sd(30), 0.001);
    }

    #[test]
    fn another_s_move_is_over_the_same_days() {
        let series = series(&[0.1, 0.2, 0.3]);
        let moves = Moves::of(&series);
        let day = |day| NaiveDate::from_ymd_opt(2024, 1, day).unwrap();
        let (size, row) = moves.over(day(1), day(3)).unwrap();
        assert!((size - 0.3).abs() < 1e-12 && row == 2);
        assert_eq!(moves.over(day(1).pred_opt().unwrap(), day(3)), None);
    }
}
