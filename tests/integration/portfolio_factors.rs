//! A saved portfolio as a factor, `PORTFOLIO:<name>`, wherever a call takes a ticker.

use serde_json::{Value, json};

use crate::{groups::Session, support::warnings_of};

const ANALYSIS: &str = "get_factor_analysis";
const EXPOSURES: &str = "get_portfolio_exposures";

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn close(a: &Value, b: f64) {
    assert!((number(a) - b).abs() < 1e-12, "{a} is not {b}");
}

async fn saved(server: &mut Session, name: &str, holdings: Value) {
    server.answer("save_portfolio", json!({"portfolio_name": name, "holdings": holdings})).await;
}

#[tokio::test]
async fn its_performance_is_that_of_the_portfolio() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    saved(&mut server, "Core Mix", json!({"SPY": 0.6, "TLT": 0.3})).await;
    for frequency in ["monthly", "daily"] {
        let asked = json!({"analysis_type": "performance", "tickers": ["SPY", "portfolio:core mix"], "frequency": frequency,
            "include": ["per_factor"], "precision": 17});
        let answer = server.answer(ANALYSIS, asked).await;
        assert!(
            answer["note"].as_str().unwrap().contains("PORTFOLIO:Core_Mix: weights as given; they sum to 0.9"),
            "{answer}"
        );
        let factor = &answer["per_factor"]["PORTFOLIO:Core_Mix"];
        assert_eq!((&factor["label"], &factor["category"]), (&json!("Core Mix"), &json!("user")));
        let asked = json!({"portfolio_name": "core mix", "frequency": frequency, "include": ["risk"], "precision": 17});
        let risk = server.answer(EXPOSURES, asked).await["risk"].clone();
        for field in
            ["annual_return", "volatility", "sharpe_ratio", "beta", "max_drawdown", "max_drawdown_daily", "var_95"]
        {
            close(&factor[field], number(&risk[field]));
        }
        for field in ["observations", "drawdown_peak", "drawdown_trough", "drawdown_recovery"] {
            assert_eq!(factor[field], risk[field], "{field}");
        }
    }
}

#[tokio::test]
async fn its_windows_are_its_holdings_at_their_weights() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    saved(&mut server, "Whole", json!({"SPY": 0.6, "TLT": 0.4})).await;
    saved(&mut server, "Half", json!({"SPY": 0.5})).await;
    let windows = ["1m", "2025-03", "2025-02-19/2025-04-08", "2024"];
    let asked = json!({"analysis_type": "returns", "tickers": ["PORTFOLIO:Whole", "PORTFOLIO:half", "SPY", "TLT"],
        "windows": windows, "include": ["factors"], "precision": 17});
    let answer = server.answer(ANALYSIS, asked).await;
    let of = |ticker: &str, window: &str| number(&answer["factors"][ticker]["windows"][window]["total_return"]);
    for window in ["1m", "2025-03", "2025-02-19/2025-04-08"] {
        let by_hand = 0.6 * of("SPY", window) + 0.4 * of("TLT", window);
        close(&json!(of("PORTFOLIO:Whole", window)), by_hand);
        // Half of it earns the risk-free rate, which returns ask for when cash is held.
        let earned = 2.0 * (of("PORTFOLIO:Half", window) - 0.5 * of("SPY", window));
        assert!(earned > 0.0 && earned < 0.02, "{window}: {earned}");
    }
    // A year is its months, the weights restored at each month's end.
    let months: Vec<String> = (1..=12).map(|month| format!("2024-{month:02}")).collect();
    let asked = json!({"analysis_type": "returns", "tickers": ["SPY", "TLT"], "windows": months, "include": ["factors"],
        "precision": 17});
    let each = server.answer(ANALYSIS, asked).await;
    let month = |ticker: &str, name: &str| number(&each["factors"][ticker]["windows"][name]["total_return"]);
    let year: f64 = months.iter().map(|name| 1.0 + 0.6 * month("SPY", name) + 0.4 * month("TLT", name)).product();
    close(&json!(of("PORTFOLIO:Whole", "2024")), year - 1.0);
}

