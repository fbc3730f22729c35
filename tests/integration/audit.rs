//! The audit through the real binary over Postgres: what a row says and what it does not, what is found when rows are changed, and
//! that nothing is answered that could not be written down.

use std::{fs, path::Path, process::Output};

use serde_json::{Value, json};
use throwaway_postgres::{Cluster, Database, Role};

use crate::{
    isolation::{Shop, User, add_user},
    support::{Process, command},
};

/// A server of several users, with the owner's way to its store.
struct Audited {
    shop: Shop,
    cluster: Cluster,
    database: Database,
    key: tempfile::TempDir,
}

impl Audited {
    async fn open() -> Self {
        let cluster = Cluster::start().unwrap();
        let database = cluster.database().unwrap();
        let key = tempfile::tempdir().unwrap();
        fs::write(key.path().join("key"), "5a".repeat(32)).unwrap();
        let owner = [("DATABASE_URL", database.url(Role::Owner))];
        let migrated =
            command(key.path()).args(["migrate", "--app-role", "factor_app"]).envs(owner).output().await.unwrap();
        assert!(migrated.status.success(), "{migrated:?}");
        let (app, file) = (database.url(Role::App), key.path().join("key"));
        let settings = [
            ("DATABASE_URL", app.as_str()),
            ("FACTOR_AUDIT_KEY_FILE", file.to_str().unwrap()),
            ("FACTOR_REPLICA", "north"),
            ("FACTOR_PRICE_SOURCE", "sample"),
        ];
        let shop = Shop::open(&settings).await;
        Self { shop, cluster, database, key }
    }

    async fn user(&self, number: usize) -> User {
        let owner = self.database.url(Role::Owner);
        add_user(self.key.path(), &[("DATABASE_URL", &owner)], number).await
    }

    async fn call(&self, user: &User, tool: &str, arguments: Value) -> Value {
        let params = json!({"name": tool, "arguments": arguments});
        let answer = self.shop.http.modern_with(&[("Authorization", &user.header)], "tools/call", params).await;
        answer.reply()["result"]["structuredContent"].clone()
    }

    /// A command of the owner's.
    async fn run(&self, arguments: &[&str]) -> Output {
        command(self.key.path())
            .args(arguments)
            .env("DATABASE_URL", self.database.url(Role::Owner))
            .env("FACTOR_AUDIT_KEY_FILE", self.key.path().join("key"))
            .output()
            .await
            .unwrap()
    }

