//! The jump rule: which prices are likelier a misprint, an unadjusted split or another unit than a move.
//!
//! A row's move g = ln(p_t / p_(t-1)) is measured in usual moves of the series (`moves.rs`: the livelier of the days before and
//! after, far and near) and against what the three series that it moves with let expect (`peers.rs`). Where half of these or
//! more say at least half of the move, it is the market's and not reported; a series whose own price of that day is doubtful
//! says nothing, nor does any on a day on which all of a file moves by one factor (`together.rs`). What is left is *far* beyond 8 usual moves, or beyond 8 usual residuals of a closely followed series
//! (correlation 0.85).
//!
//! - `spike`: within five rows one move brings the price back to within a quarter. Of a move that is not far: more than 2%, and
//!   back the day after (6 usual moves, or 8 residuals), or closely followed.
//! - `level`: within 60 rows one move of the same size brings it back; or it stands, in a fund that is calm (half a percent a
//!   day) or closely followed, where no ratio is near.
//! - `split_like`, `unit_jump`: it stands, and the move, or what the others do not explain of it, is near a ratio.
//! - `unconfirmed`: fewer than five rows after it, or at the very beginning; of lively funds from 10%.
//! - `jump`: any other from 15%.
//!
//! Bars that are not daily: from ln 1.9 on.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use factor_types::{PriceSeries, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    moves::{Moves, median},
    peers::{self, Peer},
    ratios::{near_a_ratio, tolerance},
    together,
};
use crate::{
    observer::{Progress, Stopped},
    parallel::{Threads, for_each},
};

/// Findings of one series; beyond so many it is not looked at further.
const MOST: usize = 100;

/// Moves of one series that are compared with all others.
const MOST_COMPARED: usize = 300;

/// Usual moves from which a move is looked at, takes one that goes back at once to be a misprint, and is far.
const LOOKED_AT: f64 = 3.0;
const LONE: f64 = 6.0;
const FAR: f64 = 8.0;

/// Usual moves of one that another undoes weeks later.
const OF_A_LEVEL: f64 = 4.0;

/// Log moves from which one that neither goes back nor is far is looked at, and from which one that goes back is.
const LARGE: f64 = 0.2;
const SMALL: f64 = 0.02;

/// From which correlation on a series follows another closely, and the share of a move that makes it the other's too.
const CLOSE: f64 = 0.85;
const EXPLAINED: f64 = 0.5;

/// Rows within which a misprint goes back, or which a split stands; and within which a level is undone.
const ROWS: usize = 5;
const UNDONE: usize = 60;

/// The share of a move within which a price is back, and what the move back is of it at least.
const BACK: f64 = 0.25;
const AT_ONCE: f64 = 0.5;

/// A fund that usually moves by less in a day is calm; of others a move at an end, or one that stands, has to be so large.
const CALM: f64 = 0.005;
const AT_AN_END: f64 = 0.10;
const JUMP: f64 = 0.15;

/// The least move of bars that are not daily.
const OF_BARS: f64 = 1.9;

/// Rows at the beginning before which nothing says what the price was.
const BEGINNING: usize = 2;

/// A series of which residuals so small are known moves by a fine ratio only where it was split.
const STEADY: f64 = 0.01;

/// What a large move of one series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A price that is back within five rows.
    Spike,
    /// A level that is undone within sixty rows, or that a calm or closely followed fund never comes to by itself.
    Level,
    /// A move by the ratio of a split that stands.
    SplitLike,
    /// A move by 100 or 1/100 that stands.
    UnitJump,
    /// A move with fewer than five rows after it, or at the very beginning.
    Unconfirmed,
    /// Any other: information.
    Jump,
}

