//! Resources: the universe, the glossary, the tools' schemas, whole results, and the app that draws answers.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use factor_types::UserId;
use rmcp::{
    ErrorData,
    model::{CacheScope, ReadResourceResult, Resource, ResourceContents, ResourceTemplate},
};
use serde_json::json;

use super::{apps, catalog::Catalog};
use crate::{
    app::App,
    page,
    results::{self, KeptResult},
    services::factors,
};

factor_types::closed_set! {
    /// The resources with a fixed address.
    enum Fixed: "an address" {
        /// The terms of the analyses.
        Glossary = "factor://glossary",
        /// Every factor.
        Universe = "factor://universe",
        /// The app that draws answers, for hosts that show apps.
        Drawing = "ui://factor/app.html",
    }
}

factor_types::closed_set! {
    /// The resources whose address has a variable part.
    enum Template: "a template of addresses" {
        /// The whole of an answer that was cut.
        Result = "factor://result/{id}",
        /// The schemas of a tool.
        Schema = "factor://schema/{tool}",
    }
}

/// The template of the tools' schemas; completions go by it.
pub(super) const SCHEMA_TEMPLATE: &str = Template::Schema.as_str();
const SCHEMA: &str = "factor://schema/";

const JSON: &str = "application/json";
const MARKDOWN: &str = "text/markdown";
const GLOSSARY_TEXT: &str = include_str!("resources/glossary.md");
/// How long a client may keep what changes with the version or a restart only.
const LIFE_MS: u64 = 10 * 60 * 1000;

/// The resources with a fixed address.
pub fn list() -> Vec<Resource> {
    Fixed::ALL.into_iter().map(Fixed::resource).collect()
}

/// The resources whose address has a variable part.
pub fn templates() -> Vec<ResourceTemplate> {
    Template::ALL.into_iter().map(Template::resource).collect()
}

impl Fixed {
    fn resource(self) -> Resource {
        match self {
            Self::Glossary => Resource::new(self.as_str(), "glossary")
                .with_title("Glossary")
                .with_description("The terms of the analyses in plain words.")
                .with_mime_type(MARKDOWN)
                .with_size(GLOSSARY_TEXT.len() as u64),
            Self::Universe => Resource::new(self.as_str(), "universe")
                .with_title("Factor universe")
                .with_description("Every factor: ticker, label, aliases, category, asset class, sector group.")
                .with_mime_type(JSON),
            Self::Drawing => Resource::new(self.as_str(), "app")
                .with_title("Factor app")
                .with_description("Draws the answers of the analyses in hosts that show MCP Apps.")
                .with_mime_type(apps::MIME)
                .with_size(page::FILE.len() as u64),
        }
    }

    async fn text(self, app: &App) -> (String, &'static str) {
        match self {
            Self::Glossary => (GLOSSARY_TEXT.to_owned(), MARKDOWN),
            Self::Universe => (universe(app).await, JSON),
            Self::Drawing => (page::FILE.to_owned(), apps::MIME),
        }
    }
}

impl Template {
    fn resource(self) -> ResourceTemplate {
        match self {
            Self::Result => ResourceTemplate::new(self.as_str(), "result")
                .with_title("Whole result")
                .with_description("The whole of an answer that was cut; the answer links to it. Kept 30 minutes.")
                .with_mime_type(JSON),
            Self::Schema => ResourceTemplate::new(self.as_str(), "schema")
                .with_title("Tool schema")
                .with_description("The argument and answer schemas of one tool.")
                .with_mime_type(JSON),
        }
    }
}

