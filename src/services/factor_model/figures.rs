//! The figures, and what is to be known of them.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{Datelike, NaiveDate};
use factor_analytics::{
    Observer, Study, Threads,
    inference::benjamini_hochberg,
    lens::LensFactor,
    models::{
        Attributed, Attribution, FitError, ModelFactor, ModelFit, RollingFits, RollingPlan, Style, StyleError,
        WindowFit,
    },
    observer::Progress,
    study::StudiedFactor,
};
use factor_types::{Frequency, Ticker};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Fitted, Modelled,
    french::Files,
    request::{Request, Section},
    rows::ModelRows,
};
use crate::{
    analysis::FEW_MONTHS,
    services::{
        analysis::{context::AnalysisContext, quality::DataQuality},
        holdings_warning::Warning,
    },
    tool_error::{ErrorCode, Mend, Problem, Refusal, ToolError},
};

/// Windows of a series that are written out; of more, every n-th and the last.
const POINTS: usize = 120;
/// What stands last among the factors of moving windows.
pub(super) const ALPHA: &str = "alpha";
/// Series whose style is looked for.
const MOST_STYLES: usize = 10;

/// Betas over moving windows.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Rolling {
    /// Periods of a window.
    pub(super) window: usize,
    /// Windows with figures.
    pub(super) windows: usize,
    /// By factor, alpha (per year) last.
    pub(super) factors: IndexMap<String, Course>,
    /// Window by window, by the label of its last period; of many every n-th, and the newest.
    pub(super) series: Vec<Point>,
    /// Every how many windows there is one in `series`.
    pub(super) series_step: usize,
}

/// How a beta went.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub(crate) struct Course {
    /// In the newest window.
    pub(super) latest: f64,
    /// Its 95% interval.
    pub(super) latest_interval: Option<[f64; 2]>,
    pub(super) latest_date: NaiveDate,
    pub(super) mean: f64,
    pub(super) lowest: f64,
    pub(super) lowest_date: NaiveDate,
    pub(super) highest: f64,
    pub(super) highest_date: NaiveDate,
}

/// One window.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Point {
    /// Label of its last period.
    pub(super) end: NaiveDate,
    pub(super) betas: IndexMap<String, f64>,
    /// 95%.
    pub(super) intervals: IndexMap<String, [f64; 2]>,
    /// Per year.
    alpha: f64,
    alpha_interval: Option<[f64; 2]>,
    r_squared: f64,
}

/// The series of one row of the answer.
struct Dependent<'a> {
    studied: &'a StudiedFactor,
    returns: &'a [f64],
    /// Over the model's rate; missing where the series is that rate.
    excess: Vec<f64>,
}

