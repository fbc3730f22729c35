//! What the cells of a date column say, each alone and all together.
//!
//! Some cells can be meant twice: `03/04/2025`, a spreadsheet's `45331`, midnight in another time zone. The whole column
//! decides, and where it does not the file is refused with both readings.

mod epoch;
mod order;
mod words;
mod zone;

use chrono::{DateTime, Datelike, Duration, Months, NaiveDate, NaiveTime, Utc};
use chrono_tz::{America::New_York, Tz};
use factor_types::exchange::last_trading_day;

use self::{
    epoch::{counted, epoch},
    order::{Order, order, year_comes_last},
    words::in_words,
    zone::{offset, zoned},
};

/// A cell of the date column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateCell {
    /// A date that says what it is.
    Day(NaiveDate),
    /// A moment in a stated zone.
    Moment {
        /// Its date in that zone.
        own: NaiveDate,
        /// True at midnight there, which means a date and no moment.
        at_midnight: bool,
        /// Its date in New York.
        exchange: NaiveDate,
    },
    /// `03/04/2025`: month or day first.
    Open {
        /// The first number.
        first: u8,
        /// The second number.
        second: u8,
        /// The year.
        year: u16,
        /// What stands between them.
        separator: u8,
        /// True of a year of two digits.
        short: bool,
    },
    /// A month without a day.
    Month {
        /// Its last trading day.
        last: NaiveDate,
        /// True where its two numbers could be something else: `Nov-21`, `202111`.
        short: bool,
    },
    /// Five digits: days counted by a spreadsheet.
    Count(u32),
    /// No date.
    Unreadable,
}

/// The zone of a column of time stamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// None: the date written is the date meant.
    Naive,
    /// A place.
    Of(Tz),
    /// Seconds east of Greenwich.
    Fixed(i32),
}

impl Zone {
    /// Reads `Europe/Berlin` or `+02:00`; a name that nobody knows is UTC, in which the stamps are kept.
    pub(super) fn parse(name: &str) -> Self {
        name.parse().map(Self::Of).ok().or_else(|| offset(name).map(Self::Fixed)).unwrap_or(Self::Fixed(0))
    }
}

