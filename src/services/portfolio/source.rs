//! Whose holdings a call is about: those it brings, a saved portfolio, or `CURRENT_PORTFOLIO`.

use factor_store::StoreError;
use factor_types::{GroupName, Ticker, UserId};
use indexmap::IndexMap;

use crate::{
    analysis::Caller,
    app::App,
    arguments::Args,
    services::{
        portfolios::{self, DEFAULT_NAME, holdings, valuation},
        saved_items,
    },
    tool_error::{ErrorCode, ToolError},
};

/// Where the holdings come from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// The call itself.
    Given(holdings::Holdings),
    /// A saved portfolio.
    Named(GroupName),
    /// `CURRENT_PORTFOLIO`, where there is one.
    Unsaid,
}

/// Holdings as weights.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// The saved portfolio they are.
    pub(crate) name: Option<String>,
    /// What they weigh, sum 1, cash included.
    pub(crate) weights: IndexMap<Ticker, f64>,
    /// How the weights came about.
    pub(crate) normalisation: String,
    /// What the caller should know.
    pub(crate) notes: Vec<String>,
    /// What is to be known of the prices.
    pub(crate) warnings: Vec<String>,
}

impl Source {
    /// Reads `holdings` and `portfolio_name`. What is wrong with them `args` remembers.
    pub(crate) fn read(args: &Args) -> Self {
        if args.has("holdings") && args.has("portfolio_name") {
            args.refuse("portfolio_name", "must not stand beside holdings", Some("keep one of them".to_owned()));
        }
        if args.has("holdings") {
            return holdings::read(args, "holdings").map_or(Self::Unsaid, Self::Given);
        }
        saved_items::name(args, "portfolio_name").map_or(Self::Unsaid, Self::Named)
    }

    /// The holdings as weights; `None` where the call brings none and none is saved as `CURRENT_PORTFOLIO`.
    ///
    /// # Errors
    /// A portfolio that is not saved, holdings without a price.
    pub(crate) async fn weigh(self, app: &App, user: UserId, caller: &Caller<'_>) -> Result<Option<Held>, ToolError> {
        let (name, holdings, mut notes) = match self {
            Self::Given(given) => (None, given.holdings, given.notes),
            Self::Named(name) => {
                let kept = portfolios::find(app, user, &name).await?;
                (Some(kept.what.name.to_string()), kept.what.holdings, Vec::new())
            }
            Self::Unsaid => {
                let Ok(name) = DEFAULT_NAME.parse::<GroupName>() else { return Ok(None) };
                match app.store.portfolio(user, &name).await {
                    Ok(Some(kept)) => {
                        let note = format!("the saved portfolio {} is used", kept.what.name);
                        (Some(kept.what.name.to_string()), kept.what.holdings, vec![note])
                    }
                    Ok(None) | Err(StoreError::NotConfigured) => return Ok(None),
                    Err(error) => return Err(error.into()),
                }
            }
        };
        let valued = valuation::value(app, &holdings, caller).await;
        let normalisation = valued.in_words();
        let weights = valued
            .weights
            .map_err(|why| ToolError::new(ErrorCode::NoData, format!("The weights of the holdings are {why}.")))?;
        if !normalisation.ends_with("sum to 1") {
            notes.push(normalisation.clone());
        }
        Ok(Some(Held { name, weights, normalisation, notes, warnings: valued.warnings }))
    }
}

impl Held {
    /// The tickers whose prices are needed.
    pub(crate) fn priced(&self) -> impl Iterator<Item = Ticker> {
        self.weights.keys().filter(|ticker| ticker.as_str() != super::CASH).cloned()
    }
}
