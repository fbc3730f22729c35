//! Sources under strain: slow, shorter than before, with holes; and what other processes have kept.

use super::*;

/// Two processes that run for days on one folder: what one has refreshed the other does not ask for.
#[tokio::test]
async fn what_another_process_has_kept_is_not_asked_for() {
    let bench = Bench::new("2026-02-10");
    let other = CachedMarketSource::new(bench.book.clone(), "book", bench.shelf.clone(), bench.clock.clock());
    let asked = range("2026-01-20", "2026-02-11");
    bench.rows("SPY", asked).await;
    other.history(&ticker("SPY"), asked).await.unwrap();
    assert_eq!(bench.requests().len(), 1);
    bench.clock.set(evening("2026-02-11"));
    let rows = bench.rows("SPY", asked).await;
    assert_eq!(bench.requests().len(), 1, "the new day's tail");
    let history = other.history(&ticker("SPY"), asked).await.unwrap();
    assert_eq!((history.series.dates().last(), bench.requests().len()), (Some(&rows.last().unwrap().0), 0));
}

#[tokio::test]
async fn yields_are_fetched_as_a_whole_once_a_month_and_nothing_is_lost_by_it() {
    use factor_types::Maturity::Ust10Y;
    let (book, shelf, clock) =
        (Arc::new(Book::default()), Arc::new(Shelf::default()), Clockwork::at(evening("2026-02-10")));
    let open = || CachedYields::new(book.clone(), "book", shelf.clone(), clock.clock());
    let until = |end| range("2026-01-05", end);
    let first = open().yields(until("2026-02-10")).await.unwrap();
    book.take_requests();
    // A month and a day later: all of it, and a source that has lost a year changes nothing.
    clock.set(evening("2026-03-13"));
    book.yields_from(day("2019-01-01"));
    let yields = open();
    assert_eq!(yields.yields(until("2026-03-13")).await.unwrap(), first);
    assert_eq!(book.take_requests(), [("yields".to_owned(), day("2015-02-10"), day("2026-03-13"))]);
    let told = yields.about_yields().warnings.remove(0);
    assert!(told.contains("the source now has ") && told.contains("those kept up to 2026-02-10 are used"), "{told}");
    book.yields_from(NaiveDate::MIN);
    let whole = open().yields(until("2026-03-13")).await.unwrap();
    assert_eq!(whole.get(Ust10Y).last().unwrap().0, day("2026-03-13"));
    assert!(whole.get(Ust10Y).len() > first.get(Ust10Y).len());
}

/// Yields that hang: those kept are there after five seconds, and the new ones come by themselves.
#[tokio::test(start_paused = true)]
async fn kept_yields_do_not_wait_for_newer_ones() {
    let (book, shelf, clock) =
        (Arc::new(Book::default()), Arc::new(Shelf::default()), Clockwork::at(evening("2026-02-10")));
    let yields = CachedYields::new(book.clone(), "book", shelf, clock.clock());
    let asked = range("2026-01-05", "2026-02-11");
    let first = yields.yields(asked).await.unwrap();
    clock.set(evening("2026-02-11"));
    book.slow(std::time::Duration::from_secs(8));
    let start = tokio::time::Instant::now();
    assert_eq!(yields.yields(asked).await.unwrap(), first);
    assert_eq!(start.elapsed().as_secs(), 5);
    let told = yields.about_yields().warnings.remove(0);
    assert!(told.contains("they did not come in time") && told.contains("up to 2026-02-10 are used"), "{told}");
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    assert_eq!(
        yields.yields(asked).await.unwrap().get(factor_types::Maturity::Ust10Y).last().unwrap().0,
        day("2026-02-11")
    );
    assert_eq!((start.elapsed().as_secs(), book.take_requests().len()), (9, 2));
    assert!(yields.about_yields().warnings.is_empty());
}

