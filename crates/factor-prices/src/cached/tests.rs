mod source;
mod strain;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use factor_types::{DateRange, EntryFilter, EntryStore, Ticker};
use proptest::prelude::*;

use self::source::{Book, Clockwork, Shelf};
use super::*;
use crate::{Dividend, MarketCap, Oddities, SourceFault, YieldProvider};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn ticker(text: &str) -> Ticker {
    text.parse().unwrap()
}

fn range(from: &str, to: &str) -> DateRange {
    DateRange::new(day(from), day(to)).unwrap()
}

/// Five in the afternoon in New York, winter or summer: the day's prices are final.
fn evening(of: &str) -> DateTime<Utc> {
    format!("{of}T23:00:00Z").parse().unwrap()
}

struct Bench {
    book: Arc<Book>,
    shelf: Arc<Shelf>,
    clock: Clockwork,
    cached: CachedMarketSource,
}

impl Bench {
    fn new(at: &str) -> Self {
        let (book, shelf, clock) = (Arc::new(Book::default()), Arc::new(Shelf::default()), Clockwork::at(evening(at)));
        book.publish("SPY", day("2026-01-02"), 40);
        let cached = CachedMarketSource::new(book.clone(), "book", shelf.clone(), clock.clock());
        Self { book, shelf, clock, cached }
    }

    /// The same store under a new process.
    fn restart(&mut self) {
        self.cached = CachedMarketSource::new(self.book.clone(), "book", self.shelf.clone(), self.clock.clock());
    }

    async fn rows(&self, of: &str, within: DateRange) -> Vec<(NaiveDate, f64)> {
        let history = self.cached.history(&ticker(of), within).await.unwrap();
        let rows = history.series.rows_within(within);
        rows.map(|at| (history.series.dates()[at], history.series.prices()[at])).collect()
    }

    fn requests(&self) -> Vec<(String, NaiveDate, NaiveDate)> {
        self.book.take_requests()
    }
}

#[tokio::test]
async fn a_history_is_fetched_once_and_kept_over_a_restart() {
    let mut bench = Bench::new("2026-02-10");
    let asked = range("2026-01-20", "2026-02-10");
    let first = bench.rows("SPY", asked).await;
    assert_eq!(first, bench.book.truth("SPY", asked));
    // One request, for eleven years back, so that the usual questions need no other.
    assert_eq!(bench.requests(), [("SPY".to_owned(), day("2015-02-10"), day("2026-02-10"))]);
    assert_eq!(bench.rows("SPY", range("2020-01-01", "2026-02-10")).await.len(), 27);
    bench.restart();
    assert_eq!(bench.rows("SPY", asked).await, first);
    assert_eq!(bench.requests(), []);
    assert_eq!(bench.cached.stats().disk_hits, 1);
}

#[tokio::test]
async fn a_new_day_costs_a_tail() {
    let bench = Bench::new("2026-02-10");
    bench.rows("SPY", range("2026-01-20", "2026-02-10")).await;
    bench.requests();
    // The next day before its prices are final: nothing to fetch.
    bench.clock.set("2026-02-11T21:00:00Z".parse().unwrap());
    bench.rows("SPY", range("2026-01-20", "2026-02-11")).await;
    assert_eq!(bench.requests(), []);
    bench.clock.set(evening("2026-02-11"));
    let asked = range("2026-01-20", "2026-02-11");
    assert_eq!(bench.rows("SPY", asked).await, bench.book.truth("SPY", asked));
    // From the fifth row before the end on.
    assert_eq!(bench.requests(), [("SPY".to_owned(), day("2026-02-04"), day("2026-02-11"))]);
    assert_eq!((bench.cached.stats().tails, bench.cached.stats().restated), (1, 0));
}

#[tokio::test]
async fn a_question_about_the_past_needs_no_tail() {
    let bench = Bench::new("2026-02-10");
    bench.rows("SPY", range("2026-01-20", "2026-02-10")).await;
    bench.requests();
    bench.clock.set(evening("2026-02-12"));
    bench.rows("SPY", range("2026-01-20", "2026-02-09")).await;
    assert_eq!(bench.requests(), []);
}

