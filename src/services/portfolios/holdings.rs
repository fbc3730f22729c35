//! Holdings in an argument: `[{ticker, weight | shares | value}]`, or a plain `{ticker: weight}` object; and whose holdings
//! a question is about, which may be saved ones.

use std::str::FromStr;

use factor_types::{Amount, GroupName, Holding, Ticker};

use crate::{
    arguments::{Args, MapForm},
    services::{
        portfolio::CASH,
        saved_items::{self, significant},
    },
    tool_error::{Mend, Refusal},
};

/// Holdings of one portfolio.
pub const MOST: usize = 1_000;
/// A weight, and the sum of all weights without their signs, is at most this: beyond it they are percentages.
const LARGEST_WEIGHT: f64 = 10.0;
/// Sums closer to 0 than this are 0.
const ZERO: f64 = 1e-9;
const AMOUNTS: [&str; 3] = ["weight", "shares", "value"];

/// What cash is called. A fund has the ticker `USD` too, and is rarely meant.
const CASH_NAMES: [&str; 4] = ["CASH", "USD", "$", CASH];

/// A name of something held.
enum HeldName {
    /// Cash, under this name.
    Cash(String),
    /// A ticker, or a group.
    Other(Ticker),
}

/// Holdings as they were said, no ticker twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Holdings {
    /// In the order in which they were said first.
    pub holdings: Vec<Holding>,
    /// What the caller should know of how they were read.
    pub notes: Vec<String>,
}

/// Where the holdings come from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// The call itself.
    Given(Holdings),
    /// A saved portfolio.
    Named(GroupName),
    /// `CURRENT_PORTFOLIO`, where there is one.
    Unsaid,
}

impl Source {
    /// Reads `holdings` and `portfolio_name`. What is wrong with them `args` remembers.
    pub(crate) fn read(args: &Args) -> Self {
        if args.has("holdings") && args.has("portfolio_name") {
            args.refuse("portfolio_name", "must not be given together with holdings", "keep one of them");
        }
        if args.has("holdings") {
            return read(args, "holdings").map_or(Self::Unsaid, Self::Given);
        }
        saved_items::name(args, "portfolio_name").map_or(Self::Unsaid, Self::Named)
    }
}

/// Reads the argument `field`; `None` when it is absent or wrong, which `args` then remembers.
pub fn read(args: &Args, field: &str) -> Option<Holdings> {
    let entries = args.objects(field, Some(MapForm { key: "ticker", value: "weight" }))?;
    if !(1..=MOST).contains(&entries.len()) {
        args.refuse(
            field,
            format!("must be 1 to {MOST} holdings"),
            match entries.len() {
                0 => "write at least one, such as [{\"ticker\": \"SPY\", \"weight\": 1}]".to_owned(),
                count => format!("they are {count}: join or leave out the smallest"),
            },
        );
        return None;
    }
    let mut sound = true;
    let mut holdings: Vec<Holding> = Vec::with_capacity(entries.len());
    let mut added: Vec<Ticker> = Vec::new();
    for entry in &entries {
        let Some(holding) = one(entry) else {
            sound = false;
            continue;
        };
        let Some(known) = holdings.iter_mut().find(|known| known.ticker == holding.ticker) else {
            holdings.push(holding);
            continue;
        };
        match sum(known.amount, holding.amount) {
            Some(amount) => known.amount = amount,
            None => {
                let (first, again) = (known.amount.as_str(), holding.amount.as_str());
                let rule = format!("gives {} by {again} and also by {first}", holding.ticker);
                entry.refuse("ticker", rule, "give it once, or each time in the same kind");
                sound = false;
            }
        }
        if !added.contains(&holding.ticker) {
            added.push(holding.ticker);
        }
    }
    // A second look only at what is right so far: the whole of wrong parts says nothing.
    if !sound || !is_one_kind(args, field, &holdings) || !has_a_sum(args, field, &holdings) {
        return None;
    }
    let twice = added.iter().map(|ticker| format!("{ticker} came more than once; its amounts were added"));
    let usd = entries.iter().any(is_usd).then(|| {
        "USD is read as cash (CUR:USD); for the fund of that ticker give ticker_is_fund: true in its holding".to_owned()
    });
    Some(Holdings { notes: usd.into_iter().chain(twice).collect(), holdings })
}

