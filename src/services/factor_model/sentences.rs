//! What the figures say in words. Their numbers are the fields' numbers, to four decimals.

use factor_analytics::{
    inference::SIGNIFICANCE_LEVEL,
    models::{Estimator, FactorEstimate},
};
use indexmap::IndexMap;

use super::{
    Fitted, Modelled,
    request::{Model, Request},
};
use crate::answer::markdown::in_words;

/// Series that have sentences of their own.
const SENTENCES: usize = 3;
/// Under this Durbin-Watson statistic, or as far above 2, neighbouring residuals go together.
const ALIKE: f64 = 1.5;

/// What stands out: what each series moves with, and whether anything is left.
pub(super) fn insights(all: &Modelled) -> Vec<String> {
    let unit = all.context.common().frequency.periods();
    let mut said: Vec<String> = all.fitted.iter().take(SENTENCES).flat_map(|one| of_series(one, all, unit)).collect();
    if all.fitted.len() > 1 {
        let tested = all.fitted.iter().filter(|one| one.fit.alpha.p.is_some()).count();
        let passed = |p: &dyn Fn(&Fitted) -> Option<f64>| {
            all.fitted.iter().filter(|one| p(one).is_some_and(|p| p < SIGNIFICANCE_LEVEL)).count()
        };
        said.push(format!(
            "Alpha differs from 0 at 5% in {} of {tested}, after adjusting for their number (Benjamini and Hochberg) in {}; by chance alone {} would.",
            passed(&|one| one.fit.alpha.p),
            passed(&|one| one.alpha_p_adjusted.or(one.fit.alpha.p)),
            in_words(SIGNIFICANCE_LEVEL * tested as f64)
        ));
    }
    said
}

fn of_series(one: &Fitted, all: &Modelled, unit: &str) -> Vec<String> {
    let fit = &one.fit;
    let mut ranked: Vec<(&String, &FactorEstimate)> = fit.factors.iter().collect();
    ranked.sort_by(|a, b| b.1.variance_share.abs().total_cmp(&a.1.variance_share.abs()));
    let main: Vec<String> = ranked
        .iter()
        .take(3)
        .map(|(name, of)| {
            let sure =
                of.interval.map(|[low, high]| format!(", {} to {}", in_words(low), in_words(high))).unwrap_or_default();
            format!("{name} {} (beta {}{sure})", in_words(of.variance_share), in_words(of.beta))
        })
        .collect();
    let mut said = vec![format!(
        "{}: {} explains {} of the variance over {} {unit} ({} to {}); shares of it: {}.",
        one.ticker,
        all.request.model.in_words(),
        in_words(fit.r_squared),
        fit.n,
        one.span.0,
        one.span.1,
        main.join(", ")
    )];
    let alpha = &fit.alpha;
    let verdict = match (one.alpha_p_adjusted.or(alpha.p), alpha.p) {
        (Some(p), _) if p < SIGNIFICANCE_LEVEL => "it differs from 0 (5%)",
        (Some(_), Some(p)) if p < SIGNIFICANCE_LEVEL => {
            "after adjusting for the number of series it does not differ from 0 (5%)"
        }
        (Some(_), _) => "it does not differ from 0 (5%)",
        (None, _) => "there is nothing to test it with",
    };
    let sure = alpha.interval.map(|[low, high]| format!(" (95% interval {} to {})", in_words(low), in_words(high)));
    said.push(format!(
        "{}: alpha {} a year{}: {verdict}.",
        one.ticker,
        in_words(alpha.annual),
        sure.unwrap_or_default()
    ));
    let alike = fit.durbin_watson.is_some_and(|d| !(ALIKE..=4.0 - ALIKE).contains(&d));
    let uneven = fit.breusch_pagan.is_some_and(|test| test.p.is_some_and(|p| p < SIGNIFICANCE_LEVEL));
    if fit.estimator == Estimator::Ols && (alike || uneven) {
        said.push(format!(
            "{}: the residuals are not of one size or not without memory (Durbin-Watson {}, Breusch-Pagan p {}): take the errors of robust hac.",
            one.ticker,
            fit.durbin_watson.map_or_else(|| "-".to_owned(), in_words),
            fit.breusch_pagan.and_then(|test| test.p).map_or_else(|| "-".to_owned(), in_words)
        ));
    }
    said
}

/// What the answer cannot know.
pub(super) fn not_known(all: &Modelled) -> String {
    let of_model = match all.request.model {
        Model::Lens | Model::Custom => {
            "A factor made of funds pays their costs; another set of funds gives other betas."
        }
        _ => {
            "Published factors are long and short portfolios before costs, and are revised: another vintage gives other figures."
        }
    };
    format!("Not known here: whether betas and alpha go on as they were, and factors outside the model. {of_model}")
}

/// By which rules the figures were found.
pub(super) fn conventions(request: &Request) -> IndexMap<&'static str, &'static str> {
    let errors = match request.estimator {
        Estimator::Ols => "least squares; errors s^2 (Z'Z)^-1, Student's t with n - k - 1",
        Estimator::Hac => {
            "least squares; Newey-West errors, Bartlett, lag floor(4 (n/100)^(2/9)), no small-sample correction, normal"
        }
        Estimator::Huber => "Huber's M-estimator (1.345, MAD about 0), H1 errors, normal",
    };
    let factors = match request.model {
        Model::Lens => {
            "ETFs over cash (value: IVE less IVW); all but equity and rates less their slopes (not the intercept) on the raw returns of those before them, by weighted least squares over the 120 months before each period, half-life 36 months"
        }
        Model::Custom => "funds over cash",
        _ => {
            "Kenneth French's library, percent read as decimals; weeks are compounded of days, the market with the risk-free rate in it"
        }
    };
    IndexMap::from([
        ("estimator", errors),
        ("factors", factors),
        (
            "excess",
            "returns less the risk-free rate of model.risk_free, on both sides; rows on which the series and all factors have a value",
        ),
        ("alpha", "constant times periods a year; alpha_p_adjusted over the series of a category (Benjamini-Hochberg)"),
        ("annual_contribution", "beta x mean(factor) x periods a year"),
        ("variance_share", "beta cov(factor, y) / var(y); with residual_share they sum to 1"),
        (
            "diagnostics",
            "Breusch-Pagan: Koenker's LM, constant included; condition number of decimals with the constant; VIF on the other factors and a constant",
        ),
        ("rolling", "every window of so many whole periods within the dates; intervals 95%"),
        (
            "attribution",
            "rf + sum beta x factor + alpha + residual with the betas of the whole window, linked by Carino k_t/K for each horizon: they sum to its return; years do not sum to the whole",
        ),
        (
            "style",
            "weights >= 0, sum 1, least variance of the difference about its mean; 90% intervals of 1,000 draws of the stationary bootstrap (restart 1/6), seeded by the dates and values",
        ),
    ])
}
