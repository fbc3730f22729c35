//! `tickers` and the like: exactly these, by any name that the universe, the caller's groups and portfolios or the price
//! source have for them.

use factor_types::{Category, ClosedSet, Factor, FactorUniverse, GroupName, Maturity, SourceTier, Ticker};

use super::reader::is_group;
use crate::{
    analysis::{UserGroup, UserGroups, UserPortfolio},
    arguments::{Args, Mend, nearest, shown},
    services::{
        portfolio::factor::{Kind, MatchedBy, Miss, Names, Resolved, everyday, is_word, look_up},
        portfolios::as_factors::{no_group, no_portfolio},
    },
    tool_error::{Problem, Refusal},
};

/// So many wrong names are told with those nearest to them: who gets more wrong needs the list.
const NEAREST_TOLD: usize = 5;

/// What a call picks one by one.
#[derive(Debug, Default)]
pub(super) struct Picked {
    pub(super) factors: Vec<Factor>,
    pub(super) groups: Vec<UserGroup>,
    pub(super) portfolios: Vec<UserPortfolio>,
    /// All of them in the call's order, each once.
    pub(super) order: Vec<Ticker>,
}

/// Why a name stands for no single factor.
enum Unfit<'a> {
    NoGroup,
    NoPortfolio,
    /// It is the average of several.
    Composite(Box<Resolved>),
    Miss(Miss<'a>, &'a FactorUniverse),
    /// There is no universe to look into.
    Nowhere,
}

/// What one name stands for.
pub(super) enum Found {
    Factor(Box<Factor>),
    Group(UserGroup),
    Portfolio(UserPortfolio),
}

impl Picked {
    /// Reads the argument `field`, if it is there. Names are looked up in the first of some universes that has them, then among
    /// the groups; what neither knows and could be a ticker is asked of the price source. A name that is no ticker's is
    /// noted with what it is read as.
    pub(super) fn read(
        (args, field): (&Args, &str),
        universes: &[&FactorUniverse],
        groups: &UserGroups,
        notes: &mut Vec<String>,
    ) -> Option<Self> {
        let names = args.strings(field)?;
        if names.is_empty() {
            args.must(field, "name at least one factor");
        }
        let universes: Vec<Names<'_>> = universes.iter().map(|universe| Names::of(universe)).collect();
        let (mut picked, mut read_as, mut wrong) = (Self::default(), Vec::new(), 0);
        for (at, name) in names.iter().enumerate() {
            let found = match find(name, &universes, groups) {
                Ok(found) => found,
                Err(unfit) => {
                    let field = format!("{}[{at}]", args.path(field));
                    wrong += 1;
                    // Hundreds may be wrong, and what is near to each takes a while to find.
                    if args.only_counts(&field) {
                        continue;
                    }
                    if wrong > NEAREST_TOLD && matches!(unfit, Unfit::Miss(Miss::Unknown, _)) {
                        let listed = Refusal::new("must name one factor", "list_factors names them");
                        args.record(Problem::new(field, shown(&name.as_str().into()), listed));
                    } else {
                        let near = nearest_ticker(name, &universes);
                        let problems = unfit.problems(&field, name, groups).into_iter();
                        problems.for_each(|problem| args.record(problem.or_mended_by(near.clone())));
                    }
                    continue;
                }
            };
            let ticker = found.ticker();
            read_as.extend(found.read_as(name));
            if picked.order.contains(ticker) {
                continue;
            }
            picked.order.push(ticker.clone());
            match found {
                Found::Factor(factor) => picked.factors.push(*factor),
                Found::Group(group) => picked.groups.push(group),
                Found::Portfolio(portfolio) => picked.portfolios.push(portfolio),
            }
        }
        if !read_as.is_empty() {
            notes.push(format!("{field} reads {}", read_as.join(", ")));
        }
        Some(picked)
    }

    /// The groups and portfolios among them.
    pub(super) fn composed(groups: Vec<UserGroup>, portfolios: Vec<UserPortfolio>) -> impl Iterator<Item = Found> {
        groups.into_iter().map(Found::Group).chain(portfolios.into_iter().map(Found::Portfolio))
    }
}

