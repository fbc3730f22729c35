//! Closed sets: enums whose members have a name in arguments, answers, files and databases.
//!
//! A set is written once, with [`closed_set!`](crate::closed_set). Names, further spellings, the order of both, the
//! JSON and schema form, `Display`, `FromStr` and the error text follow from that one place, and a new member is a
//! variant.

use std::fmt;

/// What generic code may ask of a set: a reader of arguments, a schema.
pub trait ClosedSet: Copy + fmt::Display + 'static {
    /// What a member is, with its article: `an asset class`.
    const NOUN: &'static str;
    /// Every member, in the order in which they are advertised.
    const MEMBERS: &'static [Self];
    /// The members' names, in the same order.
    const NAMES: &'static [&'static str];
    /// Further spellings and the names they stand for: `("bond", "fixed_income")`.
    const ALIASES: &'static [(&'static str, &'static str)];
    /// The names as the error text lists them: `bond (or fixed_income)`.
    const SPELLINGS: &'static [&'static str];

    /// The member that `text` names or is a further spelling of, whatever its case and the space around it.
    ///
    /// # Errors
    /// When it is none of them: one sentence with the text, what it should be, and every name.
    fn read(text: &str) -> Result<Self, String> {
        let word = text.trim();
        let alias = Self::ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(word));
        let name = alias.map_or(word, |(_, name)| name);
        let at = Self::NAMES.iter().position(|known| known.eq_ignore_ascii_case(name));
        at.and_then(|at| Self::MEMBERS.get(at).copied())
            .ok_or_else(|| format!("`{text}` is not {}: write one of {}", Self::NOUN, Self::SPELLINGS.join(", ")))
    }
}

/// The names of a set and some more, for an argument that takes more than the set: `N` is their number.
///
/// For constants: a wrong `N` does not compile.
///
/// # Panics
/// When `N` is not the number of all names.
pub const fn names_and<const N: usize>(names: &[&'static str], more: &[&'static str]) -> [&'static str; N] {
    assert!(names.len() + more.len() == N, "N is the number of all names");
    let (mut all, mut at) = ([""; N], 0);
    while at < N {
        all[at] = if at < names.len() { names[at] } else { more[at - names.len()] };
        at += 1;
    }
    all
}

