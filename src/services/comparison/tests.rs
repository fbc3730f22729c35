use serde_json::{Value, json};

use super::{
    request::{Request, Section},
    *,
};
use crate::services::{
    common_args::{
        CommonArgs,
        tests::{args, basis},
    },
    portfolio::answer::PortfolioAnswer,
    recommendations::tests::sample_app,
};
use factor_analytics::{compare::Bound, panel::DefaultStart};

fn read(values: Value) -> Result<(Request, CommonArgs), ToolError> {
    Request::read(args(values), basis())
}

fn problems(values: Value) -> Vec<String> {
    read(values).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

/// What a call comes to on the sample, before it is written.
async fn compared(arguments: Value) -> Result<Comparison, ToolError> {
    let (_folder, app) = sample_app();
    let call = Call::default();
    let caller = call.caller(app.clock());
    let (request, common) = Request::read(args(arguments), app.basis(call.user).await)?;
    let context = AnalysisContext::of_comparison(common, &app, request.lead_months(), &caller).await?;
    figures::compute(request, context, &mut factor_analytics::observer::Silent)
}

#[test]
fn what_is_not_said_has_its_default() {
    let (request, common) = read(json!({"tickers": ["TLT", "SPY"]})).unwrap();
    assert!(request.periods.is_empty() && request.condition.is_none());
    assert_eq!((request.rolling_windows.as_slice(), request.lead_months()), ([36].as_slice(), 0));
    let picked: Vec<String> = common.picked().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(picked, ["TLT", "SPY"], "in the call's order");
    assert_eq!(common.dates.default_start, DefaultStart::MonthEndBefore(120));
}

#[test]
fn the_window_begins_with_the_earliest_period() {
    let start =
        |periods: Value| read(json!({"tickers": ["SPY", "TLT"], "periods": periods})).unwrap().1.dates.default_start;
    assert_eq!(
        start(json!(["2022", 2015])),
        DefaultStart::MonthEndBeforeOrFrom(120, "2014-12-31".parse().unwrap()),
        "a year written as a number is one too"
    );
    assert_eq!(start(json!(["10y", "other"])), DefaultStart::MonthEndBefore(121));
    assert_eq!(start(json!("3y, other")), DefaultStart::MonthEndBefore(120));
    let (request, _) = read(json!({"tickers": ["SPY", "TLT"], "periods": ["high_vol", "other", "other"]})).unwrap();
    assert_eq!((request.periods.len(), request.lead_months()), (2, 6));
}

#[test]
fn a_condition_has_a_bound_on_one_side_and_its_ticker_is_taken_along() {
    let condition = |given: Value| {
        let (request, common) = read(json!({"tickers": ["GLD", "TLT"], "condition": given})).unwrap();
        assert_eq!(common.picked().unwrap().len(), 2, "it is not compared");
        assert!(common.universe().get(&"SPY".parse().unwrap()).is_some(), "but priced");
        let condition = request.condition.unwrap();
        (condition.ticker.to_string(), condition.bound)
    };
    let below = ("SPY".to_owned(), Bound::Below(-0.05));
    assert_eq!(condition(json!({"ticker": "spy", "below": -0.05})), below);
    assert_eq!(condition(json!("{\"ticker\": \"SPY\", \"below\": \"-0.05\"}")), below);
    assert_eq!(condition(json!({"ticker": "SPY", "below": true, "value": -0.05})), below);
    assert_eq!(condition(json!({"ticker": "us_large", "above": 0.03})), ("SPY".to_owned(), Bound::Above(0.03)));
}

#[test]
fn mistakes_come_all_at_once() {
    let found = problems(json!({
        "tickers": ["SPY"], "periods": ["2015", "crisis"], "rolling_windows": [5], "condition": {"ticker": "TLT", "below": -5},
        "categories": "style", "benchmark_ticker": "SPY",
    }));
    assert!(found[0].starts_with("`periods[1]` (got \"crisis\") is no period: write 2022, 2022Q1,"), "{found:?}");
    assert_eq!(found[1], "`rolling_windows[0]` (got 5) must be a whole number from 6 to 120");
    let rest = found[2..].join("\n");
    for said in [
        "`tickers` (got [\"SPY\"]) must name 2 to 6 factors",
        "`condition.below` (got -5) must be a share from -1 to 1: write -0.05 for -5%",
        "`categories` (got \"style\") is not a known argument",
        "`benchmark_ticker` (got \"SPY\") is not a known argument",
    ] {
        assert!(rest.contains(said), "{said}: {found:?}");
    }
    assert_eq!(problems(json!({})), ["`tickers` (got nothing) is required"]);
    let many: Vec<String> = (0..7).map(|at| format!("X{at}")).collect();
    assert!(problems(json!({"tickers": many}))[0].ends_with("must name at most 6 factors"));
    assert!(problems(json!({"tickers": ["SPY", "spy"]}))[0].ends_with("must name 2 to 6 different factors"));
    let two = |more: Value| {
        let mut call = json!({"tickers": ["SPY", "TLT"]});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        problems(call).join("\n")
    };
    assert!(two(json!({"periods": ["2015..2022"]})).contains("must be at most 6 periods, these are 8"));
    let ranges = two(json!({"periods": ["2015..2018", "2019..2022"]}));
    assert!(
        ranges.ends_with("names each part of a range by itself; write 2015/2018, 2019/2022 for one period"),
        "{ranges}"
    );
    assert!(two(json!({"periods": ["all", "other"]})).contains("name a period beside other"));
    assert!(two(json!({"condition": {"ticker": "SPY"}})).contains("must have either below or above"));
    assert!(
        two(json!({"condition": {"ticker": "SPY", "below": 0, "above": 0}}))
            .contains("must have either below or above")
    );
    assert!(two(json!({"condition": {"below": 0}})).contains("`condition.ticker` (got nothing) is required"));
    assert!(two(json!({"rolling_windows": [12, 24, 36, 48]})).contains("must be at most 3 lengths"));
}

#[test]
fn sections_rest_on_others() {
    let request = |include: Value| read(json!({"tickers": ["SPY", "TLT"], "include": include})).unwrap().0;
    let insights = request(json!(["insights"]));
    assert!(insights.wants(Section::Pairs) && insights.wants(Section::Periods) && !insights.wants(Section::SideBySide));
    assert!(request(json!(["formatted_report"])).wants(Section::CalendarYears));
    let years = request(json!(["calendar_years"]));
    assert!(years.wants(Section::CalendarYears) && !years.wants(Section::Pairs));
}

#[tokio::test]
async fn two_years_are_told_in_a_sentence() {
    let all = compared(json!({"tickers": ["SPY", "TLT"], "periods": ["2018", "2022"]})).await.unwrap();
    let said = sentences::insights(&all);
    let periods = all.report.periods.as_ref().unwrap();
    let [difference] = periods.differences.as_slice() else { panic!("{}", periods.differences.len()) };
    let words = crate::answer::markdown::in_words;
    let start = format!(
        "SPY and TLT: correlation {} in 2018 (12 months) and {} in 2022 (12 months); the difference is {} (95% interval {} to {}, p ",
        words(difference.correlation_first.unwrap()),
        words(difference.correlation_second.unwrap()),
        words(difference.difference.unwrap()),
        words(difference.interval.unwrap()[0]),
        words(difference.interval.unwrap()[1]),
    );
    assert!(said[0].starts_with(&start), "{}", said[0]);
    assert!(said[0].ends_with("significant difference (5%)."), "{}", said[0]);
    assert!(
        said[1].starts_with("SPY and TLT: correlation ") && said[1].contains("from 0 significantly (5%)"),
        "{}",
        said[1]
    );
    let warnings = all.quality.warnings().join("\n");
    assert!(warnings.contains("under 24 returns in 2018 (12), 2022 (12)"), "{warnings}");
}

#[tokio::test]
async fn sections_that_need_an_argument_say_so() {
    let all = compared(json!({"tickers": ["SPY", "TLT"], "include": ["periods", "condition", "pairs", "nonsense"]}))
        .await
        .unwrap();
    let frame = all.frame();
    assert_eq!(frame.invalid_sections, ["nonsense"]);
    assert!(frame.not_computed["periods"].starts_with("give periods"), "{:?}", frame.not_computed);
    assert!(frame.not_computed["condition"].starts_with("give condition"), "{:?}", frame.not_computed);
    assert!(all.report.side_by_side.is_none() && all.report.calendar_years.is_none(), "not paid for");
    let whole = all.whole().json().value();
    assert_eq!(whole.as_object().unwrap().keys().collect::<Vec<_>>(), ["pairs"]);
}

#[tokio::test]
async fn six_factors_have_a_line_each_pair_in_a_summary() {
    let all = compared(json!({
        "tickers": ["SPY", "TLT", "GLD", "XLE", "XLK", "HYG"], "periods": ["2020..2021", "2022", "other"],
        "condition": {"ticker": "SPY", "below": -0.02},
    }))
    .await
    .unwrap();
    let summary = all.summary(15).json().value();
    let pairs = summary["pairs"].as_array().unwrap();
    assert_eq!((pairs.len(), pairs[0].get("beta_a_on_b")), (15, None));
    assert_eq!(summary["periods"]["difference_count"], 15 * 6);
    let short = all.summary(4).json().value();
    assert_eq!((short["pairs"].as_array().unwrap().len(), &short["pair_count"]), (4, &json!(15)));
    let years: Vec<i64> =
        short["calendar_years"].as_array().unwrap().iter().map(|year| year["year"].as_i64().unwrap()).collect();
    assert!(years.is_sorted() && years.len() == 4, "the newest four: {years:?}");
    assert!(sentences::insights(&all).iter().any(|said| said.contains("by chance alone")));
    let text = all.text();
    for title in [
        "Pairs",
        "Over moving windows",
        "Periods",
        "Correlations by period",
        "Differences between periods",
        "When SPY was below -2.00%",
        "Total return by calendar year",
        "How to read it",
    ] {
        assert!(text.contains(&format!("## {title}\n")), "{title}: {text}");
    }
    assert!(text.starts_with("# SPY, TLT, GLD, XLE, XLK, HYG compared\n"), "{text}");
}

#[tokio::test]
async fn periods_that_cannot_be_compared_are_refused_by_their_place() {
    let refused = async |periods: Value| match compared(json!({"tickers": ["SPY", "TLT"], "periods": periods})).await {
        Ok(_) => panic!("{periods} was compared"),
        Err(error) => error,
    };
    let overlap = refused(json!(["2018/2019", "2019/2020"])).await;
    assert_eq!((overlap.code.as_str(), overlap.problems[0].field()), ("invalid_argument", "periods[1]"));
    assert!(overlap.problems[0].rule().starts_with("overlaps 2018/2019: they share 12 periods"), "{overlap}");
    let short = refused(json!(["2020-02/2020-04", "other"])).await;
    assert_eq!((short.code.as_str(), short.problems[0].field()), ("insufficient_data", "periods[0]"));
    assert!(short.problems[0].hint().unwrap().ends_with("or take frequency daily"), "{short}");
}
