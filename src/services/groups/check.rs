//! The check of a factor group against the price source: which members have enough history, what they weigh, and how the
//! group did.
//!
//! It is an analysis of the members alone, over the usual window, so that prices, the clock and the risk-free rate are those
//! of every other answer, and what was fetched is kept.

mod marks;
mod weights;

use chrono::NaiveDate;
use factor_analytics::{
    panel::{DefaultStart, window::LEAD_MONTHS},
    report::{Granularity, PerformancePlan, SortBy, Weighting},
    sections::performance::{DailyDrawdownTimes, DailyPrices, DrawdownTimes, PerformanceProfile, ProfileInputs},
    study::{Exclusion, ExclusionReason},
};
use factor_prices::SourceFault;
use factor_types::{
    AssetClass, Category, Factor, FactorGroup, FactorUniverse, Frequency, GroupWeighting, SettledWeights, SourceTier,
    Ticker,
};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

pub use self::marks::MemberMark;
use self::marks::marked;
use crate::{
    analysis::{
        Analysis, AnalysisError, AnalysisKind, AnalysisRequest, AssetClassFilter, Caller, DateRule, Plan, UserGroups,
    },
    answer::markdown::percent,
    app::{App, Usual},
    services::{analysis::quality, saved_items::six_digits},
    tool_error::{findings, tickers_there},
};

/// Monthly returns that a member needs.
pub const NEEDED_MONTHS: usize = 24;
/// Members that a group needs after those without data are left out.
pub const FEWEST_MEMBERS: usize = 2;

factor_types::closed_set! {
    /// Why a member takes no part, in one word.
    pub enum ExcludedReason: "a reason" {
        /// The source has no price of it.
        NoData = "no_data",
        /// The source could not be read or reached.
        FetchFailed = "fetch_failed",
        /// Fewer monthly returns than a member needs.
        ThinHistory = "thin_history",
        /// The symbol is not one the source can have.
        BadTicker = "bad_ticker",
        /// The source's prices do not allow monthly returns.
        Unsupported = "unsupported",
        /// The source's values are returns and no prices.
        NotPrices = "not_prices",
        /// Too many of the source's values are no prices.
        BadPrices = "bad_prices",
        /// Weights by market capitalisation, and none is known of it.
        NoMarketCap = "no_market_cap",
        /// A check left it out before, and this answer has made no new one.
        LeftOut = "left_out",
    }
}

/// A member that takes no part in a group's returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExcludedMember {
    /// The member.
    pub ticker: Ticker,
    /// Why, in one word.
    pub reason: ExcludedReason,
    /// Why, in a sentence.
    pub detail: String,
}

/// How a group did over the window: decimals, annualised, on monthly returns (see [`PerformanceProfile`]).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Performance {
    /// (1 + total return)^(12 / T) - 1.
    #[serde(serialize_with = "six_digits")]
    pub annual_return: Option<f64>,
    /// Standard deviation of the returns times sqrt(12).
    #[serde(serialize_with = "six_digits")]
    pub volatility: Option<f64>,
    /// Mean over standard deviation of the returns above the risk-free rate, times sqrt(12); null where there is none.
    #[serde(serialize_with = "six_digits")]
    pub sharpe_ratio: Option<f64>,
    /// The same of the returns as they are, in its place where there is no source of a risk-free rate at all.
    #[serde(serialize_with = "six_digits", skip_serializing_if = "Option::is_none")]
    pub return_to_risk: Option<f64>,
    /// Deepest fall below the highest month end.
    #[serde(serialize_with = "six_digits")]
    pub max_drawdown: Option<f64>,
    /// When that was.
    #[serde(flatten)]
    pub drawdown: DrawdownTimes,
    /// The same on daily prices, the weights restored at each month's end.
    #[serde(serialize_with = "six_digits")]
    pub max_drawdown_daily: Option<f64>,
    /// When that was.
    #[serde(flatten)]
    pub drawdown_daily: DailyDrawdownTimes,
    /// Where the risk-free rate came from, with the rows of each source: `UST3M 120 rows`; `none` where there is none.
    pub risk_free_source: String,
}