#[tokio::test]
async fn it_correlates_offsets_and_explains_as_any_factor_does() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let group = json!({"group_name": "My Bonds", "tickers": ["IEF", "TLT"]});
    server.answer("create_factor_group", group).await;
    saved(&mut server, "Mix", json!({"SPY": 0.7, "USER:my bonds": 0.3})).await;
    let asked = json!({"tickers": ["PORTFOLIO:Mix", "SPY", "TLT"], "format": "full", "max_chars": 0});
    let answer = server.answer(ANALYSIS, asked).await;
    let row = &answer["matrices"]["selected"]["PORTFOLIO:Mix"];
    assert_eq!(row["PORTFOLIO:Mix"], 1.0);
    // A slope is linear: that of a mix is the mix of its holdings' slopes.
    let asked = json!({"tickers": ["PORTFOLIO:Mix", "USER:my bonds", "SPY"], "advanced": {"rate_maturities": ["UST10Y"], "precision": 17},
        "include": ["statistics"]});
    let slopes = server.answer(ANALYSIS, asked).await["statistics"]["rate_sensitivity"].clone();
    let slope = |name: &str| number(&slopes[name]["UST10Y"]["return_per_100bp"]);
    assert!((slope("PORTFOLIO:Mix") - 0.7 * slope("SPY") - 0.3 * slope("USER:My_Bonds")).abs() < 1e-12, "{slopes}");
    // Of a few factors every pair has its interval and p, whoever made them.
    let short = server.answer(ANALYSIS, json!({"tickers": ["PORTFOLIO:Mix", "SPY"]})).await;
    let pair = &short["matrices"]["selected"]["pairs"]["PORTFOLIO:Mix/SPY"];
    assert!(
        number(&pair["interval"][0]) < number(&pair["r"]) && pair["p"].is_number() && pair["spearman"].is_number(),
        "{short}"
    );
    assert!(
        number(&short["overlays"]["rate_sensitivity"]["UST10Y"]["rows"]["PORTFOLIO:Mix"]["return_per_100bp"])
            .is_finite()
    );
    assert!(number(&row["SPY"]) > 0.8 && number(&row["SPY"]) > number(&row["TLT"]), "{row}");

    let asked = json!({"overexposed_factor": "portfolio:mix", "holdings": {"SPY": 1}, "max_recommendations": 50,
        "correlation_threshold": 0});
    let answer = server.answer("get_factor_recommendations", asked).await;
    let factor = &answer["overexposed_factor"];
    assert_eq!((&factor["resolved"], &factor["kind"]), (&json!("PORTFOLIO:Mix"), &json!("portfolio")));
    assert_eq!(factor["members"], json!(["SPY", "USER:My_Bonds"]));
    let offsets = answer["recommendations"].as_array().unwrap();
    let own = [json!("SPY"), json!("PORTFOLIO:Mix"), json!("USER:My_Bonds")];
    assert!(!offsets.is_empty() && offsets.iter().all(|one| !own.contains(&one["etf_ticker"])), "{offsets:?}");

    let asked = json!({"portfolio_name": "mix", "factors": ["PORTFOLIO:Mix", "GLD"], "include": ["regression"]});
    let regression = server.answer(EXPOSURES, asked).await["regression"].clone();
    close(&regression["factors"]["PORTFOLIO:Mix"]["beta"], 1.0);
    close(&regression["residual_share"], 0.0);

    let universe =
        json!([{"label": "mine", "ticker": "PORTFOLIO:mix", "category": "style"}, {"label": "m", "ticker": "SPY"}]);
    let asked = json!({"analysis_type": "performance", "factor_universe": universe, "include": ["per_factor"]});
    let answer = server.answer(ANALYSIS, asked).await;
    assert_eq!(answer["per_factor"]["PORTFOLIO:Mix"]["label"], "mine", "{answer}");
    // Where no call names it, it is no factor.
    let all = json!({"analysis_type": "performance", "categories": ["user"], "include": ["per_factor"]});
    let all = server.answer(ANALYSIS, all).await;
    assert!(all["per_factor"].get("PORTFOLIO:Mix").is_none() && all["per_factor"].get("USER:My_Bonds").is_some());
}

#[tokio::test]
async fn figures_are_relative_to_it_as_to_any_benchmark() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    saved(&mut server, "Market", json!({"SPY": 1.0})).await;
    saved(&mut server, "Mix", json!({"SPY": 0.6, "TLT": 0.4})).await;
    server
        .answer(
            "create_factor_group",
            json!({"group_name": "Two", "tickers": ["SPY", "TLT"], "weighting_method": "custom",
        "weights": {"SPY": 0.6, "TLT": 0.4}}),
        )
        .await;
    let mut profile = async |benchmark: &str| {
        let asked = json!({"analysis_type": "performance", "tickers": ["XLK"], "benchmark_ticker": benchmark,
            "include": ["per_factor", "metadata"], "precision": 17});
        let answer = server.answer(ANALYSIS, asked).await;
        (answer["per_factor"]["XLK"].clone(), answer["analysis_metadata"]["benchmark"].clone(), answer)
    };
    let (against_spy, named, _) = profile("SPY").await;
    assert_eq!(named, "SPY");
    let (against_market, named, answer) = profile("portfolio:market").await;
    assert_eq!(named, "PORTFOLIO:Market", "{answer}");
    assert_eq!(against_market, against_spy, "a portfolio of the benchmark alone is the benchmark");
    assert!(answer["per_factor"].get("PORTFOLIO:Market").is_none(), "it is no factor that was asked for");
    let ((against_mix, ..), (against_group, named, _)) = (profile("PORTFOLIO:Mix").await, profile("USER:two").await);
    assert_eq!(named, "USER:Two");
    for field in ["beta", "alpha", "information_ratio", "tracking_error", "up_capture"] {
        close(&against_group[field], number(&against_mix[field]));
        assert_ne!(against_mix[field], against_spy[field], "{field}");
    }

    let asked = json!({"tickers": ["XLK", "IEF"], "include": ["market_sensitivity"], "market_benchmarks": ["SPY", "PORTFOLIO:Market"]});
    let answer = server.answer(ANALYSIS, asked).await;
    let row = &answer["overlays"]["market_sensitivity"]["XLK"];
    close(&row["PORTFOLIO:Market"], number(&row["SPY"]));

    let asked = json!({"analysis_type": "performance", "tickers": ["XLK"], "benchmark_ticker": "PORTFOLIO:Mixx"});
    let refused = server.refusal(ANALYSIS, asked).await;
    assert!(refused.to_string().contains("the nearest is PORTFOLIO:Mix"), "{refused}");
}

