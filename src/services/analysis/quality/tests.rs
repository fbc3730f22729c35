use factor_analytics::{
    findings::{Finding, FindingKind},
    study::{Exclusion, ExclusionReason},
};
use factor_analytics::{
    inference::TestCounts,
    panel::{LeftOut, Period, WhyLeftOut},
    regime::Regime,
};
use factor_types::{Frequency, Ticker};

use super::{DataQuality, Gap, PricedAs, Warning, came_in::Doubt, rates::RateWarning};
use crate::{answer::NotAnalysed, services::holdings_warning};

/// The quality of data of which everything that can be wrong is wrong `count` times, in texts of `length` characters.
pub(crate) fn overload(quality: &mut DataQuality, count: usize, length: usize) {
    let day = "2024-02-29".parse().unwrap();
    let ticker = |at: usize| format!("T{at:05}.X").parse::<Ticker>().unwrap();
    let tickers: Vec<Ticker> = (0..count).map(ticker).collect();
    let text = |at: usize| format!("{}{at} ", ["alpha", "beta", "gamma"][at % 3]).repeat(length / 5);
    let reasons = [ExclusionReason::NoData, ExclusionReason::FetchFailed, ExclusionReason::ThinHistory];
    let exclusion = |(at, ticker): (usize, &Ticker)| Exclusion {
        ticker: ticker.clone(),
        label: text(at),
        reason: reasons[at % 3],
        detail: text(at),
    };
    quality.excluded_factor_list = tickers.iter().enumerate().map(exclusion).collect();
    let reason = |(at, ticker): (usize, &Ticker)| NotAnalysed { ticker: ticker.clone(), reason: text(at) };
    quality.not_analysed = tickers.iter().enumerate().map(reason).collect();
    let kind = FindingKind::Spike;
    let suspect = |ticker: &Ticker| Finding {
        kind,
        ticker: ticker.clone(),
        date: day,
        until: Some(day),
        before: 100.0,
        price: 350.0,
        factor: 3.5,
    };
    quality.suspect_returns = tickers.iter().map(suspect).collect();
    let dated: Vec<_> = tickers.iter().map(|ticker| (ticker.clone(), day)).collect();
    let names: Vec<String> = (0..count).map(text).collect();
    quality.warnings = vec![
        Warning::ManyNotAnalysed { missing: count, named: count },
        Warning::CameIn(Doubt::Moves(kind, tickers.iter().map(suspect).collect())),
        Warning::ClosesOnly(tickers.clone()),
        Warning::Gaps(
            tickers.iter().map(|ticker| Gap { ticker: ticker.clone(), periods: 12, largest_move: -0.5 }).collect(),
        ),
        Warning::LongWithoutPrices(tickers.clone()),
        Warning::Simulated,
        Warning::Rates(RateWarning::None { rare: None }),
        Warning::LookAhead { as_of: Some(day), without_cap: tickers.clone() },
        Warning::FewMonths(12),
        Warning::ShortHistories { matrix: text(0), floor: 24, dropped: names.clone() },
        Warning::LateStarters(names.clone()),
        Warning::Stopped(dated),
        Warning::OutOfTime(names),
        Warning::Groups(text(1)),
    ];
    for (at, ticker) in tickers.iter().enumerate() {
        quality.warnings.push(Warning::NotPriced {
            ticker: ticker.clone(),
            why: text(at),
            as_what: PricedAs::Benchmark,
        });
        quality.warnings.push(Warning::NoMacroGroup { group: text(at), why: text(at) });
        quality.warnings.push(Warning::Source(text(at)));
        quality.warnings.push(Warning::Universe(text(at)));
        let of_portfolio = holdings_warning::Warning::OfPrices(text(at));
        quality.warnings.push(Warning::Portfolio(of_portfolio));
    }
}