/// Computes everything that the answer shows.
///
/// # Errors
/// Nothing could be fitted.
pub(super) fn compute(
    request: Request,
    context: AnalysisContext,
    files: Option<Files>,
    observer: &mut dyn Observer,
) -> Result<Modelled, ToolError> {
    let study = Arc::clone(&context.analysis.study);
    let rows = ModelRows::of(&request, (&study, &context.analysis.prepared.all_prices), files.as_ref())?;
    let floor = floor(&study);
    let (mut fitted, mut not_fitted, mut late) = (Vec::new(), IndexMap::new(), Vec::new());
    let dependents = dependents(&context, &study, &rows, &mut not_fitted);
    for one in &dependents {
        match fit(one, &request, &study, &rows, floor) {
            Ok(found) => fitted.push(found),
            Err(why) => {
                not_fitted.insert(one.studied.factor.ticker.to_string(), why);
            }
        }
    }
    if fitted.is_empty() {
        return Err(nothing_fitted(&study, &rows, &not_fitted, floor));
    }
    adjust(&mut fitted, context.common().picked.is_some());
    if let Some(window) = request.rolling.filter(|_| request.wants(Section::Rolling)) {
        let of_fitted = |one: &&Dependent<'_>| fitted.iter().any(|fit| fit.ticker == one.studied.factor.ticker);
        let series: Vec<&[f64]> = dependents.iter().filter(of_fitted).map(|one| one.excess.as_slice()).collect();
        let factors = factors_of(&rows.names, &rows.factors);
        let plan = RollingPlan {
            factors: &factors,
            window,
            estimator: request.estimator,
            per_year: study.panel().periods_per_year(),
        };
        match plan.fit(&series, Threads::Auto, &mut Progress::new(observer, "rolling")) {
            Ok(all) => {
                for (one, fits) in fitted.iter_mut().zip(all) {
                    one.rolling = Rolling::of(&rows.names, study.panel().labels(), window, fits);
                }
            }
            Err(_) => late.push("rolling".to_owned()),
        }
    }
    if let Some(indices) = request.style.as_ref().filter(|_| request.wants(Section::Style)) {
        let mut progress = Progress::new(observer, "style");
        for one in fitted.iter_mut().take(MOST_STYLES) {
            let returns = dependents.iter().find(|of| of.studied.factor.ticker == one.ticker).map(|of| of.returns);
            match style(&study, returns.unwrap_or_default(), &one.ticker, indices, request.rolling, &mut progress) {
                Err(StyleError::Stopped(_)) => {
                    late.push("style".to_owned());
                    break;
                }
                found => one.style = Some(found.map_err(|error| error.to_string())),
            }
        }
    }
    let warnings = warnings(&study, files.as_ref(), (&rows, &fitted), &not_fitted, late);
    let quality = DataQuality::of_portfolio(context.analysed(), Vec::new(), warnings);
    Ok(Modelled { request, context, rows, fitted, not_fitted, quality })
}

/// The fewest rows of a fit: those of any figure, and 24 months.
fn floor(study: &Study) -> usize {
    match study.panel().frequency() {
        Frequency::Monthly => study.min_observations.max(FEW_MONTHS),
        Frequency::Weekly | Frequency::Daily => study.min_observations,
    }
}

/// What the call picks, else the factors of its categories. What could not be analysed is in `lost`.
fn dependents<'a>(
    context: &AnalysisContext,
    study: &'a Study,
    rows: &ModelRows,
    lost: &mut IndexMap<String, String>,
) -> Vec<Dependent<'a>> {
    let picked = context.common().picked();
    let wanted: Vec<&StudiedFactor> = match &picked {
        Some(picked) => {
            picked.iter().filter_map(|ticker| study.factors.iter().find(|one| one.factor.ticker == *ticker)).collect()
        }
        None => study.factors.iter().filter(|one| context.is_of_call(&one.factor)).collect(),
    };
    for ticker in picked.iter().flatten() {
        if let Some(exclusion) = study.excluded.iter().find(|exclusion| exclusion.ticker == *ticker) {
            lost.insert(ticker.to_string(), exclusion.detail.clone());
        }
    }
    let of_file = rows.rate_of_file;
    let own_rate = study.risk_free();
    let dependent = |studied: &'a StudiedFactor| {
        let returns = study.panel().column(studied.column);
        let rate = if of_file { None } else { own_rate.over(&studied.factor.ticker) };
        let rate = rate.as_deref().unwrap_or(&rows.risk_free);
        let excess = returns.iter().zip(rate).map(|(r, rate)| r - rate).collect();
        Dependent { studied, returns, excess }
    };
    wanted.into_iter().map(dependent).collect()
}

fn factors_of<'a>(names: &'a [String], columns: &'a [Vec<f64>]) -> Vec<ModelFactor<'a>> {
    names.iter().zip(columns).map(|(name, returns)| ModelFactor { name, returns }).collect()
}

