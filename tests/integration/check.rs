//! `factor-mcp check` through the real binary, and the same in short in the status of the source `files`.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use chrono::NaiveDate;
use factor_types::exchange::is_trading_day;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Process, command};

const TODAY: &str = "2026-01-15";

async fn check(path: &Path, further: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = command(home.path());
    command.env("FACTOR_TODAY", TODAY).arg("check").arg(path).args(further).output().await.unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What a check says to programs, and its exit code.
async fn checked(path: &Path) -> (Value, Option<i32>) {
    let output = check(path, &["--format", "json"]).await;
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code())
}

/// The findings of a kind.
fn finding<'a>(check: &'a Value, kind: &str) -> &'a Value {
    let found = check["findings"].as_array().unwrap().iter().find(|found| found["kind"] == kind);
    found.unwrap_or_else(|| panic!("no {kind} in {check:#}"))
}

fn kinds(check: &Value) -> Vec<&str> {
    check["findings"].as_array().unwrap().iter().filter_map(|found| found["kind"].as_str()).collect()
}

fn folder(files: &[(&str, String)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The trading days of 2025.
fn days() -> Vec<NaiveDate> {
    let all = day("2025-01-02").iter_days().take_while(|date| *date <= day("2025-12-31"));
    all.filter(|date| is_trading_day(*date)).collect()
}

/// Prices of the two columns on each of these days, up and down by 1%, with `change` for the second.
fn wide(days: &[NaiveDate], change: impl Fn(NaiveDate, f64) -> f64) -> String {
    let mut text = "date,SPY,TLT\n".to_owned();
    for (at, date) in days.iter().enumerate() {
        let (up, down) = (100.0 + (at % 2) as f64, 90.0 + (at % 3) as f64);
        writeln!(text, "{date},{up},{}", change(*date, down)).unwrap();
    }
    text
}

/// The line of a date in a file of [`wide`].
fn line_of(date: &str) -> u64 {
    days().iter().position(|known| *known == day(date)).unwrap() as u64 + 2
}

#[tokio::test]
async fn the_inputs_that_went_wrong_have_the_word_and_the_finding_of_their_readme() {
    let faults = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/faults");
    if !faults.is_dir() {
        println!("skipped: {} is not there", faults.display());
        return;
    }
    for (name, word, kind, said) in [
        ("spike", "doubtful", "spike", "px.csv line 1004: SPY 674.1 to 67777 on 2025-11-28"),
        ("returns-as-prices", "refused", "not_prices", "TLT: not_prices: 514 of 1024 values are below zero"),
        ("parquet-berlin", "good", "", "dates: midnights of their own zone, taken as dates there; zone Europe/Berlin"),
        ("weekly-bars", "doubtful", "spacing", "months of weekly bars unless their dates reach the months' ends"),
        ("yields-decimals", "refused", "yield_unit", "UST10Y (median 0.0397: decimals, factor 100)"),
        ("yields-percent", "good", "", " UST30Y  2021-06-01  2025-12-31  1146"),
        ("ohlc-headers", "good", "price_only", " LOW     close   2021-12-01  2025-12-31  1025  daily    LOW.csv"),
        ("yfinance-header", "good", "price_only", "columns: 2 `Close TLT` (close), 3 `Close SPY` (close)"),
        ("thousands", "good", "price_only", "thousands separated, as in line 914 `1,003.62`"),
        ("decimal-comma", "good", "", "numbers: decimal comma, as in line 2 `422,40`"),
        ("noise-ratios", "doubtful", "spacing", "TWIN (monthly)"),
        ("crlf-lines", "doubtful", "bad_cell", "px.csv: line 101, column 2 `SPY`: `abc` is no number; dropped"),
        (
            "early-month-end",
            "doubtful",
            "early_month_end",
            "px.csv line 1022: TLT 2025-12 (2025-12-24, not 2025-12-31)",
        ),
    ] {
        let output = check(&faults.join(name), &[]).await;
        let told = text(&output.stdout);
        assert_eq!(told.lines().last(), Some(word), "{name}: {told}");
        assert_eq!(output.status.code(), Some(i32::from(word != "good")), "{name}");
        assert!(told.contains(said), "{name}: {told}");
        assert!(kind.is_empty() || told.contains(&format!(", {kind}: ")), "{name}: {told}");
    }
}

#[tokio::test]
async fn sound_prices_are_good() {
    let folder = folder(&[("px.csv", wide(&days(), |_, price| price))]);
    let (check, code) = checked(folder.path()).await;
    assert_eq!((&check["word"], code), (&json!("good"), Some(0)), "{check:#}");
    assert_eq!(check["findings"], json!([]));
    assert_eq!(check["benchmark"], "SPY");
    let tlt = &check["prices"][1];
    let rows = days().len();
    let expected = json!({
        "ticker": "TLT", "kind": "adjusted", "first": "2025-01-02", "last": "2025-12-31", "rows": rows, "spacing": "daily",
        "file": "px.csv",
    });
    assert_eq!(*tlt, expected);
    assert_eq!(check["files"][0]["tickers"], "named by the header");
    assert_eq!(check["files"][0]["lines"], rows);
}

#[tokio::test]
async fn each_finding_has_its_file_line_date_and_figures() {
    let from = |date: &'static str, factor: f64| {
        move |now: NaiveDate, price: f64| if now >= day(date) { price * factor } else { price }
    };
    for (kind, word, changed, date, figures) in [
        ("split_like", "doubtful", wide(&days(), from("2025-06-02", 0.25)), "2025-06-02", "TLT 92 to 22.5"),
        ("unit_jump", "doubtful", wide(&days(), from("2025-06-03", 100.0)), "2025-06-03", "TLT 90 to 9100"),
        ("unconfirmed", "doubtful", wide(&days(), from("2025-12-30", 1.6)), "2025-12-30", ""),
        ("jump", "good", wide(&days(), from("2025-06-02", 1.25)), "2025-06-02", "TLT 92 to 112.5"),
    ] {
        let folder = folder(&[("px.csv", changed)]);
        let (check, code) = checked(folder.path()).await;
        assert_eq!((check["word"].as_str(), code), (Some(word), Some(i32::from(word != "good"))), "{kind}: {check:#}");
        let place = &finding(&check, kind)["places"][0];
        let expected = (&json!("TLT"), &json!(date), &json!("px.csv"), &json!(line_of(date)));
        assert_eq!((&place["of"], &place["date"], &place["file"], &place["line"]), expected, "{kind}");
        assert!(place["text"].as_str().unwrap().starts_with(figures), "{kind}: {place}");
    }
}

#[tokio::test]
async fn what_the_reading_remarks_is_doubtful_and_named_by_line() {
    let text = wide(&days(), |_, price| price);
    let with = |line: &str| format!("{text}{line}\n");
    for (kind, changed, said) in [
        ("bad_line", with("2026-01-0x,100,90"), "px.csv: line 252: `2026-01-0x` is no date; skipped"),
        (
            "bad_cell",
            with("2026-01-02,100,0"),
            "line 252, column 3 `TLT`: 0 is no price above zero; dropped (2026-01-02)",
        ),
        (
            "conflict",
            with("2025-12-31,101,95"),
            "line 251 and line 252: TLT is 90 and 95 on 2025-12-31; the last is used",
        ),
        ("implausible_date", with("2026-02-02,100,91"), "SPY (1 rows, to 2026-02-02)"),
        ("ignored_column", text.replace("SPY,TLT", "SPY,my fund"), "column 3 `my fund` is no ticker and is left aside"),
        (
            "currency",
            text.replace("2025-01-02,100,90", "2025-01-02,100,£90"),
            "px.csv: prices of TLT are in GBP and not converted: give the dollars for one GBP in a column CUR:GBP",
        ),
    ] {
        let folder = folder(&[("px.csv", changed)]);
        let (check, code) = checked(folder.path()).await;
        assert_eq!((&check["word"], code), (&json!("doubtful"), Some(1)), "{kind}: {check:#}");
        let told = finding(&check, kind)["places"].to_string();
        assert!(told.contains(said), "{kind}: {told}");
    }
}

#[tokio::test]
async fn of_several_files_it_is_said_which_are_used() {
    let text = wide(&days(), |_, price| price);
    let folder = folder(&[
        ("a.csv", text.clone()),
        ("b.csv", text),
        ("broken.csv", "nothing,here\n1,2\n".to_owned()),
        ("GLD.csv", format!("Date,Close\n2025-01-02,1\n{}", "2025-01-03,\n".repeat(3))),
        ("empty.csv", "date,XLF\n2025-01-02,\n".to_owned()),
    ]);
    let (check, code) = checked(folder.path()).await;
    assert_eq!((&check["word"], code), (&json!("refused"), Some(1)), "{check:#}");
    let found = kinds(&check);
    assert_eq!(found[0], "broken_file", "what is refused comes first: {found:?}");
    let said = |kind: &str| finding(&check, kind)["places"][0]["text"].as_str().unwrap();
    assert!(said("broken_file").contains("broken.csv: no date column among `nothing`, `here`"));
    assert_eq!(said("in_two_files"), "SPY is in a.csv and in b.csv: a.csv is used (and 1 more tickers)");
    assert_eq!((said("no_prices"), said("price_only")), ("XLF", "GLD"));
}

#[tokio::test]
async fn yields_are_checked_alone() {
    let yields = |header: &str, values: &str, rows: usize| {
        let lines: Vec<String> = days().iter().take(rows).map(|date| format!("{date},{values}\n")).collect();
        folder(&[("treasury_yields.csv", format!("date,{header}\n{}", lines.concat()))])
    };
    let (check, _) = checked(yields("UST3M,UST10Y", "425,4.27", 250).path()).await;
    assert_eq!(check["word"], "refused", "{check:#}");
    let places = &finding(&check, "yield_unit")["places"];
    assert_eq!(places[0]["text"], "UST3M (median 425: basis points, factor 0.01)");
    assert_eq!(places.as_array().unwrap().len(), 1);
    assert_eq!(finding(&check, "missing_maturity")["count"], 3);
    let (check, _) = checked(yields("UST3M,UST2Y,UST5Y,UST10Y,UST30Y", "4.25,4.1,4.1,4.2,4.4", 10).path()).await;
    assert_eq!((&check["word"], kinds(&check)), (&json!("doubtful"), vec!["unit_unverified"]));
    assert_eq!((&check["benchmark"], &check["prices"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn the_exit_code_is_2_where_there_is_nothing_to_check_and_1_where_nothing_can_be_read() {
    let empty = tempfile::tempdir().unwrap();
    for (path, said) in [(empty.path().join("px.csv"), "cannot be read"), (empty.path().to_owned(), "has no .csv")] {
        let output = check(&path, &[]).await;
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
    }
    assert_eq!(check(empty.path(), &["--format", "xml"]).await.status.code(), Some(2));
    let names: Vec<String> = (1..=7).map(|at| format!("f{at}.csv")).collect();
    let files: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), "nothing\n".to_owned())).collect();
    let broken = folder(&files);
    let output = check(broken.path(), &[]).await;
    let told = text(&output.stdout);
    assert_eq!((output.status.code(), told.lines().last()), (Some(1), Some("refused")));
    assert!(told.contains("f5.csv: ") && told.contains("and 2 more files that cannot be used"), "{told}");
}

#[tokio::test]
async fn long_lists_are_cut_and_counted() {
    let tickers: Vec<String> = (0..130).map(|at| format!("T{at:03}")).collect();
    let row = |date: &str| format!("{date}{}\n", ",5".repeat(130));
    let text = format!("date,{}\n{}{}", tickers.join(","), row("2026-01-02"), row("2026-02-02"));
    let folder = folder(&[("px.csv", text)]);
    let output = check(folder.path(), &[]).await;
    let told = text_lines(&output);
    assert!(told.contains(&"and 30 more tickers".to_owned()), "{told:?}");
    assert!(told.contains(&"  and 120 more of them".to_owned()), "{told:?}");
    assert!(told.len() < 200, "{} lines", told.len());
}

fn text_lines(output: &Output) -> Vec<String> {
    text(&output.stdout).lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_status_of_files_says_it_in_short_and_follows_their_changes() {
    let spike = |date: NaiveDate, price: f64| if date == day("2025-06-02") { price * 100.0 } else { price };
    let folder = folder(&[("px.csv", wide(&days(), spike))]);
    let environment = [("FACTOR_PRICE_FILES", folder.path().to_str().unwrap()), ("FACTOR_TODAY", TODAY)];
    let mut server = Process::legacy(&environment).await;
    let status = server.call("get_server_status", json!({})).await["structuredContent"].clone();
    let check = &status["parts"]["prices"]["check"];
    assert_eq!((&check["word"], &check["findings"]), (&json!("doubtful"), &json!({"spike": 1})), "{check:#}");
    let said = check["says"][0].as_str().unwrap();
    assert!(said.contains("(spike): TLT 92 to 9000 on 2025-06-02; mend or delete these prices"), "{said}");
    fs::write(folder.path().join("px.csv"), wide(&days(), |_, price| price)).unwrap();
    // Files are looked at once a second.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let status = server.call("get_server_status", json!({})).await["structuredContent"].clone();
    assert_eq!(status["parts"]["prices"]["check"], json!({"word": "good", "findings": {}, "says": []}));
    server.close();
    server.end().await;
}

#[tokio::test]
async fn the_status_of_another_source_has_no_check() {
    let mut server = Process::legacy(&[("FACTOR_PRICE_SOURCE", "sample")]).await;
    let status = server.call("get_server_status", json!({})).await["structuredContent"].clone();
    assert_eq!(status["parts"]["prices"]["source"], "sample");
    assert_eq!(status["parts"]["prices"].get("check"), None);
    server.close();
    server.end().await;
}

/// The server reads FACTOR_YIELD_FILE with the prices, so its check does; a file of yields may be checked by itself.
#[tokio::test]
async fn the_yields_that_the_server_reads_are_checked() {
    let percent = |scale: f64| {
        let rows = days()
            .into_iter()
            .enumerate()
            .map(|(at, date)| format!("{date},{:.5}\n", scale * (4.0 + (at % 9) as f64 / 100.0)));
        format!("date,UST3M\n{}", rows.collect::<String>())
    };
    let folder = folder(&[
        ("px.csv", wide(&days(), |_, price| price)),
        ("rates.txt", percent(0.01)),
        ("good.csv", percent(1.0)),
    ]);
    let (prices, rates) = (folder.path().join("px.csv"), folder.path().join("rates.txt"));
    let run = async |path: Option<&Path>, rates: &Path| {
        let home = tempfile::tempdir().unwrap();
        let mut command = command(home.path());
        command.env("FACTOR_TODAY", TODAY).env("FACTOR_PRICE_FILES", &prices).env("FACTOR_YIELD_FILE", rates);
        let output = command.arg("check").args(path).args(["--format", "json"]).output().await.unwrap();
        let check: Value = serde_json::from_slice(&output.stdout).unwrap();
        check
    };
    for path in [None, Some(prices.as_path())] {
        let check = run(path, &rates).await;
        assert_eq!(
            (&check["word"], &check["yields"][0]["maturity"]),
            (&json!("refused"), &json!("UST3M")),
            "{check:#}"
        );
        assert_eq!(
            finding(&check, "yield_unit")["places"][0]["text"].as_str().map(|text| text.contains("decimals")),
            Some(true)
        );
        assert_eq!(check["prices"].as_array().unwrap().len(), 2);
    }
    // The same in the status of a server that is set up so.
    let settings = [
        ("FACTOR_PRICE_FILES", prices.to_str().unwrap()),
        ("FACTOR_YIELD_FILE", rates.to_str().unwrap()),
        ("FACTOR_TODAY", TODAY),
    ];
    let mut server = Process::legacy(&settings).await;
    let status = server.call("get_server_status", json!({})).await.to_string();
    assert!(status.contains("yields refused, not in percent (yield_unit)"), "{status}");
    // By itself, whichever file the server reads.
    for path in [&rates, &folder.path().join("good.csv")] {
        let alone = run(Some(path), path).await;
        assert_eq!(
            (alone["prices"].as_array().unwrap().len(), alone["yields"].as_array().unwrap().len()),
            (0, 1),
            "{alone:#}"
        );
    }
}
