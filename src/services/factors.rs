//! The universe's factors, searchable, page by page.

use std::collections::HashSet;

use chrono::NaiveDate;
use factor_prices::PriceError;
use factor_store::LoadedUniverse;
use factor_types::{AssetClass, Category, ClosedSet, DateRange, Factor, FactorUniverse, SourceTier, Ticker, UserId};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    answer::{Rendered, Rounding, shortened},
    app::App,
    arguments::{Args, Choices},
    services::{
        Call,
        saved_items::{self, Success},
        status::parts::FILES,
    },
    tool_error::ToolError,
};

const NAMES: [&str; 4] = ["query", "categories", "cursor", "limit"];
/// The most factors of a page.
const PAGE: usize = 100;
/// The most characters of a page's factors where the call names no limit: what a model reads at once.
const LONGEST_PAGE: usize = 7_000;
/// The longest reason of a factor without prices, in characters.
const LONGEST_REASON: usize = 160;

/// The categories of a loaded universe; `bond` reads as `fixed_income`.
pub(crate) const CATEGORIES: [&str; 8] = Category::names_without(Category::Custom);

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// In lower case; text that a name of the factor has.
    pub query: Option<String>,
    /// Of these categories only.
    pub categories: Option<Vec<Category>>,
    /// How many factors that match came on earlier pages.
    pub start: usize,
    /// The most factors of a page; `None` for as many as are short enough to read.
    pub limit: Option<usize>,
}

/// One page of the factors that match.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FactorsPage {
    status: Success,
    /// Factors on this page.
    count: usize,
    /// Factors that match.
    total: usize,
    /// Factors that match, per category that has any.
    counts_by_category: IndexMap<Category, usize>,
    /// How many of them have no prices in the files, and so are in no analysis.
    #[serde(skip_serializing_if = "Option::is_none")]
    without_prices_count: Option<usize>,
    /// Which, the first hundred.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    without_prices: Vec<Ticker>,
    factors: Vec<FactorRow>,
    /// For the next page; `null` on the last one.
    next_cursor: Option<String>,
}

/// One factor as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FactorRow {
    /// The ETF, or `USER:<group>`.
    pub ticker: Ticker,
    /// The first name it stands for.
    pub label: String,
    /// Further names of the same.
    pub aliases: Vec<String>,
    /// Its kind.
    pub category: Category,
    /// Its asset class.
    pub asset_class: Option<AssetClass>,
    /// For an industry: `cyclical`, `sensitive`, `defensive`, or whatever the mapping says.
    pub sector_group: Option<String>,
    /// The key it has in its mapping.
    pub proxy_key: Option<String>,
    /// Where its definition came from.
    pub source: SourceTier,
    /// The date of its first price, where files hold all there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<NaiveDate>,
    /// The date of its last price, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<NaiveDate>,
    /// Why it has no prices, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_data: Option<String>,
}

/// Answers a call.
///
/// # Errors
/// Every mistake of the arguments.
pub async fn answer(app: &App, call: &Call) -> Result<Rendered, ToolError> {
    let snapshot = app.universe_watcher.current().await;
    let request = Request::read(&mut Args::new(call.arguments.clone()), &snapshot.loaded.hash)?;
    let page = run(app, &snapshot.loaded, &request, call.user).await;
    Ok(saved_items::rendered(app, call.user, &page, &["factors"]))
}

/// A page of the universe's factors and the caller's groups.
pub async fn run(app: &App, loaded: &LoadedUniverse, request: &Request, user: UserId) -> FactorsPage {
    let groups = app.groups_of(user, &loaded.universe).await;
    let all = loaded.universe.factors().iter().chain(groups.factors().map(AsRef::as_ref));
    let of_files = app.sources.choice.name == FILES;
    let known: HashSet<Ticker> =
        if of_files { app.sources.prices.known().into_iter().collect() } else { HashSet::new() };
    let mut page = page(all, request, (&loaded.hash, &known));
    if of_files {
        for row in page.factors.iter_mut().filter(|row| !row.ticker.is_group()) {
            row.look_up(app).await;
        }
    }
    if request.limit.is_none() {
        page.shorten(request.start, &loaded.hash);
    }
    page
}

