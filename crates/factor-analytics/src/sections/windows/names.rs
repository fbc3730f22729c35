//! What windows are called.

use std::{fmt, ops::RangeInclusive};

use chrono::NaiveDate;
use factor_types::{Calendar, Frequency};

/// A window of returns, as named in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReturnWindow {
    /// `1d`, `1w`, `2w`: so many trading days.
    Days(u32),
    /// `mtd`: since the last day of the month before.
    MonthToDate,
    /// `ytd`: since the last day of the year before.
    YearToDate,
    /// `1m` to `10y`.
    Months(u32),
    /// `2022`, `2022H1`, `2022Q1`, `2022-03`: a part of the calendar.
    Calendar(CalendarPart),
    /// `2020-02-19/2020-03-23`: from the price of one day to that of another.
    Dates(NaiveDate, NaiveDate),
}

/// A year, half, quarter or month of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarPart {
    year: i32,
    /// Its first month, 1 to 12.
    month: u32,
    /// How many months it has: 12, 6, 3 or 1.
    months: u32,
}

/// The names of the windows that count back from the end, in order of length.
const NAMES: [(&str, ReturnWindow); 13] = [
    ("1d", ReturnWindow::Days(1)),
    ("1w", ReturnWindow::Days(5)),
    ("2w", ReturnWindow::Days(10)),
    ("mtd", ReturnWindow::MonthToDate),
    ("1m", ReturnWindow::Months(1)),
    ("3m", ReturnWindow::Months(3)),
    ("6m", ReturnWindow::Months(6)),
    ("ytd", ReturnWindow::YearToDate),
    ("1y", ReturnWindow::Months(12)),
    ("2y", ReturnWindow::Months(24)),
    ("3y", ReturnWindow::Months(36)),
    ("5y", ReturnWindow::Months(60)),
    ("10y", ReturnWindow::Months(120)),
];

/// The forms of the windows that stand still.
pub const CALENDAR_FORMS: &str =
    "2022, 2022H1, 2022Q1, 2022-03, a range such as 2020..2025, or dates such as 2020-02-19/2020-03-23";

/// The most windows that one name stands for: ten years of months.
pub const MOST_OF_A_RANGE: usize = 120;

const YEARS: RangeInclusive<i32> = 1900..=2200;

impl ReturnWindow {
    /// The windows that a name stands for: one, or each part of a range (`2020..2025`, `2020Q1..2020Q4`).
    ///
    /// # Errors
    /// What is wrong with the name, and the way out.
    pub fn named(text: &str) -> Result<Vec<Self>, String> {
        match text.split_once("..") {
            Some((first, last)) => range(first, last).map(|parts| parts.into_iter().map(Self::Calendar).collect()),
            None => one(text).map(|window| vec![window]),
        }
    }

    /// Why a name that people use may mean two windows, and how to write each; `None` for any other.
    pub fn doubt(text: &str) -> Option<String> {
        in_words(&text.trim().to_ascii_lowercase()).err()
    }

    /// How many months it counts back from the end of an analysis; `None` for one that stands still.
    pub fn months(self) -> Option<u32> {
        match self {
            Self::Days(_) | Self::MonthToDate => Some(1),
            Self::YearToDate => Some(12),
            Self::Months(months) => Some(months),
            Self::Calendar(_) | Self::Dates(..) => None,
        }
    }

    /// The day whose price one that stands still begins with; `None` for one that counts back.
    pub fn base(self) -> Option<NaiveDate> {
        match self {
            Self::Calendar(part) => Some(part.base()),
            Self::Dates(from, _) => Some(from),
            Self::Days(_) | Self::MonthToDate | Self::YearToDate | Self::Months(_) => None,
        }
    }

    /// True when a panel of this frequency can answer it: days and `mtd` need weekly or daily rows, `1d` daily ones.
    pub fn fits(self, frequency: Frequency) -> bool {
        match (self, frequency) {
            (Self::Days(_) | Self::MonthToDate, Frequency::Monthly) | (Self::Days(1), Frequency::Weekly) => false,
            (Self::Months(_) | Self::YearToDate | Self::Calendar(_) | Self::Dates(..), _)
            | (_, Frequency::Weekly | Frequency::Daily) => true,
        }
    }

    /// The names of the windows that count back and fit a frequency.
    pub fn names(frequency: Frequency) -> Vec<&'static str> {
        NAMES.iter().filter(|(_, window)| window.fits(frequency)).map(|(name, _)| *name).collect()
    }
}

