//! Whole calls on the simulated sample, warm and cold. `cargo bench`.

#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use factor_mcp::{
    app::App,
    services::{Call, analysis},
    settings::Settings,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn app() -> Arc<App> {
    App::build(Settings::with(&[("FACTOR_PRICE_SOURCE", "sample"), ("FACTOR_TODAY", "2026-01-15")]).unwrap()).unwrap()
}

async fn call(app: &Arc<App>, arguments: &Value) -> usize {
    let call = Call { arguments: arguments.as_object().unwrap().clone(), ..Call::default() };
    analysis::answer(app, call).await.unwrap().text.len()
}

fn warm_calls(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let app = app();
    let mut group = criterion.benchmark_group("warm panel");
    for (name, arguments) in [
        ("correlations summary", json!({})),
        ("correlations full", json!({"format": "full"})),
        ("correlations full, no limit", json!({"format": "full", "max_chars": 0})),
        ("rate sensitivity alone", json!({"include": ["rate_sensitivity"]})),
        ("performance summary", json!({"analysis_type": "performance"})),
        ("performance full", json!({"analysis_type": "performance", "format": "full"})),
        ("returns summary", json!({"analysis_type": "returns"})),
        ("returns full", json!({"analysis_type": "returns", "format": "full"})),
        ("daily correlations summary", json!({"frequency": "daily"})),
    ] {
        group.bench_function(name, |bench| bench.to_async(&runtime).iter(|| call(&app, &arguments)));
    }
    group.finish();
}

fn cold_call(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    criterion.benchmark_group("cold").sample_size(10).bench_function("first returns summary", |bench| {
        bench.to_async(&runtime).iter(|| async { call(&app(), &json!({"analysis_type": "returns"})).await });
    });
}

criterion_group!(benches, warm_calls, cold_call);
criterion_main!(benches);
