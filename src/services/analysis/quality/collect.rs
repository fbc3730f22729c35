//! Which warnings an analysis gives.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use factor_analytics::{
    correlation::{CorrelationMatrix, Estimate, Method},
    inference::SMALL_SAMPLE,
    panel::{Period, TradingCalendar},
    regime::SMALL_SLICE,
    report::CorrelationReport,
    study::StudiedFactor,
};
use factor_types::{Factor, Frequency, PriceKind, Ticker, exchange::trading_days};

use super::{Gap, Warning, came_in, macro_groups, rates, relations, stale_candidates};
use crate::{
    analysis::{Analysis, AnalysisKind, Plan, Report, UserPortfolio, is_small_sample},
    services::{analysis::arguments::Query, portfolio::summary::of_portfolio_factor},
};

/// A source whose newest price is older than this many days is a warning.
const STALE_DAYS: i64 = 10;

/// A first return so many days after the window's start is a warning.
const LATE_DAYS: i64 = 45;

/// Fewer pairs than this are expected to have less than one p-value under 5% by chance.
const MANY_PAIRS: usize = 20;

/// The warnings of an analysis: on its prices, its sample, its method, and on what was left out.
pub(super) fn warnings(analysis: &Analysis, analyzed: &[&StudiedFactor], query: &Query) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if !query.invalid_windows.is_empty() {
        let (named, frequency) = (query.invalid_windows.clone(), query.request.frequency);
        warnings.push(Warning::InvalidWindows { named, frequency });
    }
    warnings.extend(of_the_data(analysis));
    warnings.extend(analysis.prepared.warnings.iter().cloned().map(Warning::Source));
    warnings.extend(of_portfolios(analysis, query));
    warnings.extend(relations::warnings(analysis, analyzed, query));
    warnings.extend(of_the_prices(analysis));
    warnings.extend(of_the_report(analysis, &query.request.plan));
    warnings.extend(asset_classes(analysis, query));
    warnings.extend(macro_groups::missing(analysis, query));
    warnings.extend(late_starters(analysis, analyzed, query));
    warnings.extend(stopped(analysis, analyzed, query));
    let panel = analysis.study.panel();
    let late = panel.labels().first().filter(|first| (**first - panel.window().start).num_days() > LATE_DAYS);
    if let Some(first) = late.filter(|_| analysis.kind() != AnalysisKind::Returns) {
        warnings.push(Warning::PricesBeginLate(*first));
    }
    let skipped = analysis.report().skipped();
    if !skipped.is_empty() {
        warnings.push(Warning::OutOfTime(skipped.to_vec()));
    }
    warnings.extend(query.common.snapshot.loaded.problems.iter().map(|problem| Warning::Universe(problem.to_string())));
    warnings.extend(query.request.groups.trouble.iter().cloned().map(Warning::Groups));
    warnings.extend(query.request.groups.surplus.iter().cloned().map(Warning::SurplusGroups));
    warnings
}

/// What is to be known of the saved portfolios that are factors here.
fn of_portfolios(analysis: &Analysis, query: &Query) -> Vec<Warning> {
    let of_one = |portfolio: &UserPortfolio| {
        let factor = portfolio.factor.ticker.clone();
        let warnings = of_portfolio_factor(analysis, portfolio).into_iter();
        warnings.map(move |warning| Warning::PortfolioFactor { factor: factor.clone(), warning })
    };
    query.request.groups.portfolios.iter().flat_map(of_one).collect()
}

/// The factors of a call's own universe that nobody gave an asset class, where one matters.
fn asset_classes(analysis: &Analysis, query: &Query) -> Option<Warning> {
    let own = query.request.universe.as_ref().filter(|_| analysis.kind() != AnalysisKind::Returns)?;
    let not_given = |factor: &&Factor| own.get(&factor.ticker).is_some_and(|own| own.asset_class.is_none());
    let factors = analysis.factors.iter().map(|factor| &**factor).filter(not_given);
    let (by_profile, unknown): (Vec<&Factor>, Vec<&Factor>) = factors.partition(|factor| factor.asset_class.is_some());
    let tickers = |factors: Vec<&Factor>| factors.into_iter().map(|factor| factor.ticker.clone()).collect::<Vec<_>>();
    let (by_profile, unknown) = (tickers(by_profile), tickers(unknown));
    (!by_profile.is_empty() || !unknown.is_empty()).then_some(Warning::AssetClasses { by_profile, unknown })
}

