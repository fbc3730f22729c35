//! Promises of the seeds that a call can show: names people use, classes, which ETFs stand for all, what settings do.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{groups::Session, support::Process};

const ANALYSIS: &str = "get_factor_analysis";
const OFFSETS: &str = "get_factor_recommendations";

async fn session(data: &Path) -> Session {
    Session::start(data, &[("FACTOR_TODAY", "2026-01-15")]).await
}

/// What a name is resolved to, and the note beside it.
async fn resolved(server: &mut Session, name: &str) -> (Value, String) {
    let answer = server.answer(OFFSETS, json!({"overexposed_factor": name, "format": "full", "max_chars": 0})).await;
    (answer["overexposed_factor"].clone(), answer["note"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn sectors_have_the_names_that_people_and_vendors_give_them() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    // The Select Sector funds and VNQ: the names of GICS, of Morningstar and of company profiles.
    for (name, etf) in [
        ("Industrials", "XLI"),
        ("Technology", "XLK"),
        ("Information Technology", "XLK"),
        ("tech", "XLK"),
        ("Utilities", "XLU"),
        ("Health Care", "XLV"),
        ("Healthcare", "XLV"),
        ("Materials", "XLB"),
        ("Basic Materials", "XLB"),
        ("Financials", "XLF"),
        ("Financial Services", "XLF"),
        ("Communication Services", "XLC"),
        ("Consumer Discretionary", "XLY"),
        ("consumer cyclical", "XLY"),
        ("Consumer Staples", "XLP"),
        ("Consumer Defensive", "XLP"),
        ("Energy", "XLE"),
        ("Real Estate", "VNQ"),
    ] {
        let (factor, _) = resolved(&mut server, name).await;
        assert_eq!((&factor["resolved"], &factor["kind"]), (&json!(etf), &json!("etf")), "{name}: {factor}");
    }
}

#[tokio::test]
async fn a_sector_is_offered_as_its_composite_too() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    let (_, note) = resolved(&mut server, "Technology").await;
    let offered =
        "`Technology` is read as XLK, the fund of the sector; \"Technology composite\" is the average of its 4 ETFs";
    assert!(note.contains(offered), "{note}");
    let (factor, _) = resolved(&mut server, "Technology composite").await;
    assert_eq!(factor["kind"], "sector_composite");
    let mut members: Vec<&str> = factor["members"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["IGV", "SKYY", "SOXX", "XLK"]);
    let (factor, note) = resolved(&mut server, "XLK").await;
    assert_eq!(factor["matched_by"], "ticker");
    assert!(!note.contains("composite"), "a ticker means the fund alone: {note}");
}

#[tokio::test]
async fn whole_words_come_before_parts_of_words() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    // "Oil" is a word of one commodity's name but a part of none other; REITs of homes are no "reside".
    let (factor, _) = resolved(&mut server, "crude").await;
    assert_eq!(factor["resolved"], "USO");
    // A word of "Industrial - Machinery"; a part of no other.
    let (factor, _) = resolved(&mut server, "Electric").await;
    assert_eq!(factor["resolved"], "XLU", "a word of Regulated Electric, a part of Electrical Equipment: {factor}");
}

#[tokio::test]
async fn a_ticker_of_a_universe_of_ones_own_keeps_its_class() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    let universe = json!({"Stocks": "SPY", "Bonds": "TLT", "Gold": "GLD", "Bills": "BIL", "Coin": "IBIT"});
    let question = json!({"analysis_type": "performance", "factor_universe": universe, "format": "full"});
    let answer = server.answer(ANALYSIS, question).await;
    let groups = answer["composites"]["macro"].as_object().unwrap();
    // IBIT has 23 monthly returns by then, and 24 are needed: it is in no composite.
    for (group, member) in [("equity", "SPY"), ("fixed_income", "TLT"), ("commodity", "GLD"), ("cash", "BIL")] {
        assert_eq!(groups[group]["members"], json!([member]), "{group}");
    }
    let note = answer["note"].as_str().unwrap();
    assert!(note.contains("are the mapping's: SPY equity, TLT bond, GLD commodity, BIL cash, IBIT crypto"), "{note}");
    // What is said wins.
    let said = json!([{"label": "Gold", "ticker": "GLD", "asset_class": "cash"}, {"label": "S", "ticker": "SPY"}]);
    let question = json!({"analysis_type": "performance", "factor_universe": said, "format": "full"});
    assert_eq!(server.answer(ANALYSIS, question).await["per_factor"]["GLD"]["asset_class"], "cash");
}