impl DateCell {
    /// Reads `2024-12-31`, `20241231`, `2024/12/31`, `12/31/2024`, `31.12.2024`, `12/31/24`, `Dec 31, 2024`, `31 Dec 2024`,
    /// `31-Dec-24`, `31. Dez. 2024`, and a time after any of them; a zone counts where the year stands first and where the
    /// month is a word. Ten digits are seconds since 1970, thirteen milliseconds, and so on to nanoseconds. `Dec 2024`, `2024-12`,
    /// `12/2024`, `202412` and `Dec-24` are months.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let bytes = bytes.trim_ascii();
        let end = bytes.iter().position(|b| matches!(b, b'T' | b't' | b' ')).unwrap_or(bytes.len());
        match Self::numeric(&bytes[..end]) {
            Self::Day(day) => bytes.get(end + 1..).and_then(|time| zoned(day, time)).unwrap_or(Self::Day(day)),
            Self::Unreadable => std::str::from_utf8(bytes).ok().and_then(in_words).unwrap_or(Self::Unreadable),
            // `2024-12` alone is a month.
            Self::Month { .. } if end < bytes.len() => Self::Unreadable,
            read => read,
        }
    }

    fn numeric(date: &[u8]) -> Self {
        let digits = date.iter().take_while(|b| b.is_ascii_digit()).count();
        let day = match (digits, date.len()) {
            // A program that knows a column's gaps turns its numbers into decimals.
            (8, 8) | (8, 10) if date[8..].is_empty() || date.ends_with(b".0") => {
                calendar(number(&date[..4]), number(&date[4..6]), number(&date[6..8]))
            }
            (6, 6) | (6, 8) if date[6..].is_empty() || date.ends_with(b".0") => {
                return month_of(&date[..4], &date[4..6], true).unwrap_or(Self::Unreadable);
            }
            (4, 6 | 7) if matches!(date[4], b'-' | b'/') => {
                return month_of(&date[..4], &date[5..], false).unwrap_or(Self::Unreadable);
            }
            (1 | 2, length)
                if length == digits + 5
                    && matches!(date[digits], b'-' | b'/' | b'.')
                    && date[digits + 1..].iter().all(u8::is_ascii_digit) =>
            {
                return month_of(&date[digits + 1..], &date[..digits], false).unwrap_or(Self::Unreadable);
            }
            (5, 5) => return number(date).map_or(Self::Unreadable, Self::Count),
            // A spreadsheet's day with a time of day, or a decimal that a program gave it.
            (5, _) if date[5] == b'.' && date[6..].iter().all(u8::is_ascii_digit) => {
                return number(&date[..5]).map_or(Self::Unreadable, Self::Count);
            }
            (10, 10) | (13, 13) | (16, 16) | (19, 19) => {
                return Self::since_1970(&date[..10]).unwrap_or(Self::Unreadable);
            }
            (4, _) => split(&date[4..]).and_then(|(_, month, day)| calendar(number(&date[..4]), month, day)),
            (1 | 2, _) => {
                return Self::open(number(&date[..digits]), split(&date[digits..])).unwrap_or(Self::Unreadable);
            }
            _ => None,
        };
        day.map_or(Self::Unreadable, Self::Day)
    }

    fn open(first: Option<u32>, rest: Option<(u8, Option<u32>, Option<u32>)>) -> Option<Self> {
        let (separator, second, year) = rest?;
        let [first, second] = [first?, second?].map(|number| u8::try_from(number).ok());
        let year = u16::try_from(year?).ok()?;
        // With dashes the year may well come first.
        let short = year < 100 && separator != b'-';
        let year = if short { of_two_digits(year) } else { year };
        let open = Self::Open { first: first?, second: second?, year, separator, short };
        match [Order::MonthFirst, Order::DayFirst].map(|order| order.read(open)) {
            [None, None] => None,
            // The fifth of May, either way.
            [Some(day), Some(other)] if day == other => Some(Self::Day(day)),
            _ => Some(open),
        }
    }

    /// The moment of seconds since 1970 in ten digits, between 2001 and 2030: others could be a date and an hour.
    fn since_1970(digits: &[u8]) -> Option<Self> {
        let seconds: i64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        (1_000_000_000..1_900_000_000).contains(&seconds).then(|| Self::from_seconds(seconds, Zone::Fixed(0)))
    }

    /// The date of a count of days since 1970-01-01.
    pub(super) fn from_days(days: i64) -> Self {
        let day = i32::try_from(days).ok().and_then(NaiveDate::from_epoch_days);
        day.filter(|day| plausible(*day)).map_or(Self::Unreadable, Self::Day)
    }

    /// The date or moment of a count of seconds since 1970-01-01.
    pub(super) fn from_seconds(seconds: i64, zone: Zone) -> Self {
        let Some(time) = DateTime::from_timestamp(seconds, 0).filter(|time| plausible(time.date_naive())) else {
            return Self::Unreadable;
        };
        let own = match zone {
            Zone::Naive => return Self::Day(time.date_naive()),
            Zone::Of(place) => time.with_timezone(&place).naive_local(),
            Zone::Fixed(east) => time.naive_utc() + Duration::seconds(east.into()),
        };
        Self::Moment { own: own.date(), at_midnight: own.time() == NaiveTime::MIN, exchange: in_new_york(time) }
    }
}

fn in_new_york(time: DateTime<Utc>) -> NaiveDate {
    time.with_timezone(&New_York).date_naive()
}

/// A year of two digits: of 1951 to 2050.
fn of_two_digits(year: u16) -> u16 {
    if year <= 50 { 2000 + year } else { 1900 + year }
}

/// Years outside 1800 to 2200 are misread units, not markets.
fn plausible(date: NaiveDate) -> bool {
    (1800..=2200).contains(&date.year())
}

fn number(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() || bytes.len() > 5 {
        return None;
    }
    bytes.iter().try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u32::from(b - b'0')))
}

/// Two numbers after two equal separators: `-12-31` is 12 and 31.
fn split(bytes: &[u8]) -> Option<(u8, Option<u32>, Option<u32>)> {
    let (separator, rest) = bytes.split_first().filter(|(first, _)| matches!(first, b'-' | b'/' | b'.'))?;
    let at = rest.iter().position(|b| b == separator)?;
    Some((*separator, number(&rest[..at]), number(&rest[at + 1..])))
}

fn calendar(year: Option<u32>, month: Option<u32>, day: Option<u32>) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(year?).ok()?, month?, day?).filter(|date| plausible(*date))
}

/// A month by its numbers.
fn month_of(year: &[u8], month: &[u8], short: bool) -> Option<DateCell> {
    let is_plain = year.len() == 4 && (1..=2).contains(&month.len());
    let first = calendar(number(year), number(month), Some(1)).filter(|_| is_plain)?;
    Some(DateCell::Month { last: last_of_month(first)?, short })
}

/// The last trading day of the month that begins on a day.
fn last_of_month(first: NaiveDate) -> Option<NaiveDate> {
    let next = first.checked_add_months(Months::new(1))?;
    Some(last_trading_day(next.pred_opt()?))
}

/// A cell and its line.
type Placed = (u64, DateCell);

/// The dates of a column, and how they were read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settled {
    /// One per cell.
    pub(super) days: Vec<NaiveDate>,
    /// What decided, in words; empty where every date has one reading.
    pub(super) how: Vec<String>,
}

