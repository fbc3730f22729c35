//! The weights after a trade, and what gave or took what its changes do not balance.

use factor_types::Ticker;
use indexmap::IndexMap;

use super::request::Balance;
use crate::{answer::markdown::in_words, services::portfolio::CASH};

/// Holdings that a sentence names.
const NAMED: usize = 4;
/// A weight or a sum of changes smaller than this is none: selling all of 0.3 leaves nothing, not 5e-17.
const ROUNDING: f64 = 1e-12;

/// Weights by ticker.
type Weights = IndexMap<Ticker, f64>;

/// Why a trade cannot be made, and the way out.
type Refused = (String, &'static str);

/// The weights after some changes, and in a sentence what balanced them.
///
/// # Errors
/// The other holdings cannot give so much; the rule and the way out.
pub(super) fn changed(weights: &Weights, changes: &Weights, balance: Balance) -> Result<(Weights, String), Refused> {
    let bought: f64 = changes.values().sum();
    let mut after = weights.clone();
    for (ticker, change) in changes {
        *after.entry(ticker.clone()).or_default() += change;
    }
    let how = match balance {
        _ if bought.abs() <= ROUNDING => "The changes balance: nothing else moves.".to_owned(),
        Balance::Cash => from_cash(&mut after, bought),
        Balance::ProRata => from_the_rest(&mut after, weights, changes, bought)?,
    };
    after.retain(|_, weight| weight.abs() > ROUNDING);
    Ok((after, how))
}

fn from_cash(after: &mut Weights, bought: f64) -> String {
    let held = after.iter_mut().find(|(ticker, _)| ticker.as_str() == CASH).map(|(_, weight)| weight);
    let before = held.as_deref().copied().unwrap_or(0.0);
    match (held, CASH.parse::<Ticker>()) {
        (Some(held), _) => *held -= bought,
        (None, Ok(cash)) => _ = after.insert(cash, -bought),
        (None, Err(_)) => {}
    }
    let left = before - bought;
    if bought < 0.0 {
        return format!("{} goes to cash, which is {} then.", in_words(-bought), in_words(left));
    }
    let borrowed = if left < -ROUNDING {
        ": what is below 0 is borrowed at the risk-free rate; with balance pro_rata the other holdings give it in proportion"
    } else {
        ""
    };
    format!("{} comes from cash, which is {} then{borrowed}.", in_words(bought), in_words(left))
}

/// Scales what the trade does not name, so that the weights sum to what they did.
fn from_the_rest(after: &mut Weights, weights: &Weights, changes: &Weights, bought: f64) -> Result<String, Refused> {
    let rest: f64 = weights.iter().filter(|(ticker, _)| !changes.contains_key(*ticker)).map(|(_, weight)| weight).sum();
    let scale = (rest - bought) / rest;
    if rest <= ROUNDING || scale < -ROUNDING {
        let what = format!("takes {} from the other holdings, which are {}", in_words(bought), in_words(rest));
        return Err((what, "make the changes smaller, or give balance: cash"));
    }
    let mut moved = Vec::new();
    for (ticker, weight) in after.iter_mut().filter(|(ticker, _)| !changes.contains_key(*ticker)) {
        let before = *weight;
        *weight *= scale;
        moved.push(format!("{ticker} {} to {}", in_words(before), in_words(*weight)));
    }
    let more = moved.len().saturating_sub(NAMED);
    moved.truncate(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let verb = if bought > 0.0 { "comes from" } else { "goes to" };
    Ok(format!(
        "{} {verb} all other holdings in proportion, each times {}: {}{more}.",
        in_words(bought.abs()),
        in_words(scale),
        moved.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(of: &[(&str, f64)]) -> Weights {
        of.iter().map(|(name, weight)| (name.parse().unwrap(), *weight)).collect()
    }

    fn close(found: &Weights, expected: &[(&str, f64)]) {
        let names: Vec<&str> = found.keys().map(Ticker::as_str).collect();
        assert_eq!(names, expected.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        assert!(found.values().zip(expected).all(|(a, (_, b))| (a - b).abs() < 1e-12), "{found:?}");
    }

    #[test]
    fn cash_balances_a_trade() {
        let held = weights(&[("SPY", 0.7), ("VNQ", 0.3)]);
        let of = |changes: &[(&str, f64)]| changed(&held, &weights(changes), Balance::Cash).unwrap();
        let (after, how) = of(&[("VNQ", -0.3), ("GLD", 0.1)]);
        close(&after, &[("SPY", 0.7), ("GLD", 0.1), ("CUR:USD", 0.2)]);
        assert_eq!(how, "0.2 goes to cash, which is 0.2 then.");
        let (after, how) = of(&[("VNQ", -0.1), ("SPY", 0.1)]);
        close(&after, &[("SPY", 0.8), ("VNQ", 0.2)]);
        assert_eq!(how, "The changes balance: nothing else moves.");
        let (after, how) = of(&[("GLD", 0.2)]);
        close(&after, &[("SPY", 0.7), ("VNQ", 0.3), ("GLD", 0.2), ("CUR:USD", -0.2)]);
        assert!(how.starts_with("0.2 comes from cash, which is -0.2 then: what is below 0 is borrowed"), "{how}");
        let (after, how) =
            changed(&weights(&[("SPY", 0.6), ("CUR:USD", 0.4)]), &weights(&[("GLD", 0.1)]), Balance::Cash).unwrap();
        close(&after, &[("SPY", 0.6), ("CUR:USD", 0.3), ("GLD", 0.1)]);
        assert_eq!(how, "0.1 comes from cash, which is 0.3 then.");
    }

    #[test]
    fn the_other_holdings_balance_a_trade_in_proportion() {
        let of = |held: &[(&str, f64)], changes: &[(&str, f64)]| {
            changed(&weights(held), &weights(changes), Balance::ProRata)
        };
        // A fifth into gold: the rest is four fifths of what it was.
        let (after, how) = of(&[("SPY", 0.6), ("IEF", 0.4)], &[("GLD", 0.2)]).unwrap();
        close(&after, &[("SPY", 0.48), ("IEF", 0.32), ("GLD", 0.2)]);
        assert_eq!(
            how,
            "0.2 comes from all other holdings in proportion, each times 0.8: SPY 0.6 to 0.48, IEF 0.4 to 0.32."
        );
        // Gold is held already: the other 0.9 become 0.7.
        let (after, _) = of(&[("SPY", 0.6), ("CUR:USD", 0.3), ("GLD", 0.1)], &[("GLD", 0.2)]).unwrap();
        close(&after, &[("SPY", 0.6 * 7.0 / 9.0), ("CUR:USD", 0.3 * 7.0 / 9.0), ("GLD", 0.3)]);
        // Sold, it goes to the others.
        let (after, how) = of(&[("SPY", 0.5), ("IEF", 0.3), ("VNQ", 0.2)], &[("VNQ", -0.2)]).unwrap();
        close(&after, &[("SPY", 0.625), ("IEF", 0.375)]);
        assert!(how.starts_with("0.2 goes to all other holdings in proportion, each times 1.25"), "{how}");
        let (why, way_out) = of(&[("SPY", 0.3), ("GLD", 0.7)], &[("GLD", 0.4)]).unwrap_err();
        assert_eq!(why, "takes 0.4 from the other holdings, which are 0.3");
        assert!(way_out.contains("balance: cash"));
        assert!(of(&[("GLD", 1.0)], &[("GLD", 0.4)]).is_err(), "there is nothing else");
        let many: Vec<(String, f64)> = (0..10).map(|at| (format!("F{at}"), 0.1)).collect();
        let many: Vec<(&str, f64)> = many.iter().map(|(name, weight)| (name.as_str(), *weight)).collect();
        let (_, how) = of(&many, &[("GLD", 0.5)]).unwrap();
        assert!(how.ends_with("F3 0.1 to 0.05 and 6 more."), "{how}");
    }
}