/// A group that may be a factor.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The members with enough history, in the group's order.
    pub included: Vec<Ticker>,
    /// The others.
    pub excluded: Vec<ExcludedMember>,
    /// What those included weigh.
    pub settled: SettledWeights,
    /// True where today's capitalisations weight all of the history.
    pub lookahead: bool,
    /// Monthly returns of the group.
    pub data_points: usize,
    /// The labels of the first and the last of them.
    pub span: Option<(NaiveDate, NaiveDate)>,
    /// The members among them that do not fill the window.
    pub marked: IndexMap<Ticker, MemberMark>,
    /// How it did.
    pub performance: Performance,
    /// What its user should know.
    pub warnings: Vec<String>,
}

impl Check {
    /// What its user should know, those left out first.
    pub(super) fn told(&self) -> Vec<String> {
        let left_out = self.excluded.iter().map(|one| format!("{} is left out: {}", one.ticker, one.detail));
        left_out.chain(self.warnings.iter().cloned()).collect()
    }
}

/// Why a group is not valid, or could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The data is too little: a fault of the group.
    #[error("{message}")]
    Insufficient {
        /// Members that have enough history.
        included: Vec<Ticker>,
        /// The others.
        excluded: Vec<ExcludedMember>,
        /// What is missing and the way out.
        message: String,
    },
    /// The source could not answer: no fault of the group.
    #[error("{why}")]
    Source {
        /// How it failed.
        fault: SourceFault,
        /// What it said.
        why: String,
    },
    /// The server takes fewer factors at once.
    #[error(transparent)]
    Refused(AnalysisError),
    /// The caller has gone.
    #[error("the call was cancelled")]
    Cancelled,
}

/// Checks a group. With `kept` its weights are those and none are settled.
///
/// # Errors
/// [`CheckError`].
pub async fn check(
    app: &App,
    group: &FactorGroup,
    kept: Option<&SettledWeights>,
    caller: &Caller<'_>,
) -> Result<Check, CheckError> {
    let analysis = analyze(app, group, caller).await?;
    let study = &analysis.study;
    let included: Vec<Ticker> = {
        let analysed = |ticker: &&Ticker| study.factors.iter().any(|studied| studied.factor.ticker == **ticker);
        group.tickers.iter().filter(analysed).cloned().collect()
    };
    let mut excluded: Vec<ExcludedMember> = study.excluded.iter().map(excluded_of).collect();
    if included.len() < FEWEST_MEMBERS {
        return Err(too_few(included, excluded, &study.excluded));
    }
    // A check of a group that stands looks at its history under its own weights, not under those of today.
    let settled = match kept {
        Some(kept) => kept.clone(),
        None => weights::settle(app, group, &included, &mut excluded, caller, analysis.source.name).await?,
    };
    let values = study.panel().group_returns(&settled.weights);
    let members = study.panel().member_columns(&settled.weights);
    let wealth = study.panel().daily_wealth_of_mean(&values, &members);
    let labels = study.panel().labels();
    let present: Vec<NaiveDate> =
        values.iter().zip(labels).filter(|(value, _)| value.is_finite()).map(|(_, label)| *label).collect();
    let risk_free = study.risk_free();
    let per_year = study.panel().periods_per_year();
    let profile = PerformanceProfile::compute(&ProfileInputs {
        // Beta and alpha are no part of what is said of a group here: no benchmark.
        risk_free: risk_free.known(),
        daily: wealth.as_ref().map_or_else(DailyPrices::default, DailyPrices::of),
        ..ProfileInputs::new(&values, labels, study.panel().base(), per_year)
    });
    let lookahead = group.weighting == GroupWeighting::MarketCap;
    let marked = marked(study, &settled);
    let mut warnings = warnings(&analysis, group, &excluded, lookahead, present.len());
    warnings.splice(0..0, marked.iter().map(|(ticker, mark)| mark.in_words(ticker)));
    Ok(Check {
        included: settled.weights.iter().map(|(ticker, _)| ticker.clone()).collect(),
        excluded,
        settled,
        lookahead,
        data_points: present.len(),
        span: present.first().copied().zip(present.last().copied()),
        marked,
        performance: Performance {
            annual_return: profile.annual_return,
            volatility: profile.volatility,
            sharpe_ratio: profile.sharpe_ratio,
            return_to_risk: profile.return_to_risk,
            max_drawdown: profile.max_drawdown,
            drawdown: profile.drawdown,
            max_drawdown_daily: profile.max_drawdown_daily,
            drawdown_daily: profile.drawdown_daily,
            risk_free_source: risk_free.source,
        },
        warnings,
    })
}

