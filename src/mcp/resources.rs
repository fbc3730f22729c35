//! Resources: the universe, the glossary, the tools' schemas, whole results, the app that draws answers, and what the user has saved.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use factor_types::GroupName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rmcp::{
    ErrorData,
    model::{CacheScope, ReadResourceResult, Resource, ResourceContents, ResourceTemplate},
};
use serde_json::{Map, json};

use super::{apps, catalog::Catalog, tools::ToolFn, work};
use crate::{
    app::{App, KeptItems},
    page,
    results::{self, KeptResult},
    rights::Rights,
    services::{Call, factors},
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
        /// A saved portfolio.
        Portfolio = "factor://portfolio/{name}",
        /// A factor group.
        Group = "factor://group/{name}",
    }
}

/// What the user has saved and can be read one by one: by which tool, and under which argument its name goes.
struct SavedKind {
    begins: &'static str,
    tool: &'static str,
    argument: &'static str,
    title: &'static str,
}

const PORTFOLIOS: SavedKind =
    SavedKind { begins: "factor://portfolio/", tool: "get_portfolio", argument: "portfolio_name", title: "Portfolio" };
const GROUPS: SavedKind =
    SavedKind { begins: "factor://group/", tool: "get_factor_group", argument: "group_name", title: "Factor group" };

/// What stands in an address as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.');

/// What may change of a resource that is at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Changing {
    /// Nothing, as long as the server runs.
    Never,
    /// The universe.
    Universe,
    /// A factor group, by the key of its name.
    Group(String),
    /// A portfolio, by the key of its name.
    Portfolio(String),
}

impl Changing {
    /// What is at an address; a saved thing need not be there yet.
    ///
    /// # Errors
    /// No resource has such an address.
    pub(super) fn at(uri: &str) -> Result<Self, ErrorData> {
        if let Some(fixed) = Fixed::ALL.into_iter().find(|fixed| fixed.as_str() == uri) {
            return Ok(if matches!(fixed, Fixed::Universe) { Self::Universe } else { Self::Never });
        }
        let named = |kind: &SavedKind| kind.named(uri).map(|name| name.key());
        let saved = named(&PORTFOLIOS).map(Self::Portfolio).or_else(|| named(&GROUPS).map(Self::Group));
        let is_other = uri.starts_with(SCHEMA) || uri.starts_with(results::URI_PREFIX);
        saved.or(is_other.then_some(Self::Never)).ok_or_else(|| not_found(uri, &there_are()))
    }
}

impl SavedKind {
    /// The name in an address of this kind.
    fn named(&self, uri: &str) -> Option<GroupName> {
        let name = percent_decode_str(uri.strip_prefix(self.begins)?).decode_utf8().ok()?;
        name.parse().ok()
    }

    /// The entries of the list.
    fn entries(&self, kept: &KeptItems, catalog: &Catalog, rights: Rights) -> Vec<Resource> {
        if catalog.get(self.tool).is_none() || rights.require(catalog.needs(self.tool)).is_err() {
            return Vec::new();
        }
        let entry = |(key, item): (&String, &crate::app::KeptItem)| {
            let uri = format!("{}{}", self.begins, utf8_percent_encode(key, PLAIN));
            let title = format!("{} {}", self.title, item.name);
            Resource::new(uri, item.name.clone()).with_title(title).with_mime_type(JSON)
        };
        // What is damaged cannot be read.
        kept.iter().filter(|(_, item)| item.updated_at.is_some()).map(entry).collect()
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

/// The same, and what the user has saved; where the store is away, those alone.
pub(super) async fn list_of(app: &App, catalog: &Catalog, call: &Call) -> Vec<Resource> {
    let mut all = list();
    if let Ok(kept) = app.kept_state(call.user).await {
        all.extend(PORTFOLIOS.entries(&kept.portfolios, catalog, call.rights));
        all.extend(GROUPS.entries(&kept.groups, catalog, call.rights));
    }
    all
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
            Self::Portfolio => ResourceTemplate::new(self.as_str(), "portfolio")
                .with_title("Portfolio")
                .with_description("A saved portfolio: holdings and their weights.")
                .with_mime_type(JSON),
            Self::Group => ResourceTemplate::new(self.as_str(), "group")
                .with_title("Factor group")
                .with_description("A factor group: members and weights.")
                .with_mime_type(JSON),
        }
    }
}

