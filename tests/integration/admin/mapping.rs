//! `asset-proxy`, `industry` and what is written down of their changes.

use serde_json::json;

use super::{Desk, rows};
use crate::support::{PATIENCE, Process};

#[tokio::test]
async fn one_added_industry_hides_no_other_and_keeps_what_is_stored() {
    let desk = Desk::new();
    let before = desk.json(&["industry", "list"]).await;
    assert_eq!(before["source"], "yaml");
    let count = before["industries"].as_array().unwrap().len();
    assert!(count > 50, "{count}");

    let done = desk.json(&["industry", "add", "Space", "UFO", "--group", "sensitive"]).await;
    assert_eq!((&done["imported"], &done["added"], &done["updated"]), (&json!(count), &json!(1), &json!(0)), "{done}");
    let after = desk.json(&["industry", "list"]).await;
    assert_eq!(after["source"], "database");
    assert_eq!(after["industries"].as_array().unwrap().len(), count + 1);
    for row in before["industries"].as_array().unwrap() {
        assert!(after["industries"].as_array().unwrap().contains(row), "{row}");
    }

    // A second one imports nothing again.
    let second = desk.done(&["industry", "add", "Robots", "BOTZ"]).await;
    assert!(!second.contains("put there first") && second.contains("1 added, 0 updated"), "{second}");

    // The group is not said again and stays.
    let changed = desk.json(&["industry", "add", "Space", "ARKX", "--asset-class", "equity", "--force"]).await;
    assert_eq!(changed["imported"], 0);
    let list = desk.json(&["industry", "list"]).await;
    let space = rows(&list, "industries", &[("industry", "Space")]);
    assert_eq!(space.len(), 1, "{space:?}");
    assert_eq!(space[0]["etf"], "ARKX");
    assert_eq!(space[0]["sector_group"], "sensitive");
    let table = desk.done(&["industry", "list"]).await;
    assert!(table.contains("Space") && table.contains("industries, from database"), "{table}");
}

#[tokio::test]
async fn proxies_are_added_replaced_and_deactivated() {
    let desk = Desk::new();
    let added = desk
        .done(&["asset-proxy", "add", "fixed_income", "tips", "SCHP", "--alt", "--priority", "50", "--desc", "cheaper"])
        .await;
    assert!(added.contains("rows of the YAML mapping were put there first"), "{added}");
    assert!(added.contains("asset_proxies: 1 added, 0 updated"), "{added}");
    let list = desk.asset_proxies().await;
    assert_eq!(list["source"], "database");
    let schp = rows(&list, "asset_proxies", &[("etf", "SCHP")])[0];
    assert_eq!((&schp["canonical"], &schp["priority"]), (&json!(false), &json!(50)));
    assert_eq!((&schp["description"], &schp["class"]), (&json!("cheaper"), &json!("fixed_income")));
    assert_eq!(rows(&list, "asset_proxies", &[("etf", "TIP")])[0]["canonical"], true);

    // A key has one canonical ETF: the new one makes the old one an alternate.
    desk.done(&["asset-proxy", "add", "bond", "UST10Y", "govt", "--force"]).await;
    let list = desk.asset_proxies().await;
    let tens: Vec<_> = rows(&list, "asset_proxies", &[("key", "UST10Y")])
        .into_iter()
        .map(|row| (row["etf"].as_str().unwrap().to_owned(), row["canonical"].as_bool().unwrap()))
        .collect();
    assert_eq!(tens.len(), 2);
    assert!(tens.contains(&("GOVT".to_owned(), true)) && tens.contains(&("IEF".to_owned(), false)), "{tens:?}");

    // What is not said again stays; notes too.
    desk.done(&["asset-proxy", "add", "fixed_income", "tips", "SCHP", "--alt", "--notes", "checked in May", "--force"])
        .await;
    desk.done(&["asset-proxy", "add", "fixed_income", "tips", "SCHP", "--alt", "--force"]).await;
    let list = desk.asset_proxies().await;
    let schp = rows(&list, "asset_proxies", &[("etf", "SCHP")])[0];
    assert_eq!((&schp["priority"], &schp["notes"]), (&json!(50), &json!("checked in May")));
    desk.done(&["industry", "add", "Steel", "SLX", "--notes", "narrow", "--force"]).await;
    let list_of_industries = desk.json(&["industry", "list"]).await;
    assert_eq!(rows(&list_of_industries, "industries", &[("industry", "Steel")])[0]["notes"], "narrow");

    desk.done(&["asset-proxy", "replace", "commodity", "gold", "GLD", "IAU", "--force"]).await;
    desk.done(&["asset-proxy", "deactivate", "crypto", "eth_spot", "ETHA", "--force"]).await;
    let list = desk.json(&["asset-proxy", "list"]).await;
    let gold = rows(&list, "asset_proxies", &[("key", "gold")]);
    assert_eq!(gold.len(), 1, "{gold:?}");
    assert_eq!((&gold[0]["etf"], &gold[0]["canonical"]), (&json!("IAU"), &json!(true)));
    assert!(rows(&list, "asset_proxies", &[("etf", "ETHA")]).is_empty());
    assert_eq!(rows(&desk.asset_proxies().await, "asset_proxies", &[("etf", "ETHA")])[0]["active"], false);

    let crypto = desk.done(&["asset-proxy", "list", "--asset-class", "crypto", "--all"]).await;
    assert!(crypto.contains("IBIT") && crypto.contains("inactive") && !crypto.contains("IEF"), "{crypto}");
}

