//! What one cell or one header says.

use chrono::{DateTime, NaiveDate};
use factor_types::Maturity;

/// A cell of a number column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell<'a> {
    /// Nothing there: no price on that date, not a bad one.
    Missing,
    /// A number, possibly not finite.
    Number(f64),
    /// Text where a number should be.
    Text(&'a str),
}

/// A cell of the date column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateCell {
    /// A date.
    Date(NaiveDate),
    /// `31/12/2024`: the day comes first, so every other slash date of the file may be misread.
    DayFirst,
    /// No date.
    Unreadable,
}

/// What spreadsheets, pandas, R and FRED write for "no value".
const MISSING: [&str; 10] = ["nan", "null", "na", "n/a", "#n/a", "none", "nil", "-", ".", "<na>"];

impl<'a> Cell<'a> {
    /// Reads a cell's text.
    pub(super) fn parse(bytes: &'a [u8]) -> Self {
        let bytes = bytes.trim_ascii();
        if bytes.is_empty() {
            return Self::Missing;
        }
        let Ok(text) = std::str::from_utf8(bytes) else { return Self::Text("(not UTF-8)") };
        // Tested before the number, for Rust reads `nan` as one.
        let first = bytes[0] | 0x20;
        if !first.is_ascii_digit() && MISSING.iter().any(|missing| text.eq_ignore_ascii_case(missing)) {
            return Self::Missing;
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Self::Number(number),
            _ => Self::Text(text),
        }
    }
}

impl DateCell {
    /// Reads `2024-12-31`, `20241231`, `12/31/2024` (month first), `2024/12/31`, and a time after any of these.
    ///
    /// A time's zone is not applied: the date written is the date meant.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let bytes = bytes.trim_ascii();
        let date = bytes.split(|b| matches!(b, b'T' | b't' | b' ')).next().unwrap_or(bytes);
        let digits = date.iter().take_while(|b| b.is_ascii_digit()).count();
        let found = match (digits, date.len()) {
            (8, 8) => calendar(number(&date[..4]), number(&date[4..6]), number(&date[6..])),
            (4, _) => split(&date[4..], b'-').or_else(|| split(&date[4..], b'/')).and_then(|rest| {
                let (month, day) = rest;
                calendar(number(&date[..4]), month, day)
            }),
            (1 | 2, _) => {
                let first = number(&date[..digits]);
                match split(&date[digits..], b'/') {
                    Some((second, year)) if year.is_some_and(|year| year > 999) => {
                        if first.is_some_and(|day| (13..=31).contains(&day))
                            && second.is_some_and(|month| (1..=12).contains(&month))
                        {
                            return Self::DayFirst;
                        }
                        calendar(year, first, second)
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        found.map_or(Self::Unreadable, Self::Date)
    }

    /// The date of a count of days since 1970-01-01.
    pub(super) fn from_days(days: i64) -> Self {
        i32::try_from(days)
            .ok()
            .and_then(NaiveDate::from_epoch_days)
            .map_or(Self::Unreadable, |date| if plausible(date) { Self::Date(date) } else { Self::Unreadable })
    }

    /// The date (in UTC) of a count of seconds since 1970-01-01.
    pub(super) fn from_seconds(seconds: i64) -> Self {
        DateTime::from_timestamp(seconds, 0).map_or(Self::Unreadable, |time| {
            let date = time.date_naive();
            if plausible(date) { Self::Date(date) } else { Self::Unreadable }
        })
    }
}

/// Years outside 1800 to 2200 are misread units, not markets.
fn plausible(date: NaiveDate) -> bool {
    use chrono::Datelike;
    (1800..=2200).contains(&date.year())
}

fn number(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() || bytes.len() > 4 {
        return None;
    }
    bytes.iter().try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u32::from(b - b'0')))
}

/// Two numbers after two separators: `-12-31` is 12 and 31.
fn split(bytes: &[u8], separator: u8) -> Option<(Option<u32>, Option<u32>)> {
    let rest = bytes.strip_prefix(&[separator])?;
    let at = rest.iter().position(|b| *b == separator)?;
    Some((number(&rest[..at]), number(&rest[at + 1..])))
}

fn calendar(year: Option<u32>, month: Option<u32>, day: Option<u32>) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(year?).ok()?, month?, day?).filter(|date| plausible(*date))
}

