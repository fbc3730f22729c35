//! The plans of correlations and performance, out of their arguments.

use std::collections::BTreeSet;

use factor_analytics::{
    correlation::Method,
    report::{CorrelationPlan, Granularity, MatrixKey, PerformancePlan, SortBy, StatisticsPlan, Weighting},
    sections::{macro_etf::MacroEtfRules, performance::Figure},
};
use factor_types::{AssetClass, Category, Frequency, Maturity, Ticker};
use indexmap::IndexMap;

use super::{Reader, names::MACRO_GROUPS, sections::no_statistics};
use crate::{
    arguments::{Choices, MapForm},
    services::{
        analysis::{
            choices::{CompositeWeighting, CorrelationMethod, SortOrder},
            preset::Preset,
            sections::{Section, SectionSet},
        },
        common_args::{CATEGORIES, CommonArgs, FACTOR_CATEGORIES, Format, MIN_COVERAGE},
    },
};

impl Reader<'_> {
    pub(super) fn min_coverage(&self) -> f64 {
        self.advanced.share("macro_min_group_coverage_pct").unwrap_or(MIN_COVERAGE)
    }

    pub(super) fn macro_groups(&self) -> Vec<AssetClass> {
        self.advanced.choices("macro_groups", MACRO_GROUPS).unwrap_or_else(|| AssetClass::ALL.to_vec())
    }

    pub(super) fn maturities(&self) -> Vec<Maturity> {
        let mut named: Vec<Maturity> = self
            .advanced
            .choices("rate_maturities", Choices::of::<Maturity>())
            .unwrap_or_else(|| Maturity::OVERLAY.to_vec());
        named.sort();
        named.dedup();
        named
    }

    /// How correlations are measured; what is left out for it goes to the notes.
    pub(super) fn method(
        &self,
        (preset, frequency): (Option<Preset>, Frequency),
        include: &[Section],
        notes: &mut Vec<String>,
    ) -> Method {
        if !self.mine("correlation_method") {
            return Method::Pearson;
        }
        let name = self.args.choice("correlation_method", Choices::of::<CorrelationMethod>()).unwrap_or_default();
        let half_life = self.advanced.number("half_life", 1.0..=2520.0);
        let method = match name {
            CorrelationMethod::Pearson => Method::Pearson,
            CorrelationMethod::Spearman => Method::Spearman,
            CorrelationMethod::LedoitWolf => Method::LedoitWolf,
            CorrelationMethod::Ewma => {
                Method::Ewma { half_life: half_life.unwrap_or_else(|| Method::default_half_life(frequency)) }
            }
        };
        if half_life.is_some() && !matches!(method, Method::Ewma { .. }) {
            notes.push("half_life is ignored; it belongs to correlation_method ewma".to_owned());
        }
        if self.wants_statistics(preset, include) && method.coefficient().is_none() {
            notes.push(format!("statistics are left out: {}", no_statistics(method)));
        }
        method
    }

    /// True where statistics are asked for, by their flag, a preset or their name among the sections.
    pub(super) fn wants_statistics(&self, preset: Option<Preset>, include: &[Section]) -> bool {
        let asked = self.mine("include_statistics").then(|| self.args.boolean("include_statistics")).flatten();
        let named = include.contains(&Section::Statistics).then_some(true);
        asked.or(named).or_else(|| preset.map(|preset| preset.has(Section::Statistics))).unwrap_or(false)
    }

    pub(super) fn correlations(
        &self,
        preset: Option<Preset>,
        common: &CommonArgs,
        (benchmark, of_overlay): (&Ticker, Option<Vec<Ticker>>),
        (method, sections): (Method, &SectionSet),
    ) -> CorrelationPlan {
        let by_name = self.args.has("include");
        let overlay_categories = |name: &str, default: &[Category]| {
            // Whatever was picked one by one is asked about.
            let default = if common.picked.is_some() { &Category::ALL } else { default };
            self.advanced.choices(name, FACTOR_CATEGORIES).unwrap_or_else(|| default.to_vec())
        };
        // Read whether wanted or not, so that a mistake in them is reported.
        let rate = (
            overlay_categories(
                "rate_sensitivity_categories",
                // Groups and factors of the caller's own are asked for by being there.
                &[
                    Category::FixedIncome,
                    Category::Industry,
                    Category::Market,
                    Category::Cash,
                    Category::User,
                    Category::Custom,
                ],
            ),
            self.maturities(),
        );
        let market = (
            overlay_categories(
                "market_sensitivity_categories",
                &[Category::Industry, Category::Style, Category::User, Category::Custom],
            ),
            of_overlay.unwrap_or_else(|| vec![benchmark.clone()]),
        );
        let rules = MacroEtfRules {
            groups: self.macro_groups(),
            max_per_group: self.advanced.count("macro_max_per_group", 1..=20).unwrap_or(5),
            duplicate_threshold: self.advanced.share("macro_deduplicate_threshold").unwrap_or(0.95),
            min_coverage: self.min_coverage(),
        };
        let matrices = self.matrices(preset, common, &rate.1);
        let insights = sections.has(Section::Insights);
        let asked = sections.has(Section::Statistics);
        // A summary has the slopes beside its correlations with yields, whoever asks for statistics.
        let slopes = common.format == Format::Summary && sections.has(Section::RateSensitivity) && !by_name;
        let statistics = (asked || slopes).then(|| StatisticsPlan {
            matrices: asked && sections.could(Section::Matrices),
            rate_sensitivity: sections.could(Section::RateSensitivity),
        });
        let needs_matrices = sections.has(Section::Matrices) || insights || statistics.is_some_and(|of| of.matrices);
        let needs_rates = sections.has(Section::RateSensitivity) || statistics.is_some_and(|of| of.rate_sensitivity);
        CorrelationPlan {
            matrices: if needs_matrices { matrices } else { Vec::new() },
            granularity: common.granularity,
            rate_sensitivity: needs_rates.then_some(rate),
            market_sensitivity: sections.has(Section::MarketSensitivity).then_some(market),
            macro_composite: sections.has(Section::MacroComposite).then(|| rules.groups.clone()),
            min_coverage: rules.min_coverage,
            macro_etf: sections.has(Section::MacroEtf).then_some(rules),
            method,
            statistics,
            spectra: insights || sections.has(Section::Metadata),
            // `full` shows lists of five whatever top_n says.
            insights: insights.then_some(5),
            regime: None,
            clustered: false,
            rolling: None,
            benchmark: benchmark.clone(),
        }
    }

    pub(super) fn matrices(
        &self,
        preset: Option<Preset>,
        common: &CommonArgs,
        maturities: &[Maturity],
    ) -> Vec<MatrixKey> {
        let (categories, rate_matrix) = (common.categories.as_ref(), common.rate_matrix);
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
            // What was picked one by one has one matrix of its own.
            (_, None) if common.picked.is_some() => false,
            (Some(picked), _) => picked.contains(&category) && is_named(category.as_str()),
            (None, Some(_)) => is_named(category.as_str()),
            // Asking for yield changes alone asks for no other matrix.
            (None, None) => category != Category::Cash && !rate_matrix,
        };
        let mut keys = Vec::new();
        keys.extend(common.picked().filter(|_| is_named("selected")).map(MatrixKey::Selected));
        for category in Category::ALL {
            let groups = category == Category::Industry && common.granularity != Granularity::Industry;
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

    pub(super) fn performance(
        &self,
        common: &CommonArgs,
        benchmark: &Ticker,
        sections: &SectionSet,
    ) -> PerformancePlan {
        let flag = |name| self.advanced.boolean(name).unwrap_or(true) && sections.has(Section::Composites);
        let field = self.args.choice::<Figure>("sort_by", &Figure::NAMES);
        let order: SortOrder = self.args.choice("sort_order", Choices::of::<SortOrder>()).unwrap_or_default();
        PerformancePlan {
            per_factor: sections
                .has(Section::PerFactor)
                .then(|| common.categories.clone().unwrap_or_else(|| BTreeSet::from(Category::ALL))),
            macro_composites: flag("include_macro_composite_performance").then(|| self.macro_groups()),
            category_composites: flag("include_factor_composite_performance"),
            granularity: common.granularity,
            weights: self.weights(),
            max_per_composite: self.advanced.count("composite_max_per_group", 1..=100),
            benchmark: benchmark.clone(),
            sort_by: field.map_or_else(SortBy::default, SortBy::of).ascending(order == SortOrder::Ascending),
            min_coverage: self.min_coverage(),
        }
    }

    pub(super) fn weights(&self) -> Weighting {
        let method = self.advanced.choice("composite_weighting_method", Choices::of::<CompositeWeighting>());
        let entries = self.advanced.objects("composite_weights", Some(MapForm { key: "ticker", value: "weight" }));
        match (method, &entries) {
            (Some(CompositeWeighting::Custom), None) => {
                self.advanced.refuse(
                    "composite_weighting_method",
                    "needs composite_weights",
                    "write composite_weights: [{\"ticker\": \"SPY\", \"weight\": 0.6}, ..]",
                );
            }
            (Some(CompositeWeighting::Equal | CompositeWeighting::Cap), Some(_)) => {
                self.advanced.refuse(
                    "composite_weights",
                    "needs composite_weighting_method custom",
                    "write custom, or leave the weights out",
                );
            }
            _ => {}
        }
        // Weights without a method are custom ones.
        let is_custom = entries.is_some();
        let mut weights = IndexMap::new();
        for entry in entries.into_iter().flatten() {
            entry.require("ticker");
            entry.require("weight");
            let (ticker, weight) = (entry.parsed::<Ticker>("ticker"), entry.number("weight", 0.0..=f64::INFINITY));
            entry.only(&["ticker", "weight"]);
            if weight == Some(0.0) {
                entry.refuse("weight", "must be above 0", "leave the ticker out for no weight");
            }
            let (Some(ticker), Some(weight)) = (ticker, weight) else { continue };
            if weights.insert(ticker, weight).is_some() {
                entry.refuse("ticker", "is there twice", "give each ticker one weight");
            }
        }
        match method {
            Some(CompositeWeighting::Cap) => Weighting::Cap,
            _ if is_custom => Weighting::Custom(weights),
            _ => Weighting::Equal,
        }
    }
}
