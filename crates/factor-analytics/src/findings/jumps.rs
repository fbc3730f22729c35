//! The jump rule: which prices are likelier a misprint, an unadjusted split or another unit than a move.
//!
//! A row is a candidate where |g| = |ln(p_t / p_(t-1))| > max(0.15, 8 sd), sd being the usual size of a move around it; of bars
//! that are not daily, max(ln 1.9, 8 sd). It is the market's, and not reported, where the benchmark moves by 5 of its own sd
//! over the same days, or another series by 0.4 |g| in either direction (an inverse or geared fund moves with what it is
//! built on) and not by a ratio itself. On a day that the benchmark alone makes the market's, a move within 1% of a ratio, or
//! one of ln 4 and more that goes back, is reported all the same.

use std::{collections::BTreeSet, sync::Arc};

use chrono::NaiveDate;
use factor_types::{PriceSeries, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

use super::moves::Moves;

/// Findings of one series; beyond so many it is not looked at further.
const MOST: usize = 100;

/// Candidates of one series that are compared with all others.
const MOST_COMPARED: usize = 1000;

/// The least log move of a candidate, and how many usual moves it has to be.
const LEAST: f64 = 0.15;
const USUAL: f64 = 8.0;

/// Usual moves of the benchmark that make a day the market's.
const OF_BENCHMARK: f64 = 5.0;

/// The share of a move with which another series makes a day the market's.
const FAR: f64 = 0.4;

/// Rows within which a misprint goes back, or which a split stands.
const ROWS: usize = 5;

/// The share of a move within which a price is back.
const BACK: f64 = 0.25;

/// What splits multiply a price by, or divide it.
const RATIOS: [f64; 17] = [1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0];

/// Pounds and pence, dollars and cents.
const UNIT: f64 = 100.0;

/// What a large move of one series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A price that is back within five rows.
    Spike,
    /// A move by the ratio of a split that stands.
    SplitLike,
    /// A move by 100 or 1/100 that stands.
    UnitJump,
    /// A move with fewer than five rows after it.
    Unconfirmed,
    /// Any other: information.
    Jump,
}

impl FindingKind {
    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spike => "spike",
            Self::SplitLike => "split_like",
            Self::UnitJump => "unit_jump",
            Self::Unconfirmed => "unconfirmed",
            Self::Jump => "jump",
        }
    }

    /// True of what is likelier wrong than a move.
    pub fn is_misprint(self) -> bool {
        matches!(self, Self::Spike | Self::SplitLike | Self::UnitJump)
    }
}

/// A large move that the market does not explain.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// Whose.
    pub ticker: Ticker,
    /// The date of the price.
    pub date: NaiveDate,
    /// When the price is back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// The price before.
    pub before: f64,
    /// The price.
    pub price: f64,
    /// The second over the first.
    pub factor: f64,
}

/// What the others of a file say about a move.
struct Others<'a> {
    moves: &'a [Moves<'a>],
    /// Which of them is the benchmark.
    benchmark: Option<usize>,
    /// The days on which the benchmark's own prices are doubtful, and say nothing about others.
    misprinted: BTreeSet<NaiveDate>,
}

/// The findings in each of some series, in their order.
pub(super) fn examine(series: &[Arc<PriceSeries>], benchmark: Option<&Ticker>) -> Vec<Finding> {
    let moves: Vec<Moves<'_>> = series.iter().map(|series| Moves::of(series)).collect();
    let benchmark = benchmark.and_then(|ticker| series.iter().position(|series| series.ticker() == ticker));
    let mut others = Others { moves: &moves, benchmark, misprinted: BTreeSet::new() };
    if let Some(at) = benchmark {
        let doubtful = examine_one(series[at].ticker(), at, &others);
        let doubtful = doubtful.iter().filter(|found| found.kind != FindingKind::Jump);
        others.misprinted = doubtful.flat_map(|found| std::iter::once(found.date).chain(found.until)).collect();
    }
    series.iter().enumerate().flat_map(|(at, series)| examine_one(series.ticker(), at, &others)).collect()
}

