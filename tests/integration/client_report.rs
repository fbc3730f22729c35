//! `analyze report`: the figures are those of the tools, what people wrote is text, and nothing is asked for from outside.

use std::{path::Path, process::Output};

use serde_json::{Value, json};

use crate::{groups::Session, support::command};

/// Four holdings and a rest of cash.
const FOUR: &str = "ticker,weight\nSPY,45%\nTLT,25%\nXLK,15%\nGLD,10%\n";

async fn analyze(folder: &Path, arguments: &[&str]) -> Output {
    let data = folder.join("data");
    let mut command = command(folder);
    command.env("FACTOR_DATA_DIR", data).env("PATH", folder).arg("analyze").args(arguments).output().await.unwrap()
}

/// What a report says of holdings, and what was said of it.
async fn report(folder: &Path, holdings: &str, more: &[&str]) -> (Option<String>, String) {
    let out = folder.join("report.html");
    let _ = std::fs::remove_file(&out);
    std::fs::write(folder.join("held.csv"), holdings).unwrap();
    let line = [&["report", "--holdings", "held.csv", "--out", "report.html"], more].concat();
    let done = analyze(folder, &line).await;
    let said = String::from_utf8(done.stderr).unwrap();
    let written = std::fs::read_to_string(&out).ok();
    assert_eq!(done.status.code(), Some(i32::from(written.is_none())), "{said}");
    (written, said)
}

async fn answer(folder: &Path, line: &[&str]) -> Value {
    let done = analyze(folder, &[line, &["--holdings", "held.csv", "--json"]].concat()).await;
    serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&done.stderr)))
}

/// A share as the report has it, written from its digits.
fn percent(share: &Value) -> String {
    let text = format!("{:.2}%", 100.0 * share.as_f64().unwrap());
    if text == "-0.00%" { "0.00%".to_owned() } else { text }
}

fn decimal(value: &Value) -> String {
    let text = format!("{:.2}", value.as_f64().unwrap());
    if text == "-0.00" { "0.00".to_owned() } else { text }
}

/// Cells of numbers that follow one another.
fn numbers(cells: &[String]) -> String {
    cells.iter().map(|cell| format!("<td class=\"n\">{cell}</td>\n")).collect()
}

#[tokio::test]
async fn figures_are_those_of_the_tools_and_the_same_holdings_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (html, _) = report(folder.path(), FOUR, &[]).await;
    let html = html.unwrap();
    let has = |text: &str, what: &str| assert!(html.contains(text), "{what}: {text} is not in the report");

    let exposures = answer(folder.path(), &["exposures"]).await;
    let risk = &exposures["risk"];
    for (name, words) in [("annual_return", "return a year"), ("volatility", "volatility a year")] {
        has(&format!("<b>{}</b>\n<span>{words}", percent(&risk[name])), name);
    }
    for year in exposures["calendar_years"].as_array().unwrap() {
        let figures = ["total_return", "benchmark_return", "difference"].map(|name| percent(&year[name]));
        has(&numbers(&figures), &year["year"].to_string());
    }
    for held in exposures["holdings"].as_array().unwrap() {
        let share = &risk["risk_contribution"][held["ticker"].as_str().unwrap()];
        has(&numbers(&[percent(&held["weight"]), percent(share)]), &held["ticker"].to_string());
    }
    let model = answer(folder.path(), &["model"]).await;
    let factors = model["fits"][0]["factors"].as_object().unwrap();
    assert_eq!(factors.len(), 12);
    for (name, of) in factors {
        let interval = format!("{} to {}", decimal(&of["interval"][0]), decimal(&of["interval"][1]));
        has(&numbers(&[decimal(&of["beta"]), interval, percent(&of["variance_share"])]), name);
    }
    let stress = answer(folder.path(), &["stress"]).await;
    let mut tested = 0;
    for scenario in stress["scenarios"].as_array().unwrap() {
        let dates =
            format!("<td>{} to {}</td>\n", scenario["from"].as_str().unwrap(), scenario["to"].as_str().unwrap());
        if scenario["total_return"].is_null() {
            assert!(!html.contains(&dates), "{scenario}");
            continue;
        }
        tested += 1;
        let half = scenario.get("half_width").map_or_else(String::new, |half| format!(" ± {}", percent(half)));
        let returned = percent(&scenario["total_return"]) + &half;
        has(&format!("{dates}{}", numbers(&[returned, percent(&scenario["max_drawdown"])])), "a crisis");
        let hedges = scenario["hedges"].as_array().unwrap();
        if scenario["total_return"].as_f64().unwrap() < 0.0 {
            let best = hedges.iter().find(|hedge| hedge["offset"] == "best_hedge").unwrap();
            let held = if best["held"] == true { "held" } else { "did not hold" };
            has(&format!("{} ({held})", percent(&best["hedged_return"])), "what it left");
        }
    }
    assert!(tested >= 8, "{tested}");
    let offsets = answer(folder.path(), &["recommendations", "--factor", "SPY"]).await;
    for member in offsets["best_hedge"]["members"].as_array().unwrap() {
        has(&numbers(&[decimal(&member["ratio"])]), "the best hedge");
    }
    has(&percent(&offsets["best_hedge"]["next_quarter"]["median"]), "what is to be expected");
    has(&percent(&offsets["reduce"]["share"]), "what to sell");

    // Every picture that there is, and each says that its prices are none.
    assert_eq!(html.matches("<svg ").count(), 5);
    assert!(html.matches("SIMULATED").count() > 6, "{}", html.matches("SIMULATED").count());
    assert!(html.len() < 1_000_000, "{}", html.len());
    let (again, _) = report(folder.path(), FOUR, &[]).await;
    assert!(again.as_deref() == Some(&html), "other bytes");
}

