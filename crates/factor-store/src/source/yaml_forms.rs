//! The forms of the mapping files, and the rows they mean.

use std::collections::HashSet;

use factor_types::{Category, Ticker};
use indexmap::IndexMap;
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    MappingKind, ProxyRow,
    yaml::{Located, YamlError, load_yaml},
};

mod entry;
#[cfg(test)]
mod tests;

use entry::{AssetCategory, EtfFields, Fields, IndustryFields, MappingEntry, Name};

/// The rows of a file, in its order. A file without any is refused: an empty file is a file half written.
pub(crate) fn rows(kind: MappingKind, text: &[u8]) -> Result<Vec<ProxyRow>, YamlError> {
    let mut rows = RowReader::default();
    match kind {
        MappingKind::AssetProxies => read_assets(load_yaml(text)?, &mut rows)?,
        MappingKind::Industries => {
            let file: IndustryFile = load_yaml(text)?;
            rows.read(Category::Industry, false, false, file.industry_to_etf)?;
        }
        MappingKind::StyleAndMarket => {
            let file: StyleFile = load_yaml(text)?;
            rows.read(Category::Style, false, true, file.style)?;
            rows.read(Category::Market, false, true, file.market)?;
        }
    }
    if rows.read.is_empty() {
        let message = match kind {
            MappingKind::AssetProxies => {
                "no ETF in it: write `asset_classes: {fixed_income: {canonical: {UST10Y: IEF}}}`"
            }
            MappingKind::Industries => "no ETF in it: write `industry_to_etf: {Semiconductors: SOXX}`",
            MappingKind::StyleAndMarket => "no ETF in it: write `style: {momentum: MTUM}` or `market: {us_large: SPY}`",
        };
        return Err(YamlError { line: 1, column: 1, message: message.to_owned() });
    }
    Ok(rows.read)
}

fn read_assets(file: AssetFile, rows: &mut RowReader) -> Result<(), YamlError> {
    if let (Some(_), Some(second)) = (&file.asset_classes, &file.asset_etf_proxies) {
        return Err(second.refuse("`asset_classes` and `asset_etf_proxies` in one file: keep one of the two"));
    }
    for (category, book) in file.asset_classes.map(|form| form.value).unwrap_or_default() {
        rows.read(category.0, true, true, book.canonical)?;
        rows.read(category.0, false, true, book.alternates)?;
    }
    for (category, entries) in file.asset_etf_proxies.map(|form| form.value).unwrap_or_default() {
        rows.read(category.0, true, true, entries)?;
    }
    Ok(())
}

#[derive(Default)]
struct RowReader {
    read: Vec<ProxyRow>,
    seen: HashSet<(Category, String, Ticker)>,
}

impl RowReader {
    fn read<F: Fields>(
        &mut self,
        category: Category,
        canonical: bool,
        lists: bool,
        entries: Entries<F>,
    ) -> Result<(), YamlError> {
        for (key, entry) in entries {
            match entry.value {
                MappingEntry::Several(several) if lists => {
                    for entry in several {
                        self.push(category, canonical, &key.0, entry)?;
                    }
                }
                _ => self.push(category, canonical, &key.0, entry)?,
            }
        }
        Ok(())
    }

    fn push<F: Fields>(
        &mut self,
        category: Category,
        canonical: bool,
        key: &str,
        entry: Located<MappingEntry<F>>,
    ) -> Result<(), YamlError> {
        let row = match &entry.value {
            // `key:` with nothing after it is a half-written line; `null` is meant.
            MappingEntry::None if entry.empty => {
                return Err(entry.refuse(format!("`{key}` has no ticker: write one, or null for none")));
            }
            MappingEntry::Wrong(what) => {
                return Err(
                    entry.refuse(format!("`{key}` is {what}: write a ticker, in quotes if it reads as a number"))
                );
            }
            MappingEntry::Several(_) => {
                return Err(entry.refuse(format!("`{key}` is a list: write one ticker or one mapping")));
            }
            MappingEntry::None => return Ok(()),
            MappingEntry::Ticker(etf) => ProxyRow { canonical, ..ProxyRow::new(category, key, etf.clone()) },
            MappingEntry::Fields(fields) => {
                let Some(etf) = fields.etf() else { return Ok(()) };
                let mut row = ProxyRow { canonical, ..ProxyRow::new(category, key, etf.clone()) };
                fields.fill(&mut row);
                row
            }
        };
        if !self.seen.insert((row.category, row.key.clone(), row.etf.clone())) {
            return Err(entry.refuse(format!("`{key}` names {} twice: keep one", row.etf)));
        }
        self.read.push(row);
        Ok(())
    }
}

type Entries<F> = IndexMap<Name, Located<MappingEntry<F>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssetFile {
    asset_classes: Option<Located<IndexMap<AssetCategory, Book>>>,
    asset_etf_proxies: Option<Located<IndexMap<AssetCategory, Entries<EtfFields>>>>,
    #[serde(rename = "_metadata")]
    _metadata: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    #[serde(default)]
    canonical: Entries<EtfFields>,
    #[serde(default)]
    alternates: Entries<EtfFields>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IndustryFile {
    #[serde(default)]
    industry_to_etf: Entries<IndustryFields>,
    #[serde(rename = "_metadata")]
    _metadata: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StyleFile {
    #[serde(default)]
    style: Entries<EtfFields>,
    #[serde(default)]
    market: Entries<EtfFields>,
    #[serde(rename = "_metadata")]
    _metadata: Option<IgnoredAny>,
}
