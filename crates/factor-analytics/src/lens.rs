//! The lens: a dozen factors made of ETFs, each less what those before it say of it, without look-ahead.
//!
//! Equity and rates are excess returns as they are. Every other factor at row t is its excess return less slope times the
//! excess return of each factor before it, the slopes by weighted least squares (with an intercept, which is not taken
//! away) on the rows before t alone. What is left hardly correlates, so that shares of a variance can be read.

mod moments;
#[cfg(test)]
mod tests;

use std::{ops::Range, sync::Arc};

use chrono::NaiveDate;
use factor_types::{PriceSeries, Ticker, YieldTable, closed_set};
use schemars::JsonSchema;
use serde::Serialize;

use self::moments::Fits;
use crate::{Panel, panel::Window, stats, yields::RiskFree};

closed_set! {
    /// A factor of the lens, in the order in which they are taken out of those after them.
    pub enum LensFactor: "a factor of the lens" {
        /// VTI over cash.
        Equity = "equity",
        /// IEF over cash.
        Rates = "rates",
        /// HYG over cash.
        Credit = "credit",
        /// DBC over cash.
        Commodity = "commodity",
        /// GLD over cash.
        Gold = "gold",
        /// TIP over cash.
        Inflation = "inflation",
        /// EEM over cash.
        Emerging = "emerging",
        /// IWM over cash.
        Small = "small",
        /// IVE less IVW.
        Value = "value",
        /// MTUM over cash.
        Momentum = "momentum",
        /// QUAL over cash.
        Quality = "quality",
        /// USMV over cash.
        LowVolatility = "low_volatility",
    }
}

/// Factors that are their excess returns as they are.
const AS_THEY_ARE: usize = 2;

impl LensFactor {
    /// The ETF that it is, and the one that is taken from it in the place of cash.
    pub const fn funds(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Equity => ("VTI", None),
            Self::Rates => ("IEF", None),
            Self::Credit => ("HYG", None),
            Self::Commodity => ("DBC", None),
            Self::Gold => ("GLD", None),
            Self::Inflation => ("TIP", None),
            Self::Emerging => ("EEM", None),
            Self::Small => ("IWM", None),
            Self::Value => ("IVE", Some("IVW")),
            Self::Momentum => ("MTUM", None),
            Self::Quality => ("QUAL", None),
            Self::LowVolatility => ("USMV", None),
        }
    }

    /// Every ticker whose prices the lens needs.
    pub fn tickers() -> impl Iterator<Item = Ticker> {
        let names = Self::ALL.into_iter().flat_map(|factor| {
            let (long, short) = factor.funds();
            std::iter::once(long).chain(short)
        });
        names.filter_map(|name| name.parse().ok())
    }

    /// Its excess returns on a panel: over `risk_free` (one rate per row), or over the fund that stands in its place. `NaN`
    /// where a price or the rate is missing; `None` where the panel has no column of a fund.
    pub fn raw(self, panel: &Panel, risk_free: &[f64]) -> Option<Vec<f64>> {
        let column = |name: &str| Some(panel.column(panel.position(&name.parse().ok()?)?));
        let (long, short) = self.funds();
        let (long, less) = (column(long)?, short.map_or(Some(risk_free), column)?);
        Some(long.iter().zip(less).map(|(r, less)| r - less).collect())
    }
}

/// Which rows slopes rest on, and how they weigh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LensRule {
    /// The last so many rows before the one that is looked at.
    pub window: usize,
    /// Rows after which a row weighs half.
    pub half_life: f64,
    /// The fewest rows that a factor has to have among them, and in common with those taken out of it.
    pub least: usize,
}

impl LensRule {
    /// 120 months with a half-life of 36, of which 36 are needed, in rows of which a year has so many.
    pub fn of(periods_per_year: f64) -> Self {
        let rows = |months: f64| (months * periods_per_year / 12.0).round();
        Self { window: rows(120.0) as usize, half_life: rows(36.0), least: rows(36.0) as usize }
    }
}

