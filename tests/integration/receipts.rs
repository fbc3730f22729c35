//! Receipts: what an answer says it was made of, asked again after a restart, on the same data and on other.

use std::{fmt::Write as _, fs, path::Path, process::Output, sync::Arc};

use factor_mcp::{
    app::App,
    progress::Progress,
    services::replay::{Question, Replayed},
    settings::Settings,
};
use factor_types::UserId;
use serde_json::{Value, json};

use crate::support::{Process, TODAY, command};

/// Daily prices of a few funds from fixed waves, up to [`TODAY`]; those of `changed` end otherwise, from the end of May on.
fn write_prices(folder: &Path, changed: Option<&str>) {
    let funds = ["SPY", "QQQ", "IWM", "TLT", "IEF", "GLD", "BIL", "XLK"];
    let mut text = format!("date,{}\n", funds.join(","));
    let (first, last): (chrono::NaiveDate, chrono::NaiveDate) = ("2018-01-02".parse().unwrap(), TODAY.parse().unwrap());
    let may: chrono::NaiveDate = "2026-05-29".parse().unwrap();
    let days = first.iter_days().take_while(|day| *day <= last);
    let weekdays = days.filter(|day| !factor_types::exchange::is_weekend(*day));
    for (at, day) in weekdays.enumerate() {
        write!(text, "{day}").unwrap();
        for (fund, name) in funds.iter().enumerate() {
            let (at, fund) = (at as f64, fund as f64);
            let wave = (at / (7.0 + fund)).sin() * 0.02 * (1.0 + fund) + (at / (90.0 + 11.0 * fund)).cos() * 0.1;
            let mut price = 100.0 * (0.0003 * at * (1.0 - fund / 10.0) + wave).exp();
            if changed == Some(name) && day >= may {
                price *= 1.001;
            }
            write!(text, ",{price:.6}").unwrap();
        }
        text.push('\n');
    }
    fs::write(folder.join("prices.csv"), text).unwrap();
}

/// A server's settings: prices of its own and a folder for what is kept.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["prices", "data", "proxies"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        for entry in fs::read_dir("proxies").unwrap().map(Result::unwrap) {
            fs::copy(entry.path(), folder.path().join("proxies").join(entry.file_name())).unwrap();
        }
        write_prices(&folder.path().join("prices"), None);
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("FACTOR_PRICE_FILES", self.path("prices")),
            ("FACTOR_DATA_DIR", self.path("data")),
            ("FACTOR_PROXIES_DIR", self.path("proxies")),
        ]
    }

    async fn server(&self) -> Process {
        let settings = self.settings();
        Process::legacy(&settings.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>()).await
    }

    /// `factor-mcp replay` by the command line.
    async fn replay(&self, arguments: &[&str]) -> Output {
        let mut command = command(self.folder.path());
        // The receipt's day counts, and not the one that is set.
        command.envs(self.settings()).env("FACTOR_TODAY", "2026-06-20");
        command.arg("replay").args(arguments).output().await.unwrap()
    }

    /// A server that has just been started, in this process.
    fn app(&self, question: &Question) -> Arc<App> {
        let settings = self.settings();
        let mut settings: Vec<(&'static str, &str)> =
            settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        settings.push(("FACTOR_TODAY", TODAY));
        let mut settings = Settings::with(&settings).unwrap();
        settings.replayed = Some(question.clock());
        App::build(settings).unwrap()
    }

    async fn replayed(&self, receipt: &str) -> Replayed {
        let question = Question::read(receipt, None).unwrap();
        let app = self.app(&question);
        question.asked_again(&app, UserId::LOCAL, Progress::default()).await.unwrap()
    }
}