/// The universe's factors as they are listed, in its order.
pub fn rows(universe: &FactorUniverse) -> Vec<FactorRow> {
    universe.factors().iter().map(FactorRow::from).collect()
}

impl Request {
    fn read(args: &mut Args, hash: &str) -> Result<Self, ToolError> {
        args.also_called("factor_categories", "categories");
        const CHOICES: Choices = Choices { names: &CATEGORIES, aliases: <Category as ClosedSet>::ALIASES };
        let query = args.string("query").map(|text| text.to_lowercase()).filter(|text| !text.is_empty());
        let categories = args.choices("categories", CHOICES).filter(|names: &Vec<Category>| !names.is_empty());
        let start = args.string("cursor").map_or(0, |cursor| {
            start_of(&cursor, hash).unwrap_or_else(|| {
                let hint = "give next_cursor as it came, or leave cursor out for the first page".to_owned();
                args.refuse("cursor", "is not a cursor of this list", hint);
                0
            })
        });
        let limit = args.count("limit", 1..=PAGE);
        let known: Vec<&str> = NAMES.into_iter().chain(["factor_categories"]).collect();
        args.finish(&known)?;
        Ok(Self { query, categories, start, limit })
    }

    fn matches(&self, factor: &Factor) -> bool {
        let wanted = self.categories.as_ref().is_none_or(|wanted| wanted.contains(&factor.category));
        let named = |query: &String| names(factor).any(|name| name.to_lowercase().contains(query));
        wanted && self.query.as_ref().is_none_or(named)
    }
}

impl FactorsPage {
    /// Leaves so many factors for the next page that those left are short enough to read; one stays always.
    fn shorten(&mut self, start: usize, hash: &str) {
        let mut length = 0;
        let fitting = self.factors.iter().take_while(|row| {
            length += Rounding::None.text(row).len() + 1;
            length <= LONGEST_PAGE
        });
        let fitting = fitting.count().max(1);
        if fitting < self.factors.len() {
            self.factors.truncate(fitting);
            self.count = fitting;
            self.next_cursor = Some(cursor_at(start + fitting, hash));
        }
    }
}

impl FactorRow {
    /// Puts in the dates of its prices, from files, which are in memory.
    async fn look_up(&mut self, app: &App) {
        let Ok(all) = DateRange::new(NaiveDate::MIN, app.today()) else { return };
        match app.sources.prices.history(&self.ticker, all).await {
            Ok(history) => {
                let dates = history.series.dates();
                (self.first, self.last) = (dates.first().copied(), dates.last().copied());
            }
            Err(PriceError::NoData(why)) => self.no_data = Some(shortened(&why, LONGEST_REASON)),
            Err(PriceError::Failed { .. }) => {}
        }
    }
}

impl From<&Factor> for FactorRow {
    fn from(factor: &Factor) -> Self {
        Self {
            ticker: factor.ticker.clone(),
            label: factor.label.clone(),
            aliases: factor.aliases.clone(),
            category: factor.category,
            asset_class: factor.asset_class,
            sector_group: factor.sector_group.clone(),
            proxy_key: factor.proxy_key.clone(),
            source: factor.source,
            first: None,
            last: None,
            no_data: None,
        }
    }
}

/// The page of those factors that match; `hash` is that of the universe, for the cursor, and `known` are the tickers that have prices,
/// none where that is not known.
fn page<'a>(
    all: impl Iterator<Item = &'a Factor>,
    request: &Request,
    (hash, known): (&str, &HashSet<Ticker>),
) -> FactorsPage {
    let matching: Vec<&Factor> = all.filter(|factor| request.matches(factor)).collect();
    let count_of = |category| matching.iter().filter(|factor| factor.category == category).count();
    // Of all that match, not of the page: what else there is can be seen from the first one.
    let counts = Category::ALL.into_iter().map(|category| (category, count_of(category)));
    let factors: Vec<FactorRow> = matching
        .iter()
        .skip(request.start)
        .take(request.limit.unwrap_or(PAGE))
        .map(|factor| FactorRow::from(*factor))
        .collect();
    let end = request.start + factors.len();
    let lacks_prices =
        |factor: &&&Factor| !known.is_empty() && !factor.ticker.is_composed() && !known.contains(&factor.ticker);
    let without: Vec<Ticker> = matching.iter().filter(lacks_prices).map(|factor| factor.ticker.clone()).collect();
    FactorsPage {
        status: Success::Success,
        count: factors.len(),
        total: matching.len(),
        counts_by_category: counts.filter(|(_, count)| *count > 0).collect(),
        without_prices_count: (!without.is_empty()).then_some(without.len()),
        without_prices: without.into_iter().take(PAGE).collect(),
        factors,
        next_cursor: (end < matching.len()).then(|| cursor_at(end, hash)),
    }
}