/// The model of one series on the rows on which it and all factors have a value.
fn fit(
    one: &Dependent<'_>,
    request: &Request,
    study: &Study,
    rows: &ModelRows,
    floor: usize,
) -> Result<Fitted, String> {
    let panel = study.panel();
    let factor = &one.studied.factor;
    let is_complete = |row: &usize| one.excess[*row].is_finite() && rows.factors.iter().all(|x| x[*row].is_finite());
    let complete: Vec<usize> = (0..panel.rows()).filter(is_complete).collect();
    if complete.len() < floor {
        let unit = panel.frequency().periods();
        return Err(format!("{} {unit} on which it and all factors have a return, {floor} are needed", complete.len()));
    }
    if let Some(own) = rows.names.iter().find(|name| **name == factor.ticker.as_str()) {
        return Err(format!("{own} is a factor of the model itself"));
    }
    let on_rows = |values: &[f64]| -> Vec<f64> { complete.iter().map(|row| values[*row]).collect() };
    let columns: Vec<Vec<f64>> = rows.factors.iter().map(|x| on_rows(x)).collect();
    let factors = factors_of(&rows.names, &columns);
    let y = on_rows(&one.excess);
    let fit =
        ModelFit::fit(&y, &factors, request.estimator, panel.periods_per_year()).map_err(|error| in_words(&error))?;
    let labels: Vec<NaiveDate> = complete.iter().map(|row| panel.labels()[*row]).collect();
    let attribution = request.wants(Section::Attribution).then(|| {
        let returns = on_rows(one.returns);
        let risk_free: Vec<f64> = returns.iter().zip(&y).map(|(r, excess)| r - excess).collect();
        let years: Vec<i32> = labels.iter().map(Datelike::year).collect();
        Attribution::of(
            &Attributed { returns: &returns, risk_free: &risk_free, factors: &factors, years: &years },
            &fit,
        )
    });
    Ok(Fitted {
        ticker: factor.ticker.clone(),
        label: factor.label.clone(),
        category: factor.category,
        span: (labels[0], labels[labels.len() - 1]),
        alpha_p_adjusted: None,
        rolling: None,
        attribution: attribution.flatten(),
        style: None,
        fit,
    })
}

fn in_words(error: &FitError) -> String {
    error.to_string()
}

/// Adjusts the p-values of alpha for their number: within each category, or over what the call picks.
fn adjust(fitted: &mut [Fitted], picked: bool) {
    let mut families: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (at, one) in fitted.iter().enumerate().filter(|(_, one)| one.fit.alpha.p.is_some()) {
        families.entry((!picked).then(|| one.category.as_str())).or_default().push(at);
    }
    let families: Vec<Vec<usize>> = families.into_values().filter(|family| family.len() > 1).collect();
    for family in families {
        let p: Vec<f64> = family.iter().filter_map(|at| fitted[*at].fit.alpha.p).collect();
        for (at, adjusted) in family.into_iter().zip(benjamini_hochberg(&p)) {
            fitted[at].alpha_p_adjusted = Some(adjusted);
        }
    }
}

/// The style of a series over the indices that have returns, on the rows that all have.
fn style(
    study: &Study,
    returns: &[f64],
    own: &Ticker,
    indices: &[Ticker],
    rolling: Option<usize>,
    progress: &mut Progress<'_>,
) -> Result<Style, StyleError> {
    let panel = study.panel();
    let names: Vec<String> = indices.iter().map(Ticker::to_string).collect();
    let columns: Vec<(&String, &[f64])> = (names.iter().zip(indices))
        .filter(|(_, index)| *index != own)
        .filter_map(|(name, index)| Some((name, panel.column(panel.position(index)?))))
        .filter(|(_, column)| column.iter().any(|r| r.is_finite()))
        .collect();
    let complete: Vec<usize> = (0..panel.rows())
        .filter(|row| returns[*row].is_finite() && columns.iter().all(|(_, column)| column[*row].is_finite()))
        .collect();
    let on_rows = |values: &[f64]| -> Vec<f64> { complete.iter().map(|row| values[*row]).collect() };
    let kept: Vec<Vec<f64>> = columns.iter().map(|(_, column)| on_rows(column)).collect();
    let of: Vec<ModelFactor<'_>> =
        columns.iter().zip(&kept).map(|((name, _), returns)| ModelFactor { name, returns }).collect();
    let labels: Vec<NaiveDate> = complete.iter().map(|row| panel.labels()[*row]).collect();
    Style::of(&labels, &on_rows(returns), &of, rolling, panel.periods_per_year(), progress)
}