/// One factor of the lens, with what made it.
#[derive(Debug, Clone, PartialEq)]
pub struct LensColumn {
    /// Which one.
    pub factor: LensFactor,
    /// Its excess returns, one per row, `NaN` where missing.
    pub raw: Vec<f64>,
    /// What the factors before it leave of them, one per row; `NaN` where it is too young, or something is missing.
    pub values: Vec<f64>,
    /// For each row and the one after the last, the slopes on the columns before it (0 for one that is not taken out), one row
    /// of them after the other; `NaN` where the factor is too young.
    slopes: Vec<f64>,
    /// How many columns stand before it.
    before: usize,
}

impl LensColumn {
    /// The slopes on the columns before it, in their order, by the rows before `row`, which may be one past the last; `None`
    /// where the factor is too young then.
    pub fn slopes(&self, row: usize) -> Option<&[f64]> {
        let present = self.slopes.get(row * (self.before + 1)..(row + 1) * (self.before + 1))?;
        // The first entry says whether the factor is there at all: equity has no slopes.
        present.split_first().filter(|(there, _)| there.is_finite()).map(|(_, slopes)| slopes)
    }
}

/// The factors of the lens on the rows of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Lens {
    /// Those of which there are prices, in the lens's order.
    pub columns: Vec<LensColumn>,
    /// By which rule.
    pub rule: LensRule,
}

/// What a lens on all prices that are held rests on; of equals the lens is the same. Series that are one in memory are equal without a
/// look at their prices.
#[derive(Debug, Clone)]
pub struct LensBasis {
    pub(crate) window: Window,
    pub(crate) series: Vec<Arc<PriceSeries>>,
    pub(crate) yields: Arc<YieldTable>,
}

impl PartialEq for LensBasis {
    fn eq(&self, other: &Self) -> bool {
        fn same<T: PartialEq>(one: &Arc<T>, other: &Arc<T>) -> bool {
            Arc::ptr_eq(one, other) || one == other
        }
        self.window == other.window
            && self.series.len() == other.series.len()
            && self.series.iter().zip(&other.series).all(|(one, other)| same(one, other))
            && same(&self.yields, &other.yields)
    }
}

impl LensBasis {
    /// The lens; `None` where there are no rows.
    pub fn lens(&self) -> Option<WholeLens> {
        let panel = Panel::build(self.window.clone(), &self.series).ok()?;
        let rates = RiskFree::of(&panel, &self.yields).per_period;
        Some(WholeLens { lens: Lens::of_panel(&panel, &rates), labels: panel.labels().to_vec() })
    }
}

/// The lens on all prices that are held, and where its rows lie: what a window sees of it is cut from here, since its slopes rest
/// on rows before the window.
#[derive(Debug, Clone, PartialEq)]
pub struct WholeLens {
    /// The lens.
    pub lens: Lens,
    /// The label of each of its rows, rising.
    pub labels: Vec<NaiveDate>,
}

impl WholeLens {
    /// A factor's values on other labels, `NaN` on one that is no row of it.
    pub fn on(&self, column: &LensColumn, labels: &[NaiveDate]) -> Vec<f64> {
        let value = |label| self.labels.binary_search(label).map_or(f64::NAN, |at| column.values[at]);
        labels.iter().map(value).collect()
    }

    /// The two factors that correlate most in size from a label on, of which both must have `least` rows.
    pub fn most_correlated_from(&self, first: NaiveDate, least: usize) -> Option<LensPair> {
        let from = self.labels.partition_point(|label| *label < first);
        self.lens.most_correlated(from..self.labels.len(), least)
    }
}

/// Two factors and how they correlate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct LensPair {
    /// One.
    pub a: LensFactor,
    /// The other.
    pub b: LensFactor,
    /// Their Pearson correlation.
    pub correlation: f64,
    /// On so many common rows.
    pub n: usize,
}

