//! Files of the library, of any bytes.

use factor_types::Frequency;

use super::{Dataset, FactorSet, Region, library};
use crate::fuzzing::sound_message;

/// A file as it is fetched or kept: the first byte says which it is to be, the rest is what it holds, packed or not.
pub fn french_file(bytes: &[u8]) {
    let Some((which, body)) = bytes.split_first() else { return };
    let which = usize::from(*which);
    let (regions, sets) = (Region::ALL, FactorSet::ALL);
    let dataset =
        Dataset { region: regions[which % regions.len()], set: sets[which / 8 % sets.len()], daily: which >= 128 };
    let table = match library::read(body, dataset) {
        Ok(table) => table,
        Err(why) => return sound_message(&why),
    };
    assert_eq!(table.frequency == Frequency::Daily, dataset.daily);
    assert!(!table.dates.is_empty() && table.dates.is_sorted_by(|a, b| a < b), "its dates do not rise");
    for name in dataset.columns() {
        let returns = table.column(name).unwrap_or_default();
        assert_eq!(returns.len(), table.dates.len(), "{name}");
        // The library's marks of what is missing are no returns, and nothing loses more than all.
        assert!(returns.iter().all(|value| value.is_nan() || (-1.0..=1.0).contains(value)), "{name}");
    }
}
