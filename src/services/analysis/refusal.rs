//! The caller's view of an analysis that failed.

use chrono::{Days, NaiveDate};
use factor_analytics::{
    panel::{PanelError, WindowError},
    study::{
        Exclusion,
        ExclusionReason::{BadPrices, NotPrices, ThinHistory},
    },
};
use factor_prices::SourceFault;
use factor_types::Frequency;
use serde_json::json;

use super::regime;
use crate::{
    analysis::{AnalysisError, MIN_WINDOW_DAYS, PricesRun},
    answer::shortened,
    app::App,
    services::common_args::CommonArgs,
    tool_error::{ErrorCode, Mend, Problem, Refusal, ToolError, tickers_there},
};

/// The longest reason of one factor, in characters.
const LONGEST_DETAIL: usize = 300;

/// What went wrong, with what the price source noticed of its data.
pub(super) fn refused(app: &App, error: &AnalysisError, common: &CommonArgs) -> ToolError {
    let prices = &app.sources.prices;
    let missing = matches!(error.apart().0, AnalysisError::NothingAnalysed { fault: None, .. });
    let there = missing.then(|| tickers_there(&prices.known())).flatten();
    let noticed: Vec<String> = there.into_iter().chain(prices.about().warnings).collect();
    tool_error(error, common).with_findings(&noticed)
}

/// What went wrong, and what to do about it; where dates are the matter, which dates there are.
fn tool_error(error: &AnalysisError, common: &CommonArgs) -> ToolError {
    let (error, prices) = error.apart();
    let message = error.to_string();
    match error {
        AnalysisError::NoFactors(_) => {
            let way_out =
                "name other categories or asset classes, or a factor_universe; list_factors lists what there is";
            ToolError::new(ErrorCode::InvalidArgument, message, way_out)
        }
        AnalysisError::GroupsUnread(_) => {
            ToolError::new(ErrorCode::UpstreamUnavailable, message, "if it stays so see get_server_status")
        }
        AnalysisError::TooManyFactors { limit, .. } => {
            let way_out = format!("name at most {limit} in tickers, or raise FACTOR_INTELLIGENCE_MAX_FACTORS");
            ToolError::new(ErrorCode::InvalidArgument, message, way_out)
        }
        AnalysisError::WindowTooShort { start, end, days, .. } => {
            let (rule, hint) = common.question.short_window(*start, *end, *days);
            let early = end.checked_sub_days(Days::new(MIN_WINDOW_DAYS.unsigned_abs()));
            let early =
                early.filter(|_| common.dates.start.is_some()).map(|early| Mend::Value(early.to_string().into()));
            let problem = of_dates(common, (*start, *end), rule, &with_prices(hint, prices)).or_mended_by(early);
            ToolError::invalid(vec![problem])
        }
        AnalysisError::Window(window) => of_window(window, message, common, prices),
        AnalysisError::Panel(PanelError::NoPeriods { start, end, .. }) => {
            let way_out = with_prices("give dates with two whole periods at least between them", prices);
            let problem = of_dates(common, (*start, *end), "leave no whole period".to_owned(), &way_out);
            ToolError::new(ErrorCode::NoData, message, way_out).with_problem(problem)
        }
        AnalysisError::Panel(unsupported) => {
            let way_out = match unsupported.other_frequency() {
                Some(other) => format!("ask for frequency {other}"),
                None => "give daily prices, or those of the months' last trading days".to_owned(),
            };
            let other = unsupported.other_frequency().map(|other| Mend::Value(other.to_string().into()));
            let refusal = Refusal::new(message, way_out).mended_by(other);
            ToolError::invalid(vec![Problem::new("frequency", common.frequency.to_string(), refusal)])
        }
        AnalysisError::NothingAnalysed { lost, fault } => nothing_analysed(message, lost, *fault, (common, prices)),
        AnalysisError::NoCaps(_) => {
            let way_out = "write equal, or custom with composite_weights";
            let refusal = Refusal::new("needs a market cap of one member at least", way_out)
                .mended_by(Some(Mend::Value("equal".into())));
            let problem = Problem::new("composite_weighting_method", "cap", refusal);
            ToolError::new(ErrorCode::InsufficientData, message, way_out).with_problem(problem)
        }
        AnalysisError::Regime { error, .. } => regime::refused(error, message, prices),
        AnalysisError::OfDates { error, .. } => tool_error(error, common),
        AnalysisError::Cancelled => ToolError::cancelled(),
    }
}

