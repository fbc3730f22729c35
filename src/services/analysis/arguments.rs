//! The arguments of `get_factor_analysis`: what was typed into what it means. The only validation.

mod names;
mod plans;
mod rolling;
mod sections;

use std::{collections::BTreeSet, str::FromStr, sync::Arc};

use chrono::NaiveDate;
use factor_analytics::{
    panel::DefaultStart,
    regime::Regime,
    report::{CorrelationPlan, Granularity, ReturnsPlan, RollingPlan},
    sections::windows::ReturnWindow,
};
use factor_types::{Category, Factor, FactorUniverse, Frequency, SourceTier, Ticker};
use rmcp::model::JsonObject;

use self::names::{ADVANCED, ASSET_CLASSES, BELONGS, CATEGORIES, CATEGORIES_OF_A_FACTOR, TOP};
use super::{
    preset::Preset,
    sections::{Section, SectionSet},
};
use crate::{
    analysis::{AnalysisKind, AnalysisRequest, AssetClassFilter, DateRule, MIN_WINDOW_DAYS, Plan, UserGroups},
    app::UniverseSnapshot,
    arguments::{Args, MapForm},
    tool_error::{ErrorCode, Problem, ToolError},
};

/// How the answer looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Format {
    #[default]
    Summary,
    Full,
    Report,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "summary" => Ok(Self::Summary),
            "full" => Ok(Self::Full),
            "report" => Ok(Self::Report),
            _ => Err(format!("`{text}` is not a format")),
        }
    }
}

/// The settled call: what to compute and how to show it.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) request: AnalysisRequest,
    pub(super) sections: SectionSet,
    pub(super) format: Format,
    /// Sections asked for by name, in the caller's order.
    pub(super) include: Option<Vec<Section>>,
    pub(super) invalid_sections: Vec<String>,
    pub(super) invalid_windows: Vec<String>,
    pub(super) triangle: bool,
    /// `None` for no limit.
    pub(super) max_chars: Option<usize>,
    /// Significant digits of `full`.
    pub(super) precision: usize,
    pub(super) lists: ListSizes,
    pub(super) notes: Vec<String>,
    pub(super) preset: Option<Preset>,
    /// The universe that the call is read against.
    pub(super) snapshot: Arc<UniverseSnapshot>,
}

/// Lengths of lists and tables in summaries and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListSizes {
    /// Of rankings and tables.
    pub(super) top: usize,
    /// Of the pairs of one matrix.
    pub(super) per_matrix: usize,
    /// Of the factor tables of a report.
    pub(super) factors: usize,
    /// True when the call named a length.
    pub(super) asked: bool,
}

/// Reads the arguments of a call, all mistakes at once.
///
/// # Errors
/// Every argument that breaks its rule.
pub(super) fn read(
    arguments: JsonObject,
    snapshot: &Arc<UniverseSnapshot>,
    groups: UserGroups,
) -> Result<Query, ToolError> {
    let args = Args::new(arguments);
    let advanced = args.object_or_top_level("advanced", &ADVANCED);
    let read = Reader { args: &args, advanced: &advanced, kind: AnalysisKind::Correlations };
    let query = read.query(snapshot, groups);
    if args.has("advanced") {
        advanced.only(&ADVANCED);
    }
    let known: Vec<&str> = TOP.into_iter().chain(ADVANCED).collect();
    args.finish(&known)?;
    if let Plan::Returns(plan) = &query.request.plan
        && plan.windows.is_empty()
    {
        return Err(no_valid_windows(&query));
    }
    Ok(query)
}

fn no_valid_windows(query: &Query) -> ToolError {
    let names = ReturnWindow::names(query.request.frequency).join(", ");
    let frequency = query.request.frequency;
    let rule = format!("must name at least one window of {frequency} returns: {names}");
    let message = format!("No valid windows specified: `windows` (got {:?}) {rule}", query.invalid_windows);
    ToolError::new(ErrorCode::InvalidArgument, message).with_problem(Problem {
        field: "windows".into(),
        got: format!("{:?}", query.invalid_windows),
        rule,
        hint: None,
    })
}

