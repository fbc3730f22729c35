//! `get_server_status`.

use futures::future::FutureExt;
use serde_json::{Value, json};

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::{answer_schema, status};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "get_server_status",
    title: "Server status",
    description: "Whether universe and price source work, which source is used and why, caches and configuration: for when an analysis \
        fails or its data looks wrong.",
    toolset: Toolset::Admin,
    effect: Effect::Reads,
    open_world: true,
    input: || schemas::input(json!({}), &[]),
    output,
    full_answer: answer_schema::<status::ServerStatus>,
    call: |app, call| async move { status::answer(&app, &call).await }.boxed(),
};

fn output() -> Value {
    json!({
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
            "memory": {"type": "object", "description": "Peak memory in bytes, where the system reports it."},
            "configuration": {"type": "object", "description": "Each setting with its value and where it came from."},
            "warnings": {"type": "array", "items": {"type": "string"}},
            "error": {"type": "object", "description": "Only with status error: code, message, problems."}
        },
        "required": ["status"]
    })
}