/// A header without case, spaces, underscores, dots and hyphens: `Adj. Close` is `adjclose`.
pub(super) fn plain(header: &str) -> String {
    let letters = header.trim_start_matches('\u{feff}').chars();
    letters.filter(|c| !c.is_whitespace() && !matches!(c, '_' | '.' | '-')).flat_map(char::to_lowercase).collect()
}

/// The yield that a header names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tenor {
    /// One that the tools use.
    Used(Maturity),
    /// One that they do not, such as `DGS7`: left aside without a word.
    Other,
}

impl Tenor {
    /// Reads `UST10Y`, FRED's `DGS10` and `DGS3MO`, the Treasury's `10 Yr` and `3 Mo`.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let name = plain(header);
        let prefixed = ["ust", "dgs", "bc"].iter().find_map(|prefix| name.strip_prefix(prefix));
        let text = prefixed.unwrap_or(&name);
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let count: u32 = text[..digits].parse().ok()?;
        let unit = &text[digits..];
        let months = match unit {
            "m" | "mo" | "mon" | "mth" | "month" | "months" if prefixed.is_some() || unit.len() > 1 => count,
            "y" | "yr" | "yrs" | "year" | "years" if prefixed.is_some() || unit.len() > 1 => count.checked_mul(12)?,
            "" if prefixed.is_some() => count.checked_mul(12)?,
            _ => return None,
        };
        Some(match months {
            3 => Self::Used(Maturity::Ust3M),
            24 => Self::Used(Maturity::Ust2Y),
            60 => Self::Used(Maturity::Ust5Y),
            120 => Self::Used(Maturity::Ust10Y),
            360 => Self::Used(Maturity::Ust30Y),
            _ => Self::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_their_forms() {
        let date = |text: &str| DateCell::parse(text.as_bytes());
        let expected = DateCell::Date(NaiveDate::from_ymd_opt(2024, 2, 9).unwrap());
        for text in [
            "2024-02-09",
            " 2024-02-09 ",
            "20240209",
            "02/09/2024",
            "2/9/2024",
            "2024/02/09",
            "2024-2-9",
            "2024-02-09 00:00:00",
            "2024-02-09T16:00:00-05:00",
            "2024-02-09T00:00:00.000Z",
            "02/09/2024 16:00",
        ] {
            assert_eq!(date(text), expected, "{text}");
        }
        for text in [
            "",
            "2024",
            "2024-13-01",
            "2024-02-30",
            "9 Feb 2024",
            "02/09/24",
            "45331",
            "0001-01-01",
            "//",
            "2024-",
            "é",
        ] {
            assert_eq!(date(text), DateCell::Unreadable, "{text}");
        }
        assert_eq!(date("31/12/2024"), DateCell::DayFirst);
        assert_eq!(date("31/31/2024"), DateCell::Unreadable);
    }

    #[test]
    fn cells_are_missing_numbers_or_text() {
        let cell = |text: &'static str| Cell::parse(text.as_bytes());
        for text in ["", "  ", "NaN", "nan", "null", "NA", "N/A", "#N/A", "None", ".", "-", "<NA>"] {
            assert_eq!(cell(text), Cell::Missing, "{text}");
        }
        assert_eq!(cell(" 1.5 "), Cell::Number(1.5));
        assert_eq!(cell("-1e3"), Cell::Number(-1000.0));
        for text in ["abc", "1,234.5", "$5", "inf", "-Infinity", "12%", "1e999"] {
            assert_eq!(cell(text), Cell::Text(text));
        }
    }

    #[test]
    fn headers_of_yields() {
        for (header, maturity) in [
            ("UST3M", Maturity::Ust3M),
            ("DGS3MO", Maturity::Ust3M),
            ("3 Mo", Maturity::Ust3M),
            ("ust_2y", Maturity::Ust2Y),
            ("DGS5", Maturity::Ust5Y),
            ("10 Yr", Maturity::Ust10Y),
            ("dgs30", Maturity::Ust30Y),
        ] {
            assert_eq!(Tenor::parse(header), Some(Tenor::Used(maturity)), "{header}");
        }
        assert_eq!(Tenor::parse("DGS7"), Some(Tenor::Other));
        for header in ["SPY", "UST", "5Y", "3M", "UST10X", "DGS", "date", "99999999999 yr"] {
            assert_eq!(Tenor::parse(header), None, "{header}");
        }
    }
}
