//! Which factor a name means: by ticker, label, alias, composite, group, and at last by words or a part of a name.

use std::{cell::OnceCell, collections::HashSet, fmt};

use factor_types::{AssetClass, Category, Factor, FactorUniverse, GroupName, Sector, Ticker};
use indexmap::IndexMap;
use memchr::memmem;
use serde_json::json;

use super::{Kind, MatchedBy, Resolved, everyday};
use crate::{
    analysis::{UserGroups, UserPortfolio},
    answer::shortened,
    arguments::nearest_first,
    services::portfolios::as_factors::no_portfolio,
    tool_error::{ErrorCode, Problem, Refusal, ToolError},
};

/// Names listed when one is not found, or stands for several.
const NAMED: usize = 6;
/// The shortest part of a name that is looked for, and of a description.
const PART: usize = 2;
const PART_OF_DESCRIPTION: usize = 4;
/// Characters of a name that an error repeats.
const LONGEST: usize = 80;
/// What the average of several ETFs is called.
const COMPOSITE: &str = "composite";
/// Letters of the longest symbol.
const LONGEST_SYMBOL: usize = 5;
/// What fixed income is called as well.
const BOND: &str = "bond";

/// Why a name means no factor.
pub(crate) enum Miss<'a> {
    /// It has no letter and no digit.
    Empty,
    /// No factor has such a name.
    Unknown,
    /// Several have.
    Several(Vec<&'a Factor>),
}

/// Finds a factor: a saved portfolio by `PORTFOLIO:<name>`, else by ticker, label, label without case and punctuation, alias (of a sector any of its names), category,
/// sector group or sector, group of the caller's, and at last by whole words of a name and by a part of one. `held` are the
/// call's holdings, which may be named by their tickers. What no name has and is no word is a ticker of the price source; in capitals
/// it is that rather than a part of a word: META is no part of "Industrial Metals".
///
/// # Errors
/// None or several fit: the nearest are listed.
pub(crate) fn resolve(
    field: &str,
    query: &str,
    universe: &FactorUniverse,
    groups: &UserGroups,
    held: &[Ticker],
) -> Result<Resolved, ToolError> {
    if let Some(name) = GroupName::of_portfolio(query) {
        let found = name.ok().and_then(|name| groups.portfolio(&name));
        return found.map(|found| of_portfolio(query, found)).ok_or_else(|| {
            let refusal = no_portfolio(query, groups);
            let query = shortened(query, LONGEST);
            let what = format!("`{query}` {}", refusal.rule());
            let error = ToolError::new(ErrorCode::UnknownFactor, what, refusal.hint().unwrap_or_default());
            error.with_problem(Problem::new(field, json!(query).to_string(), refusal))
        });
    }
    let found = look_up(query, &Names::of(universe), groups, held);
    match (found, symbol(query)) {
        (Err(Miss::Unknown), Some(ticker)) => Ok(of_source(query, ticker)),
        (Ok(found), Some(ticker)) if ticker.as_str() == query && !says_word(&found, query, universe) => {
            Ok(of_source(query, ticker))
        }
        (Err(Miss::Several(fitting)), Some(ticker))
            if ticker.as_str() == query && !fitting.iter().any(|factor| has_word(factor, query)) =>
        {
            Ok(of_source(query, ticker))
        }
        (found, _) => found.map_err(|miss| miss.refused(field, query, universe, groups)),
    }
}

/// The ticker that a name may be: it has letters, and no more of them alone than tickers have.
fn symbol(query: &str) -> Option<Ticker> {
    let ticker: Ticker = query.parse().ok()?;
    let is_symbol = !is_word(query) && query.chars().any(char::is_alphabetic);
    (is_symbol && !ticker.is_composed()).then_some(ticker)
}

/// True for letters that are too many for a ticker of an exchange of America: `bitcoin`.
pub(crate) fn is_word(name: &str) -> bool {
    name.len() > LONGEST_SYMBOL && name.chars().all(char::is_alphabetic)
}

/// Whether a name that was found by a part of a factor's names is a word of them, and not of their letters alone.
fn says_word(found: &Resolved, query: &str, universe: &FactorUniverse) -> bool {
    if !matches!(found.matched_by, MatchedBy::PartOfName | MatchedBy::Description) {
        return true;
    }
    let factor = found.members.first().and_then(|ticker| universe.get(ticker));
    factor.is_none_or(|factor| has_word(factor, query))
}

