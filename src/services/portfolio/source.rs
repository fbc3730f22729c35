//! Whose holdings a call is about: those it brings, a saved portfolio, or `CURRENT_PORTFOLIO`.

use factor_store::StoreError;
use factor_types::{GroupName, Ticker, UserId};
use indexmap::IndexMap;

use crate::{
    analysis::Caller,
    app::App,
    arguments::Args,
    services::{
        holdings_warning::Warning,
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
    pub(crate) warnings: Vec<Warning>,
}

impl Source {
    /// Reads `holdings` and `portfolio_name`. What is wrong with them `args` remembers.
    pub(crate) fn read(args: &Args) -> Self {
        if args.has("holdings") && args.has("portfolio_name") {
            args.refuse("portfolio_name", "must not be given together with holdings", "keep one of them");
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
    pub(crate) async fn weigh(&self, app: &App, user: UserId, caller: &Caller<'_>) -> Result<Option<Held>, ToolError> {
        let (name, holdings, mut notes) = match self {
            Self::Given(given) => (None, given.holdings.clone(), given.notes.clone()),
            Self::Named(name) => {
                let kept = portfolios::find(app, user, name).await?;
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
        let (normalisation, as_given) = (valued.in_words(), valued.is_as_given());
        let weights = valued.weights.map_err(|why| {
            let (what, way_out) = why.split_once("; ").unwrap_or((&why, "give their values or weights"));
            ToolError::new(ErrorCode::NoData, format!("The weights of the holdings are {what}"), way_out)
        })?;
        if !as_given {
            notes.push(normalisation.clone());
        }
        let warnings = valued.warnings.into_iter().map(Warning::OfPrices).collect();
        Ok(Some(Held { name, weights, normalisation, notes, warnings }))
    }
}

impl Held {
    /// The tickers whose prices are needed.
    pub(crate) fn priced(&self) -> impl Iterator<Item = Ticker> {
        self.weights.keys().filter(|ticker| ticker.as_str() != super::CASH).cloned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(values: Value) -> Result<Source, String> {
        let Value::Object(values) = values else { panic!("no object") };
        let args = Args::new(values);
        let source = Source::read(&args);
        args.finish(&["holdings", "portfolio_name"]).map_err(|error| error.message)?;
        Ok(source)
    }

    #[test]
    fn holdings_come_with_the_call_or_by_name() {
        let Ok(Source::Given(given)) = read(json!({"holdings": {"SPY": 0.6, "CUR:USD": 0.4}})) else { panic!() };
        assert_eq!(given.holdings.len(), 2);
        let Ok(Source::Named(name)) = read(json!({"portfolio_name": "My Own"})) else { panic!() };
        assert_eq!(name.key(), "my_own");
        assert!(matches!(read(json!({"holdings": null})), Ok(Source::Unsaid)));
    }

    #[test]
    fn one_source_at_a_time() {
        let both = read(json!({"holdings": {"SPY": 1}, "portfolio_name": "Mine"})).unwrap_err();
        assert!(both.contains("must not be given together with holdings: keep one of them"), "{both}");
        assert!(read(json!({"holdings": []})).unwrap_err().contains("must be 1 to 1000 holdings"));
        assert!(read(json!({"portfolio_name": "!"})).is_err());
    }
}
