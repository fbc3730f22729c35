//! What a key of a mapping file stands for.

use std::{fmt, marker::PhantomData, str::FromStr};

use chrono::NaiveDate;
use factor_types::{AssetClass, Category, Ticker};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor, value},
};

use crate::{
    ProxyRow,
    mapping::rules::{LONGEST_NAME, LONGEST_TEXT, check_text},
    yaml::Located,
};

/// What a key stands for: a ticker, a mapping with a ticker in it, several of those, or none.
pub(super) enum MappingEntry<F> {
    None,
    Ticker(Ticker),
    Fields(F),
    Several(Vec<Located<Self>>),
    Wrong(&'static str),
}

pub(super) trait Fields {
    /// The ETF, or none for `null`.
    fn etf(&self) -> Option<&Ticker>;

    /// Says in the row what the mapping says.
    fn fill(&self, row: &mut ProxyRow);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EtfFields {
    #[serde(deserialize_with = "ticker_or_null")]
    etf: Option<Ticker>,
    inception: Option<Month>,
    priority: Option<u32>,
    active: Option<bool>,
    description: Option<Text>,
    notes: Option<Text>,
}

impl Fields for EtfFields {
    fn etf(&self) -> Option<&Ticker> {
        self.etf.as_ref()
    }

    fn fill(&self, row: &mut ProxyRow) {
        row.inception = self.inception.map(|month| month.0);
        row.priority = self.priority;
        row.active = self.active.unwrap_or(true);
        row.description = self.description.as_ref().map(|text| text.0.clone());
        row.notes = self.notes.as_ref().map(|text| text.0.clone());
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IndustryFields {
    #[serde(deserialize_with = "ticker_or_null")]
    proxy: Option<Ticker>,
    group: Option<Name>,
    asset_class: Option<ClassName>,
    subindustry: Option<Name>,
    inception: Option<Month>,
    priority: Option<u32>,
    active: Option<bool>,
    description: Option<Text>,
    notes: Option<Text>,
}

impl Fields for IndustryFields {
    fn etf(&self) -> Option<&Ticker> {
        self.proxy.as_ref()
    }

    fn fill(&self, row: &mut ProxyRow) {
        row.sector_group = self.group.as_ref().map(|name| name.0.clone());
        row.asset_class = self.asset_class.map(|class| class.0);
        row.subindustry = self.subindustry.as_ref().map(|name| name.0.clone());
        row.inception = self.inception.map(|month| month.0);
        row.priority = self.priority;
        row.active = self.active.unwrap_or(true);
        row.description = self.description.as_ref().map(|text| text.0.clone());
        row.notes = self.notes.as_ref().map(|text| text.0.clone());
    }
}

/// A field that must be there but may be null, which is what serde does not do for a plain `Option`.
fn ticker_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Ticker>, D::Error> {
    Option::deserialize(deserializer)
}

/// A key, an industry, a group.
#[derive(Deserialize, PartialEq, Eq, Hash)]
#[serde(try_from = "String")]
pub(super) struct Name(pub(super) String);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        check_text(&text, LONGEST_NAME).map(|()| Self(text))
    }
}

/// A description, or notes.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Text(String);

impl TryFrom<String> for Text {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        check_text(&text, LONGEST_TEXT).map(|()| Self(text))
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Month(NaiveDate);

impl TryFrom<String> for Month {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let shaped = text.len() == 7 && text.is_ascii() && text.as_bytes()[4] == b'-';
        let day = if shaped { NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok() } else { None };
        day.map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            format!("`{shown}` is not a month: write the year and month, as in 2013-04")
        })
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct ClassName(AssetClass);

impl TryFrom<String> for ClassName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        AssetClass::from_str(&text).map(Self)
    }
}

/// A category of the asset file, by its one spelling: two spellings could hide a double entry.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, Hash)]
#[serde(try_from = "String")]
pub(super) struct AssetCategory(pub(super) Category);

impl TryFrom<String> for AssetCategory {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        [Category::FixedIncome, Category::Cash, Category::Commodity, Category::Crypto]
            .into_iter()
            .find(|category| category.as_str() == text)
            .map(Self)
            .ok_or_else(|| {
                let shown: String = text.chars().take(40).collect();
                format!(
                    "`{shown}` is not an asset class here: write fixed_income, cash, commodity or crypto \
                     (industries are in industry_to_etf.yaml, styles and markets in style_and_market.yaml)"
                )
            })
    }
}

impl<'de, F: Deserialize<'de>> Deserialize<'de> for MappingEntry<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MappingEntryVisitor(PhantomData))
    }
}

struct MappingEntryVisitor<F>(PhantomData<F>);

// What is no entry is taken in as `Wrong`, not refused: the row knows its key and its place, serde does not.
impl<'de, F: Deserialize<'de>> Visitor<'de> for MappingEntryVisitor<F> {
    type Value = MappingEntry<F>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a ticker, a mapping or null")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(MappingEntry::None)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        text.parse().map(MappingEntry::Ticker).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        F::deserialize(value::MapAccessDeserializer::new(map)).map(MappingEntry::Fields)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(value::SeqAccessDeserializer::new(list)).map(MappingEntry::Several)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(MappingEntry::Wrong("a yes or no"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(MappingEntry::Wrong("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(MappingEntry::Wrong("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(MappingEntry::Wrong("a number"))
    }
}
