//! The commands beside serving, and how the program ends.

use std::process::Output;

use factor_mcp::settings::SETTINGS;

use crate::support::{TODAY, command};

async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    command(folder.path()).args(arguments).envs(environment.iter().copied()).output().await.unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn the_version_and_the_settings_are_shown() {
    let version = run(&["--version"], &[]).await;
    // A build for release has the commit behind it: ` (1dfc498 2026-11-30)`.
    let commit = text(&version.stdout).trim().strip_prefix(concat!("factor-mcp ", env!("CARGO_PKG_VERSION"))).unwrap();
    assert!(commit.is_empty() != commit.starts_with(" (") && commit.is_empty() == cfg!(debug_assertions), "{commit}");

    let config = run(&["config", "--price-source", "sample"], &[("FACTOR_CALL_DEADLINE", "20")]).await;
    let shown = text(&config.stdout);
    let line = |name: &str| shown.lines().find(|line| line.starts_with(name)).unwrap().split_whitespace().collect();
    let fields: Vec<Vec<&str>> = ["FACTOR_PRICE_SOURCE", "FACTOR_CALL_DEADLINE", "FACTOR_TODAY"].map(line).into();
    assert_eq!(fields[0][1..], ["sample", "flag"]);
    assert_eq!(fields[1][1..], ["20", "environment"]);
    assert_eq!(fields[2][1..], [TODAY, "environment"]);

    let json = run(&["config", "--format", "json"], &[]).await;
    let all: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(all.len(), SETTINGS.len());
}

#[tokio::test]
async fn wrong_usage_and_wrong_settings_end_with_2() {
    for arguments in [&["nonsense"][..], &["serve", "carrier-pigeon"], &["--today", "yesterday"]] {
        assert_eq!(run(arguments, &[]).await.status.code(), Some(2), "{arguments:?}");
    }
    let wrong = run(&[], &[("FACTOR_PRICE_SOURCE", "bloomberg"), ("FACTOR_INTELLIGENCE_MAX_FACTORS", "0")]).await;
    let told = text(&wrong.stderr);
    assert!(
        told.contains("FACTOR_PRICE_SOURCE is `bloomberg`") && told.contains("FACTOR_INTELLIGENCE_MAX_FACTORS is `0`")
    );
    assert!(wrong.stdout.is_empty());
}

#[tokio::test]
async fn what_cannot_be_served_ends_with_1() {
    let open = run(&["serve", "http", "--addr", "0.0.0.0:0"], &[]).await;
    assert_eq!(open.status.code(), Some(1));
    assert!(text(&open.stderr).contains("--insecure"));
    let unknown = run(&["serve", "--tools", "list_factor"], &[]).await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("did you mean `list_factors`?"));
}