async fn analyze(app: &App, group: &FactorGroup, caller: &Caller<'_>) -> Result<Analysis, CheckError> {
    let member = |ticker: &Ticker| Factor {
        // No figure depends on it, and none that is open is looked up.
        asset_class: Some(AssetClass::Equity),
        ..Factor::new(ticker.clone(), ticker.as_str(), Category::Custom, SourceTier::Request)
    };
    // As many as an analysis without dates looks at.
    let months = Usual::of(&app.settings.analysis).window_months;
    let benchmark = Ticker::spy();
    let request = AnalysisRequest {
        kind: AnalysisKind::Performance,
        dates: DateRule { start: None, end: None, default_start: DefaultStart::MonthEndBefore(months) },
        frequency: Frequency::Monthly,
        categories: None,
        asset_classes: AssetClassFilter::default(),
        // The members alone: nothing else of the universe has a part in the check.
        universe: Some(FactorUniverse::new(group.tickers.iter().map(member))),
        groups: UserGroups::default(),
        benchmark: benchmark.clone(),
        also_priced: Vec::new(),
        rate_sources: Ticker::cash_proxies().into(),
        lead_months: LEAD_MONTHS,
        min_observations: Some(NEEDED_MONTHS),
        plan: Plan::Performance(PerformancePlan {
            // No section: the panel and the study are all that is wanted.
            per_factor: None,
            macro_composites: None,
            category_composites: false,
            granularity: Granularity::Industry,
            weights: Weighting::Equal,
            max_per_composite: None,
            benchmark,
            sort_by: SortBy::default(),
            min_coverage: 0.5,
        }),
    };
    let found = app.analyzer.analyze(&request, &FactorUniverse::default(), caller).await;
    let prices = &app.sources.prices;
    let noticed =
        || findings(&tickers_there(&prices.known()).into_iter().chain(prices.about().warnings).collect::<Vec<_>>());
    found.map_err(|error| match (without_check(error), noticed()) {
        (CheckError::Insufficient { included, excluded, message }, Some(findings)) => {
            CheckError::Insufficient { included, excluded, message: format!("{message}. {findings}") }
        }
        (error, _) => error,
    })
}

/// Why there is no check: the group's data, or the source.
fn without_check(error: AnalysisError) -> CheckError {
    let words = error.to_string();
    match error {
        AnalysisError::OfDates { error, prices } => match without_check(*error) {
            CheckError::Insufficient { included, excluded, message } => {
                CheckError::Insufficient { included, excluded, message: format!("{message}; {prices}") }
            }
            other => other,
        },
        AnalysisError::NothingAnalysed { lost, fault: None } => {
            too_few(Vec::new(), lost.iter().map(excluded_of).collect(), &lost)
        }
        AnalysisError::NothingAnalysed { lost, fault: Some(fault) } => {
            let why = lost.first().map_or_else(|| "no answer".to_owned(), |one| one.detail.clone());
            CheckError::Source { fault, why }
        }
        AnalysisError::Window(_) | AnalysisError::Panel(_) => {
            let message = format!("none of the members has {NEEDED_MONTHS} monthly returns: {words}");
            CheckError::Insufficient { included: Vec::new(), excluded: Vec::new(), message }
        }
        AnalysisError::Cancelled => CheckError::Cancelled,
        error => CheckError::Refused(error),
    }
}

fn excluded_of(exclusion: &Exclusion) -> ExcludedMember {
    let reason = match exclusion.reason {
        ExclusionReason::NoData => ExcludedReason::NoData,
        ExclusionReason::FetchFailed => ExcludedReason::FetchFailed,
        ExclusionReason::ThinHistory => ExcludedReason::ThinHistory,
        ExclusionReason::BadTicker => ExcludedReason::BadTicker,
        ExclusionReason::Unsupported => ExcludedReason::Unsupported,
        ExclusionReason::NotPrices => ExcludedReason::NotPrices,
        ExclusionReason::BadPrices => ExcludedReason::BadPrices,
    };
    ExcludedMember { ticker: exclusion.ticker.clone(), reason, detail: exclusion.detail.clone() }
}

/// Fewer members than a group needs: the source's fault where those it could not give would have been enough.
fn too_few(included: Vec<Ticker>, excluded: Vec<ExcludedMember>, lost: &[Exclusion]) -> CheckError {
    let failed = lost.iter().filter(|one| one.reason == ExclusionReason::FetchFailed).count();
    let reasons = reasons(&excluded);
    // The group may be sound: the caller is to try again and not to change it.
    if included.len() + failed >= FEWEST_MEMBERS && failed > 0 {
        return CheckError::Source { fault: SourceFault::Unavailable, why: reasons };
    }
    let message = format!(
        "a group needs {FEWEST_MEMBERS} members with {NEEDED_MONTHS} monthly returns each, and {} of {} {}: {reasons}",
        included.len(),
        included.len() + excluded.len(),
        if included.len() == 1 { "has them" } else { "have them" },
    );
    CheckError::Insufficient { included, excluded, message }
}

