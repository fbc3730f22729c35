//! Between YAML and the database.

use std::fs;

use factor_store::{MappingKind, read_mapping};
use serde_json::json;

use super::{Desk, rows};

const KIND: MappingKind = MappingKind::AssetProxies;

/// Everything a row can say, and names that YAML could take for something else.
const AWKWARD: &str = r#"
asset_classes:
  fixed_income:
    canonical:
      UST10Y: {etf: IEF, inception: "2002-07", description: "7 to 10 years: \"Treasuries\", # not a comment"}
      "NO": GOVT
      "007": {etf: "1234", priority: 7}
    alternates:
      UST10Y: [{etf: SCHR, priority: 30}, {etf: VGIT, active: false}]
  crypto:
    alternates:
      "null": {etf: IBIT, description: "- Bitcoin, held by the trust's 'custodian'"}
      "a: b": ETHA
"#;
const FLAT: &str = "
asset_etf_proxies:
  fixed_income: {UST10Y: IEF, UST2Y: SHY}
  commodity: {gold: GLD}
_metadata: {exported_at: yesterday}
";
const INDUSTRIES: &str = "industry_to_etf: {Solar: TAN, Steel: {proxy: SLX, group: cyclical, subindustry: Ore}}";
const STYLES: &str = "style: {momentum: MTUM}\nmarket: {us_large: SPY}";

/// What an export says of the proxies, without when it was made.
fn proxies(exported: &str) -> &str {
    exported.split_once("_metadata:").unwrap().0
}

#[tokio::test]
async fn what_was_read_from_either_form_is_written_back_the_same() {
    for text in [AWKWARD, FLAT] {
        let desk = Desk::with(&[("asset_etf_proxies.yaml", text)]);
        let given = read_mapping(KIND, &desk.path("proxies/asset_etf_proxies.yaml")).unwrap();
        assert!(given.len() >= 3);
        let synced = desk.json(&["asset-proxy", "sync-from-yaml"]).await;
        assert_eq!(synced["added"], given.len(), "{synced}");
        let written = desk.done(&["asset-proxy", "export-yaml", "-"]).await;
        assert!(written.contains("asset_classes:"), "{written}");
        desk.done(&["asset-proxy", "export-yaml", "out.yaml"]).await;
        let kept = fs::read_to_string(desk.path("out.yaml")).unwrap();
        assert_eq!(proxies(&kept), proxies(&written));
        assert!(
            kept.contains(&format!("total_proxies: {}\n", given.len())) && kept.contains("exported_at: "),
            "{kept}"
        );
        let mut back = read_mapping(KIND, &desk.path("out.yaml")).unwrap();
        let mut given = given;
        // The rows of a class and standing stay in their order; the form groups them.
        for rows in [&mut given, &mut back] {
            rows.sort_by_key(|row| (row.category, !row.canonical));
        }
        assert_eq!(back, given, "{written}");

        // And a database made of what was written says the same again.
        let other = Desk::with(&[("asset_etf_proxies.yaml", &written)]);
        other.done(&["asset-proxy", "sync-from-yaml"]).await;
        assert_eq!(proxies(&other.done(&["asset-proxy", "export-yaml", "-"]).await), proxies(&written));
    }
}

