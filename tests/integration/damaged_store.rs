//! A file of groups and portfolios that was damaged, by the tools and by the command line.

use std::{fs, path::Path, process::Output};

use serde_json::{Value, json};

use crate::support::{Process, command};

const FILE: &str = "factor-mcp.db";

fn environment(data: &Path) -> [(&'static str, String); 2] {
    [("FACTOR_DATA_DIR", data.display().to_string()), ("FACTOR_PRICE_SOURCE", "sample".to_owned())]
}

async fn server(data: &Path) -> Process {
    let environment = environment(data);
    Process::legacy(&environment.each_ref().map(|(name, value)| (*name, value.as_str()))).await
}

async fn run(data: &Path, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    command(folder.path()).args(arguments).envs(environment(data)).output().await.unwrap()
}

async fn call(server: &mut Process, tool: &str, arguments: Value) -> Value {
    server.call(tool, arguments).await["structuredContent"].take()
}

/// Puts other bytes of the same length in the place of some, everywhere in the file.
fn change(data: &Path, from: &[u8], to: &[u8]) {
    let path = data.join(FILE);
    let mut bytes = fs::read(&path).unwrap();
    let mut changed = 0;
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
            changed += 1;
        }
    }
    assert!(changed > 0);
    fs::write(path, bytes).unwrap();
}

/// Two portfolios and two groups, saved without a check of their prices.
async fn filled(data: &Path) {
    let mut server = server(data).await;
    for (name, shares) in [("Mine", 1_234), ("Other", 10)] {
        let holdings = json!([{"ticker": "SPY", "shares": shares}]);
        let saved = call(&mut server, "save_portfolio", json!({"portfolio_name": name, "holdings": holdings})).await;
        assert_eq!(saved["status"], "success", "{saved}");
    }
    for (name, tickers) in [("Chips", ["SMH", "XLK"]), ("Banks", ["KRE", "XLF"])] {
        let group = json!({"group_name": name, "tickers": tickers, "validate": false});
        let saved = call(&mut server, "create_factor_group", group).await;
        assert_eq!(saved["status"], "success", "{saved}");
    }
    server.close();
    let (code, _, log) = server.end().await;
    assert_eq!(code, Some(0), "{log}");
    // The file as its backup is: without a log that would put a changed page right again.
    let made = run(data, &["store", "backup", "--format", "json"]).await;
    let backup: Value = serde_json::from_slice(&made.stdout).unwrap();
    fs::copy(backup["file"].as_str().unwrap(), data.join(FILE)).unwrap();
    for side in ["-wal", "-shm"] {
        let _ = fs::remove_file(data.join(format!("{FILE}{side}")));
    }
}

#[tokio::test]
async fn a_changed_row_is_named_by_every_tool_and_the_rest_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    filled(&data).await;
    // A holding of 1,234 shares becomes one of 9,234; a member of a group another ticker.
    change(&data, b"{\"shares\":1234.0}", b"{\"shares\":9234.0}");
    change(&data, b"[\"SMH\",\"XLK\"]", b"[\"SMI\",\"XLK\"]");
    let mut server = server(&data).await;

    let listed = call(&mut server, "list_portfolios", json!({})).await;
    assert_eq!(
        (&listed["count"], &listed["portfolios"][0]["portfolio_name"]),
        (&json!(1), &json!("Other")),
        "{listed}"
    );
    assert_eq!(listed["damaged"][0]["name"], "Mine", "{listed}");
    let got = call(&mut server, "get_portfolio", json!({"portfolio_name": "Mine"})).await;
    let message = got["error"]["message"].as_str().unwrap();
    assert!(message.contains("portfolio `Mine` is damaged") && message.contains("store restore"), "{message}");
    let over = call(&mut server, "get_portfolio_exposures", json!({"portfolio_name": "Mine"})).await;
    assert!(over["error"]["message"].as_str().unwrap().contains("portfolio `Mine` is damaged"), "{over}");

    let listed = call(&mut server, "list_factor_groups", json!({})).await;
    assert_eq!((&listed["count"], &listed["damaged"][0]["name"]), (&json!(1), &json!("Chips")), "{listed}");
    let status = call(&mut server, "get_server_status", json!({})).await;
    let store = status["parts"]["store"].to_string() + &status["store"].to_string();
    assert!(store.contains("degraded") && store.contains("2 of what was saved is damaged"), "{status}");

    // One excluded factor with its reason; the other group takes part.
    let arguments = json!({"analysis_type": "performance", "categories": ["user"], "format": "full"});
    let analysis = call(&mut server, "get_factor_analysis", arguments).await;
    let all = analysis.to_string();
    assert!(all.contains("USER:Banks") && all.contains("group `Chips` is damaged"), "{all}");

    for (tool, name, field) in
        [("delete_portfolio", "Mine", "portfolio_name"), ("delete_factor_group", "chips", "group_name")]
    {
        let gone = call(&mut server, tool, json!({field: name})).await;
        assert_eq!((&gone["status"], &gone["deleted"]), (&json!("success"), &Value::Null), "{gone}");
        assert!(gone["note"].as_str().unwrap().contains("It was damaged"), "{gone}");
    }
    let listed = call(&mut server, "list_factor_groups", json!({})).await;
    assert_eq!((&listed["count"], &listed["damaged"]), (&json!(1), &Value::Null), "{listed}");
}

