//! A market, its vendors, a data folder and a clock: everything a server process of one test meets.

use std::{collections::BTreeMap, path::PathBuf, process::Output, sync::Arc, time::Duration};

use chrono::NaiveDate;
use factor_stand_in::{Market, Options, StandIn, Vendor};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{PATIENCE, Process, app, command};

pub(super) const KEY: &str = "planted-KEY-4711";
/// The windows whose returns are checked.
const WINDOWS: [&str; 3] = ["1m", "3m", "1y"];

pub(super) struct World {
    pub(super) market: Arc<Market>,
    /// The factors of the universe; the first is the benchmark.
    pub(super) tickers: Vec<String>,
    pub(super) fmp: StandIn,
    pub(super) yahoo: StandIn,
    pub(super) treasury: StandIn,
    pub(super) fred: StandIn,
    pub(super) french: StandIn,
    folder: tempfile::TempDir,
    settings: Vec<(&'static str, String)>,
}

impl World {
    /// A universe of `SPY` and `others` invented funds. Their histories are short enough (under 1,000 rows) that every
    /// history is one request. Today is 2026-06-30, a month's last trading day.
    pub(super) async fn small(others: usize) -> Self {
        let names = (0..others).map(|at| format!("T{}", letters(at)));
        let tickers: Vec<String> = std::iter::once("SPY".to_owned()).chain(names).collect();
        let market = Market::simulated(&tickers, day("2023-01-02"), day("2026-07-31"));
        let mut world = Self::of(market, tickers).await;
        let proxies = world.folder.path().join("proxies");
        std::fs::create_dir(&proxies).unwrap();
        let mut files = [
            ("industry_to_etf.yaml", "industry_to_etf:\n".to_owned()),
            ("asset_etf_proxies.yaml", "asset_classes:\n  fixed_income:\n    canonical:\n".to_owned()),
            ("style_and_market.yaml", "market:\n  us: SPY\nstyle:\n".to_owned()),
        ];
        for (at, ticker) in world.tickers.iter().skip(1).enumerate() {
            let line = match at {
                0 => format!("  Steel: {ticker}\n"),
                1 => format!("      UST10Y: {ticker}\n"),
                _ => format!("  style_{at}: {ticker}\n"),
            };
            files[at.min(2)].1 += &line;
        }
        for (name, text) in files {
            std::fs::write(proxies.join(name), text).unwrap();
        }
        world.set("FACTOR_PROXIES_DIR", proxies.display());
        world
    }

    /// The universe built into the binary, over histories that reach further back than any fetch. Today is 2026-06-30.
    pub(super) async fn built_in() -> Self {
        let in_force = app(&[("FACTOR_PRICE_SOURCE", "sample")]).universe_watcher.current().await;
        let universe = &in_force.loaded.universe;
        let mut tickers: Vec<String> = universe.factors().iter().map(|factor| factor.ticker.to_string()).collect();
        let spy = tickers.iter().position(|ticker| ticker == "SPY").unwrap();
        tickers.swap(0, spy);
        let market = Market::simulated(&tickers, day("2015-01-02"), day("2026-07-31"));
        Self::of(market, tickers).await
    }

    async fn of(market: Market, tickers: Vec<String>) -> Self {
        let market = Arc::new(market);
        let start = async |vendor, key: Option<&str>| {
            let options = Options { key: key.map(str::to_owned), ..Options::default() };
            StandIn::start(vendor, Arc::clone(&market), options).await.unwrap()
        };
        let mut world = Self {
            fmp: start(Vendor::Fmp, Some(KEY)).await,
            yahoo: start(Vendor::Yahoo, None).await,
            treasury: start(Vendor::Treasury, None).await,
            fred: start(Vendor::Fred, None).await,
            french: start(Vendor::French, None).await,
            market,
            tickers,
            folder: tempfile::tempdir().unwrap(),
            settings: Vec::new(),
        };
        world.set("FACTOR_PRICE_SOURCE", "fmp");
        world.set("FMP_API_KEY", KEY);
        world.set("FMP_BASE_URL", world.fmp.url());
        world.set("YAHOO_BASE_URL", world.yahoo.url());
        world.set("TREASURY_BASE_URL", world.treasury.url());
        world.set("FRED_BASE_URL", world.fred.url());
        world.set("FRENCH_BASE_URL", world.french.url());
        world.set("FACTOR_DATA_DIR", world.data().display());
        world.go_to("2026-06-30");
        world
    }

    /// Changes a setting of the processes started from now on.
    pub(super) fn set(&mut self, name: &'static str, value: impl ToString) {
        self.settings.retain(|(known, _)| *known != name);
        self.settings.push((name, value.to_string()));
    }

    /// Time goes on: for the vendors at once, for the processes started from now on.
    pub(super) fn go_to(&mut self, today: &str) {
        for vendor in [&self.fmp, &self.yahoo, &self.treasury, &self.fred, &self.french] {
            vendor.set_today(day(today));
        }
        self.set("FACTOR_TODAY", today);
    }

