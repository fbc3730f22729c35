//! What the arguments of these commands may be, read once. A wrong one ends the command with exit code 2.

use std::str::FromStr;

use factor_types::Category;

use crate::arguments::nearest;

/// A class of asset proxies, which is a category of the universe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct AssetCategory(pub(in crate::cli) Category);

impl AssetCategory {
    const ALL: [Category; 4] = [Category::FixedIncome, Category::Cash, Category::Commodity, Category::Crypto];
}

impl FromStr for AssetCategory {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().to_ascii_lowercase();
        let named = match name.as_str() {
            "bond" | "bonds" => Some(Category::FixedIncome),
            name => Self::ALL.into_iter().find(|category| category.as_str() == name),
        };
        named.map(Self).ok_or_else(|| {
            let near = nearest(&name, Self::ALL.map(Category::as_str));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let other = match Category::from_str(&name) {
                Ok(Category::Industry) => ". Industries are kept with `industry add`",
                Ok(Category::Style | Category::Market) => {
                    ". Styles and markets are kept in style_and_market.yaml, see `reference import`"
                }
                _ => "",
            };
            format!("write one of fixed_income, cash, commodity, crypto{near}{other}")
        })
    }
}

/// A key, an industry, a group: at most 100 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Name(pub(in crate::cli) String);

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        plain(text, 100).map(Self)
    }
}

/// A description, a reason: at most 500 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Text(pub(in crate::cli) String);

impl FromStr for Text {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        plain(text, 500).map(Self)
    }
}

/// The rule of the YAML files, so that what was added here can be written there and read back.
fn plain(text: &str, longest: usize) -> Result<String, String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= longest && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned()).ok_or_else(|| format!("write 1 to {longest} characters on one line"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_read_by_its_name_and_another_is_refused_with_the_nearest() {
        assert_eq!("Fixed_Income".parse(), Ok(AssetCategory(Category::FixedIncome)));
        assert_eq!("bond".parse(), Ok(AssetCategory(Category::FixedIncome)));
        let refused = |text: &str| text.parse::<AssetCategory>().unwrap_err();
        assert!(refused("comodity").ends_with("did you mean `commodity`?"), "{}", refused("comodity"));
        assert!(refused("style").contains("style_and_market.yaml"));
        assert!(refused("industry").contains("industry add"));
        assert!(refused("equity").contains("fixed_income, cash, commodity, crypto"));
    }

    #[test]
    fn names_keep_the_rule_of_the_files() {
        assert_eq!(" Gold ".parse(), Ok(Name("Gold".to_owned())));
        for refused in ["", "  ", "a\nb", &"a".repeat(101)] {
            assert!(refused.parse::<Name>().is_err(), "{refused:?}");
        }
        assert!("a".repeat(500).parse::<Text>().is_ok());
    }
}
