//! Dates whose month is a word, in the languages that exports are written in.

use chrono::{NaiveDate, Weekday};

use super::{DateCell, calendar, last_of_month, number, of_two_digits, zone::zoned};

/// The months in English, German, French, Spanish, Italian and Portuguese, without accents. Three letters and more of one are
/// the month, where they begin no other.
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "janner", "janvier", "enero", "gennaio", "janeiro"],
    &["february", "februar", "feber", "fevrier", "febrero", "febbraio", "fevereiro"],
    &["march", "marz", "maerz", "mrz", "mars", "marzo", "marco"],
    &["april", "avril", "abril", "aprile"],
    &["may", "mai", "mayo", "maggio", "maio"],
    &["june", "juni", "juin", "junio", "giugno", "junho"],
    &["july", "juli", "juillet", "julio", "luglio", "julho"],
    &["august", "aout", "agosto"],
    &["september", "septembre", "septiembre", "setiembre", "settembre", "setembro"],
    &["october", "oktober", "octobre", "octubre", "ottobre", "outubro"],
    &["november", "novembre", "noviembre", "novembro"],
    &["december", "dezember", "decembre", "diciembre", "dicembre", "dezembro"],
];

/// The number of the month that a word names, if it names one alone.
fn month(word: &str) -> Option<u32> {
    let plain: String = word.chars().flat_map(char::to_lowercase).filter_map(without_accent).collect();
    let begins = |names: &&[&str]| plain.len() >= 3 && names.iter().any(|name| name.starts_with(&plain));
    let mut found = MONTHS.iter().enumerate().filter(|(_, names)| begins(names));
    let (at, _) = found.next()?;
    if found.next().is_some() { None } else { u32::try_from(at + 1).ok() }
}

/// A letter without its accent; `None` for an accent that stands alone after its letter.
fn without_accent(letter: char) -> Option<char> {
    match letter {
        'à' | 'á' | 'â' | 'ä' => Some('a'),
        'è' | 'é' | 'ê' => Some('e'),
        'ù' | 'ú' | 'û' | 'ü' => Some('u'),
        'ç' => Some('c'),
        '\u{300}'..='\u{36f}' => None,
        other => Some(other),
    }
}

/// `Dec 31, 2024`, `31 December 2024`, `31-Dec-24`, `3 de diciembre de 2018`, with a weekday before it and a time after it
/// (`Mon, 03 Dec 2018 00:00:00 GMT`), or a month alone (`Dec 2018`, `Dec-18`).
pub(super) fn in_words(text: &str) -> Option<DateCell> {
    // Nothing that long is a date.
    const LONGEST: usize = 100;
    if text.len() > LONGEST {
        return None;
    }
    let (date, time) = match text.find(':') {
        Some(colon) => text.split_at(text[..colon].rfind([' ', ','])? + 1),
        None => (text, ""),
    };
    let is_separator = |c: char| c.is_whitespace() || matches!(c, ',' | '-' | '/' | '.');
    let mut parts =
        date.split(is_separator).filter(|part| !part.is_empty() && !matches!(*part, "de" | "del")).peekable();
    // `Monday, September 18, 2023`
    let is_weekday = |part: &&str| part.len() >= 3 && part.parse::<Weekday>().is_ok();
    parts.next_if(is_weekday);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next());
    if parts.next().is_some() {
        return None;
    }
    let Some(c) = c else {
        // `Nov-21` is a month of spreadsheets, `21-Nov` a day.
        let is_short = b.len() == 2 && date.trim().bytes().filter(|byte| !byte.is_ascii_alphanumeric()).eq([b'-']);
        let of_month = month(a).zip(Some(b)).or_else(|| month(b).zip(Some(a)))?;
        let last = whole_month(of_month, is_short && month(a).is_some()).filter(|_| time.is_empty())?;
        return Some(DateCell::Month { last, short: is_short });
    };
    let (month, day, year) = match (month(a), month(b)) {
        (Some(month), None) => (month, b, c),
        (None, Some(month)) if a.len() == 4 => (month, c, a),
        (None, Some(month)) => (month, a, c),
        _ => return None,
    };
    let by_dashes = date.bytes().filter(|byte| *byte == b'-').count() == 2;
    let day = calendar(year_of(year, by_dashes), Some(month), number(day.as_bytes()))?;
    Some(zoned(day, time.as_bytes()).unwrap_or(DateCell::Day(day)))
}

/// A year, of two digits only where it can be nothing else: in `31-Dec-24` the month stands between.
fn year_of(text: &str, by_dashes: bool) -> Option<u32> {
    match text.len() {
        4 => number(text.as_bytes()),
        2 if by_dashes => Some(of_two_digits(u16::try_from(number(text.as_bytes())?).ok()?).into()),
        _ => None,
    }
}

/// The last trading day of a month.
fn whole_month((month, year): (u32, &str), may_be_short: bool) -> Option<NaiveDate> {
    last_of_month(calendar(year_of(year, may_be_short), Some(month), Some(1))?)
}