    async fn rows(&self) -> Vec<Value> {
        let exported = self.run(&["audit", "export"]).await;
        assert!(exported.status.success(), "{exported:?}");
        text(&exported).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn sql(&self, text: &str) {
        self.cluster.sql(&self.database, text).unwrap();
    }
}

fn text(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_says_who_and_when_and_on_what_and_not_what_was_asked() {
    let audited = Audited::open().await;
    let (ann, bob) = (audited.user(1).await, audited.user(2).await);
    let held = json!({"holdings": {"SPY": 0.5, "TLT": 0.3, "GLD": 0.2}, "format": "full", "max_chars": 0});
    let full = audited.call(&ann, "get_portfolio_exposures", held.clone()).await;
    assert_eq!(full["status"], "success", "{full}");
    let again = json!({"max_chars": 0, "format": "full", "holdings": held["holdings"], "start_date": null});
    audited.call(&bob, "get_portfolio_exposures", again).await;
    let wrong = audited.call(&bob, "list_factors", json!({"nonsense": 1})).await;
    assert_eq!(wrong["error"]["code"], "invalid_argument", "{wrong}");
    audited.call(&ann, "list_factor_groups", json!({})).await;

    let rows = audited.rows().await;
    let of = |name: &str| -> Vec<&Value> { rows.iter().map(|row| &row[name]).collect() };
    assert_eq!(
        of("operation"),
        ["get_portfolio_exposures", "get_portfolio_exposures", "list_factors", "list_factor_groups"]
    );
    assert_eq!(of("outcome"), ["ok", "ok", "invalid_argument", "ok"]);
    assert_eq!(of("replica"), ["north"; 4]);
    assert_eq!(rows.iter().map(|row| row["seq"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let users: Vec<i64> = rows.iter().map(|row| row["user"].as_i64().unwrap()).collect();
    assert_eq!((users[0], users[1]), (users[3], users[2]));
    assert_ne!(rows[0]["who"], rows[1]["who"]);
    // Whoever asks it and however it is written, the same question is the same seal, and its answer on the same data the same.
    assert_eq!((&rows[0]["arguments"], &rows[0]["answer"]), (&rows[1]["arguments"], &rows[1]["answer"]));
    assert_eq!((rows[2]["answer"].as_str(), rows[2]["data"].as_str()), (Some(""), Some("")));
    assert!(rows[0]["data"].as_str().unwrap().contains(full["analysis_metadata"]["universe_hash"].as_str().unwrap()));
    let receipt = full["analysis_metadata"]["receipt"].as_str().unwrap();
    assert!(receipt.contains(rows[0]["answer"].as_str().unwrap()), "the row's answer is the receipt's");
    for row in &rows {
        let shown = row.to_string();
        assert!(!["SPY", "TLT", "holdings"].iter().any(|word| shown.contains(word)), "{shown}");
    }
    // With the key the rows of a call are found, and without it not even by who knows what was asked.
    let file = audited.key.path().join("call.json");
    fs::write(&file, held.to_string()).unwrap();
    let file = file.to_str().unwrap();
    let sealed = audited.run(&["audit", "seal", "get_portfolio_exposures", file]).await;
    assert_eq!(text(&sealed).trim(), rows[0]["arguments"].as_str().unwrap());
    fs::write(audited.key.path().join("key"), "5b".repeat(32)).unwrap();
    let other = audited.run(&["audit", "seal", "get_portfolio_exposures", file]).await;
    assert_ne!(text(&other), text(&sealed));
    let verified = audited.run(&["audit", "verify"]).await;
    assert!(!verified.status.success() && text(&verified).contains("the key is another"), "{verified:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_to_rows_is_found_and_what_is_cut_off_by_the_head_that_was_noted() {
    let audited = Audited::open().await;
    let ann = audited.user(1).await;
    for _ in 0..5 {
        audited.call(&ann, "list_factor_groups", json!({})).await;
    }
    let verified = audited.run(&["audit", "verify", "--format", "json"]).await;
    let whole: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!((&whole["whole"], &whole["chains"][0]["rows"]), (&json!(true), &json!(5)), "{whole}");
    let head = whole["chains"][0]["head"].as_str().unwrap().to_owned();
    audited.call(&ann, "list_factor_groups", json!({})).await;
    let later = audited.run(&["audit", "verify", "--head", &head.to_uppercase()]).await;
    assert!(later.status.success(), "a chain goes on after its head was noted: {later:?}");

    audited.sql("CREATE TABLE kept AS SELECT * FROM audit");
    for (change, said) in [
        ("UPDATE audit SET outcome = 'no' WHERE seq = 2", "north: row 2 is not what was written"),
        (
            "UPDATE audit SET seq = 104 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 104",
            "north: row 4 is not what was written",
        ),
        ("DELETE FROM audit WHERE seq = 3", "after row 2 comes row 4"),
        (
            "INSERT INTO audit SELECT replica, 7, at, who, operation, outcome, arguments, data, answer, hash FROM audit WHERE seq = 6",
            "north: row 7 is not what was written",
        ),
    ] {
        audited.sql(change);
        let found = audited.run(&["audit", "verify"]).await;
        assert_eq!(found.status.code(), Some(1), "{change}: {found:?}");
        assert!(text(&found).contains("BROKEN") && text(&found).contains(said), "{change}: {}", text(&found));
        audited.sql("DELETE FROM audit; INSERT INTO audit SELECT * FROM kept");
    }
    audited.sql("DELETE FROM audit WHERE seq >= 5");
    let short = audited.run(&["audit", "verify"]).await;
    assert!(short.status.success(), "what is left is a chain");
    let short = audited.run(&["audit", "verify", "--head", &head]).await;
    assert_eq!(short.status.code(), Some(1));
    assert!(text(&short).contains(&format!("no chain has the head {head}")), "{}", text(&short));

    // Old rows go, the rest is still a chain.
    audited.sql("DELETE FROM audit; INSERT INTO audit SELECT * FROM kept");
    audited.call(&ann, "list_factor_groups", json!({})).await;
    let pruned = audited.run(&["audit", "prune", "--keep-days", "0", "--force"]).await;
    assert_eq!(text(&pruned).trim(), "north: 7 rows are gone");
    audited.call(&ann, "list_factor_groups", json!({})).await;
    let verified = audited.run(&["audit", "verify"]).await;
    assert!(text(&verified).starts_with("north: rows 8 to 8 are whole; head "), "{verified:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_exported_whole_and_deleted_whole() {
    let audited = Audited::open().await;
    let (ann, bob) = (audited.user(1).await, audited.user(2).await);
    for user in [&ann, &bob] {
        let group = json!({"group_name": "Basket", "tickers": ["XLE", "XLU"], "validate": false});
        assert_eq!(audited.call(user, "create_factor_group", group).await["status"], "success");
        let holdings = json!({"portfolio_name": "Core", "holdings": {"SPY": 0.6, "IEF": 0.4}});
        assert_eq!(audited.call(user, "save_portfolio", holdings).await["status"], "success");
    }
    let rows = audited.rows().await;
    let (number, name) = (rows[0]["user"].as_i64().unwrap().to_string(), rows[0]["who"].as_str().unwrap());
    let exported = audited.run(&["user", "export", &number]).await;
    let exported: Value = serde_json::from_slice(&exported.stdout).unwrap_or_else(|_| panic!("{exported:?}"));
    assert_eq!(exported["groups"][0]["tickers"], json!(["XLE", "XLU"]), "{exported}");
    assert_eq!(exported["portfolios"][0]["name"], "Core", "{exported}");
    assert_eq!(exported["name_in_audit"], name);
    assert_eq!(audited.run(&["user", "export", "999"]).await.status.code(), Some(2));

    let deleted = audited.run(&["user", "delete", &number, "--force"]).await;
    assert!(text(&deleted).contains("1 groups and 1 portfolios are gone"), "{deleted:?}");
    let left = audited.run(&["user", "export", &number]).await;
    let left: Value = serde_json::from_slice(&left.stdout).unwrap();
    assert_eq!((&left["groups"], &left["portfolios"], &left["email"]), (&json!([]), &json!([]), &Value::Null));
    // The rows are there, and nobody's.
    let rows = audited.rows().await;
    let of_ann: Vec<&Value> = rows.iter().filter(|row| row["who"] == name).map(|row| &row["user"]).collect();
    assert_eq!(of_ann, [&Value::Null, &Value::Null]);
    assert!(audited.run(&["audit", "verify"]).await.status.success());
    assert_eq!(audited.call(&bob, "list_factor_groups", json!({})).await["factor_groups"][0]["group_name"], "Basket");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_a_whole_result_is_written_down_too() {
    let audited = Audited::open().await;
    let (ann, bob) = (audited.user(1).await, audited.user(2).await);
    let asked = json!({"analysis_type": "returns", "format": "full", "max_chars": 4_000});
    let cut = audited.call(&ann, "get_factor_analysis", asked).await;
    let uri = cut["truncated"]["how_to_get_the_rest"].as_str().unwrap();
    let uri = &uri[uri.find("factor://result/").unwrap()..];
    let uri = uri.split([' ', ',', ';', ')']).next().unwrap().trim_end_matches('.');
    for user in [&ann, &bob] {
        let by = [("Authorization", user.header.as_str())];
        audited.shop.http.modern_with(&by, "resources/read", json!({"uri": uri})).await;
        let path = format!("/api/results/{}", uri.rsplit('/').next().unwrap());
        audited.shop.http.send("GET", &path, &by, "").await;
    }
    let rows = audited.rows().await;
    let told: Vec<(&str, &str)> =
        rows.iter().map(|row| (row["operation"].as_str().unwrap(), row["outcome"].as_str().unwrap())).collect();
    let (read, none) = (("read_result", "ok"), ("read_result", "not_found"));
    assert_eq!(told, [("get_factor_analysis", "ok"), read, read, none, none]);
    assert!(rows[1..].iter().all(|row| row["arguments"] == rows[1]["arguments"]), "{rows:?}");
    assert_eq!((&rows[1]["who"], rows[3]["who"] == rows[1]["who"]), (&rows[0]["who"], false));
    let file = audited.key.path().join("read.json");
    fs::write(&file, json!({"uri": uri}).to_string()).unwrap();
    let sealed = audited.run(&["audit", "seal", "read_result", file.to_str().unwrap()]).await;
    assert_eq!(text(&sealed).trim(), rows[1]["arguments"].as_str().unwrap());
}

/// Also a server for oneself, which has no quotas: what fails is the audit alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_written_down_is_not_answered() {
    let cluster = Cluster::start().unwrap();
    let database = cluster.database().unwrap();
    let url = database.url(Role::Owner);
    let data = tempfile::tempdir().unwrap();
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("FACTOR_DATA_DIR", data.path().to_str().unwrap()),
        ("FACTOR_PRICE_SOURCE", "sample"),
        ("FACTOR_AUDIT", "on"),
    ];
    let mut server = Process::legacy(&settings).await;
    let ask = async |server: &mut Process| {
        server.call("list_factors", json!({"query": "gold"})).await["structuredContent"].clone()
    };
    assert_eq!(ask(&mut server).await["status"], "success");
    cluster.kill().unwrap();
    let refused = ask(&mut server).await;
    assert_eq!(refused["error"]["code"], "upstream_unavailable", "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("written into the audit"), "{refused}");
    cluster.restart().unwrap();
    let until = tokio::time::Instant::now() + crate::support::PATIENCE;
    while ask(&mut server).await["status"] != "success" {
        assert!(tokio::time::Instant::now() < until, "it does not come back");
    }
    let rows = written(data.path(), &settings).await;
    assert!(rows.lines().count() >= 2 && rows.lines().all(|row| row.contains("\"replica\":\"server\"")), "{rows}");
    // Its key was made for its owner alone.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(data.path().join("audit.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

async fn written(folder: &Path, settings: &[(&str, &str)]) -> String {
    let exported = command(folder).args(["audit", "export"]).envs(settings.iter().copied()).output().await.unwrap();
    assert!(exported.status.success(), "{exported:?}");
    text(&exported).to_owned()
}

/// Over standard input and output there is none unless it is asked for.
#[tokio::test]
async fn a_server_for_oneself_writes_nothing_down() {
    let data = tempfile::tempdir().unwrap();
    let settings = [("FACTOR_DATA_DIR", data.path().to_str().unwrap()), ("FACTOR_PRICE_SOURCE", "sample")];
    let mut server = Process::legacy(&settings).await;
    server.call("list_factors", json!({"query": "gold"})).await;
    server.close();
    server.end().await;
    assert_eq!(written(data.path(), &settings).await, "");
    assert!(!data.path().join("audit.key").exists());
}
