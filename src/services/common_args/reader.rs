//! Reading the common arguments: all of them for a question on a portfolio, step by step for the analysis.

use std::{collections::BTreeSet, sync::Arc};

use chrono::NaiveDate;
use factor_analytics::{
    panel::{DefaultStart, window::LEAD_MONTHS},
    report::Granularity,
    sections::windows::ReturnWindow,
};
use factor_types::{AssetClass, Calendar, Category, Factor, FactorUniverse, Frequency, GroupName, SourceTier, Ticker};
use serde_json::{Map, Value, json};

use super::{
    CATEGORIES, CommonArgs, FACTOR_CATEGORIES, Format, IndustryGranularity, Named, Question, Role, USUAL_PRECISION,
    tickers::Picked,
};
use crate::{
    analysis::{AnalysisKind, AssetClassFilter, DateRule, MIN_WINDOW_DAYS, UserGroup, UserGroups, UserPortfolio},
    answer::MAX_CHARS,
    app::{Basis, UniverseSnapshot},
    arguments::{Args, Choices, MapForm, Mend, Refusal},
    charts::Chart,
    services::{
        holdings_warning::a_few,
        portfolios::as_factors::{no_group, no_portfolio},
    },
    tool_error::ToolError,
};

/// The names of the first level, without `advanced` and `include`.
const NAMES: [&str; 9] = [
    "start_date",
    "end_date",
    "frequency",
    "asset_class_filters",
    "factor_universe",
    "industry_granularity",
    "format",
    "max_chars",
    "chart",
];

/// The fields of `advanced`, read at the top level too.
pub(super) const ADVANCED: [&str; 3] = ["min_observations", "precision", "include_user_groups"];

/// No answer can be cut to less, in characters.
const LEAST_CHARS: usize = 2_000;

/// Reads the common arguments step by step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CommonReader<'a> {
    pub(crate) args: &'a Args,
    /// The fields of `advanced`.
    pub(crate) advanced: &'a Args,
    pub(crate) question: Question,
    /// Months up to the end where no start is given.
    pub(crate) months: u32,
}

/// One entry of `factor_universe`.
enum Entry {
    Factor(Factor),
    Group(UserGroup),
    Portfolio(UserPortfolio),
}

