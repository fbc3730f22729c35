//! Reading one JSON value tolerantly: what it means, or the rule it breaks.
//!
//! Clients are known to send arrays and numbers as strings; what can only mean one thing is read as that.

use std::{borrow::Cow, io, ops::RangeInclusive, slice};

use chrono::{Datelike, NaiveDate};
use factor_types::{Calendar, ClosedSet, shortened};
use serde_json::{Map, Value};

use crate::tool_error::{Mend, Refusal};

/// A closed set of names: those advertised, and further spellings of them.
#[derive(Debug, Clone, Copy)]
pub struct Choices {
    /// The names as advertised.
    pub names: &'static [&'static str],
    /// Further spellings: `("bond", "fixed_income")`.
    pub aliases: &'static [(&'static str, &'static str)],
}

impl<const N: usize> From<&'static [&'static str; N]> for Choices {
    fn from(names: &'static [&'static str; N]) -> Self {
        Self { names, aliases: &[] }
    }
}

impl From<&'static [&'static str]> for Choices {
    fn from(names: &'static [&'static str]) -> Self {
        Self { names, aliases: &[] }
    }
}

impl Choices {
    /// Every name and further spelling of a set.
    pub const fn of<T: ClosedSet>() -> Self {
        Self { names: T::NAMES, aliases: T::ALIASES }
    }

    /// The advertised name that `text` means, whatever its case and with spaces or hyphens for underscores.
    ///
    /// # Errors
    /// When it means none of them; the hint is the nearest one.
    pub fn find(&self, text: &str) -> Result<&'static str, Refusal> {
        let plain: String =
            text.trim().chars().map(|c| if c == ' ' || c == '-' { '_' } else { c.to_ascii_lowercase() }).collect();
        let meant = self.aliases.iter().find(|(alias, _)| *alias == plain).map_or(plain.as_str(), |(_, name)| name);
        if let Some(name) = self.names.iter().find(|name| name.eq_ignore_ascii_case(meant)) {
            return Ok(name);
        }
        let near = nearest(meant, self.names.iter().copied());
        let hint = near.map(|name| format!("did you mean `{name}`?"));
        let mend = near.map(|name| Mend::Value(name.into()));
        // A long list would be cut: where a name is near, those that are like it are enough.
        let alike: Vec<&str> = match near {
            Some(_) if self.names.len() > LISTED => {
                nearest_first(meant, self.names.iter().copied()).into_iter().take(ALIKE_TOLD).collect()
            }
            _ => Vec::new(),
        };
        let rule = match alike.is_empty() {
            true => format!("be one of {}", self.names.join(", ")),
            false => format!("be one of {} names; like this are {}", self.names.len(), alike.join(", ")),
        };
        Err(Refusal::must(rule).or_rather(hint).mended_by(mend))
    }
}

/// So many names are listed whole where none of them is written right.
const LISTED: usize = 24;
/// Of longer lists so many that are like what was written.
const ALIKE_TOLD: usize = 6;

/// Names that share so much are alike.
const ALIKE: f64 = 0.6;

/// The candidate most like `text`, if any is like it at all.
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    alike(text, candidates).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

/// The candidates that are like `text`, those most like it first.
pub fn nearest_first<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found: Vec<(f64, &str)> = alike(text, candidates).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, name)| name).collect()
}

/// How much each candidate has in common with `text`, of those that have enough.
fn alike<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = (f64, &'a str)> {
    // Comparing costs length times length; no name is longer than this.
    let text: String = text.chars().take(64).collect::<String>().to_lowercase();
    let letters = Letters::of(&text);
    let mut lower = String::new();
    candidates
        .into_iter()
        .map(move |name| {
            lower.clear();
            if name.is_ascii() {
                lower.push_str(name);
                lower.make_ascii_lowercase();
            } else {
                lower.extend(name.chars().flat_map(char::to_lowercase));
            }
            let shorter = text.len().min(lower.len());
            let contained =
                shorter >= 3 && if lower.len() == shorter { text.contains(&lower) } else { lower.contains(&text) };
            // A call with hundreds of wrong names must not compare each with all that there are.
            let could_be = letters.could_be_like(&lower);
            let alike = if could_be { strsim::normalized_damerau_levenshtein(&text, &lower) } else { 0.0 };
            // Of names that hold the text, or that it holds, the one that has least beside it.
            let share = shorter as f64 / text.len().max(lower.len()).max(1) as f64;
            (if contained { alike.max(0.75 + 0.05 * share) } else { alike }, name)
        })
        .filter(|(alike, _)| *alike >= ALIKE)
}

