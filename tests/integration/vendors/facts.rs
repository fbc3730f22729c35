//! Dividend yields and weights by market capitalisation, from the vendor.

use chrono::Months;
use serde_json::{Value, json};

use super::world::World;

fn close_to(got: &Value, want: f64) -> bool {
    got.as_f64().is_some_and(|got| (got - want).abs() <= 5.1e-6 * want.abs())
}

#[tokio::test]
async fn yields_are_trailing_dividends_over_the_last_close_and_caps_weight_composites() {
    let world = World::small(6).await;
    let today = world.fmp.today();
    let view = world.market.until(today);
    let yield_of = |ticker: &str| {
        let after = today - Months::new(12);
        let paid: f64 = view.dividends(ticker).iter().filter(|one| one.ex_date > after).map(|one| one.amount).sum();
        paid / view.days(ticker).unwrap().last().unwrap().close
    };
    let mut server = world.server().await;
    let answer = server
        .analysis(json!({
            "analysis_type": "performance",
            "composite_weighting_method": "cap",
            "include": ["per_factor", "composites", "data_quality", "metadata"],
            "max_chars": 0,
        }))
        .await;
    assert_eq!(answer["status"], "success", "{answer}");
    for ticker in &world.tickers {
        let got = &answer["per_factor"][ticker]["dividend_yield"];
        let want = yield_of(ticker);
        assert!(want > 0.01 && close_to(got, want), "{ticker}: {got}, not {want}");
    }
    let weighting = &answer["analysis_metadata"]["composite_weighting"];
    let facts = json!({
        "method": "cap", "source": "fmp", "as_of": "2026-06-30", "lookahead": true, "without_cap": [],
    });
    assert_eq!(*weighting, facts);

    // A composite's yield shows its weights: the styles by their capitalisations.
    let styles: Vec<&String> = world.tickers.iter().skip(3).collect();
    let (mut weighted, mut weight) = (0.0, 0.0);
    for ticker in &styles {
        let cap = view.market_cap(ticker).unwrap();
        weighted += cap * yield_of(ticker);
        weight += cap;
    }
    let composites = answer["composites"].to_string();
    let found = find(&answer["composites"], &|entry| {
        entry["members"].as_array().is_some_and(|members| members.len() == styles.len())
    });
    let found = found.unwrap_or_else(|| panic!("no composite of the styles: {composites}"));
    assert!(close_to(&found["dividend_yield"], weighted / weight), "{found}, not {}", weighted / weight);
    assert_eq!(found["lookahead"], true);

    // Kept between runs: neither dividends nor capitalisations are asked for again on the same day.
    world.fmp.clear();
    let arguments = json!({
        "analysis_type": "performance", "composite_weighting_method": "cap", "include": ["per_factor"], "max_chars": 0,
    });
    let again = world.server().await.analysis(arguments).await;
    assert_eq!(again["per_factor"], answer["per_factor"]);
    assert_eq!(world.fmp.count(), 0, "{:?}", world.fmp.requests());
}

/// The first object that is so, however deep.
fn find<'a>(value: &'a Value, is_so: &dyn Fn(&Value) -> bool) -> Option<&'a Value> {
    if is_so(value) {
        return Some(value);
    }
    match value {
        Value::Object(entries) => entries.values().find_map(|inner| find(inner, is_so)),
        Value::Array(entries) => entries.iter().find_map(|inner| find(inner, is_so)),
        _ => None,
    }
}
