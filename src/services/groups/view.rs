//! A group and its check as they look in answers.

use chrono::{DateTime, NaiveDate, Utc};
use factor_store::SavedGroup;
use factor_types::{FactorGroup, GroupWeighting, SettledWeights, Ticker, WeightingMethod};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::check::{Check, ExcludedMember, ExcludedReason, MemberMark, Performance};
use crate::services::saved_items::to_the_second;

/// Weights by ticker, in the group's order.
pub type Weights = IndexMap<Ticker, f64>;

/// A saved group.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GroupView {
    /// Its name as its user wrote it.
    pub group_name: String,
    /// How it is called among tickers: `USER:My_Tech_Basket`.
    pub proxy_identifier: String,
    /// What it is for; empty when nothing was said.
    pub description: String,
    /// Its members.
    pub tickers: Vec<Ticker>,
    /// How they are weighted.
    pub weighting_method: WeightingMethod,
    /// The weights as given, with `weighting_method` `custom`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
    /// How many members there are.
    pub ticker_count: usize,
    /// True when its last check passed, `null` when it was saved without one.
    pub is_valid: Option<bool>,
    /// When it was saved first.
    #[serde(serialize_with = "to_the_second")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[serde(serialize_with = "to_the_second")]
    pub updated_at: DateTime<Utc>,
}

/// What is known of a group's data.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ValidationMetadata {
    /// The members with enough history, in the group's order; `null` for a group that was never checked.
    pub tickers_included: Option<Vec<Ticker>>,
    /// The others, with their reasons.
    pub tickers_excluded: Vec<ExcludedMember>,
    /// What those included weigh, sum 1; `null` where nothing settled them.
    pub final_weights: Option<Weights>,
    /// What a check of this call has found.
    #[serde(flatten)]
    pub history: Option<CheckedHistory>,
    /// Where the weights come from.
    #[serde(flatten)]
    pub origin: Option<WeightsOrigin>,
}

/// The returns of a group that has just been checked.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CheckedHistory {
    /// Monthly returns of the group.
    pub data_points: usize,
    /// Month ends of the first and the last: `2016-01-31 to 2025-12-31`; `null` when there are none.
    pub date_range: Option<String>,
    /// Of those included the ones that stopped or are young, with their dates.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub members_marked: IndexMap<Ticker, MemberMark>,
}

/// Where weights come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WeightsOrigin {
    /// The day of the check, and of the market capitalisations where those weight.
    pub weights_as_of: NaiveDate,
    /// The source of prices and capitalisations.
    pub source: String,
    /// True where today's capitalisations weight all of the history; else it is left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub lookahead: bool,
}

/// What writing a group found out about it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CheckView {
    /// Who takes part, what they weigh.
    pub validation_metadata: ValidationMetadata,
    /// How the group did; `null` without a check.
    pub performance: Option<Performance>,
    /// What its user should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl From<&SavedGroup> for GroupView {
    fn from(kept: &SavedGroup) -> Self {
        let group = &kept.group.what;
        let weights = match &group.weighting {
            GroupWeighting::Custom(weights) => {
                Some(group.tickers.iter().cloned().zip(weights.iter().copied()).collect())
            }
            GroupWeighting::Equal | GroupWeighting::MarketCap => None,
        };
        Self {
            group_name: group.name.to_string(),
            proxy_identifier: group.name.identifier(),
            description: group.description.clone(),
            tickers: group.tickers.clone(),
            weighting_method: group.weighting.method(),
            weights,
            ticker_count: group.tickers.len(),
            is_valid: is_valid(kept),
            created_at: kept.group.created_at,
            updated_at: kept.group.updated_at,
        }
    }
}

impl ValidationMetadata {
    /// Of a group that has just been checked.
    pub(super) fn of_check(check: &Check) -> Self {
        Self {
            tickers_included: Some(check.included.clone()),
            tickers_excluded: check.excluded.clone(),
            final_weights: Some(check.settled.weights.iter().cloned().collect()),
            history: Some(CheckedHistory {
                data_points: check.data_points,
                date_range: check.span.map(|(first, last)| format!("{first} to {last}")),
                members_marked: check.marked.clone(),
            }),
            origin: Some(WeightsOrigin::of(&check.settled, check.lookahead)),
        }
    }

    /// Of a group as it is kept, without a new check.
    pub(super) fn of_kept(kept: &SavedGroup) -> Self {
        let nothing = Self {
            tickers_included: None,
            tickers_excluded: Vec::new(),
            final_weights: None,
            history: None,
            origin: None,
        };
        kept.settled.as_ref().map_or(nothing, |settled| Self::of_settled(&kept.group.what, settled))
    }

