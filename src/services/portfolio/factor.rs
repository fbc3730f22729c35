//! A factor by any of its names.

use std::collections::HashSet;

use factor_analytics::Study;
use factor_types::{AssetClass, Category, Factor, FactorUniverse, Ticker};
use serde_json::{Value, json};

use super::MIN_COVERAGE;
use crate::{
    analysis::UserGroups,
    arguments::nearest,
    tool_error::{ErrorCode, Problem, ToolError},
};

/// Names told when one is not found, or stands for several.
const NAMED: usize = 6;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One ETF of the universe.
    Etf,
    /// A holding of the call that is no factor.
    Holding,
    /// A factor group of the caller's.
    UserGroup,
    /// The equal-weight composite of a category.
    Category(Category),
    /// That of a sector group, or of a subindustry.
    SectorGroup,
    /// That of an asset class.
    AssetClass(AssetClass),
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Etf => "etf",
            Self::Holding => "holding",
            Self::UserGroup => "user_group",
            Self::Category(_) => "category_composite",
            Self::SectorGroup => "sector_group_composite",
            Self::AssetClass(_) => "asset_class_composite",
        }
    }
}

/// A name and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// As it was asked.
    pub(crate) query: String,
    /// A ticker, `USER:<name>`, or the name of a composite.
    pub(crate) name: String,
    /// What the ETF stands for.
    pub(crate) label: Option<String>,
    pub(crate) kind: Kind,
    /// What it is made of, analysed or not.
    pub(crate) members: Vec<Ticker>,
    /// By which of its names it was found.
    pub(crate) matched_by: &'static str,
}

impl Resolved {
    /// As it is shown in an answer.
    pub(crate) fn json(&self) -> Value {
        json!({
            "query": self.query,
            "resolved": self.name,
            "label": self.label,
            "kind": self.kind.as_str(),
            "matched_by": self.matched_by,
            "members": self.members,
        })
    }

    /// Its returns on the panel, or why there are none.
    pub(crate) fn returns(&self, study: &Study) -> Result<Vec<f64>, String> {
        let panel = study.panel();
        let of_column = |ticker: &Ticker| panel.position(ticker).map(|at| panel.column(at).to_vec());
        let belongs: Box<dyn Fn(&Factor) -> bool> = match self.kind {
            Kind::Etf | Kind::UserGroup => {
                if let Some(lost) = study.excluded.iter().find(|lost| lost.ticker.as_str() == self.name) {
                    return Err(lost.detail.clone());
                }
                let ticker = study.factors.iter().find(|studied| studied.factor.ticker.as_str() == self.name);
                let found = ticker.and_then(|studied| of_column(&studied.factor.ticker));
                return found.ok_or_else(|| "it has no returns in the window".to_owned());
            }
            Kind::Holding => {
                let found = self.members.first().and_then(of_column);
                return found
                    .filter(|returns| returns.iter().any(|r| r.is_finite()))
                    .ok_or_else(|| "the price source has no returns of it in the window".to_owned());
            }
            Kind::AssetClass(class) => {
                Box::new(move |factor| factor.asset_class == class && factor.category != Category::User)
            }
            Kind::Category(category) => Box::new(move |factor| factor.category == category),
            Kind::SectorGroup => Box::new(|factor| self.members.contains(&factor.ticker)),
        };
        let (members, listed) = study.members(belongs);
        let built = study.composite(&self.name, &members, listed, MIN_COVERAGE);
        built.map(|composite| composite.values).map_err(|coverage| {
            format!("only {coverage:.0}% of its ETFs have enough data, {:.0}% needed", 100.0 * MIN_COVERAGE)
        })
    }
}

