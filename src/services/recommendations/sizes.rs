//! What the trades of a hedge come to in dollars and shares, where the holdings say what the portfolio is worth.

use factor_analytics::hedge::signed::{HedgeLeg, LegDirection};
use factor_types::{Ticker, ValuationPrice};
use schemars::JsonSchema;
use serde::Serialize;

use super::{HeldFactor, rows::in_letters};
use crate::{answer::markdown::in_words, services::portfolios::valuation::cents};

/// Something to buy or to sell in the portfolio.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Trade {
    etf_ticker: Ticker,
    direction: LegDirection,
    /// As a share of the portfolio, never below 0.
    weight: f64,
    /// US dollars to the cent. Absent where holdings are weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    dollars: Option<f64>,
    /// Shares at the newest price. Absent where holdings are weights, or there is no price.
    #[serde(skip_serializing_if = "Option::is_none")]
    shares: Option<f64>,
}

/// What the portfolio is worth, and the newest prices of what may be traded.
#[derive(Debug, Clone, Default)]
pub(super) struct Sizes {
    pub(super) worth: Option<f64>,
    pub(super) prices: Vec<ValuationPrice>,
    /// A price that was asked for is not there.
    pub(super) is_short: bool,
}

impl Sizes {
    fn trade(&self, ticker: &Ticker, direction: LegDirection, weight: f64) -> Trade {
        let dollars = self.worth.map(|worth| weight * worth);
        let price = self.prices.iter().find(|price| price.ticker == *ticker).map(|price| price.price);
        let shares = dollars.zip(price).map(|(dollars, price)| dollars / price);
        Trade {
            etf_ticker: ticker.clone(),
            direction,
            weight,
            dollars: dollars.map(cents),
            shares: shares.map(hundredths),
        }
    }

    /// The trades of a leg, what is held sold before anything is shorted; none without a portfolio that holds the factor.
    pub(super) fn of_leg(&self, leg: &HedgeLeg) -> Vec<Trade> {
        let Some((ticker, moved)) = leg.etf_ticker.as_ref().zip(leg.in_portfolio) else { return Vec::new() };
        let parts = [
            (LegDirection::Buy, moved.change.max(0.0)),
            (LegDirection::Sell, moved.from_holding),
            (LegDirection::SellShort, moved.sold_short),
        ];
        let traded = parts.into_iter().filter(|(_, weight)| *weight > 0.0);
        traded.map(|(direction, weight)| self.trade(ticker, direction, weight)).collect()
    }

    /// Trades where they have amounts: without, a leg's share of the portfolio says all.
    pub(super) fn in_dollars(&self, trades: Vec<Trade>) -> Vec<Trade> {
        if self.worth.is_some() { trades } else { Vec::new() }
    }

    /// What selling a share of the factor sells: the same share of each holding that is the factor or stands for it.
    pub(super) fn of_sale(&self, portfolio: &HeldFactor, members: &[Ticker], share: f64) -> Vec<Trade> {
        let held = portfolio.classifications.holdings_in(members).into_iter().filter(|(_, weight)| *weight > 0.0);
        held.map(|(ticker, weight)| self.trade(&ticker, LegDirection::Sell, share * weight)).collect()
    }
}

impl Trade {
    /// Its size in words: `12.5 shares, 1000 dollars`, else its share of the portfolio.
    fn size(&self) -> String {
        match (self.shares, self.dollars) {
            (Some(shares), Some(dollars)) => format!("{} shares, {} dollars", in_words(shares), in_words(dollars)),
            (None, Some(dollars)) => format!("{} dollars", in_words(dollars)),
            _ => in_words(self.weight),
        }
    }
}

/// The trades of one leg in words; `None` where its share of the portfolio says all.
pub(super) fn of_leg(trades: &[Trade]) -> Option<String> {
    match trades {
        [only] => only.dollars.map(|_| only.size()),
        [held, short] => Some(format!("sell what is held first, {}, then sell short {}", held.size(), short.size())),
        _ => None,
    }
}

/// A sale in words, each holding by its name.
pub(super) fn of_sale(trades: &[Trade]) -> Option<String> {
    let known = trades.iter().any(|trade| trade.dollars.is_some());
    let each = trades.iter().map(|trade| format!("{} of {}", trade.size(), in_letters(Some(&trade.etf_ticker), "")));
    known.then(|| each.collect::<Vec<_>>().join("; "))
}

fn hundredths(shares: f64) -> f64 {
    (shares * 100.0).round() / 100.0 + 0.0
}
