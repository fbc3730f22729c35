//! The universe, put together from the first source that has each kind of mapping.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    path::Path,
};

use factor_types::{FactorUniverse, SourceTier, Ticker};
use sha2::{Digest, Sha256};

use crate::{BuiltinSource, FundTable, MappingKind, MappingSource, ProxyRow, YamlSource, read_funds};

/// The universe in force and where it came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadedUniverse {
    /// The active factors, one per ETF.
    pub universe: FactorUniverse,
    /// The tier that served each kind of mapping.
    pub tiers: BTreeMap<MappingKind, SourceTier>,
    /// The rows of each kind as they were read, inactive ones included.
    pub rows: BTreeMap<MappingKind, Vec<ProxyRow>>,
    /// What went wrong, in words, and what is used instead. Empty when all is well.
    pub problems: Vec<String>,
    /// What is known of funds besides their prices, of the universe or not.
    pub facts: FundTable,
    /// 32 hexadecimal digits that change with the rows or their tiers and with nothing else, on any machine.
    pub hash: String,
}

/// Loads the universe: the YAML files of `dir`, or those built into the binary without one; for a kind whose file is
/// missing, empty or wrong, the minimal set built into the binary. Reads files, so it may block.
pub fn load_universe(dir: Option<&Path>) -> LoadedUniverse {
    load_from(&[&YamlSource::new(dir), &BuiltinSource]).with_facts(read_funds(dir), &FundTable::new())
}

impl LoadedUniverse {
    /// With what is known of its funds. Where that could not be read, `last_good` or what is built in serves, and the
    /// problem is told.
    #[must_use]
    pub fn with_facts(mut self, read: Result<FundTable, String>, last_good: &FundTable) -> Self {
        self.facts = read.unwrap_or_else(|problem| {
            tracing::warn!("factor universe: {problem}");
            let built_in = last_good.is_empty();
            let instead = if built_in { "what is built in" } else { "what it said before" };
            self.problems.push(format!("{problem}. Of funds, {instead} is used instead"));
            if built_in { read_funds(None).unwrap_or_default() } else { last_good.clone() }
        });
        self.universe = self.universe.with_facts(&self.facts);
        self
    }
}

/// Loads the universe from sources in the order of their strength. Each problem is logged once.
pub fn load_from(sources: &[&dyn MappingSource]) -> LoadedUniverse {
    let mut tiers = BTreeMap::new();
    let mut rows = BTreeMap::new();
    let mut problems = Vec::new();
    // Kind by kind, so that one broken file costs one kind.
    for kind in MappingKind::ALL {
        if let Some((tier, read)) = first_with_rows(kind, sources, &mut problems) {
            tiers.insert(kind, tier);
            rows.insert(kind, read);
        }
    }
    // An ETF in two categories belongs to the first of the universe's order, whichever file was read first; but what
    // is an alternate in one stays where it stands first.
    let mut active: Vec<(SourceTier, &ProxyRow)> = tiers
        .iter()
        .flat_map(|(kind, &tier)| rows.get(kind).into_iter().flatten().map(move |row| (tier, row)))
        .filter(|(_, row)| row.active)
        .collect();
    active.sort_by_key(|(_, row)| (is_alternate(row), row.category));
    problems.extend(in_two_categories(&active));
    let universe = FactorUniverse::new(active.iter().map(|(tier, row)| row.factor(*tier)));
    let hash = content_hash(&tiers, &rows);
    for problem in &problems {
        tracing::warn!("factor universe: {problem}");
    }
    LoadedUniverse { universe, tiers, rows, problems, facts: FundTable::new(), hash }
}

fn first_with_rows(
    kind: MappingKind,
    sources: &[&dyn MappingSource],
    problems: &mut Vec<String>,
) -> Option<(SourceTier, Vec<ProxyRow>)> {
    let mut failures = Vec::new();
    let mut served = None;
    for source in sources {
        match source.rows(kind) {
            Ok(rows) if rows.is_empty() => {}
            Ok(rows) => {
                served = Some((source.describe(), (source.tier(), rows)));
                break;
            }
            Err(error) => failures.push(error.to_string()),
        }
    }
    let instead = served.as_ref().map_or("nothing", |(what, _)| what);
    problems.extend(failures.into_iter().map(|failure| format!("{failure}. For {kind}, {instead} is used instead")));
    served.map(|(_, served)| served)
}

/// True for an ETF that comes after the canonical one of its key; industries, styles and markets have none.
fn is_alternate(row: &ProxyRow) -> bool {
    MappingKind::of(row.category) == Some(MappingKind::AssetProxies) && !row.canonical
}

fn in_two_categories(active: &[(SourceTier, &ProxyRow)]) -> Vec<String> {
    let mut first: HashMap<&Ticker, &ProxyRow> = HashMap::new();
    let mut found = Vec::new();
    for (_, row) in active {
        let before = *first.entry(&row.etf).or_insert(row);
        if before.category != row.category {
            found.push(format!(
                "{} is `{}` ({}) and `{}` ({}): one ETF is one factor, so it stays in {}; give `{}` another ETF",
                row.etf, before.key, before.category, row.key, row.category, before.category, row.key
            ));
        }
    }
    found
}

/// The hash of what was read, field by field with its length, so that no two contents read the same. `std`'s hasher
/// may change with the compiler; this one names cache entries that outlive a build.
fn content_hash(tiers: &BTreeMap<MappingKind, SourceTier>, rows: &BTreeMap<MappingKind, Vec<ProxyRow>>) -> String {
    let mut content = String::new();
    let mut field = |text: &str| {
        let _ = write!(content, "{}:{text}", text.len());
    };
    for (kind, rows) in rows {
        field(kind.as_str());
        field(tiers.get(kind).map_or("", |tier| tier.as_str()));
        field(&rows.len().to_string());
        for row in rows {
            // Taken apart so that a new field is not forgotten here.
            let ProxyRow {
                category,
                key,
                etf,
                canonical,
                priority,
                active,
                asset_class,
                sector_group,
                subindustry,
                inception,
                description,
                // No factor has them.
                notes: _,
            } = row;
            field(category.as_str());
            field(key);
            field(etf.as_str());
            field(if *canonical { "canonical" } else { "alternate" });
            field(&priority.map_or_else(String::new, |priority| priority.to_string()));
            field(if *active { "active" } else { "inactive" });
            field(asset_class.map_or("", |class| class.as_str()));
            field(sector_group.as_deref().unwrap_or_default());
            field(subindustry.as_deref().unwrap_or_default());
            field(&inception.map_or_else(String::new, |month| month.to_string()));
            field(description.as_deref().unwrap_or_default());
        }
    }
    Sha256::digest(content).iter().take(16).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests;
