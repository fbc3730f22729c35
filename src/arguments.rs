//! The arguments of one call, read tolerantly, all mistakes reported at once.
//!
//! A tool asks for its arguments one by one; each question answers `None` both for an absent argument and for a
//! wrong one, and remembers what was wrong. [`Args::finish`] then reports all problems of the call together, so that a
//! caller corrects its call once and not once per mistake. What is read beyond the advertised schema: a JSON string
//! holding an array or object, a number or bool in a string, `252.0` for `252`, `null` for absent, one string for a
//! list of one, `a, b` for a list of names, any case for a name of a closed set.

mod include;
mod mend;
mod nested;
mod values;

use std::{
    collections::HashSet,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    ops::RangeInclusive,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::NaiveDate;
use serde_json::{Map, Value};

pub(crate) use self::{
    include::{Include, names_of, said_of_unknown},
    mend::mended,
};
pub use self::{
    nested::MapForm,
    values::{Choices, nearest, nearest_first, shown},
};
use crate::tool_error::{MOST_PROBLEMS, Problem, ToolError};
pub use crate::tool_error::{Mend, Refusal};

/// The arguments of a call, or of an object within them.
#[derive(Debug, Clone)]
pub struct Args {
    values: Map<String, Value>,
    at: At,
    problems: Arc<Mutex<Problems>>,
}

/// What was wrong, the first of it in full and the rest counted: a call may bring thousands.
#[derive(Debug, Default)]
struct Problems {
    told: Vec<Problem>,
    /// The fields of those that are only counted.
    counted: HashSet<u64>,
}

/// The most entries of a list or map; one that has more is refused before any is read.
pub(crate) const MOST_ENTRIES: usize = 1_000;
/// As many names as a hint lists.
const NAMES_TOLD: usize = 8;

/// Names that are often written for another argument: that one, and what to write.
const MEANT: [(&str, &str, &str); 7] = {
    const TICKERS: &str = "name them in `tickers`: [\"SPY\", \"TLT\"]";
    const UNIVERSE: &str = "name tickers in `factor_universe`, each with a label: {\"SPY\": \"SPY\", \"TLT\": \"TLT\"}";
    [
        ("ticker", "tickers", TICKERS),
        ("symbols", "tickers", TICKERS),
        ("factors", "tickers", TICKERS),
        ("tickers", "factor_universe", UNIVERSE),
        ("ticker", "factor_universe", UNIVERSE),
        ("symbols", "factor_universe", UNIVERSE),
        ("factors", "factor_universe", UNIVERSE),
    ]
};

/// How the fields of an object are called in a problem.
#[derive(Debug, Clone)]
enum At {
    /// `field`
    Top,
    /// `prefix.field`
    Within(String),
    /// `prefix` for whatever field: the object stands for one entry of a plain map.
    Entry(String),
    /// `field` for those lifted from the top level, else `prefix.field`.
    Lifted { prefix: String, lifted: Vec<String> },
}

impl Args {
    /// The arguments of a call.
    pub fn new(values: Map<String, Value>) -> Self {
        Self { values, at: At::Top, problems: Arc::default() }
    }

    /// Takes what is given as `alias` for `name`. Both at once are a problem, unless they say the same.
    pub fn also_called(&mut self, alias: &str, name: &str) {
        let Some(value) = self.get(alias).cloned() else { return };
        match self.get(name) {
            Some(named) if *named != value => {
                self.refuse(alias, format!("is another name of {name}"), "keep one of them")
            }
            // Written as null it is given too.
            None if !self.values.contains_key(name) => {
                self.values.insert(name.to_owned(), value);
            }
            _ => {}
        }
    }

    /// Takes fields of the object `within` for arguments of the call. One that is given in both places, with two values, is
    /// a problem.
    pub fn move_up(&mut self, within: &str, fields: &[&str]) {
        let Some(mut inner) = self.get(within).and_then(|value| values::object(value).ok()) else { return };
        for &field in fields {
            let Some(value) = inner.remove(field).filter(|value| !value.is_null()) else { continue };
            if self.get(field).is_some_and(|own| *own != value) {
                let rule = format!("is also given as `{within}.{field}`, with another value");
                self.refuse(field, rule, "keep one of them");
            } else {
                self.values.insert(field.to_owned(), value);
            }
        }
        self.values.insert(within.to_owned(), Value::Object(inner));
    }

    /// The value of an argument; `null` counts as absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// True when the argument is given.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The names given, `null` ones left out.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name.as_str())
    }

    /// What a problem with this argument calls it.
    pub fn path(&self, name: &str) -> String {
        match &self.at {
            At::Top => name.to_owned(),
            At::Entry(prefix) => prefix.clone(),
            At::Lifted { lifted, .. } if lifted.iter().any(|known| known == name) => name.to_owned(),
            At::Within(prefix) | At::Lifted { prefix, .. } => format!("{prefix}.{name}"),
        }
    }

    /// Remembers that this argument breaks a rule, for what only the reader can know, and the way out.
    pub fn refuse(&self, name: &str, rule: impl Into<String>, way_out: impl Into<String>) {
        self.refused(name, Refusal::new(rule, way_out));
    }

    /// Remembers that this argument breaks a rule that says what to write: `must` and what follows.
    pub fn must(&self, name: &str, what: impl fmt::Display) {
        self.refused(name, Refusal::must(what));
    }

    /// Remembers why an argument is refused.
    pub fn refused(&self, name: &str, refusal: Refusal) {
        let got = self.get(name).map_or_else(|| "nothing".to_owned(), shown);
        self.record(Problem::new(self.path(name), got, refusal));
    }

    /// Remembers a problem as it is; of those after the first the number.
    pub fn record(&self, problem: Problem) {
        let mut problems = self.problems();
        // An argument may be read in two places; its mistake is reported once.
        if problems.told.contains(&problem) {
            return;
        }
        if problems.told.len() < MOST_PROBLEMS {
            problems.told.push(problem);
        } else {
            problems.count(problem.field());
        }
    }

    /// True while nothing that was read breaks a rule.
    pub fn is_without_problems(&self) -> bool {
        self.problems().told.is_empty()
    }

    fn problems(&self) -> MutexGuard<'_, Problems> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a problem of this field; true where it is only counted, so that its words need not be found.
    pub fn only_counts(&self, field: &str) -> bool {
        let mut problems = self.problems();
        let full = problems.told.len() >= MOST_PROBLEMS;
        if full {
            problems.count(field);
        }
        full
    }

    /// Refuses a list or map of more entries than any may have.
    fn within_bounds(&self, name: &str, entries: usize) -> Option<()> {
        if entries > MOST_ENTRIES {
            self.refuse(name, format!("has {entries} entries, at most {MOST_ENTRIES} are read"), "send fewer");
            return None;
        }
        Some(())
    }

    /// Remembers that an argument is missing, if it is.
    pub fn require(&self, name: &str) {
        if !self.has(name) {
            self.refused(name, Refusal::required());
        }
    }

    /// Reads an argument by a rule of the tool's own.
    pub fn read<'a, T>(&'a self, name: &str, read: impl FnOnce(&'a Value) -> Result<T, Refusal>) -> Option<T> {
        match read(self.get(name)?) {
            Ok(read) => Some(read),
            Err(refusal) => {
                self.refused(name, refusal);
                None
            }
        }
    }

    /// Text, trimmed.
    pub fn string(&self, name: &str) -> Option<String> {
        self.read(name, values::text)
    }

    /// Text read as `T`, whose error text is the rule: for types with one door, such as a ticker.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&self, name: &str) -> Option<T> {
        self.read(name, |value| parse_as(value, str::parse))
    }

    /// One of a closed set of names.
    pub fn choice<T: FromStr<Err: fmt::Display>>(&self, name: &str, choices: impl Into<Choices>) -> Option<T> {
        let choices = choices.into();
        self.read(name, |value| choose(value, choices))
    }

    /// Several of a closed set of names. Each wrong one is a problem of its own; the right ones are kept.
    pub fn choices<T: FromStr<Err: fmt::Display>>(&self, name: &str, choices: impl Into<Choices>) -> Option<Vec<T>> {
        let choices = choices.into();
        self.list(name, |value| choose(value, choices))
    }

    /// A list of names. Each wrong one is a problem of its own.
    pub fn strings(&self, name: &str) -> Option<Vec<String>> {
        self.list(name, values::text)
    }

    /// A list of texts read by `parse`, whose error text is the rule.
    pub fn list_of<T, E: fmt::Display>(&self, name: &str, parse: impl Fn(&str) -> Result<T, E>) -> Option<Vec<T>> {
        self.list(name, |value| parse_as(value, &parse))
    }

    /// A list of whole numbers.
    pub fn integers(&self, name: &str, range: RangeInclusive<i64>) -> Option<Vec<i64>> {
        self.list(name, |value| values::integer(value, &range))
    }

    /// A list whose items are read by a rule of the tool's own. Each wrong one is a problem of its own.
    pub fn list<T>(&self, name: &str, read: impl Fn(&Value) -> Result<T, Refusal>) -> Option<Vec<T>> {
        let items = self.read(name, values::items)?;
        self.within_bounds(name, items.len())?;
        let mut good = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            match read(item) {
                Ok(item) => good.push(item),
                Err(refusal) => self.record(Problem::new(format!("{}[{at}]", self.path(name)), shown(item), refusal)),
            }
        }
        Some(good)
    }

    /// True or false.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        self.read(name, values::boolean)
    }

    /// A whole number within `range`; `i64::MAX` stands for no upper bound.
    pub fn integer(&self, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        self.read(name, |value| values::integer(value, &range))
    }

    /// A whole number within `range`, for counts and sizes.
    pub fn count(&self, name: &str, range: RangeInclusive<usize>) -> Option<usize> {
        let bound = |bound: usize| i64::try_from(bound).unwrap_or(i64::MAX);
        let read = self.integer(name, bound(*range.start())..=bound(*range.end()))?;
        usize::try_from(read).ok()
    }

    /// A finite number within `range`; an infinite bound is no bound.
    pub fn number(&self, name: &str, range: RangeInclusive<f64>) -> Option<f64> {
        self.read(name, |value| values::number(value, &range))
    }

    /// A share from 0 to 1. 60 for 0.6 is refused, with what to write.
    pub fn share(&self, name: &str) -> Option<f64> {
        self.share_within(name, 0.0..=1.0)
    }

    /// A share within a narrower or wider range.
    pub fn share_within(&self, name: &str, range: RangeInclusive<f64>) -> Option<f64> {
        self.read(name, |value| values::share(value, &range))
    }

    /// A date: `YYYY-MM-DD`, or `YYYY-MM` for that month's end.
    pub fn date(&self, name: &str) -> Option<NaiveDate> {
        self.read(name, values::date)
    }

    /// A date that ends a range: as [`Self::date`], and a year for its last day.
    pub fn end_date(&self, name: &str) -> Option<NaiveDate> {
        self.read(name, values::end_date)
    }

    /// Remembers every name that is not among the known ones, with the nearest right one.
    pub fn only(&self, known: &[&str]) {
        for (name, value) in &self.values {
            if known.contains(&name.as_str()) {
                continue;
            }
            if self.only_counts(name) {
                continue;
            }
            let meant = MEANT.iter().find(|(wrong, right, _)| wrong == name && known.contains(right));
            let near = nearest(name, known.iter().copied());
            let hint = match near {
                _ if meant.is_some() => meant.map_or_else(String::new, |(.., hint)| (*hint).to_owned()),
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "there are none".to_owned(),
                None if known.len() <= NAMES_TOLD => format!("the arguments are {}", known.join(", ")),
                None => "leave it out; the tool's input schema names its arguments".to_owned(),
            };
            // One ticker is read as a list of one; a universe needs labels that only the caller knows.
            let mend = match (meant, near) {
                (Some((_, "tickers", _)), _) => Some(Mend::Name("tickers".to_owned())),
                (Some(_), _) => None,
                (None, Some(near)) => Some(Mend::Name(near.to_owned())),
                (None, None) => Some(Mend::Nothing),
            };
            let refusal = Refusal::new("is not a known argument", hint).mended_by(mend);
            self.record(Problem::new(self.path(name), shown(value), refusal));
        }
    }

    /// Ends the reading: unknown names are refused and all problems of the call are reported.
    ///
    /// # Errors
    /// When anything was wrong.
    pub fn finish(&self, known: &[&str]) -> Result<(), ToolError> {
        self.only(known);
        self.result()
    }

    /// Ends the reading where unknown names have been refused already.
    ///
    /// # Errors
    /// When anything was wrong.
    pub fn result(&self) -> Result<(), ToolError> {
        let Problems { told, counted } = std::mem::take(&mut *self.problems());
        if told.is_empty() { Ok(()) } else { Err(ToolError::invalid_of(told, counted.len())) }
    }

    /// As [`Self::result`], with the first problem of each argument alone: where a plain map stands for a list, both
    /// fields of an entry have one name.
    ///
    /// # Errors
    /// When anything was wrong.
    pub fn first_of_each(&self) -> Result<(), ToolError> {
        let mut fields = HashSet::new();
        self.problems().told.retain(|problem| fields.insert(problem.field().to_owned()));
        self.result()
    }
}

impl Problems {
    fn count(&mut self, field: &str) {
        let mut hasher = DefaultHasher::new();
        field.hash(&mut hasher);
        self.counted.insert(hasher.finish());
    }
}

fn parse_as<T, E: fmt::Display>(value: &Value, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, Refusal> {
    parse(&values::text(value)?).map_err(|error| Refusal::new("cannot be read", error.to_string()))
}

fn choose<T: FromStr<Err: fmt::Display>>(value: &Value, choices: Choices) -> Result<T, Refusal> {
    let Value::String(text) = value else {
        return Err(Refusal::must(format_args!("be one of {}", choices.names.join(", "))));
    };
    choices.find(text)?.parse().map_err(|error: T::Err| Refusal::new("cannot be read", error.to_string()))
}

#[cfg(test)]
mod tests;
