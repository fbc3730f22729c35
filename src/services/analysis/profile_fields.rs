//! `fields`: which fields of a profile are shown.

use std::collections::BTreeSet;

use factor_analytics::sections::performance::Figure;
use schemars::{Schema, json_schema};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::arguments::{Args, names_of, said_of_unknown};

/// The fields that are no numbers, or are there for some factors only. The numbers are [`Figure::NAMES`].
const OTHERS: [&str; 21] = [
    "label",
    "category",
    "asset_class",
    "first",
    "last",
    "partial_history",
    "young",
    "stopped",
    "drawdown_peak",
    "drawdown_trough",
    "drawdown_recovery",
    "drawdown_daily_peak",
    "drawdown_daily_trough",
    "drawdown_daily_recovery",
    "best_period_date",
    "worst_period_date",
    "beta_interval",
    "alpha_interval",
    "up_months",
    "down_months",
    "sec_yield",
];

/// What lists of a summary have of a factor or composite. Where there is no risk-free rate the second ratio stands for the first.
const MAIN: [&str; 6] = ["annual_return", "volatility", "sharpe_ratio", "return_to_risk", "max_drawdown", "beta"];

/// What a table of all that was asked for has: for a few factors there is room to say when they fell.
const OF_A_FEW: [&str; 13] = [
    "total_return",
    "annual_return",
    "volatility",
    "sharpe_ratio",
    "return_to_risk",
    "max_drawdown",
    "drawdown_peak",
    "drawdown_trough",
    "max_drawdown_daily",
    "drawdown_daily_peak",
    "drawdown_daily_trough",
    "beta",
    "beta_se",
];

/// The fields that a call asks for, in its order, and the names that no field has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ProfileFields {
    /// `None` where the call asks for none by name.
    pub(super) named: Option<Vec<&'static str>>,
    pub(super) invalid: Vec<String>,
}

impl ProfileFields {
    /// Reads `fields`.
    pub(super) fn read(args: &Args) -> Self {
        let field = |name: &str| {
            let plain = name.trim().to_ascii_lowercase().replace([' ', '-'], "_");
            Figure::NAMES.into_iter().chain(OTHERS).find(|known| *known == plain).ok_or(())
        };
        names_of(args, "fields", field)
            .map_or_else(Self::default, |(named, invalid)| Self { named: Some(named), invalid })
    }

    /// True where a figure against the benchmark is asked for by name.
    pub(super) fn is_of_benchmark(&self) -> bool {
        const AGAINST: [&str; 6] =
            ["beta", "alpha", "r_squared", "tracking_error", "information_ratio", "specific_risk"];
        let names = |field: &str| self.named.iter().flatten().any(|named| *named == field);
        AGAINST.into_iter().any(names)
    }

    /// What is said of the names that no field has.
    pub(super) fn said_of_unknown(&self) -> Option<String> {
        let known: Vec<&str> = Figure::NAMES.into_iter().chain(OTHERS).collect();
        said_of_unknown("fields", &self.invalid, &known)
    }

    /// What a summary shows of each factor: the fields asked for, else the main ones with the one that sorts them.
    pub(super) fn in_summary(&self, all_fit: bool, sorted_by: &'static str) -> Vec<&'static str> {
        match &self.named {
            Some(named) => named.clone(),
            None => {
                let main: &[&str] = if all_fit { &OF_A_FEW } else { &MAIN };
                let sorting = (!main.contains(&sorted_by)).then_some(sorted_by);
                sorting.into_iter().chain(main.iter().copied()).collect()
            }
        }
    }
}

/// These fields of a profile, in this order; a part of one by its whole's name and its own, `up_months.n`. What a profile does
/// not have is left out, a part of what is null is null.
pub(super) fn picked(profile: &impl Serialize, fields: &[&str]) -> Map<String, Value> {
    let Ok(Value::Object(all)) = serde_json::to_value(profile) else { return Map::new() };
    let value = |field: &str| match field.split_once('.') {
        Some((whole, part)) => Some(all.get(whole)?.get(part).cloned().unwrap_or(Value::Null)),
        None => all.get(field).cloned(),
    };
    let mut seen = BTreeSet::new();
    let once = fields.iter().filter(|field| seen.insert(**field));
    once.filter_map(|field| Some(((*field).to_owned(), value(field)?))).collect()
}

/// The schema of an object with some of a profile's fields; a whole profile has a schema of its own.
pub(super) fn schema_of_some() -> Schema {
    let names: Vec<&str> = Figure::NAMES.into_iter().chain(OTHERS).chain(["members"]).collect();
    json_schema!({
        "description": "what `fields` names",
        "type": "object",
        "propertyNames": {"enum": names},
        "not": {"required": ["observations", "total_return", "volatility", "beta", "hit_rate"]},
    })
}

#[cfg(test)]
mod tests {
    use factor_analytics::report::FactorProfile;
    use serde_json::json;

    use super::*;

    fn read(fields: Value) -> ProfileFields {
        ProfileFields::read(&Args::new(Map::from_iter([("fields".to_owned(), fields)])))
    }

    #[test]
    fn every_field_of_a_profile_can_be_named() {
        let schema = schemars::schema_for!(FactorProfile);
        let properties = schema.get("properties").and_then(Value::as_object).unwrap();
        let known = |name: &String| Figure::NAMES.contains(&name.as_str()) || OTHERS.contains(&name.as_str());
        let unknown: Vec<&String> = properties.keys().filter(|name| !known(name)).collect();
        assert_eq!(unknown, ["observations_of"], "a note on others, not a field of its own");
        let gone = |name: &&str| !properties.contains_key(name.split('.').next().unwrap());
        assert_eq!(Figure::NAMES.into_iter().chain(OTHERS).filter(gone).count(), 0);
    }

    #[test]
    fn fields_are_read_in_the_order_of_the_call_and_unknown_ones_are_kept_by_name() {
        let some = read(json!("Sharpe ratio, up_months.correlation, sharpe, sharpe_ratio"));
        assert_eq!(some.named.as_deref(), Some(["sharpe_ratio", "up_months.correlation"].as_slice()));
        assert_eq!(some.invalid, ["sharpe"]);
        assert_eq!(read(json!([])), ProfileFields::default());
        assert_eq!(some.in_summary(true, "beta"), ["sharpe_ratio", "up_months.correlation"]);
    }

    #[test]
    fn what_sorts_a_summary_is_shown_in_it() {
        let none = ProfileFields::default();
        assert_eq!(none.in_summary(false, "skewness")[..2], ["skewness", "annual_return"]);
        assert_eq!(none.in_summary(false, "beta"), MAIN);
    }

    #[test]
    fn parts_are_picked_by_both_names() {
        let profile = json!({"beta": 1.5, "up_months": {"n": 12, "hit_rate": 0.5}, "down_months": null});
        let fields = ["up_months.n", "down_months.n", "beta", "sec_yield", "beta"];
        assert_eq!(
            Value::Object(picked(&profile, &fields)),
            json!({"up_months.n": 12, "down_months.n": null, "beta": 1.5})
        );
    }
}