/// A window that cannot be settled.
fn of_window(error: &WindowError, message: String, common: &CommonArgs, prices: Option<&PricesRun>) -> ToolError {
    match error {
        WindowError::NoPrices => {
            let way_out = with_prices("give an end_date within the prices that there are", prices);
            let failed = ToolError::new(ErrorCode::NoData, message, &way_out);
            match common.dates.end {
                Some(end) => {
                    let refusal = Refusal::new("lies before every price", way_out);
                    failed.with_problem(Problem::new("end_date", end.to_string(), refusal))
                }
                None => failed,
            }
        }
        WindowError::NoWholePeriod { .. } => {
            let way_out = "give an end_date after a whole period of prices, or ask for frequency daily";
            ToolError::new(ErrorCode::NoData, message, with_prices(way_out, prices))
        }
        WindowError::EndsBeforePrices { end, first, newest } => {
            let way_out = with_prices(&format!("give an end_date from {first} to {newest}"), prices);
            let refusal = Refusal::new(format!("lies before the first price, of {first}"), &way_out)
                .mended_by(Some(Mend::Value(newest.to_string().into())));
            let problem = Problem::new("end_date", end.to_string(), refusal);
            let what = format!("the window ends on {end}, before the first price: prices run from {first} to {newest}");
            ToolError::new(ErrorCode::NoData, what, way_out).with_problem(problem)
        }
        WindowError::StartNotBeforeEnd { start, end } => {
            // An end after today is today: no later one helps, nor does one after the newest price.
            let clamped = common.dates.end.filter(|asked| asked > end);
            let ends = clamped.map(|asked| format!(": end_date {asked} has not been yet")).unwrap_or_default();
            let newest = prices.map(|prices| prices.last);
            let no_later = clamped.is_some() || common.dates.end.is_none() || newest.is_some_and(|last| *start >= last);
            let way_out = match (no_later, newest.unwrap_or(*end).min(*end).checked_sub_days(Days::new(366))) {
                (true, Some(earlier)) => format!("give a start_date of {earlier} or before"),
                _ => "give an earlier start_date, or an end_date 365 days after it or more".to_owned(),
            };
            let way_out = with_prices(&way_out, prices);
            ToolError::invalid(vec![of_dates(common, (*start, *end), format!("{message}{ends}"), &way_out)])
        }
    }
}

/// A problem of the window's dates: of `start_date` where the call gives one, else of `end_date`.
fn of_dates(common: &CommonArgs, (start, end): (NaiveDate, NaiveDate), rule: String, way_out: &str) -> Problem {
    let refusal = Refusal::new(rule, way_out);
    match common.dates.start {
        Some(_) => Problem::new("start_date", start.to_string(), refusal),
        None => Problem::new("end_date", end.to_string(), refusal),
    }
}

/// A way out with the dates that there are.
pub(super) fn with_prices(way_out: &str, prices: Option<&PricesRun>) -> String {
    match prices {
        Some(prices) => format!("{way_out}; {prices}"),
        None => way_out.to_owned(),
    }
}