/// Declares a closed set: an enum, its names and all that follows from them.
///
/// ```
/// factor_types::closed_set! {
///     /// How an answer looks.
///     #[derive(Default)]
///     pub enum Format: "a format" {
///         /// The most important figures.
///         #[default]
///         Summary = "summary" | "short",
///         /// Everything.
///         Full = "full" or "all",
///     }
/// }
///
/// assert_eq!(Format::NAMES, ["summary", "full"]);
/// assert_eq!(" ALL ".parse(), Ok(Format::Full));
/// assert_eq!(Format::Full.to_string(), "full");
/// assert_eq!("tiny".parse::<Format>(), Err("`tiny` is not a format: write one of summary, full (or all)".to_owned()));
/// ```
///
/// The noun after the colon is for the error text. A name is followed by further spellings: `or` is for one that the
/// error text lists too, `|` for any number that are only understood. What is read is trimmed, and its case does not
/// matter; JSON takes and gives the names alone, exactly.
///
/// The set derives `Debug`, `Clone`, `Copy`, the comparisons (in the order of the members), `Hash`, serde's two traits
/// and `JsonSchema`, so the crate that declares it needs `serde` and `schemars`. It has `ALL`, `NAMES`, `as_str` and
/// `names_without`, and is a [`ClosedSet`](crate::ClosedSet).
#[macro_export]
macro_rules! closed_set {
    (
        $(#[$meta:meta])*
        $vis:vis enum $set:ident: $noun:literal {
            $(
                $(#[$variant_meta:meta])*
                $variant:ident = $name:literal $(or $shown:literal)? $(| $alias:literal)*
            ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            ::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema,
        )]
        $vis enum $set {
            $(
                $(#[$variant_meta])*
                #[serde(rename = $name)]
                $variant,
            )+
        }

        #[allow(dead_code, reason = "each set has the whole interface, few users need all of it")]
        impl $set {
            /// Every member, in the order in which they are advertised.
            $vis const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The members' names, in the same order.
            $vis const NAMES: [&'static str; Self::ALL.len()] = [$($name),+];

            /// The name in arguments, answers, files and databases.
            $vis const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The names of all members but one, in their order: `N` is their number.
            ///
            /// For constants: with a new member a wrong `N` does not compile.
            ///
            /// # Panics
            /// When `N` is not the number of members less one.
            $vis const fn names_without<const N: usize>(left_out: Self) -> [&'static str; N] {
                assert!(N + 1 == Self::ALL.len(), "N is the number of members less one");
                let (mut names, mut from, mut to) = ([""; N], 0, 0);
                while from < Self::ALL.len() {
                    if Self::ALL[from] as usize != left_out as usize {
                        names[to] = Self::NAMES[from];
                        to += 1;
                    }
                    from += 1;
                }
                names
            }
        }

        impl $crate::ClosedSet for $set {
            const NOUN: &'static str = $noun;
            const MEMBERS: &'static [Self] = &Self::ALL;
            const NAMES: &'static [&'static str] = &Self::NAMES;
            const ALIASES: &'static [(&'static str, &'static str)] =
                &[$($(($shown, $name),)? $(($alias, $name),)*)+];
            const SPELLINGS: &'static [&'static str] = &[$(concat!($name $(, " (or ", $shown, ")")?)),+];
        }

        impl ::std::fmt::Display for $set {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $set {
            type Err = ::std::string::String;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                $crate::ClosedSet::read(text)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{AssetClass, Category, Frequency, Maturity, SourceTier, WeightingMethod};

    const WITHOUT_CUSTOM: [&str; 8] = Category::names_without(Category::Custom);
    const WITH_RATE: [&str; 10] = names_and(&Category::NAMES, &["rate"]);

    /// Every spelling reads as one member, and JSON knows the names alone.
    fn check<T>()
    where
        T: ClosedSet + std::str::FromStr<Err = String> + PartialEq + fmt::Debug,
        T: serde::Serialize + serde::de::DeserializeOwned,
    {
        let spellings: Vec<&str> = T::NAMES.iter().chain(T::ALIASES.iter().map(|(alias, _)| alias)).copied().collect();
        let different: BTreeSet<String> = spellings.iter().map(|text| text.to_ascii_lowercase()).collect();
        assert_eq!(different.len(), spellings.len(), "{spellings:?}");
        assert_eq!(T::MEMBERS.len(), T::NAMES.len());
        for (member, name) in T::MEMBERS.iter().zip(T::NAMES) {
            assert_eq!(member.to_string(), *name);
            assert_eq!(format!("\t{} ", name.to_ascii_uppercase()).parse().as_ref(), Ok(member));
            assert_eq!(serde_json::to_string(member).unwrap(), format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<T>(&format!("\"{name}\"")).unwrap(), *member);
        }
        for (alias, name) in T::ALIASES {
            assert_eq!(alias.parse::<T>(), name.parse());
            assert!(serde_json::from_str::<T>(&format!("\"{alias}\"")).is_err());
        }
        let refused = "elephant".parse::<T>().unwrap_err();
        assert!(refused.starts_with("`elephant` is not a"), "{refused}");
        assert!(T::NAMES.iter().all(|name| refused.contains(name)), "{refused}");
    }

    #[test]
    fn every_spelling_of_the_vocabulary_reads_as_one_member() {
        check::<Category>();
        check::<AssetClass>();
        check::<Frequency>();
        check::<Maturity>();
        check::<SourceTier>();
        check::<WeightingMethod>();
    }

    #[test]
    fn errors_keep_their_words() {
        assert_eq!(
            "Bond fund".parse::<AssetClass>().unwrap_err(),
            "`Bond fund` is not an asset class: write one of equity, bond (or fixed_income), cash, commodity, crypto"
        );
        assert_eq!(
            "stile".parse::<Category>().unwrap_err(),
            "`stile` is not a category: write one of industry, style, market, fixed_income, cash, commodity, crypto, custom, \
             user"
        );
    }

    #[test]
    fn parts_of_a_set_keep_its_order() {
        let all: Vec<&str> = Category::NAMES.into_iter().filter(|name| *name != "custom").collect();
        assert_eq!(WITHOUT_CUSTOM.as_slice(), all);
        assert_eq!((WITH_RATE[0], WITH_RATE[8], WITH_RATE[9]), ("industry", "user", "rate"));
    }
}