impl Rolling {
    fn of(names: &[String], labels: &[NaiveDate], window: usize, fits: RollingFits) -> Option<Self> {
        let windows: Vec<(NaiveDate, WindowFit)> =
            labels.iter().zip(fits).filter_map(|(label, fit)| Some((*label, fit?))).collect();
        let beta = |at: usize| move |fit: &WindowFit| (fit.betas[at], fit.intervals.as_ref().map(|all| all[at]));
        let mut factors = IndexMap::new();
        for (at, name) in names.iter().enumerate() {
            factors.insert(name.clone(), Course::of(&windows, beta(at))?);
        }
        factors.insert(ALPHA.to_owned(), Course::of(&windows, |fit| (fit.alpha, fit.alpha_interval))?);
        let step = windows.len().div_ceil(POINTS).max(1);
        let point = |(end, fit): &(NaiveDate, WindowFit)| Point {
            end: *end,
            betas: names.iter().cloned().zip(fit.betas.iter().copied()).collect(),
            intervals: names.iter().cloned().zip(fit.intervals.iter().flatten().copied()).collect(),
            alpha: fit.alpha,
            alpha_interval: fit.alpha_interval,
            r_squared: fit.r_squared,
        };
        // Counted from the newest, which is always there.
        let mut series: Vec<Point> = windows.iter().rev().step_by(step).map(point).collect();
        series.reverse();
        Some(Self { window, windows: windows.len(), factors, series, series_step: step })
    }

    /// Without its windows one by one.
    pub(super) fn courses(&self) -> &IndexMap<String, Course> {
        &self.factors
    }
}

impl Course {
    fn of(windows: &[(NaiveDate, WindowFit)], value: impl Fn(&WindowFit) -> (f64, Option<[f64; 2]>)) -> Option<Self> {
        let (latest_date, newest) = windows.last()?;
        let (latest, latest_interval) = value(newest);
        let each = || windows.iter().map(|(label, fit)| (*label, value(fit).0));
        let (lowest_date, lowest) = each().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let (highest_date, highest) = each().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let mean = each().map(|(_, value)| value).sum::<f64>() / windows.len() as f64;
        Some(Self {
            latest,
            latest_interval,
            latest_date: *latest_date,
            mean,
            lowest,
            lowest_date,
            highest,
            highest_date,
        })
    }
}

fn nothing_fitted(study: &Study, rows: &ModelRows, lost: &IndexMap<String, String>, floor: usize) -> ToolError {
    let panel = study.panel();
    let each: Vec<String> = lost.iter().take(5).map(|(name, why)| format!("{name} has {why}")).collect();
    let known = |x: &Vec<f64>| x.iter().filter(|value| value.is_finite()).count();
    let factors = rows.names.iter().zip(&rows.factors).min_by_key(|(_, x)| known(x));
    let thin =
        factors.filter(|(_, x)| known(x) < floor).map(|(name, x)| format!("; the factor {name} has {}", known(x)));
    let unit = panel.frequency().periods();
    let most = lost.keys().filter_map(|name| panel.observations(&name.parse().ok()?)).max();
    let least = rows.factors.iter().map(known).chain(most).min().unwrap_or(0);
    let daily = Mend::daily(panel.frequency(), least, floor);
    let finer = if daily.is_some() { ", or take frequency daily" } else { "" };
    let way_out = format!("give an earlier start_date{finer}");
    let what = format!(
        "A model needs {floor} {unit} ({} to {} has {}): {}{}",
        panel.base(),
        panel.labels().last().copied().unwrap_or(panel.base()),
        panel.rows(),
        if each.is_empty() { "nothing could be analysed".to_owned() } else { each.join("; ") },
        thin.unwrap_or_default()
    );
    let refusal = Refusal::new(format!("must leave {floor} {unit} to fit"), &way_out).mended_by(daily);
    ToolError::new(ErrorCode::InsufficientData, what, &way_out).with_problem(Problem::new("tickers", "", refusal))
}