/// Whether an entry says `USD`, which a fund is called too, and means cash.
fn is_usd(entry: &Args) -> bool {
    let name = entry.string("ticker");
    name.is_some_and(|name| name.trim().eq_ignore_ascii_case("USD")) && !entry.has("ticker_is_fund")
}

fn one(entry: &Args) -> Option<Holding> {
    entry.only(&["ticker", "weight", "shares", "value", "ticker_is_fund"]);
    entry.require("ticker");
    let ticker = held(entry);
    let given: Vec<&str> = AMOUNTS.into_iter().filter(|name| entry.has(name)).collect();
    let amount = match given.as_slice() {
        ["weight"] => entry.share_within("weight", -LARGEST_WEIGHT..=LARGEST_WEIGHT).map(Amount::Weight),
        ["shares"] => entry.number("shares", -1e15..=1e15).map(Amount::Shares),
        ["value"] => entry.number("value", -1e15..=1e15).map(Amount::Value),
        [] => {
            let missing = Refusal::new("is required, or shares or value in its place", "give one of the three");
            entry.refused("weight", missing.mended_by(Some(Mend::Elsewhere)));
            None
        }
        several => {
            let rule = format!("must stand alone: {} are given", several.join(", "));
            entry.refuse(several[0], rule, "keep one of them");
            None
        }
    };
    let holding = Holding { ticker: ticker?, amount: amount? };
    if holding.ticker.is_group() && matches!(holding.amount, Amount::Shares(_)) {
        entry.refuse("shares", "have no price for a group", "give its weight, or its value");
        return None;
    }
    let foreign = holding.ticker.is_currency() && holding.ticker.as_str() != "CUR:USD";
    // Exchange rates are no part of any source here.
    if foreign && matches!(holding.amount, Amount::Shares(_)) {
        let hint = "give its value in US dollars".to_owned();
        entry.refuse("shares", "have no price for a currency other than CUR:USD", hint);
        return None;
    }
    Some(holding)
}

/// What an entry's `ticker` means: cash by any of its names, a group of the caller's, or a ticker. `ticker_is_fund` says
/// that a name of cash is that of a fund.
pub(crate) fn held(entry: &Args) -> Option<Ticker> {
    let is_fund = entry.boolean("ticker_is_fund") == Some(true);
    let name = entry.parsed::<HeldName>("ticker")?;
    match name {
        HeldName::Cash(text) if is_fund => match text.parse() {
            Ok(ticker) => Some(ticker),
            Err(_) => {
                entry.refuse("ticker_is_fund", "must be left out: no fund is called so", "leave it out");
                None
            }
        },
        HeldName::Cash(_) => CASH.parse().ok(),
        HeldName::Other(ticker) => Some(ticker),
    }
}

impl FromStr for HeldName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if CASH_NAMES.iter().any(|name| name.eq_ignore_ascii_case(text.trim())) {
            return Ok(Self::Cash(text.to_owned()));
        }
        // The sum of a table, not a fund: read as one it would double what is held.
        if text.trim().trim_end_matches(':').eq_ignore_ascii_case("TOTAL") {
            return Err("must be what is held: leave out the row TOTAL, which is the sum of the others".to_owned());
        }
        Holding::name(text).map(Self::Other)
    }
}

fn sum(a: Amount, b: Amount) -> Option<Amount> {
    match (a, b) {
        (Amount::Weight(a), Amount::Weight(b)) => Some(Amount::Weight(a + b)),
        (Amount::Shares(a), Amount::Shares(b)) => Some(Amount::Shares(a + b)),
        (Amount::Value(a), Amount::Value(b)) => Some(Amount::Value(a + b)),
        _ => None,
    }
}