fn one(text: &str) -> Result<ReturnWindow, String> {
    let name = text.trim().to_ascii_lowercase();
    let name = in_words(&name)?.unwrap_or(name);
    if let Some((_, window)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Ok(*window);
    }
    if let Some(window) = years_in_months(&name) {
        return Ok(window);
    }
    if let Some((from, to)) = name.split_once('/') {
        return dates(from, to);
    }
    CalendarPart::named(&name).map(ReturnWindow::Calendar).ok_or_else(|| {
        let known: Vec<&str> = NAMES.iter().map(|(known, _)| *known).collect();
        format!("is no window: write one of {}, {CALENDAR_FORMS}", known.join(" "))
    })
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The name of what people write in words: `Q1 2020`, `March 2020`, `5 years`, `last 12 months`, `year to date`; `None` for what is
/// none of these.
///
/// # Errors
/// It may mean two windows: which, and how to write each.
fn in_words(text: &str) -> Result<Option<String>, String> {
    let words: Vec<&str> = text.split([' ', '-', '_', ',']).filter(|word| !word.is_empty()).collect();
    let counted = match words.as_slice() {
        ["the", "last" | "past" | "trailing", rest @ ..] | ["last" | "past" | "trailing", rest @ ..] => rest,
        rest => rest,
    };
    let is_year = |word: &str| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    let of_calendar = |word: &str, year: &str| {
        let part = word
            .strip_prefix(['q', 'h'])
            .filter(|part| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_digit()));
        let month = MONTHS
            .iter()
            .position(|month| word.len() >= 3 && (month.starts_with(word) || word == "sept" && *month == "september"));
        match (part, month) {
            (Some(_), _) => Some(format!("{year}{word}")),
            (_, Some(month)) => Some(format!("{year}-{:02}", month + 1)),
            _ => None,
        }
    };
    let found = match (words.as_slice(), counted) {
        (["year", "to", "date"] | ["this", "year"], _) => Some("ytd".to_owned()),
        (["month", "to", "date"] | ["this", "month"], _) => Some("mtd".to_owned()),
        (["last", "year"], _) => {
            return Err(
                "may be the twelve months to the end or the calendar year before: write 1y, or the year as 2022"
                    .to_owned(),
            );
        }
        (["last", "quarter"], _) => {
            return Err(
                "may be the three months to the end or a quarter of the calendar: write 3m, or the quarter as 2022Q4"
                    .to_owned(),
            );
        }
        (["last", "month"], _) => {
            return Err(
                "may be the newest whole month or a month before it: write 1m, or the month as 2022-03".to_owned()
            );
        }
        ([word, year] | [year, word], _) if is_year(year) => of_calendar(word, year),
        (_, [count, unit]) if count.bytes().all(|byte| byte.is_ascii_digit()) => length(count, unit),
        (_, [one]) if !text.contains('/') => {
            let at = one.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0);
            at.and_then(|at| length(&one[..at], &one[at..])).filter(|name| name != text)
        }
        _ => None,
    };
    Ok(found)
}

/// `5` and `years` as `5y`.
fn length(count: &str, unit: &str) -> Option<String> {
    let unit = match unit {
        "d" | "day" | "days" => "d",
        "w" | "wk" | "week" | "weeks" => "w",
        "m" | "mo" | "month" | "months" => "m",
        "y" | "yr" | "yrs" | "year" | "years" => "y",
        _ => return None,
    };
    Some(format!("{count}{unit}"))
}

/// `12m` is `1y`, and so are the other years that have a name.
fn years_in_months(name: &str) -> Option<ReturnWindow> {
    let months = name.strip_suffix("mo").or_else(|| name.strip_suffix('m'))?.trim_end().parse().ok()?;
    NAMES.iter().map(|(_, window)| *window).find(|window| *window == ReturnWindow::Months(months))
}

/// From one date to another, `2020-02-19/2020-03-23`; a part of the calendar stands for its beginning or its end: `2023-03/2023-05`.
fn dates(from: &str, to: &str) -> Result<ReturnWindow, String> {
    let day = |text: &str, of_part: fn(CalendarPart) -> NaiveDate| {
        let text = text.trim();
        let part = || CalendarPart::named(text).map(of_part);
        text.parse::<NaiveDate>().ok().or_else(part).ok_or_else(|| {
            format!("is no window: `{text}` is neither a date (YYYY-MM-DD) nor a month (YYYY-MM), quarter or year")
        })
    };
    let (from, to) = (day(from, CalendarPart::base)?, day(to, CalendarPart::end)?);
    match from < to {
        true => Ok(ReturnWindow::Dates(from, to)),
        false => Err("ends before it begins: write the earlier date first".to_owned()),
    }
}

