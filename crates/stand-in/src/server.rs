//! One vendor's server: a socket, its options, its faults and what it has seen.

mod answer;
mod connection;
mod http;
mod log;
#[cfg(test)]
mod tests;

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::NaiveDate;
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};

pub use self::log::{KeyPlace, RecordedRequest};
use self::{answer::Plans, log::Log};
pub(crate) use self::{
    answer::VendorQuery,
    http::{HttpReply, Request},
};
use crate::{
    Vendor,
    fault::{ArmedFault, Fault, Target, Times},
    market::Market,
};

/// How a server behaves while nothing is wrong.
#[derive(Clone, Default)]
pub struct Options {
    /// The port; 0 takes a free one.
    pub port: u16,
    /// The pause before each answer.
    pub latency: Duration,
    /// Up to so much is added to the latency, differently for each request.
    pub jitter: Duration,
    /// FMP: the key that is asked for, as header `apikey` or query parameter; `None` asks for none.
    pub key: Option<String>,
    /// FMP: at most so many price rows an answer, the oldest are cut.
    pub rows_cap: Option<usize>,
    /// At most so many requests a while; over it 429.
    pub plan: Option<RateLimit>,
    /// FMP: the dividend-adjusted prices are not in the plan (402).
    pub adjusted_not_in_plan: bool,
    /// FMP: the plan has only so many years of prices; earlier ones are left out without a word.
    pub plan_years: Option<u32>,
    /// FMP: symbols that are not in the plan (402).
    pub symbols_not_in_plan: Vec<String>,
    /// Ends the connection after each answer.
    pub close_each: bool,
    /// Packs answers (gzip) for those who accept it.
    pub gzip: bool,
}

/// A vendor's request plan: a sliding window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests in the window.
    pub requests: usize,
    /// Its length.
    pub window: Duration,
    /// Whether the 429 says in `Retry-After` when a request will be taken again.
    pub retry_after: bool,
}

/// A stand-in vendor on 127.0.0.1. It stops, and drops its connections, when it is dropped.
#[derive(Debug)]
pub struct StandIn {
    shared: Arc<Shared>,
    addr: SocketAddr,
    accepting: JoinHandle<()>,
}

/// What the connections of a server share.
#[derive(Debug)]
struct Shared {
    vendor: Vendor,
    market: Arc<Market>,
    options: Mutex<Options>,
    today: Mutex<NaiveDate>,
    faults: Mutex<Vec<ArmedFault>>,
    plans: Mutex<Plans>,
    log: Log,
}

impl RateLimit {
    /// So many requests a minute, without `Retry-After`.
    #[must_use]
    pub fn per_minute(requests: usize) -> Self {
        Self { requests, window: Duration::from_secs(60), retry_after: false }
    }
}

impl fmt::Debug for Options {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("port", &self.port)
            .field("latency", &self.latency)
            .field("jitter", &self.jitter)
            .field("key", &self.key.as_ref().map(|_| "***"))
            .field("rows_cap", &self.rows_cap)
            .field("plan", &self.plan)
            .field("adjusted_not_in_plan", &self.adjusted_not_in_plan)
            .field("plan_years", &self.plan_years)
            .field("symbols_not_in_plan", &self.symbols_not_in_plan)
            .field("close_each", &self.close_each)
            .field("gzip", &self.gzip)
            .finish()
    }
}

impl StandIn {
    /// Starts a server. Its today is the market's last day.
    ///
    /// # Errors
    /// When the port cannot be had.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start(vendor: Vendor, market: Arc<Market>, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            vendor,
            today: Mutex::new(market.last_day()),
            market,
            options: Mutex::new(options),
            faults: Mutex::default(),
            plans: Mutex::default(),
            log: Log::default(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { shared, addr, accepting })
    }

    /// The base URL as the client's setting wants it, see [`Vendor::base_path`].
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{}", self.addr, self.shared.vendor.base_path())
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The vendor.
    #[must_use]
    pub fn vendor(&self) -> Vendor {
        self.shared.vendor
    }

    /// The market served.
    #[must_use]
    pub fn market(&self) -> &Arc<Market> {
        &self.shared.market
    }

    /// The server's today: nothing later is served.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        *locked(&self.shared.today)
    }

    /// Moves today, forwards or back.
    pub fn set_today(&self, today: NaiveDate) {
        *locked(&self.shared.today) = today;
    }

    /// The adjusted closes of a ticker up to today, ascending: what a client must have in the end.
    #[must_use]
    pub fn expected_adj(&self, ticker: &str) -> Vec<(NaiveDate, f64)> {
        self.shared.market.until(self.today()).expected_adj(ticker)
    }

    /// Restates a history: every adjusted close but the last 3 up to today is multiplied by `factor`, for all servers
    /// of this market.
    pub fn restate(&self, ticker: &str, factor: f64) {
        if let Some(&(before, _)) = self.expected_adj(ticker).iter().rev().nth(2) {
            self.shared.market.restate_before(ticker, before, factor);
        }
    }

    /// Changes the options while running (not the port).
    pub fn change(&self, change: impl FnOnce(&mut Options)) {
        change(&mut locked(&self.shared.options));
    }

    /// Arms a fault. The first armed that is for a request and not used up strikes.
    pub fn fail(&self, target: Target, times: Times, fault: Fault) {
        locked(&self.shared.faults).push(ArmedFault::new(target, times, fault));
    }

    /// Disarms all faults: the vendor is well again.
    pub fn heal(&self) {
        locked(&self.shared.faults).clear();
    }

    /// The requests seen, in the order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.log.seen()
    }

    /// How many requests were seen.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.log.seen().len()
    }

    /// How many requests were for a symbol.
    #[must_use]
    pub fn count_for(&self, symbol: &str) -> usize {
        self.shared.log.seen().iter().filter(|seen| seen.symbols.iter().any(|one| one == symbol)).count()
    }

    /// Forgets the requests seen, the abandoned ones and the most in flight; neither faults nor the plan's window.
    pub fn clear(&self) {
        self.shared.log.clear();
    }

    /// The most requests ever waiting for their answers at once.
    ///
    /// A request counts from its arrival to just before the last of its answer is sent, so that a client that waits for
    /// an answer before it asks again is never counted twice.
    #[must_use]
    pub fn max_in_flight(&self) -> usize {
        self.shared.log.max_in_flight()
    }

    /// Requests waiting for their answers now.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.shared.log.in_flight()
    }

    /// Connections open now, idle ones included.
    #[must_use]
    pub fn open_now(&self) -> usize {
        self.shared.log.open_now()
    }

    /// Connections accepted since the start.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.log.connections()
    }

    /// Requests whose client left before it had the whole answer.
    #[must_use]
    pub fn abandoned(&self) -> usize {
        self.shared.log.abandoned()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // The connections belong to this task and end with it.
        self.accepting.abort();
    }
}

/// The value, even if a thread panicked while holding the lock.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(connection::serve(stream, Arc::clone(&shared)));
        }
        while connections.try_join_next().is_some() {}
    }
}