/// How often each letter is in a text, whatever their order; letters outside ASCII share places.
struct Letters {
    // A text of at most 64 characters has at most three times as many in lower case.
    counts: [u8; 128],
    all: usize,
}

impl Letters {
    fn of(text: &str) -> Self {
        let mut letters = Self { counts: [0; 128], all: 0 };
        for letter in text.chars() {
            let count = &mut letters.counts[letter as usize % 128];
            *count = count.saturating_add(1);
            letters.all += 1;
        }
        letters
    }

    /// False for a text that is less than [`ALIKE`] by its letters alone: each that the longer one has beyond those they share
    /// is a difference, and exchanging neighbours changes no count.
    fn could_be_like(&self, other: &str) -> bool {
        let enough = |shared: usize, all: usize| {
            #[expect(clippy::cast_precision_loss, reason = "lengths of names")]
            let share = shared as f64 / all.max(1) as f64;
            share >= ALIKE
        };
        let length = other.chars().count();
        if !enough(self.all.min(length), self.all.max(length)) {
            return false;
        }
        let other = Self::of(other);
        let shared: u32 = self.counts.iter().zip(&other.counts).map(|(one, other)| u32::from(*one.min(other))).sum();
        enough(shared as usize, self.all.max(length))
    }
}

/// Compact JSON, cut when long, for showing a value back.
pub fn shown(value: &Value) -> String {
    const MOST: usize = 81;
    let mut beginning = Beginning { bytes: Vec::new(), most: 4 * (MOST + 1) };
    // It ends with an error where the value is longer than what is shown.
    let _ = serde_json::to_writer(&mut beginning, value);
    let json = String::from_utf8_lossy(&beginning.bytes);
    shortened(&json, MOST)
}

/// Takes so many bytes and then no more, so that a long value is not written out to be cut.
struct Beginning {
    bytes: Vec<u8>,
    most: usize,
}

impl io::Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.most - self.bytes.len());
        if taken == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.bytes.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Text. A number or a bool is taken for its spelling.
pub(super) fn text(value: &Value) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text.trim().to_owned()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err(Refusal::must("be a string")),
    }
}

/// True or false, also in a string.
pub(super) fn boolean(value: &Value) -> Result<bool, Refusal> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Ok(false),
        other => {
            let meant = match other.as_str().map(|text| text.trim().to_ascii_lowercase()).as_deref() {
                Some("yes" | "y" | "on" | "1") => Some(true),
                Some("no" | "n" | "off" | "0") => Some(false),
                _ => other.as_i64().and_then(|number| [false, true].get(usize::try_from(number).ok()?).copied()),
            };
            Err(Refusal::must("be true or false").mended_by(meant.map(|meant| Mend::Value(meant.into()))))
        }
    }
}

/// A whole number within `range`, also as `252.0` or in a string.
pub(super) fn integer(value: &Value, range: &RangeInclusive<i64>) -> Result<i64, Refusal> {
    let rule = || {
        let (low, high) = (range.start(), range.end());
        Refusal::must(match (*low, *high) {
            (i64::MIN, i64::MAX) => "be a whole number".to_owned(),
            (_, i64::MAX) => format!("be a whole number of at least {low}"),
            (i64::MIN, _) => format!("be a whole number of at most {high}"),
            _ => format!("be a whole number from {low} to {high}"),
        })
    };
    // 2^53: beyond it a float no longer names one whole number.
    let whole =
        |number: f64| (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0).then_some(number as i64);
    let read = match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| text.parse().ok().and_then(whole))
        }
        _ => None,
    };
    let nearest = |number: i64| Mend::Value(number.clamp(*range.start(), *range.end()).into());
    read.filter(|number| range.contains(number)).ok_or_else(|| rule().mended_by(read.map(nearest)))
}

/// A finite number within `range`, also in a string.
pub(super) fn number(value: &Value, range: &RangeInclusive<f64>) -> Result<f64, Refusal> {
    let read = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    read.filter(|number| number.is_finite() && range.contains(number)).ok_or_else(|| {
        let (low, high) = (*range.start(), *range.end());
        let nearest =
            read.filter(|number| number.is_finite()).map(|number| Mend::Value(number.max(low).min(high).into()));
        let refusal = Refusal::must(match (low.is_finite(), high.is_finite()) {
            (false, false) => "be a number".to_owned(),
            (true, false) => format!("be a number of at least {low}"),
            (false, true) => format!("be a number of at most {high}"),
            (true, true) => format!("be a number from {low} to {high}"),
        });
        refusal.mended_by(nearest)
    })
}