#[tokio::test]
async fn a_question_that_nobody_answers_is_answered_no() {
    let desk = Desk::new();
    desk.done(&["industry", "add", "Space", "UFO"]).await;
    let before = (desk.json(&["industry", "list"]).await, desk.asset_proxies().await);
    desk.file("here.yaml", "kept");
    for questioned in [
        &["industry", "add", "Space", "ARKX"][..],
        &["asset-proxy", "add", "fixed_income", "UST10Y", "GOVT"],
        &["asset-proxy", "replace", "commodity", "gold", "GLD", "IAU"],
        &["asset-proxy", "deactivate", "crypto", "eth_spot", "ETHA"],
        &["asset-proxy", "clear-class", "crypto"],
        &["asset-proxy", "export-yaml", "here.yaml"],
    ] {
        let told = desk.refused(questioned, 1).await;
        assert!(told.contains("--force"), "{questioned:?}: {told}");
    }
    assert_eq!((desk.json(&["industry", "list"]).await, desk.asset_proxies().await), before);
    assert_eq!(std::fs::read_to_string(desk.path("here.yaml")).unwrap(), "kept");

    let cleared = desk.json(&["asset-proxy", "clear-class", "crypto", "--force"]).await;
    assert_eq!(cleared["removed"], 2, "{cleared}");
    let list = desk.asset_proxies().await;
    assert!(rows(&list, "asset_proxies", &[("class", "crypto")]).is_empty());
    assert!(rows(&list, "asset_proxies", &[]).len() > 10, "the other classes stay: {list}");
}

#[tokio::test]
async fn wrong_words_end_with_2_and_say_the_way_out() {
    let desk = Desk::new();
    for (arguments, says) in [
        (&["asset-proxy", "add", "comodity", "gold", "IAU"][..], "did you mean `commodity`?"),
        (&["asset-proxy", "list", "--asset-class", "equity"], "fixed_income, cash, commodity, crypto"),
        (&["asset-proxy", "add", "commodity", "gold", "not a ticker"], "`not a ticker` is not a ticker"),
        (&["asset-proxy", "add", "commodity", "gold", "IAU", "--priority", "-1"], "--priority"),
        (&["asset-proxy", "add", "commodity", " ", "IAU"], "1 to 100 characters"),
        (&["asset-proxy", "replace", "fixed_income", "UST10", "IEF", "GOVT"], "did you mean `UST10Y`?"),
        (&["asset-proxy", "replace", "fixed_income", "UST10Y", "TLT", "GOVT"], "TLT"),
        (&["asset-proxy", "deactivate", "crypto", "doge", "IBIT"], "crypto has no key `doge`"),
        (&["asset-proxy", "deactivate", "crypto", "btc_spot", "ETHA"], "ETHA"),
        (&["industry", "add", "Space", "UFO", "--asset-class", "moon"], "`moon` is not an asset class"),
        (&["user", "add", "--tier", "gold"], "public, registered, paid"),
        (&["user", "add", "--email", "ann"], "`ann` is not an address"),
        (&["user", "revoke", "77", "--force"], "there is no user 77"),
    ] {
        let told = desk.refused(arguments, 2).await;
        assert!(told.contains(says), "{arguments:?}: {told}");
    }
    assert_eq!(desk.asset_proxies().await["source"], "yaml", "nothing was written");
    assert!(desk.changes().await.is_empty());
}

