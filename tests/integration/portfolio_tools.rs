//! What both tools over a portfolio have alike: their fields by name, every kind of portfolio, their reports, files of holdings.

use serde_json::{Value, json};

use crate::{groups::Session, support::command};

const OFFSETS: &str = "get_factor_recommendations";
const EXPOSURES: &str = "get_portfolio_exposures";

/// The fields among `names` (`a.b` is `b` in `a`) that a value has not.
fn missing(value: &Value, names: &[&str]) -> Vec<String> {
    let has = |name: &&&str| name.split('.').try_fold(value, |at, part| at.get(part)).is_none();
    names.iter().filter(has).map(|name| (*name).to_owned()).collect()
}

const FRAME: [&str; 5] =
    ["status", "data_quality.warnings", "performance", "analysis_metadata.as_of", "analysis_metadata.conventions"];

#[tokio::test]
async fn every_field_has_its_name() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let holdings = json!({"VNQ": 0.35, "SPY": 0.25, "XLK": 0.2, "TLT": 0.2});
    let every = json!({
        "overexposed_factor": "VNQ", "holdings": holdings, "target_allocation_reduction": 0.2, "correlation_threshold": 0,
        "max_recommendations": 5, "prefer_income": true, "min_dividend_yield": 0, "categories": ["commodity", "industry"],
        "asset_class_filters": {"exclude": ["crypto"]}, "industry_granularity": "industry", "start_date": "2018-12-31",
        "end_date": "2025-12-31", "frequency": "monthly", "format": "full", "max_chars": 0, "advanced": {"precision": 8},
    });
    let answer = server.answer(OFFSETS, every).await;
    let own = [
        "overexposed_factor.query",
        "overexposed_factor.resolved",
        "overexposed_factor.kind",
        "overexposed_factor.members",
        "current_portfolio_exposures",
        "regression_exposures",
        "recommendations",
        "basket",
        "candidates_scanned",
    ];
    assert_eq!(missing(&answer, &[&FRAME[..], &own].concat()), [""; 0], "{answer}");
    let rows = answer["recommendations"].as_array().unwrap();
    assert!(rows.len() > 1 && rows.len() <= 5, "{answer}");
    for row in rows {
        let names = [
            "rank",
            "factor",
            "etf_ticker",
            "category",
            "correlation_to_overexposed",
            "correlation_interval",
            "n",
            "current_portfolio_exposure",
            "suggested_additional_allocation",
            "hedge_ratio",
            "hedge_effectiveness.in_sample",
            "hedge_effectiveness.out_of_sample",
            "portfolio_volatility.before",
            "portfolio_volatility.after",
            "down_market_correlation",
            "rolling_36",
            "sharpe_ratio",
            "max_drawdown",
            "dividend_yield",
            "meets_threshold",
            "significant",
            "score",
            "score_parts",
            "rationale",
        ];
        assert_eq!(missing(row, &names), [""; 0], "{row}");
        assert!(["commodity", "industry"].contains(&row["category"].as_str().unwrap()), "{row}");
        assert!(row["suggested_additional_allocation"].as_f64().unwrap() <= 0.2, "{row}");
        assert_eq!(row["correlation_interval"].as_array().map(Vec::len), Some(2), "{row}");
    }
    // Another name of categories, and a universe of one's own.
    let short = json!({"overexposed_factor": "Long", "factor_categories": "commodity",
        "factor_universe": [{"label": "Long", "ticker": "TLT"}, {"label": "Oil", "ticker": "USO", "category": "commodity"}]});
    let short = server.answer(OFFSETS, short).await;
    assert_eq!(short["recommendations"][0]["etf_ticker"], "USO", "{short}");

    let every = json!({
        "holdings": holdings, "factors": ["SPY", "fixed_income"], "what_if": [{"ticker": "VNQ", "change": -0.1}],
        "start_date": "2018-12-31", "end_date": "2025-12-31", "frequency": "weekly", "format": "full", "max_chars": 0,
    });
    let answer = server.answer(EXPOSURES, every).await;
    let own = [
        "holdings",
        "normalisation",
        "by_industry",
        "by_sector_group",
        "by_asset_class",
        "regression.alpha",
        "regression.alpha_t",
        "regression.r_squared",
        "regression.observations",
        "regression.residual_share",
        "regression.factors.SPY.beta",
        "regression.factors.SPY.t",
        "regression.factors.SPY.vif",
        "regression.factors.SPY.variance_share",
        "regression.factors.fixed_income.beta",
        "risk.volatility",
        "risk.beta",
        "risk.max_drawdown",
        "risk.var_95",
        "risk.cvar_95",
    ];
    assert_eq!(missing(&answer, &[&FRAME[..], &own].concat()), [""; 0], "{answer}");
    for when in ["before", "after"] {
        let names = [
            "risk.volatility",
            "risk.beta",
            "regression.factors.SPY.beta",
            "by_industry",
            "by_sector_group",
            "by_asset_class",
        ];
        assert_eq!(missing(&answer["what_if"][when], &names), [""; 0], "{answer}");
    }
    assert_eq!(answer["what_if"]["after"]["by_industry"]["cash"], 0.1, "{answer}");
}

