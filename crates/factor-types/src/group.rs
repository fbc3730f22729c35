//! Factor groups: baskets of a user's own that are factors for that user.

use std::{fmt, str::FromStr, sync::Arc};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::Ticker;

/// What every name of a group begins with where tickers stand.
const PREFIX: &str = "USER:";
/// Characters of a name.
const LONGEST_NAME: usize = 100;

/// The name of a factor group as its user wrote it, without space around it.
///
/// 1 to 100 characters: letters, digits, space, `_`, `-`, `&`, `.`, at least one of them a letter or digit. Names that
/// differ only in case, or in spaces where the other has underscores, are the same name; equality and hash follow
/// [`key`](Self::key).
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupName(Arc<str>);

/// Text that is no name of a group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a name for a group or portfolio: write 1 to 100 letters, digits, spaces or _ - & . with at least one letter or digit"
)]
pub struct GroupNameError(pub String);

impl GroupName {
    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two names of the same group share: lower case, underscores for spaces.
    pub fn key(&self) -> String {
        self.0.to_lowercase().replace(' ', "_")
    }

    /// How the group is called among tickers: `USER:My_Tech_Basket`.
    pub fn identifier(&self) -> String {
        format!("{PREFIX}{}", self.0.replace(' ', "_"))
    }

    /// Reads a name or an identifier: `My Tech Basket`, `USER:My_Tech_Basket`.
    ///
    /// # Errors
    /// [`GroupNameError`].
    pub fn read(text: &str) -> Result<Self, GroupNameError> {
        let text = text.trim();
        let prefixed = text.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        if prefixed { &text[PREFIX.len()..] } else { text }.parse()
    }
}

/// A group among tickers: it is a factor for its owner, and a column like any other.
impl Ticker {
    /// The name that a factor group has among tickers, such as `USER:My_Tech`. No text reads as one: a group is a
    /// factor only for its owner, and comes in by its [`GroupName`] alone.
    pub fn of_group(name: &GroupName) -> Self {
        Self::reserved(name.identifier())
    }

    /// True for a factor group.
    pub fn is_group(&self) -> bool {
        self.as_str().starts_with(PREFIX)
    }
}

impl FromStr for GroupName {
    type Err = GroupNameError;

    fn from_str(text: &str) -> Result<Self, GroupNameError> {
        let name = text.trim();
        let allowed = |c: char| c.is_alphanumeric() || " _-&.".contains(c);
        let sized = (1..=LONGEST_NAME).contains(&name.chars().count());
        if sized && name.chars().all(allowed) && name.chars().any(char::is_alphanumeric) {
            Ok(Self(name.into()))
        } else {
            // Long input is cut so that an error message cannot be used to echo a document back.
            Err(GroupNameError(text.chars().take(LONGEST_NAME + 20).collect()))
        }
    }
}

impl PartialEq for GroupName {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for GroupName {}

impl std::hash::Hash for GroupName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl TryFrom<String> for GroupName {
    type Error = GroupNameError;

    fn try_from(text: String) -> Result<Self, GroupNameError> {
        text.parse()
    }
}

impl From<GroupName> for String {
    fn from(name: GroupName) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

crate::closed_set! {
    /// A way to weight the members of a group.
    pub enum WeightingMethod: "a weighting method" {
        /// One over the number of members, each.
        Equal = "equal" | "equal_weight",
        /// By market capitalisation.
        MarketCap = "market_cap" | "cap" | "marketcap",
        /// By weights that the user gives.
        Custom = "custom",
    }
}

/// How the members of a group are weighted, with the weights where the user gives them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", content = "weights", rename_all = "snake_case")]
pub enum GroupWeighting {
    /// One over the number of members, each.
    Equal,
    /// By market capitalisation on the day the group was checked.
    MarketCap,
    /// The user's: one weight above 0 per member, in the members' order, with sum 1 within 0.001.
    Custom(Vec<f64>),
}

impl GroupWeighting {
    /// The method alone, without weights.
    pub fn method(&self) -> WeightingMethod {
        match self {
            Self::Equal => WeightingMethod::Equal,
            Self::MarketCap => WeightingMethod::MarketCap,
            Self::Custom(_) => WeightingMethod::Custom,
        }
    }

