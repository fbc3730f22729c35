//! The transcript of the book's page on the tools, played again.

use serde_json::Value;

use crate::support::Process;

const PAGE: &str = include_str!("../../docs/src/tools.md");

/// True when everything that `part` says is said by `whole`.
fn holds(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, part)| whole.get(name).is_some_and(|whole| holds(whole, part)))
        }
        (whole, part) => whole == part,
    }
}

#[tokio::test]
async fn the_transcript_of_the_book_is_what_happens() {
    let folder = tempfile::tempdir().unwrap();
    let environment = [("FACTOR_DATA_DIR", folder.path().to_str().unwrap())];
    let mut process = Process::legacy(&environment).await;
    let mut answer = Value::Null;
    let (mut calls, mut starts) = (0, 1);
    for line in PAGE.lines() {
        if line.trim() == "the server is stopped and started again" {
            process.close();
            process.end().await;
            process = Process::legacy(&environment).await;
            starts += 1;
        } else if let Some(call) = line.strip_prefix("call  ") {
            let (tool, arguments) = call.split_once(' ').unwrap();
            answer = process.call(tool, serde_json::from_str(arguments).unwrap()).await["structuredContent"].clone();
            calls += 1;
        } else if let Some(got) = line.strip_prefix("got   ") {
            assert!(holds(&answer, &serde_json::from_str(got).unwrap()), "{line}\n{answer:#}");
        }
    }
    assert_eq!((calls, starts), (5, 2));
}
