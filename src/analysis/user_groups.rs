//! A user's factor groups as factors of an analysis.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use factor_analytics::{
    panel::GroupColumn,
    study::{Exclusion, ExclusionReason},
};
use factor_store::{Listed, RowKind, SavedGroup, StoreError};
use factor_types::{
    AssetClass, Category, Factor, FactorUniverse, GroupName, GroupWeighting, SourceTier, Ticker, UserId,
};

use super::user_portfolios::UserPortfolio;

/// Groups that are named where they are left out.
const NAMED: usize = 5;

/// The groups of one user that take part in an analysis.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserGroups {
    /// Whose they are.
    pub user: UserId,
    /// The groups by name.
    pub groups: Vec<UserGroup>,
    /// Why they could not be read, when they could not.
    pub trouble: Option<String>,
    /// How many of them may take part beside the whole universe, where that is bounded.
    pub room: Option<usize>,
    /// Those that do not, in a sentence.
    pub surplus: Option<String>,
    /// The groups, last changed first.
    pub newest_first: Vec<Ticker>,
    /// The saved portfolios that take part: those that the call names.
    pub portfolios: Vec<UserPortfolio>,
    /// Those of the groups and portfolios that are no factors: columns of the panel that others are compared with.
    pub aside: Vec<Ticker>,
    /// What the user's portfolios are called, where the call names any.
    pub portfolio_names: Vec<String>,
}

/// One group and what its returns are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct UserGroup {
    /// The group as a factor: `USER:<name>`, category `user`.
    pub factor: Arc<Factor>,
    /// The members with their weights, or why there are none.
    pub members: Result<Vec<(Ticker, f64)>, String>,
}

impl UserGroups {
    /// The groups as factors. Its members' asset class is a group's where they share one, as far as `universe` knows
    /// them; else it counts as equity.
    pub fn new(user: UserId, kept: &Listed<SavedGroup>, universe: &FactorUniverse) -> Self {
        let mut by_change: Vec<&SavedGroup> = kept.rows.iter().collect();
        by_change.sort_by_key(|kept| std::cmp::Reverse(kept.group.updated_at));
        let mut groups: Vec<UserGroup> = kept.rows.iter().map(|group| UserGroup::new(group, universe)).collect();
        groups.extend(kept.damaged.iter().filter_map(|name| UserGroup::damaged(name)));
        let newest_first = by_change.into_iter().map(|kept| Ticker::of_group(&kept.group.what.name)).collect();
        Self { user, groups, newest_first, ..Self::default() }
    }

    /// Those that may take part beside the whole universe: the last changed ones. The others are named.
    #[must_use]
    pub fn fitting(self) -> Self {
        let Some(room) = self.room.filter(|room| self.groups.len() > *room) else { return self };
        let taken: Vec<&Ticker> = self.newest_first.iter().take(room).collect();
        let (groups, rest): (Vec<UserGroup>, Vec<UserGroup>) =
            self.groups.into_iter().partition(|group| taken.contains(&&group.factor.ticker));
        let named: Vec<&str> = rest.iter().take(NAMED).map(|group| group.factor.ticker.as_str()).collect();
        let more = if rest.len() > NAMED { format!(" and {} more", rest.len() - NAMED) } else { String::new() };
        let surplus = format!(
            "{} of your factor groups are left out, unchanged the longest: {}{more}; an analysis takes at most so many \
             factors (FACTOR_INTELLIGENCE_MAX_FACTORS): delete groups, or name those you mean in tickers",
            rest.len(),
            named.join(", ")
        );
        Self { groups, surplus: Some(surplus), ..self }
    }

    /// No groups, and why.
    pub fn unreadable(user: UserId, why: String) -> Self {
        Self { user, trouble: Some(why), ..Self::default() }
    }

    /// That they could not be read, where they could not: what is not among them may be there all the same.
    pub fn unread(&self) -> Option<String> {
        self.trouble.as_ref().map(|why| format!("your factor groups cannot be read just now ({why}): call again"))
    }

    /// The group of this name or identifier.
    pub fn find(&self, name: &str) -> Option<&UserGroup> {
        let wanted = Ticker::of_group(&GroupName::read(name).ok()?);
        let same = |ticker: &Ticker| ticker.as_str().to_lowercase() == wanted.as_str().to_lowercase();
        self.groups.iter().find(|group| same(&group.factor.ticker))
    }

    /// The factors, portfolios last.
    pub fn factors(&self) -> impl Iterator<Item = &Arc<Factor>> {
        let all = self.groups.iter().map(|group| &group.factor).chain(self.portfolios.iter().map(|one| &one.factor));
        all.filter(|factor| !self.aside.contains(&factor.ticker))
    }

