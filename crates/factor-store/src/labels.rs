//! What people call a fund, where its key in a mapping is not that.

use std::{collections::HashMap, sync::LazyLock};

const BUILT_IN: &str = include_str!("../../../proxies/labels.csv");

/// By fund and key, whichever source the mapping is from.
static LABELS: LazyLock<HashMap<(&str, &str), &str>> = LazyLock::new(|| {
    let lines = BUILT_IN.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.filter_map(|line| split(line).map(|[etf, key, label]| ((etf, key), label))).collect()
});

/// The label of the fund that stands for a key, where it has one: `US Treasuries 20+ years` of TLT for UST30Y.
pub(crate) fn label_of(etf: &str, key: &str) -> Option<&'static str> {
    LABELS.get(&(etf, key)).copied()
}

fn split(line: &str) -> Option<[&str; 3]> {
    let (etf, rest) = line.split_once(',')?;
    let (key, label) = rest.split_once(',')?;
    Some([etf, key, label])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::load_universe;

    #[test]
    fn every_label_is_one_factors_and_its_key_is_a_further_name() {
        let universe = load_universe(None).universe;
        let lines = BUILT_IN.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(LABELS.len() + 1, lines, "each line after the header is read");
        for ((etf, key), label) in LABELS.iter() {
            let factor = universe.get(&etf.parse().unwrap()).unwrap();
            assert_eq!((factor.label.as_str(), factor.proxy_key.as_deref()), (*label, Some(*key)));
            assert!(key == label || factor.aliases.iter().any(|alias| alias == key), "{etf}");
        }
        let labels: HashSet<String> = universe.factors().iter().map(|factor| factor.label.to_lowercase()).collect();
        assert_eq!(labels.len(), universe.len(), "no two factors are called alike");
    }

    #[test]
    fn a_key_on_another_fund_keeps_its_name() {
        assert_eq!(label_of("TLT", "UST30Y"), Some("US Treasuries 20+ years"));
        assert_eq!((label_of("EDV", "UST30Y"), label_of("TLT", "long")), (None, None));
    }
}