impl FindingKind {
    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spike => "spike",
            Self::Level => "level",
            Self::SplitLike => "split_like",
            Self::UnitJump => "unit_jump",
            Self::Unconfirmed => "unconfirmed",
            Self::Jump => "jump",
        }
    }

    /// True of what is likelier wrong than a move.
    pub fn is_misprint(self) -> bool {
        matches!(self, Self::Spike | Self::Level | Self::SplitLike | Self::UnitJump)
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

/// The findings in each of some series, in their order.
///
/// # Errors
/// [`Stopped`] when the observer says stop.
pub(super) fn examine(series: &[Arc<PriceSeries>], progress: &mut Progress<'_>) -> Result<Vec<Finding>, Stopped> {
    let rows: usize = series.iter().map(|series| series.len()).sum();
    let threads = Threads::Auto.for_work(20.0 * rows as f64);
    let mut moves: Vec<Option<Moves<'_>>> = series.iter().map(|_| None).collect();
    for_each(threads, series.iter().zip(&mut moves), || (), |(), (series, moves)| *moves = Some(Moves::of(series)));
    let moves: Vec<Moves<'_>> = moves.into_iter().flatten().collect();
    let of_all = together::days(&moves);
    let mut large: Vec<Vec<Large<'_>>> = series.iter().map(|_| Vec::new()).collect();
    for_each(threads, moves.iter().zip(&mut large), || (), |(), (moves, large)| *large = Large::all_of(moves));
    let places = large.iter().enumerate().flat_map(|(at, large)| large.iter().map(move |large| (at, large.row)));
    let asked = places.filter(|(at, row)| !of_all.contains(&moves[*at].dates[*row]));
    let asked: Vec<(usize, usize)> = asked.collect();
    let peers = peers::of_many(&moves, &asked, Threads::Auto, progress)?;
    let peers: PeersOf = asked.into_iter().zip(peers).collect();
    let one = |(at, large): (usize, &Vec<Large<'_>>)| examine_one(series[at].ticker(), at, large, (&moves, &peers));
    Ok(large.iter().enumerate().flat_map(one).collect())
}

/// The peers of a large move, by its series and row.
type PeersOf = HashMap<(usize, usize), Vec<Peer>>;

/// The findings among the large moves of one series; those without peers are of days of which no other is an excuse.
fn examine_one(
    ticker: &Ticker,
    at: usize,
    large: &[Large<'_>],
    (all, peers): (&[Moves<'_>], &PeersOf),
) -> Vec<Finding> {
    let moves = &all[at];
    let (mut found, mut compared, mut next) = (Vec::new(), 0, 0);
    for large in large {
        if found.len() == MOST || compared == MOST_COMPARED {
            break;
        }
        let row = large.row;
        if row < next {
            continue;
        }
        compared += 1;
        let peers = peers.get(&(at, row)).map_or_else(Vec::new, |peers| without_doubtful(all, peers));
        let Some((kind, until)) = large.judged(&peers) else { continue };
        let (before, price) = (moves.prices[row - 1], moves.prices[row]);
        let (date, factor) = (moves.dates[row], price / before);
        let ticker = ticker.clone();
        found.push(Finding { kind, ticker, date, until: until.map(|row| moves.dates[row]), before, price, factor });
        // The way back is part of the same misprint.
        next = until.map_or(0, |until| until + 1);
    }
    found
}

/// The series that say something of a move: those whose own price of that day is not doubtful.
fn without_doubtful(all: &[Moves<'_>], peers: &[Peer]) -> Vec<Peer> {
    peers.iter().copied().filter(|peer| !is_doubtful(&all[peer.series], peer.row)).collect()
}

/// A move that is looked at.
#[derive(Debug)]
struct Large<'a> {
    moves: &'a Moves<'a>,
    row: usize,
    step: f64,
    sd: f64,
    /// The row at which the price is back.
    back: Option<usize>,
}

/// What is left of a move when the others have had their say.
#[derive(Debug)]
struct Left {
    /// What they do not explain.
    step: f64,
    /// The usual size of that.
    sd: f64,
    /// True where it is far more than it ever is; and where one of the others is followed closely, too.
    unusual: bool,
    close: bool,
}

impl<'a> Large<'a> {
    /// The moves of a series that are large enough to be compared with others: the first [`MOST_COMPARED`], and as many again,
    /// for those that belong to a misprint are passed over.
    fn all_of(moves: &'a Moves<'a>) -> Vec<Self> {
        let large = moves.large(LOOKED_AT).filter_map(|row| Self::at(moves, row));
        large.take(2 * MOST_COMPARED).collect()
    }

    /// A row's move, where it is large enough to be compared with others.
    fn at(moves: &'a Moves<'a>, row: usize) -> Option<Self> {
        let (step, sd) = (moves.at(row), moves.sd(row));
        let size = step.abs();
        if size <= LOOKED_AT * sd || (!moves.daily && size <= OF_BARS.ln()) {
            return None;
        }
        let large = Self { moves, row, step, sd, back: back(moves, row) };
        (size > LONE * sd || size >= LARGE || large.is_at_an_end() || large.goes_back()).then_some(large)
    }

    fn goes_back(&self) -> bool {
        self.back.or_else(|| self.undone()).is_some()
    }

    fn is_too_new(&self) -> bool {
        self.row + ROWS >= self.moves.rows()
    }

    fn is_at_an_end(&self) -> bool {
        self.is_too_new() || self.row <= BEGINNING
    }

    /// What it is, and the row at which it is over; `None` where the others explain it.
    fn judged(&self, peers: &[Peer]) -> Option<(FindingKind, Option<usize>)> {
        let explaining = peers.iter().filter(|peer| peer.expected / self.step >= EXPLAINED).count();
        if explaining > 0 && 2 * explaining >= peers.len() {
            return None;
        }
        let (size, left) = (self.step.abs(), self.left(peers));
        let usual = size / self.sd;
        let far = usual > FAR || left.close;
        if let Some(back) = self.back {
            let at_once = back == self.row + 1 && (left.unusual || usual > LONE);
            return (far || (at_once && size > SMALL)).then_some((FindingKind::Spike, Some(back)));
        }
        let alone = [self.row - 1, self.row + 1].iter().all(|near| !is_far(self.moves, *near));
        let of_rest = near_a_ratio(left.step.abs(), tolerance(left.sd), left.sd <= STEADY && alone);
        if !(far || left.unusual && of_rest.is_some()) {
            return None;
        }
        let ratio = near_a_ratio(size, tolerance(self.sd), false).filter(|_| usual > FAR).or(of_rest);
        let firm = size > AT_AN_END || self.sd <= CALM || left.close;
        let undone = self.undone().filter(|_| firm);
        let kind = match ratio {
            _ if self.is_too_new() => firm.then_some(FindingKind::Unconfirmed),
            _ if undone.is_some() => Some(FindingKind::Level),
            Some(ratio) => Some(ratio),
            None if self.row <= BEGINNING => firm.then_some(FindingKind::Unconfirmed),
            None if usual > FAR && (self.sd <= CALM || left.close) => Some(FindingKind::Level),
            None => (size > JUMP).then_some(FindingKind::Jump),
        };
        Some((kind?, undone))
    }

    fn left(&self, peers: &[Peer]) -> Left {
        let Some(nearest) = peers.first() else {
            return Left { step: self.step, sd: self.sd, unusual: false, close: false };
        };
        let mut steps: Vec<f64> = peers.iter().map(|peer| self.step - peer.expected).collect();
        let step = median(&mut steps);
        let loosest = peers.iter().map(|peer| peer.sd).fold(0.0, f64::max);
        let close = nearest.correlation.abs() >= CLOSE && step.abs() > FAR * nearest.sd;
        Left { step, sd: nearest.sd.min(self.sd), unusual: step.abs() > FAR * loosest, close }
    }

    /// The row, six to sixty after it, whose one move takes it back.
    fn undone(&self) -> Option<usize> {
        let (moves, size) = (self.moves, self.step.abs());
        if size <= OF_A_LEVEL * self.sd {
            return None;
        }
        let mut rows = self.row + ROWS + 1..(self.row + UNDONE + 1).min(moves.rows());
        let takes_back = |row: usize| (moves.at(row) + self.step).abs() <= BACK * size;
        rows.find(|row| takes_back(*row) && moves.at(*row).abs() > LOOKED_AT * moves.sd(*row))
    }
}

/// The row within the next five at which one move takes the price back.
fn back(moves: &Moves<'_>, row: usize) -> Option<usize> {
    let step = moves.at(row);
    let is_back = |later: usize| moves.between(row - 1, later).abs() <= BACK * step.abs();
    let at_once = |later: usize| -moves.at(later) * step.signum() >= AT_ONCE * step.abs();
    (row + 1..(row + 1 + ROWS).min(moves.rows())).find(|later| is_back(*later) && at_once(*later))
}

/// True of a row whose move is more than eight usual ones.
fn is_far(moves: &Moves<'_>, row: usize) -> bool {
    (1..moves.rows()).contains(&row) && moves.at(row).abs() > FAR * moves.sd(row)
}

/// True of a far move by a ratio, or that goes back, or that is the way back: it says nothing of others.
fn is_doubtful(moves: &Moves<'_>, row: usize) -> bool {
    let is_back = |earlier: usize| is_far(moves, earlier) && back(moves, earlier).is_some_and(|back| back >= row);
    is_far(moves, row)
        && (near_a_ratio(moves.at(row).abs(), tolerance(moves.sd(row)), false).is_some()
            || back(moves, row).is_some()
            || (row.saturating_sub(ROWS).max(1)..row).any(is_back))
}

#[cfg(test)]
mod tests;