#[tokio::test]
async fn a_restated_history_is_fetched_again() {
    let bench = Bench::new("2026-02-10");
    let asked = range("2026-01-05", "2026-02-11");
    bench.rows("SPY", asked).await;
    bench.requests();
    bench.book.restate("SPY", 0.99, day("2026-02-11"));
    bench.clock.set(evening("2026-02-11"));
    assert_eq!(bench.rows("SPY", asked).await, bench.book.truth("SPY", asked));
    let asked_for = bench.requests();
    assert_eq!(asked_for.len(), 2, "{asked_for:?}");
    assert_eq!(asked_for[1].1, day("2015-02-10"));
    assert_eq!(bench.cached.stats().restated, 1);
}

#[tokio::test]
async fn a_row_that_appears_between_kept_ones_is_a_restatement() {
    let bench = Bench::new("2026-02-10");
    let asked = range("2026-01-05", "2026-02-12");
    bench.book.withdraw("SPY", day("2026-02-06"));
    bench.rows("SPY", asked).await;
    bench.book.publish("SPY", day("2026-01-02"), 40);
    bench.clock.set(evening("2026-02-11"));
    assert_eq!(bench.rows("SPY", asked).await, bench.book.truth("SPY", range("2026-01-05", "2026-02-11")));
}

#[tokio::test]
async fn an_earlier_start_fetches_the_whole() {
    let bench = Bench::new("2026-02-10");
    bench.rows("SPY", range("2026-01-20", "2026-02-10")).await;
    bench.requests();
    bench.rows("SPY", range("2001-01-01", "2026-02-10")).await;
    assert_eq!(bench.requests(), [("SPY".to_owned(), day("2001-01-01"), day("2026-02-10"))]);
    bench.rows("SPY", range("2005-01-01", "2026-02-10")).await;
    assert_eq!(bench.requests(), []);
}

#[tokio::test]
async fn an_unknown_ticker_is_remembered_for_a_day() {
    let mut bench = Bench::new("2026-02-10");
    let asked = range("2026-01-20", "2026-02-10");
    for _ in 0..3 {
        let error = bench.cached.history(&ticker("NOPE"), asked).await.unwrap_err();
        assert_eq!(error, PriceError::NoData("the book does not know NOPE".to_owned()));
        bench.restart();
    }
    assert_eq!(bench.requests().len(), 1);
    bench.clock.set(evening("2026-02-11"));
    bench.book.publish("NOPE", day("2026-01-02"), 40);
    assert_eq!(bench.rows("NOPE", asked).await.len(), 16);
}

#[tokio::test]
async fn a_failure_is_not_kept() {
    let bench = Bench::new("2026-02-10");
    let asked = range("2026-01-20", "2026-02-10");
    bench.book.fail(Some(PriceError::failed(SourceFault::Unavailable, "no answer")));
    assert!(matches!(bench.cached.history(&ticker("SPY"), asked).await, Err(PriceError::Failed { .. })));
    bench.book.fail(None);
    assert_eq!(bench.rows("SPY", asked).await.len(), 16);
    assert_eq!(bench.requests().len(), 2);
}

#[tokio::test]
async fn a_failed_refresh_leaves_what_is_kept_and_says_so() {
    let bench = Bench::new("2026-02-10");
    let asked = range("2026-01-20", "2026-02-12");
    let before = bench.rows("SPY", asked).await;
    bench.clock.set(evening("2026-02-11"));
    bench.book.fail(Some(PriceError::failed(SourceFault::Unavailable, "no answer")));
    let history = bench.cached.history(&ticker("SPY"), asked).await.unwrap();
    assert!(!history.complete);
    assert_eq!(
        history.caveat.unwrap(),
        "could not be refreshed (no answer); the prices kept up to 2026-02-10 are used"
    );
    assert_eq!(history.series.prices().last(), before.last().map(|(_, price)| price));
    bench.book.fail(None);
    let history = bench.cached.history(&ticker("SPY"), asked).await.unwrap();
    assert!(history.complete && history.caveat.is_none());
    assert_eq!(history.series.dates().last(), Some(&day("2026-02-11")));
}

#[tokio::test]
async fn nothing_good_is_replaced_by_less() {
    let mut bench = Bench::new("2026-02-10");
    let asked = range("2026-01-05", "2026-02-12");
    let before = bench.rows("SPY", asked).await;
    bench.clock.set(evening("2026-02-11"));
    for less in [0, 3, 20] {
        // The vendor suddenly has fewer rows, restated.
        bench.book.publish("SPY", day("2026-01-02"), less);
        bench.book.restate("SPY", 0.5, day("2026-02-20"));
        let history = bench.cached.history(&ticker("SPY"), asked).await.unwrap();
        assert!(!history.complete && history.caveat.is_some(), "{less}");
        assert_eq!(history.series.len(), 27);
        assert_eq!(bench.rows("SPY", range("2026-01-05", "2026-02-10")).await, before);
        bench.restart();
    }
}