/// Finds a factor: by ticker, label, label without case and punctuation, alias, category or sector group, group of the
/// caller's, and at last by a part of a name. `held` are the call's holdings, which may be named by their tickers.
///
/// # Errors
/// None or several fit: the nearest are told.
pub(crate) fn resolve(
    field: &str,
    query: &str,
    universe: &FactorUniverse,
    groups: &UserGroups,
    held: &[Ticker],
) -> Result<Resolved, ToolError> {
    let factors = universe.factors();
    let wanted = plain(query);
    if wanted.is_empty() {
        return Err(unknown(field, query, "must name a factor", &nearest_names("etf", universe, groups)));
    }
    let etf = |factor: &Factor, matched_by| Resolved {
        query: query.to_owned(),
        name: factor.ticker.to_string(),
        label: Some(factor.label.clone()),
        kind: Kind::Etf,
        members: vec![factor.ticker.clone()],
        matched_by,
    };
    if let Some(factor) = factors.iter().find(|factor| factor.ticker.as_str().eq_ignore_ascii_case(query)) {
        return Ok(etf(factor, "ticker"));
    }
    if let Some(ticker) = held.iter().find(|ticker| ticker.as_str().eq_ignore_ascii_case(query)) {
        return Ok(Resolved {
            query: query.to_owned(),
            name: ticker.to_string(),
            label: None,
            kind: Kind::Holding,
            members: vec![ticker.clone()],
            matched_by: "holding",
        });
    }
    type Fits<'a> = Box<dyn Fn(&Factor) -> bool + 'a>;
    let names: [(&'static str, Fits<'_>); 3] = [
        ("label", Box::new(|factor: &Factor| factor.label == query)),
        ("label", Box::new(|factor: &Factor| plain(&factor.label) == wanted)),
        ("alias", Box::new(|factor: &Factor| factor.aliases.iter().any(|alias| plain(alias) == wanted))),
    ];
    for (by, fits) in &names {
        match some(factors, fits).as_slice() {
            [] => {}
            [one] => return Ok(etf(one, by)),
            several => return Err(ambiguous(field, query, several)),
        }
    }
    if let Some(found) = composite(query, &wanted, factors) {
        return Ok(found);
    }
    if let Some(group) = groups.find(query) {
        return Ok(Resolved {
            query: query.to_owned(),
            name: group.factor.ticker.to_string(),
            label: Some(group.factor.label.clone()),
            kind: Kind::UserGroup,
            members: group.members.iter().flatten().map(|(ticker, _)| ticker.clone()).collect(),
            matched_by: "user_group",
        });
    }
    let holds = |name: &str| wanted.len() >= 2 && plain(name).contains(&wanted);
    let parts: [(&'static str, Fits<'_>); 2] = [
        ("part of a name", Box::new(|f: &Factor| holds(&f.label) || f.aliases.iter().any(|alias| holds(alias)))),
        ("description", Box::new(|f: &Factor| wanted.len() >= 4 && f.description.as_deref().is_some_and(holds))),
    ];
    for (by, fits) in &parts {
        match some(factors, fits).as_slice() {
            [] => {}
            [one] => return Ok(etf(one, by)),
            several => return Err(ambiguous(field, query, several)),
        }
    }
    Err(unknown(field, query, "must name one factor", &nearest_names(query, universe, groups)))
}

fn some<'a>(factors: &'a [Factor], fits: &dyn Fn(&Factor) -> bool) -> Vec<&'a Factor> {
    factors.iter().filter(|factor| fits(factor)).collect()
}

