//! Series whose rows lie days or weeks beside those of all others: a column that slipped, or another market's close.
//!
//! In blocks of 250 trading days the moves of a series are compared with those of eight others: the four it moves with over
//! fortnights, which a slip of some days hardly touches, and the four that move most with all. A series that has little in
//! common with any of them on the same day (all correlations under 0.5) but 0.4 or more, and 0.2 more than that, with one of
//! them up to 25 rows before or after has slipped, where a second of them agrees on the same number of rows: of two series
//! alone it cannot be told which one is late. On 109 funds over fifteen years the largest such correlation is 0.35, and it is
//! less than what that fund has in common with others on the same day.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use chrono::NaiveDate;
use factor_types::{PriceSeries, Ticker, exchange::is_trading_day};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    daily,
    moves::{BLOCK, TO_SD, blocks, median},
};

/// Rows by which a series is late or early at most.
const MOST_ROWS: usize = 25;

/// Rows of a fortnight.
const FORTNIGHT: usize = 10;

/// Series that others are compared with, of which each is with four that it moves with and the four that move most with all.
const COMPARED: usize = 100;
const OF_EACH: usize = 4;

/// On the same day a series that has slipped has less than this in common with others; beside it at least this, and so much
/// more; and with a second one at least this.
const ON_THE_DAY: f64 = 0.5;
const BESIDE: f64 = 0.4;
const MORE: f64 = 0.2;
const SECOND: f64 = 0.25;

/// What the directions of two series have in common, so many rows apart, from which on their moves are looked at: directions of moves
/// with a correlation of 0.4 have 0.26, those of unrelated ones rarely as much as this.
const DIRECTIONS: f64 = 0.15;

/// Correlation so many rows apart from which on it is no other market's close: those of Tokyo and Frankfurt have up to 0.5 with
/// New York's of the day before.
const CERTAIN: f64 = 0.6;

/// The share of a block's rows on which a series has to have a move, and how many usual moves one counts for at most: a crash
/// shall not decide it.
const PRESENT: f64 = 0.9;
const CLIPPED: f64 = 4.0;

/// A stretch of a series whose rows lie beside those of others.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Shifted {
    /// Whose.
    pub ticker: Ticker,
    /// By how many rows it is late; early below zero.
    pub rows: i64,
    /// About when this begins, to a year.
    pub from: NaiveDate,
    /// About when it ends.
    pub to: NaiveDate,
    /// True where it is so throughout.
    pub throughout: bool,
    /// The series that tells it best.
    pub with: Ticker,
    /// Correlation with its moves, so many rows apart.
    pub correlation: f64,
    /// The largest correlation with any on the same day.
    pub on_the_day: f64,
}

impl Shifted {
    /// True of what is no other market's close: with that, a day apart, no series has so much in common.
    pub fn is_certain(&self) -> bool {
        self.throughout && self.correlation.abs() >= CERTAIN
    }
}

/// What slipped in daily series of a year or longer, three of them at least.
pub(super) fn shifted(series: &[Arc<PriceSeries>]) -> Vec<Shifted> {
    let daily: Vec<&PriceSeries> = daily(series).filter(|one| one.len() > BLOCK).collect();
    let Some(longest) = daily.iter().max_by_key(|one| one.len()).filter(|_| daily.len() > 2) else {
        return Vec::new();
    };
    let calendar: Vec<NaiveDate> = longest.dates().iter().copied().filter(|date| is_trading_day(*date)).collect();
    if calendar.len() <= BLOCK {
        return Vec::new();
    }
    let others = Others::of(&calendar, &daily);
    daily.iter().enumerate().flat_map(|(at, one)| others.slips(one, at, &calendar)).collect()
}

/// Moves of a block, of mean zero and length one, so that their product is their correlation.
type Unit = Vec<f64>;

/// The series that others are compared with.
struct Others<'a> {
    /// Each with its place among all.
    series: Vec<(usize, &'a PriceSeries)>,
    blocks: Vec<Vec<Option<Unit>>>,
    fortnights: Vec<Option<Unit>>,
    /// Those that move most with all.
    central: Vec<usize>,
}

/// One block of one series that lies beside the others.
#[derive(Debug, Clone, Copy)]
struct Slip {
    rows: i64,
    with: usize,
    correlation: f64,
    on_the_day: f64,
}

