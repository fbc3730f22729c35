//! Every way a vendor fails for one ticker: the others are right, the lost one has its reason, nothing wrong is kept.

use std::time::Duration;

use factor_stand_in::{BadPrice, Fault, RetryAfter, Target, Times, WrongType};
use futures::future::join_all;

use super::world::{World, excluded, warnings};

/// What becomes of a ticker.
enum Fate {
    /// Its numbers are right, and its answer is asked for once.
    Harmless,
    /// As before; so many of its rows are counted as bad.
    BadRows(u64),
    /// It is left out as failed, with these words, after so many requests.
    Failed(&'static str, usize),
    /// It is left out as outside the plan, with these words, after so many requests, and remembered as such for a day.
    Refused(&'static str, usize),
    /// It is left out as unknown after so many requests, and remembered as such for a day.
    Unknown(usize),
}

use Fate::{BadRows, Failed, Harmless, Refused, Unknown};

const RETRIES: usize = 2;
/// What a request costs that is tried as often as is allowed, and one whose answer was no data.
const ALL_TRIES: usize = 1 + RETRIES;
const TWICE: usize = 2;

fn answer(status: u16, body: &str) -> Fault {
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    Fault::Answer { status, headers, body: body.to_owned() }
}

fn cases() -> Vec<(Fault, Fate)> {
    let bad = |bad| (Fault::BadPrices(bad), BadRows(1));
    let wrong = |wrong| (Fault::WrongTypes(wrong), BadRows(1));
    let too_large = "over 8388608 bytes";
    vec![
        (Fault::Unsorted, Harmless),
        (Fault::DuplicateDates, Harmless),
        (Fault::ConflictingDates, Harmless),
        (Fault::Slow(Duration::from_millis(5)), Harmless),
        (Fault::FutureDates, BadRows(1)),
        wrong(WrongType::PriceText),
        wrong(WrongType::PriceObject),
        wrong(WrongType::PriceNull),
        wrong(WrongType::PriceMissing),
        wrong(WrongType::DateType),
        bad(BadPrice::NanText),
        bad(BadPrice::Zero),
        bad(BadPrice::Negative),
        (Fault::SymbolNotInPlan, Refused("it is not in the plan of this key", 2)),
        (Fault::NotFound, Unknown(1)),
        (answer(404, r#"{"Error Message":"No such symbol"}"#), Unknown(1)),
        (answer(400, r#"{"Error Message":"Bad symbol"}"#), Failed("(400, \"Bad symbol\")", 1)),
        (Fault::Empty, Unknown(2)),
        (Fault::ErrorWith200, Failed("\"Error retrieving data.\"", 1)),
        (Fault::WrongSymbol, Failed("wrong_symbol: it is of WRONG, not of ", 1)),
        (answer(200, r#"{"symbol":"SPY"}"#), Failed("it is no list of rows", 1)),
        (Fault::Huge, Failed(too_large, 1)),
        (Fault::HugeChunked, Failed(too_large, 1)),
        (Fault::GzipBomb, Failed(too_large, 1)),
        (Fault::Html200, Failed("a page of HTML", TWICE)),
        (Fault::CutText, Failed("JSON that is cut off", TWICE)),
        (Fault::ServerError, Failed("(500, \"Internal Server Error\")", ALL_TRIES)),
        (Fault::CutBody, Failed("cut off", ALL_TRIES)),
        (Fault::Reset, Failed("cut off", ALL_TRIES)),
        (Fault::Hang, Failed("did not answer within 1 s", ALL_TRIES)),
    ]
}

#[tokio::test]
async fn each_fault_costs_its_ticker_and_nothing_else() {
    let cases = cases();
    let mut world = World::small(cases.len() + 4).await;
    world.set("FACTOR_PRICE_TIMEOUT", 1);
    world.set("FACTOR_PRICE_MAX_RETRIES", RETRIES);
    let spoilt: Vec<String> = world.tickers[1..=cases.len()].to_vec();
    for (ticker, (fault, _)) in spoilt.iter().zip(&cases) {
        world.fmp.fail(Target::symbol(ticker), Times::Always, fault.clone());
    }
    let answer = world.fresh().await;

    let with = |wanted: fn(&Fate) -> bool| -> Vec<&str> {
        spoilt.iter().zip(&cases).filter(|(_, (_, fate))| wanted(fate)).map(|(ticker, _)| ticker.as_str()).collect()
    };
    let unknown = with(|fate| matches!(fate, Unknown(_) | Refused(..)));
    let lost = [with(|fate| matches!(fate, Failed(..))), unknown.clone()].concat();
    world.check(&answer, world.all_but(&lost));
    let told = excluded(&answer);
    assert_eq!(told.len(), lost.len(), "{told:#?}");
    for (ticker, (fault, fate)) in spoilt.iter().zip(&cases) {
        let ticker = ticker.as_str();
        let (cost, bad) = (world.fmp.count_for(ticker), &answer["data_quality"]["bad_prices"][ticker]);
        match *fate {
            Harmless => assert!((cost, bad.is_null()) == (1, true), "{fault:?}: {cost} requests, {bad} bad rows"),
            BadRows(rows) => assert!((cost, bad.as_u64()) == (1, Some(rows)), "{fault:?}: {cost} requests, {bad}"),
            Failed(words, most) | Refused(words, most) => {
                let (reason, detail) = told[ticker];
                assert!(reason == "fetch_failed" && detail.contains(words), "{fault:?}: {reason}, {detail}");
                assert!(detail.contains("Financial Modeling Prep"), "{fault:?}: {detail}");
                assert_eq!(cost, most, "{fault:?}: {detail}");
            }
            Unknown(most) => {
                let detail = format!("Financial Modeling Prep does not know {ticker}");
                assert_eq!((told[ticker], cost), (("no_data", detail.as_str()), most), "{fault:?}");
            }
        }
    }

    // The vendor is well again: what failed was not kept, what was unknown is so for a day.
    world.fmp.heal();
    world.fmp.clear();
    let healed = world.fresh().await;
    world.check(&healed, world.all_but(&unknown));
    assert_eq!(excluded(&healed).into_keys().collect::<Vec<_>>(), sorted(&unknown));
    let failed = with(|fate| matches!(fate, Failed(..)));
    for (ticker, count) in world.counts() {
        assert_eq!(count, usize::from(failed.contains(&ticker)), "{ticker}");
    }
    world.go_to("2026-07-01");
    let next_day = world.fresh().await;
    assert!(excluded(&next_day).is_empty(), "{:?}", excluded(&next_day));
    world.check(&next_day, &world.tickers);
}

#[tokio::test]
async fn a_limit_answer_pauses_the_vendor_and_costs_its_ticker_alone() {
    let told = |after| Fault::TooMany(Some(after));
    let cases = [
        (Fault::TooMany(None), Times::Always, 2),
        (told(RetryAfter::Seconds(1)), Times::Always, 2),
        (Fault::LimitWith200, Times::Always, 2),
        // Passing limits cost a request and nothing else.
        (told(RetryAfter::Seconds(1)), Times::First(1), 2),
        (told(RetryAfter::Date(Duration::from_secs(2))), Times::First(1), 2),
        (told(RetryAfter::Text("soon".to_owned())), Times::First(1), 2),
        // Longer than anybody waits: all are told so at once.
        (told(RetryAfter::Seconds(40)), Times::Always, 1),
    ];
    join_all(cases.map(async |(fault, times, cost)| {
        let mut world = World::small(4).await;
        world.set("FACTOR_PRICE_MAX_RETRIES", 1);
        let limited = world.tickers[4].clone();
        world.fmp.fail(Target::symbol(&limited), times, fault.clone());
        let answer = world.fresh().await;
        assert_eq!(world.fmp.count_for(&limited), cost, "{fault:?}");
        if times == Times::Always {
            let (reason, detail) = excluded(&answer)[limited.as_str()];
            assert_eq!(reason, "fetch_failed");
            assert!(detail.starts_with("Financial Modeling Prep gets too many requests"), "{fault:?}: {detail}");
            // A pause of a second or two may be over by the time the answer is written.
            let lasts = cost == 1;
            let said = warnings(&answer).iter().any(|warning| warning.contains("limits requests"));
            assert!(said || !lasts, "{fault:?}: {answer}");
            world.check(&answer, world.all_but(&excluded(&answer).into_keys().collect::<Vec<_>>()));
        } else {
            assert!(excluded(&answer).is_empty(), "{fault:?}: {answer}");
            world.check(&answer, &world.tickers);
        }
        // No request left before the pause was over.
        let seen = world.fmp.requests();
        let refused = seen.iter().find(|seen| seen.symbols.contains(&limited)).unwrap().at;
        let after = seen.iter().filter(|seen| seen.at > refused).map(|seen| seen.at.duration_since(refused));
        // Requests under way at the same moment arrive within a moment of it.
        let early: Vec<_> = after.filter(|after| (400..950).contains(&after.as_millis())).collect();
        assert!(early.is_empty(), "{fault:?}: {early:?}");

        world.fmp.heal();
        let before = world.fmp.count();
        let again = world.fresh().await;
        if fault == told(RetryAfter::Seconds(40)) {
            // A pause that is not over is the next process's too; what was not asked before it began is missing again.
            assert_eq!((excluded(&again).len(), world.fmp.count()), (excluded(&answer).len(), before), "{again}");
        } else {
            assert!(excluded(&again).is_empty(), "{fault:?}");
        }
    }))
    .await;
}

fn sorted<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names
}