/// The composite of a category, a sector group, a subindustry or an asset class.
fn composite(query: &str, wanted: &str, factors: &[Factor]) -> Option<Resolved> {
    let singular = wanted.strip_suffix('s').unwrap_or(wanted);
    let is = |name: &str| plain(name) == wanted || plain(name) == singular;
    let of = |name: &str, kind: Kind, by: &'static str, belongs: &dyn Fn(&Factor) -> bool| {
        let members: Vec<Ticker> =
            factors.iter().filter(|factor| belongs(factor)).map(|factor| factor.ticker.clone()).collect();
        (!members.is_empty()).then(|| Resolved {
            query: query.to_owned(),
            name: name.to_owned(),
            label: None,
            kind,
            members,
            matched_by: by,
        })
    };
    let category = Category::ALL
        .into_iter()
        .filter(|category| *category != Category::User)
        .find(|category| is(category.as_str()) || (*category == Category::FixedIncome && singular == "bond"));
    if let Some(category) = category
        && let Some(found) =
            of(category.as_str(), Kind::Category(category), "category", &|factor| factor.category == category)
    {
        return Some(found);
    }
    let named = factors.iter().flat_map(|factor| [&factor.sector_group, &factor.subindustry]).flatten();
    if let Some(name) = named.clone().find(|name| is(name)) {
        let belongs =
            |factor: &Factor| factor.sector_group.as_ref() == Some(name) || factor.subindustry.as_ref() == Some(name);
        return of(name, Kind::SectorGroup, "sector_group", &belongs);
    }
    let class = AssetClass::ALL.into_iter().find(|class| is(class.as_str()) || is(class.macro_group()))?;
    of(class.macro_group(), Kind::AssetClass(class), "asset_class", &|factor| factor.asset_class == class)
}

/// Letters and digits alone, small.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn shown(factor: &Factor) -> String {
    format!("{} ({})", factor.ticker, factor.label)
}

fn ambiguous(field: &str, query: &str, several: &[&Factor]) -> ToolError {
    let names: Vec<String> = several.iter().map(|factor| shown(factor)).collect();
    let rule = format!("fits {} factors", several.len());
    unknown(field, query, &rule, &names)
}

/// What factors and composites are called that is nearest to `query`, by whole names and by their words.
fn nearest_names(query: &str, universe: &FactorUniverse, groups: &UserGroups) -> Vec<String> {
    /// Shorter words say little.
    const WORD: usize = 5;
    let mut names: Vec<(String, String)> = Vec::new();
    for factor in universe.factors() {
        let all = [factor.ticker.as_str(), &factor.label].into_iter().chain(factor.aliases.iter().map(String::as_str));
        let words = all
            .clone()
            .chain(factor.description.as_deref())
            .flat_map(|name| name.split(|c: char| !c.is_alphanumeric()));
        let words = words.filter(|word| word.len() >= WORD);
        names.extend(all.clone().chain(words).map(|name| (name.to_owned(), shown(factor))));
        names.push((factor.category.as_str().to_owned(), format!("{} (category)", factor.category.as_str())));
        names.extend(factor.sector_group.iter().map(|group| (group.clone(), format!("{group} (sector group)"))));
    }
    names.extend(groups.factors().map(|factor| (factor.label.clone(), factor.ticker.to_string())));
    let (mut near, mut seen) = (Vec::new(), HashSet::new());
    while near.len() < NAMED
        && let Some(found) = nearest(query, names.iter().map(|(name, _)| name.as_str())).map(str::to_owned)
    {
        for (_, factor) in names.extract_if(.., |(name, _)| *name == found) {
            if near.len() < NAMED && seen.insert(factor.clone()) {
                near.push(factor);
            }
        }
    }
    near
}

fn unknown(field: &str, query: &str, rule: &str, names: &[String]) -> ToolError {
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let hint = if names.is_empty() {
        "list_factors names them; categories and sector groups are read too".to_owned()
    } else {
        let lead = if rule.starts_with("fits") { "name one by its ticker:" } else { "the nearest are" };
        format!("{lead} {}{more}", names[..names.len().min(NAMED)].join(", "))
    };
    let query: String = query.chars().take(80).collect();
    let message = format!("`{query}` {rule}: {hint}.");
    ToolError::new(ErrorCode::UnknownFactor, message).with_problem(Problem {
        field: field.to_owned(),
        got: json!(query).to_string(),
        rule: rule.to_owned(),
        hint: Some(hint),
    })
}

#[cfg(test)]
mod tests;