fn has_word(factor: &Factor, query: &str) -> bool {
    let word = query.to_lowercase();
    let mut all = [&factor.label].into_iter().chain(&factor.aliases).chain(&factor.description);
    all.any(|name| words_of(name).contains(&word))
}

fn of_source(query: &str, ticker: Ticker) -> Resolved {
    Resolved {
        query: query.to_owned(),
        name: ticker.to_string(),
        label: None,
        kind: Kind::Ticker,
        members: vec![ticker],
        matched_by: MatchedBy::Ticker,
        note: None,
    }
}

/// [`resolve`] for one who looks many up, and does not need to be told of the nearest to each; not for portfolios.
pub(crate) fn look_up<'a>(
    query: &str,
    names: &Names<'a>,
    groups: &UserGroups,
    held: &[Ticker],
) -> Result<Resolved, Miss<'a>> {
    let mut found = find(query, names, groups, held)?;
    found.note = broader(query, &found, names.universe.factors());
    Ok(found)
}

/// What the factors of a universe are called, as it is compared.
pub(crate) struct Names<'a> {
    pub(crate) universe: &'a FactorUniverse,
    of: Vec<Named<'a>>,
    /// Every name and description in one text, a line each: what is not in it is a part of none.
    all: String,
    /// What composites of a kind are called, but for sectors; made when the first name is no factor's.
    composites: OnceCell<HashSet<String>>,
}

/// The names of a factor without case and punctuation.
struct Named<'a> {
    factor: &'a Factor,
    label: String,
    aliases: Vec<String>,
    description: Option<String>,
    /// The sectors that its aliases name.
    sectors: Vec<Sector>,
}

impl<'a> Names<'a> {
    pub(crate) fn of(universe: &'a FactorUniverse) -> Self {
        let named = |factor: &'a Factor| Named {
            factor,
            label: plain(&factor.label),
            aliases: factor.aliases.iter().map(|alias| plain(alias)).collect(),
            description: factor.description.as_deref().map(plain),
            sectors: factor.aliases.iter().filter_map(|alias| Sector::named(alias)).collect(),
        };
        let of: Vec<Named<'_>> = universe.factors().iter().map(named).collect();
        let texts = of.iter().flat_map(|one| [&one.label].into_iter().chain(&one.aliases).chain(&one.description));
        let all = texts.map(String::as_str).collect::<Vec<_>>().join("\n");
        Self { universe, of, all, composites: OnceCell::new() }
    }

    /// Whether a composite that is no sector's may be called so.
    fn may_be_composite(&self, wanted: &str) -> bool {
        let named = || {
            let of_factors =
                self.universe.factors().iter().flat_map(|factor| [&factor.sector_group, &factor.subindustry]);
            let categories = Category::ALL.into_iter().map(|category| plain(category.as_str()));
            let classes =
                AssetClass::ALL.into_iter().flat_map(|class| [class.as_str(), class.macro_group()]).map(plain);
            let of_factors = of_factors.flatten().map(|name| plain(name));
            categories.chain(classes).chain(of_factors).chain([BOND.to_owned()]).collect()
        };
        self.composites.get_or_init(named).contains(wanted)
    }
}

