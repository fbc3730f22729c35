//! Arguments that both tools have.

use crate::arguments::Args;

/// The sections named in `include` that a tool has, and the names that it has not.
pub(crate) fn sections(args: &Args, known: &[&'static str]) -> (Option<Vec<&'static str>>, Vec<String>) {
    let Some(names) = args.strings("include").filter(|names| !names.is_empty()) else { return (None, Vec::new()) };
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for name in names {
        match known.iter().find(|known| known.eq_ignore_ascii_case(&name)) {
            Some(known) if !found.contains(known) => found.push(*known),
            Some(_) => {}
            None => invalid.push(name),
        }
    }
    (Some(found), invalid)
}
