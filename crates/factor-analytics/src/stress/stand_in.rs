//! What stands in for a holding that had no price in an episode: its betas to the factors of the lens that had one.

use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;
use factor_types::Ticker;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{held::Ground, path::Path};
use crate::{
    Panel,
    exposure::ols::MultipleRegression,
    hedge::figures::{common_rows, picked},
    inference::{Z_95, Z_975},
    lens::{Lens, LensColumn},
    stats,
};

/// The fewest months that a holding and the factors that stand in for it must have in common.
const LEAST_MONTHS: usize = 36;

/// How a holding without prices was stood in for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StandIn {
    /// Its beta to each factor of the lens that had prices then, by a regression on the months of both.
    pub betas: IndexMap<String, StandInBeta>,
    /// Months of the regression.
    pub observations: usize,
    /// Share of its variance that the factors explain in them.
    pub r_squared: f64,
    /// Half of the 90% interval of its return here by what the factors do not explain: 1.645 times the residual's deviation
    /// in a month times the root of the episode's length in months.
    pub half_width: Option<f64>,
}

/// A beta and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct StandInBeta {
    /// Excess return per unit of the factor's.
    pub beta: f64,
    /// Its 95% interval by Newey-West errors.
    pub interval: Option<[f64; 2]>,
}

/// What stand-ins are made of: months over all prices held, and the lens on them from the first stand-in on.
#[derive(Debug)]
pub struct Months {
    panel: Arc<Panel>,
    risk_free: Vec<f64>,
    lens: OnceLock<Lens>,
}

impl Months {
    /// Those of a panel of months with the risk-free rate of its rows.
    pub fn new(panel: Arc<Panel>, risk_free: Vec<f64>) -> Self {
        Self { panel, risk_free, lens: OnceLock::new() }
    }

    /// The panel.
    pub fn panel(&self) -> &Panel {
        &self.panel
    }

    fn lens(&self) -> &Lens {
        self.lens.get_or_init(|| Lens::of_panel(&self.panel, &self.risk_free))
    }

    /// The path and the making of a stand-in for a holding with these returns, one per month.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(super) fn stand_in(&self, returns: &[f64], ground: &Ground<'_>) -> Result<(Path, StandIn), String> {
        let factors = self.present(ground);
        if factors.is_empty() {
            return Err("no factor of the lens had prices then and 36 months before".to_owned());
        }
        let y: Vec<f64> = returns.iter().zip(&self.risk_free).map(|(r, rate)| r - rate).collect();
        let kept = in_common(&y, &factors);
        let series: Vec<&[f64]> = kept.iter().map(|one| one.column.values.as_slice()).collect();
        let all: Vec<&[f64]> = std::iter::once(y.as_slice()).chain(series.iter().copied()).collect();
        let rows = common_rows(&all);
        let columns: Vec<Vec<f64>> = series.iter().map(|values| picked(values, &rows)).collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let target = picked(&y, &rows);
        if kept.is_empty() || rows.len() < LEAST_MONTHS.max(kept.len() + 2) {
            let own = y.iter().filter(|value| value.is_finite()).count();
            return Err(format!(
                "its {own} months are too few to tell what would stand in for it, {LEAST_MONTHS} needed"
            ));
        }
        let fit = MultipleRegression::fit(&columns, &target)
            .map_err(|_| "its returns say nothing of what would stand in for it".to_owned())?;
        let betas: Vec<f64> = fit.slopes.iter().map(|slope| slope.value).collect();
        let path = path(&kept, &betas, ground).ok_or("the factors that would stand in for it lack prices within")?;
        let (n, k) = (rows.len() as f64, kept.len() as f64);
        let total: f64 = stats::standard_deviation(&target).map_or(0.0, |sd| sd * sd * (n - 1.0));
        let residual = (fit.residual_share * total / (n - k - 1.0)).sqrt();
        let months = (ground.dates.1 - ground.dates.0).num_days().max(1) as f64 / (365.25 / 12.0);
        let beta = |slope: &crate::exposure::ols::Slope| StandInBeta {
            beta: slope.value,
            interval: slope.error.map(|error| [slope.value - Z_975 * error, slope.value + Z_975 * error]),
        };
        let names = kept.iter().map(|one| one.column.factor.as_str().to_owned());
        let stand_in = StandIn {
            betas: names.zip(fit.slopes.iter().map(beta)).collect(),
            observations: fit.n,
            r_squared: 1.0 - fit.residual_share,
            half_width: residual.is_finite().then(|| Z_95 * residual * months.sqrt()),
        };
        Ok((path, stand_in))
    }

    /// The factors of the lens that had prices from end to end, with what of those before them is in them.
    fn present<'b>(&'b self, ground: &Ground<'_>) -> Vec<Factor<'b>> {
        // The months that were known by then.
        let lens = self.lens();
        let row = self.panel.labels().partition_point(|label| *label <= ground.dates.0);
        let raw: Vec<Option<Vec<(f64, Path)>>> = lens.columns.iter().map(|one| legs(one, ground)).collect();
        let of = |(at, column): (usize, &'b LensColumn)| {
            let mut parts = vec![(1.0, raw[at].clone()?)];
            for (before, slope) in column.slopes(row)?.iter().enumerate().filter(|(_, slope)| **slope != 0.0) {
                parts.push((-slope, raw[before].clone()?));
            }
            Some(Factor { column, parts })
        };
        lens.columns.iter().enumerate().filter_map(of).collect()
    }
}