/// All by weight, or none.
fn is_one_kind(args: &Args, field: &str, holdings: &[Holding]) -> bool {
    let weights: Vec<&str> = holdings
        .iter()
        .filter(|holding| matches!(holding.amount, Amount::Weight(_)))
        .map(|holding| holding.ticker.as_str())
        .collect();
    let mixed = !weights.is_empty() && weights.len() < holdings.len();
    if mixed {
        let named = weights.iter().take(5).copied().collect::<Vec<_>>().join(", ");
        let rule = format!("must not mix weights ({named}) with shares or values");
        args.refuse(field, rule, "give all by weight, or all by shares and value");
    }
    !mixed
}

/// What is known without prices must not be 0 in all, since it is divided by.
fn has_a_sum(args: &Args, field: &str, holdings: &[Holding]) -> bool {
    let known = |holding: &Holding| match holding.amount {
        Amount::Weight(number) | Amount::Value(number) => Some(number),
        Amount::Shares(number) => (number == 0.0).then_some(0.0),
    };
    let Some(amounts) = holdings.iter().map(known).collect::<Option<Vec<f64>>>() else { return true };
    let (sum, gross) = (amounts.iter().sum::<f64>(), amounts.iter().map(|amount| amount.abs()).sum::<f64>());
    let by_weight = matches!(holdings.first().map(|holding| holding.amount), Some(Amount::Weight(_)));
    let rule = if sum.abs() <= ZERO * gross.max(1.0) {
        "must not sum to 0: there is nothing to take shares of".to_owned()
    } else if by_weight && gross > LARGEST_WEIGHT {
        format!("must be shares of 1, and sum to {}", significant(gross))
    } else if !by_weight && sum < 0.0 {
        format!("must have a total value above 0, and it is {}", significant(sum))
    } else {
        return true;
    };
    let hint = if gross > LARGEST_WEIGHT && by_weight {
        "write 0.05 for 5%"
    } else {
        "add what pays for the short positions, such as CUR:USD"
    };
    args.refuse(field, rule, hint);
    false
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn source(values: Value) -> Result<Source, String> {
        let Value::Object(values) = values else { panic!("no object") };
        let args = Args::new(values);
        let source = Source::read(&args);
        args.finish(&["holdings", "portfolio_name"]).map_err(|error| error.message)?;
        Ok(source)
    }

    #[test]
    fn holdings_come_with_the_call_or_by_name() {
        let Ok(Source::Given(given)) = source(json!({"holdings": {"SPY": 0.6, "CUR:USD": 0.4}})) else { panic!() };
        assert_eq!(given.holdings.len(), 2);
        let Ok(Source::Named(name)) = source(json!({"portfolio_name": "My Own"})) else { panic!() };
        assert_eq!(name.key(), "my_own");
        assert!(matches!(source(json!({"holdings": null})), Ok(Source::Unsaid)));
    }

    #[test]
    fn one_source_at_a_time() {
        let both = source(json!({"holdings": {"SPY": 1}, "portfolio_name": "Mine"})).unwrap_err();
        assert!(both.contains("must not be given together with holdings: keep one of them"), "{both}");
        assert!(source(json!({"holdings": []})).unwrap_err().contains("must be 1 to 1000 holdings"));
        assert!(source(json!({"portfolio_name": "!"})).is_err());
    }

    fn try_read(holdings: Value) -> Result<Holdings, String> {
        let args = Args::new(json!({"holdings": holdings}).as_object().unwrap().clone());
        let read = read(&args, "holdings");
        args.finish(&["holdings"]).map_err(|error| error.message)?;
        Ok(read.unwrap())
    }

    fn refused(holdings: Value, why: &str) {
        let message = try_read(holdings.clone()).unwrap_err();
        assert!(message.contains(why), "{holdings}: {message}");
    }

    #[test]
    fn a_plain_object_and_a_list_say_the_same() {
        let list = try_read(json!([{"ticker": "spy", "weight": 0.6}, {"ticker": "AGG", "weight": "0.4"}])).unwrap();
        assert_eq!(try_read(json!({"SPY": 0.6, "AGG": 0.4})).unwrap(), list);
        assert_eq!(try_read(json!("{\"SPY\": 0.6, \"AGG\": 0.4}")).unwrap(), list);
        assert_eq!(list.holdings[0].amount, Amount::Weight(0.6));
    }

    #[test]
    fn a_ticker_twice_is_added_and_said() {
        let read = try_read(json!([{"ticker": "SPY", "shares": 2}, {"ticker": "spy", "shares": -0.5}])).unwrap();
        assert_eq!(read.holdings, [Holding { ticker: "SPY".parse().unwrap(), amount: Amount::Shares(1.5) }]);
        assert_eq!(read.notes, ["SPY came more than once; its amounts were added"]);
        refused(json!([{"ticker": "SPY", "shares": 2}, {"ticker": "SPY", "value": 5}]), "by value and also by shares");
    }

    #[test]
    fn cash_has_several_names_and_a_fund_must_be_said_to_be_one() {
        for name in ["CASH", "cash", " usd ", "$", "CUR:USD"] {
            let read = try_read(json!([{"ticker": name, "weight": 0.4}, {"ticker": "SPY", "weight": 0.6}])).unwrap();
            assert_eq!(read.holdings[0].ticker.as_str(), "CUR:USD", "{name}");
            assert_eq!(read.notes.len(), usize::from(name.trim() == "usd"), "{name}");
        }
        let both = try_read(json!({"SPY": 0.6, "CASH": 0.2, "$": 0.2})).unwrap();
        assert_eq!(both.holdings[1].amount, Amount::Weight(0.4));
        let fund = try_read(json!([{"ticker": "USD", "weight": 1.0, "ticker_is_fund": true}])).unwrap();
        assert_eq!((fund.holdings[0].ticker.as_str(), fund.notes.len()), ("USD", 0));
        refused(json!([{"ticker": "$", "weight": 1.0, "ticker_is_fund": true}]), "no fund is called so");
    }

    #[test]
    fn a_group_is_held_by_weight_or_value() {
        let read = try_read(json!({"user:My Mix": 0.4, "SPY": 0.6})).unwrap();
        assert_eq!(read.holdings[0].ticker.as_str(), "USER:My_Mix");
        refused(json!([{"ticker": "USER:My Mix", "shares": 4}]), "no price for a group: give its weight, or its value");
        refused(json!({"USER:a/b": 1.0}), "a/b");
    }

    #[test]
    fn shares_and_values_mix_and_weights_do_not() {
        assert!(try_read(json!([{"ticker": "SPY", "shares": 2}, {"ticker": "CUR:USD", "value": -5}])).is_ok());
        refused(json!([{"ticker": "SPY", "shares": 2}, {"ticker": "AGG", "weight": 0.5}]), "mix weights (AGG)");
        refused(json!([{"ticker": "SPY", "shares": 2, "weight": 0.5}]), "must stand alone: weight, shares");
    }

    #[test]
    fn sums_of_nothing_and_percentages_are_refused() {
        refused(json!({"SPY": 1.0, "AGG": -1.0}), "must not sum to 0");
        refused(json!([{"ticker": "SPY", "value": 10}, {"ticker": "AGG", "value": -10}]), "must not sum to 0");
        refused(json!([{"ticker": "SPY", "value": 10}, {"ticker": "AGG", "value": -20}]), "above 0");
        refused(json!({"SPY": 60, "AGG": 40}), "write 0.6 for 60%");
        refused(json!({"A": 4, "B": 4, "C": 4}), "write 0.05 for 5%");
        assert!(try_read(json!({"SPY": 1.3})).is_ok(), "leverage");
        assert!(try_read(json!({"SPY": 1.5, "AGG": -0.3})).is_ok(), "a short position");
    }

    #[test]
    fn every_problem_is_listed_at_once() {
        let message = try_read(json!([
            {"ticker": "S PY", "weight": 0.5},
            {"ticker": "AGG"},
            {"ticker": "CUR:EUR", "shares": 5},
            {"ticker": "XLK", "weight": "much"},
            {"ticker": "XLK", "weight": 0.1, "price": 4}
        ]))
        .unwrap_err();
        assert!(message.starts_with("5 problems"), "{message}");
        refused(json!([]), "must be 1 to 1000 holdings");
        let many: Vec<Value> = (0..1001).map(|n| json!({"ticker": format!("T{n}"), "weight": 0.001})).collect();
        refused(json!(many), "has 1001 entries, at most 1000 are read");
    }
}
