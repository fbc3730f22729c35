//! The moves of one series, and how large its moves usually are.

use std::ops::Range;

use chrono::NaiveDate;
use factor_types::PriceSeries;

use crate::{panel::Spacing, stats};

/// Moves on either side of a row by which its size is judged, and fewest of them; the nearest alone say how lively these days
/// are.
pub(super) const AROUND: usize = 60;
const FEWEST: usize = 20;
pub(super) const NEAREST: usize = 10;

/// Rows after a move that it may have touched itself: it may be a misprint that goes back.
pub(super) const TOUCHED: usize = 5;

/// From a median size to a standard deviation, were moves normal.
pub(super) const TO_SD: f64 = 1.4826;

/// No series moves less than this by its nature.
pub(super) const LEAST_SD: f64 = 0.001;

/// Rows of a block, by which what lasts is judged.
pub(super) const BLOCK: usize = 250;

/// A price that stands still has not moved: a fund that hardly trades would else be one without moves.
const STILL: f64 = 1e-9;

/// The prices of a series as moves from row to row.
#[derive(Debug)]
pub(super) struct Moves<'a> {
    pub(super) dates: &'a [NaiveDate],
    pub(super) prices: &'a [f64],
    pub(super) daily: bool,
    /// The logarithms of the prices.
    logs: Vec<f64>,
    /// The rows whose price is not that of the row before, and the sizes of their moves.
    moving: Vec<usize>,
    sizes: Vec<f64>,
}

impl<'a> Moves<'a> {
    pub(super) fn of(series: &'a PriceSeries) -> Self {
        let (dates, prices) = (series.dates(), series.prices());
        let daily = Spacing::of(dates) == Spacing::Daily;
        let logs: Vec<f64> = prices.iter().map(|price| price.ln()).collect();
        let all = (1..prices.len()).map(|row| (row, (logs[row] - logs[row - 1]).abs()));
        let (moving, sizes) = all.filter(|(_, size)| *size > STILL).unzip();
        Self { dates, prices, daily, logs, moving, sizes }
    }

    pub(super) fn rows(&self) -> usize {
        self.prices.len()
    }

    /// ln(p_t / p_(t-1)), of a row after the first.
    pub(super) fn at(&self, row: usize) -> f64 {
        self.between(row - 1, row)
    }

    /// How far a row's price lies from another row's.
    pub(super) fn between(&self, from: usize, to: usize) -> f64 {
        self.logs[to] - self.logs[from]
    }

    /// The usual size of a move around a row: 1.4826 times the largest of four medians, those of the sizes of the 60 and of the
    /// 10 moves before it, and of as many from six rows after it; fewer than 20 (or 10) say nothing, and where all are so few
    /// all moves count. Rows on which the price stands still are no moves. At least 0.1%.
    pub(super) fn sd(&self, row: usize) -> f64 {
        let before = self.moving.partition_point(|moving| *moving < row);
        let after = self.moving.partition_point(|moving| *moving <= row + TOUCHED);
        let count = self.sizes.len();
        let side = |span: usize, fewest: usize| {
            let sides = [before.saturating_sub(span)..before, after..(after + span).min(count)];
            sides.into_iter().filter(move |side| side.len() >= fewest)
        };
        let sides = side(AROUND, FEWEST).chain(side(NEAREST, NEAREST));
        let typical = sides.map(|side| median(&mut self.sizes[side].to_vec())).reduce(f64::max);
        (TO_SD * typical.unwrap_or_else(|| median(&mut self.sizes.clone()))).max(LEAST_SD)
    }

    /// The rows whose move may be more than so many times the usual: all such, and few others. Most rows are told by the ten
    /// moves before or after them, without a median.
    pub(super) fn large(&self, times: f64) -> impl Iterator<Item = usize> {
        let is_small = move |at: usize| self.sizes[at] <= times * LEAST_SD || self.is_of_its_days(at, times);
        (0..self.sizes.len()).filter(move |at| !is_small(*at)).map(|at| self.moving[at])
    }

    /// True where more than half of the ten moves on one side are at least the given part of this one: so is their median.
    fn is_of_its_days(&self, at: usize, times: f64) -> bool {
        let (bound, row) = (self.sizes[at] / (times * TO_SD), self.moving[at]);
        let most = |sizes: &[f64]| sizes.iter().filter(|size| **size >= bound).count() > NEAREST / 2;
        let before = at.checked_sub(NEAREST).and_then(|from| self.sizes.get(from..at));
        let later = || self.moving[at..].iter().take_while(|later| **later <= row + TOUCHED).count() + at;
        let after = || later().checked_add(NEAREST).and_then(|until| self.sizes.get(until - NEAREST..until));
        before.is_some_and(most) || after().is_some_and(most)
    }
}

/// ln(to / from), finite for all prices.
pub(super) fn log_move(from: f64, to: f64) -> f64 {
    to.ln() - from.ln()
}

/// The blocks of so many rows, each without the first of all, to which there is no move; the last one reaches the end and may
/// overlap with the one before.
pub(super) fn blocks(rows: usize) -> Vec<Range<usize>> {
    let whole = rows.saturating_sub(1) / BLOCK;
    let mut blocks: Vec<Range<usize>> = (0..whole).map(|at| 1 + at * BLOCK..1 + (at + 1) * BLOCK).collect();
    if blocks.last().is_some_and(|last| last.end < rows) {
        blocks.push(rows - BLOCK..rows);
    }
    blocks
}

/// Zero of nothing.
pub(super) fn median(sizes: &mut [f64]) -> f64 {
    stats::median(sizes).unwrap_or(0.0)
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
    fn a_fund_that_hardly_trades_is_judged_by_the_days_on_which_it_does() {
        // 300 rows of which every fifth moves, by 3%; and ten livelier days in calm ones.
        let thin: Vec<f64> =
            (0..300).map(|at| [0.03, 0.0, 0.0, 0.0, 0.0][at % 5] * if at % 2 == 0 { 1.0 } else { -1.0 }).collect();
        assert!((Moves::of(&series(&thin)).sd(150) - 1.4826 * 0.03).abs() < 1e-12);
        let mut lively: Vec<f64> = (0..200).map(|at| if at % 2 == 0 { 0.001 } else { -0.001 }).collect();
        lively[90..100].iter_mut().for_each(|step| *step *= 20.0);
        assert!((Moves::of(&series(&lively)).sd(101) - 1.4826 * 0.02).abs() < 1e-12, "the ten before");
        assert!((Moves::of(&series(&lively)).sd(150) - 1.4826 * 0.001).abs() < 1e-12);
    }

    #[test]
    fn large_moves_are_never_passed_over() {
        let mut moves: Vec<f64> =
            (0..200).map(|at| f64::from(1 + at * 7 % 13) * if at % 2 == 0 { 1e-3 } else { -1e-3 }).collect();
        moves[4] = 0.09;
        moves[120] = -0.2;
        let series = series(&moves);
        let found = Moves::of(&series);
        let large: Vec<usize> = found.large(3.0).collect();
        for row in 1..found.rows() {
            assert!(found.at(row).abs() <= 3.0 * found.sd(row) || large.contains(&row), "{row}");
        }
        assert!(large.contains(&5) && large.contains(&121) && large.len() < 30, "{large:?}");
    }
}
