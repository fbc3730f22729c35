//! Runs all five stand-in vendors by hand, on neighbouring ports, until Ctrl-C.

use std::{error::Error, io, io::Write as _, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use chrono::NaiveDate;
use clap::Parser;
use factor_stand_in::{Market, Options, RateLimit, StandIn, Vendor};

/// Stand-in price vendors: FMP, Yahoo, Treasury, FRED and French's library on neighbouring ports.
#[derive(Parser)]
#[command(name = "factor-stand-in", max_term_width = 100)]
struct Args {
    /// Wide CSV (date, a column per ticker; .gz too) or a folder of them; simulated prices otherwise
    #[arg(long, value_name = "PATH")]
    prices: Option<PathBuf>,
    /// CSV of yields (date, UST3M, UST2Y, UST5Y, UST10Y, UST30Y)
    #[arg(long, value_name = "PATH")]
    yields: Option<PathBuf>,
    /// Tickers to simulate, where there is no file of prices
    #[arg(long, value_delimiter = ',', default_value = "SPY,TLT,IEF,GLD,QQQ,IWM,XLK,XLF,XLE,XLU")]
    tickers: Vec<String>,
    /// The first simulated day
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2010-01-01")]
    first: NaiveDate,
    /// The last simulated day
    #[arg(long, value_name = "YYYY-MM-DD", default_value_t = chrono::Utc::now().date_naive())]
    last: NaiveDate,
    /// The vendors' today: nothing later is served (default: the last day there is)
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<NaiveDate>,
    /// FMP's port; Yahoo, Treasury, FRED and the library have the four after it
    #[arg(long, default_value_t = 9000, value_parser = clap::value_parser!(u16).range(1..=65531))]
    port: u16,
    /// Pause before each answer
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency_ms: u64,
    /// Up to so much more, differently for each request
    #[arg(long, value_name = "MS", default_value_t = 0)]
    jitter_ms: u64,
    /// FMP: at most so many price rows an answer
    #[arg(long, value_name = "ROWS")]
    rows_cap: Option<usize>,
    /// At most so many requests a minute to each vendor; 429 over it
    #[arg(long, value_name = "REQUESTS")]
    per_minute: Option<usize>,
    /// FMP: the key to ask for
    #[arg(long)]
    key: Option<String>,
    /// FMP: dividend-adjusted prices are not in the plan
    #[arg(long)]
    adjusted_not_in_plan: bool,
    /// Pack answers for those who accept it
    #[arg(long)]
    gzip: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is no other place to report that standard error cannot be written to.
            let _ = writeln!(io::stderr().lock(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let market = Arc::new(market(&args)?);
    let mut servers = Vec::new();
    for (vendor, port) in Vendor::ALL.into_iter().zip(args.port..) {
        let server = StandIn::start(vendor, Arc::clone(&market), options(&args, port)).await;
        let server =
            server.map_err(|error| format!("cannot listen on port {port}: {error}; choose another with --port"))?;
        if let Some(today) = args.today {
            server.set_today(today);
        }
        print(&format!("{vendor}: {}", server.url()))?;
        servers.push(server);
    }
    print(&format!("{} tickers up to {}; Ctrl-C ends", market.tickers().len(), servers[0].today()))?;
    tokio::signal::ctrl_c().await?;
    for server in &servers {
        let (vendor, count) = (server.vendor(), server.count());
        let (most, left) = (server.max_in_flight(), server.abandoned());
        let limited = server.requests().iter().filter(|seen| seen.status == Some(429)).count();
        let line =
            format!("{vendor}: {count} requests, {limited} over the plan, at most {most} at once, {left} abandoned");
        print(&line)?;
    }
    Ok(())
}

fn market(args: &Args) -> Result<Market, Box<dyn Error>> {
    let market = match &args.prices {
        Some(path) => Market::from_wide_csv(path)?,
        None => Market::simulated(&args.tickers, args.first, args.last),
    };
    if let Some(path) = &args.yields {
        market.read(path)?;
    }
    Ok(market)
}

fn options(args: &Args, port: u16) -> Options {
    Options {
        port,
        latency: Duration::from_millis(args.latency_ms),
        jitter: Duration::from_millis(args.jitter_ms),
        key: args.key.clone(),
        rows_cap: args.rows_cap,
        plan: args.per_minute.map(RateLimit::per_minute),
        adjusted_not_in_plan: args.adjusted_not_in_plan,
        gzip: args.gzip,
        ..Options::default()
    }
}

#[expect(clippy::disallowed_methods, reason = "a program of its own: its standard output carries no protocol")]
fn print(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}