#[tokio::test]
async fn every_change_is_written_down_with_who_and_why() {
    let desk = Desk::new();
    assert!(desk.done(&["reference", "changes"]).await.contains("no change"));
    desk.done(&["asset-proxy", "add", "commodity", "copper", "CPER", "--by", "Ann", "--why", "asked for"]).await;
    desk.done(&["asset-proxy", "deactivate", "commodity", "copper", "CPER", "--force"]).await;
    let changes = desk.changes().await;
    let (last, first) = (&changes[0], changes.iter().find(|change| change["who"] == "Ann").unwrap());
    assert!(first["what"].as_str().unwrap().contains("CPER"), "{first}");
    assert_eq!(first["why"], "asset-proxy add commodity copper CPER: asked for");
    assert_eq!(first["kind"], "asset_proxies");
    assert!(last["what"].as_str().unwrap().contains("CPER"), "the newest is first: {last}");
    assert_eq!(last["why"], "asset-proxy deactivate commodity copper CPER");
    let who = last["who"].as_str().unwrap();
    assert!(!who.is_empty() && who != "Ann", "the system's user: {who}");
    assert!(chrono::DateTime::parse_from_rfc3339(last["at"].as_str().unwrap()).is_ok());

    assert_eq!(desk.json(&["reference", "changes", "--limit", "1"]).await.as_array().unwrap().len(), 1);
    let table = desk.done(&["reference", "changes"]).await;
    assert!(table.contains("Ann") && table.contains("asked for"), "{table}");

    // What changes nothing is no change.
    let count = changes.len();
    desk.done(&["asset-proxy", "add", "commodity", "copper", "CPER", "--dry-run"]).await;
    assert_eq!(desk.changes().await.len(), count);
}

#[tokio::test]
async fn a_running_server_sees_a_change() {
    let desk = Desk::new();
    let settings = desk.settings();
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut server = Process::legacy(&settings).await;
    let asked = json!({"query": "UFO"});
    let found = server.call("list_factors", asked.clone()).await;
    assert_eq!(found["structuredContent"]["factors"], json!([]), "{found}");
    desk.done(&["industry", "add", "Space", "UFO"]).await;
    let seen = async {
        loop {
            let found = server.call("list_factors", asked.clone()).await;
            if found["structuredContent"]["factors"][0]["ticker"] == "UFO" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.expect("the change was never seen");
    server.close();
    assert_eq!(server.end().await.0, Some(0));
}

#[tokio::test]
async fn an_empty_class_is_said_and_a_missing_file_is_explained_once() {
    let desk = Desk::new();
    let first = desk.done(&["asset-proxy", "clear-class", "crypto", "--force"]).await;
    assert!(first.contains("2 removed"), "{first}");
    let second = desk.done(&["asset-proxy", "clear-class", "crypto", "--force"]).await;
    assert!(second.contains("there is no such row, so nothing changed"), "{second}");
    let missing = desk.refused(&["asset-proxy", "sync-from-yaml", "no-such-file.yaml"], 1).await;
    assert_eq!(missing.matches("no-such-file.yaml").count(), 1, "{missing}");
    assert_eq!(missing.to_lowercase().matches("no such file or directory").count(), 1, "{missing}");
}