#[tokio::test]
async fn a_vendor_that_is_late_is_asked_again() {
    let bench = Bench::new("2026-02-10");
    bench.book.delay(1);
    let asked = range("2026-01-20", "2026-02-10");
    assert_eq!(bench.rows("SPY", asked).await.last().unwrap().0, day("2026-02-09"));
    bench.clock.set("2026-02-10T23:20:00Z".parse().unwrap());
    bench.rows("SPY", asked).await;
    assert_eq!(bench.requests().len(), 1, "not before half an hour has passed");
    bench.book.delay(0);
    bench.clock.set("2026-02-10T23:31:00Z".parse().unwrap());
    assert_eq!(bench.rows("SPY", asked).await.last().unwrap().0, day("2026-02-10"));
    assert_eq!(bench.requests().len(), 1);
}

#[tokio::test]
async fn a_fund_that_has_stopped_is_not_asked_for_all_day() {
    let bench = Bench::new("2026-02-10");
    bench.book.publish("OLD", day("2025-12-01"), 20);
    let asked = range("2025-12-01", "2026-02-10");
    bench.rows("OLD", asked).await;
    bench.clock.set("2026-02-11T02:00:00Z".parse().unwrap());
    bench.rows("OLD", asked).await;
    assert_eq!(bench.requests().len(), 1);
}