fn reasons(excluded: &[ExcludedMember]) -> String {
    let each: Vec<String> = excluded.iter().map(|one| format!("{}: {}", one.ticker, one.detail)).collect();
    each.join("; ")
}

fn warnings(
    analysis: &Analysis,
    group: &FactorGroup,
    excluded: &[ExcludedMember],
    lookahead: bool,
    data_points: usize,
) -> Vec<String> {
    let mut warnings = quality::doubtful(analysis);
    let failed: Vec<&str> = excluded
        .iter()
        .filter(|one| one.reason == ExcludedReason::FetchFailed)
        .map(|one| one.ticker.as_str())
        .collect();
    if !failed.is_empty() {
        warnings.push(format!(
            "{} could not be fetched and is left out of the weights; update_factor_group with group_name {} alone checks again",
            failed.join(", "),
            group.name
        ));
    }
    let panel = analysis.study.panel();
    for ticker in &group.tickers {
        let Some(over_gap) = panel.position(ticker).and_then(|at| panel.largest_move_over_a_gap(at)) else { continue };
        warnings.push(format!(
            "{ticker} has months without a price, with a move of {} over them: the group's return leaves that out, since \
             the others stand for {ticker} in those months",
            percent(Some(over_gap))
        ));
    }
    if lookahead {
        warnings.push("market caps of today weight the whole history: a look-ahead".to_owned());
    }
    if data_points < NEEDED_MONTHS {
        warnings.push(format!(
            "the group has {data_points} monthly returns (a month needs half of its weight): analyses leave it out while \
             it has fewer than their floor, {NEEDED_MONTHS} by default"
        ));
    }
    if analysis.source.simulated {
        warnings.push("the prices are simulated: they are no market's prices".to_owned());
    }
    warnings.extend(analysis.prepared.warnings.iter().cloned());
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(reasons: &[ExclusionReason]) -> Vec<Exclusion> {
        let one = |(at, reason): (usize, &ExclusionReason)| Exclusion {
            ticker: format!("T{at}").parse().unwrap(),
            label: String::new(),
            reason: *reason,
            detail: format!("reason {at}"),
        };
        reasons.iter().enumerate().map(one).collect()
    }

    fn check_too_few(included: &[&str], reasons: &[ExclusionReason]) -> CheckError {
        let lost = lost(reasons);
        let included = included.iter().map(|ticker| ticker.parse().unwrap()).collect();
        too_few(included, lost.iter().map(excluded_of).collect(), &lost)
    }

    #[test]
    fn too_few_members_are_the_groups_fault_where_a_fetch_would_not_have_helped() {
        let error = check_too_few(&["SPY"], &[ExclusionReason::ThinHistory, ExclusionReason::NoData]);
        let CheckError::Insufficient { included, excluded, message } = error else { panic!("{error:?}") };
        assert_eq!((included.len(), excluded.len()), (1, 2));
        assert_eq!((excluded[0].reason, excluded[1].reason), (ExcludedReason::ThinHistory, ExcludedReason::NoData));
        let wanted =
            "a group needs 2 members with 24 monthly returns each, and 1 of 3 has them: T0: reason 0; T1: reason 1";
        assert_eq!(message, wanted);
        // One that could not be fetched would not make two members.
        let error = check_too_few(&[], &[ExclusionReason::FetchFailed, ExclusionReason::NoData]);
        assert!(matches!(error, CheckError::Insufficient { .. }), "{error:?}");
    }

    #[test]
    fn too_few_members_are_the_sources_fault_where_those_it_failed_on_would_be_enough() {
        for (included, reasons) in [
            (&["SPY"][..], &[ExclusionReason::FetchFailed][..]),
            (&[], &[ExclusionReason::FetchFailed, ExclusionReason::FetchFailed]),
        ] {
            let error = check_too_few(included, reasons);
            let CheckError::Source { fault, why } = error else { panic!("{error:?}") };
            assert_eq!(fault, SourceFault::Unavailable);
            assert!(why.starts_with("T0: reason 0"), "{why}");
        }
    }
}