fn receipt_of(answer: &Value) -> String {
    let receipt = &answer["structuredContent"]["analysis_metadata"]["receipt"];
    receipt.as_str().unwrap_or_else(|| panic!("no receipt: {:.2000}", answer.to_string())).to_owned()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// How many questions are asked; all of them in the long form.
#[expect(clippy::disallowed_methods, reason = "a switch of this test, no setting of the server")]
fn how_many() -> usize {
    if std::env::var_os("RECEIPTS_LONG").is_some() { usize::MAX } else { 24 }
}

/// Questions of every tool that analyses, the kinds of each side by side.
fn questions() -> Vec<(&'static str, Value)> {
    let holdings = json!({"SPY": 0.5, "TLT": 0.3, "GLD": 0.2});
    let kinds: [(&str, Value); 8] = [
        ("get_factor_analysis", json!({"analysis_type": "correlations"})),
        ("get_factor_analysis", json!({"analysis_type": "performance"})),
        ("get_factor_analysis", json!({"analysis_type": "returns", "windows": ["3m", "1y"]})),
        ("compare_factors", json!({"tickers": ["SPY", "TLT", "USER:mix"]})),
        ("stress_test", json!({"holdings": holdings, "scenarios": ["rates_2022"]})),
        ("get_factor_recommendations", json!({"overexposed_factor": "QQQ"})),
        ("get_portfolio_exposures", json!({"holdings": holdings})),
        ("analyze_factor_model", json!({"holdings": holdings, "model": "custom", "factors": ["SPY", "TLT"]})),
    ];
    let ends = ["2026-05-31", "2026-03-31", "2025-12-31", "2025-09-30", "2025-06-30"];
    let variants = [
        json!({}),
        json!({"precision": 3}),
        json!({"max_chars": 6_000}),
        json!({"frequency": "weekly"}),
        json!({"start_date": "2022-06-30"}),
    ];
    let mut all = Vec::new();
    for (at, end) in ends.iter().enumerate() {
        for (variant, with) in variants.iter().enumerate() {
            for (tool, arguments) in &kinds {
                let mut asked = arguments.clone();
                asked["format"] = json!("full");
                asked["end_date"] = json!(end);
                for (name, value) in with.as_object().unwrap() {
                    asked[name] = value.clone();
                }
                all.push((at + variant, *tool, asked));
            }
        }
    }
    all.sort_by_key(|(order, ..)| *order);
    all.into_iter().map(|(_, tool, asked)| (tool, asked)).collect()
}

#[tokio::test]
async fn the_same_question_on_the_same_data_has_the_same_answer() {
    let place = Place::new();
    let mut server = place.server().await;
    server.call("create_factor_group", json!({"group_name": "mix", "tickers": ["QQQ", "GLD"]})).await;
    let mut receipts = Vec::new();
    for (tool, asked) in questions().into_iter().take(how_many()) {
        let answer = server.call(tool, asked.clone()).await;
        // What has no answer has no receipt; a cut answer may have lost its metadata, and the whole has them.
        if answer["isError"] == json!(true) {
            panic!("{tool} {asked}: {:.1500}", answer.to_string());
        }
        let whole = match answer["structuredContent"]["analysis_metadata"]["receipt"].as_str() {
            Some(receipt) => receipt.to_owned(),
            None => {
                let uri = answer["content"].as_array().unwrap().iter().find_map(|block| block["uri"].as_str()).unwrap();
                let read = server.request("resources/read", json!({"uri": uri})).await;
                let text = read["result"]["contents"][0]["text"].as_str().unwrap();
                let whole: Value = serde_json::from_str(text).unwrap();
                whole["analysis_metadata"]["receipt"].as_str().unwrap().to_owned()
            }
        };
        receipts.push((tool, asked, whole));
    }
    server.close();
    server.end().await;
    assert!(receipts.len() >= 24);
    for (tool, asked, receipt) in &receipts {
        let replayed = place.replayed(receipt).await;
        assert!(replayed.same, "{tool} {asked}: {replayed:?}");
        assert_eq!(replayed.in_words(), Vec::<String>::new(), "{tool} {asked}");
    }
    let by_command = place.replay(&[&receipts[0].2]).await;
    assert_eq!(by_command.status.code(), Some(0), "{by_command:?}");
    let said = format!("same: get_factor_analysis as of {TODAY} has the same answer, ");
    assert!(text(&by_command.stdout).starts_with(&said), "{by_command:?}");
}

#[tokio::test]
async fn what_has_changed_is_named() {
    let place = Place::new();
    let mut server = place.server().await;
    server.call("create_factor_group", json!({"group_name": "mix", "tickers": ["QQQ", "GLD"]})).await;
    server.call("save_portfolio", json!({"portfolio_name": "core", "holdings": {"SPY": 0.6, "IEF": 0.4}})).await;
    let compared = json!({"tickers": ["SPY", "USER:mix"], "format": "full"});
    let of_group = receipt_of(&server.call("compare_factors", compared).await);
    let of_portfolio =
        receipt_of(&server.call("get_portfolio_exposures", json!({"portfolio_name": "core", "format": "full"})).await);
    let same = place.replayed(&of_portfolio).await;
    assert!(same.same && same.in_words().is_empty(), "{same:?}");

    // What the user keeps.
    server.call("update_factor_group", json!({"group_name": "mix", "tickers": ["QQQ", "GLD"], "weighting_method": "custom", "weights": {"QQQ": 0.7, "GLD": 0.3}})).await;
    server.call("save_portfolio", json!({"portfolio_name": "core", "holdings": {"SPY": 0.7, "IEF": 0.3}})).await;
    let changed = place.replayed(&of_group).await;
    let words = "groups and portfolios: other ones of USER:mix";
    assert!(!changed.same);
    assert_eq!(changed.in_words(), [words]);
    let changed = place.replayed(&of_portfolio).await;
    assert!(!changed.same);
    assert!(changed.in_words().join(" ").contains("the saved portfolio"), "{changed:?}");
    server
        .call(
            "update_factor_group",
            json!({"group_name": "mix", "tickers": ["QQQ", "GLD"], "weighting_method": "equal"}),
        )
        .await;
    assert!(place.replayed(&of_group).await.same, "as it was");
    server.close();
    server.end().await;

    // The universe.
    let style = place.folder.path().join("proxies/style_and_market.yaml");
    let before = fs::read_to_string(&style).unwrap();
    let after = before.replacen("momentum: {etf: MTUM", "momentum: {etf: PDP", 1);
    assert_ne!(before, after);
    fs::write(&style, after).unwrap();
    let changed = place.replayed(&of_group).await;
    let said = changed.in_words();
    assert!(said.iter().any(|words| words.starts_with("universe of factors: version ")), "{changed:?}");
    fs::write(&style, before).unwrap();

    // The prices: one fund's last ones.
    write_prices(&place.folder.path().join("prices"), Some("GLD"));
    let changed = place.replay(&[&of_group]).await;
    assert_eq!(changed.status.code(), Some(1), "{changed:?}");
    let told: Vec<&str> = text(&changed.stdout).lines().collect();
    assert!(told[0].starts_with(&format!("other: the answer of compare_factors as of {TODAY} was ")), "{told:?}");
    assert_eq!(told[1..], ["- prices: other ones of GLD"], "and no other is named");
    let by_program = place.replay(&[&of_group, "--format", "json"]).await;
    let by_program: Value = serde_json::from_slice(&by_program.stdout).unwrap();
    assert_eq!(by_program["same"], false);
    assert_eq!(by_program["differences"], json!([{"what": "prices", "now": ["GLD"], "gone": 1}]));
}

#[tokio::test]
async fn a_damaged_receipt_is_refused_with_the_way_out() {
    let place = Place::new();
    let mut server = place.server().await;
    let asked = json!({"analysis_type": "returns", "tickers": ["SPY", "QQQ"], "format": "full"});
    let receipt = receipt_of(&server.call("get_factor_analysis", asked).await);
    assert!(receipt.len() < 1_500, "{} characters", receipt.len());
    let short = server.call("get_factor_analysis", json!({"analysis_type": "returns", "tickers": ["SPY"]})).await;
    assert!(!short.to_string().contains("fr1."), "a summary has none");
    let middle = receipt.len() / 2;
    let other = if receipt.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let flipped = format!("{}{other}{}", &receipt[..middle], &receipt[middle + 1..]);
    for (damaged, said) in [
        (flipped.as_str(), "the receipt is damaged"),
        (&receipt[..receipt.len() - 3], "the receipt is damaged"),
        ("hello", "this is no receipt of factor-mcp"),
    ] {
        let refused = place.replay(&[damaged]).await;
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        let told = text(&refused.stderr);
        assert!(told.contains(said) && told.contains("`analysis_metadata.receipt`"), "{told}");
    }
}

#[tokio::test]
async fn arguments_too_long_for_a_receipt_are_given_beside_it() {
    let place = Place::new();
    let mut server = place.server().await;
    let funds = ["SPY", "QQQ", "IWM", "TLT", "IEF", "GLD"];
    let rows: Vec<Value> = (0..200).map(|at| json!({"ticker": funds[at % 6], "weight": 0.005})).collect();
    let asked = json!({"holdings": rows, "format": "full"});
    let receipt = receipt_of(&server.call("get_portfolio_exposures", asked.clone()).await);
    let refused = place.replay(&[&receipt]).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("--arguments FILE"), "{refused:?}");
    let file = place.path("call.json");
    fs::write(&file, json!({"holdings": {"SPY": 1}, "format": "full"}).to_string()).unwrap();
    let others = place.replay(&[&receipt, "--arguments", &file]).await;
    assert!(text(&others.stderr).contains("not the arguments of the receipt"), "{others:?}");
    fs::write(&file, asked.to_string()).unwrap();
    let same = place.replay(&[&receipt, "--arguments", &file]).await;
    assert_eq!(same.status.code(), Some(0), "{same:?}");
}
