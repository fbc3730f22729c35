//! Regimes and the order of matrices, as a client meets them over standard input and output.

use serde_json::{Value, json};

use crate::{
    rolling::{ask, sample},
    support::Process,
};

fn with(call: &Value, more: Value) -> Value {
    let mut call = call.as_object().unwrap().clone();
    call.extend(more.as_object().unwrap().clone());
    Value::Object(call)
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn names(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

#[tokio::test]
async fn everything_but_rolling_correlations_is_of_the_regimes_periods() {
    let mut process = sample().await;
    let call = json!({
        "format": "full", "max_chars": 0, "categories": ["style"], "include_statistics": true,
        "include_rolling_summaries": true, "include_macro_etf": true,
    });
    let all = ask(&mut process, call.clone()).await;
    assert!(all["analysis_metadata"].get("regime").is_none() && all.get("note").is_none());
    for regime in ["rate_shock", "high_vol", "2020/2021"] {
        let slice = ask(&mut process, with(&call, json!({"regime": regime}))).await;
        let facts = &slice["analysis_metadata"]["regime"];
        let periods = facts["periods"].as_u64().unwrap();
        assert_eq!((facts["name"].as_str(), facts["of"].as_u64()), (Some(regime), Some(120)));
        assert!((12..=30).contains(&periods), "{facts}");
        assert_eq!(facts.get("small_sample").is_some(), periods < 24, "{facts}");
        let note = slice["note"].as_str().unwrap();
        assert!(note.contains(&format!("{periods} of 120 periods of regime {regime}")), "{note}");
        assert!(note.contains("picking turbulent periods raises correlations by itself"), "{note}");
        assert!(note.contains("rolling correlations are of all periods"), "{note}");
        assert_eq!(slice["statistics"]["style"]["n"]["IWM"]["MTUM"], periods);
        assert_eq!(slice["statistics"]["rate_sensitivity"]["TLT"]["UST10Y"]["n"], periods);
        for path in [
            "/matrices/style/IWM/MTUM",
            "/overlays/rate_sensitivity/TLT/UST10Y",
            "/overlays/market_sensitivity/IWM/SPY",
            "/overlays/macro_composite_matrix/equity/fixed_income",
            "/overlays/macro_etf_matrix/SPY/IEF",
        ] {
            let (here, there) = (slice.pointer(path).unwrap(), all.pointer(path).unwrap());
            assert!(here.is_number() && here != there, "{regime} {path}: {here} {there}");
        }
        assert_eq!(slice["rolling"], all["rolling"]);
        // Which factors are analysed, and how much of the data there is, stays told of the whole window.
        for path in ["/data_quality/observations", "/data_quality/data_coverage_pct", "/analysis_metadata/history"] {
            assert_eq!(slice.pointer(path), all.pointer(path), "{path}");
        }
    }
}

#[tokio::test]
async fn a_small_slice_is_marked_and_warned_of() {
    let mut process = sample().await;
    let call = json!({"regime": "2020", "categories": ["style", "crypto"]});
    let summary = ask(&mut process, call.clone()).await;
    assert_eq!(summary["regime"], json!({"name": "2020", "periods": 12, "of": 120, "small_sample": true}));
    let warnings = crate::support::warnings_of(&summary).to_string();
    assert!(warnings.contains("small sample: regime 2020 has 12 periods"), "{warnings}");
    let report = ask(&mut process, with(&call, json!({"format": "report"}))).await;
    assert!(report["formatted_report"].as_str().unwrap().contains("the 12 of 120 periods of regime 2020"));
    // Daily the same year is large; a pair needs twelve periods whatever min_observations says.
    let daily = ask(&mut process, with(&call, json!({"frequency": "daily", "min_observations": 120}))).await;
    assert!(daily["regime"]["periods"].as_u64().unwrap() > 250 && daily["regime"].get("small_sample").is_none());
    let quarter =
        json!({"frequency": "daily", "regime": "2020-02/2020-04", "include": ["matrices", "metadata"], "max_chars": 0});
    let quarter = ask(&mut process, with(&call, quarter)).await;
    let facts = &quarter["analysis_metadata"]["regime"];
    assert_eq!((&facts["first"], &facts["last"]), (&json!("2020-02-03"), &json!("2020-04-30")));
    assert_eq!(facts["min_observations"], 12);
    assert!(quarter["matrices"]["style"]["IWM"]["MTUM"].is_number());
}

#[tokio::test]
async fn a_slice_that_is_too_small_is_refused_with_its_count() {
    let mut process = sample().await;
    for (arguments, count) in [
        (json!({"regime": "2020-02/2020-04"}), 3),
        (json!({"regime": "2008"}), 0),
        (json!({"regime": "2024-02-01/2024-12-30"}), 10),
        (json!({"regime": "high_vol", "start_date": "2023-12-31", "end_date": "2025-12-31"}), 6),
    ] {
        let error = ask(&mut process, arguments.clone()).await["error"].clone();
        assert_eq!(error["code"], "insufficient_data", "{arguments}: {error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&format!("has {count} of the window's")), "{message}");
        assert!(message.contains("start_date") && message.contains("at least 12"), "{message}");
        assert_eq!(error["problems"][0]["field"], "regime");
    }
}

#[tokio::test]
async fn a_regime_that_is_none_is_refused_by_name() {
    let mut process = sample().await;
    for wrong in ["crisis", "2020-13", "2021/2020", "2020-02/2020-04/2020-06", "08"] {
        let error = ask(&mut process, json!({"regime": wrong})).await["error"].clone();
        assert_eq!((&error["code"], &error["problems"][0]["field"]), (&json!("invalid_argument"), &json!("regime")));
        assert!(error["problems"][0]["hint"].is_string(), "{error}");
    }
    let foreign = ask(&mut process, json!({"analysis_type": "performance", "regime": "high_vol"})).await;
    assert!(foreign["note"].as_str().unwrap().contains("regime is ignored for performance mode"));
    // The year may come as a number, and `all` is every period.
    let year = ask(&mut process, json!({"regime": 2020, "categories": ["style"]})).await;
    assert_eq!(year["regime"]["name"], "2020");
    let all = ask(&mut process, json!({"regime": "ALL", "categories": ["style"]})).await;
    assert!(all.get("regime").is_none() && all.get("note").is_none());
}

#[tokio::test]
async fn what_defines_a_regime_is_named_when_it_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = "date,IWM,TLT\n".to_owned();
    let mut day: chrono::NaiveDate = "2020-12-31".parse().unwrap();
    for n in 0_u32..37 {
        csv += &format!("{day},{},{}\n", 100 + n % 5, 90 + n % 7);
        day = day.checked_add_days(chrono::Days::new(1)).unwrap().checked_add_months(chrono::Months::new(1)).unwrap();
        day = day.pred_opt().unwrap();
    }
    std::fs::write(folder.path().join("prices.csv"), csv).unwrap();
    let environment = [("FACTOR_PRICE_FILES", folder.path().to_str().unwrap()), ("FACTOR_TODAY", "2024-01-10")];
    let mut process = Process::legacy(&environment).await;
    let universe = json!([{"ticker": "IWM", "label": "a"}, {"ticker": "TLT", "label": "b"}]);
    for (regime, needs, way) in [
        ("equity_drawdown", "SPY", "name dates"),
        ("high_vol", "SPY", "name dates"),
        ("rate_shock", "UST10Y", "FACTOR_YIELD_FILE"),
    ] {
        let call = json!({"regime": regime, "factor_universe": universe, "benchmark_ticker": "IWM", "start_date": "2020-12-31"});
        let error = ask(&mut process, call).await["error"].clone();
        assert_eq!(error["code"], "no_data", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains(&format!("is defined by {needs}, which has no value")) && message.contains(way),
            "{message}"
        );
    }
}

#[tokio::test]
async fn spy_tells_regimes_of_whatever_is_analysed() {
    let mut process = sample().await;
    let call = json!({"regime": "high_vol", "asset_class_filters": {"include": ["bond"]}, "benchmark_ticker": "TLT", "categories": ["fixed_income"]});
    let bonds = ask(&mut process, call).await;
    let all = ask(&mut process, json!({"regime": "high_vol", "categories": ["style"]})).await;
    assert_eq!(bonds["regime"], all["regime"]);
    assert!(
        !crate::support::warnings_of(&bonds).to_string().contains("figures relative to"),
        "{}",
        bonds["data_quality"]
    );
}

#[tokio::test]
async fn a_clustered_matrix_stands_in_the_order_of_its_blocks() {
    let mut process = sample().await;
    let call = json!({
        "format": "full", "max_chars": 0, "include_macro_etf": true, "include_statistics": true, "include_rolling_summaries": true,
        "categories": ["industry", "style", "fixed_income"],
    });
    let universe = ask(&mut process, call.clone()).await;
    assert!(universe["insights"].get("blocks").is_none() && universe["analysis_metadata"].get("order").is_none());
    let clustered = ask(&mut process, with(&call, json!({"advanced": {"order": "cluster"}}))).await;
    let triangle = ask(&mut process, with(&call, json!({"order": "cluster", "matrix_format": "triangle"}))).await;
    assert_eq!(clustered["analysis_metadata"]["order"], "cluster");
    let blocks = clustered["insights"]["blocks"].as_object().unwrap();
    assert_eq!(
        blocks.keys().collect::<Vec<_>>(),
        ["industry_groups", "industry", "style", "fixed_income", "macro_composite_matrix", "macro_etf_matrix"]
    );
    let mut moved = 0;
    for (name, blocks) in blocks {
        let place = if name.starts_with("macro") { "/overlays/" } else { "/matrices/" };
        let path = format!("{place}{name}");
        let (before, after) = (universe.pointer(&path).unwrap(), clustered.pointer(&path).unwrap());
        let order: Vec<&str> = blocks.as_array().unwrap().iter().flat_map(|block| names(&block["members"])).collect();
        assert_eq!(keys(after), order, "{name}");
        assert_eq!(names(&triangle.pointer(&path).unwrap()["labels"]), order);
        moved += usize::from(keys(before) != order);
        for (row, cells) in after.as_object().unwrap() {
            assert_eq!(keys(cells), order);
            // The figures are those of the universe's order.
            assert!(cells.as_object().unwrap().iter().all(|(column, r)| before[row][column] == *r), "{name} {row}");
        }
        for block in blocks.as_array().unwrap() {
            let (members, mean) = (names(&block["members"]), &block["mean_correlation"]);
            assert_eq!(members.len() > 1, mean.is_number(), "{block}");
        }
    }
    assert!(moved >= 4, "{moved}");
    let style: Vec<&str> = keys(&clustered["matrices"]["style"]);
    for measure in ["n", "interval_low", "interval_high", "p", "p_adjusted"] {
        assert_eq!(keys(&clustered["statistics"]["style"][measure]), style);
        assert_eq!(
            clustered["statistics"]["style"][measure]["IWM"]["VYM"],
            universe["statistics"]["style"][measure]["IWM"]["VYM"]
        );
    }
    assert_eq!(clustered["rolling"], universe["rolling"]);
    for shown in ["strongest_pairs", "components", "best_diversifier"] {
        let (here, there) = (clustered["insights"][shown].to_string(), universe["insights"][shown].to_string());
        assert_eq!(here.len(), there.len(), "{shown}");
    }
    let summary = ask(&mut process, json!({"order": "cluster"})).await;
    assert!(summary.to_string().chars().count() <= 8_000);
    let industry = &summary["insights"]["blocks"]["industry"];
    assert!(industry["blocks"].as_u64().unwrap() >= 2 && names(&industry["largest"][0]["members"]).len() > 2);
    let report = ask(&mut process, json!({"order": "cluster", "format": "report", "categories": ["style"]})).await;
    assert!(report["formatted_report"].as_str().unwrap().contains("- Style, blocks: "));
    let wrong = ask(&mut process, json!({"order": "alphabet"})).await;
    assert_eq!(wrong["error"]["problems"][0]["field"], "order");
}
