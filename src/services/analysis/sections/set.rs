//! Which sections a call can have, and which it asked for.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::Section;
use crate::analysis::AnalysisKind;

/// Which sections a call computes, and why it does not compute the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::services::analysis) struct SectionSet {
    computed: BTreeSet<Section>,
    available: BTreeSet<Section>,
    /// Sections the call asked for by name and does not get, with what to do.
    pub(in crate::services::analysis) not_computed: IndexMap<&'static str, String>,
}

impl SectionSet {
    /// Settles the set. `off` holds the sections that this call's arguments leave out, with what to do about each;
    /// `include` the sections asked for by name.
    ///
    /// A section asked for by name is computed if the call can have it; the sections that describe the whole answer
    /// (data quality, metadata, the report) need all of it, since they say the same whatever is included.
    pub(in crate::services::analysis) fn settle(
        kind: AnalysisKind,
        off: &IndexMap<Section, String>,
        include: Option<&[Section]>,
    ) -> Self {
        let why_not = |section: Section| match section.spec().kind {
            Some(owner) if owner != kind => Some(format!("it belongs to analysis_type {owner}")),
            _ => off.get(&section).cloned(),
        };
        let available: BTreeSet<Section> =
            Section::ALL.into_iter().filter(|section| why_not(*section).is_none()).collect();
        let Some(include) = include else {
            return Self { computed: available.clone(), available, not_computed: IndexMap::new() };
        };
        let mut wanted = BTreeSet::new();
        let mut not_computed = IndexMap::new();
        for section in include {
            match why_not(*section) {
                Some(reason) => drop(not_computed.insert(section.as_str(), reason)),
                None if section.spec().of_the_whole => wanted.extend(available.iter().copied()),
                None => {
                    wanted.insert(*section);
                    wanted.extend(section.parts());
                }
            }
        }
        Self { computed: wanted.intersection(&available).copied().collect(), available, not_computed }
    }

    /// True when the call leaves the section on, whether or not it named it: what other sections may draw on.
    pub(in crate::services::analysis) fn could(&self, section: Section) -> bool {
        self.available.contains(&section)
    }

    /// True when the section is computed.
    pub(in crate::services::analysis) fn has(&self, section: Section) -> bool {
        self.computed.contains(&section)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(kind: AnalysisKind, include: &[Section]) -> SectionSet {
        let off = IndexMap::from([(Section::MacroEtf, "set include_macro_etf: true".to_owned())]);
        SectionSet::settle(kind, &off, Some(include))
    }

    #[test]
    fn include_pays_only_for_what_it_names() {
        let rankings = set(AnalysisKind::Returns, &[Section::Rankings]);
        assert!(
            rankings.has(Section::Rankings)
                && !rankings.has(Section::IndustryGroups)
                && !rankings.has(Section::ByCategory)
        );
        let rates = set(AnalysisKind::Correlations, &[Section::RateSensitivity]);
        assert!(
            rates.has(Section::RateSensitivity)
                && !rates.has(Section::Matrices)
                && !rates.has(Section::MarketSensitivity)
        );
    }

    #[test]
    fn what_describes_the_whole_needs_the_whole() {
        let metadata = set(AnalysisKind::Correlations, &[Section::Metadata]);
        assert!(
            metadata.has(Section::Matrices)
                && metadata.has(Section::MacroComposite)
                && !metadata.has(Section::MacroEtf)
        );
    }

    #[test]
    fn a_known_section_that_is_off_says_how_to_get_it() {
        let off = set(AnalysisKind::Correlations, &[Section::MacroEtf, Section::Rankings]);
        assert_eq!(off.not_computed["macro_etf"], "set include_macro_etf: true");
        assert_eq!(off.not_computed["rankings"], "it belongs to analysis_type returns");
        let overlays = set(AnalysisKind::Correlations, &[Section::Overlays]);
        assert!(
            overlays.not_computed.is_empty()
                && overlays.has(Section::MarketSensitivity)
                && !overlays.has(Section::MacroEtf)
        );
    }
}