fn find<'a>(query: &str, names: &Names<'a>, groups: &UserGroups, held: &[Ticker]) -> Result<Resolved, Miss<'a>> {
    let factors = names.universe.factors();
    let wanted = plain(query);
    if wanted.is_empty() {
        return Err(Miss::Empty);
    }
    if let Some(factor) = factors.iter().find(|factor| factor.ticker.as_str().eq_ignore_ascii_case(query)) {
        return Ok(etf(query, factor, MatchedBy::Ticker));
    }
    // A group that is held is found below, with what it is made of.
    let held = held.iter().filter(|ticker| !ticker.is_group());
    if let Some(ticker) = held.clone().find(|ticker| ticker.as_str().eq_ignore_ascii_case(query)) {
        return Ok(Resolved {
            query: query.to_owned(),
            name: ticker.to_string(),
            label: None,
            kind: Kind::Holding,
            members: vec![ticker.clone()],
            matched_by: MatchedBy::Holding,
            note: None,
        });
    }
    let sector = Sector::named(query);
    let is_sector = |named: &Named<'_>| {
        named.factor.category == Category::Industry && sector.is_some_and(|sector| named.sectors.contains(&sector))
    };
    // Looks at every name, were there hundreds to look up, would take longer than all else.
    let is_in_a_name = memmem::find(names.all.as_bytes(), wanted.as_bytes()).is_some();
    let in_whole = || {
        only(query, names, MatchedBy::Label, |named| named.factor.label == query)
            .or_else(|| only(query, names, MatchedBy::Label, |named| named.label == wanted))
            .or_else(|| only(query, names, MatchedBy::Alias, |named| named.aliases.contains(&wanted)))
    };
    let by_name = is_in_a_name.then(in_whole).flatten();
    let by_name = by_name.or_else(|| only(query, names, MatchedBy::Alias, is_sector));
    if let Some(found) = by_name {
        return found;
    }
    if let Some(found) = composite(query, &wanted, names) {
        return Ok(found);
    }
    if let Some(group) = groups.find(query) {
        return Ok(Resolved {
            query: query.to_owned(),
            name: group.factor.ticker.to_string(),
            label: Some(group.factor.label.clone()),
            kind: Kind::UserGroup,
            members: group.members.iter().flatten().map(|(ticker, _)| ticker.clone()).collect(),
            matched_by: MatchedBy::UserGroup,
            note: None,
        });
    }
    if !is_in_a_name {
        return Err(Miss::Unknown);
    }
    let words = words_of(query);
    let has_words = |name: &str| words_of(name).windows(words.len()).any(|some| some == words);
    // What holds the words one after the other holds them without what is between as well.
    let in_names = |named: &Named<'_>, fits: &dyn Fn(&str) -> bool| {
        let Factor { label, aliases, .. } = named.factor;
        (named.label.contains(&wanted) && fits(label))
            || named.aliases.iter().zip(aliases).any(|(alias, written)| alias.contains(&wanted) && fits(written))
    };
    let in_description = |named: &Named<'_>, fits: &dyn Fn(&str) -> bool| {
        wanted.len() >= PART_OF_DESCRIPTION
            && named.description.as_ref().is_some_and(|text| text.contains(&wanted))
            && named.factor.description.as_deref().is_some_and(fits)
    };
    let any = |_: &str| true;
    let is_part = |named: &Named<'_>| wanted.len() >= PART && in_names(named, &any);
    only(query, names, MatchedBy::PartOfName, |named| in_names(named, &has_words))
        .or_else(|| only(query, names, MatchedBy::Description, |named| in_description(named, &has_words)))
        .or_else(|| only(query, names, MatchedBy::PartOfName, is_part))
        .or_else(|| only(query, names, MatchedBy::Description, |named| in_description(named, &any)))
        .unwrap_or(Err(Miss::Unknown))
}

/// The one factor that fits, or those that do; `None` for none.
fn only<'a>(
    query: &str,
    names: &Names<'a>,
    matched_by: MatchedBy,
    fits: impl Fn(&Named<'_>) -> bool,
) -> Option<Result<Resolved, Miss<'a>>> {
    let fitting: Vec<&'a Factor> = names.of.iter().filter(|named| fits(named)).map(|named| named.factor).collect();
    match fitting.as_slice() {
        [] => None,
        [one] => Some(Ok(etf(query, one, matched_by))),
        _ => Some(Err(Miss::Several(fitting))),
    }
}

fn etf(query: &str, factor: &Factor, matched_by: MatchedBy) -> Resolved {
    Resolved {
        query: query.to_owned(),
        name: factor.ticker.to_string(),
        label: Some(factor.label.clone()),
        kind: Kind::Etf,
        members: vec![factor.ticker.clone()],
        matched_by,
        note: None,
    }
}

fn of_portfolio(query: &str, portfolio: &UserPortfolio) -> Resolved {
    Resolved {
        query: query.to_owned(),
        name: portfolio.factor.ticker.to_string(),
        label: Some(portfolio.factor.label.clone()),
        kind: Kind::Portfolio,
        members: portfolio.holdings().map(|(ticker, _)| ticker.clone()).collect(),
        matched_by: MatchedBy::Portfolio,
        note: None,
    }
}

