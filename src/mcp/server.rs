//! The MCP handler: one for both protocol eras and both transports.
//!
//! It is built once and cloned per connection (over HTTP even per request), so it is an `Arc` and nothing more.

use std::{net::IpAddr, sync::Arc};

use axum::http;
use factor_auth::Scopes;
use factor_traces::TraceParent;
use factor_types::UserId;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams, CompleteResult,
        ContentBlock, Extensions, GetPromptRequestParams, GetPromptResponse, Implementation, ListPromptsResult,
        ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
        ReadResourceRequestParams, ReadResourceResponse, Resource, ServerCapabilities, ServerConfig,
        SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams,
    },
    service::{RequestContext, SubscriptionContext},
};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::{
    apps,
    catalog::{Catalog, CatalogError, ToolFilter},
    pictures, progress, prompts,
    raw_content::RawContent,
    resources,
    subscriptions::Subscriptions,
    tools::{ToolEntry, ToolFn},
    transport::Arguments,
    work,
};
use crate::{
    answer::Rendered,
    app::{App, FromAddress},
    progress::Progress,
    results::ResultLink,
    rights::Rights,
    services::Call,
    tool_error::{ErrorCode, ToolError},
};

/// What a model hears about the server as a whole. At most 2,048 characters: clients cut what is longer.
pub const INSTRUCTIONS: &str = "\
Factor analysis over some 95 ETFs for industries, styles, markets, bonds, cash, commodities and crypto, and any other ticker.

