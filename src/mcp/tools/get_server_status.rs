//! `get_server_status`.

use futures::future::FutureExt;
use serde_json::json;

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
    output: || {
        schemas::output(&[("health", "string"), ("version", "string"), ("parts", "object"), ("warnings", "array")])
    },
    full_answer: answer_schema::<status::ServerStatus>,
    call: |app, call| async move { status::answer(&app, &call).await }.boxed(),
};