/// The composite of a category, a sector group, a subindustry, an asset class or a sector; "composite" may be said.
fn composite(query: &str, wanted: &str, names: &Names<'_>) -> Option<Resolved> {
    let factors = names.universe.factors();
    let wanted = wanted.strip_suffix(COMPOSITE).filter(|rest| !rest.is_empty()).unwrap_or(wanted);
    let singular = wanted.strip_suffix('s').unwrap_or(wanted);
    let is = |name: &str| is_plain(name, wanted) || is_plain(name, singular);
    let of = |name: &str, kind: Kind, matched_by: MatchedBy, belongs: &dyn Fn(&Factor) -> bool| {
        let members: Vec<Ticker> =
            factors.iter().filter(|factor| belongs(factor)).map(|factor| factor.ticker.clone()).collect();
        (!members.is_empty()).then(|| Resolved {
            query: query.to_owned(),
            name: name.to_owned(),
            label: None,
            kind,
            members,
            matched_by,
            note: None,
        })
    };
    let of_sector = || {
        let sector = Sector::named(wanted)?;
        of(&composite_of(sector), Kind::Sector(sector), MatchedBy::Sector, &|factor| is_of(factor, sector))
    };
    // Were there hundreds to look up, a look at every kind of each factor would take longer than all else.
    if !names.may_be_composite(wanted) && !names.may_be_composite(singular) {
        return of_sector();
    }
    let category = Category::ALL
        .into_iter()
        .filter(|category| *category != Category::User)
        .find(|category| is(category.as_str()) || (*category == Category::FixedIncome && singular == BOND));
    if let Some(category) = category
        && let Some(found) =
            of(category.as_str(), Kind::Category(category), MatchedBy::Category, &|factor| factor.category == category)
    {
        return Some(found);
    }
    let mut named = factors.iter().flat_map(|factor| [&factor.sector_group, &factor.subindustry]).flatten();
    if let Some(name) = named.find(|name| is(name)) {
        let belongs =
            |factor: &Factor| factor.sector_group.as_ref() == Some(name) || factor.subindustry.as_ref() == Some(name);
        // A subindustry that one fund stands for is that fund.
        return match factors.iter().filter(|factor| belongs(factor)).collect::<Vec<_>>()[..] {
            [one] if one.subindustry.as_ref() == Some(name) => Some(etf(query, one, MatchedBy::Subindustry)),
            _ => of(name, Kind::SectorGroup, MatchedBy::SectorGroup, &belongs),
        };
    }
    if let Some(class) = AssetClass::ALL.into_iter().find(|class| is(class.as_str()) || is(class.macro_group())) {
        let belongs = |factor: &Factor| factor.asset_class == Some(class);
        return of(class.macro_group(), Kind::AssetClass(class), MatchedBy::AssetClass, &belongs);
    }
    of_sector()
}

/// What the composite of a sector is called.
fn composite_of(sector: Sector) -> String {
    format!("{sector} {COMPOSITE}")
}

/// True for the ETF of one of a sector's industries.
fn is_of(factor: &Factor, sector: Sector) -> bool {
    factor.category == Category::Industry && Sector::of_industry(factor.industry()) == Some(sector)
}

/// What a name of a sector might have meant as well: the composite of the sector's ETFs, where it was read as one of them.
fn broader(query: &str, found: &Resolved, factors: &[Factor]) -> Option<String> {
    let sector = Sector::named(query).filter(|_| matches!(found.kind, Kind::Etf))?;
    let etfs = factors.iter().filter(|factor| is_of(factor, sector)).count();
    let (name, composite) = (&found.name, composite_of(sector));
    (etfs > 1).then(|| {
        format!(
            "`{query}` is read as {name}, the fund of the sector; \"{composite}\" is the average of its {etfs} ETFs"
        )
    })
}