    /// The columns that the groups among `factors` become, and those that portfolios among them hold.
    pub(super) fn columns(&self, factors: &[Arc<Factor>]) -> Vec<GroupColumn> {
        let column = |group: &UserGroup| {
            let members = group.members.as_ref().ok()?.clone();
            Some(GroupColumn { ticker: group.factor.ticker.clone(), members })
        };
        let held = self.portfolios_among(factors).flat_map(|portfolio| &portfolio.groups);
        let mut seen = HashSet::new();
        let all = self.among(factors).chain(held).filter(|group| seen.insert(&group.factor.ticker));
        all.filter_map(column).collect()
    }

    /// The groups among `factors` that have no weights, as exclusions.
    pub(super) fn without_weights(&self, factors: &[Arc<Factor>]) -> Vec<Exclusion> {
        let exclusion = |group: &UserGroup| {
            let detail = group.members.as_ref().err()?.clone();
            let (ticker, label) = (group.factor.ticker.clone(), group.factor.label.clone());
            Some(Exclusion { ticker, label, reason: ExclusionReason::Unsupported, detail })
        };
        self.among(factors).filter_map(exclusion).collect()
    }

    fn among<'a>(&'a self, factors: &'a [Arc<Factor>]) -> impl Iterator<Item = &'a UserGroup> {
        self.groups.iter().filter(|group| self.takes_part(&group.factor.ticker, factors))
    }

    /// True of what is among some factors, or beside them.
    pub(super) fn takes_part(&self, ticker: &Ticker, factors: &[Arc<Factor>]) -> bool {
        self.aside.contains(ticker) || factors.iter().any(|factor| factor.ticker == *ticker)
    }
}

impl UserGroup {
    /// The group as a factor of a call's own universe.
    #[must_use]
    pub fn taken_as(&self, label: Option<String>, category: Category, asset_class: Option<AssetClass>) -> Self {
        let factor = Self::relabelled(&self.factor, label, category, asset_class);
        Self { factor: Arc::new(factor), members: self.members.clone() }
    }

    pub(super) fn relabelled(
        factor: &Factor,
        label: Option<String>,
        category: Category,
        asset_class: Option<AssetClass>,
    ) -> Factor {
        Factor {
            label: label.unwrap_or_else(|| factor.label.clone()),
            category,
            asset_class: asset_class.or(factor.asset_class),
            ..factor.clone()
        }
    }

    /// A group that is not what was saved: a factor that is excluded, with the reason. None where nobody could name it.
    fn damaged(name: &str) -> Option<Self> {
        let name = GroupName::read(name).ok()?;
        let factor = Factor::new(Ticker::of_group(&name), name.as_str(), Category::User, SourceTier::Database);
        let why = StoreError::DamagedRow { kind: RowKind::Group, name: name.to_string() };
        Some(Self { factor: Arc::new(factor), members: Err(why.to_string()) })
    }

    fn new(kept: &SavedGroup, universe: &FactorUniverse) -> Self {
        let group = &kept.group.what;
        let mut factor =
            Factor::new(Ticker::of_group(&group.name), group.name.as_str(), Category::User, SourceTier::Database);
        if let Some(class) = shared_class(group.tickers.iter(), universe) {
            factor.asset_class = class;
        }
        factor.description = Some(group.description.clone()).filter(|text| !text.is_empty());
        let all = || group.tickers.iter().cloned();
        let members = match (&kept.settled, &group.weighting) {
            (Some(settled), _) => Ok(settled.weights.clone()),
            (None, GroupWeighting::Equal) => Ok(all().map(|ticker| (ticker, 1.0)).collect()),
            (None, GroupWeighting::Custom(weights)) => Ok(all().zip(weights.iter().copied()).collect()),
            // Equal weights never take the place of others that were asked for.
            (None, GroupWeighting::MarketCap) => Err(format!(
                "the market-cap weights of {} were never settled: it was saved without a check; call update_factor_group \
                 for it when the price source answers",
                factor.ticker
            )),
        };
        Self { factor: Arc::new(factor), members }
    }
}

/// The asset class that members share, which may be none; a mixed group stays what user factors are.
pub(super) fn shared_class<'a>(
    members: impl Iterator<Item = &'a Ticker>,
    universe: &FactorUniverse,
) -> Option<Option<AssetClass>> {
    let known: BTreeSet<Option<AssetClass>> =
        members.filter_map(|ticker| universe.get(ticker)).map(|factor| factor.asset_class).collect();
    known.first().copied().filter(|_| known.len() == 1)
}

#[cfg(test)]
mod tests;