/// The dates of a column. `unit` is what a line is called in messages.
///
/// # Errors
/// The cells that can be meant twice, both readings, and the way out.
pub(super) fn settle(cells: &[Placed], unit: &str, today: NaiveDate) -> Result<Settled, String> {
    year_comes_last(cells, unit)?;
    let months = months_alone(cells, unit)?;
    let (order, by_what) = order(cells, unit)?;
    let (epoch, counting) = epoch(cells, unit, today)?;
    let own_zone = in_own_zone(cells);
    let has_moments = cells.iter().any(|(_, cell)| matches!(cell, DateCell::Moment { .. }));
    let zone = has_moments.then(|| match own_zone {
        true => "midnights of their own zone, taken as dates there".to_owned(),
        false => "moments, taken as dates in New York".to_owned(),
    });
    let day = |(_, cell): &Placed| match *cell {
        DateCell::Day(day) | DateCell::Month { last: day, .. } => Some(day),
        DateCell::Moment { own, exchange, .. } => Some(if own_zone { own } else { exchange }),
        DateCell::Open { .. } => order.read(*cell),
        DateCell::Count(count) => counted(epoch, count),
        DateCell::Unreadable => None,
    };
    // Every cell that comes here is readable in the order and epoch found.
    let days = cells.iter().map(|cell| day(cell).unwrap_or_default()).collect();
    Ok(Settled { days, how: [months, by_what, counting, zone].into_iter().flatten().collect() })
}

/// How months without a day are read, where there are some.
///
/// # Errors
/// When other cells have a day: then it is missing from these; and when short ones change as days do.
fn months_alone(cells: &[Placed], unit: &str) -> Result<Option<String>, String> {
    let is_month = |cell: &&Placed| matches!(cell.1, DateCell::Month { .. });
    let Some((line, _)) = cells.iter().find(is_month) else { return Ok(None) };
    let short = |(_, cell): &Placed| match *cell {
        DateCell::Month { last, short: true } => Some(last.year() * 12 + last.month0() as i32),
        _ => None,
    };
    let all: Vec<i32> = cells.iter().filter_map(short).collect();
    let moves = || all.windows(2).map(|pair| pair[1] - pair[0]).filter(|months| *months != 0);
    if 2 * moves().filter(|months| months % 12 == 0).count() > moves().count() {
        return Err(format!(
            "{unit} {line} and those after it are one month of many years, or days without a year: write YYYY-MM-DD"
        ));
    }
    match cells.iter().find(|cell| !is_month(cell)) {
        None => Ok(Some("months, each taken for its last trading day".to_owned())),
        Some((other, _)) => Err(format!(
            "{unit} {line} has a month without a day, and {unit} {other} a date: write every date as YYYY-MM-DD"
        )),
    }
}

/// True where nearly all moments are midnight in their own zone: they are dates, which a program gave a zone. The newest
/// row may carry a time.
fn in_own_zone(cells: &[Placed]) -> bool {
    let (mut moments, mut midnights) = (0_usize, 0_usize);
    for (_, cell) in cells {
        if let DateCell::Moment { at_midnight, .. } = cell {
            moments += 1;
            midnights += usize::from(*at_midnight);
        }
    }
    midnights * 10 >= moments * 9
}

/// Why dates that rise from day to day are those of a shifted zone: they fall on Sundays and never on a Friday, or on
/// Saturdays and never on a Monday. `None` for a week of five, six or seven days, and for bars that are not daily.
pub(super) fn shifted(days: &[NaiveDate]) -> Option<String> {
    const FEW: usize = 10;
    let next_day = |pair: &&[NaiveDate]| (pair[1] - pair[0]).num_days() == 1;
    if days.len() < FEW || days.windows(2).filter(next_day).count() * 2 < days.len() {
        return None;
    }
    let mut on = [0_usize; 7];
    for day in days {
        if let Some(count) = on.get_mut(day.weekday().num_days_from_monday() as usize) {
            *count += 1;
        }
    }
    let [monday, .., friday, saturday, sunday] = on;
    let (many, none) = (|count: usize| count * 10 >= days.len(), |count: usize| count * 50 <= days.len());
    let (count, name, missing, side) = match () {
        () if many(sunday) && none(friday) => (sunday, "Sundays", "Friday", "early"),
        () if many(saturday) && none(monday) => (saturday, "Saturdays", "Monday", "late"),
        () => return None,
    };
    Some(format!(
        "{count} of {} dates fall on {name} and hardly one on a {missing}: they are a day {side}, as when midnight of one \
         time zone is read in another: write plain dates (YYYY-MM-DD), or time stamps with their zone",
        days.len()
    ))
}

#[cfg(test)]
mod tests;