fn nothing_analysed(
    message: String,
    lost: &[Exclusion],
    fault: Option<SourceFault>,
    (common, prices): (&CommonArgs, Option<&PricesRun>),
) -> ToolError {
    // One of each kind: the same reason thirty times says no more than once.
    let mut kinds = std::collections::HashSet::new();
    let different = lost.iter().filter(|one| kinds.insert(one.detail.replace(one.ticker.as_str(), "")));
    let first: Vec<String> =
        different.take(3).map(|one| of_its_own(one.ticker.as_str(), &shortened(&one.detail, LONGEST_DETAIL))).collect();
    let more = lost.len() - first.len();
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let is_thin = lost.iter().any(|one| one.reason == ThinHistory);
    let (of_thin, daily) = of_thin_histories(common, prices);
    let (code, way_out) = match fault {
        Some(SourceFault::Auth | SourceFault::Plan) => {
            (ErrorCode::UpstreamAuth, "check the key and the plan of the price source; get_server_status names it")
        }
        Some(SourceFault::Limited) => (ErrorCode::RateLimited, "wait a minute and call again: what arrived is kept"),
        Some(SourceFault::Late) => (ErrorCode::Timeout, "call again: what arrived is kept"),
        Some(SourceFault::Unavailable) => {
            (ErrorCode::UpstreamUnavailable, "call again later; get_server_status says how the price source is")
        }
        Some(SourceFault::Unusable) => {
            let way_out = "correct the price files, if it is these; else call again later: get_server_status says how the \
                           price source is";
            (ErrorCode::UpstreamUnavailable, way_out)
        }
        None if is_thin => (ErrorCode::InsufficientData, of_thin.as_str()),
        None if lost.iter().all(|one| matches!(one.reason, NotPrices | BadPrices)) => {
            (ErrorCode::NoData, "give prices, mend the source's file, or ask for other tickers")
        }
        None => (
            ErrorCode::NoData,
            "name other tickers (list_factors has the universe's), or give dates within the prices that there are",
        ),
    };
    let error = ToolError::new(code, format!("{message}. {}{more}", first.join("; ")), with_prices(way_out, prices));
    match daily.filter(|_| code == ErrorCode::InsufficientData) {
        Some(daily) => {
            let refusal = Refusal::new("leaves too few returns", "ask for frequency daily").mended_by(Some(daily));
            error.with_problem(Problem::new("frequency", common.frequency.to_string(), refusal))
        }
        None => error,
    }
}

/// A reason with the ticker it is of, once.
fn of_its_own(ticker: &str, detail: &str) -> String {
    let names_it = detail.strip_prefix(ticker).is_some_and(|rest| rest.starts_with(' '));
    if names_it { detail.to_owned() } else { format!("{ticker}: {detail}") }
}

/// What gives factors of too few returns more of them: more of the prices that there are, or returns more often.
fn of_thin_histories(common: &CommonArgs, prices: Option<&PricesRun>) -> (String, Option<Mend>) {
    const TICKERS: &str = "or name other tickers";
    const LOWER: &str = "a lower advanced.min_observations (12 at least)";
    if common.min_observations.is_some() {
        return (format!("give {LOWER}, {TICKERS}"), None);
    }
    let Some(PricesRun { first, last, .. }) = prices else {
        return (format!("give an earlier start_date, {LOWER}, {TICKERS}"), None);
    };
    if common.dates.start.is_some_and(|start| *first < start) {
        return (format!("give an earlier start_date, {TICKERS}"), None);
    }
    if common.dates.end.is_some_and(|end| end < *last) {
        return (format!("give a later end_date, up to {last}, {TICKERS}"), None);
    }
    // Half a year of trading days is more than daily returns need.
    if common.frequency != Frequency::Daily && (*last - *first).num_days() > 180 {
        let daily = Mend::Beside("frequency", json!(Frequency::Daily));
        return (format!("ask for frequency daily, {TICKERS}"), Some(daily));
    }
    (format!("give {LOWER}, {TICKERS}"), None)
}

#[cfg(test)]
mod tests {
    use factor_analytics::{panel::Spacing, study::ExclusionReason};
    use factor_types::Frequency;
    use serde_json::Value;

    use super::*;
    use crate::{
        analysis::AnalysisKind,
        answer::markdown::capitalised,
        services::{
            analysis::arguments,
            common_args::tests::{args, basis},
        },
    };

    fn of_analysis(error: &AnalysisError, arguments: Value) -> ToolError {
        let Value::Object(arguments) = arguments else { panic!("no object") };
        tool_error(error, &arguments::read(arguments, basis()).unwrap().common)
    }

    fn of_portfolio(error: &AnalysisError) -> ToolError {
        let common = CommonArgs::read(&mut args(json!({})), (&[], &[]), &basis());
        tool_error(error, &common.unwrap())
    }

    fn lost(ticker: &str, reason: ExclusionReason, detail: &str) -> Exclusion {
        let ticker = ticker.parse().unwrap();
        Exclusion { ticker, label: "a label".to_owned(), reason, detail: detail.to_owned() }
    }

    fn nothing_of(lost: Vec<Exclusion>, fault: Option<SourceFault>) -> ToolError {
        of_analysis(&AnalysisError::NothingAnalysed { lost, fault }, json!({}))
    }

