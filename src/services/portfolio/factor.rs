//! A factor by any of its names, and its returns.

mod everyday;
mod names;

#[cfg(test)]
mod tests;

use factor_analytics::Study;
use factor_types::{AssetClass, Category, Factor, FactorUniverse, Sector, Ticker, closed_set};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use self::{
    everyday::everyday,
    names::{Miss, Names, is_word, look_up, resolve},
};
use crate::{analysis::UserGroups, services::common_args::MIN_COVERAGE, tool_error::ToolError};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One ETF of the universe.
    Etf,
    /// A holding of the call that is no factor.
    Holding,
    /// Any other ticker of the price source.
    Ticker,
    /// A factor group of the caller's.
    UserGroup,
    /// A saved portfolio of the caller's.
    Portfolio,
    /// The equal-weight composite of a category.
    Category(Category),
    /// That of a sector group, or of a subindustry.
    SectorGroup,
    /// That of an asset class.
    AssetClass(AssetClass),
    /// That of a sector.
    Sector(Sector),
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Etf => "etf",
            Self::Holding => "holding",
            Self::Ticker => "ticker",
            Self::UserGroup => "user_group",
            Self::Portfolio => "portfolio",
            Self::Category(_) => "category_composite",
            Self::SectorGroup => "sector_group_composite",
            Self::AssetClass(_) => "asset_class_composite",
            Self::Sector(_) => "sector_composite",
        }
    }
}

closed_set! {
    /// By which of its names a factor was found.
    pub(crate) enum MatchedBy: "a kind of name" {
        Ticker = "ticker",
        Holding = "holding",
        Label = "label",
        Alias = "alias",
        Category = "category",
        SectorGroup = "sector_group",
        Subindustry = "subindustry",
        AssetClass = "asset_class",
        Sector = "sector",
        UserGroup = "user_group",
        Portfolio = "portfolio",
        PartOfName = "part of a name",
        Description = "description",
    }
}

/// A name and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// As it was asked.
    pub(crate) query: String,
    /// A ticker, `USER:<name>`, `PORTFOLIO:<name>`, or the name of a composite.
    pub(crate) name: String,
    /// What the ETF stands for.
    pub(crate) label: Option<String>,
    pub(crate) kind: Kind,
    /// What it is made of, analysed or not.
    pub(crate) members: Vec<Ticker>,
    pub(crate) matched_by: MatchedBy,
    /// What the name might have meant as well.
    pub(crate) note: Option<String>,
}

/// A factor as answers show it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ResolvedFactor<'a> {
    /// As it was asked.
    query: &'a str,
    /// A ticker, `USER:<name>`, `PORTFOLIO:<name>`, or the name of a composite.
    resolved: &'a str,
    /// What the ETF stands for.
    label: Option<&'a str>,
    /// What it is: an ETF, a holding or another ticker that is no factor, a group, a saved portfolio, or a composite and of what.
    kind: &'static str,
    matched_by: MatchedBy,
    /// What it is made of, analysed or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<&'a [Ticker]>,
    /// How many that are, where a summary does not list them.
    #[serde(skip_serializing_if = "Option::is_none")]
    member_count: Option<usize>,
}

impl Resolved {
    /// What has to be priced beside the factors and the holdings.
    pub(crate) fn priced_besides(&self) -> impl Iterator<Item = &Ticker> {
        self.members.iter().filter(|_| self.kind == Kind::Ticker)
    }

    /// That the price source does not know it either, with the nearest names.
    pub(crate) fn unknown(&self, field: &str, (universe, groups): (&FactorUniverse, &UserGroups)) -> ToolError {
        Miss::Unknown.refused(field, &self.query, universe, groups)
    }

    /// As it is shown in an answer, with `most` members at most: of more there is only the number.
    pub(crate) fn shown(&self, most: usize) -> ResolvedFactor<'_> {
        let listed = self.members.len() <= most;
        ResolvedFactor {
            query: &self.query,
            resolved: &self.name,
            label: self.label.as_deref(),
            kind: self.kind.as_str(),
            matched_by: self.matched_by,
            members: listed.then_some(&self.members),
            member_count: (!listed).then_some(self.members.len()),
        }
    }

    /// Its returns on the panel, or why there are none.
    pub(crate) fn returns(&self, study: &Study) -> Result<Vec<f64>, String> {
        let panel = study.panel();
        let of_column = |ticker: &Ticker| panel.position(ticker).map(|at| panel.column(at).to_vec());
        let belongs: Box<dyn Fn(&Factor) -> bool> = match self.kind {
            Kind::Etf | Kind::UserGroup | Kind::Portfolio => {
                if let Some(lost) = study.excluded.iter().find(|lost| lost.ticker.as_str() == self.name) {
                    return Err(lost.detail.clone());
                }
                let ticker = study.factors.iter().find(|studied| studied.factor.ticker.as_str() == self.name);
                let found = ticker.and_then(|studied| of_column(&studied.factor.ticker));
                return found.ok_or_else(|| "it has no returns in the window".to_owned());
            }
            Kind::Holding | Kind::Ticker => {
                let found = self.members.first().and_then(of_column);
                return found
                    .filter(|returns| returns.iter().any(|r| r.is_finite()))
                    .ok_or_else(|| "the price source has no returns of it in the window".to_owned());
            }
            Kind::AssetClass(class) => {
                Box::new(move |factor| factor.asset_class == Some(class) && factor.category != Category::User)
            }
            Kind::Category(category) => Box::new(move |factor| factor.category == category),
            Kind::SectorGroup | Kind::Sector(_) => Box::new(|factor| self.members.contains(&factor.ticker)),
        };
        let (members, listed) = study.members(belongs);
        let built = study.composite(&self.name, &members, listed, MIN_COVERAGE);
        built.map(|composite| composite.values).map_err(|coverage| {
            format!("only {coverage:.0}% of its ETFs have enough data, {:.0}% needed", 100.0 * MIN_COVERAGE)
        })
    }
}
