//! Files as vendors, spreadsheets and programs write them, through `factor-mcp check` and an analysis: read as what they are, or
//! refused with the way out, and never used by halves.

use std::{fmt::Write as _, fs, path::Path};

use chrono::NaiveDate;
use factor_types::exchange::is_trading_day;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Process, command};

const TODAY: &str = "2026-01-15";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The trading days of 2025.
fn days() -> impl Iterator<Item = (usize, NaiveDate)> {
    let all = day("2025-01-02").iter_days().take_while(|date| *date <= day("2025-12-31"));
    all.filter(|date| is_trading_day(*date)).enumerate()
}

/// Prices that never stand still.
fn price(at: usize) -> f64 {
    100.0 + (at % 7) as f64 + 0.25
}

/// A table of the year, of a header and a line a day.
fn year(header: &str, line: impl Fn(usize, NaiveDate) -> String) -> String {
    days().fold(format!("{header}\n"), |mut text, (at, date)| {
        writeln!(text, "{}", line(at, date)).unwrap();
        text
    })
}

fn plain(at: usize, date: NaiveDate) -> String {
    format!("{date},{},{}", price(at), 0.9 * price(at + 3))
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

async fn check(path: &Path) -> Value {
    let home = tempfile::tempdir().unwrap();
    let mut command = command(home.path());
    let command = command.env("FACTOR_TODAY", TODAY).arg("check").arg(path).args(["--format", "json"]);
    serde_json::from_slice(&command.output().await.unwrap().stdout).unwrap()
}

/// The check of one file.
async fn check_of(name: &str, text: &str) -> Value {
    check(folder(&[(name, text)]).path()).await
}

fn kinds(check: &Value) -> Vec<&str> {
    check["findings"].as_array().unwrap().iter().filter_map(|found| found["kind"].as_str()).collect()
}

/// The file is good, and has this ticker on every trading day of the year.
#[track_caller]
fn assert_whole_year(what: &str, check: &Value, ticker: &str) {
    assert_eq!(check["word"], "good", "{what}: {check:#}");
    let of_ticker = check["prices"].as_array().unwrap().iter().find(|one| one["ticker"] == ticker);
    let one = of_ticker.unwrap_or_else(|| panic!("{what}: no {ticker} in {check:#}"));
    assert_eq!(
        (&one["rows"], &one["first"], &one["last"]),
        (&json!(days().count()), &json!("2025-01-02"), &json!("2025-12-31")),
        "{what}"
    );
}

#[tokio::test]
async fn dates_in_every_form_are_read() {
    let months = ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."];
    let german = ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"];
    let in_words = |words: [&'static str; 12], after: &'static str| {
        move |date: NaiveDate| {
            let month = words[date.format("%m").to_string().parse::<usize>().unwrap() - 1];
            format!("{}{after} {month}{after} {}", date.format("%d"), date.format("%Y"))
        }
    };
    let seconds = |date: NaiveDate| date.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp();
    type Written = Box<dyn Fn(NaiveDate) -> String>;
    let forms: [(&str, Written); 8] = [
        ("RFC 2822", Box::new(|date| format!("\"{}\"", date.format("%a, %d %b %Y 00:00:00 GMT")))),
        (
            "JavaScript",
            Box::new(|date| date.format("%a %b %d %Y 00:00:00 GMT-0500 (Eastern Standard Time)").to_string()),
        ),
        ("nanoseconds", Box::new(move |date| format!("{}000000000", seconds(date)))),
        ("two digits of the year", Box::new(|date| date.format("%d-%b-%y").to_string())),
        ("a decimal", Box::new(|date| date.format("%Y%m%d.0").to_string())),
        ("French", Box::new(in_words(months, ""))),
        ("German", Box::new(in_words(german, "."))),
        ("an ordinary one", Box::new(|date| date.to_string())),
    ];
    for (what, form) in forms {
        let text = year("date,SPY,TLT", |at, date| plain(at, date).replace(&date.to_string(), &form(date)));
        assert_whole_year(what, &check_of("px.csv", &text).await, "TLT");
    }
    let monthly = "date,SPY\nJan 2025,100\nFeb 2025,101\nMar 2025,102.5\n";
    let check = check_of("px.csv", monthly).await;
    assert_eq!(
        (&check["prices"][0]["first"], &check["prices"][0]["last"]),
        (&json!("2025-01-31"), &json!("2025-03-31"))
    );
}

#[tokio::test]
async fn rows_that_cannot_be_read_refuse_the_file_and_notes_do_not() {
    let swapped = year("date,SPY,TLT", |at, date| {
        plain(at, date).replace(&date.to_string(), &date.format("%Y-%d-%m").to_string())
    });
    let check = check_of("px.csv", &swapped).await;
    assert_eq!((&check["word"], kinds(&check)), (&json!("refused"), vec!["broken_file"]));
    let said = check["findings"][0]["places"][0]["text"].as_str().unwrap();
    assert!(said.contains("of 250 lines cannot be read") && said.contains("`2025-13-01` is no date"), "{said}");
    assert!(said.contains("(write dates as YYYY-MM-DD): line "), "{said}");

    let commas = year("date,SPY,TLT", |at, date| plain(at, date).replace('.', ","));
    let said = check_of("px.csv", &commas).await.to_string();
    assert!(said.contains("numbers with decimal commas want quotes"), "{said}");

    let header_again =
        |at, date| if at == 100 { format!("date,SPY,TLT\n{}", plain(at, date)) } else { plain(at, date) };
    let footer =
        "Average,103,90\nMin,100,80\nMax,107,99\nCount,250,250\n\n\"Past performance is no guarantee, as of 2025.\"\n";
    let text = format!("{}{footer}", year("date,SPY,TLT", header_again));
    let check = check_of("px.csv", &text).await;
    assert_whole_year("notes", &check, "TLT");
    assert_eq!((kinds(&check), &check["findings"][0]["count"]), (vec!["no_row"], &json!(6)));

    let weekday = year("date,day,SPY", |at, date| format!("{date},{},{}", date.format("%A"), price(at)));
    let check = check_of("px.csv", &weekday).await;
    assert_whole_year("weekdays", &check, "SPY");
    assert_eq!(check["prices"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn words_for_no_value_are_none_and_spreadsheet_errors_are_doubtful() {
    let with = |word: &'static str| {
        year(
            "date,SPY,TLT",
            move |at, date| if at % 60 == 30 { format!("{date},{},{word}", price(at)) } else { plain(at, date) },
        )
    };
    for word in ["No data", "NaT", "n/d", "?", "#N/A N/A", "NULL", "none"] {
        let check = check_of("px.csv", &with(word)).await;
        assert_eq!((&check["word"], &check["prices"][1]["rows"]), (&json!("good"), &json!(246)), "{word}");
    }
    for word in ["#VALUE!", "#DIV/0!", "#REF!"] {
        let check = check_of("px.csv", &with(word)).await;
        assert_eq!((&check["word"], kinds(&check)), (&json!("doubtful"), vec!["bad_cell"]), "{word}");
    }
}

#[tokio::test]
async fn exports_are_read_by_their_words() {
    let ohlc = |at: usize| format!("{0},{0},{0},{0}", price(at));
    let millis = |date: NaiveDate| date.and_hms_opt(5, 0, 0).unwrap().and_utc().timestamp() * 1000;
    let comma = |at: usize| format!("{:.2}", price(at)).replace('.', ",");
    for (name, text) in [
        ("XLE.csv", year("v,vw,o,c,h,l,t,n", |at, date| format!("1,{},{},{},9", price(at), ohlc(at), millis(date)))),
        (
            "XLE.csv",
            year(
                "date,1. open,2. high,3. low,4. close,5. adjusted close,6. volume,7. dividend amount,8. split coefficient",
                |at, date| format!("{date},{},{},1,0.0,1.0", ohlc(at), price(at)),
            ),
        ),
        (
            "AMEX_DLY_XLE, 1D.csv",
            year("time,open,high,low,close", |at, date| format!("{},{}", (millis(date) / 1000) + 34200, ohlc(at))),
        ),
        (
            "xle_price-history-12-31-2025.csv",
            year("Time,Open,High,Low,Last,Change,%Chg,Volume", |at, date| {
                format!("{},{},0.1,+0.1%,7", date.format("%m/%d/%Y"), ohlc(at))
            }) + "\"Downloaded from Barchart.com as of 12-31-2025 05:08pm CST\"\n",
        ),
        (
            "navhist-us-en-xle.csv",
            "Fund Name:,Energy Select Sector SPDR\nTicker Symbol:,XLE\n\n".to_owned()
                + &year("Date,NAV,Shares Outstanding,Total Net Assets", |at, date| {
                    format!("{},{},400000000,\"36,000,000,000.00\"", date.format("%d-%b-%Y"), price(at))
                })
                + "\n\"Past performance is not a reliable indicator of future performance.\"\n",
        ),
        (
            "history.csv",
            "Energy Select Sector\nRIC: XLE.P\n\n".to_owned()
                + &year("Exchange Date,Close,Open,Low,High", |at, date| {
                    format!("{},{}", date.format("%d-%b-%Y"), ohlc(at))
                }),
        ),
        (
            "XLE.csv",
            year("date\touv\thaut\tbas\tclot\tvol\tdevise", |at, date| {
                format!("{}\t{}\t1\tUSD", date.format("%d/%m/%Y 00:00"), ohlc(at).replace(',', "\t"))
            }),
        ),
        (
            "XLE.csv",
            year("Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke;Volumen", |at, date| {
                let price = comma(at);
                format!("{date};{price};{price};{price};{price};5;5")
            }),
        ),
        (
            "XLE Historische Kurse.csv",
            year("\"Datum\",\"Zuletzt\",\"Eröffn.\",\"Hoch\",\"Tief\",\"Vol.\",\"+/- %\"", |at, date| {
                let price = comma(at);
                format!(
                    "\"{}\",\"{price}\",\"{price}\",\"{price}\",\"{price}\",\"1,5M\",\"0,1%\"",
                    date.format("%d.%m.%Y")
                )
            }),
        ),
        ("px.csv", year("date,NYSEARCA:XLE,$XLK", plain)),
        ("px.csv", year("date,XLE US,XLK US", plain)),
    ] {
        let header = text
            .lines()
            .find(|line| line.to_lowercase().contains("dat") || line.contains('t'))
            .unwrap_or_default()
            .to_owned();
        assert_whole_year(&format!("{name} {header}"), &check_of(name, &text).await, "XLE");
    }
}

async fn ask(folder: &Path, ticker: &str) -> Value {
    let environment = [("FACTOR_PRICE_FILES", folder.to_str().unwrap()), ("FACTOR_TODAY", TODAY)];
    let mut server = Process::legacy(&environment).await;
    let universe = [
        json!({"label": ticker, "ticker": ticker, "category": "style"}),
        json!({"label": "SPY", "ticker": "SPY", "category": "market"}),
    ];
    let arguments = json!({
        "analysis_type": "returns", "format": "full", "windows": ["3m"], "factor_universe": universe, "benchmark_ticker": "SPY",
        "end_date": "2025-12-31", "include": ["data_quality"],
    });
    let result = server.call("get_factor_analysis", arguments).await;
    let answer = result["content"][0]["text"].as_str().unwrap();
    let answer = serde_json::from_str(answer).unwrap_or_else(|_| json!({"text": answer}));
    server.close();
    server.end().await;
    answer
}

#[tokio::test]
async fn two_funds_under_one_name_are_refused_by_it() {
    let two = year("date,ticker,adj_close", |at, date| {
        format!("{date},XLE,{}\n{date},XLE,{}\n{date},SPY,{}", price(at), 2.0 * price(at + 2), price(at + 1))
    });
    let folder = folder(&[("px.csv", &two)]);
    let check = check(folder.path()).await;
    assert_eq!(check["word"], "refused", "{check:#}");
    assert_eq!(kinds(&check)[0], "two_prices", "{check:#}");
    let answer = ask(folder.path(), "XLE").await.to_string();
    assert!(answer.contains("250 of 250 dates have two prices"), "{answer}");
}

#[tokio::test]
async fn a_ticker_in_two_files_is_joined_where_they_agree_and_doubtful_where_they_do_not() {
    let whole = year("date,SPY,TLT", plain);
    let (head, lines) = whole.split_once('\n').unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    let part = |range: std::ops::Range<usize>| format!("{head}\n{}\n", lines[range].join("\n"));
    let parts = folder(&[("a.csv", &part(0..150)), ("b.csv", &part(140..250))]);
    let joined = check(parts.path()).await;
    assert_whole_year("joined", &joined, "TLT");
    assert_eq!(kinds(&joined), ["joined"]);
    let higher = year("date,TLT", |at, date| format!("{date},{}", price(at + 3) * if at < 200 { 0.9 } else { 0.92 }));
    let apart = folder(&[("a.csv", &whole), ("b.csv", &higher)]);
    let differ = check(apart.path()).await;
    assert_eq!(differ["word"], "doubtful", "{differ:#}");
    let said = differ["findings"].to_string();
    assert!(said.contains("TLT is in a.csv and in b.csv, which differ on 50 of 250 common dates"), "{said}");
    let answer = ask(apart.path(), "TLT").await;
    assert!(answer["warnings"].to_string().contains("(conflicting_dates)"), "{answer:#}");
    assert_ne!(answer["data_quality"]["quality_score"], "excellent", "{answer:#}");
}

#[tokio::test]
async fn texts_beside_tables_are_read_and_a_missing_ticker_names_what_was_not() {
    let stooq = year("<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>", |at, date| {
        format!("XLK.US,D,{},0,1,1,1,{},9,0", date.format("%Y%m%d"), price(at))
    });
    let folder = folder(&[
        ("xlk.us.txt", &stooq),
        ("readme.txt", "Prices of 2025.\n"),
        ("px.csv", &year("date,SPY,XLU.P", plain)),
        ("XLE.csv", &year("Date,Bid,Ask", plain)),
    ]);
    let check = check(folder.path()).await;
    let tickers: Vec<&str> =
        check["prices"].as_array().unwrap().iter().filter_map(|one| one["ticker"].as_str()).collect();
    assert_eq!(tickers, ["SPY", "XLK", "XLU.P"]);
    assert!(kinds(&check).contains(&"left_aside"), "{check:#}");
    let missing = ask(folder.path(), "XLE").await.to_string();
    assert!(missing.contains("nothing was read from XLE.csv, readme.txt"), "{missing}");
    let near = ask(folder.path(), "XLU").await.to_string();
    assert!(near.contains("did you mean XLU.P?"), "{near}");
}