/// The factor of the lens, among those of the model, that is this fund over cash or over another.
fn made_of(ticker: &Ticker, names: &[String]) -> Option<LensFactor> {
    let is_it = |factor: &LensFactor| {
        let (long, short) = factor.funds();
        names.iter().any(|name| name == factor.as_str()) && (ticker.as_str() == long || short == Some(ticker.as_str()))
    };
    LensFactor::ALL.into_iter().find(is_it)
}

/// What is to be known before the figures are used.
fn warnings(
    study: &Study,
    files: Option<&Files>,
    (rows, fitted): (&ModelRows, &[Fitted]),
    lost: &IndexMap<String, String>,
    late: Vec<String>,
) -> Vec<Warning> {
    let mut all: Vec<Warning> =
        files.into_iter().flat_map(Files::caveats).map(|why| Warning::OfFactors(why.to_owned())).collect();
    if let (Some(files), Some(label)) = (files, study.panel().labels().last()) {
        let vintages: Vec<String> = files
            .used()
            .iter()
            .map(|file| format!("{} of {}", file.name(), file.vintage().unwrap_or("no stated vintage")))
            .collect();
        if files.used().iter().any(|file| file.vintage() != files.used()[0].vintage()) {
            all.push(Warning::OfFactors(format!("the factors are of different vintages: {}", vintages.join(", "))));
        }
        if let Some(last) = files.last().filter(|last| last < label) {
            let newest = fitted.iter().map(|one| one.span.1).max().unwrap_or(last);
            if newest < *label {
                all.push(Warning::OfFactors(format!(
                    "the factor files end {last}: what follows up to {label} is in no figure"
                )));
            }
        }
    }
    for (one, factor) in fitted.iter().filter_map(|one| Some((one, made_of(&one.ticker, &rows.names)?))) {
        all.push(Warning::OfFactors(format!(
            "{} is itself what the lens's factor {factor} is made of: its alpha and its other betas are of what is left of it, \
             and say little; take ff5 or carhart, or model custom",
            one.ticker
        )));
    }
    if rows.rate_source == "none" {
        let words =
            "no risk-free rate is known: returns are taken as they are, and alpha holds what cash would have earned";
        all.push(Warning::OfFactors(words.to_owned()));
    }
    for (name, why) in &rows.left_out {
        all.push(Warning::NotRegressed { factor: name.clone(), why: why.clone() });
    }
    if !lost.is_empty() {
        let each: Vec<String> = lost.iter().take(4).map(|(name, why)| format!("{name}: {why}")).collect();
        let more = if lost.len() > 4 { format!(" and {} more (not_fitted)", lost.len() - 4) } else { String::new() };
        all.push(Warning::OfFactors(format!("not fitted: {}{more}", each.join("; "))));
    }
    let collinear: Vec<String> = fitted
        .first()
        .into_iter()
        .flat_map(|one| &one.fit.factors)
        .filter(|(_, factor)| factor.vif > 10.0)
        .map(|(name, factor)| format!("{name} ({:.1})", factor.vif))
        .collect();
    if !collinear.is_empty() {
        all.push(Warning::OfFactors(format!(
            "the factors say the same in part, so that single betas are hardly their own: variance inflation of {}",
            collinear.join(", ")
        )));
    }
    if !late.is_empty() {
        all.push(Warning::OutOfTime(late));
    }
    all
}
