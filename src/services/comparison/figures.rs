//! The figures, and what is to be known of them.

use std::sync::Arc;

use factor_analytics::{
    Observer, Study,
    compare::{ComparePlan, CompareReport, Compared, PeriodError, PeriodName, PeriodRows},
    regime::{MIN_ROWS, Regime, RegimeError, SMALL_SLICE},
};
use factor_types::{Frequency, Ticker};

use super::{
    Comparison,
    request::{AskedPeriod, Request, Section},
};
use crate::{
    services::{
        analysis::{context::AnalysisContext, quality::DataQuality},
        holdings_warning::Warning,
    },
    tool_error::{ErrorCode, Mend, Problem, Refusal, ToolError},
};

/// Computes everything that the answer shows.
///
/// # Errors
/// Fewer than two could be analysed; the periods cannot be compared.
pub(super) fn compute(
    request: Request,
    context: AnalysisContext,
    observer: &mut dyn Observer,
) -> Result<Comparison, ToolError> {
    let study = Arc::clone(&context.analysis.study);
    let picked = context.common().picked().unwrap_or_default();
    let series: Vec<Compared> = picked.iter().filter_map(|ticker| compared(&study, ticker)).collect();
    if series.len() < 2 {
        return Err(too_few(&study, &picked));
    }
    let names = series.iter().map(|one| one.ticker.to_string()).collect();
    let no_condition = request.condition.as_ref().and_then(|condition| why_without(&study, &condition.ticker));
    let wanted = |section| request.wants(section);
    let periods: Vec<PeriodName> = request.periods.iter().map(|one| one.period.clone()).collect();
    let plan = ComparePlan {
        series,
        pairs: wanted(Section::Pairs),
        rolling_windows: request.rolling_windows.clone(),
        periods: if wanted(Section::Periods) { periods } else { Vec::new() },
        condition: request.condition.clone().filter(|_| wanted(Section::Condition) && no_condition.is_none()),
        side_by_side: wanted(Section::SideBySide),
        calendar_years: wanted(Section::CalendarYears),
    };
    let report = CompareReport::compute(&study, &plan, observer)
        .map_err(|error| refused(&error, &request.periods, context.common().frequency))?;
    let warnings = warnings(&study, &report);
    let quality = DataQuality::of_portfolio(context.analysed(), report.undefined.clone(), warnings);
    Ok(Comparison { request, context, names, report, no_condition, quality })
}

fn compared(study: &Study, ticker: &Ticker) -> Option<Compared> {
    let studied = study.factors.iter().find(|studied| studied.factor.ticker == *ticker)?;
    Some(Compared { ticker: ticker.clone(), column: studied.column })
}

/// Why a ticker has no returns to decide by.
fn why_without(study: &Study, ticker: &Ticker) -> Option<String> {
    let panel = study.panel();
    let known = panel.position(ticker).is_some_and(|at| panel.column(at).iter().any(|r| r.is_finite()));
    if known {
        return None;
    }
    let lost = study.excluded.iter().find(|lost| lost.ticker == *ticker);
    let why = lost.map_or_else(|| "it has no returns in the window".to_owned(), |lost| lost.detail.clone());
    Some(format!("{ticker}: {why}; name another ticker in condition"))
}

/// Fewer than two are left.
fn too_few(study: &Study, picked: &[Ticker]) -> ToolError {
    let lost = study.excluded.iter().filter(|lost| picked.contains(&lost.ticker));
    let each: Vec<String> = lost.map(|lost| format!("{} ({})", lost.ticker, lost.detail)).collect();
    let panel = study.panel();
    let least = picked.iter().map(|ticker| panel.observations(ticker).unwrap_or(0)).min().unwrap_or(0);
    let daily = Mend::daily(panel.frequency(), least, study.min_observations);
    let way_out = match daily {
        Some(_) => "name others, choose other dates, or ask for frequency daily",
        None => "name others, or choose other dates",
    };
    let what = format!("fewer than two of tickers can be compared, without {}", each.join(", "));
    let rule = Refusal::new("must leave two factors with enough returns", way_out).mended_by(daily);
    let got = serde_json::json!(picked).to_string();
    ToolError::new(ErrorCode::InsufficientData, what, way_out).with_problem(Problem::new("tickers", got, rule))
}