#[test]
fn warnings_are_put_into_words_last() {
    let day = |text: &str| text.parse().unwrap();
    let ticker = |name: &str| name.parse::<Ticker>().unwrap();
    let tests = TestCounts { pairs: 190, significant: 30, after_adjustment: 12, fewest_rows: Some(20), on_few_rows: 3 };
    let many = |count: usize| Warning::LateStarters((0..count).map(|at| format!("T{at:02}")).collect());
    for (warning, text) in [
        (Warning::LongWithoutPrices(vec![ticker("AAA"), ticker("BBB")]), "look for a replacement: AAA, BBB"),
        (
            Warning::LeftOut {
                left_out: LeftOut {
                    period: Period::month_of(day("2024-03-05")),
                    last_day: day("2024-03-28"),
                    why: WhyLeftOut::EndsBeforeIt,
                },
                end: day("2024-03-27"),
                newest: Some(day("2024-02-29")),
            },
            "March 2024 is left out: its last trading day is 2024-03-28, after end_date 2024-03-27; the newest period \
             here ends on 2024-02-29, frequency daily goes on",
        ),
        (
            Warning::LeftOut {
                left_out: LeftOut {
                    period: Period::week_of(day("2024-03-27")),
                    last_day: day("2024-03-28"),
                    why: WhyLeftOut::NotWhole { newest: day("2024-03-27") },
                },
                end: day("2024-03-31"),
                newest: None,
            },
            "the week to 2024-03-29 is left out: its last trading day is 2024-03-28, and the source's newest price is of \
             2024-03-27",
        ),
        (
            Warning::Stale { newest: day("2025-12-31"), days: 15 },
            "stale: the source's newest price is of 2025-12-31, 15 days ago",
        ),
        (
            Warning::NotPriced {
                ticker: ticker("QQQ"),
                why: "the source does not know it".to_owned(),
                as_what: PricedAs::Benchmark,
            },
            "figures relative to QQQ are null: the source does not know it",
        ),
        (
            Warning::NotPriced {
                ticker: ticker("QQQ"),
                why: "the source does not know it".to_owned(),
                as_what: PricedAs::Overlay,
            },
            "market_sensitivity has no column QQQ: the source does not know it",
        ),
        (
            Warning::FewOfBenchmark { ticker: ticker("OLD"), rows: 77, of: 120, stopped: Some(day("2021-05-28")) },
            "benchmark OLD stopped, its last price is of 2021-05-28: it has returns on 77 of 120 periods, so figures",
        ),
        (
            Warning::FewOfBenchmark { ticker: ticker("NEW"), rows: 30, of: 120, stopped: None },
            "benchmark NEW has returns on 30 of 120 periods, so figures relative to it rest on no more",
        ),
        (
            Warning::MembersShort {
                groups: vec!["USER:X (OLD stopped 2021-05-28, 77 of 120 periods)".to_owned()],
                lost: true,
            },
            "group's weight): USER:X (OLD stopped 2021-05-28, 77 of 120 periods)",
        ),
        (
            Warning::InvalidWindows { named: vec!["mtd".to_owned(), "zz".to_owned()], frequency: Frequency::Monthly },
            "windows not answered: mtd (ask for it with frequency daily), zz (no window); those of monthly returns are \
             1m, 3m, 6m, ytd, 1y, 2y, 3y, 5y, 10y",
        ),
        (Warning::LookAhead { as_of: None, without_cap: Vec::new() }, "their whole history by market caps"),
        (
            Warning::LookAhead { as_of: Some(day("2026-01-02")), without_cap: vec![ticker("AAA")] },
            "by market caps of 2026-01-02; without a cap: AAA",
        ),
        (Warning::FewMonths(14), "small sample: 14 months"),
        (
            Warning::FewRows { pairs: 190, few: 3, under: 30, fewest: 20 },
            "3 of 190 pairs rest on fewer than 30 periods (the fewest: 20)",
        ),
        (
            Warning::ManyTests { tests, matrices: 1 },
            "190 pairs in one matrix were tested at once: were all unrelated, about 10 would have p under 0.05 by chance; 30 have, and 12 after",
        ),
        (Warning::ManyTests { tests, matrices: 3 }, "190 pairs in 3 matrices were"),
        (
            Warning::ShortHistories { matrix: "style".to_owned(), floor: 24, dropped: vec!["X".to_owned()] },
            "style: ledoit_wolf takes complete periods only; left out for their short history, so that 24 are complete: X",
        ),
        (
            Warning::TooQuickDecay { half_life: 3.0, heaviest: 8.66, floor: 24 },
            "with half_life 3 at most 8.7 periods count (n_eff), under min_observations 24",
        ),
        (Warning::SmallRegime { regime: Regime::HighVol, rows: 12 }, "small sample: regime high_vol has 12 periods"),
        (
            Warning::FewRowsInRegime { regime: Regime::HighVol, few: 2, all: 10, under: 24 },
            "within regime high_vol 2 of 10 pairs rest on fewer than 24 periods",
        ),
        (many(12), "T00, T01, T02, T03, T04, T05, T06, T07, T08, T09, T10, T11"),
        (many(14), "T10, T11 and 2 more"),
        (
            Warning::Stopped(vec![(ticker("OLD"), day("2024-05-31"))]),
            "stopped before the window's end, last return in brackets: OLD (2024-05-31)",
        ),
        (Warning::PricesBeginLate(day("2020-02-29")), "the first return is of 2020-02-29"),
        (Warning::OutOfTime(vec!["insights".to_owned()]), "not computed for want of time: insights"),
        (Warning::Universe("a line".to_owned()), "factor universe: a line"),
        (Warning::Groups("the store is down".to_owned()), "your factor groups are left out: the store is down"),
    ] {
        assert!(warning.to_string().contains(text), "{warning}");
    }
    assert!(!many(12).to_string().contains("more"));
}