/// The contents of a resource for the one whose `call` it is; a whole result is read by the user it was computed for, and by nobody
/// else, and so is what a user has saved.
///
/// # Errors
/// When there is none at this address: -32002, which rmcp turns into -32602 for the newer protocol.
pub(super) async fn read(
    app: &Arc<App>,
    catalog: &Catalog,
    call: Call,
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
    for kind in [&PORTFOLIOS, &GROUPS] {
        if let (Some(name), Some((_, tool))) = (kind.named(uri), catalog.get(kind.tool)) {
            let text = saved(app, (kind, tool), &name, catalog, call, uri).await?;
            let contents = vec![ResourceContents::text(text, uri).with_mime_type(JSON)];
            return Ok(ReadResourceResult::new(contents).with_ttl_ms(0).with_cache_scope(CacheScope::Private));
        }
    }
    if uri.starts_with(results::URI_PREFIX) {
        let found = app.whole_result(call.user, uri).await;
        let found = found.map_err(|unwritten| ErrorData::internal_error(unwritten.to_string(), None))?;
        let Some(result) = found else {
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
    Err(not_found(uri, &there_are()))
}

/// What its tool says of something that is saved.
///
/// # Errors
/// The caller may not read it, nothing is saved so, or it cannot be read.
async fn saved(
    app: &Arc<App>,
    (kind, tool): (&SavedKind, ToolFn),
    name: &GroupName,
    catalog: &Catalog,
    call: Call,
    uri: &str,
) -> Result<String, ErrorData> {
    if let Err(refused) = call.rights.require(catalog.needs(kind.tool)) {
        return Err(ErrorData::invalid_request(refused.to_string(), None));
    }
    let arguments = Map::from_iter([(kind.argument.to_owned(), json!(name.to_string()))]);
    match work::done(app, kind.tool, tool, Call { arguments, ..call }).await {
        Ok(answer) => Ok(answer.structured.to_string()),
        Err(failure) => {
            let failed = failure.structured.value();
            let why = failed["error"]["message"].as_str().unwrap_or("it cannot be read").to_owned();
            match failed["error"]["code"].as_str() {
                Some("not_found") => Err(not_found(uri, &why)),
                _ => Err(ErrorData::internal_error(why, None)),
            }
        }
    }
}

fn there_are() -> String {
    let all: Vec<&str> = Fixed::NAMES.into_iter().chain(Template::NAMES).collect();
    format!("there are {}", all.join(", "))
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
    use factor_types::UserId;

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
        assert_eq!(Template::Portfolio.as_str().strip_prefix(PORTFOLIOS.begins), Some("{name}"));
        assert_eq!(Template::Group.as_str().strip_prefix(GROUPS.begins), Some("{name}"));
    }

    #[test]
    fn a_name_in_an_address_is_the_one_that_was_saved_however_it_is_written() {
        let at = |uri: &str| Changing::at(uri).ok();
        let core = Some(Changing::Portfolio("my_r&d_core".to_owned()));
        for uri in ["my_r%26d_core", "My%20R%26D%20Core", "My_R&D_Core"] {
            assert_eq!(at(&format!("factor://portfolio/{uri}")), core, "{uri}");
        }
        assert_eq!(at("factor://group/a"), Some(Changing::Group("a".to_owned())));
        assert_eq!(
            (at("factor://universe"), at("factor://glossary")),
            (Some(Changing::Universe), Some(Changing::Never))
        );
        for wrong in ["factor://portfolio/", "factor://portfolio/%FF", "factor://group/<b>", "factor://nothing", ""] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_that_is_shown_back_is_cut() {
        let error = not_found(&"x".repeat(500), "there are others");
        assert!(error.message.len() < 200, "{}", error.message);
    }

    /// What a user reads at an address.
    async fn read_by(app: &Arc<App>, user: UserId, uri: &str) -> Result<serde_json::Value, String> {
        let catalog = Catalog::new(TOOLS, &ToolFilter::default()).unwrap();
        let read = read(app, &catalog, Call { user, ..Call::default() }, uri).await;
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