fn names(factor: &Factor) -> impl Iterator<Item = &str> {
    [factor.ticker.as_str(), &factor.label]
        .into_iter()
        .chain(factor.aliases.iter().map(String::as_str))
        .chain(factor.sector_group.as_deref())
        .chain(factor.proxy_key.as_deref())
        .chain(factor.description.as_deref())
}

/// A cursor is a position in this universe: after a reload it would point elsewhere, so it is refused then.
fn cursor_at(position: usize, hash: &str) -> String {
    format!("{position:x}.{}", &hash.get(..12).unwrap_or(hash))
}

fn start_of(cursor: &str, hash: &str) -> Option<usize> {
    let (position, _) = cursor.split_once('.')?;
    let position = usize::from_str_radix(position, 16).ok()?;
    (cursor_at(position, hash) == cursor).then_some(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_for_the_same_universe_only() {
        for position in [0, 100, 5_000] {
            assert_eq!(start_of(&cursor_at(position, "0123456789abcdef"), "0123456789abcdef"), Some(position));
            assert_eq!(start_of(&cursor_at(position, "0123456789abcdef"), "fedcba9876543210"), None);
        }
        for wrong in ["", "100", ".", "zz.0123456789ab", "+64.0123456789ab", "064.0123456789ab"] {
            assert_eq!(start_of(wrong, "0123456789abcdef"), None, "{wrong}");
        }
    }

    #[test]
    fn pages_hold_every_factor_that_matches_once() {
        let factor = |at: usize| {
            let category = if at.is_multiple_of(2_usize) { Category::Style } else { Category::Industry };
            Factor::new(format!("T{at}").parse().unwrap(), format!("Number {at}"), category, SourceTier::Yaml)
        };
        let all: Vec<Factor> = (0..505).map(factor).collect();
        let hash = "0123456789abcdef";
        let mut request = Request { categories: Some(vec![Category::Style]), ..Request::default() };
        let mut seen = Vec::new();
        loop {
            let page = page(all.iter(), &request, (hash, &HashSet::new()));
            assert_eq!((page.total, page.count), (253, page.factors.len()));
            assert_eq!(page.counts_by_category, IndexMap::from([(Category::Style, 253)]), "none of zero");
            seen.extend(page.factors.into_iter().map(|row| row.ticker.to_string()));
            let Some(next) = page.next_cursor else { break };
            assert_eq!(seen.len() % PAGE, 0);
            request.start = start_of(&next, hash).unwrap();
        }
        assert_eq!(seen, (0..505).step_by(2).map(|at| format!("T{at}")).collect::<Vec<_>>());
        let mut first = page(all.iter(), &Request::default(), (hash, &HashSet::new()));
        first.shorten(0, hash);
        let length: usize = first.factors.iter().map(|row| serde_json::to_string(row).unwrap().len() + 1).sum();
        assert!(
            length <= LONGEST_PAGE && length > LONGEST_PAGE - 300 && first.count == first.factors.len(),
            "{length}"
        );
        assert_eq!(start_of(&first.next_cursor.unwrap(), hash), Some(first.count), "the next page goes on from there");
        let few =
            page(all.iter(), &Request { limit: Some(7), start: 500, ..Request::default() }, (hash, &HashSet::new()));
        assert_eq!((few.count, few.total, few.next_cursor), (5, 505, None));
        let found = page(
            all.iter(),
            &Request { query: Some("number 50".to_owned()), ..Request::default() },
            (hash, &HashSet::new()),
        );
        assert_eq!((found.total, found.next_cursor), (6, None), "50 and 500 to 504");
    }
}
