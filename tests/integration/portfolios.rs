//! Portfolios over standard input and output: what holdings weigh, and every rule of them.

use serde_json::{Value, json};

use crate::groups::Session;

/// Two tickers to the day before the tests' today, and one that stopped long ago.
const PRICES: &str = "date,AAA,BBB,OLD\n2026-06-11,90,19,\n2026-06-12,100,20,\n2020-01-31,1,1,5\n";

fn close(a: &Value, b: f64) {
    let a = a.as_f64().unwrap();
    assert!((a - b).abs() <= 1e-9, "{a} is not {b}");
}

fn sum(weights: &Value) -> f64 {
    weights.as_object().unwrap().values().map(|weight| weight.as_f64().unwrap()).sum()
}

#[tokio::test]
async fn a_portfolio_lives_from_one_process_to_the_next() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), PRICES).await;
    let none = server.error("get_portfolio", json!({}), "not_found").await;
    assert!(
        none["message"].as_str().unwrap().contains("`CURRENT_PORTFOLIO`. There are none yet; save_portfolio"),
        "{none}"
    );
    let saved = server.answer("save_portfolio", json!({"holdings": {"aaa": 0.6, "BBB": 0.3}})).await;
    assert_eq!((&saved["portfolio_name"], &saved["replaced"]), (&json!("CURRENT_PORTFOLIO"), &json!(false)));
    assert_eq!(saved["holdings"], json!([{"ticker": "AAA", "weight": 0.6}, {"ticker": "BBB", "weight": 0.3}]));
    close(&saved["weights"]["CUR:USD"], 0.1);
    assert!((sum(&saved["weights"]) - 1.0).abs() < 1e-12);
    assert!(saved["normalisation"].as_str().unwrap().contains("the remaining 0.1 is cash"), "{saved}");
    assert!(saved.get("total_value").is_none(), "weights alone have no value: {saved}");
    server.answer("save_portfolio", json!({"portfolio_name": "Long ago", "holdings": {"OLD": 1}})).await;
    server.end().await;

    let mut server = Session::on_prices(data.path(), PRICES).await;
    let kept = server.answer("get_portfolio", json!({"portfolio_name": "current_portfolio"})).await;
    for field in ["holdings", "weights", "normalisation", "created_at", "updated_at"] {
        assert_eq!(kept[field], saved[field], "{field}");
    }
    let listed = server.answer("list_portfolios", json!({})).await;
    assert_eq!(listed["count"], 2);
    let counts: Vec<_> =
        listed["portfolios"].as_array().unwrap().iter().map(|one| one["holding_count"].clone()).collect();
    assert!(counts.contains(&json!(2)) && counts.contains(&json!(1)), "{listed}");
    let again = server.answer("save_portfolio", json!({"holdings": {"BBB": 1.0}})).await;
    assert_eq!((&again["replaced"], &again["created_at"]), (&json!(true), &saved["created_at"]));
    assert!(again["note"].as_str().unwrap().contains("CURRENT_PORTFOLIO with 2 holdings"), "{again}");
    assert_eq!(again["normalisation"], "weights as given; they sum to 1");
    let gone = server.answer("delete_portfolio", json!({"portfolio_name": "long_ago"})).await;
    assert_eq!(gone["deleted"]["holdings"], json!([{"ticker": "OLD", "weight": 1.0}]));
    let error = server.error("get_portfolio", json!({"portfolio_name": "CURENT PORTFOLIO"}), "not_found").await;
    assert!(error["message"].as_str().unwrap().contains("Did you mean `CURRENT_PORTFOLIO`?"), "{error}");
    server.error("delete_portfolio", json!({"portfolio_name": "Long ago"}), "not_found").await;
}