/// What is doubtful in the prices themselves: it comes first, since it changes what the figures are worth.
fn of_the_data(analysis: &Analysis) -> Vec<Warning> {
    let panel = analysis.study.panel();
    let mut warnings: Vec<Warning> = came_in::doubts(analysis).into_iter().map(Warning::CameIn).collect();
    let closes = panel.columns().iter().map(|column| &column.series);
    let closes = closes.filter(|series| series.kind() == PriceKind::Close && !series.is_empty());
    let closes: Vec<Ticker> = closes.map(|series| series.ticker().clone()).collect();
    if !closes.is_empty() {
        warnings.push(Warning::ClosesOnly(closes));
    }
    if let Some((missing, days)) = missing_days(analysis) {
        warnings.push(Warning::DaysMissing { missing, days });
    }
    // Of the benchmark and of holdings outside the universe too; what nobody asked for has its gaps told as those of the rate.
    let gap = |at: usize| {
        if panel.window().silent.contains(panel.columns()[at].series.ticker()) {
            return None;
        }
        let largest_move = panel.largest_move_over_a_gap(at)?;
        let periods = analysis.study.history(at).gaps;
        Some(Gap { ticker: panel.columns()[at].series.ticker().clone(), periods, largest_move })
    };
    let gaps: Vec<Gap> = (0..panel.columns().len()).filter_map(gap).collect();
    if !gaps.is_empty() {
        warnings.push(Warning::Gaps(gaps));
    }
    warnings
}

/// How many of the window's trading days daily prices lack altogether, and of how many: daily figures are annualised as if
/// each row were a day. A few are nothing.
fn missing_days(analysis: &Analysis) -> Option<(usize, usize)> {
    const FEW: usize = 5;
    let panel = analysis.study.panel();
    let last = *panel.labels().last()?;
    let window = panel.window();
    if window.frequency != Frequency::Daily || window.calendar != TradingCalendar::NewYork {
        return None;
    }
    let days = trading_days(panel.base().succ_opt()?, last).count();
    let missing = days.saturating_sub(panel.rows());
    (missing > FEW && 100 * missing > days).then_some((missing, days))
}

fn of_the_prices(analysis: &Analysis) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let stale: Vec<Ticker> = stale_candidates(analysis).into_iter().map(|one| one.ticker).collect();
    if !stale.is_empty() {
        warnings.push(Warning::LongWithoutPrices(stale));
    }
    if analysis.source.simulated {
        warnings.push(Warning::Simulated);
    }
    let (window, labels) = (analysis.window(), analysis.study.panel().labels());
    if let Some(left_out) = window.left_out {
        // A label may be a day without trading: that of Good Friday's week.
        let ended = |label: &NaiveDate| {
            Period::of(window.frequency, *label).map_or(*label, |period| window.calendar.last_day(period))
        };
        warnings.push(Warning::LeftOut { left_out, end: window.end, newest: labels.last().map(ended) });
    }
    let days = analysis.stale_days();
    // An end chosen among the prices there are: what the source lacks since then is none of the answer's.
    let chosen_earlier = window.asked_end.is_some_and(|end| end <= window.newest);
    if days > STALE_DAYS && !chosen_earlier {
        warnings.push(Warning::Stale { newest: window.newest, days });
    }
    warnings
}

fn of_the_report(analysis: &Analysis, plan: &Plan) -> Vec<Warning> {
    let study = &analysis.study;
    let mut warnings: Vec<Warning> = rates::warnings(analysis, plan).into_iter().map(Warning::Rates).collect();
    if let Report::Performance(report) = analysis.report() {
        let weights = report.cap_weights.as_ref();
        warnings.extend(
            weights.map(|caps| Warning::LookAhead { as_of: caps.as_of, without_cap: caps.without_cap.clone() }),
        );
    }
    if analysis.kind() != AnalysisKind::Returns && is_small_sample(study.panel()) {
        warnings.push(Warning::FewMonths(study.panel().rows()));
    }
    if let Report::Correlations(report) = analysis.report() {
        warnings.extend(of_the_tests(report));
        warnings.extend(of_the_method(report, study.pair_floor()));
        warnings.extend(of_the_regime(analysis, report));
    }
    warnings
}

/// What intervals and p-values cannot be read without: how few rows, and how many pairs were looked at.
fn of_the_tests(report: &CorrelationReport) -> Vec<Warning> {
    let Some(statistics) = &report.statistics else { return Vec::new() };
    let tests = statistics.tests();
    let mut said = Vec::new();
    if let (1.., Some(fewest)) = (tests.on_few_rows, tests.fewest_rows) {
        let (pairs, few) = (tests.pairs, tests.on_few_rows);
        said.push(Warning::FewRows { pairs, few, under: SMALL_SAMPLE, fewest });
    }
    if tests.pairs >= MANY_PAIRS {
        said.push(Warning::ManyTests { tests, matrices: statistics.matrices.len() });
    }
    said
}

