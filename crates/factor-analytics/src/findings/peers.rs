//! What the series that a fund moves with say of one of its moves.

use chrono::NaiveDate;

mod on_a_day;

pub(super) use self::on_a_day::of_many;
use super::moves::{AROUND, LEAST_SD, Moves, NEAREST, TO_SD, TOUCHED, median};

/// Fewest common moves by which two series are known to move together, and the least correlation of these.
const FEWEST: usize = 20;
const RELATED: f64 = 0.5;

/// Of so many of the best correlated one may be wrong itself.
const ASKED: usize = 3;

/// Moves count for a correlation up to so many times their usual size: a misprint among them shall not decide it.
const CLIPPED: f64 = 4.0;

/// A series that moves with another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Peer {
    /// Which.
    pub(super) series: usize,
    /// The row of its price at the end of the move.
    pub(super) row: usize,
    /// Of their moves around this one.
    pub(super) correlation: f64,
    /// What the other's move lets expect.
    pub(super) expected: f64,
    /// The usual size of what it does not explain, of the livelier of these days and those around.
    pub(super) sd: f64,
}

/// The rows by whose moves a row's move is judged: the 60 before it and the 60 from six rows after it.
fn rows_around(own: &Moves<'_>, row: usize) -> Vec<usize> {
    let before = row.saturating_sub(AROUND).max(1)..row;
    let after = row + TOUCHED + 1..(row + TOUCHED + 1 + AROUND).min(own.rows());
    before.chain([row]).chain(after).collect()
}

/// The three best correlated of the series that have a price at both ends of a row's move, by the moves around it, of days that
/// both have.
pub(super) fn of(all: &[Moves<'_>], at: usize, row: usize) -> Vec<Peer> {
    let rows = rows_around(&all[at], row);
    let others = all.iter().enumerate().filter(|(other, _)| *other != at);
    best(others.filter_map(|other| peer(&all[at], row, &rows, other)).collect())
}

/// The best of some, given in the order of their series.
fn best(mut peers: Vec<Peer>) -> Vec<Peer> {
    peers.sort_by(|a, b| b.correlation.abs().total_cmp(&a.correlation.abs()));
    peers.truncate(ASKED);
    peers
}

fn peer(own: &Moves<'_>, row: usize, rows: &[usize], (series, other): (usize, &Moves<'_>)) -> Option<Peer> {
    other.dates.binary_search(&own.dates[row]).ok()?;
    let mut cursor = Cursor::new(other, own.dates[rows[0] - 1]);
    let (mut here, mut there, mut moved, mut split) = (Vec::new(), Vec::new(), None, 0);
    for at in rows {
        let Some((from, to)) = cursor.both(own.dates[at - 1], own.dates[*at]) else { continue };
        let step = other.between(from, to);
        if *at == row {
            (moved, split) = (Some((step, to)), here.len());
            continue;
        }
        here.push(own.at(*at));
        there.push(step);
    }
    let (step, to) = moved?;
    if here.len() < FEWEST {
        return None;
    }
    let (correlation, beta) = line(&clipped(&there), &clipped(&here))?;
    (correlation.abs() >= RELATED).then(|| {
        let mut left: Vec<f64> = here.iter().zip(&there).map(|(own, other)| (own - beta * other).abs()).collect();
        Peer { series, row: to, correlation, expected: beta * step, sd: lively(&mut left, split) }
    })
}

/// The usual size of what is left: the largest of three medians, that of all and those of the ten before and after.
fn lively(left: &mut [f64], split: usize) -> f64 {
    let nearest = [split.saturating_sub(NEAREST)..split, split..(split + NEAREST).min(left.len())];
    let nearest = nearest.into_iter().filter(|side| side.len() == NEAREST).map(|side| median(&mut left[side].to_vec()));
    let typical = nearest.reduce(f64::max);
    (TO_SD * typical.unwrap_or(0.0).max(median(left))).max(LEAST_SD)
}

/// Moves, each at most four times as large as usual.
fn clipped(moves: &[f64]) -> Vec<f64> {
    let mut sizes: Vec<f64> = moves.iter().map(|size| size.abs()).collect();
    let bound = CLIPPED * TO_SD * median(&mut sizes);
    moves.iter().map(|size| size.clamp(-bound, bound)).collect()
}

/// Correlation, and slope of the second on the first; `None` where either does not move.
pub(super) fn line(x: &[f64], y: &[f64]) -> Option<(f64, f64)> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (of_x, of_y) = (mean(x), mean(y));
    let sum = |a: &[f64], b: &[f64], (of_a, of_b): (f64, f64)| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - of_a) * (b - of_b)).sum()
    };
    let (xx, yy, xy) = (sum(x, x, (of_x, of_x)), sum(y, y, (of_y, of_y)), sum(x, y, (of_x, of_y)));
    let found = (xy / (xx * yy).sqrt(), xy / xx);
    (found.0.is_finite() && found.1.is_finite()).then_some(found)
}

/// Finds rising dates in a series in one pass.
struct Cursor<'a> {
    dates: &'a [NaiveDate],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(moves: &Moves<'a>, first: NaiveDate) -> Self {
        Self { dates: moves.dates, at: moves.dates.partition_point(|date| *date < first) }
    }

    fn row_of(&mut self, day: NaiveDate) -> Option<usize> {
        while self.dates.get(self.at).is_some_and(|date| *date < day) {
            self.at += 1;
        }
        (self.dates.get(self.at) == Some(&day)).then_some(self.at)
    }

    /// The rows of two days, where there are both.
    fn both(&mut self, from: NaiveDate, to: NaiveDate) -> Option<(usize, usize)> {
        let from = self.row_of(from);
        let to = self.row_of(to);
        Some((from?, to?))
    }
}
