use factor_analytics::stress::offset::Offset;
use factor_types::UserId;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    request::{Section, Shocked},
    *,
};
use crate::{
    answer::markdown::in_words,
    services::{
        analysis::quality::tests::overload,
        common_args::{
            CommonArgs,
            tests::{args, basis},
        },
        portfolio::answer::{PortfolioAnswer, rendered},
        recommendations::tests::{examples, sample_app},
    },
};

fn read(values: Value) -> Result<(Request, CommonArgs), ToolError> {
    Request::read(args(values), basis())
}

fn problems(values: Value) -> Vec<String> {
    read(values).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

/// What a call comes to on the sample, before it is written.
async fn stressed(arguments: Value) -> Result<Stressed, ToolError> {
    let (_folder, app) = sample_app();
    let call = Call::default();
    let caller = call.caller(app.clock());
    let (request, common) = Request::read(args(arguments), app.basis(call.user).await)?;
    let (_, subject) = Subject::of(&request, &common, &app, &call, &caller).await?;
    let moved = named(&request, &common, &subject)?;
    let mut tickers: Vec<Ticker> = subject.weights.keys().filter(|held| held.as_str() != CASH).cloned().collect();
    tickers.extend(moved.iter().flat_map(|one| one.priced_besides()).cloned());
    let context = AnalysisContext::of_stress(common, &app, tickers, &caller).await?;
    figures::compute(request, context, subject, moved, &mut factor_analytics::observer::Silent)
}

#[test]
fn without_anything_named_all_episodes_are_replayed() {
    let (request, _) = read(json!({"ticker": "SPY"})).unwrap();
    assert!(request.scenarios.len() == 16 && request.shocks.is_empty());
    let (request, _) = read(json!({"ticker": "SPY", "shocks": {"SPY": -0.2}})).unwrap();
    assert!(request.scenarios.is_empty(), "the shock was asked for");
    assert_eq!((request.horizon, request.reverse_loss), (1, None));
}

#[test]
fn episodes_are_named_in_several_ways() {
    let named = |scenarios: Value| -> Vec<String> {
        let (request, _) = read(json!({"scenarios": scenarios})).unwrap();
        request.scenarios.iter().map(|one| format!("{} {} {}", one.name, one.from, one.to)).collect()
    };
    assert_eq!(
        named(json!(["Covid", "2022", "2020-02-19/2020-03-23", "covid", "rates-2022"])),
        [
            "covid 2020-02-19 2020-03-23",
            "2022 2021-12-31 2022-12-31",
            "2020-02-19/2020-03-23 2020-02-19 2020-03-23",
            "rates_2022 2022-01-03 2022-10-12",
        ]
    );
    assert_eq!(named(json!("all")).len(), 16);
}

#[test]
fn moves_are_returns_and_percentage_points() {
    let (request, _) = read(json!({"shocks": {"SPY": -0.2, "ust10y": "1.0", "DBC": 0.3}})).unwrap();
    let expected = [
        Shocked::Factor("SPY".to_owned(), -0.2),
        Shocked::Yield(factor_types::Maturity::Ust10Y, 1.0),
        Shocked::Factor("DBC".to_owned(), 0.3),
    ];
    assert_eq!(request.shocks, expected);
}

#[test]
fn mistakes_come_all_at_once() {
    let found = problems(json!({
        "ticker": "SPY", "holdings": {"SPY": 1.0}, "scenarios": ["covid", "covif", "2022-13", "3m"],
        "shocks": {"SPY": -20, "UST10Y": 100}, "horizon": 0, "reverse_loss": 20, "categories": "style",
    }));
    let all = found.join("\n");
    for said in [
        "`scenarios[1]` (got \"covif\") is no episode: did you mean covid?",
        "`scenarios[2]` (got \"2022-13\") is no episode",
        "`scenarios[3]` (got \"3m\") is no episode",
        "`shocks.SPY` (got -20) must be a share from -0.95 to 5: write -0.2 for -20%",
        "`shocks.UST10Y` (got 100) must be percentage points from -10 to 10: write 1 for 100 basis points",
        "`reverse_loss` (got 20) must be a share from 0.001 to 1: write 0.2 for 20%",
        "`horizon` (got 0) must be a whole number from 1 to 252",
        "`holdings` (got {\"SPY\":1.0}) must not be given together with ticker: keep one of them",
        "`categories` (got \"style\") is not a known argument",
    ] {
        assert!(all.contains(said), "{said}:\n{all}");
    }
    for (name, both) in
        [("taper_tantrum", ["taper_equity", "taper_rates"]), ("China", ["china_2015", "china_oil_2016"])]
    {
        let several = &problems(json!({"scenarios": [name]}))[0];
        assert!(both.iter().all(|one| several.contains(&format!("{one} ("))), "{several}");
    }
    assert!(problems(json!({"shocks": {}}))[0].contains("must name 1 to 5 variables"));
    assert!(problems(json!({"scenarios": []}))[0].contains("must name at least one: gfc, lehman"));
}

#[tokio::test]
async fn what_is_said_are_the_fields_numbers() {
    let all = stressed(json!({
        "holdings": {"SPY": 0.6, "TLT": 0.4}, "scenarios": ["covid", "rates_2022"], "shocks": {"SPY": -0.2, "UST10Y": 1.0},
        "reverse_loss": 0.1,
    }))
    .await
    .unwrap();
    let said = sentences::insights(&all).join("\n");
    for one in &all.episodes {
        let total = one.episode.total_return.unwrap();
        let sum: f64 = one.episode.holdings.iter().map(|held| held.contribution.unwrap()).sum();
        assert!((total - sum).abs() < 1e-12, "contributions sum to the whole");
        assert!(said.contains(&format!("{}): {}", one.episode.to, in_words(total))), "{said}");
        for hedge in one.offsets.as_ref().unwrap() {
            assert!(!hedge.ratios_after_the_event && hedge.last <= one.episode.from, "{hedge:?}");
            assert_eq!(hedge.held, (total < 0.0).then_some(hedge.result > 0.0));
        }
    }
    let shock = all.shock.as_ref().unwrap();
    let sum: f64 = shock.holdings.iter().map(|held| held.contribution.unwrap()).sum();
    assert!((sum - shock.response.response).abs() < 1e-10, "{sum} {}", shock.response.response);
    for said_of in [shock.response.response, shock.response.interval[0], shock.response.interval[1]] {
        assert!(said.contains(&in_words(said_of)), "{said_of}: {said}");
    }
    let reverse = &all.reverse.as_ref().unwrap().found;
    assert!((reverse.moves.iter().map(|one| one.contribution).sum::<f64>() + 0.1).abs() < 1e-12);
    assert!(said.contains("sd of a month") && said.contains("of a quarter"), "{said}");
    let best = shock.offsets.as_ref().unwrap().iter().find(|one| one.offset == Offset::BestHedge).unwrap();
    let [low, high] = best.interval.unwrap();
    // Ratios are of days and the interval of months: it need not be narrower than the portfolio's.
    assert!(low < best.hedged_return && best.hedged_return < high, "{low} {} {high}", best.hedged_return);
}

#[tokio::test]
async fn what_cannot_be_tested_is_told_once_for_each_reason() {
    let all =
        stressed(json!({"holdings": {"SPY": 0.9, "ZZZZ": 0.1}, "scenarios": ["covid", "q4_2018"]})).await.unwrap();
    assert!(all.episodes.iter().all(|one| one.episode.total_return.is_none()));
    let summary = all.summary(10).json().value();
    assert_eq!(summary["not_testable"].as_array().unwrap().len(), 1, "{summary}");
    let told = &summary["not_testable"][0];
    assert_eq!(told["scenarios"], json!(["covid", "q4_2018"]));
    assert!((told["covered"]["covid"]["weight"].as_f64().unwrap() - 0.9).abs() < 1e-9, "{told}");
    assert!(all.quality.warnings().iter().any(|said| said.starts_with("2 of 2 scenarios not testable")));
}

#[tokio::test]
async fn a_composite_is_stressed_as_equal_parts() {
    let all = stressed(json!({"ticker": "commodity", "scenarios": ["covid"]})).await.unwrap();
    let weights: Vec<f64> = all.subject.weights.values().copied().collect();
    assert!(weights.len() > 1 && (weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(all.subject.notes[0].contains("equal parts"), "{:?}", all.subject.notes);
}

#[tokio::test]
async fn losses_and_moves_that_cannot_be_are_refused() {
    let refused = async |arguments: Value| match stressed(arguments).await {
        Ok(_) => panic!("it was answered"),
        Err(error) => error,
    };
    let error = refused(json!({"holdings": {"SPY": 0.1, "BIL": 0.9}, "reverse_loss": 0.5})).await;
    assert!(error.message.contains("more than there is; the largest loss that could be asked for is"), "{error}");
    assert_eq!(error.problems[0].field(), "reverse_loss");
    let error = refused(json!({"ticker": "SPY", "shocks": {"SPY": -0.1, "Broad market": -0.1}})).await;
    assert_eq!(error.problems[0].field(), "shocks.Broad market", "{error}");
    let error = refused(json!({"ticker": "no such thing"})).await;
    assert_eq!(error.code.as_str(), "unknown_factor");
}

#[tokio::test]
async fn sections_that_need_an_argument_say_so() {
    let all = stressed(json!({"ticker": "SPY", "scenarios": ["covid"], "include": ["shock", "reverse", "scenarios"]}))
        .await
        .unwrap();
    let frame = all.frame();
    assert!(frame.not_computed["shock"].starts_with("give shocks"), "{:?}", frame.not_computed);
    assert!(frame.not_computed["reverse"].starts_with("give reverse_loss"));
    assert!(all.request.include.names(Section::Scenarios));
    let text = all.text();
    for title in ["Scenarios", "Holdings", "What offset it", "How to read it"] {
        assert!(text.contains(&format!("## {title}\n")), "{title}: {text}");
    }
}

#[test]
fn every_example_is_valid_by_the_full_schema() {
    let validator = jsonschema::validator_for(answer_schema().as_value()).unwrap();
    let examples = examples("stress_test");
    assert!(examples.len() >= 3, "{}", examples.len());
    for (file, answer) in &examples {
        let errors: Vec<String> = validator.iter_errors(answer).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{file}: {errors:#?}");
    }
}

#[tokio::test]
async fn a_summary_keeps_its_length_whatever_has_to_be_said() {
    let mut answer = stressed(json!({"holdings": {"SPY": 0.5, "TLT": 0.2, "GLD": 0.3}})).await.unwrap();
    let (_folder, app) = sample_app();
    for (count, length) in [(1, 2_000), (3, 20), (97, 60), (97, 2_000), (500, 500)] {
        overload(&mut answer.quality, count, length);
        let rendered = rendered(&answer, &app, (&CancellationToken::new(), UserId::LOCAL), None).unwrap();
        let value = rendered.structured.value();
        assert!(value["warnings"].as_array().is_some_and(|said| said.len() > 3), "{value}");
        assert!(value["insights"]["sentences"].as_array().is_some_and(|said| !said.is_empty()), "{value}");
        assert!(rendered.structured.as_str().chars().count() <= 6_000, "{value}");
    }
}
