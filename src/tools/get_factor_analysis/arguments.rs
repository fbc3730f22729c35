//! The arguments of `get_factor_analysis`: what was typed into what it means. The only validation.

use std::{collections::BTreeSet, str::FromStr};

use chrono::NaiveDate;
use factor_analytics::{
    panel::DefaultStart,
    report::{CorrelationPlan, Granularity, MatrixKey, PerformancePlan, ReturnsPlan, SortBy},
    sections::{macro_etf::MacroEtfRules, returns::ReturnWindow},
};
use factor_types::{AssetClass, Category, Factor, FactorUniverse, Frequency, Maturity, Ticker, Tier};
use indexmap::IndexMap;
use rmcp::model::JsonObject;

use super::{
    preset::Preset,
    sections::{Section, SectionSet},
};
use crate::{
    analysis::{AnalysisKind, AnalysisRequest, AssetClassFilter, DateRule, MIN_WINDOW_DAYS, Plan},
    args::{Args, Choices, MapForm},
    tool_error::{ErrorCode, Problem, ToolError},
};

const CATEGORIES: Choices = Choices {
    names: &["industry", "style", "market", "fixed_income", "cash", "commodity", "crypto", "custom", "user", "rate"],
    aliases: &[("bond", "fixed_income"), ("bonds", "fixed_income")],
};
const ASSET_CLASSES: Choices = Choices {
    names: &["equity", "bond", "cash", "commodity", "crypto"],
    aliases: &[("fixed_income", "bond"), ("bonds", "bond")],
};
const MACRO_GROUPS: Choices = Choices {
    names: &["equity", "fixed_income", "cash", "commodity", "crypto"],
    aliases: &[("bond", "fixed_income"), ("bonds", "fixed_income")],
};
const MATURITIES: Choices = Choices { names: &["UST3M", "UST2Y", "UST5Y", "UST10Y", "UST30Y"], aliases: &[] };

/// The arguments of the first level.
pub(super) const TOP: [&str; 25] = [
    "analysis_type",
    "start_date",
    "end_date",
    "frequency",
    "categories",
    "asset_class_filters",
    "factor_universe",
    "benchmark_ticker",
    "industry_granularity",
    "windows",
    "sort_by",
    "top_n",
    "include",
    "include_macro_etf",
    "include_statistics",
    "include_rolling_summaries",
    "regime",
    "correlation_method",
    "composite_weighting_method",
    "composite_weights",
    "preset",
    "format",
    "matrix_format",
    "max_chars",
    "advanced",
];

/// The fields of `advanced`, read at the top level too.
pub(super) const ADVANCED: [&str; 26] = [
    "min_observations",
    "precision",
    "sections",
    "include_user_groups",
    "order",
    "half_life",
    "rate_maturities",
    "rate_sensitivity_categories",
    "market_benchmarks",
    "market_sensitivity_categories",
    "macro_groups",
    "macro_max_per_group",
    "macro_deduplicate_threshold",
    "macro_min_group_coverage_pct",
    "rolling_windows",
    "include_rate_sensitivity",
    "include_market_sensitivity",
    "include_macro_composite",
    "include_macro_composite_performance",
    "include_factor_composite_performance",
    "composite_max_per_group",
    "composite_weighting_method",
    "composite_weights",
    "include_macro_etf",
    "max_factors",
    "top_n_per_matrix",
];

/// Arguments of one or two analyses: elsewhere they are a note.
const BELONGS: [(&str, &[AnalysisKind]); 27] = {
    use AnalysisKind::{Correlations as C, Performance as P, Returns as R};
    [
        ("windows", &[R]),
        ("sort_by", &[P]),
        ("benchmark_ticker", &[P, C]),
        ("include_macro_etf", &[C]),
        ("include_statistics", &[C]),
        ("include_rolling_summaries", &[C]),
        ("regime", &[C]),
        ("correlation_method", &[C]),
        ("composite_weighting_method", &[P]),
        ("composite_weights", &[P]),
        ("preset", &[C]),
        ("matrix_format", &[C]),
        ("min_observations", &[C, P]),
        ("sections", &[C]),
        ("order", &[C]),
        ("half_life", &[C]),
        ("rate_maturities", &[C]),
        ("rate_sensitivity_categories", &[C]),
        ("market_benchmarks", &[C]),
        ("market_sensitivity_categories", &[C]),
        ("macro_max_per_group", &[C]),
        ("macro_deduplicate_threshold", &[C]),
        ("rolling_windows", &[C]),
        ("include_rate_sensitivity", &[C]),
        ("include_market_sensitivity", &[C]),
        ("include_macro_composite", &[C]),
        ("top_n_per_matrix", &[C]),
    ]
};