impl<'a> Others<'a> {
    fn of(calendar: &[NaiveDate], daily: &[&'a PriceSeries]) -> Self {
        let mut series: Vec<(usize, &PriceSeries)> = daily.iter().copied().enumerate().collect();
        series.sort_by_key(|(_, one)| std::cmp::Reverse(one.len()));
        series.truncate(COMPARED);
        let (mut blocks, mut fortnights) = (Vec::new(), Vec::new());
        for (_, one) in &series {
            let logs = logs(calendar, one);
            blocks.push(blocks_of(&logs));
            fortnights.push(fortnights_of(&logs));
        }
        let mut others = Self { series, blocks, fortnights, central: Vec::new() };
        let with_all =
            |one: &Option<Unit>| -> f64 { others.relations(one.as_ref()).iter().map(|(size, _)| size).sum() };
        let mut central: Vec<(f64, usize)> = others.fortnights.iter().map(with_all).zip(0..).collect();
        central.sort_by(|a, b| b.0.total_cmp(&a.0));
        others.central = central.into_iter().take(OF_EACH + 1).map(|(_, at)| at).collect();
        others
    }

    /// How closely each moves with some fortnights.
    fn relations(&self, own: Option<&Unit>) -> Vec<(f64, usize)> {
        let of = |(at, other): (usize, &Option<Unit>)| Some((product(own?, other.as_ref()?).abs(), at));
        self.fortnights.iter().enumerate().filter_map(of).collect()
    }

    /// Those that a series is compared with, itself not among them.
    fn asked(&self, place: usize, logs: &[f64]) -> Vec<usize> {
        let is_other = |at: &usize| self.series[*at].0 != place;
        let mut related = self.relations(fortnights_of(logs).as_ref());
        related.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut asked: Vec<usize> = related.into_iter().map(|(_, at)| at).filter(is_other).take(OF_EACH).collect();
        let central: Vec<usize> = self.central.iter().copied().filter(is_other).take(OF_EACH).collect();
        asked.extend(central);
        let mut seen = BTreeSet::new();
        asked.retain(|at| seen.insert(*at));
        asked
    }

    /// The stretches on which a series has slipped.
    fn slips(&self, one: &PriceSeries, place: usize, calendar: &[NaiveDate]) -> Vec<Shifted> {
        let logs = logs(calendar, one);
        let asked = self.asked(place, &logs);
        let own_blocks = blocks_of(&logs);
        let judged = own_blocks.iter().flatten().count();
        let slips = own_blocks.iter().enumerate().map(|(block, own)| self.slip(own.as_ref()?, block, &asked));
        let mut stretches = Vec::<(Range<usize>, Slip)>::new();
        for (block, slip) in slips.enumerate().filter_map(|(block, slip)| Some((block, slip?))) {
            match stretches.last_mut().filter(|(range, last)| range.end == block && last.rows == slip.rows) {
                Some((range, last)) => {
                    range.end = block + 1;
                    if slip.correlation.abs() > last.correlation.abs() {
                        *last = slip;
                    }
                }
                None => stretches.push((block..block + 1, slip)),
            }
        }
        let spans = blocks(calendar.len());
        let shifted = |(range, slip): (Range<usize>, Slip)| Shifted {
            ticker: one.ticker().clone(),
            rows: slip.rows,
            from: calendar[spans[range.start].start],
            to: calendar[spans[range.end - 1].end - 1],
            throughout: range.len() == judged,
            with: self.series[slip.with].1.ticker().clone(),
            correlation: slip.correlation,
            on_the_day: slip.on_the_day,
        };
        stretches.into_iter().map(shifted).collect()
    }

    fn slip(&self, own: &Unit, block: usize, asked: &[usize]) -> Option<Slip> {
        let others: Vec<(usize, &Unit)> =
            asked.iter().filter_map(|at| Some((*at, self.blocks[*at][block].as_ref()?))).collect();
        let mut on_the_day = 0.0_f64;
        for (_, other) in &others {
            on_the_day = on_the_day.max(product(own, other).abs());
            if on_the_day >= ON_THE_DAY {
                return None;
            }
        }
        let (here, there) =
            (Directions::of(own), others.iter().map(|(_, other)| Directions::of(other)).collect::<Vec<_>>());
        let looked_at = |rows: usize, is_late: bool| {
            let common =
                |other: &Directions| if is_late { here.common(*other, rows) } else { other.common(here, rows) };
            there.iter().any(|other| common(other).abs() >= DIRECTIONS)
        };
        let apart = (1..=MOST_ROWS).flat_map(|rows| [(rows, true), (rows, false)]);
        let apart = apart.filter(|(rows, is_late)| looked_at(*rows, *is_late));
        let mut best: Option<Slip> = None;
        for (rows, is_late) in apart {
            let beside: Vec<(f64, usize)> =
                others.iter().map(|(at, other)| (apart_by(own, other, rows, is_late), *at)).collect();
            let agree = beside.iter().filter(|(correlation, _)| correlation.abs() >= SECOND).count();
            let Some((correlation, with)) = beside.into_iter().max_by(|a, b| a.0.abs().total_cmp(&b.0.abs())) else {
                continue;
            };
            let is_slip = agree > 1 && correlation.abs() >= BESIDE.max(on_the_day + MORE);
            if is_slip && best.is_none_or(|best| correlation.abs() > best.correlation.abs()) {
                let rows = i64::try_from(rows).unwrap_or(i64::MAX);
                best = Some(Slip { rows: if is_late { rows } else { -rows }, with, correlation, on_the_day });
            }
        }
        best
    }
}

/// Which moves of a block go up, a bit each.
#[derive(Debug, Clone, Copy)]
struct Directions {
    low: u128,
    high: u128,
}

impl Directions {
    const HALF: usize = 128;