impl CommonArgs {
    /// Reads the common arguments of a question on a portfolio, whose own ones, `own`, have been read from `args`. Of the
    /// common ones those in `without` mean nothing to it.
    ///
    /// # Errors
    /// Every argument of the call that breaks its rule.
    pub(crate) fn read(
        args: &mut Args,
        (own, without): (&[&'static str], &[&str]),
        basis: &Basis,
    ) -> Result<Self, ToolError> {
        let common = Self::read_on(args, (own, without), basis);
        args.first_of_each()?;
        Ok(common)
    }

    /// The same for a question that has more to read after them: mistakes stay in `args`, for [`Args::first_of_each`].
    pub(crate) fn read_on(args: &mut Args, (own, without): (&[&'static str], &[&str]), basis: &Basis) -> Self {
        settle_categories(args);
        if let Some(advanced) = args.object("advanced") {
            advanced.only(&ADVANCED);
        }
        let common = NAMES.into_iter().filter(|name| !without.contains(name));
        let known: Vec<&str> = own.iter().copied().chain(common).chain(ADVANCED).chain(["advanced"]).collect();
        args.only(&known);
        let advanced = args.object_or_top_level("advanced", &ADVANCED);
        let months = basis.usual.window_months;
        let reader = CommonReader { args, advanced: &advanced, question: Question::Portfolio, months };
        let mut common = reader.scope(&basis.snapshot, &basis.groups);
        common.dates = reader.dates();
        common.min_observations = reader.min_observations();
        reader.limits(&mut common);
        common
    }
}

/// Takes the categories from wherever clients put them: under the name that many of their configurations have, and in
/// `advanced`.
pub(crate) fn settle_categories(args: &mut Args) {
    args.move_up("advanced", &["categories", "factor_categories"]);
    args.also_called("factor_categories", "categories");
}

impl CommonReader<'_> {
    /// The first step: what is looked at and how the answer looks. The rest has its defaults.
    pub(crate) fn scope(self, snapshot: &Arc<UniverseSnapshot>, all_groups: &UserGroups) -> CommonArgs {
        let format = self.args.choice("format", Choices::of::<Format>()).unwrap_or_default();
        let frequency = self.args.choice("frequency", Choices::of::<Frequency>()).unwrap_or_default();
        let mut notes = Vec::new();
        let known = &snapshot.loaded.universe;
        let (mut own_universe, mut groups) =
            universe(self.args, self.advanced, (known, all_groups.clone()), &mut notes);
        let universes: Vec<&FactorUniverse> = own_universe.iter().chain([known]).collect();
        let mut named = Named::default();
        let picked = match Picked::read((self.args, "tickers"), &universes, all_groups, &mut notes) {
            Some(picked) => {
                named.add(Role::Factor, picked.order.iter().cloned());
                own_universe = Some(FactorUniverse::new(picked.factors));
                groups = UserGroups {
                    groups: picked.groups,
                    portfolios: picked.portfolios,
                    trouble: None,
                    surplus: None,
                    ..all_groups.clone()
                };
                Some(picked.order)
            }
            None => None,
        };
        notes.extend(groups.portfolios.iter().flat_map(|portfolio| portfolio.notes.iter().cloned()));
        let usual = if picked.is_some() { IndustryGranularity::Industry } else { IndustryGranularity::Group };
        let granularity = self.granularity(usual, own_universe.as_ref().unwrap_or(known), &mut notes);
        let (categories, rate_matrix) = self.categories(&mut notes);
        let own_universe = own_universe.map(|own| own.with_facts(&snapshot.loaded.facts));
        if let Some(own) = &own_universe {
            named.add(Role::Factor, own.factors().iter().map(|factor| factor.ticker.clone()));
            named.add(Role::Factor, groups.factors().map(|factor| factor.ticker.clone()));
        }
        CommonArgs {
            question: self.question,
            dates: DateRule { start: None, end: None, default_start: self.usual_start() },
            frequency,
            categories,
            rate_matrix,
            asset_classes: AssetClassFilter::default(),
            granularity,
            own_universe,
            picked,
            named,
            groups,
            min_observations: None,
            format,
            max_chars: Some(MAX_CHARS),
            precision: USUAL_PRECISION,
            chart: Chart::read(self.args),
            notes,
            snapshot: Arc::clone(snapshot),
        }
    }

    /// The second step: dates, from the usual start by default.
    pub(crate) fn dates(self) -> DateRule {
        let end = self.args.end_date("end_date");
        let start = self.args.date("start_date");
        if let (Some(start), Some(end)) = (start, end) {
            self.check_order(start, end);
        }
        DateRule { start, end, default_start: self.usual_start() }
    }

    /// Where dates begin that are not given.
    fn usual_start(self) -> DefaultStart {
        DefaultStart::MonthEndBefore(self.months)
    }

    /// The second step where windows look back from the last date, or stand still.
    pub(crate) fn dates_back(self, windows: &[ReturnWindow]) -> DateRule {
        let longest = windows.iter().filter_map(|window| window.months()).max();
        // Where nothing counts back a year is room enough for what the newest prices are asked for.
        let months = longest.unwrap_or(12) + LEAD_MONTHS;
        let default_start = match windows.iter().filter_map(|window| window.base()).min() {
            Some(base) => DefaultStart::MonthsBeforeOrFrom(months, base.month_end_back(LEAD_MONTHS)),
            None => DefaultStart::MonthsBefore(months),
        };
        DateRule { start: None, end: self.args.end_date("end_date"), default_start }
    }

    /// The floor on observations.
    pub(crate) fn min_observations(self) -> Option<usize> {
        self.advanced.count("min_observations", 12..=120)
    }

    /// The last step: length, asset classes, precision.
    pub(crate) fn limits(self, common: &mut CommonArgs) {
        common.max_chars = self.max_chars();
        common.asset_classes = self.asset_classes();
        common.precision = self.advanced.count("precision", 2..=17).unwrap_or(common.precision);
    }

    fn granularity(
        self,
        usual: IndustryGranularity,
        universe: &FactorUniverse,
        notes: &mut Vec<String>,
    ) -> Granularity {
        let named = self.args.choice("industry_granularity", Choices::of::<IndustryGranularity>());
        match named.unwrap_or(usual) {
            IndustryGranularity::Group => Granularity::Group,
            IndustryGranularity::Industry => Granularity::Industry,
            IndustryGranularity::Subindustry if universe.factors().iter().all(|one| one.subindustry.is_none()) => {
                notes.push(
                    "industry_granularity subindustry is read as industry: the mapping names no subindustries"
                        .to_owned(),
                );
                Granularity::Industry
            }
            IndustryGranularity::Subindustry => Granularity::Subindustry,
        }
    }

    /// The categories picked, `None` for none named, and whether yields are among them.
    fn categories(self, notes: &mut Vec<String>) -> (Option<BTreeSet<Category>>, bool) {
        let names = self.args.choices::<String>("categories", CATEGORIES).unwrap_or_default();
        let kind = self.question.kind();
        let rate = names.iter().any(|name| name == "rate");
        if rate && kind == AnalysisKind::Performance {
            notes.push(format!("category rate is ignored for {kind} mode; it belongs to correlations and returns"));
        }
        let picked: BTreeSet<Category> = names.iter().filter_map(|name| name.parse().ok()).collect();
        ((!picked.is_empty()).then_some(picked), rate && kind != AnalysisKind::Performance)
    }

    fn asset_classes(self) -> AssetClassFilter {
        let Some(filter) = self.args.object("asset_class_filters") else { return AssetClassFilter::default() };
        filter.only(&["include", "exclude"]);
        let classes = Choices::of::<AssetClass>();
        AssetClassFilter {
            include: filter.choices("include", classes).unwrap_or_default(),
            exclude: filter.choices("exclude", classes).unwrap_or_default(),
        }
    }

    fn check_order(self, start: NaiveDate, end: NaiveDate) {
        let days = (end - start).num_days();
        if days <= 0 {
            let swapped = Mend::Both(json!(end), ("end_date", json!(start)));
            let rule = Refusal::must(format_args!("be before end_date, which is {end}"));
            self.args.refused("start_date", rule.mended_by((days < 0).then_some(swapped)));
        } else if days < MIN_WINDOW_DAYS {
            let whom = self.question.of_whom();
            let rule = format!("must be at least {MIN_WINDOW_DAYS} days before end_date {end}{whom}; it is {days}");
            let early = json!(end - chrono::Days::new(MIN_WINDOW_DAYS.unsigned_abs()));
            let refusal = Refusal::new(rule, self.question.shorter_window());
            self.args.refused("start_date", refusal.mended_by(Some(Mend::Value(early))));
        }
    }

    fn max_chars(self) -> Option<usize> {
        let limit = self.args.count("max_chars", 0..=usize::MAX).unwrap_or(MAX_CHARS);
        if (1..LEAST_CHARS).contains(&limit) {
            let rule = Refusal::must(format_args!("be 0 for no limit, or at least {LEAST_CHARS}"));
            self.args.refused("max_chars", rule.mended_by(Some(Mend::Value(json!(LEAST_CHARS)))));
        }
        (limit > 0).then_some(limit)
    }
}

/// How long the answer to a call with these arguments may be, errors too; `None` for no limit. A length that breaks its rule is
/// as if there were none.
pub(crate) fn longest_of(arguments: &Map<String, Value>) -> Option<usize> {
    let given = arguments.get("max_chars").filter(|value| !value.is_array() && !value.is_object());
    let args = Args::new(given.map(|value| ("max_chars".to_owned(), value.clone())).into_iter().collect());
    match args.count("max_chars", 0..=usize::MAX) {
        Some(0) => None,
        Some(most) if most >= LEAST_CHARS => Some(most),
        _ => Some(MAX_CHARS),
    }
}

/// Reads `factor_universe`, if the call brings one, and the caller's groups that take part: all of them, or those that the
/// call's own universe names. A ticker of the `known` universe keeps its asset class there, which is noted.
fn universe(
    args: &Args,
    advanced: &Args,
    (known, groups): (&FactorUniverse, UserGroups),
    notes: &mut Vec<String>,
) -> (Option<FactorUniverse>, UserGroups) {
    let with_groups = advanced.boolean("include_user_groups").unwrap_or(true);
    let form = MapForm { key: "label", value: "ticker" };
    let Some(entries) = args.objects("factor_universe", Some(form)) else {
        let named = |groups: UserGroups| UserGroups {
            user: groups.user,
            portfolios: groups.portfolios,
            portfolio_names: groups.portfolio_names,
            ..UserGroups::default()
        };
        return (None, if with_groups { groups.fitting() } else { named(groups) });
    };
    if entries.is_empty() {
        args.must("factor_universe", "name at least one factor");
    }
    let (mut factors, mut named, mut as_known) = (Vec::new(), Vec::new(), Vec::new());
    let mut portfolios = groups.portfolios.clone();
    for entry in &entries {
        match factor_or_group(entry, &groups) {
            Some(Entry::Factor(mut factor)) => {
                if factor.asset_class.is_none()
                    && let Some(class) = known.get(&factor.ticker).and_then(|known| known.asset_class)
                {
                    as_known.push(format!("{} {class}", factor.ticker));
                    factor.asset_class = Some(class);
                }
                factors.push(factor);
            }
            Some(Entry::Group(group)) => named.push(group),
            Some(Entry::Portfolio(own)) => {
                let known = portfolios.iter_mut().find(|known| known.factor.ticker == own.factor.ticker);
                known.into_iter().for_each(|known| *known = own.clone());
            }
            None => {}
        }
    }
    if !as_known.is_empty() {
        let named = a_few(as_known.iter().map(String::as_str));
        notes.push(format!("asset classes not given in factor_universe are the mapping's: {named}"));
    }
    (Some(FactorUniverse::new(factors)), UserGroups { groups: named, portfolios, trouble: None, ..groups })
}

fn factor_or_group(entry: &Args, groups: &UserGroups) -> Option<Entry> {
    entry.require("ticker");
    let label = entry.string("label");
    let category = entry.choice("category", FACTOR_CATEGORIES).unwrap_or(Category::Custom);
    // None for a ticker of no category: what else is known of it says.
    let asset_class = entry.choice("asset_class", Choices::of::<AssetClass>());
    let sector_group = entry.string("sector_group");
    entry.only(&["label", "ticker", "category", "asset_class", "sector_group"]);
    let text = entry.string("ticker");
    if let Some((text, name)) = text.as_ref().and_then(|text| Some((text, GroupName::of_portfolio(text)?))) {
        let found = name.ok().and_then(|name| groups.portfolio(&name));
        if found.is_none() {
            entry.refused("ticker", no_portfolio(text, groups));
        }
        return found.map(|found| Entry::Portfolio(found.taken_as(label, category, asset_class)));
    }
    if let Some(name) = text.filter(|text| is_group(text)) {
        let found = groups.find(&name);
        if found.is_none() {
            entry.refused("ticker", no_group(&name, groups));
        }
        return found.map(|found| Entry::Group(found.taken_as(label, category, asset_class)));
    }
    let ticker: Ticker = entry.parsed("ticker")?;
    let label = label.unwrap_or_else(|| ticker.to_string());
    let mut factor = Factor::new(ticker, label, category, SourceTier::Request);
    factor.asset_class = asset_class.or(factor.asset_class);
    factor.sector_group = sector_group;
    Some(Entry::Factor(factor))
}

/// True for the name of a factor group among tickers: `USER:My_Tech`.
pub(super) fn is_group(text: &str) -> bool {
    text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("USER:"))
}