#[tokio::test]
async fn income_moves_the_ranking_and_the_least_yield_cuts_the_list() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let ask = |more: Value| {
        let mut ask = json!({"overexposed_factor": "SPY", "format": "full", "max_chars": 0});
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask
    };
    let part = |answer: &Value, name: &str| -> f64 {
        let rows = answer["recommendations"].as_array().unwrap();
        rows.iter().filter_map(|row| row["score_parts"][name].as_f64()).fold(f64::NEG_INFINITY, f64::max)
    };
    let plain = server.answer(OFFSETS, ask(json!({}))).await;
    let income = server.answer(OFFSETS, ask(json!({"prefer_income": true}))).await;
    // The yield counts for at most 0.1, with prefer_income 0.3.
    assert!(part(&plain, "dividend_yield") <= 0.1 && part(&income, "dividend_yield") > 0.1, "{income}");
    let few = server.answer(OFFSETS, ask(json!({"min_dividend_yield": 0.04}))).await;
    let yields: Vec<Option<f64>> =
        few["recommendations"].as_array().unwrap().iter().map(|row| row["dividend_yield"].as_f64()).collect();
    assert!(!yields.is_empty() && yields.iter().flatten().all(|one| *one >= 0.04), "{yields:?}");
    assert!(few["candidates_scanned"].as_u64() < plain["candidates_scanned"].as_u64());
    assert!(few["insights"]["left_out"].to_string().len() > plain["insights"]["left_out"].to_string().len(), "{few}");
}

#[tokio::test]
async fn exposures_of_portfolios_of_every_kind() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let ask = |holdings: Value| json!({"holdings": holdings, "include": ["holdings", "by_asset_class", "risk"], "precision": 12});
    let note = |answer: &Value| answer["note"].as_str().unwrap_or_default().to_owned();
    let volatility = |answer: &Value| answer["risk"]["volatility"].as_f64().unwrap();
    let whole = server.answer(EXPOSURES, ask(json!({"SPY": 1}))).await;
    let part = server.answer(EXPOSURES, ask(json!({"SPY": 0.3}))).await;
    assert!(note(&part).contains("sum to 0.3, and the remaining 0.7 is cash"), "{part}");
    assert_eq!(part["by_asset_class"]["cash"], 0.7);
    assert!((volatility(&part) / volatility(&whole) - 0.3).abs() < 0.01, "{part}");
    let levered = server.answer(EXPOSURES, ask(json!({"SPY": 1.4}))).await;
    assert!(note(&levered).contains("sum to 1.4: leverage, with 0.4 borrowed"), "{levered}");
    assert!((volatility(&levered) / volatility(&whole) - 1.4).abs() < 0.01, "{levered}");
    let zero = server.problems(EXPOSURES, ask(json!({"SPY": 0.5, "TLT": -0.5}))).await;
    assert!(zero[0].starts_with("holdings: must not sum to 0"), "{zero:?}");
    let short = server.answer(EXPOSURES, ask(json!({"SPY": 1.3, "IWM": -0.3}))).await;
    assert_eq!(short["holdings"][1]["weight"], -0.3, "{short}");
    let twice =
        json!([{"ticker": "SPY", "weight": 0.5}, {"ticker": "TLT", "weight": 0.2}, {"ticker": "spy", "weight": 0.3}]);
    let twice = server.answer(EXPOSURES, ask(twice)).await;
    assert!(note(&twice).contains("SPY came more than once; its amounts were added"), "{twice}");
    assert_eq!(twice["holdings"].as_array().map(Vec::len), Some(2));
    let error = server.error(EXPOSURES, ask(json!({"SPY": 0.4, "ZZZZ": 0.6})), "insufficient_data").await;
    assert!(error["message"].as_str().unwrap().contains("at most 0.5 may be"), "{error}");
}

