//! Factors next to each other, over standard input and output.

use serde_json::{Value, json};

use crate::groups::Session;

const TOOL: &str = "compare_factors";

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn near(a: &Value, b: &Value) {
    let (x, y) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
    assert!((x - y).abs() <= 1e-12 + 1e-9 * y.abs(), "{a} is not {b}");
}

fn full(arguments: Value) -> Value {
    let mut call = arguments;
    call.as_object_mut().unwrap().extend([
        ("format".to_owned(), json!("full")),
        ("max_chars".to_owned(), json!(0)),
        ("precision".to_owned(), json!(17)),
    ]);
    call
}

#[tokio::test]
async fn two_questions_are_one_call_each() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    // "Was the stock/bond correlation different in 2022 than in 2018?"
    let years = server.answer(TOOL, json!({"tickers": ["SPY", "TLT"], "periods": ["2018", "2022"]})).await;
    let said = years["insights"]["sentences"][0].as_str().unwrap();
    for part in [
        "SPY and TLT: correlation ",
        " in 2018 (12 months) and ",
        " in 2022 (12 months)",
        "95% interval ",
        ", p ",
        "significant difference (5%).",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(years.to_string().chars().count() <= 6_000);
    // "Is the correlation between TLT and SPY over the last 10 years statistically significant?"
    let decade = server.answer(TOOL, json!({"tickers": ["TLT", "SPY"]})).await;
    let said = decade["insights"]["sentences"][0].as_str().unwrap();
    assert!(
        said.starts_with("TLT and SPY: correlation ")
            && said.contains("95% interval ")
            && said.contains(", 120 months)"),
        "{said}"
    );
    let pair = &decade["pairs"][0];
    assert_eq!((&pair["n"], pair["interval"].as_array().unwrap().len()), (&json!(120), 2));
    assert!(pair["p"].is_number() && pair["spearman"]["p"].is_number() && pair["ewma"]["n_eff"].is_number());
    assert_eq!(keys(&pair["rolling"]), ["36"]);
    assert_eq!(decade["side_by_side"]["series"]["TLT"]["n"], 120);
}

#[tokio::test]
async fn the_figures_are_those_of_the_other_tool() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let compared =
        server.answer(TOOL, full(json!({"tickers": ["SPY", "TLT", "GLD"], "rolling_windows": [12, 36]}))).await;
    let correlations = full(json!({
        "tickers": ["SPY", "TLT", "GLD"], "include_statistics": true, "include_rolling_summaries": true, "rolling_windows": [12, 36],
    }));
    let analysed = server.answer("get_factor_analysis", correlations).await;
    let statistics = &analysed["statistics"]["selected"];
    for pair in compared["pairs"].as_array().unwrap() {
        let (a, b) = (pair["a"].as_str().unwrap(), pair["b"].as_str().unwrap());
        near(&pair["correlation"], &analysed["matrices"]["selected"][a][b]);
        near(&pair["interval"][0], &statistics["interval_low"][a][b]);
        near(&pair["interval"][1], &statistics["interval_high"][a][b]);
        near(&pair["p"], &statistics["p"][a][b]);
        for window in ["12", "36"] {
            let all = analysed["rolling"]["selected"][window].as_array().unwrap();
            let same = all.iter().find(|one| one["a"] == a && one["b"] == b).unwrap();
            for (ours, theirs) in [("latest", "latest"), ("mean", "mean"), ("lowest", "min"), ("highest", "max")] {
                near(&pair["rolling"][window][ours], &same[theirs]);
            }
        }
    }
    let performance = full(json!({"tickers": ["SPY", "TLT", "GLD"], "analysis_type": "performance"}));
    let profiles = server.answer("get_factor_analysis", performance).await["per_factor"].clone();
    for (ticker, figures) in compared["side_by_side"]["series"].as_object().unwrap() {
        assert_eq!(figures["n"], profiles[ticker]["observations"]);
        for field in
            ["total_return", "annual_return", "volatility", "sharpe_ratio", "max_drawdown", "max_drawdown_daily"]
        {
            near(&figures[field], &profiles[ticker][field]);
        }
        for field in ["drawdown_peak", "drawdown_trough", "drawdown_recovery", "drawdown_daily_peak"] {
            assert_eq!(figures[field], profiles[ticker][field], "{ticker} {field}");
        }
    }
    // A slope of TLT on SPY is its beta.
    let pair = &compared["pairs"][0];
    near(&pair["beta_b_on_a"]["beta"], &profiles["TLT"]["beta"]);
    near(&pair["beta_b_on_a"]["se"], &profiles["TLT"]["beta_se"]);
    let windows =
        full(json!({"tickers": ["SPY", "TLT", "GLD"], "analysis_type": "returns", "windows": ["2019", "2022"]}));
    let factors = server.answer("get_factor_analysis", windows).await["factors"].clone();
    for year in compared["calendar_years"].as_array().unwrap() {
        let name = year["year"].to_string();
        if ["2019", "2022"].contains(&name.as_str()) {
            near(&year["series"]["GLD"]["total_return"], &factors["GLD"]["windows"][&name]["total_return"]);
        }
    }
}

