//! One series as an offset of another: how they go together, the hedge ratio and what it is worth.

use schemars::JsonSchema;
use serde::Serialize;

use super::{MIN_ROWS, UndefinedField};
use crate::{
    correlation::{Coefficient, pearson},
    inference::{interval, p_value},
    regression::Regression,
    rolling, stats,
};

/// Rows of a rolling window.
pub const ROLLING_WINDOW: usize = 36;

/// Why there is nothing out of sample on rows that are enough.
pub(super) const NOT_VARYING: &str = "a side does not vary on its part of them";

/// How an offset goes together with the factor it is to offset.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Relation {
    /// Pearson's correlation over the common rows, -1 to 1; negative is an offset.
    pub correlation_to_overexposed: Option<f64>,
    /// Its 95% interval by Fisher's z, [low, high].
    pub correlation_interval: Option<[f64; 2]>,
    /// Common rows.
    pub n: usize,
    /// Two-sided p-value of the correlation.
    #[serde(skip)]
    pub p: Option<f64>,
    /// The correlation over the rows on which the factor fell; null under 12 of them.
    pub down_market_correlation: Option<f64>,
    /// The correlation over every window of 36 rows in a row.
    pub rolling_36: Rolling36,
}

/// What the correlations over windows of 36 periods come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Rolling36 {
    /// Lowest; null without a window.
    pub min: Option<f64>,
    /// Highest.
    pub max: Option<f64>,
    /// That of the last window.
    pub latest: Option<f64>,
    /// Windows with every row present on both sides.
    pub windows: usize,
}

/// What a hedge takes away: 1 - var(hedged) / var(factor). 1 is all, 0 nothing, negative adds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Effectiveness {
    /// On the rows that the hedge was estimated on; of the factor alone, so for one offset the squared correlation.
    pub in_sample: Option<f64>,
    /// Estimated on the first two thirds of the rows, evaluated on the rest. Null under 12 rows to evaluate on, and where
    /// the ratio of the first two thirds has the other sign than that of all rows: it tests another trade.
    pub out_of_sample: Option<f64>,
}

/// Which side of an offset takes variance away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Buying it: its hedge ratio is above 0.
    Long,
    /// Selling it short: its hedge ratio is below 0.
    Short,
}

/// The figures of one offset c of the factor f.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct HedgeFigures {
    /// How both go together.
    #[serde(flatten)]
    pub relation: Relation,
    /// -cov(f, c) / var(c), uncapped: units of the offset per unit of the factor; negative is a short position.
    pub hedge_ratio: Option<f64>,
    /// Its sign: whether c is to be bought, or to be sold short. Null where the ratio is 0 or not known.
    pub direction: Option<Direction>,
    /// What that takes away of the factor's variance.
    pub hedge_effectiveness: Effectiveness,
    /// Each null figure and why.
    #[serde(skip)]
    pub undefined: Vec<UndefinedField>,
}

impl HedgeFigures {
    /// Whether the offset is one that is bought: its hedge ratio is above 0.
    pub fn is_bought(&self) -> bool {
        self.hedge_ratio.and_then(Direction::of) == Some(Direction::Long)
    }

    /// The figures of c against f over their common rows; all but `n` undefined with fewer than `min_rows` of them, or
    /// where c does not vary on them.
    pub fn of(f: &[f64], c: &[f64], min_rows: usize) -> Self {
        let (relation, mut undefined) = Relation::of(f, c, min_rows);
        let common = common_rows(&[f, c]);
        let (own, other) = (picked(f, &common), picked(c, &common));
        let fit = Regression::fit(&other, &own).filter(|_| common.len() >= min_rows);
        // 0 - slope and not -slope: an offset that does nothing has a ratio of 0 and not of -0.
        let hedge_ratio = fit.as_ref().map(|fit| 0.0 - fit.slope);
        if hedge_ratio.is_none() {
            undefined.push(("hedge_ratio", too_few(common.len(), min_rows, "the offset does not vary on them")));
        }
        let direction = hedge_ratio.and_then(Direction::of);
        let first = estimation_rows(own.len());
        let early = Regression::fit(&other[..first], &own[..first]).map(|fit| 0.0 - fit.slope);
        let same_trade = early.and_then(Direction::of) == direction;
        let hedged = |ratio: f64, from: usize| own.iter().zip(&other).skip(from).map(|(f, c)| f + ratio * c).collect();
        let hedge_effectiveness = fit.map_or_else(Effectiveness::default, |fit| Effectiveness {
            in_sample: fit.r_squared,
            out_of_sample: early
                .filter(|_| same_trade)
                .and_then(|ratio| out_of_sample(&own, |rows| Some(hedged(ratio, rows)))),
        });
        let otherwise = match early {
            Some(_) if !same_trade => "the ratio of those before them has the other sign: it was another trade",
            _ => NOT_VARYING,
        };
        hedge_effectiveness.note_missing(common.len(), otherwise, &mut undefined);
        Self { relation, hedge_ratio, direction, hedge_effectiveness, undefined }
    }
}