#[tokio::test]
async fn a_name_that_is_nearly_right_comes_with_the_right_call() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    saved(&mut server, "Core", json!({"SPY": 0.6, "TLT": 0.4})).await;
    server.answer("create_factor_group", json!({"group_name": "Chips", "tickers": ["SOXX", "XLK"]})).await;
    for (tool, ask, field, right) in [
        (EXPOSURES, json!({"portfolio_name": "Cor"}), "portfolio_name", json!("Core")),
        (ANALYSIS, json!({"tickers": ["SPY", "USER:Chip"]}), "tickers", json!(["SPY", "USER:Chips"])),
        ("compare_factors", json!({"tickers": ["SPY", "PORTFOLIO:Coer"]}), "tickers", json!(["SPY", "PORTFOLIO:Core"])),
        ("get_factor_group", json!({"group_name": "Chip"}), "group_name", json!("Chips")),
    ] {
        let failed = server.refusal(tool, ask.clone()).await;
        let call = &failed["error"]["try"];
        assert_eq!((&call["name"], &call["arguments"][field]), (&json!(tool), &right), "{ask}: {failed}");
        server.answer(tool, call["arguments"].clone()).await;
    }
    // What deletes is not written for anybody.
    let failed = server.refusal("delete_portfolio", json!({"portfolio_name": "Cor"})).await;
    assert!(failed.to_string().contains("did you mean `Core`?") && failed["error"].get("try").is_none(), "{failed}");
    // One of its words may be a name.
    let failed = server.refusal("compare_factors", json!({"tickers": ["SPY", "long tresuries"]})).await;
    assert!(failed.to_string().contains("Treasuries"), "{failed}");
}

#[tokio::test]
async fn what_it_lacks_is_said_and_a_changed_one_is_another() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    // PEJ stops in 2023.
    saved(&mut server, "Old", json!({"SPY": 0.8, "PEJ": 0.2})).await;
    let asked = json!({"analysis_type": "performance", "tickers": ["SPY", "PORTFOLIO:Old"]});
    let answer = server.answer(ANALYSIS, asked.clone()).await;
    let warnings = warnings_of(&answer).to_string();
    assert!(
        warnings.contains("PORTFOLIO:Old: the portfolio has ") && warnings.contains("on which PEJ and all others"),
        "{warnings}"
    );
    saved(&mut server, "Unknown", json!({"SPY": 0.3, "ZZZZ": 0.7})).await;
    let of_unknown = json!({"analysis_type": "performance", "tickers": ["SPY", "PORTFOLIO:Unknown"]});
    let of_unknown = server.answer(ANALYSIS, of_unknown).await;
    let missing = &of_unknown["not_analysed"][0];
    assert_eq!(missing["ticker"], "PORTFOLIO:Unknown", "{of_unknown}");
    let reason = missing["reason"].as_str().unwrap();
    assert!(reason.contains("0.70 of the weight is in holdings without any return"), "{reason}");

    saved(&mut server, "old", json!({"SPY": 1.0})).await;
    let later = server.answer(ANALYSIS, asked).await;
    assert_ne!(later, answer, "what was kept of the one before is no answer");
    assert!(!warnings_of(&later).to_string().to_lowercase().contains("portfolio:old: "), "{later}");

    for (tool, arguments) in [
        (ANALYSIS, json!({"tickers": ["SPY", "PORTFOLIO:Olt"]})),
        (ANALYSIS, json!({"factor_universe": [{"label": "x", "ticker": "PORTFOLIO:Olt"}]})),
        ("get_factor_recommendations", json!({"overexposed_factor": "PORTFOLIO:Olt"})),
        (EXPOSURES, json!({"holdings": {"SPY": 1}, "factors": ["PORTFOLIO:Olt"]})),
    ] {
        let refused = server.refusal(tool, arguments).await.to_string();
        assert!(refused.contains("not one of your saved portfolios"), "{tool}: {refused}");
        assert!(refused.contains("the nearest is PORTFOLIO:old"), "{tool}: {refused}");
    }
}
