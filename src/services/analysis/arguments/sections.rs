//! Which sections the arguments ask for, and which they leave out.

use std::collections::BTreeSet;

use factor_analytics::{correlation::Method, report::Granularity};
use factor_types::Category;
use indexmap::IndexMap;

use super::Reader;
use crate::{
    analysis::AnalysisKind,
    services::{
        analysis::{preset::Preset, sections::Section},
        common_args::CATEGORIES,
    },
};

impl Reader<'_> {
    /// The sections that flags, the preset or `advanced.sections` leave out, with what to do about each.
    pub(super) fn off(
        &self,
        preset: Option<Preset>,
        granularity: Granularity,
        (categories, rates): (Option<&BTreeSet<Category>>, bool),
        (method, include): (Method, &[Section]),
    ) -> IndexMap<Section, String> {
        let mut off = IndexMap::new();
        match self.kind {
            AnalysisKind::Correlations => self.correlations_off(preset, (method, include), &mut off),
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
                if !rates && !include.contains(&Section::Yields) {
                    off.insert(Section::Yields, "name rate among the categories".to_owned());
                }
            }
        }
        off
    }

    /// Naming `rolling` or `statistics` in `include` asks for them.
    pub(super) fn correlations_off(
        &self,
        preset: Option<Preset>,
        (method, include): (Method, &[Section]),
        off: &mut IndexMap<Section, String>,
    ) {
        let is_named = |section: Section| include.contains(&section).then_some(true);
        let listed = self.advanced.strings("sections");
        if let Some(names) = &listed {
            self.check_section_names(names);
        }
        let flags = [
            (Section::RateSensitivity, "include_rate_sensitivity", "overlays:rate", true),
            (Section::MarketSensitivity, "include_market_sensitivity", "overlays:market", true),
            (Section::MacroComposite, "include_macro_composite", "macro:composite", true),
            (Section::MacroEtf, "include_macro_etf", "macro:etf", false),
            (Section::Rolling, "include_rolling_summaries", "rolling", false),
        ];
        for (section, flag, name, default) in flags {
            let given = self.advanced.boolean(flag);
            let among = listed.as_ref().map(|names| names.iter().any(|listed| listed.eq_ignore_ascii_case(name)));
            let by_name = is_named(section).filter(|_| section == Section::Rolling);
            let on =
                given.or(among).or(by_name).or_else(|| preset.map(|preset| preset.has(section))).unwrap_or(default);
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
        if !self.wants_statistics(preset, include) {
            off.insert(Section::Statistics, "set include_statistics: true".to_owned());
        } else if method.coefficient().is_none() {
            off.insert(Section::Statistics, no_statistics(method));
        }
    }

    pub(super) fn check_section_names(&self, names: &[String]) {
        const KNOWN: [&str; 6] =
            ["overlays:rate", "overlays:market", "macro:composite", "macro:etf", "rolling", "matrices"];
        for name in names {
            let lower = name.to_ascii_lowercase();
            let matrix = lower.strip_prefix("matrices:").is_some_and(|category| self.is_matrix(category));
            if !matrix && !KNOWN.contains(&lower.as_str()) {
                self.advanced.refuse(
                    "sections",
                    format!("names `{name}`, which is no section of correlations"),
                    "write matrices:<category>, overlays:rate, overlays:market, macro:composite, macro:etf or rolling",
                );
            }
        }
    }
}

impl Reader<'_> {
    fn is_matrix(&self, name: &str) -> bool {
        match name {
            "industry_groups" => true,
            "selected" => self.args.has("tickers"),
            category => CATEGORIES.find(category).is_ok(),
        }
    }
}

/// Why a method has no statistics, and what has.
pub(super) fn no_statistics(method: Method) -> String {
    format!("correlation_method {} has no intervals and p-values; write pearson or spearman", method.as_str())
}
