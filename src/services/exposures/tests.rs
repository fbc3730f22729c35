use serde_json::{Value, json};

use super::{request::Section, *};
use crate::services::{
    common_args::tests::{args, basis},
    portfolios::holdings::Source,
    recommendations::tests::{Patience, examples, longest_summary, sample_app},
};

fn ticker(text: &str) -> Ticker {
    text.parse().unwrap()
}

fn read(values: Value) -> Result<(Request, CommonArgs), ToolError> {
    Request::read(args(values), basis())
}

fn problems(values: Value) -> Vec<String> {
    read(values).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_trade_is_read_as_a_map_or_a_list() {
    let changes = IndexMap::from([(ticker("VNQ"), -0.25), (ticker("GLD"), 0.25)]);
    for what_if in [
        json!({"vnq": -0.25, "GLD": "0.25"}),
        json!([{"ticker": "VNQ", "change": -0.5}, {"ticker": "GLD", "change": 0.25}, {"ticker": "VNQ", "change": 0.25}]),
    ] {
        let (request, _) = read(json!({ "what_if": what_if })).unwrap();
        assert_eq!(request.what_if.as_ref(), Some(&changes));
        assert_eq!(request.traded().count(), 2);
    }
}

#[test]
fn what_is_not_said_has_its_default() {
    let (request, _) = read(json!({"factors": [], "include": "risk"})).unwrap();
    assert!(request.factors.is_none() && request.what_if.is_none());
    assert!(matches!(request.source, Source::Unsaid));
    assert!(request.include.wants(Section::Risk) && !request.include.wants(Section::Regression));
}

#[test]
fn mistakes_come_all_at_once() {
    let many: Vec<String> = (0..21).map(|n| format!("F{n}")).collect();
    let wrong = json!({"factors": many, "what_if": [{"ticker": "SPY", "change": 60}, {"change": 0.1, "by": 1}],
        "industry_granularity": "group", "precision": 1});
    let found = problems(wrong);
    assert!(found[0].ends_with("must be at most 20 names"), "{found:?}");
    assert_eq!(found[1], "`what_if[0].change` (got 60) must be a share from -10 to 10: write 0.6 for 60%");
    assert!(found[2].starts_with("`what_if[1].by` (got 1) is not a known argument"), "{found:?}");
    assert_eq!(found[3], "`what_if[1].ticker` (got nothing) is required");
    assert!(found[4].starts_with("`industry_granularity` (got \"group\") is not a known argument"), "{found:?}");
    assert_eq!(found[5], "`precision` (got 1) must be a whole number from 2 to 17");
    assert_eq!(found.len(), 6);
    assert_eq!(problems(json!({"what_if": []})), ["`what_if` (got []) must be 1 to 100 changes"]);
}

#[test]
fn every_example_is_valid_by_the_full_schema() {
    let validator = jsonschema::validator_for(answer_schema().as_value()).unwrap();
    let examples = examples("get_portfolio_exposures");
    assert!(examples.len() >= 4, "{}", examples.len());
    for (file, answer) in &examples {
        let errors: Vec<String> = validator.iter_errors(answer).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{file}: {errors:#?}");
    }
    for (name, value) in [("unheard_of", json!(1)), ("risk", json!({})), ("holdings", json!([{"ticker": "SPY"}]))] {
        let mut wrong = examples[0].1.clone();
        wrong[name] = value;
        assert!(!validator.is_valid(&wrong), "{name}");
    }
}

/// What is found on the simulated prices, before it is put into a shape.
pub(super) async fn exposed(values: Value) -> Exposed {
    exposed_within(values, usize::MAX).await
}

/// The same for an observer that says stop after so many questions.
async fn exposed_within(values: Value, questions: usize) -> Exposed {
    let (_folder, app) = sample_app();
    let (request, mut common) = read(values).unwrap();
    let call = Call::default();
    let caller = call.caller(app.clock());
    let holdings = Holdings::of(&request.source, &app, call.user).await.unwrap().unwrap();
    let held = holdings.weighed(&app, &common.groups, &caller).await.unwrap();
    let mut tickers: Vec<Ticker> = held.priced().collect();
    tickers.extend(request.traded().cloned());
    let factors = resolved(request.regressed_on(&mut common), &common, &tickers).unwrap();
    let context = AnalysisContext::of_lens(common, &app, tickers.clone(), &caller).await.unwrap();
    let factors = known(factors, &context).unwrap();
    let all = tickers.into_iter().chain([ticker(CASH)]).map(|ticker| (ticker, 0.0)).collect();
    let all = Classifications::of(&app, &all, (&context.common().universes(), &context.common().groups), &caller)
        .await
        .unwrap();
    figures::compute(request, context, held, &all, factors, &mut Patience::of(questions)).unwrap()
}

#[tokio::test]
async fn when_the_time_is_used_up_there_is_the_risk_without_the_regression() {
    let asked = || json!({"holdings": {"VNQ": 0.5, "SPY": 0.5}});
    let (whole, some) = (exposed(asked()).await, exposed_within(asked(), 0).await);
    assert!(whole.state.regression.is_some() && some.state.regression.is_none());
    assert_eq!(some.state.risk, whole.state.risk);
    assert!(some.state.no_regression.unwrap().starts_with("not computed for want of time"));
}

#[test]
fn names_of_one_factor_count_once_and_every_wrong_one_is_refused() {
    let (_, common) = read(json!({})).unwrap();
    let find = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        resolved(Some(("factors", names)), &common, &[ticker("NVDA")])
    };
    let found = find(&["VNQ", "vnq", "REIT - Diversified", "nvda"]).unwrap().unwrap();
    assert_eq!(found.iter().map(|(_, one)| one.name.as_str()).collect::<Vec<_>>(), ["VNQ", "NVDA"]);
    let error = find(&["zzzzzz", "VNQ", "!?"]).unwrap_err();
    let fields: Vec<&str> = error.problems.iter().map(|one| one.field()).collect();
    assert_eq!((error.code, fields), (ErrorCode::UnknownFactor, vec!["factors[0]", "factors[2]"]));
    assert_eq!(resolved(None, &common, &[]).unwrap(), None);
}

#[tokio::test]
async fn a_summary_keeps_its_length_whatever_has_to_be_said() {
    let mut answer = exposed(json!({"holdings": {"VNQ": 0.5, "SPY": 0.3, "ZZZZ": 0.2}})).await;
    let longest = longest_summary(&mut answer, |answer| &mut answer.quality).await;
    assert!(longest <= 8_000, "{longest}");
}