#[tokio::test]
async fn the_whole_is_fetched_again_after_a_month() {
    let bench = Bench::new("2026-02-10");
    bench.rows("SPY", range("2026-01-20", "2026-02-10")).await;
    bench.requests();
    bench.clock.set(evening("2026-03-16"));
    bench.rows("SPY", range("2026-01-20", "2026-03-16")).await;
    assert_eq!(bench.requests(), [("SPY".to_owned(), day("2015-02-10"), day("2026-03-16"))]);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_questions_at_once_are_one_request_even_if_the_first_is_cancelled() {
    let bench = Bench::new("2026-02-10");
    bench.book.slow(std::time::Duration::from_millis(100));
    let asked = range("2026-01-20", "2026-02-10");
    let ask = || {
        let cached = bench.cached.clone();
        tokio::spawn(async move { cached.history(&ticker("SPY"), asked).await.unwrap().series.len() })
    };
    let first = ask();
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    let others: Vec<_> = (0..999).map(|_| ask()).collect();
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    first.abort();
    for other in others {
        assert_eq!(other.await.unwrap(), 27);
    }
    assert_eq!(bench.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_question_without_a_caller_is_dropped() {
    let bench = Bench::new("2026-02-10");
    bench.book.slow(std::time::Duration::from_secs(5));
    let asked = range("2026-01-20", "2026-02-10");
    let spy = ticker("SPY");
    let waiting = tokio::time::timeout(std::time::Duration::from_secs(1), bench.cached.history(&spy, asked));
    assert!(waiting.await.is_err());
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    assert_eq!(bench.book.answered(), 0);
}

#[tokio::test]
async fn a_store_that_fails_costs_requests_and_nothing_else() {
    let mut bench = Bench::new("2026-02-10");
    bench.shelf.fail("the disk is full");
    let asked = range("2026-01-20", "2026-02-10");
    let rows = bench.rows("SPY", asked).await;
    assert_eq!(rows, bench.book.truth("SPY", asked));
    let warnings = bench.cached.about().warnings;
    assert_eq!(warnings, ["fetched prices cannot be kept on disk: the disk is full"]);
    bench.restart();
    assert_eq!(bench.rows("SPY", asked).await, rows);
    assert_eq!(bench.requests().len(), 2);
}

#[tokio::test]
async fn flush_waits_for_the_store() {
    let bench = Bench::new("2026-02-10");
    bench.rows("SPY", range("2026-01-20", "2026-02-10")).await;
    assert_eq!(bench.shelf.settled(), 0, "a fetch does not wait for the disk");
    bench.cached.flush().await;
    assert_eq!(bench.shelf.settled(), 1);
}

#[tokio::test]
async fn another_scope_is_another_cache() {
    let bench = Bench::new("2026-02-10");
    let asked = range("2026-01-20", "2026-02-10");
    bench.rows("SPY", asked).await;
    let other =
        CachedMarketSource::new(bench.book.clone(), "book at elsewhere", bench.shelf.clone(), bench.clock.clock());
    other.history(&ticker("SPY"), asked).await.unwrap();
    assert_eq!(bench.requests().len(), 2);
}

#[tokio::test]
async fn dividends_and_capitalisations_are_kept_for_days() {
    let mut bench = Bench::new("2026-02-10");
    let (spy, gld) = (ticker("SPY"), ticker("GLD"));
    let year = range("2025-02-10", "2026-02-10");
    for _ in 0..3 {
        let paid = bench.cached.dividends(&spy, year).await.unwrap();
        assert_eq!(*paid, [Dividend { ex_date: day("2025-12-19"), amount: 1.5 }]);
        let caps = bench.cached.market_caps(&[spy.clone(), gld.clone()]).await.unwrap();
        assert_eq!(caps, [MarketCap { ticker: spy.clone(), dollars: 5e11, as_of: day("2026-02-10") }]);
        bench.restart();
    }
    assert_eq!(bench.book.fundamentals_asked(), 2);
    // A day later the capitalisations are old, a week later the dividends.
    bench.clock.set(evening("2026-02-11"));
    bench.cached.dividends(&spy, year).await.unwrap();
    bench.cached.market_caps(&[spy.clone(), gld.clone()]).await.unwrap();
    assert_eq!(bench.book.fundamentals_asked(), 3);
    bench.clock.set(evening("2026-02-17"));
    bench.cached.dividends(&spy, year).await.unwrap();
    assert_eq!(bench.book.fundamentals_asked(), 4);
}

#[tokio::test]
async fn yields_are_kept_and_refreshed_by_their_tail() {
    let (book, shelf, clock) =
        (Arc::new(Book::default()), Arc::new(Shelf::default()), Clockwork::at(evening("2026-02-10")));
    let open = || CachedYields::new(book.clone(), "book", shelf.clone(), clock.clock());
    let asked = range("2026-01-05", "2026-02-11");
    let first = open().yields(asked).await.unwrap();
    assert_eq!(open().yields(asked).await.unwrap(), first);
    assert_eq!(book.take_requests(), [("yields".to_owned(), day("2015-02-10"), day("2026-02-10"))]);
    clock.set(evening("2026-02-11"));
    let second = open().yields(asked).await.unwrap();
    assert_eq!(book.take_requests(), [("yields".to_owned(), day("2026-01-31"), day("2026-02-11"))]);
    let rows = second.get(factor_types::Maturity::Ust10Y);
    assert_eq!(rows.len(), first.get(factor_types::Maturity::Ust10Y).len() + 1);
    assert!(rows.iter().all(|(date, value)| *value == source::yield_of(*date)));
    // A failed refresh leaves what is kept in force and says so.
    clock.set(evening("2026-02-12"));
    book.fail(Some(PriceError::failed(SourceFault::Unavailable, "no answer")));
    let yields = open();
    assert_eq!(yields.yields(range("2026-01-05", "2026-02-12")).await.unwrap(), second);
    assert!(yields.about_yields().warnings[0].contains("those kept up to 2026-02-11 are used"));
}

/// What may happen between two questions.
#[derive(Debug, Clone)]
enum Event {
    Evening(u64),
    Restate(f64),
    Restart,
    Outage(bool),
    Ask(u64, u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (1u64..9).prop_map(Event::Evening),
        (0.9f64..1.1).prop_map(Event::Restate),
        Just(Event::Restart),
        any::<bool>().prop_map(Event::Outage),
        (0u64..60, 0u64..60).prop_map(|(from, to)| Event::Ask(from, to)),
        (0u64..60, 0u64..60).prop_map(|(from, to)| Event::Ask(from, to)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever happened before: an answer called complete is what the vendor has, up to the last final day.
    #[test]
    fn a_complete_answer_is_the_vendors(events in prop::collection::vec(event(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut bench = Bench::new("2026-02-10");
            bench.book.publish("SPY", day("2026-01-02"), 400);
            let mut today = day("2026-02-10");
            for event in events {
                match event {
                    Event::Evening(days) => {
                        today = today + Days::new(days);
                        bench.clock.set(evening(&today.to_string()));
                    }
                    // As vendors do it: with the ex-date of a day whose prices are not yet known here.
                    Event::Restate(factor) => bench.book.restate("SPY", factor, today + Days::new(1)),
                    Event::Restart => bench.restart(),
                    Event::Outage(down) => {
                        bench.book.fail(down.then(|| PriceError::failed(SourceFault::Unavailable, "no answer")));
                    }
                    Event::Ask(from, to) => {
                        let first = day("2026-01-02") + Days::new(from);
                        let asked = DateRange::new(first, first + Days::new(to)).unwrap();
                        let restated_unseen = bench.book.restated_since_asked("SPY");
                        match bench.cached.history(&ticker("SPY"), asked).await {
                            Ok(history) if history.complete => {
                                let rows = history.series.rows_within(asked);
                                let mut got: Vec<_> = rows
                                    .map(|at| (history.series.dates()[at], history.series.prices()[at]))
                                    .collect();
                                let mut truth = bench.book.truth("SPY", asked);
                                truth.retain(|(date, _)| *date <= today);
                                got.retain(|(date, _)| *date <= today);
                                let dates = |rows: &[(NaiveDate, f64)]| rows.iter().map(|row| row.0).collect::<Vec<_>>();
                                prop_assert_eq!(dates(&got), dates(&truth));
                                // Between two closes a restatement is not looked for.
                                if !restated_unseen {
                                    prop_assert_eq!(got, truth);
                                }
                            }
                            Ok(history) => prop_assert!(history.caveat.is_some()),
                            Err(error) => {
                                let failed = matches!(error, PriceError::Failed { .. });
                                prop_assert!(failed, "{}", error);
                            }
                        }
                    }
                }
            }
            Ok(())
        })?;
    }

    /// A body that was damaged on its way (which the store's checksum notices before) is no panic here either.
    #[test]
    fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut body = body;
        if let Some(first) = body.first_mut() {
            *first = 2;
        }
        let entry = Entry { fetched_at: evening("2026-02-10"), body };
        let _ = codec::read_kept(&ticker("SPY"), &entry);
    }

    #[test]
    fn what_is_written_is_read_back(
        rows in prop::collection::vec((1u64..40_000, 1e-6f64..1e9), 0..200),
        bad in 0usize..5,
        caveat in proptest::option::of(".{0,40}"),
    ) {
        let rows = rows.into_iter().map(|(at, price)| (NaiveDate::default() + Days::new(at), price));
        let like = factor_types::PriceSeries::new(ticker("BRK.B"), factor_types::PriceKind::Close, []);
        let kept = CachedHistory {
            series: Arc::new(history::with_bad_prices(&like, rows, bad)),
            from: day("2001-02-03"),
            fetched_at: evening("2026-02-10"),
            whole_at: evening("2026-02-01"),
            compared_at: evening("2026-02-05"),
            caveat,
            dividends: Some(Arc::new([Dividend { ex_date: day("2025-12-19"), amount: 1.5 }])),
            currency: Some("GBp".to_owned()),
            oddities: Oddities::new(vec![day("2026-02-03"); bad], (bad == 2).then(|| day("2026-02-04"))),
            adjusted_before: (bad == 1).then(|| Arc::new(like)),
        };
        let entry = Entry { fetched_at: kept.fetched_at, body: codec::write_kept(&kept).unwrap() };
        let read = codec::read_kept(&ticker("BRK.B"), &entry).unwrap();
        // Rows that were counted as doubled are not written: they are in no series.
        prop_assert_eq!(read.series.dates(), kept.series.dates());
        prop_assert_eq!(read.series.prices(), kept.series.prices());
        prop_assert_eq!(read.series.bad_prices(), bad);
        prop_assert_eq!((read.from, read.whole_at, read.caveat), (kept.from, kept.whole_at, kept.caveat));
        prop_assert_eq!((read.compared_at, read.dividends), (kept.compared_at, kept.dividends));
        prop_assert_eq!((read.currency, read.adjusted_before), (kept.currency, kept.adjusted_before));
        prop_assert_eq!(read.oddities, kept.oddities);
    }
}

#[tokio::test]
async fn the_store_lists_what_is_kept() {
    let bench = Bench::new("2026-02-10");
    bench.rows("SPY", range("2026-01-20", "2026-02-10")).await;
    let listed = bench.shelf.list(&EntryFilter::default()).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].key.kind.as_str(), listed[0].key.subject.as_str()), ("prices", "SPY"));
    assert_eq!(listed[0].fetched_at.year(), 2026);
}