/// A number up to this may be a share that is too large as well as a percentage: nothing is proposed for it.
const NEAR_ONE: f64 = 1.5;

/// A share of one within `range`. A percentage is not guessed at but refused, with the share to write.
pub(super) fn share(value: &Value, range: &RangeInclusive<f64>) -> Result<f64, Refusal> {
    number(value, range).map_err(|refusal| {
        let spelled = value.as_str().map(|text| text.trim().trim_end_matches('%').trim().to_owned());
        let percent = match &spelled {
            Some(text) => text.parse().ok(),
            None => value.as_f64(),
        };
        let percent = percent.filter(|percent: &f64| {
            let marked = value.as_str().is_some_and(|text| text.contains('%'));
            percent.is_finite() && (percent.abs() > NEAR_ONE || marked) && range.contains(&(percent / 100.0))
        });
        // Rounded: 1.1 / 100 is no 0.011 in binary.
        let share = |percent: f64| (percent * 1e8).round() / 1e10;
        let hint = percent.map(|percent| format!("write {} for {percent}%", share(percent)));
        // A share that is too large may have been meant as anything: only a percentage says what was.
        Refusal::must(refusal.rule().trim_start_matches("must ").replace("a number", "a share"))
            .or_rather(hint)
            .mended_by(percent.map(|percent| Mend::Value(share(percent).into())))
    })
}

/// The last day of a range of dates: as [`date`], and a year for its last day, which is the only one it can mean.
pub(super) fn end_date(value: &Value) -> Result<NaiveDate, Refusal> {
    let end = year(value).and_then(|year| NaiveDate::from_ymd_opt(year, 12, 31));
    end.map_or_else(|| date(value), Ok)
}

/// A year, as a number or in words.
fn year(value: &Value) -> Option<i32> {
    let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
    let is_year = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|year| is_year && (1900..=2199).contains(year))
}

/// A date: `YYYY-MM-DD`, or `YYYY-MM` for that month's end. A year alone might be its first or its last day.
pub(super) fn date(value: &Value) -> Result<NaiveDate, Refusal> {
    const RULE: &str = "be a date as YYYY-MM-DD (or YYYY-MM for that month's end)";
    let text = value.as_str().map(str::trim).unwrap_or_default();
    let shaped = |form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(t, f)| if f == b'-' { t == b'-' } else { t.is_ascii_digit() })
    };
    let read = if shaped("yyyy-mm-dd") {
        text.parse::<NaiveDate>().ok()
    } else if shaped("yyyy-mm") {
        format!("{text}-01").parse::<NaiveDate>().ok().map(Calendar::month_end)
    } else if let Some(year) = year(value) {
        let (whole, after) = (format!("{}-12-31", year - 1), format!("{year}-12-31"));
        let hint = format!("for all of {year} write {whole}, for what came after it {after}");
        return Err(Refusal::must(RULE).or_rather(Some(hint)).mended_by(Some(Mend::Value(whole.into()))));
    } else {
        return Err(Refusal::must(RULE).mended_by(meant_date(text)));
    };
    match read {
        None => {
            // The thirtieth of February is its last day.
            let month = text.get(..7).and_then(|month| format!("{month}-01").parse::<NaiveDate>().ok());
            let last = month.map(|first| Calendar::month_end(first).to_string());
            let way_out = last.as_ref().map_or_else(String::new, |last| format!(": that month ends on {last}"));
            let hint = format!("the calendar has no such day{way_out}");
            Err(Refusal::must(RULE).or_rather(Some(hint)).mended_by(last.map(|last| Mend::Value(last.into()))))
        }
        Some(date) if !(1900..=2199).contains(&date.year()) => {
            Err(Refusal::must(RULE).or_rather(Some("the year must be from 1900 to 2199".to_owned())))
        }
        Some(date) => Ok(date),
    }
}