/// Periods that cannot be compared, by the argument that names them.
fn refused(error: &PeriodError, asked: &[AskedPeriod], frequency: Frequency) -> ToolError {
    let mut daily = None;
    let (code, at, rule, way_out) = match error {
        PeriodError::Regime { at, error: RegimeError::NoData { needs, regime } } => {
            let way_out = match regime {
                Regime::RateShock => "set FACTOR_YIELD_FILE, or name dates such as 2022",
                _ => "take a price source that has SPY, or name dates such as 2022",
            };
            (ErrorCode::NoData, *at, format!("needs {needs} within the window"), way_out.to_owned())
        }
        PeriodError::Regime { at, error } => {
            (ErrorCode::InsufficientData, *at, error.to_string(), "name longer dates".to_owned())
        }
        PeriodError::TooFewRows { at, rows, first, last, .. } => {
            let rule = format!("has {rows} periods in the window, at least {MIN_ROWS} are needed");
            daily = Mend::daily(frequency, *rows, MIN_ROWS);
            let finer = if daily.is_some() { ", or take frequency daily" } else { "" };
            let way_out = format!("name longer dates within the window ({first} to {last}), move its dates{finer}");
            (ErrorCode::InsufficientData, *at, rule, way_out)
        }
        PeriodError::NotCovered { at, why, .. } => {
            let way_out = "name a shorter one, or move start_date back".to_owned();
            (ErrorCode::InsufficientData, *at, format!("is not in the window: {why}"), way_out)
        }
        PeriodError::Overlap { at, first, rows, from, to, .. } => {
            let rule = format!("overlaps {first}: they share {rows} periods from {from} to {to}");
            let way_out = "name periods apart from each other, or other for the rest of the window".to_owned();
            (ErrorCode::InvalidArgument, *at, rule, way_out)
        }
    };
    let (field, got) = asked.get(at).map_or(("periods", ""), |one| (one.field.as_str(), one.written.as_str()));
    let problem =
        Problem::new(field, serde_json::json!(got).to_string(), Refusal::new(rule, &way_out).mended_by(daily));
    if code == ErrorCode::InvalidArgument {
        return ToolError::invalid(vec![problem]);
    }
    ToolError::new(code, error.to_string(), way_out).with_problem(problem)
}

/// What is to be known before the figures are used.
fn warnings(study: &Study, report: &CompareReport) -> Vec<Warning> {
    let mut all = Vec::new();
    let periods = || report.periods.iter().flat_map(|report| &report.periods);
    for period in periods().filter(|period| period.cut) {
        all.push(Warning::PeriodCut { name: period.name.clone(), from: period.from, to: period.to });
    }
    let few: Vec<(String, usize)> =
        periods().filter(|one| one.count < SMALL_SLICE).map(|one| (one.name.clone(), one.count)).collect();
    if !few.is_empty() {
        let finer = study.panel().frequency() == Frequency::Monthly;
        all.push(Warning::SmallPeriods { periods: few, under: SMALL_SLICE, finer });
    }
    let is_picked = |rows: PeriodRows| {
        matches!(rows, PeriodRows::Regime(Regime::RateShock | Regime::EquityDrawdown | Regime::HighVol))
    };
    let picked: Vec<String> = periods().filter(|one| is_picked(one.rows)).map(|one| one.name.clone()).collect();
    if !picked.is_empty() {
        all.push(Warning::PickedPeriods(picked));
    }
    if let Some(side) = report.side_by_side.as_ref().filter(|side| side.periods < study.panel().rows()) {
        let (from, to) = (side.from, side.to);
        all.push(Warning::SharedDates { dates: from.zip(to), periods: side.periods, of: study.panel().rows() });
    }
    if !report.skipped.is_empty() {
        all.push(Warning::OutOfTime(report.skipped.clone()));
    }
    all
}
