//! The holdings that a call is about, as weights.

use factor_store::StoreError;
use factor_types::{GroupName, Holding, Ticker, UserId};
use indexmap::IndexMap;

use crate::{
    analysis::{Caller, UserGroups},
    app::App,
    arguments::nearest,
    services::{
        holdings_warning::Warning,
        portfolios::{self, DEFAULT_NAME, holdings::Source, valuation, view::PriceUsed},
    },
    tool_error::{ErrorCode, Problem, Refusal, ToolError},
};

/// Holdings as weights.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// The saved portfolio they are.
    pub(crate) name: Option<String>,
    /// What they weigh, sum 1, cash included.
    pub(crate) weights: IndexMap<Ticker, f64>,
    /// What all of them are worth, where they are shares or values.
    pub(crate) worth: Option<f64>,
    /// The prices by which shares are worth something.
    pub(crate) prices: Vec<PriceUsed>,
    /// How the weights came about.
    pub(crate) normalisation: String,
    /// What the caller should know.
    pub(crate) notes: Vec<String>,
    /// What is to be known of the prices.
    pub(crate) warnings: Vec<Warning>,
}

/// Holdings as they were given or saved.
#[derive(Debug)]
pub(crate) struct Holdings {
    /// The saved portfolio they are.
    name: Option<String>,
    holdings: Vec<Holding>,
    notes: Vec<String>,
}

impl Holdings {
    /// The holdings that a call is about; `None` where it brings none and none is saved as `CURRENT_PORTFOLIO`.
    ///
    /// # Errors
    /// A portfolio that is not saved.
    pub(crate) async fn of(source: &Source, app: &App, user: UserId) -> Result<Option<Self>, ToolError> {
        let (name, holdings, notes) = match source {
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
        Ok(Some(Self { name, holdings, notes }))
    }

    /// What the saved portfolio holds that they are; nothing where the call brings them.
    pub(crate) fn saved(&self) -> &[Holding] {
        if self.name.is_some() { &self.holdings } else { &[] }
    }

    /// Them as weights.
    ///
    /// # Errors
    /// Groups that are not the caller's, holdings without a price.
    pub(crate) async fn weighed(self, app: &App, groups: &UserGroups, caller: &Caller<'_>) -> Result<Held, ToolError> {
        let Self { name, holdings, mut notes } = self;
        let holdings = with_own_groups(holdings, groups)?;
        let valued = valuation::value(app, &holdings, caller).await;
        let (normalisation, as_given) = (valued.in_words(), valued.is_as_given());
        let worth = valued.total_value.filter(|_| valued.by_value);
        let weights = valued.weights.map_err(|why| {
            let (what, way_out) = why.split_once("; ").unwrap_or((&why, "give their values or weights"));
            ToolError::new(ErrorCode::NoData, format!("The weights of the holdings are {what}"), way_out)
        })?;
        if !as_given {
            notes.push(normalisation.clone());
        }
        let warnings = valued.warnings.into_iter().map(Warning::OfPrices).collect();
        let prices = valued.prices.into_iter().map(PriceUsed::from).collect();
        Ok(Held { name, weights, worth, prices, normalisation, notes, warnings })
    }
}

impl Held {
    /// The tickers whose prices are needed.
    pub(crate) fn priced(&self) -> impl Iterator<Item = Ticker> {
        self.weights.keys().filter(|ticker| ticker.as_str() != super::CASH).cloned()
    }
}

/// The holdings with groups under the names that they were saved with.
///
/// # Errors
/// A group that is not the caller's.
pub(crate) fn with_own_groups(holdings: Vec<Holding>, groups: &UserGroups) -> Result<Vec<Holding>, ToolError> {
    let own = |holding: Holding| Ok(Holding { ticker: own_group(&holding.ticker, groups, "holdings")?, ..holding });
    holdings.into_iter().map(own).collect()
}

/// A ticker as it is; a group under the name that it was saved with.
///
/// # Errors
/// No such group is the caller's.
pub(crate) fn own_group(ticker: &Ticker, groups: &UserGroups, field: &str) -> Result<Ticker, ToolError> {
    if !ticker.is_group() {
        return Ok(ticker.clone());
    }
    if let Some(group) = groups.find(ticker.as_str()) {
        return Ok(group.factor.ticker.clone());
    }
    let near = nearest(ticker.as_str(), groups.factors().map(|factor| factor.ticker.as_str()));
    let hint = match (groups.unread(), near) {
        (Some(unread), _) => unread,
        (None, Some(near)) => format!("the nearest is {near}"),
        (None, None) => {
            "list_factor_groups names them, create_factor_group makes one; include_user_groups must not be false"
                .to_owned()
        }
    };
    let rule = "must name a factor group of yours".to_owned();
    let error = ToolError::new(ErrorCode::NotFound, format!("{ticker} is no factor group of yours"), &hint);
    Err(error.with_problem(Problem::new(field, ticker.to_string(), Refusal::new(rule, hint))))
}

#[cfg(test)]
mod tests {
    use factor_types::{Category, Factor, SourceTier};

    use super::*;
    use crate::analysis::UserGroup;

    #[test]
    fn a_group_is_held_under_its_own_name_or_is_none() {
        let name: GroupName = "My Mix".parse().unwrap();
        let factor = Factor::new(Ticker::of_group(&name), "My Mix", Category::User, SourceTier::Database);
        let group = UserGroup { factor: std::sync::Arc::new(factor), members: Ok(Vec::new()) };
        let groups = UserGroups { groups: vec![group], ..UserGroups::default() };
        let read = |name: &str| own_group(&Holding::name(name).unwrap(), &groups, "holdings");
        assert_eq!(read("USER:my mix").unwrap().as_str(), "USER:My_Mix");
        assert_eq!(read("spy").unwrap().as_str(), "SPY");
        let error = read("USER:My Mox").unwrap_err();
        assert_eq!(error.code, ErrorCode::NotFound);
        assert!(error.message.contains("The nearest is USER:My_Mix"), "{}", error.message);
        let none = own_group(&Holding::name("USER:x").unwrap(), &UserGroups::default(), "holdings").unwrap_err();
        assert!(none.message.contains("list_factor_groups"), "{}", none.message);
    }
}