struct Reader<'a> {
    args: &'a Args,
    advanced: &'a Args,
    kind: AnalysisKind,
}

impl Reader<'_> {
    fn query(mut self, snapshot: &Arc<UniverseSnapshot>, groups: UserGroups) -> Query {
        let (args, advanced) = (self.args, self.advanced);
        self.kind = args
            .choice("analysis_type", &["correlations", "performance", "returns"])
            .unwrap_or(AnalysisKind::Correlations);
        let mut notes = self.notes_on_foreign_arguments();

        let preset = self.mine("preset").then(|| args.choice("preset", &Preset::NAMES)).flatten();
        let format: Format = args.choice("format", &["summary", "full", "report"]).unwrap_or_default();
        let frequency = args.choice("frequency", &["monthly", "weekly", "daily"]).unwrap_or_default();
        let (own_universe, groups) = self.universe(groups);
        let universe = own_universe.as_ref().unwrap_or(&snapshot.loaded.universe);
        let granularity = self.granularity(universe);
        let (categories, rate_matrix) = self.categories(preset, &mut notes);
        let benchmark = self.mine("benchmark_ticker").then(|| args.parsed("benchmark_ticker")).flatten();
        let benchmark = benchmark.unwrap_or_else(Ticker::spy);
        let (windows, invalid_windows) = self.windows(frequency);
        let dates = self.dates(&windows);
        let (include, invalid_sections) = self.include();
        let method = self.method(preset, frequency, &mut notes);
        let off = self.off(preset, granularity, categories.as_ref(), method);
        let sections = SectionSet::settle(self.kind, &off, include.as_deref());
        let (regime, rolling) = match self.kind {
            AnalysisKind::Correlations => {
                (self.regime(), self.rolling((universe, &groups), &benchmark, granularity, &sections, &mut notes))
            }
            AnalysisKind::Performance | AnalysisKind::Returns => (None, None),
        };
        let lists = self.lists(format);

        let mut also_priced = Vec::new();
        let plan = match self.kind {
            AnalysisKind::Correlations => {
                let how = (method, &sections);
                let plan = self.correlations(preset, granularity, categories.as_ref(), rate_matrix, &benchmark, how);
                also_priced.extend(plan.market_sensitivity.iter().flat_map(|(_, benchmarks)| benchmarks.clone()));
                also_priced.extend(regime.and_then(Regime::needs_price));
                let rolling = rolling.map(|rolling| RollingPlan {
                    matrices: self.matrices(preset, granularity, categories.as_ref(), rate_matrix, &self.maturities()),
                    ..rolling
                });
                Plan::Correlations(CorrelationPlan { regime, rolling, clustered: self.clustered(), ..plan })
            }
            AnalysisKind::Performance => {
                also_priced.extend(["BIL", "SGOV"].iter().filter_map(|proxy| proxy.parse().ok()));
                Plan::Performance(self.performance(granularity, categories.as_ref(), &benchmark, &sections))
            }
            AnalysisKind::Returns => Plan::Returns(ReturnsPlan {
                categories: categories.clone().unwrap_or_else(|| BTreeSet::from(Category::ALL)),
                windows,
                rankings: sections.has(Section::Rankings),
                by_category: sections.has(Section::ByCategory),
                industry_groups: sections.has(Section::IndustryGroups).then_some(granularity),
                min_coverage: self.min_coverage(),
            }),
        };
        let min_observations =
            self.mine("min_observations").then(|| advanced.count("min_observations", 12..=120)).flatten();
        let triangle = self.mine("matrix_format")
            && args.choice::<String>("matrix_format", &["nested", "triangle"]).as_deref() == Some("triangle");
        let max_chars = self.max_chars();
        Query {
            request: AnalysisRequest {
                kind: self.kind,
                dates,
                frequency,
                categories,
                asset_classes: self.asset_classes(),
                universe: own_universe,
                groups,
                benchmark,
                also_priced,
                min_observations,
                plan,
            },
            sections,
            format,
            include,
            invalid_sections,
            invalid_windows,
            triangle,
            max_chars,
            precision: advanced.count("precision", 2..=17).unwrap_or(6),
            lists,
            notes,
            preset,
            snapshot: Arc::clone(snapshot),
        }
    }

    /// True when the argument means something in this analysis.
    fn mine(&self, name: &str) -> bool {
        BELONGS.iter().find(|(known, _)| *known == name).is_none_or(|(_, kinds)| kinds.contains(&self.kind))
    }

    fn notes_on_foreign_arguments(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.kind == AnalysisKind::Returns && self.args.has("start_date") {
            notes.push("start_date is ignored for returns mode; use windows to specify lookback periods".to_owned());
        }
        for (name, kinds) in BELONGS {
            if !kinds.contains(&self.kind) && (self.args.has(name) || self.advanced.has(name)) {
                let owners: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
                notes.push(format!("{name} is ignored for {} mode; it belongs to {}", self.kind, owners.join(" and ")));
            }
        }
        notes
    }

    /// The call's own universe, if it brings one, and the caller's groups that take part: all of them, or those that the
    /// call's own universe names.
    fn universe(&self, groups: UserGroups) -> (Option<FactorUniverse>, UserGroups) {
        let with_groups = self.advanced.boolean("include_user_groups").unwrap_or(true);
        let form = MapForm { key: "label", value: "ticker" };
        let Some(entries) = self.args.objects("factor_universe", Some(form)) else {
            let none = UserGroups { groups: Vec::new(), trouble: None, ..groups };
            return (None, if with_groups { groups } else { none });
        };
        let mut named = Vec::new();
        if entries.is_empty() {
            self.args.refuse("factor_universe", "must name at least one factor", None);
        }
        let factors = entries.iter().filter_map(|entry| {
            entry.require("ticker");
            let label = entry.string("label");
            let category = entry.choice("category", CATEGORIES_OF_A_FACTOR).unwrap_or(Category::Custom);
            let asset_class = entry.choice("asset_class", ASSET_CLASSES);
            let group = entry.string("sector_group");
            entry.only(&["label", "ticker", "category", "asset_class", "sector_group"]);
            if let Some(name) = entry.string("ticker").filter(|text| is_group(text)) {
                match groups.find(&name) {
                    Some(found) => named.push(found.taken_as(label, category, asset_class)),
                    None => entry.refuse(
                        "ticker",
                        "is not one of your factor groups",
                        Some("list_factor_groups names them".to_owned()),
                    ),
                }
                return None;
            }
            let ticker: Ticker = entry.parsed("ticker")?;
            let label = label.unwrap_or_else(|| ticker.to_string());
            let mut factor = Factor::new(ticker, label, category, SourceTier::Request);
            factor.asset_class = asset_class.unwrap_or(factor.asset_class);
            factor.sector_group = group;
            Some(factor)
        });
        let universe = FactorUniverse::new(factors);
        (Some(universe), UserGroups { groups: named, trouble: None, ..groups })
    }

    fn granularity(&self, universe: &FactorUniverse) -> Granularity {
        let granularity = self
            .args
            .choice::<String>("industry_granularity", &["group", "industry", "subindustry"])
            .unwrap_or_default();
        match granularity.as_str() {
            "industry" => Granularity::Industry,
            "subindustry" => {
                if universe.factors().iter().all(|factor| factor.subindustry.is_none()) {
                    self.args.refuse(
                        "industry_granularity",
                        "is unsupported here: no industry of this universe has a subindustry",
                        Some("write group or industry".to_owned()),
                    );
                }
                Granularity::Subindustry
            }
            _ => Granularity::Group,
        }
    }

    /// The categories picked, and whether the matrix of yield changes is among them.
    fn categories(&self, preset: Option<Preset>, notes: &mut Vec<String>) -> (Option<BTreeSet<Category>>, bool) {
        let Some(names) = self.args.choices::<String>("categories", CATEGORIES) else {
            return (preset.and_then(Preset::categories), false);
        };
        if names.is_empty() && self.args.has("categories") {
            return (None, false);
        }
        let rate = names.iter().any(|name| name == "rate");
        if rate && self.kind != AnalysisKind::Correlations {
            notes.push(format!("category rate is ignored for {} mode; it belongs to correlations", self.kind));
        }
        let picked: BTreeSet<Category> = names.iter().filter_map(|name| name.parse().ok()).collect();
        ((!picked.is_empty()).then_some(picked), rate && self.kind == AnalysisKind::Correlations)
    }

    fn asset_classes(&self) -> AssetClassFilter {
        let Some(filter) = self.args.object("asset_class_filters") else { return AssetClassFilter::default() };
        filter.only(&["include", "exclude"]);
        AssetClassFilter {
            include: filter.choices("include", ASSET_CLASSES).unwrap_or_default(),
            exclude: filter.choices("exclude", ASSET_CLASSES).unwrap_or_default(),
        }
    }

    /// The windows of returns mode that this frequency can answer, and the names of the others.
    fn windows(&self, frequency: Frequency) -> (Vec<ReturnWindow>, Vec<String>) {
        if self.kind != AnalysisKind::Returns {
            return (Vec::new(), Vec::new());
        }
        let default = || ["1m", "3m", "6m", "1y"].map(str::to_owned).to_vec();
        let names = self.args.strings("windows").unwrap_or_else(default);
        let (mut windows, mut invalid) = (Vec::new(), Vec::new());
        for name in names {
            match name.parse::<ReturnWindow>() {
                Ok(window) if window.fits(frequency) && !windows.contains(&window) => windows.push(window),
                Ok(window) if window.fits(frequency) => {}
                _ => invalid.push(name),
            }
        }
        (windows, invalid)
    }

    fn dates(&self, windows: &[ReturnWindow]) -> DateRule {
        let end = self.args.date("end_date");
        if self.kind == AnalysisKind::Returns {
            let longest = windows.iter().map(|window| window.months()).max().unwrap_or(12);
            return DateRule { start: None, end, default_start: DefaultStart::MonthsBefore(longest + 2) };
        }
        let start = self.args.date("start_date");
        if let (Some(start), Some(end)) = (start, end) {
            self.check_order(start, end);
        }
        DateRule { start, end, default_start: DefaultStart::MonthEndBefore(120) }
    }

    fn check_order(&self, start: NaiveDate, end: NaiveDate) {
        let days = (end - start).num_days();
        if days <= 0 {
            self.args.refuse("start_date", format!("must be before end_date, which is {end}"), None);
        } else if days < MIN_WINDOW_DAYS {
            self.args.refuse(
                "start_date",
                format!(
                    "must be at least {MIN_WINDOW_DAYS} days before end_date {end} for {}; it is {days}",
                    self.kind
                ),
                Some("for a shorter look-back use analysis_type returns with windows".to_owned()),
            );
        }
    }

    fn lists(&self, format: Format) -> ListSizes {
        let default = if format == Format::Report { 10 } else { 5 };
        let asked = self.args.count("top_n", 1..=100);
        let top = asked.unwrap_or(default);
        let per_matrix =
            self.mine("top_n_per_matrix").then(|| self.advanced.count("top_n_per_matrix", 5..=100)).flatten();
        ListSizes {
            asked: asked.is_some() || per_matrix.is_some(),
            top,
            per_matrix: per_matrix.unwrap_or(top),
            factors: self.advanced.count("max_factors", 5..=100).unwrap_or(15),
        }
    }

    fn max_chars(&self) -> Option<usize> {
        let limit = self.args.count("max_chars", 0..=usize::MAX).unwrap_or(40_000);
        if (1..2000).contains(&limit) {
            self.args.refuse("max_chars", "must be 0 for no limit, or at least 2000", None);
        }
        (limit > 0).then_some(limit)
    }
}

/// True for the name of a factor group among tickers: `USER:My_Tech`.
fn is_group(text: &str) -> bool {
    text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("USER:"))
}