#[tokio::test]
async fn periods_share_their_rows_with_no_other() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let all = full(json!({"tickers": ["SPY", "TLT"], "periods": ["2022", "other", "all"]}));
    let answer = server.answer(TOOL, all).await;
    let named = answer["periods"]["named"].as_array().unwrap();
    let rows = |at: usize| named[at]["periods"].as_u64().unwrap();
    assert_eq!((rows(0), rows(0) + rows(1)), (12, rows(2)));
    // No difference is taken with the whole window.
    assert_eq!(answer["periods"]["differences"].as_array().unwrap().len(), 1);
    assert!(answer["note"].as_str().unwrap().contains("all holds the other periods"), "{}", answer["note"]);
    let found = &answer["periods"]["correlations"];
    near(&found[2]["correlation"], &answer["pairs"][0]["correlation"]);
    // The other way round: the same p, the interval mirrored.
    let turned = server.answer(TOOL, full(json!({"tickers": ["TLT", "SPY"], "periods": ["other", "2022"]}))).await;
    let (one, two) = (&answer["periods"]["differences"][0], &turned["periods"]["differences"][0]);
    near(&one["p"], &two["p"]);
    near(&one["interval"][0], &json!(-two["interval"][1].as_f64().unwrap()));
}

#[tokio::test]
async fn weeks_and_days_are_drawn_again_the_same_each_time() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let weekly = |tickers: Value| {
        full(json!({"tickers": tickers, "periods": ["2019", "2022"], "frequency": "weekly", "include": ["periods"]}))
    };
    let first = server.answer(TOOL, weekly(json!(["SPY", "TLT"]))).await;
    let difference = &first["periods"]["differences"][0];
    assert_eq!(difference["method"], "resampled");
    let p = difference["p"].as_f64().unwrap() * 1001.0;
    assert!((p - p.round()).abs() < 1e-9 && p >= 1.0, "{p}");
    // Whatever else is compared, a pair has the same draws.
    let beside = server.answer(TOOL, weekly(json!(["GLD", "SPY", "TLT"]))).await;
    let same =
        beside["periods"]["differences"].as_array().unwrap().iter().find(|one| one["a"] == "SPY" && one["b"] == "TLT");
    assert_eq!(same, Some(difference));
    let turned = server.answer(TOOL, weekly(json!(["TLT", "SPY"]))).await;
    assert_eq!(turned["periods"]["differences"][0]["p"], difference["p"]);
    assert_eq!(turned["periods"]["differences"][0]["interval"], difference["interval"]);
}

#[tokio::test]
async fn a_condition_may_be_of_something_else_and_a_group_is_a_factor() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let group = json!({"group_name": "Two", "tickers": ["XLE", "XLK"], "weighting_method": "equal"});
    assert_eq!(server.answer("create_factor_group", group).await["status"], "success");
    let ask = json!({"tickers": ["USER:two", "TLT"], "condition": {"ticker": "SPY", "below": -0.02}});
    let answer = server.answer(TOOL, full(ask)).await;
    assert_eq!(answer["pairs"][0]["a"], "USER:Two");
    let condition = &answer["condition"];
    assert_eq!((&condition["ticker"], condition["series"].as_array().unwrap().len()), (&json!("SPY"), 2));
    assert!(condition["periods"].as_u64().unwrap() > 5 && condition["series"][0]["mean"].as_f64().unwrap() < 0.0);
    let side = &answer["side_by_side"]["series"]["USER:Two"];
    assert!(side["max_drawdown_daily"].as_f64().unwrap() <= side["max_drawdown"].as_f64().unwrap() + 1e-12, "{side}");
    // The same group's own profile.
    let own = full(json!({"tickers": ["USER:two", "TLT"], "analysis_type": "performance"}));
    let own = server.answer("get_factor_analysis", own).await["per_factor"]["USER:Two"].clone();
    for field in ["total_return", "volatility", "sharpe_ratio", "max_drawdown_daily"] {
        near(&side[field], &own[field]);
    }
}

#[tokio::test]
async fn what_cannot_be_compared_is_an_error_that_says_what_to_write() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let mut refused = async |arguments: Value| server.refusal(TOOL, arguments).await["error"].clone();
    let overlap = refused(json!({"tickers": ["SPY", "TLT"], "periods": ["2019/2020", "2020"]})).await;
    assert_eq!(
        (&overlap["code"], &overlap["problems"][0]["field"]),
        (&json!("invalid_argument"), &json!("periods[1]"))
    );
    let short = refused(json!({"tickers": ["SPY", "TLT"], "periods": ["2020Q1", "other"]})).await;
    assert_eq!(short["code"], "insufficient_data");
    assert!(short["message"].as_str().unwrap().contains("frequency daily"), "{short}");
    let alone = refused(json!({"tickers": ["SPY", "ZZZZQ"]})).await;
    assert_eq!((&alone["code"], &alone["problems"][0]["field"]), (&json!("insufficient_data"), &json!("tickers")));
    let missing = refused(json!({"ticker": "SPY"})).await;
    assert!(missing["message"].as_str().unwrap().contains("name them in `tickers`"), "{missing}");
}

#[tokio::test]
async fn summaries_are_short_whatever_is_asked() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let most = json!({
        "tickers": ["SPY", "TLT", "GLD", "XLE", "XLK", "HYG"], "periods": ["2019", "2020", "2021", "2022", "2023", "other"],
        "condition": {"ticker": "QQQ", "above": 0.01}, "rolling_windows": [12, 24, 36],
    });
    let summary = server.answer(TOOL, most.clone()).await;
    let length = summary.to_string().chars().count();
    assert!(length <= 6_000, "{length}");
    for field in [
        "insights",
        "pairs",
        "periods",
        "condition",
        "side_by_side",
        "calendar_years",
        "as_of",
        "period",
        "data_quality",
        "more",
    ] {
        assert!(summary.get(field).is_some(), "{field}: {:?}", keys(&summary));
    }
    let mut report = most;
    report["format"] = json!("report");
    let report = server.structured(TOOL, report).await;
    assert!(report["formatted_report"].as_str().unwrap().starts_with("# SPY, TLT, GLD, XLE, XLK, HYG compared"));
}
