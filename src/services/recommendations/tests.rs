use std::{cell::Cell, fs};

use factor_analytics::{
    Observer,
    hedge::{Effectiveness, HedgeFigures, Recommendation, Relation, ScoreParts, Swap, VolatilityChange},
};
use factor_types::{Category, Ticker, UserId};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    request::Section,
    rows::{first_move, rationale},
    *,
};
use crate::{
    services::{
        common_args::{
            CommonArgs,
            tests::{args, basis},
        },
        portfolio::{
            answer::PortfolioAnswer,
            factor::{Kind, MatchedBy},
        },
        portfolios::holdings::Source,
    },
    settings::Settings,
    tool_error::ErrorCode,
};

fn read(values: Value) -> Result<(Request, CommonArgs), ToolError> {
    Request::read(args(values), basis())
}

fn problems(values: Value) -> Vec<String> {
    read(values).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_not_said_has_its_default() {
    let (request, _) = read(json!({"overexposed_factor": " VNQ "})).unwrap();
    assert_eq!(request.overexposed, "VNQ");
    assert!(matches!(request.source, Source::Unsaid));
    assert_eq!((request.target_allocation_reduction, request.correlation_threshold), (0.1, -0.2));
    assert_eq!((request.max_recommendations, request.prefer_income, request.min_dividend_yield), (10, false, None));
    assert!(request.include.wants(Section::Basket));
}

#[test]
fn own_mistakes_come_before_common_ones() {
    let wrong = json!({
        "holdings": {"SPY": 1}, "portfolio_name": "Mine", "target_allocation_reduction": 10, "correlation_threshold": 0.5,
        "max_recommendations": 0, "min_dividend_yield": "3%", "categories": ["style"], "factor_categories": ["cash"],
        "format": "txt", "windows": ["1m"],
    });
    insta::assert_snapshot!(problems(wrong).join("\n"), @r#"
    `overexposed_factor` (got nothing) is required
    `portfolio_name` (got "Mine") must not be given together with holdings: keep one of them
    `target_allocation_reduction` (got 10) must be a share from 0.01 to 0.5: write 0.1 for 10%
    `correlation_threshold` (got 0.5) must be a number from -1 to 0
    `max_recommendations` (got 0) must be a whole number from 1 to 50
    `min_dividend_yield` (got "3%") must be a share from 0 to 1: write 0.03 for 3%
    `factor_categories` (got ["cash"]) is another name of categories: keep one of them
    `windows` (got ["1m"]) is not a known argument: leave it out; the tool's input schema names its arguments
    `format` (got "txt") must be one of summary, full, report
    "#);
}

pub(super) fn recommendation(hedge_ratio: f64, swap: Option<Swap>) -> Recommendation {
    let relation = Relation {
        correlation_to_overexposed: Some(-0.25),
        correlation_interval: Some([-0.5, 0.04]),
        n: 60,
        ..Relation::default()
    };
    let hedge_effectiveness = Effectiveness { in_sample: Some(0.0625), out_of_sample: Some(-0.01) };
    Recommendation {
        rank: 1,
        factor: "gold".to_owned(),
        etf_ticker: None,
        category: Category::Commodity,
        young: false,
        figures: HedgeFigures {
            relation,
            hedge_ratio: Some(hedge_ratio),
            hedge_effectiveness,
            ..HedgeFigures::default()
        },
        in_scenario: None,
        current_portfolio_exposure: None,
        swap,
        sharpe_ratio: None,
        max_drawdown: None,
        dividend_yield: None,
        expense_ratio: None,
        average_daily_value: None,
        meets_threshold: true,
        significant: false,
        score: 0.1,
        score_parts: ScoreParts::default(),
    }
}

#[test]
fn a_rationale_says_what_the_figures_say() {
    let swap = |weight| Swap {
        suggested_additional_allocation: Some(weight),
        portfolio_volatility: Some(VolatilityChange { before: 0.15, after: 0.12 }),
        ..Swap::default()
    };
    let start = "Correlation -0.25 with VNQ over 60 periods (95% interval -0.5 to 0.04); ";
    let bought =
        "0.5 of it per unit of VNQ takes away 0.0625 of the variance in sample and -0.01 out of sample: it added to it";
    let said = |ratio, swap| rationale(&recommendation(ratio, swap), "VNQ");
    assert_eq!(said(0.5, None), format!("{start}{bought}."));
    assert_eq!(
        said(0.5, Some(swap(0.1))),
        format!("{start}{bought}; moving 0.1 of the portfolio into it takes volatility from 0.15 to 0.12.")
    );
    assert_eq!(
        said(0.5, Some(swap(0.0))),
        format!("{start}{bought}; no move into it lowers the portfolio's volatility of 0.15.")
    );
    let with_cash = |in_cash: f64, cost_per_year| Swap {
        volatility_into_cash: Some(in_cash),
        fall_from_selling: Some(0.15 - in_cash),
        cost_per_year,
        ..swap(0.1)
    };
    let moving = "moving 0.1 of the portfolio into it takes volatility from 0.15 to 0.12, ";
    for (in_cash, cost, wanted) in [
        (0.125, None, "0.025 of that from selling VNQ: in cash the same weight takes it to 0.125."),
        (
            0.125,
            Some(0.0004),
            "0.025 of that from selling VNQ: in cash the same weight takes it to 0.125; it costs 0.0004 of the portfolio a year more.",
        ),
        (0.11, None, "all of it from selling VNQ: in cash the same weight takes it to 0.11."),
        (0.16, None, "none of it from selling VNQ: in cash the same weight takes it to 0.16."),
    ] {
        assert_eq!(said(0.5, Some(with_cash(in_cash, cost))), format!("{start}{bought}; {moving}{wanted}"));
    }
    assert_eq!(
        first_move(&recommendation(0.5, Some(with_cash(0.125, None))), "VNQ").unwrap(),
        "Moving 0.1 of the portfolio out of VNQ into gold takes its volatility from 0.15 to 0.12, 0.025 of that from selling VNQ: in cash \
         the same weight takes it to 0.125."
    );
    assert_eq!(first_move(&recommendation(0.5, None), "VNQ"), None);
    assert_eq!(
        said(-0.5, None),
        format!(
            "{start}sell short (hedge ratio -0.5 per unit of VNQ) to take away 0.0625 of the variance in sample and -0.01 out of \
             sample: it added to it; bought it is no offset."
        )
    );
}

/// Every example of a tool's answers in the contract; those of errors are no answers.
pub(crate) fn examples(tool: &str) -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/contract");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mine = files.filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with(&format!("{tool}.")) && !name.contains(".error")
    });
    let answer = |path: std::path::PathBuf| {
        let example: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        (path.display().to_string(), example["answer"].clone())
    };
    mine.map(answer).collect()
}

