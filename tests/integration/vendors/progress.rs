//! Progress is told to who asks for it.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{World, returns};
use crate::support::{Process, modern};

async fn notes(server: &mut Process, params: Value) -> Vec<Value> {
    let id = server.ask("tools/call", params).await;
    let mut notes = Vec::new();
    loop {
        let message = server.message().await;
        if message["id"] == id {
            assert_eq!(message["result"]["structuredContent"]["status"], "success", "{message}");
            return notes;
        }
        assert_eq!(message["method"], "notifications/progress", "{message}");
        notes.push(message["params"].clone());
    }
}

fn check(notes: &[Value], token: &Value) {
    assert!(notes.len() >= 2, "{notes:?}");
    assert!(notes.iter().all(|note| note["progressToken"] == *token), "{notes:?}");
    let progress: Vec<f64> = notes.iter().map(|note| note["progress"].as_f64().unwrap()).collect();
    assert!(progress.is_sorted_by(|a, b| a < b), "not rising: {progress:?}");
    for note in notes {
        let total = note["total"].as_f64().unwrap();
        assert!(total >= 21.0 && note["progress"].as_f64().unwrap() <= total, "{note}");
        assert!(note["message"].as_str().unwrap().starts_with("fetching prices: "), "{note}");
    }
}

#[tokio::test]
async fn a_slow_fetch_tells_how_far_it_is_in_both_eras() {
    let arguments = || json!({"name": "get_factor_analysis", "arguments": returns()});
    let slow = async || {
        let world = World::small(19).await;
        world.fmp.change(|options| options.latency = Duration::from_millis(1_300));
        world
    };
    let older = async {
        let world = slow().await;
        let mut params = arguments();
        params["_meta"] = json!({"progressToken": "p-1"});
        check(&notes(&mut world.server().await, params).await, &json!("p-1"));
    };
    let newer = async {
        let world = slow().await;
        let mut params = modern(arguments());
        params["_meta"]["progressToken"] = json!(7);
        check(&notes(&mut Process::start(&[], &world.settings()), params).await, &json!(7));
    };
    let unasked = async {
        let world = slow().await;
        assert_eq!(notes(&mut world.server().await, arguments()).await, Vec::<Value>::new());
    };
    tokio::join!(older, newer, unasked);
}
