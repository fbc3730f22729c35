//! `factor-mcp doctor` on made-up troubles: each is named, with its way out.

use std::{fs, path::Path};

use factor_stand_in::{Fault, Market, Options, StandIn, Target, Times, Vendor};
use serde_json::Value;

use crate::support::command;

const KEY: &str = "planted-KEY-4711";

/// Runs it in a home: the exit code and its findings.
async fn look(home: &Path, environment: &[(&str, &str)]) -> (Option<i32>, Vec<Value>) {
    let mut command = command(home);
    command.args(["doctor", "--format", "json"]).env_remove("FACTOR_TODAY").envs(environment.iter().copied());
    let output = command.output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(!text.contains("4711") && !text.contains("swordfish"), "a secret is shown: {text}");
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    (output.status.code(), report["findings"].as_array().unwrap().clone())
}

/// That one trouble of this part is named with these words, and its way out with those.
async fn check(name: &str, home: &Path, environment: &[(&str, &str)], part: &str, says: &str, to_do: &str) {
    let (code, findings) = look(home, environment).await;
    assert_eq!(code, Some(1), "{name}: {findings:#?}");
    let is_it = |finding: &&Value| {
        finding["part"] == part
            && finding["state"] == "trouble"
            && finding["says"].as_str().unwrap().contains(says)
            && finding["to_do"].as_str().unwrap().contains(to_do)
    };
    assert!(findings.iter().any(|finding| is_it(&finding)), "{name}: {part}, {says}, {to_do}: {findings:#?}");
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn write(home: &Path, path: &str, text: impl AsRef<[u8]>) -> String {
    let path = home.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn settings_that_cannot_be_used() {
    let home = home();
    let at = home.path();
    let source = [("FACTOR_PRICE_SOURCE", "bloomberg")];
    check("1 a source that is none", at, &source, "settings", "FACTOR_PRICE_SOURCE is `bloomberg`", "put it right")
        .await;
    let no_key = [("FACTOR_PRICE_SOURCE", "fmp")];
    check("2 no key", at, &no_key, "settings", "FMP_API_KEY is not set: give the key", "put it right").await;
    let gone = at.join("gone").display().to_string();
    check("3 prices that are not there", at, &[("FACTOR_PRICE_FILES", &gone)], "settings", "gone", "put it right")
        .await;
    write(at, ".config/factor-mcp/factor-mcp.toml", "price_source = files");
    check("4 a broken file of settings", at, &[], "settings", "factor-mcp.toml: ", "put it right").await;
}

/// Settings of a server whose vendor is a stand-in.
async fn vendor(home: &Path) -> (StandIn, Vec<(&'static str, String)>) {
    let tickers = ["SPY".to_owned()];
    let today = chrono::Utc::now().date_naive();
    let market = Market::simulated(&tickers, today - chrono::Days::new(400), today);
    let options = Options { key: Some(KEY.to_owned()), ..Options::default() };
    let fmp = StandIn::start(Vendor::Fmp, std::sync::Arc::new(market), options).await.unwrap();
    fmp.set_today(today);
    let settings = vec![
        ("FACTOR_PRICE_SOURCE", "fmp".to_owned()),
        ("FACTOR_YIELD_SOURCE", "fmp".to_owned()),
        ("FMP_API_KEY", KEY.to_owned()),
        ("FMP_BASE_URL", fmp.url()),
        ("FACTOR_PRICE_MAX_RETRIES", "0".to_owned()),
        ("FACTOR_PRICE_TIMEOUT", "1".to_owned()),
        ("FACTOR_DATA_DIR", home.join("data").display().to_string()),
    ];
    (fmp, settings)
}

fn texts<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[tokio::test]
async fn a_vendor_that_answers_is_well() {
    let home = home();
    let (_fmp, mut settings) = vendor(home.path()).await;
    // On a machine that does much else.
    settings.retain(|(name, _)| *name != "FACTOR_PRICE_TIMEOUT");
    let (code, findings) = look(home.path(), &texts(&settings)).await;
    assert_eq!(code, Some(0), "{findings:#?}");
    let ok = |part: &str| findings.iter().any(|finding| finding["part"] == part && finding["state"] == "ok");
    for part in ["settings", "network", "key", "prices", "yields", "universe", "folder", "store", "clock"] {
        assert!(ok(part), "{part}: {findings:#?}");
    }
    assert!(!home.path().join("data").exists(), "looking changes nothing");
}

#[tokio::test]
async fn a_vendor_that_does_not_answer_as_it_should() {
    let home = home();
    for (name, fault, part, says, to_do) in [
        ("5 a key that is refused", Fault::Unauthorized, "key", "refused the key", "set FMP_API_KEY"),
        ("6 too many requests", Fault::TooMany(None), "key", "", "FMP_REQUESTS_PER_MINUTE"),
        ("7 a page in the vendor's place", Fault::Html200, "network", "", "sign-in page"),
        ("8 a vendor that fails", Fault::ServerError, "network", "", "FMP_BASE_URL"),
        ("9 no answer in time", Fault::Hang, "network", "", "FMP_BASE_URL"),
    ] {
        let (fmp, settings) = vendor(home.path()).await;
        fmp.fail(Target::All, Times::Always, fault);
        check(name, home.path(), &texts(&settings), part, says, to_do).await;
    }
    let (fmp, mut settings) = vendor(home.path()).await;
    drop(fmp);
    let nobody = "http://127.0.0.1:9/stable".to_owned();
    settings.iter_mut().find(|(name, _)| *name == "FMP_BASE_URL").unwrap().1 = nobody;
    check("10 nobody there", home.path(), &texts(&settings), "network", "", "leave FMP_BASE_URL out").await;
}

#[tokio::test]
async fn prices_a_folder_and_a_universe_that_cannot_be_used() {
    let home = home();
    let at = home.path();
    let prices = write(at, "prices/SPY.csv", "nothing,here\n1,2\n");
    check("11 files without prices", at, &[("FACTOR_PRICE_FILES", &prices)], "prices", "", "factor-mcp check").await;
    let file = write(at, "file", "x");
    check("12 a file for a folder", at, &[("FACTOR_DATA_DIR", &file)], "folder", "is no folder", "FACTOR_DATA_DIR")
        .await;
    let below = format!("{file}/data");
    check(
        "13 a folder that cannot be made",
        at,
        &[("FACTOR_DATA_DIR", &below)],
        "folder",
        "cannot be made",
        "FACTOR_DATA_DIR",
    )
    .await;
    write(at, "proxies/industry_to_etf.yaml", "industry_to_etf: [");
    let proxies = at.join("proxies").display().to_string();
    check(
        "14 mappings that are no YAML",
        at,
        &[("FACTOR_PROXIES_DIR", &proxies)],
        "universe",
        "industry_to_etf",
        "FACTOR_PROXIES_DIR",
    )
    .await;
}

#[tokio::test]
async fn a_store_that_is_damaged_or_away() {
    let home = home();
    let at = home.path();
    write(at, "data/factor-mcp.db", "no database at all, but long enough to be read as one".repeat(20));
    let data = at.join("data").display().to_string();
    check("15 a damaged file", at, &[("FACTOR_DATA_DIR", &data)], "store", "damaged", "factor-mcp store restore").await;
    let url = "postgres://ada:swordfish@127.0.0.1:9/factors";
    check("16 a database that is away", at, &[("DATABASE_URL", url)], "store", "", "DATABASE_URL").await;
}

#[tokio::test]
async fn a_clock_that_is_wrong() {
    let home = home();
    let at = home.path();
    let tomorrow = chrono::Utc::now().date_naive() + chrono::Days::new(10);
    let rows: Vec<String> =
        (0..40).map(|back| format!("{},{}", tomorrow - chrono::Days::new(40 - back), 100 + back)).collect();
    let prices = write(at, "SPY.csv", format!("date,adj_close\n{}\n", rows.join("\n")));
    check(
        "17 prices of days to come",
        at,
        &[("FACTOR_PRICE_FILES", &prices)],
        "clock",
        "the newest price is of",
        "set the machine's clock",
    )
    .await;
    let (_, findings) = look(at, &[("FACTOR_TODAY", "2020-01-01")]).await;
    assert!(findings.iter().any(|finding| finding["part"] == "clock" && finding["state"] == "note"), "{findings:#?}");
}

#[tokio::test]
async fn clients_that_do_not_start_it() {
    let home = home();
    let at = home.path();
    write(at, ".config/Claude/claude_desktop_config.json", "{\"mcpServers\": {");
    write(at, ".cursor/mcp.json", r#"{"mcpServers": {"factor-intelligence": {"command": "/nowhere/factor-mcp"}}}"#);
    write(at, ".config/Code/User/mcp.json", r#"{"servers": {"f": {"command": "target/release/factor-mcp"}}}"#);
    let plain = write(at, "plain/factor-mcp", "x");
    write(
        at,
        ".gemini/settings.json",
        format!(r#"{{"mcpServers": {{"f": {{"command": "{plain}", "env": {{"FMP_API_KEY": "two {KEY}"}}}}}}}}"#),
    );
    write(
        at,
        ".codex/config.toml",
        "[mcp_servers.f]\ncommand = \"factor-mcp\"\nenv = { FACTOR_PRICE_FILE = \"/p\" }\n",
    );
    check("18 settings that are no JSON", at, &[], "clients", "Claude Desktop", "put the file right").await;
    check("19 a program that is gone", at, &[], "clients", "which is not there", "factor-mcp setup").await;
    check(
        "20 a path that depends",
        at,
        &[],
        "clients",
        "VS Code, `f` starts target/release/factor-mcp",
        "factor-mcp setup",
    )
    .await;
    #[cfg(unix)]
    check("21 a file that cannot be run", at, &[], "clients", "cannot be run", "chmod +x").await;
    check("22 a key that is none", at, &[], "clients", "FMP_API_KEY is `***`", "client's settings").await;
    check(
        "23 a setting that is none",
        at,
        &[],
        "clients",
        "FACTOR_PRICE_FILE, which is no setting",
        "write FACTOR_PRICE_FILES",
    )
    .await;
}

#[tokio::test]
async fn what_setup_wrote_is_well_and_a_person_can_read_it() {
    let home = home();
    fs::create_dir_all(home.path().join(".cursor")).unwrap();
    command(home.path()).args(["setup", "--yes"]).output().await.unwrap();
    let output = command(home.path()).args(["doctor"]).output().await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("ok       clients   Cursor, `factor-intelligence` starts "), "{said}");
    assert!(said.contains("note     prices    they are simulated") && said.trim_end().ends_with("notes"), "{said}");
}