fn range(first: &str, last: &str) -> Result<Vec<CalendarPart>, String> {
    let part = |text: &str| CalendarPart::named(&text.trim().to_ascii_lowercase());
    let (Some(first), Some(last)) = (part(first), part(last)) else {
        return Err("is no range: write 2020..2025, 2020Q1..2020Q4 or 2020-01..2020-12".to_owned());
    };
    if first.months != last.months {
        return Err(
            "begins and ends with parts of different length: write both as years, or both as quarters".to_owned()
        );
    }
    let parts: Vec<CalendarPart> =
        std::iter::successors(Some(first), |part| part.next()).take_while(|part| *part <= last).collect();
    match parts.len() {
        0 => Err("ends before it begins: write the earlier one first".to_owned()),
        count if count > MOST_OF_A_RANGE => {
            Err(format!("is {count} windows, at most {MOST_OF_A_RANGE} are answered: write a shorter range"))
        }
        _ => Ok(parts),
    }
}

impl CalendarPart {
    /// `2022`, `2022h1`, `2022q1`, `2022-03`, in small letters.
    pub(super) fn named(name: &str) -> Option<Self> {
        let digits = name.get(..4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
        let year: i32 = digits.parse().ok().filter(|year| YEARS.contains(year))?;
        let number = |text: &str, most: u32| text.parse::<u32>().ok().filter(|number| (1..=most).contains(number));
        let rest = &name[4..];
        let (month, months) = match rest.chars().next() {
            None => (1, 12),
            Some('h') => (number(&rest[1..], 2)? * 6 - 5, 6),
            Some('q') => (number(&rest[1..], 4)? * 3 - 2, 3),
            Some('-') if rest.len() == 3 => (number(&rest[1..], 12)?, 1),
            Some(_) => return None,
        };
        Some(Self { year, month, months })
    }

    /// The part of the same length after it.
    fn next(&self) -> Option<Self> {
        let month = self.month + self.months;
        let next =
            if month > 12 { Self { year: self.year + 1, month: month - 12, ..*self } } else { Self { month, ..*self } };
        YEARS.contains(&next.year).then_some(next)
    }

    /// How many months it has.
    pub fn months(self) -> u32 {
        self.months
    }

    /// The day before its first.
    pub fn base(self) -> NaiveDate {
        let first = NaiveDate::from_ymd_opt(self.year, self.month, 1);
        first.and_then(|first| first.pred_opt()).unwrap_or_default()
    }

    /// Its last day.
    pub fn end(self) -> NaiveDate {
        let last_month = NaiveDate::from_ymd_opt(self.year, self.month + self.months - 1, 1);
        last_month.map(|first| first.month_end()).unwrap_or_default()
    }
}

impl fmt::Display for CalendarPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, months } = self;
        match months {
            12 => write!(f, "{year}"),
            6 => write!(f, "{year}H{}", month.div_ceil(6)),
            3 => write!(f, "{year}Q{}", month.div_ceil(3)),
            _ => write!(f, "{year}-{month:02}"),
        }
    }
}

