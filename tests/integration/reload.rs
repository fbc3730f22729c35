//! Mappings that change under a running server.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::{PATIENCE, Process};

const FILE: &str = "style_and_market.yaml";

fn shipped(folder: &Path) {
    let proxies = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("proxies");
    for file in fs::read_dir(proxies).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
}

async fn markets(process: &mut Process) -> (Vec<String>, Value) {
    let arguments = json!({"analysis_type": "returns", "categories": ["market"], "format": "full"});
    let answer = process.call("get_factor_analysis", arguments).await["structuredContent"].clone();
    let factors = answer["factors"].as_object().unwrap_or_else(|| panic!("{answer}"));
    (factors.keys().cloned().collect(), answer)
}

#[tokio::test]
async fn an_edited_mapping_changes_the_next_answer_and_a_half_written_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    shipped(folder.path());
    let proxies = folder.path().to_str().unwrap();
    let mut process = Process::legacy(&[("FACTOR_PROXIES_DIR", proxies)]).await;
    let (before, first) = markets(&mut process).await;
    assert!(before.contains(&"SPY".to_owned()) && before.len() > 2, "{before:?}");

    let path = folder.path().join(FILE);
    let whole = "style:\n  momentum: MTUM\nmarket:\n  us_large: SPY\n  developed_ex_us: EFA\n";
    fs::write(&path, &whole[..whole.find("MTUM").unwrap() - 2]).unwrap();
    let (half, answer) = markets(&mut process).await;
    assert_eq!(half, before);
    let problems = crate::support::warnings_of(&answer).to_string();
    assert!(problems.contains(FILE) && problems.contains("the last good YAML mapping"), "{problems}");

    fs::write(&path, whole).unwrap();
    let (after, second) = markets(&mut process).await;
    assert_eq!(after, ["SPY", "EFA"]);
    let of = |answer: &Value, name: &str| answer["analysis_metadata"][name].clone();
    assert_ne!(of(&first, "universe_hash"), of(&second, "universe_hash"));
    assert_eq!(first["factors"]["SPY"], second["factors"]["SPY"]);
}

#[cfg(unix)]
#[tokio::test]
async fn sighup_reads_everything_anew_and_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    shipped(folder.path());
    let proxies = folder.path().to_str().unwrap();
    let mut process = Process::legacy(&[("FACTOR_PROXIES_DIR", proxies), ("RUST_LOG", "info")]).await;
    markets(&mut process).await;
    fs::write(folder.path().join(FILE), "market: {us_large: SPY}\n").unwrap();
    process.signal("HUP");
    let began = Instant::now();
    loop {
        let (now, _) = markets(&mut process).await;
        if now == ["SPY"] {
            break;
        }
        assert!(began.elapsed() < PATIENCE);
        sleep(Duration::from_millis(20)).await;
    }
    process.close();
    let (code, _, log) = process.end().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("the factor universe was read again"), "{log}");
}
