//! `get_server_status`: is every part well, what was done so far, what is configured.

use std::{sync::Arc, time::Duration};

use chrono::SecondsFormat;
use factor_prices::{CachedMarketSource, PriceError, upstream::UpstreamStats};
use factor_store::{LoadedUniverse, StoreError};
use factor_types::{DateRange, FactorUniverse, Ticker, UserId};
use futures::future::FutureExt;
use rmcp::model::Tool;
use serde_json::{Value, json};

use crate::{
    analysis::CacheStats,
    answer::Rendered,
    app::{App, Part},
    arguments::Args,
    mcp::tools::{ToolEntry, define, read_only},
    services::Call,
    tool_error::ToolError,
};

/// The tool.
pub const ENTRY: ToolEntry = ToolEntry { definition, call: |app, call| async move { status(app, call).await }.boxed() };

/// A part that has not answered by then is not well.
const PROBE_TIME: Duration = Duration::from_secs(5);
/// From this share of failed calls on, a warning is due.
const MANY_ERRORS: f64 = 0.2;

fn definition() -> Tool {
    let input = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let output = json!({
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": ["success", "error"]},
            "health": {"type": "string", "description": "ok when every part is, else degraded."},
            "version": {"type": "string"},
            "uptime_seconds": {"type": "integer"},
            "today": {"type": "string", "description": "The date taken for today.", "format": "date"},
            "parts": {
                "type": "object",
                "description": "Per part (store, universe, prices, yields): status, what it is, when it last worked."
            },
            "caches": {"type": "object", "description": "Per cache: entries, bytes and life."},
            "vendors": {
                "type": "array",
                "description": "Per vendor: requests sent, retries, failures, whether it is paused."
            },
            "calls": {
                "type": "object",
                "description": "Calls, errors, error rate, analyses, mean and longest time in milliseconds."
            },
            "memory": {"type": "object", "description": "Peak memory in bytes, where the system tells it."},
            "configuration": {"type": "object", "description": "Each setting with its value and where it came from."},
            "warnings": {"type": "array", "items": {"type": "string"}},
            "error": {"type": "object", "description": "Only with status error: code, message, problems."}
        },
        "required": ["status"]
    });
    define(
        "get_server_status",
        "Server status",
        "Tells whether the factor universe and the price source work, which source is used and why, what was done so far, \
         and how the server is configured. Use it when an analysis fails or its data looks wrong.",
        input,
        output,
    )
    .with_annotations(read_only("Server status", true))
}

async fn status(app: Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    Args::new(call.arguments.clone()).finish(&[])?;
    let snapshot = app.universe_watcher.current().await;
    let loaded = &snapshot.loaded;
    let universe = reference(&app, loaded);
    let (store, prices, yields) =
        futures::join!(store(&app, call.user), prices(&app, &loaded.universe), yields(&app, &loaded.universe));
    let calls = app.counters.figures();
    let results = app.results.figures().await;

    let about = app.sources.prices.about();
    let mut warnings: Vec<String> = loaded.problems.iter().chain(&about.warnings).cloned().collect();
    if about.simulated {
        warnings.push("The prices are simulated: they are no market's prices.".to_owned());
    }
    if calls.calls >= 10 && calls.error_rate > MANY_ERRORS {
        warnings.push(format!("{} of {} calls ended in an error.", calls.errors, calls.calls));
    }
    if results.bytes * 10 > results.max_bytes * 9 {
        warnings.push("The store of whole results is nearly full: the least used ones leave early.".to_owned());
    }
    let well =
        [&store, &universe, &prices, &yields].iter().all(|part| part["status"] == "ok" || part["status"] == "none");
    let configuration: serde_json::Map<String, Value> = app
        .settings
        .effective()
        .iter()
        .map(|setting| (setting.name.to_owned(), json!({"value": setting.value, "from": setting.origin})))
        .collect();
    let (panels, reports) = app.analyzer.cache_stats();
    let life = app.settings.analysis.cache_ttl.as_secs();
    let cache = |stats: CacheStats| {
        let hit_rate = if stats.requests == 0 { 0.0 } else { stats.hits as f64 / stats.requests as f64 };
        json!({
            "entries": stats.entries,
            "bytes": stats.bytes,
            "life_seconds": life,
            "requests": stats.requests,
            "hits": stats.hits,
            "hit_rate": hit_rate,
        })
    };
    Ok(Rendered::json(&json!({
        "status": "success",
        "health": if well { "ok" } else { "degraded" },
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": app.started.elapsed().as_secs(),
        "today": app.today(),
        "parts": { "store": store, "universe": universe, "prices": prices, "yields": yields },
        "caches": {
            "panels": cache(panels),
            "reports": cache(reports),
            "answers": { "entries": app.answers.figures().0, "bytes": app.answers.figures().1 },
            "histories": app.sources.cached.as_ref().map(CachedMarketSource::stats),
            "disk": disk(&app),
            "results": results,
        },
        "vendors": app.sources.vendors().iter().map(vendor).collect::<Vec<_>>(),
        "calls": calls,
        "memory": { "peak_bytes": peak_memory() },
        "configuration": configuration,
        "warnings": warnings,
    })))
}