/// The contents of a resource; a whole result is read by the user it was computed for, and by nobody else.
///
/// # Errors
/// When there is none at this address: -32002, which rmcp turns into -32602 for the newer protocol.
pub(super) async fn read(
    app: &App,
    catalog: &Catalog,
    user: UserId,
    uri: &str,
) -> Result<ReadResourceResult, ErrorData> {
    let shared = |text: String, mime| {
        let contents = ResourceContents::text(text, uri).with_mime_type(mime);
        Ok(ReadResourceResult::new(vec![contents]).with_ttl_ms(LIFE_MS).with_cache_scope(CacheScope::Public))
    };
    if let Some(fixed) = Fixed::ALL.into_iter().find(|fixed| fixed.as_str() == uri) {
        let (text, mime) = fixed.text(app).await;
        return shared(text, mime);
    }
    if let Some(schema) = uri.strip_prefix(SCHEMA).and_then(|tool| schema(catalog, tool)) {
        return shared(schema, JSON);
    }
    if uri.starts_with(results::URI_PREFIX) {
        let Some(result) = app.results.get(user, uri) else {
            return Err(not_found(uri, "results are kept 30 minutes: call the tool again"));
        };
        let mime = result.media().mime();
        let contents = match &result {
            KeptResult::Text(text, _) => ResourceContents::text(text.as_ref(), uri),
            KeptResult::Png(png) => ResourceContents::blob(STANDARD.encode(png), uri),
        };
        let contents = contents.with_mime_type(mime);
        // Not for a cache that several users share: it may hold their portfolio.
        return Ok(ReadResourceResult::new(vec![contents]).with_ttl_ms(LIFE_MS).with_cache_scope(CacheScope::Private));
    }
    let [glossary, universe, drawing] = Fixed::NAMES;
    let [result, schema] = Template::NAMES;
    Err(not_found(uri, &format!("there are {glossary}, {universe}, {drawing}, {schema} and {result}")))
}

fn not_found(uri: &str, hint: &str) -> ErrorData {
    let shown: String = uri.chars().take(120).collect();
    ErrorData::resource_not_found(format!("no resource at `{shown}`: {hint}"), Some(json!({ "uri": shown })))
}

async fn universe(app: &App) -> String {
    let snapshot = app.universe_watcher.current().await;
    let loaded = &snapshot.loaded;
    let factors = factors::rows(&loaded.universe);
    json!({ "universe_hash": loaded.hash, "count": factors.len(), "factors": factors }).to_string()
}

fn schema(catalog: &Catalog, name: &str) -> Option<String> {
    let (tool, _) = catalog.get(name)?;
    let schema = json!({
        "tool": tool.name,
        "description": tool.description,
        "input_schema": tool.input_schema,
        "output_schema": tool.output_schema,
    });
    Some(schema.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        mcp::{catalog::ToolFilter, tools::TOOLS},
        settings::Settings,
    };

    #[test]
    fn templates_stand_for_the_addresses_that_are_read() {
        assert_eq!(Template::Schema.as_str().strip_prefix(SCHEMA), Some("{tool}"));
        assert_eq!(Template::Result.as_str().strip_prefix(results::URI_PREFIX), Some("{id}"));
        assert_eq!(Fixed::Drawing.as_str(), apps::URI);
    }

    #[test]
    fn an_address_that_is_shown_back_is_cut() {
        let error = not_found(&"x".repeat(500), "there are others");
        assert!(error.message.len() < 200, "{}", error.message);
    }

    /// What a user reads at an address.
    async fn read_by(app: &App, user: UserId, uri: &str) -> Result<serde_json::Value, String> {
        let catalog = Catalog::new(TOOLS, &ToolFilter::default()).unwrap();
        let read = read(app, &catalog, user, uri).await;
        read.map(|read| serde_json::to_value(read).unwrap()).map_err(|error| error.message.into_owned())
    }

    #[tokio::test]
    async fn every_address_of_the_list_is_read() {
        let app = App::build(Settings::defaults().unwrap()).unwrap();
        for resource in list() {
            let found = read_by(&app, UserId::LOCAL, &resource.uri).await.unwrap();
            let contents = &found["contents"][0];
            assert_eq!(contents["mimeType"].as_str(), resource.mime_type.as_deref(), "{}", resource.uri);
            let text = contents["text"].as_str().unwrap();
            assert!(resource.size.is_none_or(|size| size as usize == text.len()), "{}", resource.uri);
            if contents["mimeType"] == JSON {
                let universe: serde_json::Value = serde_json::from_str(text).unwrap();
                let rows = universe["factors"].as_array().unwrap();
                assert_eq!(universe["count"], rows.len());
                assert!(rows.iter().any(|row| row["ticker"] == "SPY"));
            }
        }
    }

    #[tokio::test]
    async fn a_whole_result_is_read_by_its_user_alone() {
        let app = App::build(Settings::defaults().unwrap()).unwrap();
        let (ada, bob) = (UserId::new(2), UserId::new(3));
        let uri = app.results.put(ada, "{\"a\":1}".to_owned());
        let found = read_by(&app, ada, &uri).await.unwrap();
        assert_eq!((&found["contents"][0]["text"], &found["cacheScope"]), (&json!("{\"a\":1}"), &json!("private")));
        let refused = read_by(&app, bob, &uri).await.unwrap_err();
        assert!(refused.contains("results are kept 30 minutes: call the tool again"), "{refused}");
    }
}