Common questions, and the arguments of get_factor_analysis that answer them:
1. Energy against tech? {\"analysis_type\":\"returns\",\"tickers\":[\"XLE\",\"XLK\"],\"windows\":[\"3m\"]}
2. Worst year of long Treasuries, a crash? the same with \"windows\":[\"2010..2024\"], [\"2020-02-19/2020-03-23\"]
3. What led? {\"analysis_type\":\"returns\",\"categories\":[\"industry\"],\"windows\":[\"ytd\"]}
4. Where are yields? {\"analysis_type\":\"returns\",\"categories\":[\"rate\"],\"windows\":[\"1y\"]}
5. Sharpe and drawdown since 2018? {\"analysis_type\":\"performance\",\"tickers\":[\"SPY\"],\"start_date\":\"2017-12\"}
6. Do stocks and bonds move together, for sure? {\"tickers\":[\"SPY\",\"TLT\"]}: r, interval, p
7. If yields rise 100bp? {\"tickers\":[\"TLT\",\"VNQ\"]}: slopes with errors
With other tools:
8. What offsets my real estate? get_factor_recommendations {\"overexposed_factor\":\"VNQ\",\"holdings\":{\"VNQ\":0.4,\"SPY\":0.6}}
9. What am I exposed to? get_portfolio_exposures {\"holdings\":{\"SPY\":0.6,\"IEF\":0.4}}
10. Was it different in 2022? compare_factors {\"tickers\":[\"SPY\",\"TLT\"],\"periods\":[\"2015\",\"2022\"]}
11. Which factors is a fund made of, any alpha? analyze_factor_model {\"ticker\":\"XLK\"}
12. And in a crash? stress_test {\"holdings\":{\"SPY\":0.6,\"IEF\":0.4}}
13. Why is one missing? list_factors {\"query\":\"leisure\"}

create_factor_group saves a basket: the factor `USER:<name>` from then on. save_portfolio keeps holdings as CURRENT_PORTFOLIO.

Answers are summaries. `include: [section, ...]` gives exactly these in full (`more` names them), `format: \"report\"` a text for people. A \
cut answer says so (`truncated`) and links to the whole.

Read `warnings` and `data_quality` first. Prices marked as simulated are no market's. An error names every wrong argument; `try` in it is \
the corrected call, where one can be made.

factor://glossary, factor://universe, factor://schema/{tool}.";

/// How long clients may keep the lists: they change with the version only.
const LIST_LIFE_MS: u64 = 60 * 60 * 1000;

/// The MCP handler.
#[derive(Debug, Clone)]
pub struct Server {
    inner: Arc<Inner>,
    /// Of the client that is served: [`Server::for_client`] gives each its own.
    subscriptions: Arc<Subscriptions>,
}

#[derive(Debug)]
struct Inner {
    app: Arc<App>,
    catalog: Catalog,
    info: ServerConfig,
}

impl Server {
    /// The handler for these tools, those that `filter` hides left out.
    ///
    /// # Errors
    /// When a schema is not portable, a name comes twice or the filter names a tool that does not exist.
    pub fn new(app: Arc<App>, tools: &[ToolEntry], filter: &ToolFilter) -> Result<Self, CatalogError> {
        let catalog = Catalog::new(tools, filter)?;
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_resources_list_changed()
            .enable_prompts()
            .enable_completions()
            .enable_extensions_with(apps::extension())
            .build();
        let about = Implementation::new("factor-mcp", env!("CARGO_PKG_VERSION"))
            .with_title("Factor analysis")
            .with_description(env!("CARGO_PKG_DESCRIPTION"));
        let info = ServerConfig::new(capabilities).with_server_info(about).with_instructions(INSTRUCTIONS);
        Ok(Self { inner: Arc::new(Inner { app, catalog, info }), subscriptions: Arc::default() })
    }

    /// The handler for one more client.
    #[must_use]
    pub fn for_client(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), subscriptions: Arc::default() }
    }

    /// What a request may use.
    pub fn app(&self) -> &Arc<App> {
        &self.inner.app
    }

    /// The tools a client sees, by name.
    pub fn tools(&self) -> impl Iterator<Item = &Tool> {
        self.inner.catalog.tools()
    }

    /// What a call of this tool needs; of a name that is none, what everything needs.
    pub fn needs(&self, tool: &str) -> Scopes {
        self.inner.catalog.needs(tool)
    }

    /// The function behind a tool, where it is offered.
    pub fn tool(&self, name: &str) -> Option<ToolFn> {
        self.inner.catalog.get(name).map(|(_, tool)| tool)
    }

    /// Calls a tool for whichever adapter: its answer, or what its failure looks like.
    ///
    /// # Errors
    /// The failure, rendered.
    pub async fn done(&self, name: &str, tool: ToolFn, call: Call) -> Result<Rendered, Rendered> {
        work::done(&self.inner.app, name, tool, call).await
    }

    /// [`done`](Self::done), where an answer that its caller `has` already costs nothing of a quota.
    ///
    /// # Errors
    /// The failure, rendered.
    pub async fn done_unless(
        &self,
        (name, tool): (&str, ToolFn),
        call: Call,
        has: impl FnOnce(&Rendered) -> bool,
    ) -> Result<Rendered, Rendered> {
        work::done_unless(&self.inner.app, name, tool, call, has).await
    }

    /// Calls a tool: whatever happens in it is a result.
    pub async fn run(&self, name: &str, tool: ToolFn, call: Call) -> CallToolResult {
        let user = call.user;
        match self.done(name, tool, call).await {
            Ok(answer) => {
                let results = &self.inner.app.results;
                let answer = pictures::linked_where_long(answer, results, user);
                results.share(user, &answer.links).await;
                result(CallToolResult::success, answer)
            }
            Err(failure) => result(CallToolResult::error, failure),
        }
    }
}

/// Whose request it is: over HTTP the user whom the transport has found, else the local one.
fn caller(extensions: &Extensions) -> UserId {
    /// Owns nothing; only a request that came past the transport's door is this user's.
    const NOBODY: UserId = UserId::new(0);
    match extensions.get::<http::request::Parts>() {
        Some(parts) => parts.extensions.get().copied().unwrap_or(NOBODY),
        None => UserId::LOCAL,
    }
}

/// Where a caller without a key comes from, where that counts.
fn address(extensions: &Extensions) -> Option<IpAddr> {
    let FromAddress(address) = extensions.get::<http::request::Parts>()?.extensions.get()?;
    Some(*address)
}

/// The span of the caller's that a call is a part of.
fn trace(context: &RequestContext<RoleServer>) -> Option<TraceParent> {
    let header = || {
        let parts = context.extensions.get::<http::request::Parts>()?;
        parts.headers.get("traceparent")?.to_str().ok()
    };
    // Text that is none begins no trace of the caller's.
    context.meta.get_traceparent().or_else(header)?.parse().ok()
}

/// What they may do: over HTTP what the transport has found, else all.
fn rights(extensions: &Extensions) -> Rights {
    match extensions.get::<http::request::Parts>() {
        Some(parts) => parts.extensions.get().copied().unwrap_or(Rights::NONE),
        None => Rights::all(),
    }
}

/// A call of whoever asks for a resource.
fn read_call(context: &RequestContext<RoleServer>) -> Call {
    Call {
        user: caller(&context.extensions),
        address: address(&context.extensions),
        rights: rights(&context.extensions),
        cancel: context.ct.child_token(),
        trace: trace(context),
        ..Call::default()
    }
}

/// The arguments that the transport read before the message.
fn read_before(extensions: &Extensions) -> Option<Map<String, Value>> {
    extensions.get::<http::request::Parts>()?.extensions.get::<Arguments>()?.take()
}

/// A result as rmcp has it.
fn result(kind: fn(Vec<ContentBlock>) -> CallToolResult, answer: Rendered) -> CallToolResult {
    let mut content = vec![ContentBlock::text(answer.text)];
    content.extend(answer.picture.as_deref().map(pictures::block));
    content.extend(answer.links.into_iter().map(|link| ContentBlock::ResourceLink(resource(link))));
    let mut result = kind(content);
    result.structured_content = Some(RawContent::of(&answer.structured).into());
    result
}

/// A link to a whole result as MCP has it.
fn resource(link: ResultLink) -> Resource {
    let resource = Resource::new(link.uri, "result")
        .with_title(link.title)
        .with_description(link.description)
        .with_mime_type(link.media.mime());
    match link.bytes {
        Some(bytes) => resource.with_size(bytes),
        None => resource,
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        self.inner.info.clone()
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = self.tools().cloned().collect();
        Ok(ListToolsResult::with_all_items(tools).with_ttl_ms(LIST_LIFE_MS).with_cache_scope(CacheScope::Public))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.inner.catalog.get(name).map(|(tool, _)| tool.clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some((_, tool)) = self.inner.catalog.get(&request.name) else {
            return Err(ErrorData::invalid_params(self.inner.catalog.unknown(&request.name), None));
        };
        // The door has looked already; this is what holds should it ever be passed by.
        let rights = rights(&context.extensions);
        if let Err(refused) = rights.require(self.needs(&request.name)) {
            let message = format!("The token does not open `{}`", request.name);
            let error = ToolError::new(ErrorCode::Unauthorized, message, refused.to_string());
            return Ok(result(CallToolResult::error, Rendered::of(error.structured())).into());
        }
        let progress = context
            .meta
            .get_progress_token()
            .map(|token| Progress::client(Arc::new(progress::Client { peer: context.peer.clone(), token })));
        let trace = trace(&context);
        let cancel: CancellationToken = context.ct.child_token();
        let arguments = read_before(&context.extensions).or(request.arguments).unwrap_or_default();
        let (user, address) = (caller(&context.extensions), address(&context.extensions));
        let progress = progress.unwrap_or_default();
        let call = Call { arguments, user, address, rights, cancel, trace, progress, ..Call::default() };
        Ok(self.run(&request.name, tool, call).await.into())
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompts = prompts::list();
        Ok(ListPromptsResult::with_all_items(prompts).with_ttl_ms(LIST_LIFE_MS).with_cache_scope(CacheScope::Public))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(&request.name, &request.arguments.unwrap_or_default()).map(Into::into)
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let list = resources::list_of(&self.inner.app, &self.inner.catalog, &read_call(&context)).await;
        // What the user has saved is among them.
        Ok(ListResourcesResult::with_all_items(list).with_ttl_ms(0).with_cache_scope(CacheScope::Private))
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let list = resources::templates();
        let list = ListResourceTemplatesResult::with_all_items(list);
        Ok(list.with_ttl_ms(LIST_LIFE_MS).with_cache_scope(CacheScope::Public))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(&self.inner.app, &self.inner.catalog, read_call(&context), &request.uri).await.map(Into::into)
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(self.subscriptions.accept(requested))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let user = caller(&context.request_context().extensions);
        self.subscriptions.listen(&self.inner.app, user, context).await
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let user = caller(&context.extensions);
        self.subscriptions.add(&self.inner.app, user, request.uri, context.peer.clone()).await
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.subscriptions.remove(&request.uri);
        Ok(())
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        Ok(prompts::complete(&self.inner.app, &self.inner.catalog, &request).await)
    }
}

#[cfg(test)]
mod tests {
    use futures::future::{BoxFuture, FutureExt};
    use serde_json::{Value, json};

    use super::*;
    use crate::{mcp::tools::TOOLS, settings::Settings, tool_error::ToolError};

    type Answer = BoxFuture<'static, Result<Rendered, ToolError>>;

    fn server(filter: &ToolFilter) -> Server {
        let app = App::build(Settings::defaults().unwrap()).unwrap();
        Server::new(app, TOOLS, filter).unwrap()
    }

    /// The failure in a result, after what holds for every failed call.
    fn failure(result: &CallToolResult) -> Value {
        assert_eq!(result.is_error, Some(true));
        let text = &result.content[0].as_text().unwrap().text;
        let failed: Value = serde_json::from_str(text).unwrap();
        assert_eq!(failed["status"], "error");
        failed["error"].clone()
    }

    fn answers(_app: Arc<App>, call: Call) -> Answer {
        async move { Ok(Rendered::json(&json!({"status": "success", "limited": call.deadline.is_some()}))) }.boxed()
    }

    fn panics(_app: Arc<App>, _call: Call) -> Answer {
        async { panic!("the holdings of Ada") }.boxed()
    }

    fn waits_for_ever(_app: Arc<App>, _call: Call) -> Answer {
        std::future::pending().boxed()
    }

    #[tokio::test]
    async fn a_tool_that_panics_is_a_failed_call_that_keeps_its_secrets() {
        let server = server(&ToolFilter::default());
        let error = failure(&server.run("list_factors", panics, Call::default()).await);
        assert_eq!(error["code"], "internal");
        assert!(!error.to_string().contains("Ada"), "{error}");
    }

    #[tokio::test]
    async fn every_call_has_a_deadline_and_its_end_stops_what_it_began_elsewhere() {
        let server = server(&ToolFilter::default());
        let call = Call::default();
        let elsewhere = call.cancel.clone();
        let result = server.run("list_factors", answers, call).await;
        assert_eq!(result.is_error, Some(false));
        assert_eq!(result.content[0].as_text().unwrap().text, r#"{"status":"success","limited":true}"#);
        assert!(elsewhere.is_cancelled());
    }

    #[tokio::test]
    async fn a_call_that_the_client_gives_up_ends_at_once() {
        let server = server(&ToolFilter::default());
        let call = Call::default();
        call.cancel.cancel();
        let error = failure(&server.run("list_factors", waits_for_ever, call).await);
        assert_eq!(
            (&error["code"], &error["message"]),
            (&json!("timeout"), &json!("The call was cancelled. Call again: prices fetched so far are kept."))
        );
    }

    #[tokio::test]
    async fn failed_calls_are_counted_as_such_whatever_failed() {
        let server = server(&ToolFilter::default());
        server.run("get_factor_analysis", answers, Call::default()).await;
        server.run("get_factor_analysis", panics, Call::default()).await;
        server.run("list_factors", answers, Call::default()).await;
        let figures = server.app().counters.figures();
        assert_eq!((figures.calls, figures.errors, figures.analyses, figures.analysis_errors), (3, 1, 2, 1));
    }

    #[test]
    fn over_http_a_request_that_came_past_the_door_is_nobodys() {
        let parts = |user: Option<UserId>| {
            let (mut parts, ()) = http::Request::new(()).into_parts();
            if let Some(user) = user {
                parts.extensions.insert(user);
            }
            let mut extensions = Extensions::new();
            extensions.insert(parts);
            extensions
        };
        assert_eq!(caller(&Extensions::new()), UserId::LOCAL, "over standard input there is one user");
        assert_eq!(caller(&parts(Some(UserId::new(7)))), UserId::new(7));
        assert_eq!(caller(&parts(None)), UserId::new(0));
        assert_ne!(UserId::LOCAL, UserId::new(0));
        assert_eq!(rights(&Extensions::new()), Rights::all(), "who started the server may do all");
        assert_eq!(rights(&parts(Some(UserId::new(7)))), Rights::NONE, "what no door has said is not allowed");
    }

    #[test]
    fn the_instructions_name_tools_and_resources_that_there_are() {
        const VERBS: [&str; 5] = ["get_", "list_", "create_", "save_", "update_"];
        let words = INSTRUCTIONS.split(|c: char| !c.is_ascii_lowercase() && c != '_');
        let named: Vec<&str> = words.filter(|word| VERBS.iter().any(|verb| word.starts_with(verb))).collect();
        assert!(named.len() >= 6, "{named:?}");
        for name in named {
            assert!(TOOLS.iter().any(|tool| tool.name == name), "{name}");
        }
        let fixed: Vec<String> = resources::list().into_iter().map(|resource| resource.uri.to_string()).collect();
        assert_eq!(fixed, ["factor://glossary", "factor://universe", apps::URI]);
        // The app is its host's affair, not the model's.
        assert!(fixed[..2].iter().all(|uri| INSTRUCTIONS.contains(uri)));
    }
}