#[tokio::test]
async fn few_etfs_of_a_group_are_the_curated_ones_and_the_others_are_named() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    let few = json!({"include_macro_etf": true, "include": ["macro_etf", "metadata"], "advanced": {"macro_max_per_group": 1},
        "max_chars": 0});
    let answer = server.answer(ANALYSIS, few).await;
    let rows: Vec<&str> =
        answer["overlays"]["macro_etf_matrix"].as_object().unwrap().keys().map(String::as_str).collect();
    for first in ["SPY", "IEF", "GLD", "SGOV"] {
        assert!(rows.contains(&first), "{rows:?}");
    }
    assert_eq!(rows.len(), 4, "crypto is too young: {rows:?}");
    let excluded = answer["analysis_metadata"]["macro_etf"]["excluded"].as_array().unwrap();
    let of = |ticker: &str| excluded.iter().find(|one| one["ticker"] == ticker).map(|one| one["reason"].clone());
    assert_eq!(of("TLT"), Some(json!("after the first 1 of its group")));
    assert_eq!(of("IEF"), None);

    let capped = json!({"analysis_type": "performance", "include": ["composites"], "advanced": {"composite_max_per_group": 2},
        "max_chars": 0});
    let bonds = server.answer(ANALYSIS, capped).await["composites"]["macro"]["fixed_income"].clone();
    assert_eq!(bonds["members"], json!(["IEF", "LQD"]));
    assert_eq!(bonds["excluded"][0], json!({"ticker": "HYG", "reason": "after the first 2 of its group"}));
    assert_eq!(bonds["excluded"].as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn a_percentage_is_told_as_a_round_share() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    for (given, hint) in
        [(json!("1.1%"), Some("write 0.011 for 1.1%")), (json!(1.1), None), (json!(7.7), Some("write 0.077 for 7.7%"))]
    {
        let question = json!({"overexposed_factor": "SPY", "target_allocation_reduction": given});
        let problem = server.refusal(OFFSETS, question).await["error"]["problems"][0].clone();
        assert_eq!(problem["hint"].as_str(), hint, "{problem}");
    }
}

#[tokio::test]
async fn a_report_draws_matrices_of_up_to_max_factors() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    let drawn = async |server: &mut Session, more: Value| {
        let mut question = json!({"format": "report", "max_chars": 0, "categories": ["style", "market"]});
        question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = server.structured(ANALYSIS, question).await;
        let text = answer["formatted_report"].as_str().unwrap().replace(' ', "");
        // The header of a whole matrix names its columns, in the order of the mapping.
        ["||MTUM|VLUE|IVE|IVW|QUAL|IWM|USMV|VYM|VIG|", "||SPY|VTI|ACWX|EFA|EEM|"].map(|header| text.contains(header))
    };
    assert_eq!(drawn(&mut server, json!({})).await, [true, true]);
    assert_eq!(drawn(&mut server, json!({"max_factors": 8})).await, [false, true]);
}

#[tokio::test]
async fn a_year_without_a_whole_month_says_so_and_what_to_ask() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    let question = json!({"analysis_type": "returns", "windows": ["ytd", "1m"], "end_date": "2026-01-15"});
    let answer = server.answer(ANALYSIS, question).await;
    let reason = &answer["window_dates"]["ytd"]["reason"];
    assert_eq!(reason, "no month of 2026 is complete yet: ask for ytd with frequency daily, or for 1m");
    // What it says answers.
    let question =
        json!({"analysis_type": "returns", "windows": ["ytd"], "end_date": "2026-01-15", "frequency": "daily"});
    let answer = server.answer(ANALYSIS, question).await;
    assert!(!answer["top_performers"]["ytd"].as_array().unwrap().is_empty(), "{answer}");
}

/// How long the lists of a summary are, by their names.
fn lengths(answer: &Value, lists: &[&str]) -> Vec<Vec<usize>> {
    let of = |list: &&str| match &answer[*list] {
        Value::Object(windows) => windows.values().map(|one| one.as_array().map_or(0, Vec::len)).collect(),
        Value::Array(rows) => vec![rows.len()],
        _ => Vec::new(),
    };
    lists.iter().map(of).collect()
}

