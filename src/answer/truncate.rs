//! Making an answer no longer than asked for, by showing fewer entries of its parts.

use serde::Serialize;

use super::{
    fields::{Fields, Part},
    shortened,
};

/// What is said of a cut takes at most so many characters: `truncated`, its link and a note, with the names of the
/// first [`NAMED`] sections.
pub(super) const OVERHEAD: usize = 740;

/// What stands in an answer's first lines: it is not shortened while it takes no more than three fifths of the room.
const FIRST_LINES: [&str; 2] = ["warnings", "not_analysed"];

/// The longest name of a section in `truncated`, in characters.
const LONGEST_PATH: usize = 80;

/// Sections that `truncated` names after the first.
const NAMED: usize = 3;

/// What is cut first.
#[derive(Debug, Clone)]
pub(crate) enum Rule<'a> {
    /// Nested matrices become triangles; then the largest parts lose entries from their ends, all down to one common
    /// size, so that none is given up for another; then whole fields go, in this order.
    Level {
        /// The fields that describe the answer.
        then: Vec<&'a str>,
    },
    /// Of these fields in their order as much is left out as is needed; if that is not enough, of all others as with
    /// [`Self::Level`].
    Listed(&'a [&'a str]),
}

/// What was done to an answer so that it fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    /// True when nested matrices were laid out as triangles.
    pub(super) triangles: bool,
    /// The parts that were cut: by [`Rule::Level`] those first that lost most entries.
    pub(super) lost: Vec<Loss>,
}

/// A part that was cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Loss {
    pub(super) section: String,
    pub(super) shown: usize,
    pub(super) total: usize,
}

/// Shortens `answer` to `limit` characters, with room left to say so. `None` when it fits.
pub(crate) fn cut(answer: &mut Fields, limit: usize, rule: &Rule<'_>) -> Option<Cut> {
    let whole = answer.chars();
    if whole <= limit {
        return None;
    }
    match rule {
        Rule::Level { then } => Some(level(answer, whole, limit, then)),
        Rule::Listed(names) => {
            let mut cut = listed(answer, limit, names);
            let left = answer.chars();
            if left > limit {
                // It counts what was cut before as well.
                cut.lost = level(answer, left, limit, &[]).lost;
            }
            Some(cut)
        }
    }
}

fn level(answer: &mut Fields, whole: usize, limit: usize, then: &[&str]) -> Cut {
    let triangles = fold(answer);
    let whole = if triangles { answer.chars() } else { whole };
    // Room for the note on triangles.
    if whole + 200 <= limit {
        return Cut { triangles, lost: Vec::new() };
    }
    let room = limit.saturating_sub(OVERHEAD);
    let mut losses: Vec<(String, Loss)> = Vec::new();
    {
        let mut leaves = Vec::new();
        collect(answer, &mut Vec::new(), &mut leaves);
        let is_first = |leaf: &Leaf<'_>| leaf.path.first().is_some_and(|name| FIRST_LINES.contains(&name.as_str()));
        let first_lines: usize = leaves.iter().filter(|leaf| is_first(leaf)).map(Leaf::chars).sum();
        if 5 * first_lines <= 3 * room {
            leaves.retain(|leaf| !is_first(leaf));
        }
        // What stands around the leaves: names, braces, and all that is not cut.
        let around = whole - leaves.iter().map(Leaf::chars).sum::<usize>();
        shorten(&mut leaves, around, room);
        for leaf in leaves {
            let (shown, total) = (leaf.shown(), leaf.total());
            if shown < total {
                let section = shortened(&leaf.path.join("."), LONGEST_PATH);
                losses.push((leaf.path.into_iter().next().unwrap_or_default(), Loss { section, shown, total }));
            }
        }
    }
    let mut lost: Vec<Loss> = Vec::new();
    // Emptied sections still have their names and dates; under a tight limit what describes the answer goes.
    for name in then {
        if answer.chars() > room
            && let Some(gone) = answer.take(name)
        {
            losses.retain(|(of, _)| of != name);
            lost.push(Loss { section: (*name).to_owned(), shown: 0, total: total(&gone) });
        }
    }
    lost.extend(losses.into_iter().map(|(_, loss)| loss));
    lost.sort_by_key(|loss| std::cmp::Reverse(loss.total - loss.shown));
    Cut { triangles, lost }
}

