//! Named sets of correlation options.

use std::{collections::BTreeSet, fmt, str::FromStr};

use factor_types::Category;
use serde_json::{Value, json};

use super::sections::Section;

/// A named set of options; an explicit argument wins over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preset {
    Overview,
    EquityFactors,
    MacroFocus,
    IncomeFocus,
    Light,
}

impl Preset {
    pub(crate) const NAMES: [&'static str; 5] = ["overview", "equity_factors", "macro_focus", "income_focus", "light"];

    fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::EquityFactors => "equity_factors",
            Self::MacroFocus => "macro_focus",
            Self::IncomeFocus => "income_focus",
            Self::Light => "light",
        }
    }

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
        json!({ "name": self.name(), "sections": computed, "categories": categories })
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Overview, Self::EquityFactors, Self::MacroFocus, Self::IncomeFocus, Self::Light]
            .into_iter()
            .find(|preset| preset.name() == text)
            .ok_or_else(|| format!("`{text}` is not a preset"))
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