/// A date whose year comes first, written with other separators or none.
fn meant_date(text: &str) -> Option<Mend> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let plain = text.chars().all(|c| c.is_ascii_digit() || ['/', '.', ' '].contains(&c));
    let year_first = text.get(..4).is_some_and(|year| year.bytes().all(|byte| byte.is_ascii_digit()));
    let date = (plain && year_first && digits.len() == 8).then(|| NaiveDate::parse_from_str(&digits, "%Y%m%d").ok());
    date.flatten().map(|date| Mend::Value(date.to_string().into()))
}

/// The value itself, or what a string holds that is written as a JSON array or object.
pub(super) fn unwrapped(value: &Value) -> Cow<'_, Value> {
    if let Value::String(text) = value {
        let text = text.trim();
        if text.starts_with(['[', '{'])
            && let Ok(inner) = serde_json::from_str(text)
        {
            return Cow::Owned(inner);
        }
    }
    Cow::Borrowed(value)
}

/// The items of a list of plain values: an array, a JSON array in a string, one value for a list of one, or `a, b`.
pub(super) fn items(value: &Value) -> Result<Cow<'_, [Value]>, Refusal> {
    match unwrapped(value) {
        Cow::Borrowed(Value::Array(items)) => Ok(Cow::Borrowed(items)),
        Cow::Owned(Value::Array(items)) => Ok(Cow::Owned(items)),
        // No ticker, category or window has one of these in it, and models write lists as they write sentences.
        Cow::Borrowed(Value::String(text)) => Ok(text
            .split([',', ';', '\n'])
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| Value::String(part.to_owned()))
            .collect()),
        Cow::Borrowed(single @ (Value::Number(_) | Value::Bool(_))) => Ok(Cow::Borrowed(slice::from_ref(single))),
        _ => Err(Refusal::must("be a list")),
    }
}

