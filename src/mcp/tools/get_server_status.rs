//! `get_server_status`.

use futures::future::FutureExt;
use serde_json::{Value, json};

use super::{Effect, ToolEntry, Toolset, schemas};
use crate::services::{answer_schema, status};

pub(super) const ENTRY: ToolEntry = ToolEntry {
    name: "get_server_status",
    title: "Server status",
    description: "Whether universe and price source work, from when to when prices and yields go, caches and configuration: for when an \
        analysis fails or its data looks wrong.",
    toolset: Toolset::Admin,
    effect: Effect::Reads,
    open_world: true,
    input: || schemas::input(json!({}), &[]),
    output,
    full_answer: answer_schema::<status::ServerStatus>,
    call: |app, call| async move { status::answer(&app, &call).await }.boxed(),
};

fn output() -> Value {
    schemas::output(&[
        ("health", "string"),
        ("today", "string"),
        ("parts", "object"),
        ("warnings", "array"),
        ("error", "object"),
    ])
}
