//! The holdings that a call is about, as weights.

use factor_store::StoreError;
use factor_types::{GroupName, Ticker, UserId};
use indexmap::IndexMap;

use crate::{
    analysis::Caller,
    app::App,
    services::{
        holdings_warning::Warning,
        portfolios::{self, DEFAULT_NAME, holdings::Source, valuation},
    },
    tool_error::{ErrorCode, ToolError},
};

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
    pub(crate) warnings: Vec<Warning>,
}

impl Held {
    /// The holdings as weights; `None` where the call brings none and none is saved as `CURRENT_PORTFOLIO`.
    ///
    /// # Errors
    /// A portfolio that is not saved, holdings without a price.
    pub(crate) async fn of(
        source: &Source,
        app: &App,
        user: UserId,
        caller: &Caller<'_>,
    ) -> Result<Option<Self>, ToolError> {
        let (name, holdings, mut notes) = match source {
            Source::Given(given) => (None, given.holdings.clone(), given.notes.clone()),
            Source::Named(name) => {
                let kept = portfolios::find(app, user, name).await?;
                (Some(kept.what.name.to_string()), kept.what.holdings, Vec::new())
            }
            Source::Unsaid => {
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
        let (normalisation, as_given) = (valued.in_words(), valued.is_as_given());
        let weights = valued
            .weights
            .map_err(|why| ToolError::new(ErrorCode::NoData, format!("The weights of the holdings are {why}.")))?;
        if !as_given {
            notes.push(normalisation.clone());
        }
        let warnings = valued.warnings.into_iter().map(Warning::OfPrices).collect();
        Ok(Some(Self { name, weights, normalisation, notes, warnings }))
    }

    /// The tickers whose prices are needed.
    pub(crate) fn priced(&self) -> impl Iterator<Item = Ticker> {
        self.weights.keys().filter(|ticker| ticker.as_str() != super::CASH).cloned()
    }
}
