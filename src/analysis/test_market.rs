//! A hand-made market for the tests of this module: some tickers with prices, some that fail in their own way.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{Datelike, NaiveDate, Weekday};
use factor_analytics::{
    panel::{Clock, DefaultStart},
    report::ReturnsPlan,
};
use factor_prices::{
    Dividend, FundamentalsProvider, History, MarketCap, PriceError, PriceProvider, SecurityProfile, SourceInfo,
    YieldProvider,
};
use factor_store::MemoryEntries;
use factor_types::{
    Category, DateRange, Factor, FactorUniverse, Frequency, GroupName, PriceKind, PriceSeries, SourceTier, Ticker,
    YieldTable,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    AnalysisKind, AnalysisRequest, Analyzer, AssetClassFilter, Caller, DateRule, Limits, Plan, UserGroup, UserGroups,
    failure_runs::FailureRuns,
};
use crate::progress::Progress;

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(super) fn ticker(text: &str) -> Ticker {
    text.parse().unwrap()
}

/// What the market answers about a ticker, where that is not three years of prices.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// Prices from this day on only.
    Since(&'static str),
    /// Prices, and this to be said of them; `true` when a later call may get more.
    Caveat(&'static str, bool),
    Fails(PriceError),
    /// Nothing, ever.
    Silence,
}

#[derive(Debug, Default)]
pub(super) struct Market {
    pub(super) answers: HashMap<Ticker, Answer>,
    pub(super) revision: AtomicU64,
    /// The tickers asked for, in that order.
    pub(super) asked: Mutex<Vec<Ticker>>,
    pub(super) yields_fail: bool,
}

impl Market {
    pub(super) fn answering(answers: &[(&str, Answer)]) -> Self {
        let answers = answers.iter().map(|(name, answer)| (ticker(name), answer.clone())).collect();
        Self { answers, ..Self::default() }
    }

    /// An analyzer on this market that takes up to ten factors.
    pub(super) fn analyzer(self: &Arc<Self>) -> Analyzer {
        let failure_runs = Arc::new(FailureRuns::new(Arc::new(MemoryEntries::new()), "market"));
        let limits = Limits {
            max_factors: 10,
            min_observations: 24,
            compute_budget: Duration::from_secs(60),
            cache_ttl: Duration::from_secs(60),
        };
        Analyzer::new(self.clone(), self.clone(), self.clone(), failure_runs, limits)
    }
}

#[async_trait]
impl PriceProvider for Market {
    fn about(&self) -> SourceInfo {
        SourceInfo { name: "market", description: "hand-made".to_owned(), simulated: true, warnings: vec![] }
    }

    fn revision(&self) -> u64 {
        self.revision.load(Ordering::Relaxed)
    }

    async fn history(&self, ticker: &Ticker, _range: DateRange) -> Result<History, PriceError> {
        self.asked.lock().unwrap().push(ticker.clone());
        match self.answers.get(ticker) {
            None => Ok(prices(ticker, day("2020-12-01")).into()),
            Some(Answer::Since(start)) => Ok(prices(ticker, day(start)).into()),
            Some(Answer::Caveat(caveat, more)) => {
                let (series, caveat) = (prices(ticker, day("2020-12-01")), Some((*caveat).to_owned()));
                Ok(History { caveat, complete: !more, ..series.into() })
            }
            Some(Answer::Fails(error)) => Err(error.clone()),
            Some(Answer::Silence) => std::future::pending().await,
        }
    }
}

#[async_trait]
impl YieldProvider for Market {
    fn about_yields(&self) -> SourceInfo {
        self.about()
    }

    async fn yields(&self, _range: DateRange) -> Result<Arc<YieldTable>, PriceError> {
        if self.yields_fail { Err(PriceError::NoData("closed".to_owned())) } else { Ok(Arc::default()) }
    }
}

#[async_trait]
impl FundamentalsProvider for Market {
    async fn dividends(&self, _ticker: &Ticker, _range: DateRange) -> Result<Arc<[Dividend]>, PriceError> {
        Ok(Arc::default())
    }

    async fn market_caps(&self, _tickers: &[Ticker]) -> Result<Vec<MarketCap>, PriceError> {
        Ok(Vec::new())
    }

    async fn profile(&self, _ticker: &Ticker) -> Result<Arc<SecurityProfile>, PriceError> {
        Err(PriceError::NoData("no profiles".to_owned()))
    }
}

/// A price for every weekday up to the day before [`TODAY`], different for each ticker.
fn prices(ticker: &Ticker, start: NaiveDate) -> Arc<PriceSeries> {
    let mut state = ticker.as_str().bytes().fold(7_u64, |state, byte| state * 31 + u64::from(byte));
    let mut price = 100.0;
    let days = start.iter_days().take_while(|date| *date < day(TODAY));
    let weekdays = days.filter(|date| !matches!(date.weekday(), Weekday::Sat | Weekday::Sun));
    let rows = weekdays.map(|date| {
        // Knuth's multiplier of a linear congruential generator: repeatable, and no two tickers alike.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        price *= 1.0 + ((state >> 40) as f64 / (1_u64 << 24) as f64 - 0.5) / 50.0;
        (date, price)
    });
    Arc::new(PriceSeries::new(ticker.clone(), PriceKind::Adjusted, rows))
}

/// The clock's day in these tests.
pub(super) const TODAY: &str = "2024-01-10";

/// Styles, and `SPY` as a market.
pub(super) fn universe(styles: &[&str]) -> FactorUniverse {
    let style = |name: &&str| Factor::new(ticker(name), *name, Category::Style, SourceTier::Request);
    let market = Factor::new(Ticker::spy(), "S&P 500", Category::Market, SourceTier::Request);
    FactorUniverse::new(styles.iter().map(style).chain([market]))
}

/// A group of this name and these members, with their weights.
pub(super) fn group(name: &str, members: &[(&str, f64)]) -> UserGroup {
    let name = GroupName::read(name).unwrap();
    let factor = Factor::new(Ticker::of_group(&name), name.as_str(), Category::User, SourceTier::Database);
    let members = members.iter().map(|(name, weight)| (ticker(name), *weight)).collect();
    UserGroup { factor: Arc::new(factor), members: Ok(members) }
}

/// A request for one kind of analysis of everything there is, over two years.
pub(super) fn request(plan: Plan) -> AnalysisRequest {
    let kind = match plan {
        Plan::Correlations(_) => AnalysisKind::Correlations,
        Plan::Performance(_) => AnalysisKind::Performance,
        Plan::Returns(_) => AnalysisKind::Returns,
    };
    AnalysisRequest {
        kind,
        dates: DateRule { start: None, end: None, default_start: DefaultStart::MonthEndBefore(24) },
        frequency: Frequency::Monthly,
        categories: None,
        asset_classes: AssetClassFilter::default(),
        universe: None,
        groups: UserGroups::default(),
        benchmark: Ticker::spy(),
        also_priced: Vec::new(),
        rate_sources: Vec::new(),
        lead_months: plan.lead_months(),
        min_observations: None,
        plan,
    }
}

/// The cheapest plan there is.
pub(super) fn returns() -> Plan {
    Plan::Returns(ReturnsPlan {
        categories: [Category::Style].into(),
        windows: Vec::new(),
        rankings: false,
        by_category: false,
        industry_groups: None,
        yields: false,
        min_coverage: 0.6,
        benchmark: Ticker::spy(),
    })
}

/// Somebody who waits this long for prices.
pub(super) fn caller(cancel: &CancellationToken, patience: Duration) -> Caller<'_> {
    let until = Instant::now() + patience;
    let (clock, progress) = (Clock::evening_of(day(TODAY)), &Progress::Silent);
    Caller { clock, cancel, progress, fetch_until: until, compute_until: until + Duration::from_secs(60) }
}
