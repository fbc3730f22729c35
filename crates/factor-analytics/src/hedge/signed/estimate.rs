//! How sure the ratios and the effectiveness of a hedge are, as an estimate of the past.
//!
//! The circular stationary bootstrap (D. Politis and J. Romano, J. Am. Stat. Assoc. 89, 1994): rows are drawn in blocks that
//! end after each row with a probability of 1/6, the members staying what they are; of each draw ratios and effectiveness are
//! found anew. The interval runs from the 5% to the 95% quantile (type 7 of Hyndman and Fan, 1996) of 1,000 draws.

use std::ops::Range;

use chrono::NaiveDate;

use super::{ENDS, Interval, MAX_MEMBERS, Rule, moments::Basket};
use crate::{
    resample::{RandomLengths, Seed},
    stats,
};

/// Draws.
pub(in crate::hedge) const DRAWS: usize = 1_000;

/// Rows of a block on average.
const MEAN_BLOCK: u32 = 6;

/// At most one draw of so many may be without ratios.
const UNDEFINED_IN: usize = 10;

/// The method and its version, which the draws follow from.
const METHOD: &str = "best_hedge estimate 1";

/// f and up to three members.
const SERIES: usize = MAX_MEMBERS + 1;

/// A sum of each series and of each product of two, with room up to a whole number of a processor's registers.
const SUMS: usize = 16;
const PRODUCTS: [(usize, usize); 10] = [(0, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)];

/// The intervals of one basket.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::hedge) struct Estimate {
    /// Of each member's ratio.
    pub(in crate::hedge) ratios: Vec<Interval>,
    /// Of 1 - var(f + sum h c) / var(f).
    pub(in crate::hedge) effectiveness: Interval,
}

/// What the draws came to, in their order.
struct Drawn {
    ratios: [Vec<f64>; MAX_MEMBERS],
    effectiveness: Vec<f64>,
}

impl Estimate {
    /// The intervals of f hedged by some members, at most three, all complete on the rows that `dates` name.
    ///
    /// `None` where more than a tenth of the draws leave the ratios open.
    pub(in crate::hedge) fn of(dates: &[NaiveDate], f: &[f64], members: &[&[f64]], rule: &Rule) -> Option<Self> {
        let drawn = Drawn::of(dates, f, members, rule);
        if drawn.effectiveness.len() * UNDEFINED_IN < DRAWS * (UNDEFINED_IN - 1) {
            return None;
        }
        let ratios = drawn.ratios.into_iter().take(members.len()).map(interval).collect::<Option<_>>()?;
        Some(Self { ratios, effectiveness: interval(drawn.effectiveness)? })
    }

    /// The interval of the effectiveness alone.
    pub(in crate::hedge) fn of_effectiveness(
        dates: &[NaiveDate],
        f: &[f64],
        members: &[&[f64]],
        rule: &Rule,
    ) -> Option<Interval> {
        let drawn = Drawn::of(dates, f, members, rule).effectiveness;
        (drawn.len() * UNDEFINED_IN >= DRAWS * (UNDEFINED_IN - 1)).then_some(drawn).and_then(interval)
    }
}

impl Drawn {
    fn of(dates: &[NaiveDate], f: &[f64], members: &[&[f64]], rule: &Rule) -> Self {
        let series: Vec<&[f64]> = [f].into_iter().chain(members.iter().copied().take(MAX_MEMBERS)).collect();
        let mut draws = seed(dates, &series).draws();
        let upto = sums_from_the_first(&series, dates.len());
        let lengths = RandomLengths::new(MEAN_BLOCK, dates.len());
        let mut blocks = Vec::with_capacity(dates.len());
        let mut drawn = Self { ratios: Default::default(), effectiveness: Vec::with_capacity(DRAWS) };
        for _ in 0..DRAWS {
            draws.stationary(dates.len(), &lengths, &mut blocks);
            let sums = sums_of(&blocks, &upto);
            let basket = basket_of(&sums, series.len() - 1, dates.len() as f64);
            let Some(mut ratios) = basket.ratios(rule.ridge) else { continue };
            if basket.size == 1 {
                ratios[0] = rule.cut(ratios[0]);
            }
            drawn.ratios.iter_mut().zip(ratios).for_each(|(all, ratio)| all.push(ratio));
            drawn.effectiveness.push(basket.effectiveness(&ratios));
        }
        drawn
    }
}

/// The dates and the values of f and its members alone, so that other series change no draw.
fn seed(dates: &[NaiveDate], series: &[&[f64]]) -> Seed {
    let mut seed = Seed::of(METHOD);
    let mut values = Vec::with_capacity(SERIES);
    for (row, date) in dates.iter().enumerate() {
        values.clear();
        values.extend(series.iter().map(|values| values[row]));
        seed.row(*date, &values);
    }
    seed
}

/// The sums of the rows before each, and of all of them, of values less their means, so that little is lost in a difference.
fn sums_from_the_first(series: &[&[f64]], rows: usize) -> Vec<[f64; SUMS]> {
    let means: Vec<f64> = series.iter().map(|values| stats::mean(values).unwrap_or(0.0)).collect();
    let mut upto = Vec::with_capacity(rows + 1);
    let mut sums = [0.0; SUMS];
    upto.push(sums);
    for row in 0..rows {
        let mut value = [0.0; SERIES];
        series.iter().zip(&means).enumerate().for_each(|(at, (values, mean))| value[at] = values[row] - mean);
        (0..SERIES).for_each(|at| sums[at] += value[at]);
        PRODUCTS.iter().zip(&mut sums[SERIES..]).for_each(|((i, j), sum)| *sum += value[*i] * value[*j]);
        upto.push(sums);
    }
    upto
}

/// The sums over circular blocks, each a difference of two; of one that goes on with the first row all rows more.
fn sums_of(blocks: &[Range<usize>], upto: &[[f64; SUMS]]) -> [f64; SUMS] {
    let rows = upto.len() - 1;
    let (mut sums, mut rounds) = ([0.0; SUMS], 0);
    for block in blocks {
        let beyond = usize::from(block.end > rows);
        rounds += beyond;
        let (until, from) = (&upto[block.end - beyond * rows], &upto[block.start]);
        (0..SUMS).for_each(|at| sums[at] += until[at] - from[at]);
    }
    (0..SUMS).for_each(|at| sums[at] += rounds as f64 * upto[rows][at]);
    sums
}

/// The moments about the draw's own means.
fn basket_of(sums: &[f64; SUMS], members: usize, rows: f64) -> Basket {
    let mut moments = [[0.0; SERIES]; SERIES];
    for ((i, j), products) in PRODUCTS.iter().zip(&sums[SERIES..]) {
        let moment = products - sums[*i] * sums[*j] / rows;
        (moments[*i][*j], moments[*j][*i]) = (moment, moment);
    }
    let mut basket = Basket { size: members, variance: moments[0][0], ..Basket::default() };
    for i in 0..members {
        basket.with_factor[i] = moments[0][i + 1];
        (0..members).for_each(|j| basket.between[i][j] = moments[i + 1][j + 1]);
    }
    basket
}

fn interval(mut values: Vec<f64>) -> Option<Interval> {
    values.sort_unstable_by(f64::total_cmp);
    let [low, high] = ENDS.map(|end| stats::quantile_of_sorted(&values, end));
    Some(Interval::new(low?, high?))
}
