//! `include`: the sections asked for by name.

use factor_types::ClosedSet;

use crate::arguments::Args;

/// The sections that `include` names, in the caller's order, and the names of none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Include<S> {
    /// `None` where no section is asked for by name: an empty list is as if it were not there.
    pub(crate) sections: Option<Vec<S>>,
    pub(crate) invalid: Vec<String>,
}

impl<S: ClosedSet + PartialEq> Include<S> {
    /// Reads `include`.
    pub(crate) fn read(args: &Args) -> Self {
        let Some(names) = args.strings("include").filter(|names| !names.is_empty()) else {
            return Self { sections: None, invalid: Vec::new() };
        };
        let (mut known, mut invalid) = (Vec::new(), Vec::new());
        for name in names {
            match S::read(&name) {
                Ok(section) if !known.contains(&section) => known.push(section),
                Ok(_) => {}
                Err(_) => invalid.push(name),
            }
        }
        Self { sections: Some(known), invalid }
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