impl Found {
    /// What is noted of a name that is no ticker's; what stands in for something narrower or broader says what it is.
    fn read_as(&self, name: &str) -> Option<String> {
        let ticker = self.ticker();
        if ticker.as_str().eq_ignore_ascii_case(name) || ticker.is_composed() {
            return None;
        }
        let label = self.label().filter(|label| !label.eq_ignore_ascii_case(name));
        // A yield is no price: what is asked for may be either.
        let instead = match Maturity::read(name.trim()) {
            Ok(_) => ", a fund; yields themselves come with categories [\"rate\"]",
            Err(_) => "",
        };
        Some(format!("`{name}` as {ticker}{}{instead}", label.map_or(String::new(), |label| format!(" ({label})"))))
    }

    fn label(&self) -> Option<&str> {
        match self {
            Self::Factor(factor) if factor.label != factor.ticker.as_str() => Some(&factor.label),
            Self::Factor(_) | Self::Group(_) | Self::Portfolio(_) => None,
        }
    }

    pub(super) fn ticker(&self) -> &Ticker {
        match self {
            Self::Factor(factor) => &factor.ticker,
            Self::Group(group) => &group.factor.ticker,
            Self::Portfolio(portfolio) => &portfolio.factor.ticker,
        }
    }
}

impl Unfit<'_> {
    fn problems(self, field: &str, name: &str, groups: &UserGroups) -> Vec<Problem> {
        let rule = match self {
            Self::Miss(miss, universe) => return miss.refused(field, name, universe, groups).problems,
            Self::NoGroup => no_group(name, groups),
            Self::NoPortfolio => no_portfolio(name, groups),
            Self::Composite(found) => Refusal::new(
                format!("is the average of {} ETFs, and single ones are asked for", found.members.len()),
                "name its ETFs, or ask with categories; a ticker that is called so is written in capitals",
            ),
            Self::Nowhere => Refusal::must("name a factor"),
        };
        vec![Problem::new(field, shown(&name.into()), rule)]
    }
}

/// Reads the argument `argument` of `args` as one name, by the rules of those in `tickers`.
pub(super) fn one(
    args: &Args,
    argument: &str,
    universes: &[&FactorUniverse],
    groups: &UserGroups,
    notes: &mut Vec<String>,
) -> Option<Found> {
    let name = args.string(argument)?;
    let field = args.path(argument);
    let universes: Vec<Names<'_>> = universes.iter().map(|universe| Names::of(universe)).collect();
    match find(&name, &universes, groups) {
        Ok(found) => {
            notes.extend(found.read_as(&name).map(|read_as| format!("{field} reads {read_as}")));
            Some(found)
        }
        Err(unfit) => {
            unfit.problems(&field, &name, groups).into_iter().for_each(|problem| args.record(problem));
            None
        }
    }
}

fn find<'a>(name: &str, universes: &[Names<'a>], groups: &UserGroups) -> Result<Found, Unfit<'a>> {
    let of_universe = |ticker: &Ticker| universes.iter().find_map(|names| names.universe.get(ticker)).cloned();
    if is_group(name) {
        return groups.find(name).cloned().map(Found::Group).ok_or(Unfit::NoGroup);
    }
    if let Some(read) = GroupName::of_portfolio(name) {
        let portfolio = read.ok().and_then(|read| groups.portfolio(&read)).cloned().map(Found::Portfolio);
        return portfolio.ok_or(Unfit::NoPortfolio);
    }
    let ticker: Option<Ticker> = name.parse().ok();
    if let Some(factor) = ticker.as_ref().and_then(of_universe) {
        return Ok(Found::Factor(Box::new(factor)));
    }
    // A label before any alias: gold is the metal, though an industry has that name too.
    let is_label = |factor: &&Factor| factor.label == name;
    let is_alias = |factor: &&Factor| factor.aliases.iter().any(|alias| alias == name);
    let labelled = universes.iter().find_map(|names| names.universe.factors().iter().find(is_label));
    let named = labelled.or_else(|| universes.iter().find_map(|names| names.universe.factors().iter().find(is_alias)));
    if let Some(factor) = named {
        return Ok(Found::Factor(Box::new(factor.clone())));
    }
    let of_source = |ticker: Ticker| {
        let label = ticker.to_string();
        Found::Factor(Box::new(Factor::new(ticker, label, Category::Custom, SourceTier::Request)))
    };
    // In capitals a ticker is meant, whatever else is called so: BOND and CASH are funds and shares.
    let ticker = match ticker {
        Some(ticker) if ticker.as_str() == name => return Ok(of_source(ticker)),
        other => other.filter(|_| !is_word(name)),
    };
    let outcomes = universes
        .iter()
        .map(|names| look_up(name, names, groups, &[]).map_err(|miss| Unfit::Miss(miss, names.universe)));
    // The universe of the call first; if none has it, what the last one says of the nearest names.
    let resolved = outcomes.reduce(|first, next| first.or(next));
    match (resolved, ticker) {
        (Some(Ok(found)), ticker) if ticker.is_none() || is_whole_name(&found) => single(found, of_universe, groups),
        (_, Some(ticker)) => Ok(of_source(ticker)),
        (Some(Err(unfit)), None) => Err(unfit),
        (Some(Ok(_)) | None, None) => Err(Unfit::Nowhere),
    }
}