/// Arguments of this contract that this version refuses, the values it takes all the same, and why.
const LATER: [(&str, &[&str], &str); 8] = [
    ("include_statistics", &["false"], "intervals and p-values are not part of this version"),
    ("include_rolling_summaries", &["false"], "rolling summaries are not part of this version"),
    ("regime", &["all"], "regimes are not part of this version; give start_date and end_date instead"),
    ("correlation_method", &["pearson"], "only pearson is part of this version"),
    ("order", &["universe"], "clustering is not part of this version"),
    ("half_life", &[], "it belongs to correlation_method ewma, which is not part of this version"),
    ("rolling_windows", &[], "rolling summaries are not part of this version"),
    (
        "composite_weighting_method",
        &["equal", "custom"],
        "market caps are not part of this version; use equal or custom",
    ),
];

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
pub(super) fn read(arguments: JsonObject, universe: &FactorUniverse) -> Result<Query, ToolError> {
    let args = Args::new(arguments);
    let advanced = args.object_or_top_level("advanced", &ADVANCED);
    let read = Reader { args: &args, advanced: &advanced, kind: AnalysisKind::Correlations };
    let query = read.query(universe);
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
    fn query(mut self, universe: &FactorUniverse) -> Query {
        let (args, advanced) = (self.args, self.advanced);
        self.kind = args
            .choice("analysis_type", &["correlations", "performance", "returns"])
            .unwrap_or(AnalysisKind::Correlations);
        let mut notes = self.notes_on_foreign_arguments();
        self.refuse_later_arguments();

        let preset = self.mine("preset").then(|| args.choice("preset", &Preset::NAMES)).flatten();
        let format: Format = args.choice("format", &["summary", "full", "report"]).unwrap_or_default();
        let frequency = args.choice("frequency", &["monthly", "weekly", "daily"]).unwrap_or_default();
        let own_universe = self.universe();
        let granularity = self.granularity(own_universe.as_ref().unwrap_or(universe));
        let (categories, rate_matrix) = self.categories(preset, &mut notes);
        let benchmark = self.mine("benchmark_ticker").then(|| args.parsed("benchmark_ticker")).flatten();
        let benchmark = benchmark.unwrap_or_else(Ticker::spy);
        let (windows, invalid_windows) = self.windows(frequency);
        let dates = self.dates(&windows);
        let (include, invalid_sections) = self.include();
        let off = self.off(preset, granularity, categories.as_ref());
        let sections = SectionSet::settle(self.kind, &off, include.as_deref());
        let lists = self.lists(format);

        let mut also_priced = Vec::new();
        let plan = match self.kind {
            AnalysisKind::Correlations => {
                let plan =
                    self.correlations(preset, granularity, categories.as_ref(), rate_matrix, &benchmark, &sections);
                also_priced.extend(plan.market_sensitivity.iter().flat_map(|(_, benchmarks)| benchmarks.clone()));
                Plan::Correlations(plan)
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

    fn refuse_later_arguments(&self) {
        for (name, taken, why) in LATER {
            if !self.mine(name) {
                continue;
            }
            let holder = if self.args.has(name) { self.args } else { self.advanced };
            let given = holder.get(name).map(|value| match value {
                serde_json::Value::String(text) => text.trim().to_ascii_lowercase(),
                other => other.to_string(),
            });
            if given.is_some_and(|given| !taken.contains(&given.as_str())) {
                let hint = match taken {
                    [] => "leave it out".to_owned(),
                    [only] => format!("leave it out, or write {only}"),
                    several => format!("write {}", several.join(" or ")),
                };
                holder.refuse(name, format!("is not available: {why}"), Some(hint));
            }
        }
    }

    fn universe(&self) -> Option<FactorUniverse> {
        let form = MapForm { key: "label", value: "ticker" };
        let entries = self.args.objects("factor_universe", Some(form))?;
        if entries.is_empty() {
            self.args.refuse("factor_universe", "must name at least one factor", None);
        }
        let factors = entries.iter().filter_map(|entry| {
            entry.require("ticker");
            let ticker: Option<Ticker> = entry.parsed("ticker");
            let label = entry.string("label");
            let category = entry.choice("category", CATEGORIES_OF_A_FACTOR).unwrap_or(Category::Custom);
            let asset_class = entry.choice("asset_class", ASSET_CLASSES);
            let group = entry.string("sector_group");
            entry.only(&["label", "ticker", "category", "asset_class", "sector_group"]);
            let ticker = ticker?;
            let label = label.unwrap_or_else(|| ticker.to_string());
            let mut factor = Factor::new(ticker, label, category, Tier::Request);
            factor.asset_class = asset_class.unwrap_or(factor.asset_class);
            factor.sector_group = group;
            Some(factor)
        });
        Some(FactorUniverse::new(factors))
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
        if names.iter().any(|name| name == "user") {
            self.args.refuse(
                "categories",
                "is not available: factor groups, category user, are not part of this version",
                Some("leave `user` out".to_owned()),
            );
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

    /// The sections asked for by name, and the names that are none.
    fn include(&self) -> (Option<Vec<Section>>, Vec<String>) {
        let Some(names) = self.args.strings("include") else { return (None, Vec::new()) };
        let (mut known, mut invalid) = (Vec::new(), Vec::new());
        for name in names {
            match name.parse::<Section>() {
                Ok(section) if !known.contains(&section) => known.push(section),
                Ok(_) => {}
                Err(_) if !invalid.contains(&name) => invalid.push(name),
                Err(_) => {}
            }
        }
        // An empty list asks for nothing by name: as if it were not there.
        ((!known.is_empty() || !invalid.is_empty()).then_some(known), invalid)
    }

    /// The sections that flags, the preset or `advanced.sections` leave out, with what to do about each.
    fn off(
        &self,
        preset: Option<Preset>,
        granularity: Granularity,
        categories: Option<&BTreeSet<Category>>,
    ) -> IndexMap<Section, String> {
        let mut off = IndexMap::new();
        match self.kind {
            AnalysisKind::Correlations => self.correlations_off(preset, &mut off),
            AnalysisKind::Performance => {
                let flag = |name| self.advanced.boolean(name).unwrap_or(true);
                let (macros, factors) =
                    (flag("include_macro_composite_performance"), flag("include_factor_composite_performance"));
                if !macros && !factors {
                    off.insert(Section::Composites, "set include_macro_composite_performance: true".to_owned());
                }
            }
            AnalysisKind::Returns => {
                if granularity == Granularity::Industry {
                    off.insert(Section::IndustryGroups, "set industry_granularity: group".to_owned());
                } else if categories.is_some_and(|picked| !picked.contains(&Category::Industry)) {
                    off.insert(Section::IndustryGroups, "name industry among the categories".to_owned());
                }
            }
        }
        off
    }

    fn correlations_off(&self, preset: Option<Preset>, off: &mut IndexMap<Section, String>) {
        let listed = self.advanced.strings("sections");
        if let Some(names) = &listed {
            self.check_section_names(names);
        }
        let flags = [
            (Section::RateSensitivity, "include_rate_sensitivity", "overlays:rate", true),
            (Section::MarketSensitivity, "include_market_sensitivity", "overlays:market", true),
            (Section::MacroComposite, "include_macro_composite", "macro:composite", true),
            (Section::MacroEtf, "include_macro_etf", "macro:etf", false),
        ];
        for (section, flag, name, default) in flags {
            let given = self.advanced.boolean(flag);
            let among = listed.as_ref().map(|names| names.iter().any(|listed| listed.eq_ignore_ascii_case(name)));
            let on = given.or(among).or_else(|| preset.map(|preset| preset.has(section))).unwrap_or(default);
            if !on {
                off.insert(section, format!("set {flag}: true"));
            }
        }
        let matrices =
            listed.as_ref().map(|names| names.iter().any(|name| name.to_ascii_lowercase().starts_with("matrices")));
        let wanted = matrices.or_else(|| preset.map(|preset| preset.has(Section::Matrices))).unwrap_or(true);
        if !wanted {
            off.insert(
                Section::Matrices,
                "name matrices:<category> in advanced.sections, or leave preset out".to_owned(),
            );
        }
        let insights = listed.is_none() && preset.is_none_or(|preset| preset.has(Section::Insights));
        if !insights {
            off.insert(Section::Insights, "leave advanced.sections out, or take preset overview or light".to_owned());
        }
        off.insert(Section::Rolling, "rolling summaries are not part of this version".to_owned());
        off.insert(Section::Statistics, "intervals and p-values are not part of this version".to_owned());
    }

    fn check_section_names(&self, names: &[String]) {
        const KNOWN: [&str; 6] =
            ["overlays:rate", "overlays:market", "macro:composite", "macro:etf", "rolling", "matrices"];
        for name in names {
            let lower = name.to_ascii_lowercase();
            let matrix = lower
                .strip_prefix("matrices:")
                .is_some_and(|category| category == "industry_groups" || CATEGORIES.find(category).is_ok());
            if lower == "rolling" {
                self.advanced.refuse(
                    "sections",
                    "names rolling, which is not available: rolling summaries are not part of this version",
                    Some("leave `rolling` out".to_owned()),
                );
            } else if !matrix && !KNOWN.contains(&lower.as_str()) {
                self.advanced.refuse(
                    "sections",
                    format!("names `{name}`, which is no section of correlations"),
                    Some(
                        "write matrices:<category>, overlays:rate, overlays:market, macro:composite or macro:etf"
                            .to_owned(),
                    ),
                );
            }
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

    fn min_coverage(&self) -> f64 {
        self.advanced.share("macro_min_group_coverage_pct").unwrap_or(0.6)
    }

    fn macro_groups(&self) -> Vec<AssetClass> {
        self.advanced.choices("macro_groups", MACRO_GROUPS).unwrap_or_else(|| AssetClass::ALL.to_vec())
    }

    fn maturities(&self) -> Vec<Maturity> {
        let mut named: Vec<Maturity> =
            self.advanced.choices("rate_maturities", MATURITIES).unwrap_or_else(|| Maturity::OVERLAY.to_vec());
        named.sort();
        named.dedup();
        named
    }

    fn correlations(
        &self,
        preset: Option<Preset>,
        granularity: Granularity,
        categories: Option<&BTreeSet<Category>>,
        rate_matrix: bool,
        benchmark: &Ticker,
        sections: &SectionSet,
    ) -> CorrelationPlan {
        let overlay_categories = |name: &str, default: &[Category]| {
            self.advanced.choices(name, OVERLAY_CATEGORIES).unwrap_or_else(|| default.to_vec())
        };
        // Read whether wanted or not, so that a mistake in them is told.
        let rate = (
            overlay_categories(
                "rate_sensitivity_categories",
                &[Category::FixedIncome, Category::Industry, Category::Market, Category::Cash],
            ),
            self.maturities(),
        );
        let market = (
            overlay_categories("market_sensitivity_categories", &[Category::Industry, Category::Style]),
            self.advanced
                .list_of("market_benchmarks", Ticker::from_str)
                .filter(|named| !named.is_empty())
                .unwrap_or_else(|| vec![benchmark.clone()]),
        );
        let rules = MacroEtfRules {
            groups: self.macro_groups(),
            most_per_group: self.advanced.count("macro_max_per_group", 1..=20).unwrap_or(5),
            duplicate_threshold: self.advanced.share("macro_deduplicate_threshold").unwrap_or(0.95),
            min_coverage: self.min_coverage(),
        };
        let matrices = self.matrices(preset, granularity, categories, rate_matrix, &rate.1);
        let insights = sections.has(Section::Insights);
        let needs_matrices = sections.has(Section::Matrices) || insights;
        CorrelationPlan {
            matrices: if needs_matrices { matrices } else { Vec::new() },
            granularity,
            rate_sensitivity: sections.has(Section::RateSensitivity).then_some(rate),
            market_sensitivity: sections.has(Section::MarketSensitivity).then_some(market),
            macro_composite: sections.has(Section::MacroComposite).then(|| rules.groups.clone()),
            min_coverage: rules.min_coverage,
            macro_etf: sections.has(Section::MacroEtf).then_some(rules),
            spectra: insights || sections.has(Section::Metadata),
            // `full` shows lists of five whatever top_n says.
            insights: insights.then_some(5),
            benchmark: benchmark.clone(),
        }
    }

    fn matrices(
        &self,
        preset: Option<Preset>,
        granularity: Granularity,
        categories: Option<&BTreeSet<Category>>,
        rate_matrix: bool,
        maturities: &[Maturity],
    ) -> Vec<MatrixKey> {
        let named: Option<Vec<String>> = self.advanced.strings("sections").map(|names| {
            names
                .iter()
                .filter_map(|name| name.to_ascii_lowercase().strip_prefix("matrices:").map(str::to_owned))
                .collect()
        });
        let named = named.filter(|named| !named.is_empty());
        let is_named = |name: &str| {
            named.as_ref().is_none_or(|named| {
                named.iter().any(|n| n == name || CATEGORIES.find(n).is_ok_and(|found| found == name))
            })
        };
        let wanted = |category: Category| match (categories, &named) {
            (Some(picked), _) => picked.contains(&category) && is_named(category.as_str()),
            (None, Some(_)) => is_named(category.as_str()),
            // Asking for yield changes alone asks for no other matrix.
            (None, None) => category != Category::Cash && !rate_matrix,
        };
        let mut keys = Vec::new();
        for category in Category::ALL {
            let groups = category == Category::Industry && granularity != Granularity::Industry;
            let only_groups = preset == Some(Preset::Overview)
                && categories.is_none_or(|c| preset.and_then(Preset::categories).as_ref() == Some(c));
            if groups && (wanted(category) || named.is_some() && is_named("industry_groups")) {
                keys.push(MatrixKey::IndustryGroups);
            }
            if wanted(category) && !(category == Category::Industry && groups && only_groups) {
                keys.push(MatrixKey::Category(category));
            }
        }
        if rate_matrix || (named.is_some() && is_named("rate")) {
            keys.push(MatrixKey::Rate(maturities.to_vec()));
        }
        keys
    }

    fn performance(
        &self,
        granularity: Granularity,
        categories: Option<&BTreeSet<Category>>,
        benchmark: &Ticker,
        sections: &SectionSet,
    ) -> PerformancePlan {
        let flag = |name| self.advanced.boolean(name).unwrap_or(true) && sections.has(Section::Composites);
        let sort_by = self.args.choice::<String>("sort_by", &["sharpe_ratio", "annual_return", "volatility"]);
        PerformancePlan {
            per_factor: sections
                .has(Section::PerFactor)
                .then(|| categories.cloned().unwrap_or_else(|| BTreeSet::from(Category::ALL))),
            macro_composites: flag("include_macro_composite_performance").then(|| self.macro_groups()),
            category_composites: flag("include_factor_composite_performance"),
            granularity,
            weights: self.weights(),
            most_per_composite: self.advanced.count("composite_max_per_group", 1..=100),
            benchmark: benchmark.clone(),
            sort_by: match sort_by.as_deref() {
                Some("annual_return") => SortBy::AnnualReturn,
                Some("volatility") => SortBy::Volatility,
                _ => SortBy::SharpeRatio,
            },
            min_coverage: self.min_coverage(),
        }
    }

    fn weights(&self) -> Option<IndexMap<Ticker, f64>> {
        let method = self.advanced.string("composite_weighting_method").map(|method| method.to_ascii_lowercase());
        let entries = self.advanced.objects("composite_weights", Some(MapForm { key: "ticker", value: "weight" }));
        match (method.as_deref(), &entries) {
            (Some("custom"), None) => {
                self.advanced.refuse(
                    "composite_weighting_method",
                    "needs composite_weights",
                    Some("write composite_weights: [{\"ticker\": \"SPY\", \"weight\": 0.6}, ..]".to_owned()),
                );
            }
            (Some("equal"), Some(_)) => {
                self.advanced.refuse("composite_weights", "needs composite_weighting_method custom", None);
            }
            _ => {}
        }
        let mut weights = IndexMap::new();
        for entry in entries? {
            entry.require("ticker");
            entry.require("weight");
            let (ticker, weight) = (entry.parsed::<Ticker>("ticker"), entry.number("weight", 0.0..=f64::INFINITY));
            entry.only(&["ticker", "weight"]);
            if weight == Some(0.0) {
                entry.refuse("weight", "must be above 0", Some("leave the ticker out for no weight".to_owned()));
            }
            let (Some(ticker), Some(weight)) = (ticker, weight) else { continue };
            if weights.insert(ticker, weight).is_some() {
                entry.refuse("ticker", "is there twice", Some("give each ticker one weight".to_owned()));
            }
        }
        Some(weights)
    }
}

/// What a factor of a call's own universe can be.
const CATEGORIES_OF_A_FACTOR: Choices = Choices {
    names: &["industry", "style", "market", "fixed_income", "cash", "commodity", "crypto", "custom"],
    aliases: &[("bond", "fixed_income"), ("bonds", "fixed_income")],
};

/// What an overlay can have rows of.
const OVERLAY_CATEGORIES: Choices = CATEGORIES_OF_A_FACTOR;
