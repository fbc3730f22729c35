//! The sections of an answer: one file each, joined by [`Section::spec`].
//!
//! A section's file says what it writes in each place of an answer (in full, in a summary, in a report, in the
//! metadata), how it may be cut, and when it cannot be given. The frames iterate over the table.

mod by_category;
pub(super) mod composites;
mod data_quality;
mod factors;
mod formatted_report;
mod industry_groups;
mod insights;
mod macro_composite;
mod macro_etf;
mod market_sensitivity;
mod matrices;
mod metadata;
mod overlay_parts;
mod overlays;
mod per_factor;
mod performance;
mod rankings;
mod rate_sensitivity;
mod rolling;
mod schemas;
mod set;
mod spec;
mod statistics;
mod yields;

#[cfg(test)]
mod tests;

use factor_types::closed_set;

pub(super) use self::{
    set::SectionSet,
    spec::{Place, Spec, View},
};

closed_set! {
    /// A section of an answer, as `include` names it. The order is that of `more` in a summary.
    pub(crate) enum Section: "a section" {
        /// Correlation matrices per category.
        Matrices = "matrices",
        /// The four overlays together.
        Overlays = "overlays",
        /// Correlations with yield changes.
        RateSensitivity = "rate_sensitivity",
        /// Correlations with benchmarks.
        MarketSensitivity = "market_sensitivity",
        /// Correlations of macro composites.
        MacroComposite = "macro_composite",
        /// Correlations of a few ETFs per macro group.
        MacroEtf = "macro_etf",
        /// Correlations over moving windows.
        Rolling = "rolling",
        /// Intervals, p-values and durations.
        Statistics = "statistics",
        /// What stands out.
        Insights = "insights",
        /// Risk and return per factor.
        PerFactor = "per_factor",
        /// Risk and return of composites.
        Composites = "composites",
        /// Returns per factor.
        Factors = "factors",
        /// Factors by their returns.
        Rankings = "rankings",
        /// Returns per category.
        ByCategory = "by_category",
        /// Returns per industry group.
        IndustryGroups = "industry_groups",
        /// Treasury yields at both ends of windows.
        Yields = "yields",
        /// What the answer rests on.
        DataQuality = "data_quality",
        /// What was done, and by which conventions.
        Metadata = "metadata",
        /// Timings and sizes.
        Performance = "performance",
        /// The report for people.
        FormattedReport = "formatted_report",
    }
}

impl Section {
    /// What the section writes where.
    pub(super) fn spec(self) -> Spec {
        match self {
            Self::Matrices => matrices::SPEC,
            Self::Overlays => overlays::SPEC,
            Self::RateSensitivity => rate_sensitivity::SPEC,
            Self::MarketSensitivity => market_sensitivity::SPEC,
            Self::MacroComposite => macro_composite::SPEC,
            Self::MacroEtf => macro_etf::SPEC,
            Self::Rolling => rolling::SPEC,
            Self::Statistics => statistics::SPEC,
            Self::Insights => insights::SPEC,
            Self::PerFactor => per_factor::SPEC,
            Self::Composites => composites::SPEC,
            Self::Factors => factors::SPEC,
            Self::Rankings => rankings::SPEC,
            Self::ByCategory => by_category::SPEC,
            Self::IndustryGroups => industry_groups::SPEC,
            Self::Yields => yields::SPEC,
            Self::DataQuality => data_quality::SPEC,
            Self::Metadata => metadata::SPEC,
            Self::Performance => performance::SPEC,
            Self::FormattedReport => formatted_report::SPEC,
        }
    }

    /// The sections that are parts of this one.
    fn parts(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |part| part.spec().parent == Some(self))
    }
}

/// What a view has of all sections, in its order.
pub(super) fn placed<T>(view: impl Fn(&Spec) -> Option<Place<T>>) -> Vec<(Section, T)> {
    let places = Section::ALL.into_iter().filter_map(|section| Some((section, view(&section.spec())?)));
    let mut places: Vec<(Section, Place<T>)> = places.collect();
    places.sort_by_key(|(_, place)| place.at);
    places.into_iter().map(|(section, place)| (section, place.of)).collect()
}

/// The fields that go when an answer is cut and shorter lists are not enough, in their order.
pub(crate) fn gone_first() -> Vec<&'static str> {
    placed(|spec| spec.goes).into_iter().flat_map(|(_, fields)| fields.iter().copied()).collect()
}