/// The ticker of the factor whose ticker or name is most like this one, if any is like it at all.
fn nearest_ticker(name: &str, universes: &[Names<'_>]) -> Option<Mend> {
    // Words of every day that mean one fund mean it whatever is spelt alike.
    let everyday: Vec<&Factor> = universes
        .iter()
        .find_map(|names| Some(everyday(name, names.universe)).filter(|found| !found.is_empty()))
        .unwrap_or_default();
    if let Some(first) = everyday.first() {
        return (everyday.len() == 1).then(|| Mend::Value(first.ticker.to_string().into()));
    }
    let factors = universes.iter().flat_map(|names| names.universe.factors());
    let named = factors.flat_map(|factor| {
        let names =
            [factor.ticker.as_str(), &factor.label].into_iter().chain(factor.aliases.iter().map(String::as_str));
        names.map(move |name| (name, &factor.ticker))
    });
    let all: Vec<(&str, &Ticker)> = named.collect();
    let near = nearest(name, all.iter().map(|(name, _)| *name))?;
    let (_, ticker) = all.iter().find(|(name, _)| *name == near)?;
    Some(Mend::Value(ticker.to_string().into()))
}

/// True where all of a name fits: what fits parts of names too might rather be a ticker.
fn is_whole_name(found: &Resolved) -> bool {
    !matches!(found.matched_by, MatchedBy::PartOfName | MatchedBy::Description)
}

/// The one factor or group that a name stands for; an average of several is refused.
fn single<'a>(
    found: Resolved,
    of_universe: impl Fn(&Ticker) -> Option<Factor>,
    groups: &UserGroups,
) -> Result<Found, Unfit<'a>> {
    let single = match found.kind {
        Kind::Etf => found.name.parse().ok().and_then(|ticker| of_universe(&ticker)).map(Box::new).map(Found::Factor),
        Kind::UserGroup => groups.find(&found.name).cloned().map(Found::Group),
        _ => None,
    };
    single.ok_or_else(|| Unfit::Composite(Box::new(found)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn universe() -> FactorUniverse {
        let factor = |ticker: &str, label: &str, category| {
            Factor::new(ticker.parse().unwrap(), label, category, SourceTier::Yaml)
        };
        let mut financials = factor("XLF", "Conglomerates", Category::Industry);
        financials.aliases = vec!["Financials".to_owned()];
        let mut gold = factor("GLD", "gold", Category::Commodity);
        gold.aliases = vec!["XAU".to_owned()];
        FactorUniverse::new([
            factor("SPY", "us_large", Category::Market),
            factor("VTI", "us_total", Category::Market),
            factor("XME", "Industrial Metals", Category::Industry),
            financials,
            gold,
        ])
    }

    /// The tickers picked with their categories, the notes and the refusals.
    fn read(names: Value) -> (Vec<(String, Category)>, Vec<String>, Vec<String>) {
        let args = Args::new(json!({"tickers": names}).as_object().unwrap().clone());
        let (universe, mut notes) = (universe(), Vec::new());
        let picked = Picked::read((&args, "tickers"), &[&universe], &UserGroups::default(), &mut notes).unwrap();
        let category =
            |ticker: &Ticker| picked.factors.iter().find(|factor| factor.ticker == *ticker).unwrap().category;
        let order = picked.order.iter().map(|ticker| (ticker.to_string(), category(ticker))).collect();
        let refused = args
            .result()
            .err()
            .map_or_else(Vec::new, |error| error.problems.iter().map(|problem| problem.field().to_owned()).collect());
        (order, notes, refused)
    }

    fn only(name: &str) -> (String, Category) {
        let (picked, _, refused) = read(json!([name]));
        assert_eq!((picked.len(), refused.len()), (1, 0), "{name}");
        picked.into_iter().next().unwrap()
    }

    #[test]
    fn the_order_is_the_calls_and_each_is_there_once() {
        let (picked, notes, refused) = read(json!(["GLD", "spy", "AAPL", "SPY", "brk.b"]));
        let tickers: Vec<&str> = picked.iter().map(|(ticker, _)| ticker.as_str()).collect();
        assert_eq!(tickers, ["GLD", "SPY", "AAPL", "BRK.B"]);
        let categories: Vec<Category> = picked.iter().map(|(_, category)| *category).collect();
        assert_eq!(categories, [Category::Commodity, Category::Market, Category::Custom, Category::Custom]);
        assert_eq!((notes.len(), refused.len()), (0, 0));
    }

    #[test]
    fn a_name_of_the_universe_is_found_and_told() {
        let (picked, notes, _) = read(json!(["gold", "financials", "us total"]));
        let tickers: Vec<&str> = picked.iter().map(|(ticker, _)| ticker.as_str()).collect();
        assert_eq!(tickers, ["GLD", "XLF", "VTI"]);
        assert_eq!(
            notes,
            ["tickers reads `gold` as GLD, `financials` as XLF (Conglomerates), `us total` as VTI (us_total)"]
        );
        assert_eq!(only("XAU").0, "GLD", "a name is a name in capitals too, where it is written so");
    }

    #[test]
    fn gold_is_the_metal_whatever_industry_has_that_name() {
        let mut miners = Factor::new("GDX".parse().unwrap(), "Gold miners", Category::Industry, SourceTier::Yaml);
        miners.aliases = vec!["Gold".to_owned()];
        let metal = Factor::new("GLD".parse().unwrap(), "Gold", Category::Commodity, SourceTier::Yaml);
        let universe = FactorUniverse::new([miners, metal]);
        for (name, meant) in [("Gold", "GLD"), ("gold", "GLD"), ("gold miners", "GDX")] {
            let found = find(name, &[Names::of(&universe)], &UserGroups::default());
            assert_eq!(found.map(|found| found.ticker().to_string()).unwrap_or_default(), meant, "{name}");
        }
    }

    #[test]
    fn a_ticker_is_no_part_of_a_name_and_in_capitals_no_composite() {
        // `meta` is a part of "Industrial Metals", and `market` a category.
        assert_eq!(only("meta"), ("META".to_owned(), Category::Custom));
        assert_eq!(only("MARKET"), ("MARKET".to_owned(), Category::Custom));
        assert_eq!(only("GOLD"), ("GOLD".to_owned(), Category::Custom), "the miner's share");
        // Longer than tickers are: a word, which may be a part of a name.
        assert_eq!(only("metals").0, "XME");
        assert_eq!(read(json!(["Industry4"])).0[0].0, "INDUSTRY4", "with a digit it may be one of another exchange");
    }

    #[test]
    fn those_nearest_are_told_for_the_first_wrong_names() {
        let names: Vec<String> = (0..8).map(|at| format!("us totals {at}")).collect();
        let args = Args::new(json!({"tickers": names}).as_object().unwrap().clone());
        let universe = universe();
        Picked::read((&args, "tickers"), &[&universe], &UserGroups::default(), &mut Vec::new());
        let error = args.result().unwrap_err();
        let near = |at: usize| error.problems[at].hint().unwrap().contains("VTI (us_total)");
        assert_eq!((0..8).filter(|at| near(*at)).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_is_no_single_factor_is_refused_each_by_its_place() {
        let (picked, _, refused) = read(json!(["SPY", "market", "no such thing", "USER:mine", "nonsense"]));
        assert_eq!(picked.len(), 1);
        assert_eq!(refused, ["tickers[1]", "tickers[2]", "tickers[3]", "tickers[4]"]);
        assert_eq!(read(json!([])).2, ["tickers"]);
    }
}