#[tokio::test]
async fn shares_are_valued_at_the_latest_price_which_is_told() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), PRICES).await;
    // 3 x 100 - 5 x 20 + 250 + 50 = 500.
    let holdings = json!([
        {"ticker": "AAA", "shares": 2}, {"ticker": "BBB", "shares": "-5"}, {"ticker": "CCC", "value": 250},
        {"ticker": "CUR:USD", "shares": 50}, {"ticker": "aaa", "shares": 1},
    ]);
    let saved = server.answer("save_portfolio", json!({"portfolio_name": "Mixed", "holdings": holdings})).await;
    assert_eq!(saved["weights"], json!({"AAA": 0.6, "BBB": -0.2, "CCC": 0.5, "CUR:USD": 0.1}));
    assert_eq!((&saved["total_value"], &saved["holding_count"]), (&json!(500.0), &json!(4)));
    let price = |ticker: &str, price: f64| json!({"ticker": ticker, "price": price, "date": "2026-06-12", "source": "files", "kind": "adjusted"});
    assert_eq!(saved["prices_used"], json!([price("AAA", 100.0), price("BBB", 20.0)]));
    assert!(saved["note"].as_str().unwrap().contains("AAA came more than once"), "{saved}");
    assert_eq!(saved["holdings"][0], json!({"ticker": "AAA", "shares": 3.0}));
    let words = saved["normalisation"].as_str().unwrap();
    assert!(words.contains("latest price") && words.contains("500"), "{words}");
    assert_eq!(server.answer("get_portfolio", json!({"portfolio_name": "mixed"})).await["weights"], saved["weights"]);

    let old = json!({"portfolio_name": "Old", "holdings": [{"ticker": "OLD", "shares": 2}]});
    let saved = server.answer("save_portfolio", old).await;
    assert_eq!(saved["prices_used"][0]["date"], "2020-01-31");
    assert!(saved["warnings"][0].as_str().unwrap().contains("OLD is of 2020-01-31"), "{saved}");
    // Without a price the weights are not known, and the text is not lost.
    let unknown = json!({"portfolio_name": "Unknown", "holdings": [
        {"ticker": "ZZZ", "shares": 2}, {"ticker": "AAA", "shares": 1}
    ]});
    let saved = server.answer("save_portfolio", unknown).await;
    assert_eq!((&saved["weights"], &saved["total_value"]), (&Value::Null, &Value::Null));
    assert_eq!(saved["unpriced"][0]["ticker"], "ZZZ");
    assert!(saved["normalisation"].as_str().unwrap().contains("give their value"), "{saved}");
}

#[tokio::test]
async fn leverage_and_short_positions_are_said() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), PRICES).await;
    let saved = server.answer("save_portfolio", json!({"holdings": {"AAA": 1.5, "BBB": -0.2}})).await;
    assert!(saved["normalisation"].as_str().unwrap().contains("sum to 1.3: leverage, with 0.3 borrowed"), "{saved}");
    close(&saved["weights"]["AAA"], 1.5);
    close(&saved["weights"]["CUR:USD"], -0.3);
    let short = json!({"holdings": [{"ticker": "AAA", "shares": 1}, {"ticker": "BBB", "shares": -5}]});
    let problems = server.problems("save_portfolio", short).await;
    assert!(problems[0].starts_with("holdings: must have a total value above 0"), "{problems:?}");
    assert_eq!(server.answer("get_portfolio", json!({})).await["holdings"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn every_wrong_holding_is_told() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::on_prices(data.path(), PRICES).await;
    let wrong = json!({
        "portfolio_name": "--", "cash": 5,
        "holdings": [{"ticker": "AAA", "weight": 60}, {"ticker": "B B", "weight": 0.1}, {"ticker": "CCC"}],
    });
    let problems = server.problems("save_portfolio", wrong).await;
    for start in ["holdings[0].weight: ", "holdings[1].ticker: ", "holdings[2].weight: ", "portfolio_name: ", "cash: "]
    {
        assert!(problems.iter().any(|one| one.starts_with(start)), "{start}: {problems:#?}");
    }
    assert!(problems[0].contains("write 0.6 for 60%"), "{problems:?}");
    for (holdings, rule) in [
        (Value::Null, "holdings: is required"),
        (json!([]), "holdings: must be 1 to 1000 holdings"),
        (json!({"AAA": 0.5, "BBB": -0.5}), "holdings: must not sum to 0"),
        (
            json!([{"ticker": "AAA", "weight": 0.5}, {"ticker": "BBB", "value": 5}]),
            "holdings: must not mix weights (AAA)",
        ),
        (json!([{"ticker": "CUR:EUR", "shares": 5}]), "holdings[0].shares: have no price for a currency"),
    ] {
        let problems = server.problems("save_portfolio", json!({"holdings": holdings})).await;
        assert!(problems.iter().any(|one| one.starts_with(rule)), "{holdings}: {problems:#?}");
    }
    // As many as are allowed, in an answer that is cut and kept whole under a link.
    let many: Vec<Value> = (0..1000).map(|n| json!({"ticker": format!("TICKER{n}"), "weight": 0.001})).collect();
    let saved = server.answer("save_portfolio", json!({"holdings": many})).await;
    assert_eq!(saved["holding_count"], 1000);
    assert!(saved.to_string().chars().count() <= 40_000, "{}", saved.to_string().len());
    let truncated = &saved["truncated"];
    assert_eq!((&truncated["section"], &truncated["total"]), (&json!("weights"), &json!(1000)), "{truncated}");
    assert!(truncated["how_to_get_the_rest"].as_str().unwrap().contains("factor://result/"), "{truncated}");
}
