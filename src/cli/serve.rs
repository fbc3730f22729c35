//! `factor-mcp serve`: the server, over standard input and output or over HTTP.

use std::{process::ExitCode, sync::Arc, time::Duration};

use clap::{Args, ValueEnum};

use crate::{
    app::{App, Hangups},
    http::{HttpOptions, HttpServer},
    mcp::{
        catalog::ToolFilter,
        server::Server,
        tools::{TOOLS, Toolset},
        transport::{stdio, stop_signal},
    },
    settings::Settings,
    telemetry,
};

/// How long the end of the process waits for what is left of traces.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// How to serve.
#[derive(Debug, Default, Args)]
pub struct ServeArgs {
    /// How clients reach the server
    #[arg(value_enum, default_value_t = Transport::Stdio)]
    transport: Transport,
    /// HTTP: address and port [env: FACTOR_HTTP_ADDR] [default: 127.0.0.1:8765]
    #[arg(long, value_name = "ADDR")]
    pub(super) addr: Option<String>,
    /// Offer only tools that change nothing
    #[arg(long)]
    read_only: bool,
    /// Offer only tools of these sets
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help = format!("Offer only tools of these sets: {}", Toolset::NAMES.join(", ")))]
    toolsets: Vec<String>,
    /// Offer only these tools
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    tools: Vec<String>,
    /// Do not offer these tools
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    exclude_tools: Vec<String>,
    /// HTTP: also answer to this host name, such as example.com or example.com:8080 (may be repeated)
    #[arg(long, value_name = "HOST")]
    allowed_host: Vec<String>,
    /// HTTP: also answer to web pages of this origin, such as `https://example.com:443` (may be repeated)
    #[arg(long, value_name = "ORIGIN")]
    allowed_origin: Vec<String>,
    /// HTTP: do not serve the older protocol at /sse
    #[arg(long)]
    no_sse: bool,
    /// HTTP: answer /metrics where everything else is, to everybody (FACTOR_METRICS_ADDR gives it an address of its own)
    #[arg(long)]
    metrics_public: bool,
    /// HTTP: ask nobody for a key although other machines can connect (a shared Postgres store and an issuer of tokens ask nevertheless)
    #[arg(long)]
    insecure: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Transport {
    #[default]
    Stdio,
    Http,
}

/// Serves until the client goes away or the process is asked to stop.
///
/// # Errors
/// When the server cannot be built or cannot listen.
pub async fn run(settings: Settings, args: ServeArgs, hangups: Option<Hangups>) -> anyhow::Result<ExitCode> {
    let log = telemetry::start(&settings.log);
    let filter = ToolFilter {
        read_only: args.read_only,
        toolsets: args.toolsets,
        only: args.tools,
        exclude: args.exclude_tools,
    };
    let (addr, metrics_addr) = (settings.http.addr, settings.http.metrics_addr);
    let trusted_proxies = settings.http.trusted_proxies.clone();
    let app = match args.transport {
        Transport::Stdio => App::build(settings)?,
        Transport::Http => App::build_shared(settings)?,
    };
    app.start(hangups.unwrap_or_else(Hangups::listen));
    let (store, tokens, tracer) = (Arc::clone(&app.sources.store), app.tokens.clone(), app.tracer.clone());
    let server = Server::new(app, TOOLS, &filter)?;
    match args.transport {
        Transport::Stdio => stdio::serve(server).await?,
        Transport::Http => {
            let options = HttpOptions {
                addr,
                allowed_hosts: args.allowed_host,
                allowed_origins: args.allowed_origin,
                sse: !args.no_sse,
                metrics_addr,
                metrics_public: args.metrics_public,
                insecure: args.insecure,
                trusted_proxies,
            };
            let stop = stop_signal()?;
            let http = HttpServer::bind(server, options).await?;
            let addr = http.addr()?;
            log.say(&format!("listening on http://{addr}/mcp"));
            log.say(&format!("REST at http://{addr}/api, described at http://{addr}/api/docs"));
            if let Some(metrics) = http.metrics_addr()? {
                log.say(&format!("metrics at http://{metrics}/metrics"));
            }
            if let Some(server) = tokens.as_ref().map(|tokens| tokens.settings()) {
                log.say(&format!("taking access tokens of {}", server.issuer()));
                log.say(&format!("metadata for clients at {}", server.metadata_url("/mcp")));
            }
            http.serve(stop).await;
        }
    }
    // What calls without an answer had fetched.
    store.flush().await;
    if let Some(tracer) = tracer {
        tracer.flush(LAST_SPANS).await;
    }
    Ok(ExitCode::SUCCESS)
}