    #[test]
    fn a_short_window_is_a_matter_of_start_date_and_of_who_asks() {
        let (start, end) = ("2025-01-31".parse().unwrap(), "2025-06-30".parse().unwrap());
        let error = AnalysisError::WindowTooShort { kind: AnalysisKind::Performance, start, end, days: 150 };
        let asked = json!({"analysis_type": "performance", "start_date": "2025-01-31"});
        assert_eq!(
            of_analysis(&error, asked).message,
            "`start_date` (got 2025-01-31) performance needs at least 365 days between start and end; 2025-01-31 to \
             2025-06-30 are 150: for a shorter look-back use analysis_type returns with windows."
        );
        let portfolio = of_portfolio(&error);
        assert_eq!(portfolio.problems[0].hint(), Some("give an earlier start_date"));
        assert!(portfolio.problems[0].rule().starts_with("the analysis needs at least 365 days"));
    }

    #[test]
    fn a_window_that_runs_backwards_is_the_callers_and_one_without_prices_is_not() {
        let (start, end) = ("2026-03-01".parse().unwrap(), "2026-01-14".parse().unwrap());
        let reversed = AnalysisError::Window(WindowError::StartNotBeforeEnd { start, end });
        let refused = of_analysis(&reversed, json!({"start_date": "2026-03-01"}));
        assert_eq!(refused.code, ErrorCode::InvalidArgument);
        assert_eq!((refused.problems[0].field(), refused.problems[0].got()), ("start_date", "2026-03-01"));
        for window in [WindowError::NoPrices, WindowError::NoWholePeriod { frequency: Frequency::Monthly, newest: end }]
        {
            let refused = of_analysis(&AnalysisError::Window(window), json!({}));
            assert_eq!((refused.code, refused.problems.len()), (ErrorCode::NoData, 0), "{}", refused.message);
        }
    }

    #[test]
    fn prices_that_do_not_allow_the_frequency_blame_it() {
        let frequency = Frequency::Weekly;
        let monthly = AnalysisError::Panel(PanelError::Unsupported { frequency, bars: Spacing::Monthly });
        let refused = of_analysis(&monthly, json!({"frequency": "weekly"}));
        assert_eq!(refused.code, ErrorCode::InvalidArgument);
        assert_eq!((refused.problems[0].field(), refused.problems[0].got()), ("frequency", "weekly"));
        assert_eq!(refused.problems[0].hint(), Some("ask for frequency monthly"));
        let frequency = Frequency::Monthly;
        let weekly = AnalysisError::Panel(PanelError::Unsupported { frequency, bars: Spacing::Weekly });
        let refused = of_analysis(&weekly, json!({}));
        assert_eq!(refused.problems[0].hint(), Some("ask for frequency weekly"));
        assert!(refused.message.contains("weekly bars, whose dates do not reach"), "{}", refused.message);
        let day = |text: &str| text.parse().unwrap();
        let (start, end, cutoff) = (day("2025-01-31"), day("2026-01-14"), day("2025-01-31"));
        let none = AnalysisError::Panel(PanelError::NoPeriods { frequency, start, end, cutoff });
        let refused = of_analysis(&none, json!({}));
        assert_eq!((refused.code, refused.problems[0].field()), (ErrorCode::NoData, "end_date"));
        assert!(refused.message.ends_with("2025-01-31. Give dates with two whole periods at least between them."));
    }

    #[test]
    fn what_is_wrong_with_dates_says_which_dates_there_are() {
        let day = |text: &str| text.parse().unwrap();
        let prices = PricesRun { ticker: "SPY".parse().unwrap(), first: day("1993-01-29"), last: day("2026-01-14") };
        let error = |error: AnalysisError| AnalysisError::OfDates { error: error.into(), prices: prices.clone() };
        let run = "prices of SPY run from 1993-01-29 to 2026-01-14";
        let early =
            of_analysis(&error(AnalysisError::Window(WindowError::NoPrices)), json!({"end_date": "1990-01-31"}));
        assert_eq!((early.problems[0].field(), early.problems[0].got()), ("end_date", "1990-01-31"));
        let (start, end) = (day("2025-06-30"), day("2026-01-14"));
        let short = || AnalysisError::WindowTooShort { kind: AnalysisKind::Performance, start, end, days: 198 };
        let from = of_analysis(&error(short()), json!({"analysis_type": "performance", "start_date": "2025-06-30"}));
        assert_eq!((from.problems[0].field(), from.problems[0].got()), ("start_date", "2025-06-30"));
        // Without a start date it is the end that lies too early, and what is shown is the end.
        let to = of_analysis(&error(short()), json!({"analysis_type": "performance", "end_date": "2026-01-14"}));
        assert_eq!((to.problems[0].field(), to.problems[0].got()), ("end_date", "2026-01-14"));
        let late = AnalysisError::Window(WindowError::StartNotBeforeEnd { start: day("2027-01-01"), end });
        let late = of_analysis(&error(late), json!({"start_date": "2027-01-01"}));
        let thin = vec![lost("IBIT", ExclusionReason::NoData, "no price of IBIT")];
        let thin = of_analysis(&error(AnalysisError::NothingAnalysed { lost: thin, fault: None }), json!({}));
        for refused in [&early, &from, &to, &late, &thin] {
            assert!(refused.message.contains(run), "{}", refused.message);
            assert_eq!(refused.message.matches(run).count(), 1, "{}", refused.message);
        }
    }