/// A factor in an episode: excess returns of funds, each with its weight.
struct Factor<'a> {
    column: &'a LensColumn,
    parts: Vec<(f64, Vec<(f64, Path)>)>,
}

/// The funds of a factor's excess return: +1 the one that it is, -1 the one taken from it. One alone is over cash.
fn legs(column: &LensColumn, ground: &Ground<'_>) -> Option<Vec<(f64, Path)>> {
    let (long, short) = column.factor.funds();
    let path = |name: &str| {
        let at = ground.panel.position(&name.parse::<Ticker>().ok()?)?;
        ground.of_column(at).ok()
    };
    let mut legs = vec![(1.0, path(long)?)];
    if let Some(short) = short {
        legs.push((-1.0, path(short)?));
    }
    Some(legs)
}

/// The factors, in their order, that leave the holding enough months with those before them.
fn in_common<'a, 'b>(y: &[f64], factors: &'b [Factor<'a>]) -> Vec<&'b Factor<'a>> {
    let mut kept: Vec<&Factor<'a>> = Vec::new();
    let mut there: Vec<bool> = y.iter().map(|value| value.is_finite()).collect();
    for factor in factors {
        let with: Vec<bool> =
            there.iter().zip(&factor.column.values).map(|(there, value)| *there && value.is_finite()).collect();
        let rows = with.iter().filter(|there| **there).count();
        if rows >= LEAST_MONTHS.max(kept.len() + 3) {
            there = with;
            kept.push(factor);
        }
    }
    kept
}

/// 1 + sum beta x (factor's excess return since the start) + what cash earned since, on the days on which all have prices.
fn path(kept: &[&Factor<'_>], betas: &[f64], ground: &Ground<'_>) -> Option<Path> {
    // How much of each fund there is on balance, and of cash: an excess return is financed at its rate.
    let mut funds: Vec<(f64, &Path)> = Vec::new();
    let mut financed = 0.0;
    for (factor, beta) in kept.iter().zip(betas) {
        for (share, legs) in &factor.parts {
            for (sign, path) in legs {
                funds.push((beta * share * sign, path));
                financed += beta * share * sign;
            }
        }
    }
    let sum = Path::weighted(&funds);
    let value = |(date, value): (&NaiveDate, &f64)| {
        // sum w (p - 1) + 1 + (1 - sum w) x what cash earned.
        let earned = ground.earned(*date)?;
        Some((*date, value - financed + 1.0 + (1.0 - financed) * earned))
    };
    let (dates, values): (Vec<NaiveDate>, Vec<f64>) = sum.dates.iter().zip(&sum.values).map_while(value).unzip();
    (dates.first() == Some(&ground.dates.0) && dates.len() > 1).then_some(Path { dates, values })
}