/// The tables of a report, each as its rows.
fn tables(report: &str) -> Vec<Vec<&str>> {
    let mut tables: Vec<Vec<&str>> = Vec::new();
    let mut inside = false;
    for line in report.lines() {
        if line.starts_with('|') {
            if !inside {
                tables.push(Vec::new());
            }
            tables.last_mut().unwrap().push(line);
        }
        inside = line.starts_with('|');
    }
    tables
}

#[tokio::test]
async fn reports_are_aligned_and_say_what_their_words_mean() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let holdings = json!({"VNQ": 0.35, "SPY": 0.25, "XLK": 0.2, "TLT": 0.2});
    let include = json!(["formatted_report"]);
    let calls = [
        (OFFSETS, json!({"overexposed_factor": "VNQ", "holdings": holdings, "include": include})),
        (
            OFFSETS,
            json!({"overexposed_factor": "TLT", "holdings": holdings, "correlation_threshold": 0, "include": include}),
        ),
        (OFFSETS, json!({"overexposed_factor": "XLK", "include": include})),
        (EXPOSURES, json!({"holdings": holdings, "what_if": {"VNQ": -0.1, "GLD": 0.1}, "include": include})),
        (EXPOSURES, json!({"holdings": {"SPY": 0.3, "ZZZZ": 0.1}, "include": include})),
        (EXPOSURES, json!({"holdings": {"CUR:USD": 1}, "include": include})),
    ];
    for (tool, arguments) in calls {
        let answer = server.answer(tool, arguments.clone()).await;
        let report = answer["formatted_report"].as_str().unwrap();
        let tables = tables(report);
        assert!(tables.len() >= 2, "{arguments}: {report}");
        for table in tables {
            let widths: Vec<usize> = table.iter().map(|row| row.chars().count()).collect();
            assert!(widths.iter().all(|width| *width == widths[0]), "{arguments}: {}", table.join("\n"));
            assert!(!table.iter().any(|row| row.contains("NaN") || row.contains(" -0.00")), "{}", table.join("\n"));
        }
        for part in ["## How to read it", "## Caveats", "Not known here: ", "0.1 is 10%"] {
            assert!(report.contains(part), "{part}: {arguments}: {report}");
        }
        // A column without a value is left out; what the legend explains is there.
        assert_eq!(
            report.contains(" move | volatility before"),
            tool == OFFSETS && arguments.get("holdings").is_some(),
            "{report}"
        );
        assert_eq!(report.contains("after the trade"), arguments.get("what_if").is_some(), "{report}");
    }
}

#[tokio::test]
async fn the_command_line_reads_holdings_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let run = async |text: &[u8], arguments: &[&str]| {
        std::fs::write(folder.path().join("mine.csv"), text).unwrap();
        let run = command(folder.path())
            .arg("analyze")
            .args(arguments)
            .args(["--holdings", "mine.csv"])
            .output()
            .await
            .unwrap();
        (run.status.code(), String::from_utf8(run.stdout).unwrap(), String::from_utf8(run.stderr).unwrap())
    };
    let good = b"Symbol,Weight\nVNQ,35%\nSPY,65%\n";
    let (code, report, log) = run(good, &["recommendations", "--factor", "VNQ", "--top", "2"]).await;
    assert_eq!(code, Some(0), "{log}");
    assert!(report.starts_with("# Offsets of VNQ (Real estate (whole sector))"), "{report}");
    assert!(
        report.split_whitespace().collect::<Vec<_>>().join(" ").contains("| REIT - Diversified | 35.00% |"),
        "{report}"
    );
    // As a spreadsheet or a broker writes it: a mark at the start, other columns, values with signs, an empty line, a line twice.
    let broker = "\u{feff}Account,Ticker,Name,Value\r\n1,SPY,S&P 500,\"$6,000.00\"\r\n1,VNQ,Property,\"$2,000\"\r\n,,,\r\n2,vnq,Property,1500\r\n1,CUR:USD,Cash,500\r\n";
    let (code, json, log) = run(broker.as_bytes(), &["exposures", "--json"]).await;
    assert_eq!(code, Some(0), "{log}");
    let answer: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(answer["by_sector_group"], json!({"market": 0.6, "cyclical": 0.35, "cash": 0.05}));
    assert!(answer["note"].as_str().unwrap().contains("VNQ came more than once"), "{answer}");
    let (code, shares, log) = run(b"ticker,shares\nSPY,10\nTLT,20\n", &["exposures"]).await;
    assert!(code == Some(0) && shares.starts_with("# Exposures") && shares.contains("| SPY "), "{log}");

    for (text, said) in [
        (&b"ticker;weight\nSPY;1\n"[..], "no column ticker"),
        (b"ticker,weight\nSPY,0.5\nTLT,half\n", "line 3: `half` is no number"),
        (b"ticker,weight\n", "it has no holding"),
        (b"", "no column ticker"),
        (b"\xff\xfe\x00", "mine.csv"),
        (b"ticker,weight\nSPY,60\nTLT,40\n", "write 0.6 for 60%"),
        (b"ticker,weight\nS PY,1\n", "S PY"),
        (b"ticker,weight\nSPY,0.5\nTLT,-0.5\n", "must not sum to 0"),
        (b"ticker,weight\nSPY,0.4\nZZZZ,0.6\n", "at most 0.5 may be"),
    ] {
        for arguments in [&["exposures"][..], &["recommendations", "--factor", "SPY"]] {
            let (code, out, log) = run(text, arguments).await;
            assert!(code == Some(1) && out.is_empty() && log.contains(said), "{said}: {log}");
            assert!(!log.contains("panicked"), "{log}");
        }
    }
    let (code, _, log) = run(good, &["exposures", "--portfolio", "Mine"]).await;
    assert!(code == Some(2) && log.contains("cannot be used with"), "{log}");
    std::fs::remove_file(folder.path().join("mine.csv")).unwrap();
    let gone = command(folder.path()).args(["analyze", "exposures", "--holdings", "mine.csv"]).output().await.unwrap();
    assert!(gone.status.code() == Some(1) && String::from_utf8(gone.stderr).unwrap().contains("cannot read mine.csv"));
    let (code, _, log) = run(good, &["recommendations"]).await;
    assert!(code == Some(1) && log.contains("`overexposed_factor` (got nothing) is required"), "{log}");
}

