use std::time::Duration;

use factor_analytics::{
    Observer,
    correlation::Method,
    fundamentals::MarketCaps,
    observer::Silent,
    regime::Regime,
    report::{CorrelationPlan, CorrelationReport, Granularity, MatrixKey, PerformancePlan, ReturnsPlan, SortBy},
    sections::windows::ReturnWindow,
};
use factor_prices::{PriceError, SourceFault};
use factor_types::{AssetClass, UserId};

use super::{
    stopwatch::Stopwatch,
    test_market::{Answer, Market, caller, day, request, returns, ticker, universe},
    *,
};

const PATIENT: Duration = Duration::from_secs(20);

fn correlations(regime: Option<Regime>) -> Plan {
    Plan::Correlations(CorrelationPlan {
        matrices: vec![MatrixKey::Category(Category::Style)],
        granularity: Granularity::Group,
        rate_sensitivity: None,
        market_sensitivity: None,
        macro_composite: None,
        macro_etf: None,
        method: Method::Pearson,
        statistics: None,
        spectra: false,
        insights: None,
        regime,
        clustered: false,
        rolling: None,
        benchmark: Ticker::spy(),
        min_coverage: 0.6,
    })
}

fn performance(weights: Weighting, composites: bool) -> Plan {
    Plan::Performance(PerformancePlan {
        per_factor: Some([Category::Style].into()),
        macro_composites: None,
        category_composites: composites,
        granularity: Granularity::Group,
        weights,
        max_per_composite: None,
        benchmark: Ticker::spy(),
        sort_by: SortBy::default(),
        min_coverage: 0.6,
    })
}

async fn analyze(market: Market, request: &AnalysisRequest) -> Result<Analysis, AnalysisError> {
    let cancel = CancellationToken::new();
    let analyzer = Arc::new(market).analyzer();
    analyzer.analyze(request, &universe(&["MTUM", "VLUE"]), &caller(&cancel, PATIENT)).await
}

async fn refused(market: Market, request: &AnalysisRequest) -> String {
    analyze(market, request).await.unwrap_err().to_string()
}

#[tokio::test]
async fn what_the_filters_leave_is_analysed() {
    let analysis = analyze(Market::default(), &request(returns())).await.unwrap();
    assert_eq!(analysis.requested, [ticker("MTUM"), ticker("VLUE"), ticker("SPY")]);
    let styles = AnalysisRequest { categories: Some([Category::Style].into()), ..request(returns()) };
    let analysis = analyze(Market::default(), &styles).await.unwrap();
    assert_eq!(analysis.requested, [ticker("MTUM"), ticker("VLUE")]);
    assert_eq!(analysis.study.factors.len(), 3, "the others are there to be compared with");
}

#[tokio::test]
async fn filters_that_leave_nothing_say_which() {
    let asset_classes = AssetClassFilter { include: vec![AssetClass::Crypto], exclude: vec![] };
    let none = refused(Market::default(), &AnalysisRequest { asset_classes, ..request(returns()) }).await;
    assert_eq!(none, "no factor is left after the filters: asset_class_filters includes only crypto");
    let of = |category| AnalysisRequest { categories: Some([category].into()), ..request(returns()) };
    let none = refused(Market::default(), &of(Category::Cash)).await;
    assert_eq!(none, "no factor is left after the filters: the universe has none of category cash");
    let none = refused(Market::default(), &of(Category::User)).await;
    assert!(none.ends_with("you have no factor group; create_factor_group makes one"), "{none}");
    // Nobody is told that they have none where nobody knows.
    let groups = UserGroups::unreadable(UserId::LOCAL, "away".to_owned());
    let unread = refused(Market::default(), &AnalysisRequest { groups, ..of(Category::User) }).await;
    assert!(unread.ends_with("your factor groups cannot be read just now (away): call again"), "{unread}");
}