fn examine_one(ticker: &Ticker, at: usize, others: &Others<'_>) -> Vec<Finding> {
    let moves = &others.moves[at];
    let (mut found, mut compared, mut row) = (Vec::new(), 0, 1);
    while row < moves.rows() && found.len() < MOST && compared < MOST_COMPARED {
        let Some(sd) = candidate(moves, row) else {
            row += 1;
            continue;
        };
        compared += 1;
        let back = back(moves, row);
        if let Some(kind) = judged(moves, row, sd, back, &|share| others.moved(at, row, share)) {
            let (before, price) = (moves.prices[row - 1], moves.prices[row]);
            let until = back.map(|back| moves.dates[back]);
            found.push(Finding {
                kind,
                ticker: ticker.clone(),
                date: moves.dates[row],
                until,
                before,
                price,
                factor: price / before,
            });
            // The way back is part of the same misprint.
            row = back.unwrap_or(row);
        }
        row += 1;
    }
    found
}

/// The usual size of a move there, where this one is so large that it is looked at.
fn candidate(moves: &Moves<'_>, row: usize) -> Option<f64> {
    let least = if moves.daily { LEAST } else { 1.9_f64.ln() };
    let size = moves.at(row).abs();
    if size <= least {
        return None;
    }
    let sd = moves.sd(row);
    (size > USUAL * sd).then_some(sd)
}

/// The row within the next five at which the price is back.
fn back(moves: &Moves<'_>, row: usize) -> Option<usize> {
    let (before, size) = (moves.prices[row - 1], moves.at(row).abs());
    let later = row + 1..(row + 1 + ROWS).min(moves.rows());
    later.into_iter().find(|later| (moves.prices[*later] / before).ln().abs() <= BACK * size)
}

/// What a candidate is; `None` where the market explains it.
fn judged(
    moves: &Moves<'_>,
    row: usize,
    sd: f64,
    back: Option<usize>,
    others_moved: &dyn Fn(f64) -> Moved,
) -> Option<FindingKind> {
    let size = moves.at(row).abs();
    match others_moved(size) {
        Moved::Peer => return None,
        Moved::Benchmark if near_a_ratio(size, 0.01).is_none() && (back.is_none() || size < 4.0_f64.ln()) => {
            return None;
        }
        Moved::Benchmark | Moved::Nobody => {}
    }
    Some(match back {
        Some(_) => FindingKind::Spike,
        None if row + ROWS >= moves.rows() => FindingKind::Unconfirmed,
        None => near_a_ratio(size, tolerance(sd)).unwrap_or(FindingKind::Jump),
    })
}

/// Who moved along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    Nobody,
    /// The benchmark, by more than it usually does, and nobody as far.
    Benchmark,
    /// Another series, nearly as far.
    Peer,
}

impl Others<'_> {
    /// Who moved along with a move of this size, of a series' row.
    fn moved(&self, at: usize, row: usize, size: f64) -> Moved {
        let (start, end) = (self.moves[at].dates[row - 1], self.moves[at].dates[row]);
        let benchmark = self.benchmark.filter(|benchmark| *benchmark != at);
        // What is doubtful itself says nothing of others.
        let says = |other: usize| other != at && (Some(other) != benchmark || !self.misprinted.contains(&end));
        let far = |(other, moves): (usize, &Moves<'_>)| {
            let found = moves.over(start, end).filter(|(found, _)| says(other) && found.abs() >= FAR * size);
            found.is_some_and(|(found, row)| row > 0 && near_a_ratio(found.abs(), tolerance(moves.sd(row))).is_none())
        };
        if self.moves.iter().enumerate().any(far) {
            return Moved::Peer;
        }
        let unusual = |benchmark: &Moves<'_>| {
            let found = benchmark.over(start, end).filter(|(_, row)| *row > 0);
            found.is_some_and(|(found, row)| found.abs() > OF_BENCHMARK * benchmark.sd(row))
        };
        match benchmark.filter(|at| says(*at)).map(|at| &self.moves[at]).is_some_and(unusual) {
            true => Moved::Benchmark,
            false => Moved::Nobody,
        }
    }
}

/// How near to a ratio a move has to be: what the fund itself may have moved on the day.
fn tolerance(sd: f64) -> f64 {
    (3.0 * sd).clamp(0.01, 0.06)
}

/// The kind of a move whose size is near a ratio's.
fn near_a_ratio(size: f64, tolerance: f64) -> Option<FindingKind> {
    let near = |ratio: f64| (size - ratio.ln()).abs() <= tolerance;
    if near(UNIT) {
        return Some(FindingKind::UnitJump);
    }
    (size >= 1.4_f64.ln() && RATIOS.into_iter().any(near)).then_some(FindingKind::SplitLike)
}

#[cfg(test)]
mod tests;