#[tokio::test]
async fn a_damaged_file_stays_aside_until_the_command_line_restores_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let nothing = run(&data, &["store", "check"]).await;
    assert_eq!((nothing.status.code(), text(&nothing.stdout).contains("nothing is kept yet")), (Some(0), true));
    filled(&data).await;
    let whole = run(&data, &["store", "check", "--format", "json"]).await;
    let report: Value = serde_json::from_slice(&whole.stdout).unwrap();
    assert_eq!((whole.status.code(), &report["whole"]), (Some(0), &json!(true)), "{report}");
    assert_eq!((&report["groups"], &report["portfolios"], &report["users"]), (&json!(2), &json!(2), &json!(1)));
    assert_eq!(report["backups"].as_array().unwrap().len(), 1, "{report}");

    // The head of the page with the portfolios.
    let path = data.join(FILE);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(16).position(|window| window == b"{\"shares\":1234.0").unwrap() / 4_096 * 4_096;
    bytes[at..at + 8].fill(0xff);
    fs::write(&path, bytes).unwrap();
    assert_eq!(run(&data, &["store", "check"]).await.status.code(), Some(1));

    let mut server = server(&data).await;
    for (tool, arguments) in [
        ("list_portfolios", json!({})),
        ("get_portfolio", json!({"portfolio_name": "Mine"})),
        ("list_factor_groups", json!({})),
        ("create_factor_group", json!({"group_name": "New", "tickers": ["SPY", "TLT"], "validate": false})),
        ("save_portfolio", json!({"portfolio_name": "New", "holdings": {"SPY": 1.0}})),
        ("delete_factor_group", json!({"group_name": "Banks"})),
    ] {
        let failed = call(&mut server, tool, arguments).await;
        let message = failed["error"]["message"].as_str().unwrap();
        assert!(message.contains("damaged and was put aside"), "{tool}: {message}");
        assert!(message.contains("`factor-mcp store restore`"), "{tool}: {message}");
        assert!(!message.contains(&data.display().to_string()), "{tool}: {message}");
    }
    assert!(!path.exists());

    let dry = run(&data, &["store", "restore", "--dry-run"]).await;
    assert_eq!(dry.status.code(), Some(0), "{}", text(&dry.stderr));
    assert!(text(&dry.stdout).contains("would be restored from the backup"), "{}", text(&dry.stdout));
    // Nobody is there to say yes.
    assert_eq!(run(&data, &["store", "restore"]).await.status.code(), Some(1));
    assert!(!path.exists());
    let wrong = run(&data, &["store", "restore", "--force", "--from", "/nowhere/x"]).await;
    assert_eq!(wrong.status.code(), Some(2), "{}", text(&wrong.stderr));
    let done = run(&data, &["store", "restore", "--force", "--format", "json"]).await;
    let restored: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((&restored["groups"], &restored["portfolios"]), (&json!(2), &json!(2)), "{restored}");

    // The server that was running all the while takes it up.
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    let kept = call(&mut server, "get_portfolio", json!({"portfolio_name": "Mine"})).await;
    assert_eq!(kept["holdings"][0]["shares"], 1_234.0, "{kept}");
    let shared = run(&data, &["store", "check"]).await;
    assert_eq!(shared.status.code(), Some(0), "{}", text(&shared.stdout));
    assert!(text(&shared.stdout).contains("put aside: "), "{}", text(&shared.stdout));

    let folder = tempfile::tempdir().unwrap();
    let postgres = command(folder.path())
        .args(["store", "check"])
        .env("DATABASE_URL", "postgres://ann:s3cret@127.0.0.1:1/db")
        .output()
        .await
        .unwrap();
    assert_eq!(postgres.status.code(), Some(2));
    assert!(text(&postgres.stderr).contains("pg_dump") && !text(&postgres.stderr).contains("s3cret"));
}

#[tokio::test]
async fn a_user_keeps_at_most_so_many_groups_and_too_many_never_fail_an_analysis() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut environment: Vec<(&str, String)> = environment(&data).into();
    // The sample's universe has so many factors and two more may take part.
    environment.push(("FACTOR_USER_MAX_GROUPS", "4".to_owned()));
    let mut server = Process::legacy(&with(&environment)).await;
    for number in 0..4 {
        let group = json!({"group_name": format!("g{number}"), "tickers": ["SPY", "TLT"], "validate": false});
        assert_eq!(call(&mut server, "create_factor_group", group).await["status"], "success");
    }
    let group = json!({"group_name": "g4", "tickers": ["SPY", "TLT"], "validate": false});
    let refused = call(&mut server, "create_factor_group", group).await;
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("a user may keep 4 (FACTOR_USER_MAX_GROUPS)"), "{message}");
    assert!(message.to_lowercase().contains("delete one with delete_factor_group"), "{message}");
    let status = call(&mut server, "get_server_status", json!({})).await;
    let factors = status.to_string().split("\"factors\":").nth(1).unwrap().split(',').next().unwrap().parse::<usize>();
    server.close();
    server.end().await;

    environment.push(("FACTOR_INTELLIGENCE_MAX_FACTORS", (factors.unwrap() + 2).to_string()));
    let mut server = Process::legacy(&with(&environment)).await;
    let arguments = json!({"analysis_type": "returns", "windows": ["1y"], "format": "full"});
    let analysis = call(&mut server, "get_factor_analysis", arguments).await;
    let all = analysis.to_string();
    assert!(analysis["status"] != "error", "{all}");
    assert!(all.contains("2 of your factor groups are left out"), "{all}");
    assert!(all.contains("USER:g2") && all.contains("unchanged the longest: USER:g0, USER:g1;"), "{all}");
}

fn with<'a>(environment: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
}