    fn of(moves: &[f64]) -> Self {
        let bits =
            |moves: &[f64]| moves.iter().enumerate().fold(0, |bits, (at, step)| bits | u128::from(*step > 0.0) << at);
        let (low, high) = moves.split_at(Self::HALF.min(moves.len()));
        Self { low: bits(low), high: bits(high) }
    }

    /// The share of rows on which both go the same way less that on which they do not, this one's `rows` later; `rows` is not 0.
    fn common(self, other: Self, rows: usize) -> f64 {
        let (low, high) = (self.low >> rows | self.high << (Self::HALF - rows), self.high >> rows);
        let count = BLOCK - rows;
        let mask = (1_u128 << (count - Self::HALF)) - 1;
        let differ = (low ^ other.low).count_ones() + ((high ^ other.high) & mask).count_ones();
        1.0 - 2.0 * f64::from(differ) / count as f64
    }
}

/// The logs of a series' prices on each day of a calendar, NaN where there is none.
fn logs(calendar: &[NaiveDate], series: &PriceSeries) -> Vec<f64> {
    let (dates, mut row) = (series.dates(), 0);
    let of = |day: &NaiveDate| {
        while dates.get(row).is_some_and(|date| date < day) {
            row += 1;
        }
        if dates.get(row) == Some(day) { series.prices()[row].ln() } else { f64::NAN }
    };
    calendar.iter().map(of).collect()
}

fn blocks_of(logs: &[f64]) -> Vec<Option<Unit>> {
    let of = |span: Range<usize>| {
        let moves: Vec<f64> = span.map(|row| logs[row] - logs[row - 1]).collect();
        let present = moves.iter().filter(|step| step.is_finite()).count() as f64;
        (present >= PRESENT * BLOCK as f64).then(|| unit(moves)).flatten()
    };
    blocks(logs.len()).into_iter().map(of).collect()
}

fn fortnights_of(logs: &[f64]) -> Option<Unit> {
    unit((FORTNIGHT..logs.len()).step_by(FORTNIGHT).map(|row| logs[row] - logs[row - FORTNIGHT]).collect())
}

/// Moves, each at most four times as large as usual, less their mean and divided by their length; those that are missing are
/// zero. `None` where most are zero.
fn unit(mut moves: Vec<f64>) -> Option<Unit> {
    let mut sizes: Vec<f64> = moves.iter().map(|step| step.abs()).filter(|size| size.is_finite()).collect();
    let present = sizes.len() as f64;
    let bound = CLIPPED * TO_SD * median(&mut sizes);
    if bound <= 0.0 {
        return None;
    }
    let clipped = |step: &f64| if step.is_finite() { step.clamp(-bound, bound) } else { 0.0 };
    let mean = moves.iter().map(clipped).sum::<f64>() / present;
    for step in &mut moves {
        *step = if step.is_finite() { step.clamp(-bound, bound) - mean } else { 0.0 };
    }
    let length = product(&moves, &moves).sqrt();
    moves.iter_mut().for_each(|step| *step /= length);
    (length > 0.0).then_some(moves)
}

fn product(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// The correlation of a block with another so many rows before, or after.
fn apart_by(own: &[f64], other: &[f64], rows: usize, is_late: bool) -> f64 {
    if is_late { product(&own[rows..], other) } else { product(own, &other[rows..]) }
}

#[cfg(test)]
mod tests;