#[tokio::test]
async fn what_people_wrote_is_text_and_nobody_is_asked_for_anything() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = "</title><script src=//x.test>alert('1')</script><img src=x onerror=y> & Söhne";
    let (html, _) = report(folder.path(), FOUR, &["--title", hostile]).await;
    let html = html.unwrap();
    let shown = "&lt;/title&gt;&lt;script src=//x.test&gt;alert(&#39;1&#39;)&lt;/script&gt;&lt;img src=x onerror=y&gt; &amp; Söhne";
    assert!(html.contains(&format!("<title>{shown}</title>")) && html.contains(&format!("<h1>{shown}</h1>")));
    for forbidden in ["<script", "<img", "<link", "<iframe", "<object", "javascript:", "@import", "href="] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert!(html.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; font-src data:\""));
    // The name of a language of pictures is no address that is asked.
    assert_eq!(html.matches("://").count(), html.matches("http://www.w3.org/2000/svg").count());
    assert_eq!(html.matches("url(").count(), html.matches("url(data:font/ttf;base64,").count());

    // A saved portfolio stands there by its name.
    let data = folder.path().join("data");
    let mut server = Session::start(&data, &[]).await;
    server.answer("save_portfolio", json!({"portfolio_name": "R&D Fund", "holdings": {"SPY": 0.6, "TLT": 0.4}})).await;
    drop(server);
    let done = analyze(folder.path(), &["report", "--portfolio", "R&D Fund", "--out", "saved.html"]).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let saved = std::fs::read_to_string(folder.path().join("saved.html")).unwrap();
    assert!(saved.contains("<h1>R&amp;D Fund</h1>") && saved.contains("PORTFOLIO:R&amp;D_Fund is this portfolio."));
}