#[tokio::test]
async fn a_source_without_profiles_says_so() {
    let data = tempfile::tempdir().unwrap();
    let mut csv = "date,SPY,ACME\n".to_owned();
    let first = chrono::NaiveDate::from_ymd_opt(2021, 5, 1).unwrap();
    for month in 0..61_u32 {
        let day = first.checked_add_months(chrono::Months::new(month + 1)).unwrap().pred_opt().unwrap();
        let (spy, acme) = (100 + month * 7 % 23, 50 + month * 11 % 17);
        csv += &format!("{day},{spy},{acme}\n");
    }
    let mut server = Session::on_prices(data.path(), &csv).await;
    let universe = json!([{"label": "Shares", "ticker": "SPY", "category": "market"}]);
    let held = json!({"SPY": 0.15, "ACME": 0.85});
    let exposures = server.answer(EXPOSURES, json!({"holdings": held, "factors": ["SPY"]})).await;
    let offsets = json!({"overexposed_factor": "ACME", "holdings": held, "factor_universe": universe});
    let offsets = server.answer(OFFSETS, offsets).await;
    for (answer, sums) in [(&exposures, "by_industry"), (&offsets, "current_portfolio_exposures")] {
        assert_eq!(answer[sums], json!({"market": 0.15, "unclassified": 0.85}), "{answer}");
        let said = "ACME is in no industry or category, for want of a profile (price files hold no profiles)";
        let warnings = crate::support::warnings_of(answer).as_array().unwrap();
        assert!(warnings.iter().any(|one| one == said), "{warnings:?}");
    }
    // It has prices: it is in the risk, and can be the factor itself.
    assert_eq!(exposures["weights"]["unexplained"], 0.0);
    assert_eq!(offsets["overexposed_factor"]["kind"], "holding");
    assert_eq!(offsets["portfolio"]["weight_of_overexposed"], 0.85);
    assert_eq!(offsets["recommendations"][0]["etf_ticker"], "SPY", "{offsets}");
    // A heavy holding is no candidate; where nobody is left, that is all there is to say.
    let nobody =
        json!({"overexposed_factor": "ACME", "holdings": {"SPY": 0.5, "ACME": 0.5}, "factor_universe": universe});
    let nobody = server.answer(OFFSETS, nobody).await;
    assert_eq!((&nobody["candidates_scanned"], &nobody["recommendations"]), (&json!(0), &json!([])), "{nobody}");
    assert!(nobody["note"].as_str().unwrap().contains("no candidate is left after the filters"), "{nobody}");
    let said = nobody["insights"]["sentences"].to_string();
    assert!(
        said.contains("Nothing here offsets ACME when bought: no candidate is left") && !said.contains("of 0"),
        "{said}"
    );
}