/// The words of a name, small.
fn words_of(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Letters and digits alone, small.
fn plain(text: &str) -> String {
    letters(text).collect()
}

fn letters(text: &str) -> impl Iterator<Item = char> + Clone {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// True where [`plain`] of a name is this.
fn is_plain(name: &str, wanted: &str) -> bool {
    letters(name).eq(wanted.chars())
}

fn shown(factor: &Factor) -> String {
    format!("{} ({})", factor.ticker, factor.label)
}

/// What factors and composites are called that is nearest to `query`, by whole names and by their words.
fn nearest_names(query: &str, universe: &FactorUniverse, groups: &UserGroups) -> Vec<String> {
    let everyday = everyday(query, universe);
    if !everyday.is_empty() {
        return everyday.into_iter().take(NAMED).map(shown).collect();
    }
    /// Shorter words say little.
    const WORD: usize = 5;
    let mut names = IndexMap::<&str, Vec<Meaning<'_>>>::new();
    for factor in universe.factors() {
        let all = [factor.ticker.as_str(), &factor.label].into_iter().chain(factor.aliases.iter().map(String::as_str));
        let words = all
            .clone()
            .chain(factor.description.as_deref())
            .flat_map(|name| name.split(|c: char| !c.is_alphanumeric()));
        let words = words.filter(|word| word.len() >= WORD);
        for name in all.clone().chain(words) {
            names.entry(name).or_default().push(Meaning::Factor(factor));
        }
        let category = factor.category.as_str();
        names.entry(category).or_default().push(Meaning::Category(category));
        if let Some(group) = &factor.sector_group {
            names.entry(group).or_default().push(Meaning::SectorGroup(group));
        }
    }
    for factor in groups.factors() {
        names.entry(&factor.label).or_default().push(Meaning::Own(&factor.ticker));
    }
    // Of names that are as near the last first: what is of the whole list stands at its end.
    let all = || names.keys().rev().copied();
    let mut found = nearest_first(query, all());
    if found.is_empty() {
        // One of its words may be a name: `long tresuries`.
        let words = query.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() >= WORD).take(NAMED);
        found = words.flat_map(|word| nearest_first(word, all())).collect();
    }
    let mut near = Vec::new();
    for meaning in found.into_iter().filter_map(|name| names.get(name)).flatten() {
        if near.len() == NAMED {
            break;
        }
        let shown = meaning.to_string();
        if !near.contains(&shown) {
            near.push(shown);
        }
    }
    near
}

/// What a name that is near to another stands for.
enum Meaning<'a> {
    Factor(&'a Factor),
    Category(&'static str),
    SectorGroup(&'a str),
    /// A group or portfolio of the caller's.
    Own(&'a Ticker),
}

impl fmt::Display for Meaning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Factor(factor) => f.write_str(&shown(factor)),
            Self::Category(name) => write!(f, "{name} (category)"),
            Self::SectorGroup(name) => write!(f, "{name} (sector group)"),
            Self::Own(ticker) => write!(f, "{ticker}"),
        }
    }
}

impl Miss<'_> {
    /// Says so, with the nearest names.
    pub(crate) fn refused(
        &self,
        field: &str,
        query: &str,
        universe: &FactorUniverse,
        groups: &UserGroups,
    ) -> ToolError {
        let names: Vec<String> = match self {
            Self::Empty => nearest_names("etf", universe, groups),
            Self::Unknown => nearest_names(query, universe, groups),
            Self::Several(factors) => factors.iter().map(|factor| shown(factor)).collect(),
        };
        let (rule, lead) = match self {
            Self::Empty => ("must name a factor".to_owned(), "the nearest are"),
            Self::Unknown => ("must name one factor".to_owned(), "the nearest are"),
            Self::Several(factors) => (format!("fits {} factors", factors.len()), "name one by its ticker:"),
        };
        let more = names.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let hint = if names.is_empty() {
            let priced = symbol(query).filter(|_| matches!(self, Self::Unknown));
            let priced = priced.map(|ticker| format!("; the price source has no prices of {ticker}"));
            format!("list_factors names them; categories and sector groups are read too{}", priced.unwrap_or_default())
        } else {
            format!("{lead} {}{more}", names[..names.len().min(NAMED)].join(", "))
        };
        // It may be a group's.
        let unread = groups.unread().filter(|_| matches!(self, Self::Unknown));
        let code = if unread.is_some() { ErrorCode::UpstreamUnavailable } else { ErrorCode::UnknownFactor };
        let hint = unread.map_or_else(|| hint.clone(), |unread| format!("{unread}; {hint}"));
        let query: String = query.chars().take(80).collect();
        let what = format!("`{query}` {rule}");
        ToolError::new(code, what, &hint).with_problem(Problem::new(
            field,
            json!(query).to_string(),
            Refusal::new(rule, hint),
        ))
    }
}