#[tokio::test]
async fn every_kind_of_portfolio_has_its_report_or_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let many: String =
        ["SPY", "TLT", "XLK", "XLF", "XLE", "XLV", "XLI", "XLY", "XLP", "XLU", "XLB", "GLD", "IEF", "SHY", "LQD"]
            .iter()
            .chain(&[
                "HYG", "TIP", "MUB", "DBC", "EEM", "IWM", "MTUM", "QUAL", "USMV", "KRE", "KIE", "ITB", "XHB", "XRT",
            ])
            .map(|ticker| format!("{ticker},3%\n"))
            .collect();
    let cases: [(&str, &[&str], &[&str]); 5] = [
        ("ticker,weight\nSPY,100%\n", &["Not in this report: it takes two holdings besides cash."], &["borrowed"]),
        ("ticker,weight\nSPY,80%\nXLK,60%\nTLT,-30%\n", &["-30.00%", "which is to say borrowed", "leverage"], &[]),
        (
            "ticker,weight\nSPY,80%\nNOPE,20%\n",
            &["20.00%", "has no prices and is in no figure", "NOPE is in no figure"],
            &[],
        ),
        (&format!("ticker,weight\n{many}"), &["<caption>Holdings</caption>", "13.00%"], &["Not in this report"]),
        ("ticker,weight\nSPY,-50%\nCUR:USD,150%\n", &["nothing is held long but cash"], &[]),
    ];
    for (holdings, there, absent) in cases {
        let (html, said) = report(folder.path(), holdings, &[]).await;
        let html = html.unwrap_or_else(|| panic!("{holdings}: {said}"));
        for text in there {
            assert!(html.contains(text), "{holdings}: {text}");
        }
        for text in absent {
            assert!(!html.contains(text), "{holdings}: {text}");
        }
    }
    for (holdings, more, why) in [
        ("ticker,weight\nNOPE,100%\n", &[][..], "NOPE"),
        (FOUR, &["--factor", "no such thing"], ""),
        (FOUR, &["--end", "yesterday"], "end_date"),
        (FOUR, &["--windows", "3m"], "it has no windows"),
        (FOUR, &["--json"], "leave --json"),
    ] {
        let (html, said) = report(folder.path(), holdings, more).await;
        match html {
            // A factor that is none is no reason to leave the rest out.
            Some(html) => assert!(why.is_empty() && html.contains("Not in this report: "), "{holdings} {more:?}"),
            None => assert!(!why.is_empty() && said.contains(why), "{holdings} {more:?}: {said}"),
        }
    }
}

#[tokio::test]
async fn a_pdf_is_printed_by_a_browser_and_without_one_the_way_out_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("held.csv"), "ticker,weight\nSPY,1\n").unwrap();
    let line = ["report", "--holdings", "held.csv", "--out", "report.pdf"];
    // The path holds nothing.
    let none = analyze(folder.path(), &line).await;
    let said = String::from_utf8(none.stderr).unwrap();
    assert_eq!(none.status.code(), Some(1));
    assert!(
        said.contains(
            "none is installed: install one, name it with --browser, or give --out a file that ends with .html"
        ),
        "{said}"
    );
    assert!(!folder.path().join("report.pdf").exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // It refuses until it may do without its sandbox, as Chromium does for root, and prints the page's title.
        let browser = folder.path().join("browser");
        let script = "#!/bin/sh\nexport PATH=/usr/bin:/bin\ncase \"$*\" in *--no-sandbox*) ;; *) echo 'no-sandbox' >&2; exit 1;; esac\n\
                      for a in \"$@\"; do case \"$a\" in --print-to-pdf=*) out=${a#*=};; file://*) page=${a#file://};; esac; done\n\
                      { echo %PDF-1.4; grep '<h1>' \"$page\"; } > \"$out\"\n";
        std::fs::write(&browser, script).unwrap();
        std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).unwrap();
        let printed =
            analyze(folder.path(), &[&line[..], &["--browser", browser.to_str().unwrap(), "--title", "Ours"]].concat())
                .await;
        assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
        let pdf = std::fs::read_to_string(folder.path().join("report.pdf")).unwrap();
        assert!(pdf.starts_with("%PDF-1.4") && pdf.contains("<h1>Ours</h1>"), "{pdf}");
        let left = std::fs::read_dir(folder.path()).unwrap().filter_map(Result::ok);
        let left: Vec<String> = left.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        assert!(!left.iter().any(|name| name.starts_with(".factor-report-")), "{left:?}");
    }
}
