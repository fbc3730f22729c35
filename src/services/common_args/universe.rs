//! A universe of the call's own, and the caller's groups that take part.

use factor_types::{AssetClass, Category, Factor, FactorUniverse, SourceTier, Ticker};

use super::FACTOR_CATEGORIES;
use crate::{
    analysis::{UserGroup, UserGroups},
    arguments::{Args, Choices, MapForm},
};

/// One entry of `factor_universe`.
enum Entry {
    Factor(Factor),
    Group(UserGroup),
}

/// Reads `factor_universe`, if the call brings one, and the caller's groups that take part: all of them, or those that the
/// call's own universe names.
pub(super) fn read(args: &Args, advanced: &Args, groups: UserGroups) -> (Option<FactorUniverse>, UserGroups) {
    let with_groups = advanced.boolean("include_user_groups").unwrap_or(true);
    let form = MapForm { key: "label", value: "ticker" };
    let Some(entries) = args.objects("factor_universe", Some(form)) else {
        let none = UserGroups { groups: Vec::new(), trouble: None, ..groups };
        return (None, if with_groups { groups } else { none });
    };
    if entries.is_empty() {
        args.must("factor_universe", "name at least one factor");
    }
    let (mut factors, mut named) = (Vec::new(), Vec::new());
    for entry in &entries {
        match one(entry, &groups) {
            Some(Entry::Factor(factor)) => factors.push(factor),
            Some(Entry::Group(group)) => named.push(group),
            None => {}
        }
    }
    (Some(FactorUniverse::new(factors)), UserGroups { groups: named, trouble: None, ..groups })
}

fn one(entry: &Args, groups: &UserGroups) -> Option<Entry> {
    entry.require("ticker");
    let label = entry.string("label");
    let category = entry.choice("category", FACTOR_CATEGORIES).unwrap_or(Category::Custom);
    let asset_class = entry.choice("asset_class", Choices::of::<AssetClass>());
    let sector_group = entry.string("sector_group");
    entry.only(&["label", "ticker", "category", "asset_class", "sector_group"]);
    if let Some(name) = entry.string("ticker").filter(|text| is_group(text)) {
        let found = groups.find(&name);
        if found.is_none() {
            let hint = "list_factor_groups names them".to_owned();
            entry.refuse("ticker", "is not one of your factor groups", hint);
        }
        return found.map(|found| Entry::Group(found.taken_as(label, category, asset_class)));
    }
    let ticker: Ticker = entry.parsed("ticker")?;
    let label = label.unwrap_or_else(|| ticker.to_string());
    let mut factor = Factor::new(ticker, label, category, SourceTier::Request);
    factor.asset_class = asset_class.unwrap_or(factor.asset_class);
    factor.sector_group = sector_group;
    Some(Entry::Factor(factor))
}

/// True for the name of a factor group among tickers: `USER:My_Tech`.
fn is_group(text: &str) -> bool {
    text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("USER:"))
}