impl Lens {
    /// The lens on a panel's rows. Give it one that begins 120 months before the rows that matter: a factor is absent
    /// on a row before which it has not the rows that the rule asks for.
    pub fn of_panel(panel: &Panel, risk_free: &[f64]) -> Self {
        let raw = LensFactor::ALL.into_iter().filter_map(|factor| Some((factor, factor.raw(panel, risk_free)?)));
        Self::of(raw.collect(), LensRule::of(panel.periods_per_year()))
    }

    /// The lens of excess returns, each of one length and with those before it in front of it.
    pub fn of(raw: Vec<(LensFactor, Vec<f64>)>, rule: LensRule) -> Self {
        let rows = raw.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
        let series: Vec<&[f64]> = raw.iter().map(|(_, values)| values.as_slice()).collect();
        let fitted: Vec<(Vec<f64>, Vec<f64>)> = (0..raw.len())
            .map(|at| {
                let is_whole = LensFactor::ALL.iter().take(AS_THEY_ARE).any(|one| *one == raw[at].0);
                residuals(&series[..=at], is_whole, rows, rule)
            })
            .collect();
        let columns = raw.into_iter().zip(fitted).enumerate();
        let columns = columns.map(|(before, ((factor, raw), (values, slopes)))| LensColumn {
            factor,
            raw,
            values,
            slopes,
            before,
        });
        Self { columns: columns.collect(), rule }
    }

    /// A factor's column, where there are prices of it.
    pub fn column(&self, factor: LensFactor) -> Option<&LensColumn> {
        self.columns.iter().find(|column| column.factor == factor)
    }

    /// The two factors that correlate most in size on some rows, of which both must have `least`.
    pub fn most_correlated(&self, rows: Range<usize>, least: usize) -> Option<LensPair> {
        let pairs = (0..self.columns.len()).flat_map(|a| (0..a).map(move |b| (b, a)));
        let of = |(a, b): (usize, usize)| {
            let (a, b) = (&self.columns[a], &self.columns[b]);
            let both = a.values.get(rows.clone())?.iter().zip(b.values.get(rows.clone())?);
            let (x, y): (Vec<f64>, Vec<f64>) = both.filter(|(x, y)| x.is_finite() && y.is_finite()).unzip();
            let correlation = (x.len() >= least.max(3)).then(|| correlation(&x, &y))??;
            Some(LensPair { a: a.factor, b: b.factor, correlation, n: x.len() })
        };
        pairs.filter_map(of).max_by(|one, other| one.correlation.abs().total_cmp(&other.correlation.abs()))
    }
}

/// Pearson's of aligned, complete slices.
fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let (at_x, at_y) = (stats::mean(x)?, stats::mean(y)?);
    let product = stats::sum(x.iter().zip(y).map(|(x, y)| (x - at_x) * (y - at_y)));
    let (sd_x, sd_y) = (stats::standard_deviation(x)?, stats::standard_deviation(y)?);
    stats::ratio(Some(product / (x.len() - 1) as f64), Some(sd_x * sd_y)).map(|r| r.clamp(-1.0, 1.0))
}

/// What the series before the last leave of it at each row, and the slopes by which they are taken away.
fn residuals(series: &[&[f64]], is_whole: bool, rows: usize, rule: LensRule) -> (Vec<f64>, Vec<f64>) {
    let Some((own, before)) = series.split_last() else { return (Vec::new(), Vec::new()) };
    let mut fits = Fits::new(series, is_whole, rule);
    let (mut values, mut all) = (Vec::with_capacity(rows), Vec::with_capacity((rows + 1) * series.len()));
    for row in 0..=rows {
        let slopes = fits.before(row);
        if row < rows {
            let taken = |slopes: &[f64]| {
                let parts = slopes.iter().zip(before).filter(|(slope, _)| **slope != 0.0);
                own[row] - stats::sum(parts.map(|(slope, raw)| slope * raw[row]))
            };
            let value = slopes.as_deref().map_or(f64::NAN, taken);
            values.push(if value.is_finite() { value } else { f64::NAN });
        }
        match slopes {
            Some(slopes) => all.extend(std::iter::once(0.0).chain(slopes)),
            None => all.extend(std::iter::repeat_n(f64::NAN, series.len())),
        }
    }
    (values, all)
}