#[tokio::test]
async fn a_hole_that_is_filled_later_is_seen_within_a_week() {
    let bench = Bench::new("2026-02-10");
    bench.book.publish("SPY", day("2025-06-02"), 400);
    bench.book.withdraw("SPY", day("2026-01-12"));
    let asked = range("2025-06-02", "2026-03-31");
    bench.rows("SPY", asked).await;
    bench.book.publish("SPY", day("2025-06-02"), 400);
    bench.clock.set(evening("2026-02-13"));
    assert!(bench.rows("SPY", asked).await.iter().all(|row| row.0 != day("2026-01-12")), "five rows do not reach it");
    bench.clock.set(evening("2026-02-17"));
    assert_eq!(bench.rows("SPY", asked).await, bench.book.truth("SPY", range("2025-06-02", "2026-02-17")));
    // Seen to be so, it is a tail of five rows again on the next day.
    bench.requests();
    bench.clock.set(evening("2026-02-18"));
    bench.rows("SPY", asked).await;
    assert_eq!(bench.requests(), [("SPY".to_owned(), day("2026-02-10"), day("2026-02-18"))]);
}

#[tokio::test]
async fn a_smaller_plan_goes_on_being_refreshed_and_keeps_its_earlier_rows() {
    let bench = Bench::new("2026-02-10");
    bench.book.publish("SPY", day("2023-06-01"), 900);
    let asked = range("2023-06-01", "2026-03-31");
    bench.rows("SPY", asked).await;
    let truth = bench.book.truth("SPY", range("2023-06-01", "2026-03-16"));
    bench.book.withdraw_before("SPY", day("2025-06-02"));
    bench.clock.set(evening("2026-03-16"));
    let history = bench.cached.history(&ticker("SPY"), asked).await.unwrap();
    assert!(history.complete && history.stale.is_none());
    assert_eq!(history.caveat.unwrap(), "the source's prices now begin on 2025-06-02; the earlier ones are those kept");
    assert_eq!(bench.rows("SPY", asked).await, truth);
}

#[tokio::test]
async fn what_is_kept_is_there_for_one_who_cannot_wait() {
    let mut bench = Bench::new("2026-02-10");
    let asked = range("2026-01-20", "2026-02-12");
    assert!(bench.cached.kept(&ticker("SPY"), asked).await.is_none());
    bench.rows("SPY", asked).await;
    bench.clock.set(evening("2026-02-12"));
    bench.restart();
    let kept = bench.cached.kept(&ticker("SPY"), asked).await.unwrap();
    assert!(!kept.complete);
    assert_eq!(kept.stale.unwrap().until, Some(day("2026-02-10")));
    assert_eq!(bench.requests().len(), 1, "nothing is asked of the vendor for it");
}

#[tokio::test]
async fn dividends_that_came_with_the_prices_are_not_asked_for() {
    let mut bench = Bench::new("2026-02-10");
    bench.book.pays(Dividend { ex_date: day("2025-12-19"), amount: 2.5 });
    bench.rows("SPY", range("2026-01-20", "2026-02-10")).await;
    let year = range("2025-02-10", "2026-02-11");
    for _ in 0..2 {
        let paid = bench.cached.dividends(&ticker("SPY"), year).await.unwrap();
        assert_eq!(*paid, [Dividend { ex_date: day("2025-12-19"), amount: 2.5 }]);
        bench.restart();
    }
    // A dividend of a later day comes with the tail.
    bench.book.pays(Dividend { ex_date: day("2026-02-11"), amount: 0.5 });
    bench.clock.set(evening("2026-02-11"));
    bench.rows("SPY", range("2026-01-20", "2026-02-11")).await;
    let paid = bench.cached.dividends(&ticker("SPY"), year).await.unwrap();
    assert_eq!(paid.iter().map(|one| one.amount).collect::<Vec<_>>(), [2.5, 0.5]);
    assert_eq!(bench.book.fundamentals_asked(), 0);
    let long_ago = range("2001-02-10", "2002-02-11");
    bench.cached.dividends(&ticker("SPY"), long_ago).await.unwrap();
    assert_eq!(bench.book.fundamentals_asked(), 1, "before what was asked for with the prices");
}