#[test]
fn every_example_is_valid_by_the_full_schema() {
    let validator = jsonschema::validator_for(answer_schema().as_value()).unwrap();
    let examples = examples("get_factor_recommendations");
    assert!(examples.len() >= 5, "{}", examples.len());
    for (file, answer) in &examples {
        let errors: Vec<String> = validator.iter_errors(answer).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{file}: {errors:#?}");
    }
    for (name, value) in [("unheard_of", json!(1)), ("recommendations", json!([{}])), ("as_of", json!(3))] {
        let mut wrong = examples[0].1.clone();
        wrong[name] = value;
        assert!(!validator.is_valid(&wrong), "{name}");
    }
}

#[test]
fn members_of_a_wide_factor_are_counted_in_a_summary() {
    let members: Vec<Ticker> = ["A", "B", "C"].map(|name| name.parse().unwrap()).into();
    let factor = Resolved {
        query: "x".to_owned(),
        name: "x".to_owned(),
        label: None,
        kind: Kind::SectorGroup,
        members,
        matched_by: MatchedBy::SectorGroup,
        note: None,
    };
    assert_eq!(json!(factor.shown(3))["members"], json!(["A", "B", "C"]));
    let short = json!(factor.shown(2));
    assert_eq!((&short["member_count"], short.get("members")), (&json!(3), None));
}

/// A server on the simulated prices, and the folder that it keeps things in.
pub(crate) fn sample_app() -> (tempfile::TempDir, Arc<App>) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    // Time enough on a machine with other work too: what runs out of time is left out.
    let settings = [
        ("FACTOR_PRICE_SOURCE", "sample"),
        ("FACTOR_TODAY", "2026-01-15"),
        ("FACTOR_DATA_DIR", data.as_str()),
        ("FACTOR_CORRELATION_TIMEOUT", "600"),
    ];
    let app = App::build(Settings::with(&settings).unwrap()).unwrap();
    (folder, app)
}

/// What is found on the simulated prices, before it is put into a shape.
pub(super) async fn recommended(values: Value) -> Recommended {
    recommended_within(values, usize::MAX).await.unwrap()
}

/// Says stop after so many questions.
pub(crate) struct Patience(Cell<usize>);

impl Patience {
    pub(crate) fn of(questions: usize) -> Self {
        Self(Cell::new(questions))
    }
}