/// A group of equal weights is what its members are, rebalanced each month; cash is cash by any name.
#[tokio::test]
async fn a_group_is_held_as_its_members_are_and_cash_by_any_name() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    server.answer("create_factor_group", json!({"group_name": "My Mix", "tickers": ["VNQ", "TLT"]})).await;
    let holdings = [
        json!({"USER:my mix": 0.5, "SPY": 0.3, "CASH": 0.2}),
        json!([{"ticker": "VNQ", "weight": 0.25}, {"ticker": "TLT", "weight": 0.25}, {"ticker": "SPY", "weight": 0.3},
            {"ticker": "USD", "weight": 0.2}]),
    ];
    let mut answers = Vec::new();
    for holdings in holdings {
        let arguments = json!({"holdings": holdings, "factors": ["SPY", "TLT"], "format": "full", "max_chars": 0});
        answers.push(server.answer(EXPOSURES, arguments).await);
    }
    let [grouped, apart] = [&answers[0], &answers[1]];
    let near = |path: &[&str]| {
        let figure = |answer: &Value| path.iter().fold(answer, |at, part| &at[part]).as_f64().unwrap();
        assert!((figure(grouped) - figure(apart)).abs() < 1e-6, "{path:?}: {} {}", figure(grouped), figure(apart));
    };
    for field in ["annual_return", "volatility", "sharpe_ratio", "beta", "max_drawdown"] {
        near(&["risk", field]);
    }
    near(&["regression", "factors", "TLT", "beta"]);
    for industry in ["REIT - Diversified", "fixed_income", "market", "cash"] {
        near(&["by_industry", industry]);
    }
    let shares = grouped["risk"]["risk_contribution"].as_object().unwrap();
    let sum: f64 = shares.values().map(|share| share.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-5 && shares.contains_key("USER:My_Mix"), "{shares:?}");
    // What it is made of is no offset of it, and nor is it itself.
    let arguments = json!({"overexposed_factor": "USER:My Mix", "holdings": {"USER:My Mix": 0.5, "SPY": 0.5},
        "include": ["insights", "recommendations", "exposures"]});
    let offsets = server.answer(OFFSETS, arguments).await;
    assert_eq!(offsets["portfolio"]["weight_of_overexposed"], 0.5, "{offsets}");
    let parts = offsets["insights"]["left_out"]["part_of_overexposed"].as_array().unwrap();
    assert!(
        parts.len() == 3 && ["VNQ", "TLT", "USER:My_Mix"].iter().all(|part| parts.contains(&json!(part))),
        "{offsets}"
    );
    let unknown = server.error(EXPOSURES, json!({"holdings": {"USER:My Mox": 1.0}}), "not_found").await;
    assert!(unknown.to_string().contains("the nearest is USER:My_Mix"), "{unknown}");
}

/// PEJ of the sample has no price after June 2023.
#[tokio::test]
async fn a_stopped_fund_is_marked_and_offsets_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Session::start(data.path(), &[]).await;
    let arguments = json!({"overexposed_factor": "SPY", "max_recommendations": 50, "correlation_threshold": 0,
        "include": ["insights", "recommendations"]});
    let offsets = server.answer(OFFSETS, arguments).await;
    assert_eq!(offsets["insights"]["left_out"]["stopped"], json!(["PEJ"]), "{offsets}");
    assert!(offsets["insights"]["best_short"]["hedge_ratio"].as_f64().unwrap() < 0.0, "{offsets}");
    for row in offsets["recommendations"].as_array().unwrap() {
        let ratio = row["hedge_ratio"].as_f64().unwrap();
        assert_eq!(row["direction"], if ratio > 0.0 { "long" } else { "short" }, "{row}");
        assert_eq!(row["rationale"].as_str().unwrap().contains("sell short"), ratio < 0.0, "{row}");
    }
    let two = json!({"Leisure": "PEJ", "Shares": "SPY"});
    let asked = json!({"analysis_type": "performance", "include": ["per_factor"], "factor_universe": two});
    let profiles = server.answer("get_factor_analysis", asked).await;
    let rows = profiles["per_factor"].as_object().unwrap();
    assert_eq!(rows["PEJ"]["stopped"], "2023-06-15", "{}", rows["PEJ"]);
    assert_eq!(rows.values().filter(|row| row.get("stopped").is_some()).count(), 1);
}