    #[test]
    fn reasons_that_differ_in_the_ticker_alone_are_said_once() {
        use ExclusionReason::{BadTicker, NoData};
        let none = |ticker: &str| lost(ticker, NoData, &format!("no price of {ticker} in the window"));
        let refused =
            nothing_of(vec![none("AAA"), none("BBB"), lost("C.C", BadTicker, "no symbol"), none("DDD")], None);
        assert_eq!(
            refused.message,
            "None of the 4 factors can be analysed. AAA: no price of AAA in the window; C.C: no symbol; and 2 more. Name \
             other tickers (list_factors has the universe's), or give dates within the prices that there are."
        );
        let alone = nothing_of(vec![none("AAA")], None);
        assert!(
            alone
                .message
                .starts_with("The one factor asked for cannot be analysed. AAA: no price of AAA in the window."),
            "{}",
            alone.message
        );
        let all_different = ["AAA", "BBB", "CCC", "DDD"].map(|ticker| lost(ticker, NoData, &ticker.repeat(2)[1..]));
        let refused = nothing_of(all_different.to_vec(), None).message;
        assert!(refused.contains("CCC: ") && !refused.contains("DDD: ") && refused.contains("; and 1 more."));
    }

    #[test]
    fn the_code_says_whose_fault_it_is_that_nothing_was_analysed() {
        use ExclusionReason::{FetchFailed, NoData, ThinHistory};
        let failed = || vec![lost("AAA", FetchFailed, "it failed"), lost("BBB", ThinHistory, "3 returns")];
        for (fault, code) in [
            (SourceFault::Auth, ErrorCode::UpstreamAuth),
            (SourceFault::Plan, ErrorCode::UpstreamAuth),
            (SourceFault::Limited, ErrorCode::RateLimited),
            (SourceFault::Late, ErrorCode::Timeout),
            (SourceFault::Unavailable, ErrorCode::UpstreamUnavailable),
            (SourceFault::Unusable, ErrorCode::UpstreamUnavailable),
        ] {
            assert_eq!(nothing_of(failed(), Some(fault)).code, code, "{fault:?}");
        }
        assert_eq!(nothing_of(failed(), None).code, ErrorCode::InsufficientData, "one has a short history");
        assert_eq!(nothing_of(vec![lost("AAA", NoData, "none")], None).code, ErrorCode::NoData);
    }

    #[test]
    fn other_failures_have_their_code_and_their_argument() {
        let caps = of_analysis(&AnalysisError::NoCaps("12 were asked for".to_owned()), json!({}));
        assert_eq!(caps.code, ErrorCode::InsufficientData);
        assert!(caps.message.contains("12 were asked for"), "{}", caps.message);
        assert_eq!(
            caps.problems[0].to_string(),
            "`composite_weighting_method` (got cap) needs a market cap of one member at least: write equal, or custom \
             with composite_weights"
        );
        for (error, code) in [
            (AnalysisError::NoFactors("include: crypto".to_owned()), ErrorCode::InvalidArgument),
            (AnalysisError::TooManyFactors { count: 600, limit: 500 }, ErrorCode::InvalidArgument),
            (AnalysisError::Cancelled, ErrorCode::Timeout),
        ] {
            let refused = of_analysis(&error, json!({}));
            let what = capitalised(&error.to_string());
            assert_eq!(refused.code, code);
            assert!(
                refused.message.starts_with(&what) && refused.message.len() > what.len() + 10,
                "{}",
                refused.message
            );
            assert!(refused.problems.is_empty());
        }
    }
}
