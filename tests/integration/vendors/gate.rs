//! What a vendor sends wrong is refused or said, in every form of every answer that reads prices.

use factor_stand_in::{Fault, Target, Times};

use super::world::World;
use crate::gate::{forms, said_first};

/// A fault of one fund's body.
struct Case {
    name: &'static str,
    source: &'static str,
    fault: Fault,
    /// The words of the answers on it; of the valuation others where the newest price is touched.
    word: &'static str,
    in_value: Option<&'static str>,
    /// True where the body comes in the place of one that is kept.
    kept: bool,
}

fn cases() -> Vec<Case> {
    let fmp = |name, fault, word, in_value| Case { name, source: "fmp", fault, word, in_value, kept: false };
    let yahoo = |name, fault, word, in_value| Case { source: "yahoo", ..fmp(name, fault, word, in_value) };
    let later = |case: Case| Case { kept: true, ..case };
    vec![
        fmp("wrong symbol", Fault::WrongSymbol, "wrong_symbol", Some("wrong_symbol")),
        yahoo("wrong symbol of a chart", Fault::WrongSymbol, "wrong_symbol", Some("wrong_symbol")),
        later(fmp("wrong symbol, another kept", Fault::WrongSymbol, "wrong_symbol", None)),
        fmp("cut body", Fault::CutText, "cut off", Some("cut off")),
        yahoo("cut body of a chart", Fault::CutText, "cut off", Some("cut off")),
        // Thirty rows are two month ends, and of the portfolio no more is left.
        fmp("short body", Fault::Newest(30), " 1 ", None),
        later(fmp("short body, a longer kept", Fault::Newest(3), "could not be refreshed", None)),
        fmp("days with two prices", Fault::ConflictingDates, "(conflicting_dates)", Some("(conflicting_dates)")),
        yahoo("frozen", Fault::Frozen, "(frozen)", Some("(frozen)")),
        yahoo("pence", Fault::Pence, "(currency)", Some("GBp")),
    ]
}

#[tokio::test]
async fn every_fault_of_a_body_is_refused_or_said_in_every_form() {
    let (mut cells, mut silent) = (0, Vec::new());
    for case in cases() {
        let mut world = World::small(2).await;
        world.set("FACTOR_PRICE_SOURCE", case.source);
        world.set("FACTOR_PRICE_MAX_RETRIES", 0);
        if case.kept {
            world.go_to("2026-06-29");
            world.fresh().await;
            world.go_to("2026-06-30");
        }
        let fund = world.tickers[1].clone();
        for vendor in [&world.fmp, &world.yahoo] {
            vendor.fail(Target::symbol(&fund), Times::Always, case.fault.clone());
        }
        let names = [world.tickers[0].as_str(), &fund, &world.tickers[2]];
        let mut server = world.server().await;
        for (form, tool, arguments) in forms(names, ["2023-01-31", "2026-06-30"]) {
            let word = if form == "valuation" { case.in_value } else { Some(case.word) };
            let Some(word) = word else { continue };
            cells += 1;
            let answer = server.call(tool, arguments).await["structuredContent"].clone();
            let said = said_first(&answer);
            if !said.replace('"', " ").contains(word) || !said.contains(&fund) {
                silent.push(format!("{} in {form}: {said}", case.name));
            }
        }
    }
    assert!(silent.is_empty(), "{} of {cells} cells are silent:\n{}", silent.len(), silent.join("\n"));
    assert_eq!(cells, 77);
}