/// The store of what users and administrators write, and how much of it is the caller's.
async fn store(app: &App, user: UserId) -> Value {
    let counted = async {
        app.store.check().await?;
        Ok::<_, StoreError>((app.store.groups(user).await?.len(), app.store.portfolios(user).await?.len()))
    };
    let (status, detail, counts) = match tokio::time::timeout(PROBE_TIME, counted).await {
        Ok(Ok(counts)) => {
            app.counters.succeeded(Part::Store);
            ("ok", None, Some(counts))
        }
        // Nothing is broken where no place was given.
        Ok(Err(error @ StoreError::NotConfigured)) => ("none", Some(error.to_string()), None),
        Ok(Err(error)) => ("failed", Some(error.to_string()), None),
        Err(_) => ("failed", Some(format!("no answer within {} s", PROBE_TIME.as_secs())), None),
    };
    json!({
        "status": status,
        "kind": app.store.name(),
        "detail": detail,
        "factor_groups": counts.map(|(groups, _)| groups),
        "portfolios": counts.map(|(_, portfolios)| portfolios),
        "last_success": app.counters.last_success(Part::Store),
    })
}

fn reference(app: &App, loaded: &LoadedUniverse) -> Value {
    let tiers: serde_json::Map<String, Value> =
        loaded.tiers.iter().map(|(kind, tier)| (kind.as_str().to_owned(), tier.as_str().into())).collect();
    let well = loaded.problems.is_empty();
    if well {
        app.counters.succeeded(Part::Universe);
    }
    json!({
        "status": if well { "ok" } else { "degraded" },
        "factors": loaded.universe.len(),
        "tiers": tiers,
        "universe_hash": loaded.hash,
        "last_success": app.counters.last_success(Part::Universe),
    })
}

/// What is kept between runs.
fn disk(app: &App) -> Value {
    let health = app.sources.store.health();
    json!({
        "place": health.place,
        "damaged_entries": health.damaged,
        "problem": health.problem,
        "notes": health.notes,
    })
}

fn vendor(stats: &UpstreamStats) -> Value {
    json!({
        "vendor": stats.vendor,
        "requests": stats.sent,
        "retries": stats.retries,
        "failures": stats.failures,
        "limit_answers": stats.limited,
        "in_flight": stats.in_flight,
        "breaker": stats.breaker.as_str(),
        "paused_seconds": stats.paused_for.map(|left| left.as_secs()),
        "last_success": stats.last_success.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
    })
}

/// The last month of the most usual ticker that the universe has.
fn probe(app: &App, factors: &FactorUniverse) -> Option<(Ticker, DateRange)> {
    let ticker = "SPY".parse().ok().filter(|spy| factors.get(spy).is_some());
    let ticker = ticker.or_else(|| factors.factors().first().map(|factor| factor.ticker.clone()))?;
    let today = app.today();
    let month = DateRange::new(today.checked_sub_days(chrono::Days::new(31))?, today).ok()?;
    Some((ticker, month))
}

async fn prices(app: &App, universe: &FactorUniverse) -> Value {
    let about = app.sources.prices.about();
    let probed = match probe(app, universe) {
        None => ("none", "the universe is empty".to_owned()),
        Some((ticker, month)) => match tokio::time::timeout(PROBE_TIME, app.sources.prices.history(&ticker, month))
            .await
        {
            Ok(Ok(series)) => {
                app.counters.succeeded(Part::Prices);
                let last =
                    series.series.dates().last().map_or_else(|| "no prices".to_owned(), |date| format!("up to {date}"));
                ("ok", format!("{ticker}: {last}"))
            }
            // The source works; it only does not have this one.
            Ok(Err(PriceError::NoData(why))) => {
                app.counters.succeeded(Part::Prices);
                ("ok", why)
            }
            Ok(Err(PriceError::Failed { why, .. })) => ("failed", why),
            Err(_) => ("failed", format!("no answer within {} s", PROBE_TIME.as_secs())),
        },
    };
    json!({
        "status": probed.0,
        "source": app.sources.choice.name,
        "why": app.sources.choice.why,
        "description": about.description,
        "simulated": about.simulated,
        "probe": probed.1,
        "last_success": app.counters.last_success(Part::Prices),
    })
}

async fn yields(app: &App, universe: &FactorUniverse) -> Value {
    let Some((_, month)) = probe(app, universe) else { return json!({"status": "none"}) };
    let probed = match tokio::time::timeout(PROBE_TIME, app.sources.yields.yields(month)).await {
        Ok(Ok(table)) if table.is_empty() => ("none", "the source has no yields".to_owned()),
        Ok(Ok(table)) => {
            app.counters.succeeded(Part::Yields);
            ("ok", table.maturities().map(|maturity| maturity.as_str()).collect::<Vec<_>>().join(", "))
        }
        Ok(Err(PriceError::NoData(why))) => ("none", why),
        Ok(Err(PriceError::Failed { why, .. })) => ("failed", why),
        Err(_) => ("failed", format!("no answer within {} s", PROBE_TIME.as_secs())),
    };
    json!({
        "status": probed.0,
        "source": app.sources.yield_choice.name,
        "why": app.sources.yield_choice.why,
        "probe": probed.1,
        "last_success": app.counters.last_success(Part::Yields),
    })
}

/// The most memory the process ever held, where `/proc` tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}