    fn of_settled(group: &FactorGroup, settled: &SettledWeights) -> Self {
        let (included, excluded): (Vec<&Ticker>, Vec<&Ticker>) =
            group.tickers.iter().partition(|ticker| settled.weights.iter().any(|(known, _)| known == *ticker));
        let left_out = |ticker: &Ticker| ExcludedMember {
            ticker: ticker.clone(),
            reason: ExcludedReason::LeftOut,
            detail: "left out when the group was checked; validate_factor_group says why".to_owned(),
        };
        Self {
            tickers_included: Some(included.into_iter().cloned().collect()),
            tickers_excluded: excluded.into_iter().map(left_out).collect(),
            final_weights: Some(settled.weights.iter().cloned().collect()),
            history: None,
            origin: Some(WeightsOrigin::of(settled, group.weighting == GroupWeighting::MarketCap)),
        }
    }
}

impl WeightsOrigin {
    fn of(settled: &SettledWeights, lookahead: bool) -> Self {
        Self { weights_as_of: settled.as_of, source: settled.source.clone(), lookahead }
    }
}

impl CheckView {
    /// What a check found, or that there was none.
    pub(super) fn of(kept: &SavedGroup, check: Option<Check>) -> Self {
        match check {
            Some(check) => Self {
                validation_metadata: ValidationMetadata::of_check(&check),
                warnings: check.told(),
                performance: Some(check.performance),
            },
            None => {
                Self { validation_metadata: ValidationMetadata::of_kept(kept), performance: None, warnings: Vec::new() }
            }
        }
    }
}

/// True when its last check passed, `None` when it was saved without one.
pub(super) fn is_valid(kept: &SavedGroup) -> Option<bool> {
    kept.settled.as_ref().map(|_| true)
}

#[cfg(test)]
mod tests {
    use factor_types::Saved;
    use serde_json::{Value, json};

    use super::*;

    fn kept(weighting: GroupWeighting, settled: Option<&[(&str, f64)]>) -> SavedGroup {
        let at = DateTime::from_timestamp(1_768_435_200, 250_000_000).unwrap();
        let what = FactorGroup {
            name: "My Pair".parse().unwrap(),
            description: String::new(),
            tickers: ["XLK", "SMH"].iter().map(|ticker| ticker.parse().unwrap()).collect(),
            weighting,
        };
        let settled = settled.map(|weights| SettledWeights {
            weights: weights.iter().map(|(ticker, weight)| (ticker.parse().unwrap(), *weight)).collect(),
            as_of: NaiveDate::from_ymd_opt(2026, 1, 15).unwrap(),
            source: "files".to_owned(),
        });
        SavedGroup { group: Saved { what, created_at: at, updated_at: at }, settled }
    }

    #[test]
    fn a_group_shows_its_weights_only_where_its_user_gave_them() {
        let view = |kept: &SavedGroup| serde_json::to_value(GroupView::from(kept)).unwrap();
        let custom = view(&kept(GroupWeighting::Custom(vec![0.75, 0.25]), None));
        assert_eq!(custom["weights"], json!({"XLK": 0.75, "SMH": 0.25}));
        assert_eq!((&custom["is_valid"], &custom["weighting_method"]), (&Value::Null, &json!("custom")));
        assert_eq!(custom["created_at"], "2026-01-15T00:00:00Z", "to the second");
        let equal = view(&kept(GroupWeighting::Equal, Some(&[("XLK", 1.0)])));
        assert!(equal.get("weights").is_none(), "{equal}");
        assert_eq!(equal["is_valid"], true);
    }

    #[test]
    fn a_group_without_a_check_knows_nothing_and_one_with_it_who_is_left_out() {
        let known = |kept: &SavedGroup| serde_json::to_value(ValidationMetadata::of_kept(kept)).unwrap();
        let unchecked = known(&kept(GroupWeighting::Equal, None));
        assert_eq!(unchecked, json!({"tickers_included": null, "tickers_excluded": [], "final_weights": null}));
        let checked = known(&kept(GroupWeighting::MarketCap, Some(&[("SMH", 1.0)])));
        assert_eq!(checked["tickers_included"], json!(["SMH"]));
        assert_eq!(checked["tickers_excluded"][0]["ticker"], "XLK");
        assert_eq!(checked["tickers_excluded"][0]["reason"], "left_out");
        assert_eq!((&checked["final_weights"], &checked["lookahead"]), (&json!({"SMH": 1.0}), &json!(true)));
        assert!(checked.get("data_points").is_none(), "{checked}");
        let equal = known(&kept(GroupWeighting::Equal, Some(&[("XLK", 0.5), ("SMH", 0.5)])));
        assert!(equal.get("lookahead").is_none(), "{equal}");
    }
}