impl Observer for Patience {
    fn stop(&self) -> bool {
        let Self(left) = self;
        left.replace(left.get().saturating_sub(1)) == 0
    }
}

/// The same for an observer of so much patience.
async fn recommended_within(values: Value, questions: usize) -> Result<Recommended, ToolError> {
    let (_folder, app) = sample_app();
    let call = Call::default();
    let (request, common) = Request::read(args(values), app.basis(call.user).await).unwrap();
    let caller = call.caller(app.clock());
    let held = match Holdings::of(&request.source, &app, call.user).await.unwrap() {
        Some(holdings) => Some(holdings.weighed(&app, &common.groups, &caller).await.unwrap()),
        None => None,
    };
    let tickers: Vec<Ticker> = held.iter().flat_map(Held::priced).collect();
    let factor = resolve("f", &request.overexposed, common.universe(), &common.groups, &tickers).unwrap();
    let context = analysis(&request, common, &app, tickers, &caller).await.unwrap();
    let held = match held {
        Some(held) => {
            let of = (&context.common().universes()[..], &context.common().groups);
            let all = Classifications::of(&app, &held.weights, of, &caller).await.unwrap();
            Some((held, all))
        }
        None => None,
    };
    candidates::look_at(request, context, factor, held, move || Patience::of(questions)).await
}

#[tokio::test]
async fn when_the_time_is_used_up_there_is_what_was_found_and_it_is_said() {
    let within = |questions| {
        let asked = json!({"overexposed_factor": "GLD", "holdings": {"GLD": 0.5, "SPY": 0.5}, "categories": ["style", "commodity"]});
        recommended_within(asked, questions)
    };
    const LATE: &str = "not computed for want of time";
    let unexposed = |found: &Recommended| {
        found.portfolio.as_ref().unwrap().exposures.as_ref().is_err_and(|why| why.starts_with(LATE))
    };
    let whole = within(usize::MAX).await.unwrap();
    assert!(whole.report.skipped.is_empty() && !unexposed(&whole));
    let shown = whole.report.recommendations.len();
    // Asked before the candidates and for each, then before the recommendations and for each.
    let until_basket = 1 + whole.report.candidates_scanned + whole.report.left_out.len() + 1 + shown;
    for questions in [0, until_basket - 1] {
        let error = within(questions).await.err().unwrap();
        assert_eq!((error.code, error.message.contains("want of time")), (ErrorCode::Timeout, true), "{questions}");
    }
    let some = within(until_basket).await.unwrap();
    assert_eq!((&some.report.recommendations, &some.report.basket), (&whole.report.recommendations, &None));
    let said = format!("{LATE}: basket");
    assert!(some.quality.warnings().contains(&said) && !whole.quality.warnings().contains(&said));
    assert!(some.frame.not_computed["basket"].starts_with(LATE) && unexposed(&some));
}

#[tokio::test]
async fn a_scenario_ranks_by_what_held_in_it_at_ratios_from_before() {
    let all = recommended(
        json!({"overexposed_factor": "SPY", "scenario": "2025-02-19/2025-04-08", "max_recommendations": 50}),
    )
    .await;
    let scenario = all.scenario.as_ref().unwrap().as_ref().unwrap();
    let lost = scenario.episode.total_return.unwrap();
    let listed = &all.report.recommendations;
    let did: Vec<_> = listed.iter().filter(|one| !one.young).map(|one| one.in_scenario.unwrap()).collect();
    assert!(did.len() > 3 && !scenario.each.ratios_after_the_event, "{did:?}");
    assert_eq!((scenario.each.rows, scenario.each.last.to_string().as_str()), (252, "2025-02-19"));
    let order = |one: &factor_analytics::hedge::ScenarioResult| (one.held != Some(true), -one.result);
    assert!(did.iter().map(order).is_sorted(), "{did:?}");
    for one in &did {
        assert!(one.ratio > 0.0, "the list is of what is bought: {one:?}");
        assert!((one.result - one.ratio * one.scenario_excess_return).abs() < 1e-15, "{one:?}");
        assert!((one.hedged_return - lost - one.result).abs() < 1e-15, "{one:?}");
        assert_eq!(one.held, (lost < 0.0).then_some(one.result > 0.0), "{one:?}");
    }
    let short = all.summary(2).json().value();
    assert_eq!(short["scenario"]["tested"], scenario.tested);
    assert_eq!(short["recommendations"][0]["in_scenario"]["held"], json!(did[0].held));
    assert!(short["insights"]["sentences"][0].as_str().unwrap().starts_with("In 2025-02-19/2025-04-08 ("), "{short}");
    // With short sales there are more, and they may be negative.
    let both =
        json!({"overexposed_factor": "SPY", "scenario": "tariffs", "allow_short": true, "max_recommendations": 50});
    let both = recommended(both).await;
    let tested = both.scenario.as_ref().unwrap().as_ref().unwrap().tested;
    assert!(tested > scenario.tested, "{tested}");
    assert!(both.report.recommendations.iter().any(|one| one.in_scenario.is_some_and(|did| did.ratio < 0.0)));
    // Before there are prices nothing is known, and that is said.
    let none = recommended(json!({"overexposed_factor": "SPY", "scenario": "1987-10-14/1987-10-19"})).await;
    assert!(
        none.scenario.as_ref().unwrap().is_err()
            && none.report.recommendations.iter().all(|one| one.in_scenario.is_none())
    );
    assert!(none.frame.not_computed["scenario"].ends_with("; the list is by sort_by"), "{:?}", none.frame.not_computed);
}

