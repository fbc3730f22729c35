//! The sections of an answer: their names, which of them a call can have, and which it asked for.

use std::{collections::BTreeSet, str::FromStr};

use indexmap::IndexMap;

use crate::analysis::AnalysisKind;

/// A section of an answer, as `include` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Section {
    Matrices,
    Overlays,
    RateSensitivity,
    MarketSensitivity,
    MacroComposite,
    MacroEtf,
    Rolling,
    Statistics,
    Insights,
    PerFactor,
    Composites,
    Rankings,
    ByCategory,
    Factors,
    IndustryGroups,
    DataQuality,
    Metadata,
    Performance,
    FormattedReport,
}

use Section as S;

/// Every section, its name and its path in the full answer.
const SECTIONS: [(Section, &str, &[&str]); 19] = [
    (S::Matrices, "matrices", &["matrices"]),
    (S::Overlays, "overlays", &["overlays"]),
    (S::RateSensitivity, "rate_sensitivity", &["overlays", "rate_sensitivity"]),
    (S::MarketSensitivity, "market_sensitivity", &["overlays", "market_sensitivity"]),
    (S::MacroComposite, "macro_composite", &["overlays", "macro_composite_matrix"]),
    (S::MacroEtf, "macro_etf", &["overlays", "macro_etf_matrix"]),
    (S::Rolling, "rolling", &["rolling"]),
    (S::Statistics, "statistics", &["statistics"]),
    (S::Insights, "insights", &["insights"]),
    (S::PerFactor, "per_factor", &["per_factor"]),
    (S::Composites, "composites", &["composites"]),
    (S::Rankings, "rankings", &["rankings"]),
    (S::ByCategory, "by_category", &["by_category"]),
    (S::Factors, "factors", &["factors"]),
    (S::IndustryGroups, "industry_groups", &["industry_groups"]),
    (S::DataQuality, "data_quality", &["data_quality"]),
    (S::Metadata, "metadata", &["analysis_metadata"]),
    (S::Performance, "performance", &["performance"]),
    (S::FormattedReport, "formatted_report", &["formatted_report"]),
];

/// The four parts of `overlays`.
pub(super) const OVERLAYS: [Section; 4] = [S::RateSensitivity, S::MarketSensitivity, S::MacroComposite, S::MacroEtf];

impl Section {
    pub(super) fn name(self) -> &'static str {
        SECTIONS.iter().find(|(section, ..)| *section == self).map_or("", |(_, name, _)| name)
    }

    /// Its place in the full answer.
    pub(super) fn path(self) -> &'static [&'static str] {
        SECTIONS.iter().find(|(section, ..)| *section == self).map_or(&[], |(.., path)| path)
    }

    /// The analysis that has it; `None` for those of every analysis.
    fn kind(self) -> Option<AnalysisKind> {
        match self {
            S::Matrices
            | S::Overlays
            | S::RateSensitivity
            | S::MarketSensitivity
            | S::MacroComposite
            | S::MacroEtf
            | S::Rolling
            | S::Statistics
            | S::Insights => Some(AnalysisKind::Correlations),
            S::PerFactor | S::Composites => Some(AnalysisKind::Performance),
            S::Rankings | S::ByCategory | S::Factors | S::IndustryGroups => Some(AnalysisKind::Returns),
            S::DataQuality | S::Metadata | S::Performance | S::FormattedReport => None,
        }
    }
}

impl FromStr for Section {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().to_ascii_lowercase();
        SECTIONS
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(section, ..)| *section)
            .ok_or_else(|| format!("`{text}` is not a section"))
    }
}

/// Which sections a call computes, and why it does not compute the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SectionSet {
    computed: BTreeSet<Section>,
    available: BTreeSet<Section>,
    /// Sections the call asked for by name and does not get, with what to do.
    pub(super) not_computed: IndexMap<&'static str, String>,
}

impl SectionSet {
    /// Settles the set. `off` holds the sections that this call's arguments leave out, with what to do about each;
    /// `include` the sections asked for by name.
    ///
    /// A section asked for by name is computed if the call can have it; the sections that describe the whole answer
    /// (data quality, metadata, the report) need all of it, since they say the same whatever is included.
    pub(super) fn settle(kind: AnalysisKind, off: &IndexMap<Section, String>, include: Option<&[Section]>) -> Self {
        let why_not = |section: Section| match section.kind() {
            Some(owner) if owner != kind => Some(format!("it belongs to analysis_type {owner}")),
            _ => off.get(&section).cloned(),
        };
        let available: BTreeSet<Section> =
            SECTIONS.iter().map(|(section, ..)| *section).filter(|section| why_not(*section).is_none()).collect();
        let Some(include) = include else {
            return Self { computed: available.clone(), available, not_computed: IndexMap::new() };
        };
        let mut wanted = BTreeSet::new();
        let mut not_computed = IndexMap::new();
        for section in include {
            match (section, why_not(*section)) {
                (_, Some(reason)) => drop(not_computed.insert(section.name(), reason)),
                (S::Overlays, None) => wanted.extend(OVERLAYS),
                (S::DataQuality | S::Metadata | S::FormattedReport, None) => wanted.extend(available.iter().copied()),
                (section, None) => drop(wanted.insert(*section)),
            }
        }
        Self { computed: wanted.intersection(&available).copied().collect(), available, not_computed }
    }

    /// True when the call leaves the section on, whether or not it named it: what other sections may draw on.
    pub(super) fn could(&self, section: Section) -> bool {
        self.available.contains(&section)
    }

    /// True when the section is computed.
    pub(super) fn has(&self, section: Section) -> bool {
        self.computed.contains(&section)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(kind: AnalysisKind, include: &[Section]) -> SectionSet {
        let off = IndexMap::from([(S::MacroEtf, "set include_macro_etf: true".to_owned())]);
        SectionSet::settle(kind, &off, Some(include))
    }

    #[test]
    fn include_pays_only_for_what_it_names() {
        let rankings = set(AnalysisKind::Returns, &[S::Rankings]);
        assert!(rankings.has(S::Rankings) && !rankings.has(S::IndustryGroups) && !rankings.has(S::ByCategory));
        let rates = set(AnalysisKind::Correlations, &[S::RateSensitivity]);
        assert!(rates.has(S::RateSensitivity) && !rates.has(S::Matrices) && !rates.has(S::MarketSensitivity));
    }

    #[test]
    fn what_describes_the_whole_needs_the_whole() {
        let metadata = set(AnalysisKind::Correlations, &[S::Metadata]);
        assert!(metadata.has(S::Matrices) && metadata.has(S::MacroComposite) && !metadata.has(S::MacroEtf));
    }

    #[test]
    fn a_known_section_that_is_off_says_how_to_get_it() {
        let off = set(AnalysisKind::Correlations, &[S::MacroEtf, S::Rankings]);
        assert_eq!(off.not_computed["macro_etf"], "set include_macro_etf: true");
        assert_eq!(off.not_computed["rankings"], "it belongs to analysis_type returns");
        let overlays = set(AnalysisKind::Correlations, &[S::Overlays]);
        assert!(overlays.not_computed.is_empty() && overlays.has(S::MarketSensitivity) && !overlays.has(S::MacroEtf));
    }

    #[test]
    fn names_read_back() {
        for (_, name, _) in SECTIONS {
            assert_eq!(name.parse::<Section>().unwrap().name(), name);
        }
    }
}