/// An object, also in a string.
pub(super) fn object(value: &Value) -> Result<Map<String, Value>, Refusal> {
    match unwrapped(value).into_owned() {
        Value::Object(object) => Ok(object),
        _ => Err(Refusal::must("be an object")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tool_error::Problem;

    fn rule<T: std::fmt::Debug>(read: Result<T, Refusal>) -> String {
        read.unwrap_err().rule().to_owned()
    }

    proptest::proptest! {
        /// What is not compared could not have been near.
        #[test]
        fn what_is_alike_is_never_passed_over_by_its_letters(one in "[a-d é日]{1,12}", other in "[a-d é日]{1,12}") {
            let alike = strsim::normalized_damerau_levenshtein(&one, &other);
            proptest::prop_assert!(alike < ALIKE || Letters::of(&one).could_be_like(&other));
        }
    }

    #[test]
    fn other_letters_or_another_length_are_not_compared() {
        let letters = Letters::of("financials");
        for (other, could_be) in [("finacnials", true), ("fin", false), ("quiet moby", false), ("financial", true)] {
            assert_eq!(letters.could_be_like(other), could_be, "{other}");
        }
    }

    #[test]
    fn a_whole_number_is_one_that_a_float_can_name() {
        let any = i64::MIN..=i64::MAX;
        for (value, meant) in [
            (json!(9_007_199_254_740_992.0), 9_007_199_254_740_992),
            (json!("1e3"), 1_000),
            (json!(" -7 "), -7),
            (json!(-0.0), 0),
            (json!(i64::MAX), i64::MAX),
        ] {
            assert_eq!(integer(&value, &any), Ok(meant), "{value}");
        }
        for value in [json!(1e16), json!(u64::MAX), json!(0.5), json!("1,000"), json!(""), json!("inf"), json!(true)] {
            assert_eq!(rule(integer(&value, &any)), "must be a whole number", "{value}");
        }
        assert_eq!(rule(integer(&json!(0), &(1..=i64::MAX))), "must be a whole number of at least 1");
        assert_eq!(rule(integer(&json!(3), &(i64::MIN..=2))), "must be a whole number of at most 2");
    }

    #[test]
    fn a_number_is_finite_and_its_bounds_belong_to_the_range() {
        let share = 0.0..=1.0;
        for value in [json!(0), json!(1), json!("1"), json!(" 0.5")] {
            assert!(number(&value, &share).is_ok(), "{value}");
        }
        for value in [json!("NaN"), json!("inf"), json!(1.0_f64.next_up()), json!(-1e-300), json!([1]), json!("0,5")] {
            assert_eq!(rule(number(&value, &share)), "must be a number from 0 to 1", "{value}");
        }
        let open = f64::NEG_INFINITY..=f64::INFINITY;
        assert_eq!(rule(number(&json!("-inf"), &open)), "must be a number");
        assert_eq!(rule(number(&json!(2), &(f64::NEG_INFINITY..=1.5))), "must be a number of at most 1.5");
    }

    #[test]
    fn a_percentage_is_never_guessed_and_the_hint_is_only_what_would_be_allowed() {
        let hint = |value: Value, range| share(&value, &range).unwrap_err().hint().map(str::to_owned);
        let write = |text: &str| Some(text.to_owned());
        assert_eq!(hint(json!(100), 0.0..=1.0), write("write 1 for 100%"));
        assert_eq!(hint(json!("0.5%"), 0.0..=1.0), write("write 0.005 for 0.5%"));
        assert_eq!(hint(json!("60 %"), 0.0..=1.0), write("write 0.6 for 60%"));
        assert_eq!(hint(json!(-60), -1.0..=1.0), write("write -0.6 for -60%"));
        // 150% would be refused again, 0.7 is no percentage, and -0.5 may be anything.
        assert_eq!(hint(json!(150), 0.0..=1.0), None);
        assert_eq!(hint(json!(0.7), 0.0..=0.5), None);
        assert_eq!(hint(json!(-0.5), 0.0..=1.0), None);
        assert_eq!(hint(json!("much%"), 0.0..=1.0), None);
    }

    #[test]
    fn a_date_is_within_the_years_that_can_be_meant() {
        assert_eq!(date(&json!("1900-01-01")).unwrap().to_string(), "1900-01-01");
        assert_eq!(date(&json!(" 2199-12 ")).unwrap().to_string(), "2199-12-31");
        assert_eq!(date(&json!("1900-02")).unwrap().to_string(), "1900-02-28", "no leap year");
        for value in [json!("1899-12-31"), json!("2200-01")] {
            let refused = date(&value).unwrap_err();
            assert_eq!(refused.hint(), Some("the year must be from 1900 to 2199"), "{value}");
        }
        // A year has one last day, and two that might be meant as its start.
        assert_eq!(end_date(&json!("2022")).unwrap().to_string(), "2022-12-31");
        assert_eq!(end_date(&json!(2022)).unwrap().to_string(), "2022-12-31");
        assert_eq!(end_date(&json!("2022-03")).unwrap().to_string(), "2022-03-31");
        let start = date(&json!("2018")).unwrap_err();
        assert_eq!(start.hint(), Some("for all of 2018 write 2017-12-31, for what came after it 2018-12-31"));
        let mend = Problem::new("start_date", "2018", start).mend().cloned();
        assert_eq!(mend, Some(Mend::Value(json!("2017-12-31"))));
        let february = date(&json!("2023-02-30")).unwrap_err();
        assert_eq!(february.hint(), Some("the calendar has no such day: that month ends on 2023-02-28"));
        // Digits of other scripts, and a number that looks like one.
        for value in [json!("٢٠٢٤-٠١"), json!(20_240_101), json!("2024/01/31")] {
            assert_eq!(date(&value).unwrap_err().hint(), None, "{value}");
        }
    }

    #[test]
    fn a_list_may_be_written_as_people_write_lists() {
        let names = |value: Value| items(&value).unwrap().into_owned();
        let both = vec![json!("SPY"), json!("TLT")];
        for value in [json!("SPY; TLT"), json!("SPY\nTLT\n"), json!(" ,SPY,,TLT, "), json!(" [\"SPY\", \"TLT\"]")] {
            assert_eq!(names(value.clone()), both, "{value}");
        }
        assert_eq!(names(json!("")), [json!(null); 0]);
        assert_eq!(names(json!("[]")), [json!(null); 0]);
        assert_eq!(names(json!("[SPY")), [json!("[SPY")], "no JSON, so a name as it stands");
        assert_eq!(names(json!(12)), [json!(12)]);
        assert_eq!(rule(items(&json!({"a": 1}))), "must be a list");
        assert_eq!(rule(items(&json!("{\"a\": 1}"))), "must be a list");
    }

    #[test]
    fn a_value_is_shown_back_in_whole_letters() {
        // 80 letters at most: the quotation mark before them is one of them.
        let shown = shown(&json!("é".repeat(100)));
        assert_eq!(shown, format!("\"{}…", "é".repeat(79)));
        assert_eq!(super::shown(&json!({"a": [1, null]})), r#"{"a":[1,null]}"#);
    }
}