impl Direction {
    /// The sign of a hedge ratio; none at 0.
    fn of(ratio: f64) -> Option<Self> {
        (ratio != 0.0).then_some(if ratio > 0.0 { Self::Long } else { Self::Short })
    }
}

impl Relation {
    /// How c goes together with f, and each null field with its reason.
    pub fn of(f: &[f64], c: &[f64], min_rows: usize) -> (Self, Vec<UndefinedField>) {
        let pair = pearson(f, c, min_rows);
        // Picked by the factor alone: picked by both, the correlation would be one of the picking.
        let falling: Vec<usize> = common_rows(&[f, c]).into_iter().filter(|row| f[*row] < 0.0).collect();
        let down = pearson(&picked(f, &falling), &picked(c, &falling), MIN_ROWS);
        let rolling = rolling::summary_of(&rolling::series(f, c, ROLLING_WINDOW));
        let relation = Self {
            correlation_to_overexposed: pair.r,
            correlation_interval: pair
                .r
                .and_then(|r| interval(r, pair.n, Coefficient::Pearson))
                .map(|(low, high)| [low, high]),
            n: pair.n,
            p: pair.r.and_then(|r| p_value(r, pair.n)),
            down_market_correlation: down.r,
            rolling_36: Rolling36 {
                min: rolling.min,
                max: rolling.max,
                latest: rolling.latest,
                windows: rolling.windows,
            },
        };
        let mut undefined = Vec::new();
        if pair.r.is_none() {
            undefined.push(("correlation_to_overexposed", too_few(pair.n, min_rows, "one side does not vary on them")));
        }
        if down.r.is_none() {
            let reason = too_few(down.n, MIN_ROWS, "one side does not vary on them");
            undefined.push(("down_market_correlation", format!("of the periods in which the factor fell: {reason}")));
        }
        if relation.rolling_36.windows == 0 {
            let reason = format!("no {ROLLING_WINDOW} periods in a row with both present and varying");
            undefined.push(("rolling_36", reason));
        }
        (relation, undefined)
    }
}

impl Effectiveness {
    /// Notes what is null over so many rows: out of sample for want of rows, or else for the reason given.
    pub(super) fn note_missing(&self, rows: usize, otherwise: &str, undefined: &mut Vec<UndefinedField>) {
        if self.in_sample.is_none() {
            let reason = format!("{rows} common periods are too few, or a side does not vary on them");
            undefined.push(("hedge_effectiveness.in_sample", reason));
        }
        if self.out_of_sample.is_none() {
            let left = rows - estimation_rows(rows);
            let reason = too_few(left, MIN_ROWS, otherwise);
            undefined.push(("hedge_effectiveness.out_of_sample", format!("of the periods to evaluate on: {reason}")));
        }
    }
}

/// The rows that estimate a hedge which the others evaluate: the first floor(2n/3).
pub(super) fn estimation_rows(rows: usize) -> usize {
    rows * 2 / 3
}

/// 1 - var(after) / var(before) over the rows after the first two thirds. `hedged` gets the number of rows to estimate
/// on and gives the hedged factor on the others.
pub(super) fn out_of_sample(f: &[f64], hedged: impl FnOnce(usize) -> Option<Vec<f64>>) -> Option<f64> {
    let rows = estimation_rows(f.len());
    if f.len() - rows < MIN_ROWS {
        return None;
    }
    reduction(&f[rows..], &hedged(rows)?)
}

/// 1 - var(after) / var(before); `None` where `before` does not vary.
pub(super) fn reduction(before: &[f64], after: &[f64]) -> Option<f64> {
    stats::ratio(stats::standard_deviation(after), stats::standard_deviation(before)).map(|share| 1.0 - share * share)
}

/// The rows on which every series has a value.
pub(crate) fn common_rows(series: &[&[f64]]) -> Vec<usize> {
    let rows = series.iter().map(|values| values.len()).min().unwrap_or(0);
    (0..rows).filter(|row| series.iter().all(|values| values[*row].is_finite())).collect()
}

/// The values on some rows.
pub(crate) fn picked(values: &[f64], rows: &[usize]) -> Vec<f64> {
    rows.iter().map(|row| values[*row]).collect()
}

pub(super) fn too_few(rows: usize, needed: usize, otherwise: &str) -> String {
    if rows < needed { format!("{rows} common periods, {needed} needed") } else { otherwise.to_owned() }
}