#[tokio::test]
async fn lists_do_not_shrink_because_groups_were_saved() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    let questions = [json!({"analysis_type": "returns"}), json!({"analysis_type": "performance"})];
    let lists = ["top_performers", "bottom_performers", "top", "bottom"];
    let pairs = |answer: &Value| {
        let matrix = &answer["matrices"]["style"];
        [&matrix["strongest"], &matrix["most_negative"]].map(|list| list.as_array().unwrap().len())
    };
    let mut before = Vec::new();
    for question in &questions {
        before.push(lengths(&server.answer(ANALYSIS, question.clone()).await, &lists));
    }
    let pairs_before = pairs(&server.answer(ANALYSIS, json!({})).await);
    assert!(before.iter().flatten().flatten().any(|length| *length > 0), "{before:?}");
    for at in 0..40 {
        let tickers = ["SPY", "TLT", "GLD", "IWM", "EFA", "QUAL", "XLK", "XLU"];
        let picked: Vec<&str> = (0..3).map(|more| tickers[(at + more * (1 + at / 8)) % 8]).collect();
        let group =
            json!({"group_name": format!("A basket with a long name {at}"), "tickers": picked, "validate": false});
        server.structured("create_factor_group", group).await;
    }
    for (question, before) in questions.iter().zip(before) {
        let after = lengths(&server.answer(ANALYSIS, question.clone()).await, &lists);
        let shrunk = before.iter().flatten().zip(after.iter().flatten()).any(|(before, after)| after < before);
        assert!(!shrunk && after.len() == before.len(), "{question}: {before:?}, then {after:?}");
    }
    let after = pairs(&server.answer(ANALYSIS, json!({})).await);
    assert!(after.iter().zip(pairs_before).all(|(after, before)| *after >= before), "{pairs_before:?}, then {after:?}");
}

#[tokio::test]
async fn the_usual_window_and_threshold_are_settings() {
    let data = tempdir().unwrap();
    let settings = [
        ("FACTOR_TODAY", "2026-01-15"),
        ("FACTOR_DEFAULT_WINDOW_MONTHS", "60"),
        ("FACTOR_CORRELATION_THRESHOLD_DEFAULT", "-0.95"),
    ];
    let mut server = Session::start(data.path(), &settings).await;
    let answer = server.answer(ANALYSIS, json!({"categories": ["market"]})).await;
    // Sixty months to December 2025.
    assert_eq!((&answer["period"]["periods"], &answer["period"]["from"]), (&json!(60), &json!("2020-12-31")));
    let answer = server.answer(OFFSETS, json!({"overexposed_factor": "SPY", "sort_by": "correlation"})).await;
    assert!(answer["note"].as_str().unwrap().contains("no offset passes correlation_threshold -0.95"), "{answer}");
    let answer = server
        .answer(OFFSETS, json!({"overexposed_factor": "SPY", "sort_by": "correlation", "correlation_threshold": 0}))
        .await;
    assert!(!answer["note"].as_str().unwrap().contains("no offset passes"), "the call's own counts: {answer}");
}

#[tokio::test]
async fn the_log_has_a_line_of_each_analysis_and_warns_of_slow_ones() {
    let environment = [("FACTOR_TODAY", "2026-01-15"), ("FACTOR_SLOW_CORRELATIONS", "0"), ("FACTOR_DATA_DIR", "")];
    let mut process = Process::legacy(&environment).await;
    process.call(ANALYSIS, json!({"categories": ["market"]})).await;
    process.call(ANALYSIS, json!({"analysis_type": "returns", "windows": ["1m"]})).await;
    process.call("list_factors", json!({"query": "SPY"})).await;
    process.call("get_portfolio", json!({"portfolio_name": "of Ada"})).await;
    process.close();
    let (_, _, log) = process.end().await;
    let line = |what: &str| log.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("no {what}: {log}"));
    let slow = line("a slow call");
    for part in ["WARN", "correlations", "limit_ms=0", "ms=", "cpu_ms=", "memory_bytes=", "peak_bytes="] {
        assert!(slow.contains(part), "no {part}: {slow}");
    }
    let quick = line("an analysis");
    assert!(quick.contains("INFO") && quick.contains("returns") && quick.contains("memory_bytes="), "{quick}");
    assert!(!log.contains("list_factors"), "a detail: {log}");
    let failed = line("a call failed");
    assert!(failed.contains("get_portfolio") && failed.contains("code="), "{failed}");
    assert!(!log.contains("Ada"), "what was asked is the caller's: {log}");
}

#[tokio::test]
async fn macro_groups_are_named_only_where_they_were_computed() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    let question = json!({"include": ["performance"], "sections": ["matrices:style"]});
    let answer = server.answer(ANALYSIS, question).await;
    assert_eq!(answer["performance"]["macro_groups_included"], Value::Null, "{answer}");
    let answer = server.answer(ANALYSIS, json!({"include": ["performance", "macro_composite"]})).await;
    assert_eq!(answer["performance"]["macro_groups_included"][0], "equity");
}

#[tokio::test]
async fn subindustry_without_any_answers_like_industry() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    let own = json!([{"label": "Chips", "ticker": "SOXX", "category": "industry", "sector_group": "sensitive"},
        {"label": "Software", "ticker": "IGV", "category": "industry"}]);
    let asked = async |server: &mut Session, granularity: &str| {
        let question = json!({"industry_granularity": granularity, "include": ["matrices"], "factor_universe": own,
            "sections": ["matrices:industry"]});
        server.answer(ANALYSIS, question).await
    };
    let finer = asked(&mut server, "subindustry").await;
    let note = finer["note"].as_str().unwrap();
    assert!(note.contains("industry_granularity subindustry is read as industry"), "{note}");
    assert_eq!(finer["matrices"], asked(&mut server, "industry").await["matrices"]);
}

