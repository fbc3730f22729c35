//! Named sets of correlation options.

use std::collections::BTreeSet;

use factor_types::{Category, closed_set};
use serde_json::{Value, json};

use super::sections::Section;

closed_set! {
    /// A named set of options; an explicit argument wins over it.
    pub(crate) enum Preset: "a preset" {
        /// Equity by groups and styles, with every overlay.
        Overview = "overview",
        /// Equity categories against the market.
        EquityFactors = "equity_factors",
        /// Bonds and commodities.
        MacroFocus = "macro_focus",
        /// Bonds and industries against rates.
        IncomeFocus = "income_focus",
        /// Macro composites and what stands out.
        Light = "light",
    }
}

impl Preset {
    /// The categories it picks; `None` for all.
    pub(super) fn categories(self) -> Option<BTreeSet<Category>> {
        match self {
            Self::Overview | Self::EquityFactors => {
                Some(BTreeSet::from([Category::Industry, Category::Style, Category::Market]))
            }
            Self::MacroFocus => Some(BTreeSet::from([Category::FixedIncome, Category::Commodity])),
            Self::IncomeFocus => Some(BTreeSet::from([Category::FixedIncome, Category::Industry])),
            Self::Light => None,
        }
    }

    /// True when it shows the section.
    pub(super) fn has(self, section: Section) -> bool {
        use Section::{Insights, MacroComposite, MacroEtf, MarketSensitivity, Matrices, RateSensitivity, Statistics};
        let shown: &[Section] = match self {
            Self::Overview => &[Matrices, RateSensitivity, MarketSensitivity, MacroComposite, Insights],
            Self::EquityFactors => &[Matrices, MarketSensitivity],
            Self::MacroFocus => &[Matrices, RateSensitivity, MacroComposite, MacroEtf],
            Self::IncomeFocus => &[Matrices, RateSensitivity, Statistics],
            Self::Light => &[MacroComposite, Insights],
        };
        shown.contains(&section)
    }

    /// The settled options, for the metadata.
    pub(super) fn describe(self, computed: &[String], categories: &[&str]) -> Value {
        json!({ "name": self, "sections": computed, "categories": categories })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_shows_some_of_what_correlations_have() {
        for preset in Preset::ALL {
            let shown: Vec<Section> = Section::ALL.into_iter().filter(|section| preset.has(*section)).collect();
            assert!((1..8).contains(&shown.len()), "{preset}: {shown:?}");
            let kinds = shown.iter().map(|section| section.spec().kind);
            assert!(
                kinds.into_iter().all(|kind| kind == Some(crate::analysis::AnalysisKind::Correlations)),
                "{preset}"
            );
        }
        assert_eq!(Preset::Light.categories(), None);
        let described = Preset::MacroFocus.describe(&["matrices:commodity".to_owned()], &["commodity"]);
        let expected = json!({"name": "macro_focus", "sections": ["matrices:commodity"], "categories": ["commodity"]});
        assert_eq!(described, expected);
    }
}
