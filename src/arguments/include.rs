//! `include`: the sections asked for by name.

use factor_types::ClosedSet;

use super::{Args, nearest};
use crate::answer::shortened;

/// Names that no section has are told back so many at most.
const MOST_INVALID: usize = 20;

/// The longest of them, in characters.
const LONGEST_INVALID: usize = 60;

/// What a list of names stands for, in the caller's order and each once, and the names that stand for nothing; `None` where the
/// list is empty or not there.
pub(crate) fn names_of<T: PartialEq, E>(
    args: &Args,
    field: &str,
    read: impl Fn(&str) -> Result<T, E>,
) -> Option<(Vec<T>, Vec<String>)> {
    let names = args.strings(field).filter(|names| !names.is_empty())?;
    let (mut known, mut invalid) = (Vec::new(), Vec::new());
    for name in names {
        match read(&name) {
            Ok(found) if !known.contains(&found) => known.push(found),
            Err(_) if invalid.len() < MOST_INVALID => {
                let name = shortened(&name, LONGEST_INVALID);
                if !invalid.contains(&name) {
                    invalid.push(name);
                }
            }
            Ok(_) | Err(_) => {}
        }
    }
    Some((known, invalid))
}

/// What is said of names of an argument that stand for nothing: of each the known name that is most like it, and all known names
/// where one is like none.
pub(crate) fn said_of_unknown(field: &str, invalid: &[String], known: &[&str]) -> Option<String> {
    let near: Vec<_> = invalid.iter().map(|name| (name, nearest(name, known.iter().copied()))).collect();
    let told: Vec<String> = near
        .iter()
        .map(|(name, near)| match near {
            Some(near) => format!("no `{name}` (did you mean `{near}`?)"),
            None => format!("no `{name}`"),
        })
        .collect();
    let all = if near.iter().all(|(_, near)| near.is_some()) {
        String::new()
    } else {
        format!("; there are {}", known.join(", "))
    };
    (!told.is_empty()).then(|| format!("{field} has {}{all}", told.join(", ")))
}

/// The sections that `include` names, in the caller's order, and the names that no section has, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Include<S> {
    /// `None` where no section is asked for by name: an empty list is as if it were not there.
    pub(crate) sections: Option<Vec<S>>,
    pub(crate) invalid: Vec<String>,
}

impl<S: ClosedSet + PartialEq> Include<S> {
    /// Reads `include`.
    pub(crate) fn read(args: &Args) -> Self {
        match names_of(args, "include", S::read) {
            Some((known, invalid)) => Self { sections: Some(known), invalid },
            None => Self { sections: None, invalid: Vec::new() },
        }
    }

    /// What is said of the names that no section has.
    pub(crate) fn said_of_unknown(&self) -> Option<String> {
        said_of_unknown("include", &self.invalid, S::NAMES)
    }

    /// True where a section is wanted: asked for by name, or nothing is.
    pub(crate) fn wants(&self, section: S) -> bool {
        self.sections.as_ref().is_none_or(|named| named.contains(&section))
    }

    /// True where it is asked for by name.
    pub(crate) fn names(&self, section: S) -> bool {
        self.sections.as_ref().is_some_and(|named| named.contains(&section))
    }
}

#[cfg(test)]
mod tests {
    use factor_types::closed_set;
    use serde_json::{Map, Value, json};

    use super::*;

    closed_set! {
        enum Part: "a part" {
            First = "first",
            Second = "second_one",
        }
    }

    #[test]
    fn sections_are_named_in_any_case_and_once() {
        let read = |value: Value| Include::<Part>::read(&Args::new(Map::from_iter([("include".to_owned(), value)])));
        let both = read(json!("SECOND_ONE, first, third, first, third"));
        assert_eq!(both.sections, Some(vec![Part::Second, Part::First]));
        assert_eq!(both.invalid, ["third"]);
        assert!(both.wants(Part::First) && both.names(Part::First));
        let none = read(json!([]));
        assert!(none.sections.is_none() && none.wants(Part::First) && !none.names(Part::First));
        let said = |value: Value| read(value).said_of_unknown().unwrap_or_default();
        assert_eq!(said(json!(["frist"])), "include has no `frist` (did you mean `first`?)");
        assert_eq!(
            said(json!(["other", "frist"])),
            "include has no `other`, no `frist` (did you mean `first`?); there are first, second_one"
        );
        assert_eq!(said(json!(["first"])), "");
        let wrong = read(json!(["third"]));
        assert_eq!((wrong.sections.as_deref(), wrong.wants(Part::First)), (Some([].as_slice()), false));
    }
}
