//! Warnings as sentences: one a kind, few, and none too long. The one place where they are put into words.

use super::Warning;
use crate::answer::shortened;

/// The most sentences in an answer's first lines.
const MOST: usize = 10;

/// The longest of them, in characters.
const LONGEST: usize = 340;

/// All of them together, in characters.
const ALL_TOGETHER: usize = 2_400;

/// Names of the others of a kind.
const NAMED: usize = 5;

/// The longest of them, in characters.
const LONGEST_NAME: usize = 16;

/// The longest sentence that they stand after, in characters.
const LONGEST_FIRST: usize = 120;

/// The most sentences in `data_quality` in full.
const MOST_IN_FULL: usize = 100;

/// Every warning, each once. What is beyond [`MOST_IN_FULL`] is counted.
pub(super) fn in_full(warnings: &[Warning]) -> Vec<String> {
    let mut said = Vec::<String>::new();
    for warning in warnings {
        let words = warning.to_string();
        if !said.contains(&words) {
            said.push(words);
        }
    }
    cut_to(said, MOST_IN_FULL, |more| format!("{more} more warnings are not listed: mend those above and ask again"))
}

/// One sentence a kind, the first few kinds, none too long. What is left out is counted, with where it stands.
pub(super) fn in_short(warnings: &[Warning]) -> Vec<String> {
    let kinds: Vec<String> = by_kind(in_full(warnings)).iter().map(|words| shortened(words, LONGEST)).collect();
    let mut left = ALL_TOGETHER;
    let fitting = kinds.iter().take_while(|words| {
        let length = words.chars().count();
        let fits = length <= left;
        left = left.saturating_sub(length);
        fits
    });
    let fitting = fitting.count().min(MOST);
    cut_to(kinds, fitting, |more| {
        let what = if more == 1 { "more warning" } else { "more warnings" };
        format!("{more} {what}: include data_quality lists them")
    })
}

fn cut_to(mut said: Vec<String>, most: usize, rest: impl FnOnce(usize) -> String) -> Vec<String> {
    if said.len() > most {
        // One place is for what is left out.
        let kept = most.saturating_sub(1);
        let more = said.len() - kept;
        said.truncate(kept);
        said.push(rest(more));
    }
    said
}

/// Sentences that differ in names and figures alone become the first of them, with the names of the others.
fn by_kind(said: Vec<String>) -> Vec<String> {
    let mut kinds = Vec::<(String, String, Vec<Option<String>>)>::new();
    for words in said {
        let kind = kind_of(&words);
        match kinds.iter_mut().find(|(known, ..)| *known == kind) {
            Some((.., others)) => others.push(name_in(&words)),
            None => kinds.push((kind, words, Vec::new())),
        }
    }
    kinds.into_iter().map(|(_, first, others)| with_others(first, &others)).collect()
}

/// A sentence, and the names of others of its kind; of those about the same name how many there are.
fn with_others(first: String, others: &[Option<String>]) -> String {
    let own = name_in(&first);
    let mut names: Vec<&String> = Vec::new();
    for name in others.iter().flatten() {
        if own.as_ref() != Some(name) && !names.contains(&name) {
            names.push(name);
        }
    }
    if others.is_empty() {
        return first;
    }
    let first = shortened(&first, LONGEST_FIRST);
    if names.is_empty() {
        return format!("{first}; and {} more such: include data_quality lists them", others.len());
    }
    let named: Vec<String> = names.iter().take(NAMED).map(|name| shortened(name, LONGEST_NAME)).collect();
    let more = others.len() - named.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{first}; likewise {}{more}: include data_quality lists them", named.join(", "))
}

/// What a sentence has in common with others of its kind: its words, without names and figures.
fn kind_of(words: &str) -> String {
    let plain = |word: &&str| word.chars().all(|letter| letter.is_ascii_lowercase() || "-',;:()".contains(letter));
    words.split_whitespace().filter(plain).collect::<Vec<_>>().join(" ")
}

/// The first name in a sentence: the first word that is not all small letters.
fn name_in(words: &str) -> Option<String> {
    let name = words.split_whitespace().find(|word| kind_of(word).is_empty())?;
    Some(name.trim_end_matches([':', ',', ';']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(words: impl Into<String>) -> Warning {
        Warning::Source(words.into())
    }

    #[test]
    fn warnings_of_one_kind_are_one_sentence() {
        let twice = |at: usize| source(format!("T{at} is in a.csv and in b{at}.csv: b{at}.csv is used"));
        let all: Vec<Warning> = (0..97).map(twice).chain([Warning::Simulated]).collect();
        let short = in_short(&all);
        assert_eq!(short.len(), 2, "{short:?}");
        assert_eq!(
            short[0],
            "T0 is in a.csv and in b0.csv: b0.csv is used; likewise T1, T2, T3, T4, T5 and 91 more: include \
             data_quality lists them"
        );
        assert!(short[1].contains("simulated"));
        assert_eq!(in_full(&all).len(), 98, "the whole list is there, each for itself");
        // Several about one file name it once.
        let columns =
            ["my fund", "other fund", "third"].map(|name| source(format!("px.csv: column `{name}` is left aside")));
        assert_eq!(
            in_short(&columns),
            ["px.csv: column `my fund` is left aside; and 2 more such: include data_quality lists them"]
        );
        // Another kind stays another sentence, and what is said twice is said once.
        let two = [source("AAA has closes only"), source("AAA has closes only"), source("BBB is late")];
        assert_eq!(in_short(&two), ["AAA has closes only", "BBB is late"]);
    }

    #[test]
    fn there_are_few_and_none_is_too_long() {
        let words = |at: usize| "abcdefghijklmnopqrstuvwxyz".chars().cycle().skip(at).take(26).collect::<String>();
        let many: Vec<Warning> = (0..26).map(|at| source(words(at))).collect();
        let short = in_short(&many);
        assert_eq!(short.len(), MOST);
        assert_eq!(short[MOST - 1], "17 more warnings: include data_quality lists them");
        let long: Vec<Warning> = (0..26).map(|at| source(format!("{} ", words(at)).repeat(100))).collect();
        let short = in_short(&long);
        assert!(short.iter().all(|words| words.chars().count() <= LONGEST));
        assert!(short.iter().map(|words| words.chars().count()).sum::<usize>() <= ALL_TOGETHER, "{short:?}");
        assert!(short.last().unwrap().ends_with("more warnings: include data_quality lists them"), "{short:?}");
    }

    #[test]
    fn without_bound_is_nothing_in_full_either() {
        let all: Vec<Warning> = (0..300).map(|at| source(format!("line {at}"))).collect();
        let full = in_full(&all);
        assert_eq!(full.len(), MOST_IN_FULL);
        assert!(full[MOST_IN_FULL - 1].starts_with("201 more warnings are not listed"), "{}", full[MOST_IN_FULL - 1]);
    }
}
