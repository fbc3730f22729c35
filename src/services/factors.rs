//! `list_factors`: the universe, searchable, page by page.

use factor_types::{Category, Factor};
use futures::future::FutureExt;
use rmcp::model::Tool;
use serde_json::{Value, json};

use crate::{
    answer::Rendered,
    app::App,
    arguments::{Args, Choices},
    mcp::tools::{ToolEntry, define, read_only},
    services::Call,
    tool_error::ToolError,
};

/// The tool.
pub const ENTRY: ToolEntry = ToolEntry { definition, call: |app, call| async move { list(&app, &call).await }.boxed() };

const NAMES: [&str; 3] = ["query", "categories", "cursor"];
const PAGE: usize = 100;

/// The categories of a loaded universe; `bond` reads as `fixed_income`.
const CATEGORIES: Choices = Choices {
    names: &["industry", "style", "market", "fixed_income", "cash", "commodity", "crypto", "user"],
    aliases: &[("bond", "fixed_income"), ("bonds", "fixed_income")],
};

fn definition() -> Tool {
    let input = json!({
        "type": "object",
        "properties": {
            "query": {
                "type": "string",
                "description": "Text to look for in tickers, labels, aliases and sector groups, whatever its case.",
                "examples": ["semiconductor", "XLF"]
            },
            "categories": {
                "type": "array",
                "items": {"type": "string", "enum": CATEGORIES.names},
                "description": "Only factors of these categories. Default: all.",
                "examples": [["style", "market"]]
            },
            "cursor": {"type": "string", "description": "next_cursor of the answer before, for the next 100 factors."}
        },
        "additionalProperties": false
    });
    let output = json!({
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": ["success", "error"]},
            "factors": {"type": "array", "items": {"type": "object"}},
            "count": {"type": "integer", "description": "Factors in this answer."},
            "total": {"type": "integer", "description": "Factors that match."},
            "counts_by_category": {
                "type": "object",
                "additionalProperties": {"type": "integer"},
                "description": "Factors that match, per category."
            },
            "next_cursor": {"type": ["string", "null"], "description": "For the next page; null on the last one."},
            "error": {"type": "object", "description": "Only with status error: code, message, problems."}
        },
        "required": ["status"]
    });
    define(
        "list_factors",
        "List factors",
        "Lists the factor ETFs that the analyses use: to find the ticker for an industry, style or maturity, or to see \
         what a category holds.",
        input,
        output,
    )
    .with_annotations(read_only("List factors", false))
}

async fn list(app: &App, call: &Call) -> Result<Rendered, ToolError> {
    let snapshot = app.universe_watcher.current().await;
    let loaded = &snapshot.loaded;
    let groups = app.groups_of(call.user, &loaded.universe).await;
    let args = Args::new(call.arguments.clone());
    let query = args.string("query").map(|text| text.to_lowercase()).filter(|text| !text.is_empty());
    let categories: Option<Vec<Category>> = args.choices("categories", CATEGORIES).filter(|names| !names.is_empty());
    let start = args.string("cursor").map_or(0, |cursor| {
        start_of(&cursor, &loaded.hash).unwrap_or_else(|| {
            let hint = "give next_cursor as it came, or leave cursor out for the first page".to_owned();
            args.refuse("cursor", "is not a cursor of this list", Some(hint));
            0
        })
    });
    args.finish(&NAMES)?;

    let all = loaded.universe.factors().iter().chain(groups.factors().map(AsRef::as_ref));
    let matching: Vec<&Factor> = all
        .filter(|factor| categories.as_ref().is_none_or(|wanted| wanted.contains(&factor.category)))
        .filter(|factor| {
            query.as_ref().is_none_or(|query| names(factor).any(|name| name.to_lowercase().contains(query)))
        })
        .collect();
    let mut counts = serde_json::Map::new();
    for category in Category::ALL {
        let count = matching.iter().filter(|factor| factor.category == category).count();
        if count > 0 {
            counts.insert(category.as_str().to_owned(), count.into());
        }
    }
    let page: Vec<Value> = matching.iter().skip(start).take(PAGE).map(|factor| row(factor)).collect();
    let end = start + page.len();
    Ok(Rendered::json(&json!({
        "status": "success",
        "count": page.len(),
        "total": matching.len(),
        "counts_by_category": counts,
        "factors": page,
        "next_cursor": (end < matching.len()).then(|| cursor_at(end, &loaded.hash)),
    })))
}

fn names(factor: &Factor) -> impl Iterator<Item = &str> {
    [factor.ticker.as_str(), &factor.label]
        .into_iter()
        .chain(factor.aliases.iter().map(String::as_str))
        .chain(factor.sector_group.as_deref())
        .chain(factor.proxy_key.as_deref())
        .chain(factor.description.as_deref())
}

/// One factor as it is listed.
pub fn row(factor: &Factor) -> Value {
    json!({
        "ticker": factor.ticker,
        "label": factor.label,
        "aliases": factor.aliases,
        "category": factor.category,
        "asset_class": factor.asset_class,
        "sector_group": factor.sector_group,
        "proxy_key": factor.proxy_key,
        "source": factor.source.as_str(),
    })
}

/// A cursor is a position in this universe: after a reload it would point elsewhere, so it is refused then.
fn cursor_at(position: usize, hash: &str) -> String {
    format!("{position:x}.{}", &hash.get(..12).unwrap_or(hash))
}

fn start_of(cursor: &str, hash: &str) -> Option<usize> {
    let (position, _) = cursor.split_once('.')?;
    let position = usize::from_str_radix(position, 16).ok()?;
    (cursor_at(position, hash) == cursor).then_some(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_for_the_same_universe_only() {
        for position in [0, 100, 5_000] {
            assert_eq!(start_of(&cursor_at(position, "0123456789abcdef"), "0123456789abcdef"), Some(position));
            assert_eq!(start_of(&cursor_at(position, "0123456789abcdef"), "fedcba9876543210"), None);
        }
        for wrong in ["", "100", ".", "zz.0123456789ab", "+64.0123456789ab", "064.0123456789ab"] {
            assert_eq!(start_of(wrong, "0123456789abcdef"), None, "{wrong}");
        }
    }
}