    /// The method's name in arguments and answers.
    pub fn as_str(&self) -> &'static str {
        self.method().as_str()
    }
}

/// A group as its user defines it. The type does not check that the members are 2 to 50 and none twice: the reader of
/// arguments does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FactorGroup {
    /// Its name.
    pub name: GroupName,
    /// What it is for; empty when not given.
    pub description: String,
    /// Its members.
    pub tickers: Vec<Ticker>,
    /// How they are weighted.
    pub weighting: GroupWeighting,
}

impl FactorGroup {
    /// True when both say the same: name as written, description, weighting, and members with their weights, whatever
    /// their order.
    pub fn same_content(&self, other: &Self) -> bool {
        let members = |group: &Self| {
            let weights = match &group.weighting {
                GroupWeighting::Custom(weights) => weights.clone(),
                GroupWeighting::Equal | GroupWeighting::MarketCap => vec![0.0; group.tickers.len()],
            };
            let mut members: Vec<(Ticker, u64)> =
                group.tickers.iter().cloned().zip(weights.into_iter().map(f64::to_bits)).collect();
            members.sort();
            members
        };
        self.name.as_str() == other.name.as_str()
            && self.description == other.description
            && self.weighting.method() == other.weighting.method()
            && members(self) == members(other)
    }
}

/// The weights that a check against the prices arrived at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettledWeights {
    /// The members that have enough prices, with their weights; sum 1.
    pub weights: Vec<(Ticker, f64)>,
    /// The day of the check, and of the market capitalisations where those weight.
    pub as_of: NaiveDate,
    /// The source of prices and capitalisations.
    pub source: String,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let read = text.parse::<GroupName>().ok();
        assert_eq!(read.as_ref().map(GroupName::as_str), expected, "{text:?}");
    }

    #[test]
    fn reads_the_names_of_the_contract() {
        check(" My Tech Basket ", Some("My Tech Basket"));
        check("R&D_2.0-x", Some("R&D_2.0-x"));
        check(&"a".repeat(100), Some(&"a".repeat(100)));
        for refused in ["", "  ", "a/b", "a'; drop", "a\nb", "--", "<b>", &"a".repeat(101)] {
            check(refused, None);
        }
    }

    #[test]
    fn case_and_underscores_make_no_other_name() {
        let names: Vec<GroupName> =
            ["My Tech", "my_tech", "MY TECH"].iter().map(|name| name.parse().unwrap()).collect();
        assert!(names.iter().all(|name| *name == names[0] && name.key() == "my_tech"));
        assert_eq!(names[0].identifier(), "USER:My_Tech");
        assert_eq!(GroupName::read("user:My_Tech").unwrap(), names[0]);
        assert_ne!("My-Tech".parse::<GroupName>().unwrap(), names[0]);
    }

    #[test]
    fn the_order_of_members_is_no_content_and_weights_are() {
        let group = |tickers: [&str; 2], weights: [f64; 2]| FactorGroup {
            name: "g".parse().unwrap(),
            description: String::new(),
            tickers: tickers.iter().map(|ticker| ticker.parse().unwrap()).collect(),
            weighting: GroupWeighting::Custom(weights.to_vec()),
        };
        let one = group(["XLK", "SMH"], [0.6, 0.4]);
        assert!(one.same_content(&group(["SMH", "XLK"], [0.4, 0.6])));
        assert!(!one.same_content(&group(["SMH", "XLK"], [0.6, 0.4])));
        assert!(!one.same_content(&FactorGroup { weighting: GroupWeighting::Equal, ..one.clone() }));
    }

    proptest! {
        #[test]
        fn a_name_is_found_again_by_its_identifier(text in "[A-Za-z0-9 _&.-]{1,100}") {
            if let Ok(name) = text.parse::<GroupName>() {
                prop_assert_eq!(GroupName::read(&name.identifier()), Ok(name));
            }
        }
    }
}