fn shorten(leaves: &mut [Leaf<'_>], around: usize, room: usize) {
    let length = |leaves: &[Leaf<'_>]| around + leaves.iter().map(Leaf::chars).sum::<usize>();
    let mut wanted = room;
    // Entries are dropped whole, so one pass comes near; each further pass takes off what is still too much.
    for _ in 0..8 {
        let level = common_size(leaves, length(leaves), wanted);
        for leaf in leaves.iter_mut() {
            leaf.shorten(leaf.chars().saturating_sub(level));
        }
        let excess = length(leaves).saturating_sub(room);
        if excess == 0 || level == 0 {
            break;
        }
        wanted = wanted.saturating_sub(excess);
    }
}

/// The size to which every larger leaf is cut so that an answer of `length` characters has `wanted`.
fn common_size(leaves: &[Leaf<'_>], length: usize, wanted: usize) -> usize {
    let mut sizes: Vec<usize> = leaves.iter().filter(|leaf| leaf.shown() > 0).map(Leaf::chars).collect();
    let fixed = length.saturating_sub(sizes.iter().sum());
    let mut left = wanted.saturating_sub(fixed);
    sizes.sort_unstable();
    let count = sizes.len();
    for (at, size) in sizes.into_iter().enumerate() {
        // Smaller ones first: what they do not use is shared by the larger.
        let share = left / (count - at);
        if size > share {
            return share;
        }
        left -= size;
    }
    usize::MAX
}

fn listed(answer: &mut Fields, limit: usize, names: &[&str]) -> Cut {
    // Room for what is said of the cut.
    let room = limit.saturating_sub(1_000);
    let mut lost = Vec::new();
    for name in names {
        let now = answer.chars();
        let Some(part) = answer.get_mut(name).filter(|_| now > room) else { continue };
        let (size, total) = (part.chars(), total(part));
        let shown = (total * size.saturating_sub(now - room) / size.max(1)).min(total);
        let Part::Entries(entries) = part else { continue };
        entries.show(shown);
        lost.push(Loss { section: (*name).to_owned(), shown, total });
    }
    Cut { triangles: false, lost }
}

/// Lays nested matrices out as triangles; whether there were any.
fn fold(fields: &mut Fields) -> bool {
    let mut folded = false;
    for (_, part) in fields.iter_mut() {
        folded |= match part {
            Part::Matrix(matrix) => matrix.fold(),
            Part::Fields(fields) => fold(fields),
            Part::Entries(_) | Part::Whole(_) => false,
        };
    }
    folded
}

/// How many entries a part has.
fn total(part: &Part) -> usize {
    match part {
        Part::Whole(_) => 0,
        Part::Fields(fields) => fields.len(),
        Part::Entries(entries) => entries.total(),
        Part::Matrix(matrix) => matrix.total(),
    }
}

/// A part that can be cut.
struct Leaf<'a> {
    /// The names that lead to it.
    path: Vec<String>,
    part: &'a mut Part,
}

fn collect<'a>(fields: &'a mut Fields, path: &mut Vec<String>, leaves: &mut Vec<Leaf<'a>>) {
    for (name, part) in fields.iter_mut() {
        path.push(name.clone());
        let is_object_of_parts = matches!(part, Part::Fields(parts) if !parts.is_table());
        if total(part) > 0 && !is_object_of_parts {
            leaves.push(Leaf { path: path.clone(), part });
        } else if let Part::Fields(parts) = part {
            collect(parts, path, leaves);
        }
        path.pop();
    }
}

impl Leaf<'_> {
    fn total(&self) -> usize {
        total(self.part)
    }

    fn shown(&self) -> usize {
        match &*self.part {
            Part::Whole(_) => 0,
            Part::Fields(fields) => fields.shown(),
            Part::Entries(entries) => entries.shown(),
            Part::Matrix(matrix) => matrix.shown(),
        }
    }

    fn chars(&self) -> usize {
        self.part.chars()
    }

    /// Drops entries from the end until `excess` characters are gone or none is left.
    fn shorten(&mut self, excess: usize) {
        let (mut gone, mut shown) = (0, self.shown());
        while gone < excess && shown > 0 {
            shown -= 1;
            gone += match &*self.part {
                Part::Whole(_) => 0,
                Part::Fields(fields) => fields.own(shown) + 1,
                Part::Entries(entries) => entries.own(shown) + entries.between(),
                // A comma after the label, and one after the row.
                Part::Matrix(matrix) => matrix.own(shown) + 2,
            };
        }
        match self.part {
            Part::Whole(_) => {}
            Part::Fields(fields) => fields.show(shown),
            Part::Entries(entries) => entries.show(shown),
            Part::Matrix(matrix) => matrix.show(shown),
        }
    }
}

/// What was cut, as an answer says it.
#[derive(Debug, Serialize)]
pub(super) struct Truncated<'a> {
    #[serde(flatten)]
    first: &'a Loss,
    how_to_get_the_rest: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sections_cut: Option<usize>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    also: &'a [Loss],
}

impl Cut {
    /// The `truncated` entry, if anything is missing.
    pub(super) fn truncated<'a>(&'a self, rule: &Rule<'_>, how_to_get_the_rest: &'a str) -> Option<Truncated<'a>> {
        let (first, others) = self.lost.split_first()?;
        let also = &others[..others.len().min(NAMED)];
        let sections_cut = match rule {
            Rule::Level { .. } if others.is_empty() => None,
            Rule::Listed(_) if others.len() <= NAMED => None,
            Rule::Level { .. } | Rule::Listed(_) => Some(self.lost.len()),
        };
        Some(Truncated { first, how_to_get_the_rest, sections_cut, also })
    }
}

#[cfg(test)]
mod tests;