#[test]
fn a_scenario_is_one_episode_or_dates() {
    for (given, wanted) in [
        ("covid", "covid"),
        ("COVID 2020", "covid"),
        ("2022", "2022"),
        ("2020-02-19/2020-03-23", "2020-02-19/2020-03-23"),
    ] {
        let (request, _) = read(json!({"overexposed_factor": "SPY", "scenario": given})).unwrap();
        assert_eq!(request.scenario.unwrap().name, wanted);
    }
    let refused = |scenario: Value| problems(json!({"overexposed_factor": "SPY", "scenario": scenario})).join("\n");
    insta::assert_snapshot!([json!("all"), json!("covit"), json!(5), json!("2020-03-23/2020-02-19")].map(refused).join("\n"), @r#"
    `scenario` (got "all") must be one scenario, these are 16: name one, such as covid; stress_test takes several
    `scenario` (got "covit") is no episode: did you mean covid? Or dates such as 2020-02-19/2020-03-23
    `scenario` (got 5) must be a name such as covid, or dates
    `scenario` (got "2020-03-23/2020-02-19") ends before it begins: write the earlier date first: write two dates, such as 2020-02-19/2020-03-23
    "#);
}

/// So many recommendations, ranked: `factor 1`, `factor 2`.
pub(super) fn ranked(count: usize) -> Vec<Recommendation> {
    let one = |rank| Recommendation { rank, factor: format!("factor {rank}"), ..recommendation(0.5, None) };
    (1..=count).map(one).collect()
}

/// The cells of the table under a title, its head first.
pub(crate) fn cells(text: &str, title: &str) -> Vec<Vec<String>> {
    let under = text.split(&format!("\n## {title}\n\n")).nth(1).unwrap_or_else(|| panic!("no {title}: {text}"));
    let lines = under.lines().take_while(|line| line.starts_with('|'));
    let row = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    lines.filter(|line| !line.starts_with("|-") && !line.starts_with("|:")).map(row).collect()
}

/// Of an answer on a portfolio with whatever is wrong with its data, the summary in characters.
pub(crate) async fn longest_summary<T: PortfolioAnswer>(
    answer: &mut T,
    quality: fn(&mut T) -> &mut DataQuality,
) -> usize {
    let (_folder, app) = sample_app();
    let mut longest = 0;
    for (count, length) in [(1, 2_000), (3, 20), (97, 60), (97, 2_000), (500, 500)] {
        crate::services::analysis::quality::tests::overload(quality(answer), count, length);
        let rendered =
            portfolio::answer::rendered(answer, &app, (&CancellationToken::new(), UserId::LOCAL), None).unwrap();
        let value = rendered.structured.value();
        assert!(value["warnings"].as_array().is_some_and(|said| said.len() > 5), "{value}");
        assert_eq!(value["not_analysed"][0]["ticker"], "T00000.X", "{value}");
        assert!(value["insights"]["sentences"].as_array().is_some_and(|said| !said.is_empty()), "{value}");
        longest = longest.max(rendered.structured.as_str().chars().count()).max(rendered.text.chars().count());
    }
    longest
}

#[tokio::test]
async fn a_summary_keeps_its_length_whatever_has_to_be_said() {
    let held: serde_json::Map<String, Value> = (0..400).map(|n| (format!("Q{n}"), json!(0.001))).collect();
    let mut held = Value::Object(held);
    held["VNQ"] = json!(0.6);
    let mut answer =
        recommended(json!({"overexposed_factor": "VNQ", "holdings": held, "correlation_threshold": 0})).await;
    let longest = longest_summary(&mut answer, |answer| &mut answer.quality).await;
    assert!(longest <= 8_000, "{longest}");
}
