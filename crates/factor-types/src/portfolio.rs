//! Portfolios: named holdings of a user's.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{GroupName, GroupNameError, PriceKind, Ticker};

/// What every name of a portfolio begins with where tickers stand.
const PREFIX: &str = "PORTFOLIO:";

/// A saved portfolio among tickers: it is a factor for its owner, where a call names it.
impl Ticker {
    /// The name that a saved portfolio has among tickers, such as `PORTFOLIO:Core_Holdings`. No text reads as one: it comes
    /// in by its [`GroupName`] alone.
    pub fn of_portfolio(name: &GroupName) -> Self {
        Self::reserved(format!("{PREFIX}{}", name.as_str().replace(' ', "_")))
    }

    /// True for a saved portfolio.
    pub fn is_portfolio(&self) -> bool {
        self.as_str().starts_with(PREFIX)
    }

    /// True for what has no prices of its own but those of what it is made of: a group or a portfolio.
    pub fn is_composed(&self) -> bool {
        self.is_group() || self.is_portfolio()
    }
}

impl GroupName {
    /// The name in `PORTFOLIO:<name>`, in any case; `None` for text that does not begin so.
    ///
    /// # Errors
    /// [`GroupNameError`] where what follows is no name.
    pub fn of_portfolio(text: &str) -> Option<Result<Self, GroupNameError>> {
        let text = text.trim();
        let prefixed = text.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        prefixed.then(|| text[PREFIX.len()..].parse())
    }
}

/// How much of something is held. Negative is a short position.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// A share of the portfolio: 0.6 for 60 %.
    Weight(f64),
    /// A number of shares.
    Shares(f64),
    /// An amount of money, in the currency of the portfolio.
    Value(f64),
}

impl Amount {
    /// The number alone.
    pub fn number(self) -> f64 {
        match self {
            Self::Weight(number) | Self::Shares(number) | Self::Value(number) => number,
        }
    }

    /// The name in arguments and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Weight(_) => "weight",
            Self::Shares(_) => "shares",
            Self::Value(_) => "value",
        }
    }
}

/// One holding as the user gave it. `CUR:USD` and other currencies are cash, `USER:<name>` is a group of the user's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holding {
    /// What is held.
    #[serde(deserialize_with = "kept_name")]
    pub ticker: Ticker,
    /// How much.
    pub amount: Amount,
}

impl Holding {
    /// What a name held means: a group where it begins with `USER:`, else a ticker.
    ///
    /// # Errors
    /// Why it is neither, for people.
    pub fn name(text: &str) -> Result<Ticker, String> {
        let is_group = text.trim().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("USER:"));
        if is_group {
            let name = GroupName::read(text).map_err(|error| error.to_string())?;
            return Ok(Ticker::of_group(&name));
        }
        text.parse::<Ticker>().map_err(|error| error.to_string())
    }
}

/// A user's own holdings come back from the store: a group among them is that user's.
fn kept_name<'de, D: Deserializer<'de>>(from: D) -> Result<Ticker, D::Error> {
    Holding::name(&String::deserialize(from)?).map_err(D::Error::custom)
}

/// A price that turned a number of shares into a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValuationPrice {
    /// The ticker.
    pub ticker: Ticker,
    /// Its price, in the currency of its listing.
    pub price: f64,
    /// The day of the price.
    pub date: NaiveDate,
    /// The source of the price.
    pub source: String,
    /// What it includes: an adjusted one is lower than what was paid by the dividends since.
    pub kind: PriceKind,
}

/// Named holdings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Portfolio {
    /// The name as its user wrote it; names are compared as those of groups are.
    pub name: GroupName,
    /// The holdings as the user gave them, in their order, no ticker twice.
    pub holdings: Vec<Holding>,
}

/// A user's item in the store, with when it was created and last changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Saved<T> {
    /// The item.
    pub what: T,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portfolio_among_tickers_is_found_by_its_name_and_no_text_is_one() {
        let name: GroupName = "Core Holdings".parse().unwrap();
        let ticker = Ticker::of_portfolio(&name);
        assert_eq!(ticker.as_str(), "PORTFOLIO:Core_Holdings");
        assert!(ticker.is_portfolio() && ticker.is_composed() && !ticker.is_group());
        assert!(Ticker::of_group(&name).is_composed() && !"SPY".parse::<Ticker>().unwrap().is_composed());
        assert_eq!(GroupName::of_portfolio(" portfolio:core_holdings"), Some(Ok(name)));
        assert!(GroupName::of_portfolio("PORTFOLIO:").unwrap().is_err() && GroupName::of_portfolio("SPY").is_none());
        assert!("PORTFOLIO:CORE".parse::<Ticker>().is_err());
    }

    #[test]
    fn holdings_come_back_as_they_were_kept_groups_too() {
        let kept = ["spy", "CUR:USD", "USER:My Mix"]
            .map(|name| Holding { ticker: Holding::name(name).unwrap(), amount: Amount::Weight(0.25) });
        assert_eq!(kept.each_ref().map(|one| one.ticker.as_str()), ["SPY", "CUR:USD", "USER:My_Mix"]);
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Holding>>(&text).unwrap(), kept);
        for wrong in ["S PY", "USER:", "user:a/b"] {
            assert!(Holding::name(wrong).is_err(), "{wrong}");
        }
    }
}
