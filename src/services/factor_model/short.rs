//! Rows of a summary.

use chrono::NaiveDate;
use factor_analytics::models::{Alpha, Attribution, Share, Style, StyleWeight};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Fitted,
    figures::{Course, Rolling},
};

/// A weight below this is left out of a summary.
const SMALL_WEIGHT: f64 = 5e-5;

/// What a summary of one series has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    /// Newest years of the attribution.
    pub(super) years: usize,
    /// Lowest and highest of the moving windows.
    pub(super) ends: bool,
    /// The attribution of the whole.
    pub(super) attribution: bool,
    /// Errors, shares and diagnostics of the fit.
    pub(super) whole_fit: bool,
}

impl Room {
    /// Less and less, the fewer entries there may be: what can be asked for by name goes first.
    pub(super) fn of(shown: usize) -> Self {
        Self {
            years: if shown >= 15 { 3 } else { usize::from(shown >= 10) },
            ends: shown >= 7,
            attribution: shown >= 4,
            whole_fit: shown >= 2,
        }
    }
}

/// A series among several.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortFit<'a> {
    ticker: &'a str,
    n: usize,
    alpha: Alpha,
    /// The p-value of alpha, adjusted for the number of series of its category.
    #[serde(skip_serializing_if = "Option::is_none")]
    alpha_p_adjusted: Option<f64>,
    betas: IndexMap<&'a str, ShortBeta>,
    r_squared: f64,
}

/// A beta among many.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortBeta {
    beta: f64,
    /// 95% interval.
    interval: Option<[f64; 2]>,
}

/// Moving windows without each of them.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortRolling<'a> {
    window: usize,
    windows: usize,
    factors: IndexMap<&'a str, ShortCourse>,
}

/// How a beta went; among several series its newest value alone.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum ShortCourse {
    /// The newest and the ends.
    Range {
        /// In the newest window.
        latest: f64,
        /// Its 95% interval.
        latest_interval: Option<[f64; 2]>,
        /// Of all windows.
        lowest: f64,
        /// Of all windows.
        highest: f64,
    },
    /// The newest.
    Latest {
        /// In the newest window.
        latest: f64,
        /// Its 95% interval.
        latest_interval: Option<[f64; 2]>,
    },
}

/// An attribution of the whole and of the newest years.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortAttribution<'a> {
    whole: &'a Share,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    years: IndexMap<i32, &'a Share>,
    /// How many years there are.
    year_count: usize,
}

/// A style without its windows and without weights of nothing.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortStyle<'a> {
    n: usize,
    weights: IndexMap<&'a str, StyleWeight>,
    r_squared: f64,
    tracking_error: f64,
    annual_selection_return: f64,
    /// Label of the last period of the newest moving window.
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_window: Option<NaiveDate>,
    /// Its weights.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    latest_weights: IndexMap<&'a str, f64>,
}

impl<'a> ShortFit<'a> {
    pub(super) fn of(one: &'a Fitted) -> Self {
        let factors = one.fit.factors.iter();
        let betas = factors.map(|(name, of)| (name.as_str(), ShortBeta { beta: of.beta, interval: of.interval }));
        Self {
            ticker: one.ticker.as_str(),
            n: one.fit.n,
            alpha: one.fit.alpha,
            alpha_p_adjusted: one.alpha_p_adjusted,
            betas: betas.collect(),
            r_squared: one.fit.r_squared,
        }
    }
}

impl<'a> ShortRolling<'a> {
    pub(super) fn of(rolling: &'a Rolling, with_ends: bool) -> Self {
        let course = |(name, course): (&'a String, &Course)| {
            let Course { latest, latest_interval, lowest, highest, .. } = *course;
            let short = if with_ends {
                ShortCourse::Range { latest, latest_interval, lowest, highest }
            } else {
                ShortCourse::Latest { latest, latest_interval }
            };
            (name.as_str(), short)
        };
        Self { window: rolling.window, windows: rolling.windows, factors: rolling.factors.iter().map(course).collect() }
    }
}

impl<'a> ShortAttribution<'a> {
    /// With so many of the newest years at most.
    pub(super) fn of(attribution: &'a Attribution, years: usize) -> Self {
        let count = attribution.years.len();
        let newest = attribution.years.iter().skip(count.saturating_sub(years));
        Self {
            whole: &attribution.whole,
            years: newest.map(|(year, share)| (*year, share)).collect(),
            year_count: count,
        }
    }
}

impl<'a> ShortStyle<'a> {
    pub(super) fn of(style: &'a Style) -> Self {
        let held = |weight: &f64| *weight > SMALL_WEIGHT;
        let newest = style.rolling.last();
        let latest = newest.into_iter().flat_map(|window| &window.weights).filter(|(_, weight)| held(weight));
        Self {
            n: style.n,
            weights: style.weights.iter().map(|(name, weight)| (name.as_str(), *weight)).collect(),
            r_squared: style.r_squared,
            tracking_error: style.tracking_error,
            annual_selection_return: style.annual_selection_return,
            latest_window: newest.map(|window| window.end),
            latest_weights: latest.map(|(name, weight)| (name.as_str(), *weight)).collect(),
        }
    }
}