#[tokio::test]
async fn a_sync_tells_what_it_does_and_removes_nothing() {
    let desk = Desk::with(&[("asset_etf_proxies.yaml", FLAT)]);
    desk.done(&["asset-proxy", "sync-from-yaml"]).await;
    let file = desk.file(
        "new.yaml",
        "asset_classes: {fixed_income: {canonical: {UST10Y: IEF, UST2Y: {etf: SHY, priority: 5}}}, crypto: {canonical: {btc: IBIT}}}",
    );
    let before = desk.asset_proxies().await;
    let dry = desk.json(&["asset-proxy", "sync-from-yaml", &file, "--dry-run"]).await;
    assert_eq!(dry["dry_run"], true);
    assert_eq!(desk.asset_proxies().await, before, "a dry run writes nothing");
    let told = desk.done(&["asset-proxy", "sync-from-yaml", &file, "--dry-run"]).await;
    let counts = "1 would be added, 1 would be updated, 1 unchanged";
    assert!(told.contains("nothing was written") && told.contains(counts), "{told}");

    let done = desk.json(&["asset-proxy", "sync-from-yaml", &file]).await;
    for counts in [&dry, &done] {
        let [added, updated, unchanged, removed] =
            ["added", "updated", "unchanged", "removed"].map(|fate| counts[fate].as_u64().unwrap());
        assert_eq!([added, updated, unchanged, removed], [1, 1, 1, 0], "{counts}");
    }
    let after = desk.asset_proxies().await;
    assert_eq!(rows(&after, "asset_proxies", &[("etf", "SHY")])[0]["priority"], 5);
    assert_eq!(rows(&after, "asset_proxies", &[("etf", "GLD")]).len(), 1, "what the file does not name stays");
    let again = desk.done(&["asset-proxy", "sync-from-yaml", &file]).await;
    assert!(again.contains("0 added, 0 updated, 3 unchanged"), "{again}");
}

/// A line `KEY: ETF` says nothing of the fund, so what was said of it stays.
#[tokio::test]
async fn a_bare_row_keeps_what_is_stored() {
    let full = "asset_etf_proxies: {fixed_income: {UST10Y: {etf: IEF, inception: \"2002-07\", priority: 4, description: ten}}}";
    let desk = Desk::with(&[("asset_etf_proxies.yaml", full)]);
    desk.done(&["asset-proxy", "sync-from-yaml"]).await;
    let before = desk.done(&["asset-proxy", "export-yaml", "-"]).await;
    assert!(["2002-07", "priority: 4", "ten"].iter().all(|said| before.contains(said)), "{before}");
    let bare = desk.file("bare.yaml", "asset_etf_proxies: {fixed_income: {UST10Y: IEF}}");
    let told = desk.done(&["asset-proxy", "sync-from-yaml", &bare]).await;
    assert!(told.contains("0 added, 0 updated, 1 unchanged"), "{told}");
    assert_eq!(proxies(&desk.done(&["asset-proxy", "export-yaml", "-"]).await), proxies(&before));
}

#[tokio::test]
async fn a_first_sync_of_a_file_hides_nothing_that_was_in_force() {
    let desk = Desk::new();
    let count = desk.asset_proxies().await["asset_proxies"].as_array().unwrap().len();
    let file = desk.file("one.yaml", "asset_etf_proxies: {commodity: {copper: CPER}}");
    let dry = desk.json(&["asset-proxy", "sync-from-yaml", &file, "--dry-run"]).await;
    assert_eq!((&dry["imported"], &dry["added"]), (&json!(count), &json!(1)));
    assert_eq!(desk.asset_proxies().await["source"], "yaml", "a dry run writes nothing");
    desk.done(&["asset-proxy", "sync-from-yaml", &file]).await;
    let list = desk.asset_proxies().await;
    assert_eq!((&list["source"], list["asset_proxies"].as_array().unwrap().len()), (&json!("database"), count + 1));
}