#[tokio::test]
async fn subindustries_are_named_where_funds_are_narrower_than_their_sector() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    let question = json!({"industry_granularity": "subindustry", "include": ["matrices", "data_quality", "metadata"],
        "sections": ["matrices:industry"], "max_chars": 0});
    // Not as text as well: that is a summary of so long an answer.
    let answer = server.structured(ANALYSIS, question).await;
    assert!(!answer["note"].as_str().unwrap_or_default().contains("read as industry"), "{}", answer["note"]);
    let (finer, funds) = (&answer["matrices"]["industry_groups"], &answer["matrices"]["industry"]);
    // One fund alone is itself; IHE and XPH are both of drug makers.
    assert_eq!(finer["Regional Banks"]["Diversified Banks"], funds["KRE"]["KBWB"]);
    assert!(finer["Regional Banks"]["Diversified Banks"].as_f64().is_some_and(|r| r < 1.0), "{finer}");
    assert!(finer.get("Pharmaceuticals").is_some() && finer.as_object().unwrap().len() > 50, "{finer}");
    // The funds of whole sectors have none.
    let unlabeled = answer["data_quality"]["unlabeled_industries"].as_array().unwrap();
    assert_eq!(unlabeled.len(), 11, "{unlabeled:?}");
    let (factor, _) = resolved(&mut server, "regional banks").await;
    assert_eq!((&factor["resolved"], &factor["kind"]), (&json!("KRE"), &json!("etf")), "{factor}");
    let (factor, _) = resolved(&mut server, "Pharmaceuticals").await;
    assert_eq!(factor["members"], json!(["IHE", "XPH"]), "{factor}");
}

#[tokio::test]
async fn categories_are_read_by_both_names_at_every_place() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    let bonds = json!(["fixed_income"]);
    let rows = async |server: &mut Session, mut question: Value| {
        question["include"] = json!(["matrices"]);
        let answer = server.answer(ANALYSIS, question).await;
        answer["matrices"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    let places = [
        json!({"categories": bonds}),
        json!({"factor_categories": bonds}),
        json!({"advanced": {"factor_categories": bonds}}),
        json!({"advanced": {"categories": "bond"}}),
    ];
    for question in &places {
        assert_eq!(rows(&mut server, question.clone()).await, ["fixed_income"], "{question}");
    }
    for mut question in places.clone() {
        question["overexposed_factor"] = json!("SPY");
        let answer = server.answer(OFFSETS, question.clone()).await;
        let offsets = answer["recommendations"].as_array().unwrap();
        assert!(!offsets.is_empty() && offsets.iter().all(|one| one["category"] == "fixed_income"), "{question}");
    }
    for mut question in places {
        question["holdings"] = json!({"SPY": 0.6, "TLT": 0.4});
        question["include"] = json!(["regression"]);
        let answer = server.answer("get_portfolio_exposures", question.clone()).await;
        let names: Vec<&String> = answer["regression"]["factors"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["fixed_income"], "{question}");
    }
    let both = json!({"holdings": {"SPY": 1}, "factors": ["SPY"], "categories": bonds});
    let answer = server.answer("get_portfolio_exposures", both).await;
    assert!(answer["note"].as_str().unwrap().contains("categories is ignored: factors says"), "{answer}");
    let twice = json!({"categories": ["style"], "advanced": {"factor_categories": bonds}});
    let problem = server.refusal(ANALYSIS, twice).await["error"]["problems"][0].clone();
    assert_eq!(problem["field"], "factor_categories", "{problem}");
}

#[tokio::test]
async fn a_window_of_twelve_months_is_a_year() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    let some = server.answer(ANALYSIS, json!({"analysis_type": "returns", "windows": ["12m", "36m", "1y"]})).await;
    assert_eq!(some["windows"], json!(["1y", "3y"]), "{some}");
}

#[tokio::test]
async fn no_macro_composite_at_all_is_said() {
    let data = tempdir().unwrap();
    let mut server = session(data.path()).await;
    let group = json!({"group_name": "Pair", "tickers": ["SPY", "GLD"], "weighting_method": "equal"});
    server.answer("create_factor_group", group).await;
    let asked = json!({"analysis_type": "performance", "tickers": ["USER:Pair"], "include": ["composites"]});
    let answer = server.answer(ANALYSIS, asked).await;
    assert_eq!(answer["composites"]["macro"], json!({}));
    let said = answer["warnings"].to_string();
    assert!(said.contains("no macro composite at all: factor groups of your own are members of none"), "{said}");
}