    pub(super) fn settings(&self) -> Vec<(&'static str, &str)> {
        self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// The folder of what is kept; the first process makes it.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A process that has been greeted in the older protocol.
    pub(super) async fn server(&self) -> Process {
        Process::legacy(&self.settings()).await
    }

    /// Runs a command to its end.
    pub(super) async fn run(&self, arguments: &[&str]) -> Output {
        command(self.folder.path()).args(arguments).envs(self.settings()).output().await.unwrap()
    }

    /// The returns of all factors, by a process of its own.
    pub(super) async fn fresh(&self) -> Value {
        let mut server = self.server().await;
        let answer = server.returns().await;
        server.close();
        let (code, _, log) = server.end().await;
        assert_eq!(code, Some(0), "{log}");
        answer
    }

    /// Compares every return of these factors with what the market's adjusted closes of today give.
    pub(super) fn check<T: AsRef<str>>(&self, answer: &Value, tickers: impl IntoIterator<Item = T>) {
        self.check_against(answer, tickers, |ticker| self.fmp.expected_adj(ticker));
    }

    pub(super) fn check_against<T: AsRef<str>>(
        &self,
        answer: &Value,
        tickers: impl IntoIterator<Item = T>,
        prices: impl Fn(&str) -> Vec<(NaiveDate, f64)>,
    ) {
        let mut checked = 0;
        for ticker in tickers {
            let ticker = ticker.as_ref();
            let rows = prices(ticker);
            let price = |date: &Value| {
                let date = day(date.as_str().unwrap());
                rows[..rows.partition_point(|row| row.0 <= date)].last().map(|row| row.1)
            };
            for window in WINDOWS {
                let dates = &answer["analysis_metadata"]["windows"][window];
                let got = &answer["factors"][ticker]["windows"][window]["total_return"];
                let Some((before, last)) = price(&dates["start"]).zip(price(&dates["end"])) else {
                    assert!(got.is_null(), "{ticker} has no price at the start of {window}, yet {got}");
                    continue;
                };
                let want = last / before - 1.0;
                let got =
                    got.as_f64().unwrap_or_else(|| panic!("{ticker} {window}: {got}\n{}", answer["data_quality"]));
                // Answers have 6 significant digits.
                assert!((got - want).abs() <= 5.1e-6 * want.abs() + 1e-12, "{ticker} {window}: {got}, not {want}");
                checked += 1;
            }
        }
        assert!(checked > 0, "nothing was compared");
    }

    /// All factors but these.
    pub(super) fn all_but(&self, lost: &[&str]) -> Vec<&str> {
        self.tickers.iter().map(String::as_str).filter(|ticker| !lost.contains(ticker)).collect()
    }

    /// How many requests each factor cost.
    pub(super) fn counts(&self) -> BTreeMap<&str, usize> {
        self.tickers.iter().map(|ticker| (ticker.as_str(), self.fmp.count_for(ticker))).collect()
    }

    /// Asserts that every factor cost so many requests.
    #[track_caller]
    pub(super) fn each_cost(&self, requests: usize) {
        let counts = self.counts();
        assert!(counts.values().all(|count| *count == requests), "not {requests} each: {counts:?}");
    }
}

impl Process {
    /// The structured content of an analysis; an error is its own answer.
    pub(super) async fn analysis(&mut self, arguments: Value) -> Value {
        self.call("get_factor_analysis", arguments).await["structuredContent"].clone()
    }

    /// The returns of all factors.
    pub(super) async fn returns(&mut self) -> Value {
        let answer = self.analysis(returns()).await;
        assert_eq!(answer["status"], "success", "{answer}");
        answer
    }
}

/// The arguments for the returns of all factors, with all that is said about them.
pub(super) fn returns() -> Value {
    json!({
        "analysis_type": "returns",
        "windows": WINDOWS,
        "include": ["factors", "data_quality", "metadata"],
        "max_chars": 0,
    })
}

/// The reason and the detail of every factor left out.
pub(super) fn excluded(answer: &Value) -> BTreeMap<&str, (&str, &str)> {
    let list = answer["data_quality"]["excluded_factor_list"].as_array().unwrap_or_else(|| panic!("{answer}"));
    list.iter()
        .map(|one| ["ticker", "reason", "detail"].map(|key| one[key].as_str().unwrap()))
        .map(|[ticker, reason, detail]| (ticker, (reason, detail)))
        .collect()
}

pub(super) fn warnings(answer: &Value) -> Vec<&str> {
    crate::support::warnings_of(answer)
        .as_array()
        .into_iter()
        .flatten()
        .map(|warning| warning.as_str().unwrap())
        .collect()
}

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Waits until it is so.
pub(super) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "never came: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// `AA`, `AB`, ... `ZZ`.
fn letters(at: usize) -> String {
    let letter = |at: usize| char::from(b'A' + u8::try_from(at % 26).unwrap());
    format!("{}{}", letter(at / 26), letter(at))
}