#[tokio::test]
async fn a_wrong_file_is_refused_with_its_place_and_changes_nothing() {
    let desk = Desk::new();
    for (text, place, says) in [
        ("asset_etf_proxies:\n  crypto: {btc: IBIT}\n  crypto: {eth: ETHA}\n", "3:3", "twice"),
        ("asset_etf_proxies:\n  crypto: {btc: not a ticker}\n", "2:17", "`not a ticker` is not a ticker"),
        ("asset_etf_proxies:\n  stocks: {us: SPY}\n", "2:3", "`stocks` is not an asset class here"),
        ("asset_proxies:\n  crypto: {btc: IBIT}\n", "1:1", "`asset_proxies` is not a key here"),
        (
            "asset_classes:\n  crypto: {canonical: {btc: {etf: IBIT, colour: red}}}\n",
            "2:",
            "`colour` is not a key here",
        ),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", "1:1", "is not a key here"),
    ] {
        let file = desk.file("wrong.yaml", text);
        let told = desk.refused(&["asset-proxy", "sync-from-yaml", &file], 1).await;
        assert!(told.contains(&format!("wrong.yaml:{place}")), "{text}: {told}");
        assert!(told.contains(says), "{text}: {told}");
    }
    assert!(desk.refused(&["asset-proxy", "sync-from-yaml", "nowhere.yaml"], 1).await.contains("nowhere.yaml"));
    assert_eq!(desk.asset_proxies().await["source"], "yaml");

    let folder = Desk::with(&[("industry_to_etf.yaml", INDUSTRIES), ("style_and_market.yaml", "style: {a: B, a: C}")]);
    let told = folder.refused(&["reference", "import"], 1).await;
    assert!(told.contains("style_and_market.yaml:1:") && told.contains("nothing was written"), "{told}");
    assert_eq!(folder.json(&["industry", "list"]).await["source"], "yaml", "the good file waits for the other");
}

#[tokio::test]
async fn all_files_are_imported_at_once() {
    let files =
        [("asset_etf_proxies.yaml", FLAT), ("industry_to_etf.yaml", INDUSTRIES), ("style_and_market.yaml", STYLES)];
    let desk = Desk::with(&files);
    let dry = desk.done(&["reference", "import", "--dry-run"]).await;
    assert!(dry.contains("dry run") && dry.contains("industries: 2 would be added"), "{dry}");
    assert_eq!(desk.json(&["industry", "list"]).await["source"], "yaml");
    let done = desk.json(&["reference", "import", "--why", "first"]).await;
    let added = |at: usize| done[at]["added"].as_u64().unwrap();
    assert_eq!([added(0), added(1), added(2)], [3, 2, 2], "{done}");
    for (arguments, name, count) in
        [(["asset-proxy", "list"], "asset_proxies", 3), (["industry", "list"], "industries", 2)]
    {
        let list = desk.json(&arguments).await;
        assert_eq!((&list["source"], list[name].as_array().unwrap().len()), (&json!("database"), count));
    }
    let again = desk.done(&["reference", "import"]).await;
    assert!(again.contains("style_and_market: 0 added, 0 updated, 2 unchanged"), "{again}");
    assert!(desk.changes().await.iter().all(|change| change["why"] == "reference import: first"));
}

/// A file of mappings that may not grow beyond what the database takes: as on a full disk, writing it ends in the middle.
#[cfg(unix)]
#[tokio::test]
async fn an_export_that_cannot_be_written_leaves_the_old_file_and_no_other() {
    let described = "words of a description ".repeat(7);
    let described = described.trim_end();
    let rows: String =
        (0..900).map(|at| format!("    KEY{at}: {{etf: E{at}, description: \"{described}\"}}\n")).collect();
    let desk = Desk::with(&[("asset_etf_proxies.yaml", &format!("asset_etf_proxies:\n  fixed_income:\n{rows}"))]);
    desk.done(&["asset-proxy", "export-yaml", "out.yaml"]).await;
    let before = fs::read(desk.path("out.yaml")).unwrap();
    assert!(before.len() > 120_000, "{}", before.len());
    let files = || {
        let names = fs::read_dir(desk.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let there = files();
    let program = env!("CARGO_BIN_EXE_factor-mcp");
    let limited = format!("trap '' XFSZ; ulimit -f 80; exec '{program}' asset-proxy export-yaml out.yaml --force");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &limited]).env_clear().env("HOME", desk.folder.path()).envs(desk.settings());
    let refused = shell.current_dir(desk.folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("cannot write out.yaml"), "{said}");
    assert_eq!((fs::read(desk.path("out.yaml")).unwrap() == before, files()), (true, there));
    desk.done(&["asset-proxy", "export-yaml", "out.yaml", "--force"]).await;
}