impl fmt::Display for ReturnWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calendar(part) => part.fmt(f),
            Self::Dates(from, to) => write!(f, "{from}/{to}"),
            Self::Days(_) | Self::MonthToDate | Self::YearToDate | Self::Months(_) => {
                f.pad(NAMES.iter().find(|(_, window)| window == self).map_or("", |(name, _)| name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str) -> Result<Vec<String>, String> {
        ReturnWindow::named(name).map(|windows| windows.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_name_reads_as_what_it_writes() {
        for (name, window) in NAMES {
            assert_eq!((ReturnWindow::named(name), window.to_string()), (Ok(vec![window]), name.to_owned()));
        }
        for name in ["2022", "2022H2", "2022Q4", "2022-03", "2020-02-19/2020-03-23"] {
            assert_eq!(written(name), Ok(vec![name.to_owned()]));
        }
        assert_eq!(ReturnWindow::named(" 3M "), Ok(vec![ReturnWindow::Months(3)]));
        // Parts of the calendar stand for their ends.
        assert_eq!(written("2023-03/2023-05"), Ok(vec!["2023-02-28/2023-05-31".to_owned()]));
        assert_eq!(written("2023-03-10/2023Q2"), Ok(vec!["2023-03-10/2023-06-30".to_owned()]));
        let no_date = written("2023-02-30/2023-03-15").unwrap_err();
        assert!(no_date.contains("`2023-02-30` is neither a date"), "{no_date}");
        assert!(written("a/b").unwrap_err().contains("`a` is neither a date"));
        assert!(written("2023-05/2023-03").unwrap_err().contains("ends before it begins"));
        // Years that are counted in months.
        assert_eq!((written("12m"), written("36 M"), written("120mo")), (written("1y"), written("3y"), written("10y")));
        assert_eq!(written("2022q1"), Ok(vec!["2022Q1".to_owned()]));
        assert_eq!(ReturnWindow::names(Frequency::Monthly)[0], "1m");
        assert_eq!(ReturnWindow::names(Frequency::Weekly)[0], "1w");
    }

    #[test]
    fn what_people_write_is_read_where_it_means_one_window() {
        for (name, meant) in [
            ("Q1 2020", "2020Q1"),
            ("2020 Q1", "2020Q1"),
            ("2020-Q1", "2020Q1"),
            ("h2 2021", "2021H2"),
            ("March 2020", "2020-03"),
            ("2020 mar", "2020-03"),
            ("Sept 2021", "2021-09"),
            ("5 years", "5y"),
            ("1 year", "1y"),
            ("5yr", "5y"),
            ("12 months", "1y"),
            ("last 3 months", "3m"),
            ("the past 5 years", "5y"),
            ("2 weeks", "2w"),
            ("Year to date", "ytd"),
            ("this year", "ytd"),
            ("2020", "2020"),
        ] {
            assert_eq!(written(name), Ok(vec![meant.to_owned()]), "{name}");
        }
        for (name, ways) in
            [("last year", "write 1y, or the year as"), ("Last quarter", "write 3m"), ("last month", "write 1m")]
        {
            assert!(written(name).unwrap_err().contains(ways), "{name}: {:?}", written(name));
        }
        for name in ["4 months", "Q5 2020", "ma 2020", "2020 2021", "last", "5 lightyears", "Q1", "1 2020", "q 2020"] {
            assert!(written(name).unwrap_err().contains("is no window"), "{name}: {:?}", written(name));
        }
    }

    #[test]
    fn ranges_are_their_parts() {
        assert_eq!(written("2020..2022").unwrap(), ["2020", "2021", "2022"]);
        assert_eq!(written("2021Q3 .. 2022Q1").unwrap(), ["2021Q3", "2021Q4", "2022Q1"]);
        assert_eq!(written("2021-11..2022-02").unwrap(), ["2021-11", "2021-12", "2022-01", "2022-02"]);
        assert_eq!(written("2021H2..2022H1").unwrap(), ["2021H2", "2022H1"]);
        assert_eq!(written("2015-01..2024-12").unwrap().len(), 120);
        for (name, words) in [
            ("2014-12..2024-12", "is 121 windows, at most 120"),
            ("2022..2020", "ends before it begins"),
            ("2020..2021Q4", "different length"),
            ("2020..", "is no range"),
            ("1900..2200", "is 301 windows"),
        ] {
            assert!(written(name).unwrap_err().contains(words), "{name}: {:?}", written(name));
        }
    }

    #[test]
    fn a_part_of_the_calendar_has_its_days() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (name, base, end, months) in [
            ("2022", "2021-12-31", "2022-12-31", 12),
            ("2022h2", "2022-06-30", "2022-12-31", 6),
            ("2022q1", "2021-12-31", "2022-03-31", 3),
            ("2024-02", "2024-01-31", "2024-02-29", 1),
        ] {
            let part = CalendarPart::named(name).unwrap();
            assert_eq!((part.base(), part.end(), part.months()), (day(base), day(end), months), "{name}");
        }
    }

    #[test]
    fn what_is_no_window_says_how_to_write_one() {
        for name in ["4m", "zz", "2022-13", "2022Q5", "0022", "2022H3", "é22é", "2022-3", "20220", "2022-03-01"] {
            let told = ReturnWindow::named(name).unwrap_err();
            assert!(told.contains("write"), "{name}: {told}");
        }
        assert!(written("2022-03-01/2022-01-01").unwrap_err().contains("earlier date first"));
    }
}