#[tokio::test]
async fn more_factors_than_the_limit_are_refused_before_anything_is_fetched() {
    let market = Arc::new(Market::default());
    let names: Vec<String> = (0..10).map(|n| format!("F{n}")).collect();
    let universe = universe(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let cancel = CancellationToken::new();
    let result = market.analyzer().analyze(&request(returns()), &universe, &caller(&cancel, PATIENT)).await;
    assert!(matches!(result, Err(AnalysisError::TooManyFactors { count: 11, limit: 10 })));
    assert!(market.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn only_returns_take_a_window_under_a_year() {
    let short = |plan| {
        let mut request = request(plan);
        (request.dates.start, request.dates.end) = (Some(day("2023-01-01")), Some(day("2023-12-31")));
        request
    };
    let message = refused(Market::default(), &short(correlations(None))).await;
    assert_eq!(
        message,
        "correlations needs at least 365 days between start and end; 2023-01-01 to 2023-12-31 are 364; prices of SPY run from 2020-12-01 to 2024-01-09"
    );
    assert!(analyze(Market::default(), &short(returns())).await.is_ok());
    let mut year = short(correlations(None));
    year.dates.start = Some(day("2022-12-31"));
    assert!(analyze(Market::default(), &year).await.is_ok());
}

#[tokio::test]
async fn a_panel_without_one_factor_of_the_selection_gives_their_reasons() {
    // Prices enough for a window, too few for the floor.
    let market = Market::answering(&[("MTUM", Answer::Since("2023-11-01")), ("VLUE", Answer::Since("2023-10-02"))]);
    let styles = AnalysisRequest { categories: Some([Category::Style].into()), ..request(correlations(None)) };
    let refused = analyze(market, &styles).await.unwrap_err();
    let (AnalysisError::NothingAnalysed { lost, fault }, Some(prices)) = refused.apart() else {
        panic!("something was analysed")
    };
    assert_eq!(prices.to_string(), "prices of MTUM run from 2023-11-01 to 2024-01-09");
    let lost: Vec<&str> = lost.iter().map(|one| one.ticker.as_str()).collect();
    assert_eq!((lost, fault), (vec!["MTUM", "VLUE"], &None));
}

#[tokio::test]
async fn the_floor_is_the_calls_else_the_settings_else_the_rows_there_are() {
    let market = Arc::new(Market::default());
    let analyzer = market.analyzer();
    let panel = |months: u32| {
        let (cancel, analyzer) = (CancellationToken::new(), &analyzer);
        async move {
            let mut request = request(returns());
            request.dates.default_start = factor_analytics::panel::DefaultStart::MonthEndBefore(months);
            let caller = caller(&cancel, PATIENT);
            Arc::clone(&analyzer.analyze(&request, &universe(&["MTUM"]), &caller).await.unwrap().prepared.panel)
        }
    };
    let (long, short) = (panel(30).await, panel(18).await);
    let with = |plan, min_observations| AnalysisRequest { min_observations, ..request(plan) };
    assert_eq!(analyzer.floor(&with(returns(), Some(30)), &long), 1);
    assert_eq!(analyzer.floor(&with(correlations(None), Some(30)), &long), 30);
    assert_eq!(analyzer.floor(&with(correlations(None), None), &long), 24);
    assert_eq!(analyzer.floor(&with(correlations(None), None), &short), short.rows());
    assert_eq!(short.rows(), 18);
}

#[test]
fn weights_by_cap_need_one_cap_where_there_is_a_composite() {
    let caps = |unavailable: Option<&str>| {
        let (without, unavailable) = (vec![ticker("MTUM")], unavailable.map(str::to_owned));
        Fundamentals { caps: MarketCaps { without, unavailable, ..MarketCaps::default() }, ..Fundamentals::default() }
    };
    let refused = |plan, known| check_caps(&plan, &known).map_err(|error| error.to_string());
    let rule =
        |why: &str| Err(format!("composite_weighting_method cap: no market cap is known for any member ({why})"));
    assert_eq!(refused(performance(Weighting::Cap, true), caps(Some("no plan"))), rule("no plan"));
    assert_eq!(refused(performance(Weighting::Cap, true), caps(None)), rule("1 were asked for"));
    assert_eq!(refused(performance(Weighting::Cap, false), caps(None)), Ok(()));
    assert_eq!(refused(performance(Weighting::Equal, true), caps(None)), Ok(()));
    let mut known = caps(None);
    known.caps.dollars.insert(ticker("VLUE"), 1e9);
    assert_eq!(refused(performance(Weighting::Cap, true), known), Ok(()));
}

#[tokio::test]
async fn a_regime_without_its_prices_says_why_they_are_missing() {
    let closed = Answer::Fails(PriceError::NoData("the exchange is closed".to_owned()));
    let drawdown = request(correlations(Some(Regime::EquityDrawdown)));
    let message = refused(Market::answering(&[("SPY", closed.clone())]), &drawdown).await;
    assert_eq!(
        message,
        "regime equity_drawdown is defined by SPY, which has no value in the window: the exchange is closed"
    );
    // As a ticker that is no factor.
    let mut other = request(correlations(Some(Regime::EquityDrawdown)));
    let styles = universe(&["MTUM"])
        .factors()
        .iter()
        .filter(|factor| factor.ticker != Ticker::spy())
        .cloned()
        .collect::<Vec<_>>();
    other.universe = Some(FactorUniverse::new(styles));
    let message = refused(Market::answering(&[("SPY", closed)]), &other).await;
    assert!(message.ends_with(": the exchange is closed"), "{message}");
    // Yields say nothing of why.
    let message = refused(Market::default(), &request(correlations(Some(Regime::RateShock)))).await;
    assert!(message.ends_with("UST10Y, which has no value in the window"), "{message}");
}

#[tokio::test]
async fn who_has_gone_gets_nothing() {
    let market = Arc::new(Market::answering(&[("MTUM", Answer::Silence)]));
    let (analyzer, cancel) = (market.analyzer(), CancellationToken::new());
    let (request, universe, caller) = (request(returns()), universe(&["MTUM"]), caller(&cancel, PATIENT));
    let goes = async {
        tokio::task::yield_now().await;
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(analyzer.analyze(&request, &universe, &caller), goes);
    assert!(matches!(result, Err(AnalysisError::Cancelled)));
}

#[tokio::test]
async fn a_report_that_was_stopped_is_not_given_and_not_kept() {
    let market = Arc::new(Market::default());
    let (analyzer, cancel) = (market.analyzer(), CancellationToken::new());
    let (request, universe) = (request(correlations(None)), universe(&["MTUM", "VLUE"]));
    let analysis = analyzer.analyze(&request, &universe, &caller(&cancel, PATIENT)).await.unwrap();
    let key = |floor| ReportKey {
        panel: analysis.prepared.id,
        factors: Vec::new(),
        floor,
        plan: request.plan.clone(),
        fundamentals: Arc::default(),
    };
    cancel.cancel();
    let waits = caller(&cancel, PATIENT);
    let result = analyzer.reports.report(key(1), &analysis.study, &waits).await;
    assert!(matches!(result, Err(AnalysisError::Cancelled)));
    let patient = CancellationToken::new();
    let (_, cached) = analyzer.reports.report(key(1), &analysis.study, &caller(&patient, PATIENT)).await.unwrap();
    assert!(!cached);
    // One that ran out of time is given, without its sections, and is not kept either.
    let hurried = ReportCache::new(PATIENT, Duration::ZERO);
    for _ in 0..2 {
        let (computed, cached) = hurried.report(key(2), &analysis.study, &caller(&patient, PATIENT)).await.unwrap();
        assert_eq!(
            (computed.0.computed().len(), computed.0.skipped(), cached),
            (0, &["matrices:style".to_owned()][..], false)
        );
    }
    // So is one whose call has no time left, however large the budget is.
    let late = Caller { compute_until: Instant::now(), ..caller(&patient, PATIENT) };
    let (computed, cached) = analyzer.reports.report(key(3), &analysis.study, &late).await.unwrap();
    assert_eq!((computed.0.computed().len(), computed.0.skipped().len(), cached), (0, 1, false));
    let (computed, cached) =
        analyzer.reports.report(key(3), &analysis.study, &caller(&patient, PATIENT)).await.unwrap();
    assert_eq!((computed.0.computed().len(), cached), (1, false));
}

#[tokio::test]
async fn what_was_computed_is_there_for_the_same_question() {
    let market = Arc::new(Market::default());
    let (analyzer, cancel) = (market.analyzer(), CancellationToken::new());
    let universe = universe(&["MTUM", "VLUE"]);
    let ask = |request: AnalysisRequest| {
        let (analyzer, universe, cancel) = (&analyzer, &universe, &cancel);
        async move {
            let analysis = analyzer.analyze(&request, universe, &caller(cancel, PATIENT)).await.unwrap();
            (analysis.panel_cached, analysis.report_cached)
        }
    };
    assert_eq!(ask(request(correlations(None))).await, (false, false));
    assert_eq!(ask(request(correlations(None))).await, (true, true));
    assert_eq!(ask(AnalysisRequest { min_observations: Some(20), ..request(correlations(None)) }).await, (true, false));
    assert_eq!(ask(request(performance(Weighting::Equal, false))).await, (true, false), "another plan");
    let equal = |weight| Weighting::Custom([(ticker("MTUM"), weight)].into_iter().collect());
    assert_eq!(ask(request(performance(equal(0.1), false))).await, (true, false));
    assert_eq!(ask(request(performance(equal(0.1_f64.next_up()), false))).await, (true, false), "the next number");
    assert_eq!(ask(request(performance(equal(0.1), false))).await, (true, true));
    let (panels, reports) = analyzer.cache_figures().await;
    assert_eq!((panels.requests, panels.hits), (7, 6));
    assert_eq!((reports.requests, reports.hits), (7, 2));
}

/// Cancels its call at one of the kernels' questions, and counts them.
struct Cancels {
    watch: Stopwatch,
    cancel: CancellationToken,
    at: usize,
    asked: std::cell::Cell<usize>,
}

impl Cancels {
    fn at(at: usize) -> Self {
        let cancel = CancellationToken::new();
        let watch = Stopwatch::start(PATIENT, cancel.clone());
        Self { watch, cancel, at, asked: std::cell::Cell::new(0) }
    }
}

impl Observer for Cancels {
    fn begin(&mut self, section: &str) {
        self.watch.begin(section);
    }

    fn end(&mut self, section: &str) {
        self.watch.end(section);
    }

    fn stop(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        if self.asked.get() == self.at {
            self.cancel.cancel();
        }
        self.watch.stop()
    }
}

#[tokio::test]
async fn a_cancelled_call_ends_within_the_matrix_it_is_at() {
    let analysis = analyze(Market::default(), &request(correlations(None))).await.unwrap();
    let Plan::Correlations(plan) = correlations(None) else { unreachable!() };
    let mut whole = Cancels::at(usize::MAX);
    let report = CorrelationReport::compute(&analysis.study, &plan, &mut whole);
    let unobserved = CorrelationReport::compute(&analysis.study, &plan, &mut Silent);
    assert_eq!((report.computed, report.skipped), (unobserved.computed, vec![]));
    assert!(whole.asked.get() > 2, "a kernel asks more than whether to begin");

    let mut cancelled = Cancels::at(2);
    let report = CorrelationReport::compute(&analysis.study, &plan, &mut cancelled);
    assert_eq!((report.computed, report.skipped), (vec![], vec!["matrices:style".to_owned()]));
    assert_eq!(cancelled.asked.get(), 2, "nothing is asked or done after the stop");
    assert_eq!(cancelled.watch.into_timings().len(), 1, "what it took is timed all the same");
}

#[tokio::test]
async fn a_source_that_fails_for_all_is_the_answer() {
    let fails = |fault| Answer::Fails(PriceError::failed(fault, "no"));
    let all = |faults: [SourceFault; 3]| {
        Market::answering(&[("SPY", fails(faults[0])), ("MTUM", fails(faults[1])), ("VLUE", fails(faults[2]))])
    };
    let fault = |market| async {
        match analyze(market, &request(returns())).await {
            Err(AnalysisError::NothingAnalysed { lost, fault }) => (lost.len(), fault),
            other => panic!("{other:?}"),
        }
    };
    use SourceFault::{Auth, Late, Limited, Unavailable};
    assert_eq!(fault(all([Unavailable, Auth, Late])).await, (3, Some(Auth)));
    assert_eq!(fault(all([Unavailable, Limited, Limited])).await, (3, Some(Limited)));
}

/// The analysis of so many styles.
async fn of_styles(count: usize, plan: Plan) -> Analysis {
    let names: Vec<String> = (0..count).map(|n| format!("F{n}")).collect();
    let universe = universe(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let cancel = CancellationToken::new();
    let market = Arc::new(Market::default());
    market.analyzer().analyze(&request(plan), &universe, &caller(&cancel, PATIENT)).await.unwrap()
}

/// A cache that counts too little holds more than it may.
#[tokio::test]
async fn a_reports_estimate_grows_with_what_it_holds() {
    const NUMBER: usize = size_of::<f64>();
    let bytes = async |count, plan| of_styles(count, plan).await.report().bytes();
    let (few, many) = (bytes(2, correlations(None)).await, bytes(9, correlations(None)).await);
    assert!(many - few >= (9 * 9 - 2 * 2) * NUMBER, "cells of the matrix: {few}, {many}");
    let figures = || performance(Weighting::Equal, false);
    let (few, many) = (bytes(2, figures()).await, bytes(9, figures()).await);
    assert!(many - few >= 7 * 10 * NUMBER, "at least ten figures of a factor: {few}, {many}");
    let composites = bytes(9, performance(Weighting::Equal, true)).await;
    assert!(composites >= many, "{composites}, {many}");
    let windows = |names: &[&str]| {
        let Plan::Returns(plan) = returns() else { unreachable!() };
        Plan::Returns(ReturnsPlan {
            windows: names.iter().flat_map(|name| ReturnWindow::named(name).unwrap()).collect(),
            ..plan
        })
    };
    let (one, two) = (bytes(9, windows(&["1m"])).await, bytes(9, windows(&["1m", "3m"])).await);
    assert!(two - one >= 9 * 2 * NUMBER, "return and volatility of another window: {one}, {two}");
}

#[tokio::test]
async fn an_analysis_knows_its_kind_and_how_old_its_prices_are() {
    use AnalysisKind::{Correlations, Performance, Returns};
    for (plan, kind) in
        [(correlations(None), Correlations), (performance(Weighting::Equal, false), Performance), (returns(), Returns)]
    {
        let analysis = of_styles(2, plan).await;
        assert_eq!((analysis.kind(), analysis.report_cached), (kind, false));
        // The window ends with the last whole month, 2023-12; the source's newest price is of the 9th, a day before the 10th.
        assert_eq!((analysis.window().end, analysis.stale_days()), (day("2023-12-31"), 1));
        assert!(analysis.is_selected(&ticker("F1")) && !analysis.is_selected(&ticker("F2")));
    }
}