/// What a method other than plain pairs left out.
fn of_the_method(report: &CorrelationReport, floor: usize) -> Vec<Warning> {
    let macro_etf = report.macro_etf.as_ref().and_then(|section| section.matrix.as_ref());
    let of_overlays = [("macro_composite_matrix", report.macro_composite.as_ref()), ("macro_etf_matrix", macro_etf)];
    let named = report.matrices.iter().map(|(name, matrix)| (name.as_str(), matrix));
    let all = named.chain(of_overlays.into_iter().filter_map(|(name, matrix)| Some((name, matrix?))));
    let (mut said, mut heaviest) = (Vec::new(), 0.0_f64);
    for (name, matrix) in all {
        match &matrix.estimate {
            Estimate::Shrunk(shrinkage) if !shrinkage.dropped.is_empty() => {
                let (matrix, dropped) = (name.to_owned(), shrinkage.dropped.clone());
                said.push(Warning::ShortHistories { matrix, floor, dropped });
            }
            Estimate::Weighted(rows) => heaviest = rows.iter().copied().fold(heaviest, f64::max),
            Estimate::Shrunk(_) | Estimate::Pairwise => {}
        }
    }
    // Of equal weights n_eff is the number of rows but for its last digits.
    if let Method::Ewma { half_life } = report.method
        && heaviest > 0.0
        && heaviest * (1.0 + 1e-12) < floor as f64
    {
        said.push(Warning::TooQuickDecay { half_life, heaviest, floor });
    }
    said
}

/// That a regime leaves few rows, all in all or under some pairs.
fn of_the_regime(analysis: &Analysis, report: &CorrelationReport) -> Option<Warning> {
    let slice = analysis.study.slice()?;
    let regime = slice.regime;
    if slice.is_small() {
        return Some(Warning::SmallRegime { regime, rows: slice.rows });
    }
    let rows = || report.matrices.values().flat_map(CorrelationMatrix::pairs).map(|(.., n)| n);
    let (all, few) = (rows().count(), rows().filter(|n| *n < SMALL_SLICE).count());
    (few > 0).then_some(Warning::FewRowsInRegime { regime, few, all, under: SMALL_SLICE })
}

/// Factors whose returns end before the window does, and what figures are relative to or made of: no longer priced, and not
/// to be bought.
fn stopped(analysis: &Analysis, analyzed: &[&StudiedFactor], query: &Query) -> Option<Warning> {
    let study = &analysis.study;
    let panel = study.panel();
    let newest = panel.labels().last().copied();
    let is_factor = |ticker: &Ticker| study.factors.iter().any(|studied| studied.factor.ticker == *ticker);
    let others = query.request.also_priced.iter().chain([&query.request.benchmark]);
    // That cash proxies end is said of the risk-free rate.
    let others = others.filter(|ticker| !is_factor(ticker) && !Ticker::cash_proxies().contains(ticker));
    let others = others.filter_map(|ticker| Some((ticker, panel.position(ticker)?)));
    let all = analyzed.iter().map(|studied| (&studied.factor.ticker, studied.column)).chain(others);
    let mut seen = BTreeSet::new();
    let ended = all.filter_map(|(ticker, column)| {
        let last = study.history(column).last.filter(|last| Some(*last) < newest && seen.insert(ticker))?;
        Some((ticker.clone(), last))
    });
    let ended: Vec<_> = ended.collect();
    (!ended.is_empty()).then_some(Warning::Stopped(ended))
}

/// Factors whose history starts after the window's start: their figures rest on less. Of a question that names what it is about, those
/// that it names.
fn late_starters(analysis: &Analysis, analyzed: &[&StudiedFactor], query: &Query) -> Option<Warning> {
    let study = &analysis.study;
    let picked = query.common.picked.as_ref();
    let is_asked = |ticker: &Ticker| {
        query.common.named.iter().any(|(named, _)| named == ticker)
            || picked.is_some_and(|picked| picked.contains(ticker))
    };
    let late: BTreeSet<&str> = analyzed
        .iter()
        .filter(|studied| study.history(studied.column).partial_history)
        .filter(|studied| !query.rests || is_asked(&studied.factor.ticker))
        .map(|studied| studied.factor.ticker.as_str())
        .collect();
    let late: Vec<String> = late.into_iter().map(str::to_owned).collect();
    (analysis.kind() != AnalysisKind::Returns && !late.is_empty()).then_some(Warning::LateStarters(late))
}
