//! A file of the library, read strictly.
//!
//! A preamble of text, whose first line names the vintage (`using the 202504 CRSP database`); a header whose first cell is empty or
//! `Date`; rows that begin with `YYYYMM`, `YYYYMMDD` or `YYYY-MM-DD`; after a blank line the same factors by year, which are not
//! read but must be what they claim; a line with the copyright at the end, without which the file is cut off. Line ends are CRLF or
//! LF, text is UTF-8 or Windows-1252, cells may be padded. Figures are percent; -99.99 and -999 are missing.

use std::borrow::Cow;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use factor_types::{Frequency, shortened};

/// The header comes within so many lines.
const LONGEST_PREAMBLE: usize = 60;
/// No factor moves as far in a month or day, in percent.
const LARGEST: f64 = 100.0;
/// Days without a row between two days: in March 1933 the exchange was closed for twelve.
const LONGEST_CLOSURE: u64 = 14;
/// The last year in which New York traded on Saturdays.
const LAST_SATURDAYS: i32 = 1952;
/// Characters that an error shows of a cell.
const SHOWN: usize = 40;
/// How the two marks of a missing figure are written.
const MISSING: [f64; 2] = [-99.99, -999.0];

/// Returns of factors on common dates, as one file has them.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorTable {
    /// The month of the database that the file was made from: `202504`.
    pub vintage: Option<String>,
    /// Months or days.
    pub frequency: Frequency,
    /// Of a month its last day; rising.
    pub dates: Vec<NaiveDate>,
    /// The factors, in the file's order.
    pub columns: Vec<FactorColumn>,
}

/// A factor.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorColumn {
    /// `Mkt-RF`, `SMB`, `HML`, `RMW`, `CMA`, `Mom`, `RF`.
    pub name: String,
    /// Its simple return of each date, as a decimal; `NaN` where missing.
    pub returns: Vec<f64>,
}

/// Why bytes are no file of the library.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is something else.
    #[error("it is {0}, not a file of Kenneth French's library")]
    Other(&'static str),
    /// No header was found.
    #[error("it has no header of factors (a line such as `,Mkt-RF,SMB,HML,RF`)")]
    NoHeader,
    /// Only the years are there.
    #[error("line {0}: it has factors by year alone; the file of months or days is needed")]
    Annual(usize),
    /// There is a header and no row.
    #[error("it has a header and no row")]
    Empty,
    /// The end is missing.
    #[error("it is cut off: the line with the copyright at its end is missing")]
    Cut,
    /// A line that breaks a rule.
    #[error("line {line}: {rule}")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        rule: String,
    },
    /// A column that the file should have.
    #[error("it has no column {0}")]
    NoColumn(&'static str),
    /// Days for months, or months for days.
    #[error("it has {0} returns, {1} ones are needed")]
    Frequency(Frequency, Frequency),
}

/// How a file's dates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DateForm {
    Month,
    Compact,
    Iso,
}

/// A line and where it stands.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    number: usize,
    text: &'a str,
}

impl FactorTable {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// [`ReadError`]: the first rule that is broken, with its line.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        let text = decoded(bytes)?;
        let lines: Vec<Line<'_>> = lines(&text)?;
        let (header_at, names) = header(&lines)?;
        let vintage = lines[..header_at].first().and_then(|line| vintage(line.text));
        let mut table = Self::empty(vintage, &names);
        let mut form = None;
        let mut rest = lines[header_at + 1..].iter();
        for line in rest.by_ref() {
            if line.is_blank() {
                break;
            }
            if line.is_copyright() {
                return Err(line.error("the copyright stands where a row is expected: a blank line is missing"));
            }
            table.push(*line, &names, &mut form)?;
        }
        if table.dates.is_empty() {
            return Err(ReadError::Empty);
        }
        by_year(rest.as_slice(), &names)?;
        Ok(table)
    }

    fn empty(vintage: Option<String>, names: &[&str]) -> Self {
        let columns = names.iter().map(|name| FactorColumn { name: (*name).to_owned(), returns: Vec::new() });
        Self { vintage, frequency: Frequency::Monthly, dates: Vec::new(), columns: columns.collect() }
    }

    /// A factor's returns.
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        self.columns.iter().find(|column| column.name == name).map(|column| column.returns.as_slice())
    }

    /// Adds a row.
    fn push(&mut self, line: Line<'_>, names: &[&str], form: &mut Option<DateForm>) -> Result<(), ReadError> {
        let mut cells = line.text.split(',').map(str::trim);
        let first = cells.next().unwrap_or_default();
        let (date, found) = date(first).ok_or_else(|| match first.len() {
            4 if first.bytes().all(|b| b.is_ascii_digit()) && self.dates.is_empty() => ReadError::Annual(line.number),
            _ => line.error(format!("`{}` is no date (YYYYMM, YYYYMMDD or YYYY-MM-DD)", shortened(first, SHOWN))),
        })?;
        if *form.get_or_insert(found) != found {
            return Err(line.error(format!("the date `{first}` is written in another way than those before it")));
        }
        self.frequency = if found == DateForm::Month { Frequency::Monthly } else { Frequency::Daily };
        if let Some(before) = self.dates.last() {
            follows(*before, date, found).map_err(|rule| line.error(rule))?;
        }
        if found != DateForm::Month {
            let saturday = date.weekday() == Weekday::Sat && date.year() > LAST_SATURDAYS;
            if date.weekday() == Weekday::Sun || saturday {
                return Err(line.error(format!("{date} is a day of a weekend")));
            }
        }
        let values = values(line, cells, names)?;
        self.dates.push(date);
        self.columns.iter_mut().zip(values).for_each(|(column, value)| column.returns.push(value));
        Ok(())
    }
}

impl Line<'_> {
    fn is_blank(self) -> bool {
        self.text.trim().is_empty()
    }

    fn is_copyright(self) -> bool {
        self.text.trim_start().get(..9).is_some_and(|start| start.eq_ignore_ascii_case("copyright"))
    }

    fn error(self, rule: impl Into<String>) -> ReadError {
        ReadError::Line { line: self.number, rule: rule.into() }
    }
}

/// The text, by its bytes.
fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReadError::Other("empty"));
    }
    if bytes.starts_with(b"PK") {
        return Err(ReadError::Other("a zip"));
    }
    if bytes.contains(&0) {
        return Err(ReadError::Other("not text"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Apostrophes of the preamble are Windows-1252's (0x92).
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
    };
    if text.trim_start().starts_with('<') {
        return Err(ReadError::Other("a page of HTML"));
    }
    Ok(text)
}

/// The lines, whichever of the two ends each has.
fn lines(text: &str) -> Result<Vec<Line<'_>>, ReadError> {
    let split = text.split('\n').enumerate();
    let lines = split.map(|(at, line)| Line { number: at + 1, text: line.strip_suffix('\r').unwrap_or(line) });
    let lines: Vec<Line<'_>> = lines.collect();
    match lines.iter().find(|line| line.text.contains('\r')) {
        Some(line) => Err(line.error("it has a carriage return within it")),
        None => Ok(lines),
    }
}

/// Where the header is, and the factors that it names.
fn header<'a>(lines: &[Line<'a>]) -> Result<(usize, Vec<&'a str>), ReadError> {
    for (at, line) in lines.iter().take(LONGEST_PREAMBLE).enumerate() {
        let mut cells = line.text.split(',').map(str::trim);
        let first = cells.next().unwrap_or_default();
        let names: Vec<&str> = cells.collect();
        let is_header = (first.is_empty() || first.eq_ignore_ascii_case("date")) && !names.is_empty();
        if !is_header {
            // Rows before any header: the header is lost, and which column is which is anybody's guess.
            if date(first).is_some() && !names.is_empty() {
                return Err(line.error("a row stands before any header"));
            }
            continue;
        }
        let mut known = Vec::with_capacity(names.len());
        for name in names {
            let name = factor(name)
                .ok_or_else(|| line.error(format!("`{}` is no factor known here", shortened(name, SHOWN))))?;
            if known.contains(&name) {
                return Err(line.error(format!("it names {name} twice")));
            }
            known.push(name);
        }
        return Ok((at, known));
    }
    Err(ReadError::NoHeader)
}

/// A factor's name as it is called here.
fn factor(written: &str) -> Option<&'static str> {
    const NAMES: [&str; 10] = ["Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF", "Mom", "MOM", "WML", "UMD"];
    let name = NAMES.into_iter().find(|name| *name == written)?;
    Some(if matches!(name, "MOM" | "WML" | "UMD") { "Mom" } else { name })
}

/// The month of the database, as the first line names it.
fn vintage(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_month = |word: &str| {
        word.len() == 6
            && word.bytes().all(|b| b.is_ascii_digit())
            && word.get(4..).and_then(|month| month.parse::<u32>().ok()).is_some_and(|month| (1..=12).contains(&month))
    };
    let named = words.windows(3).find(|three| is_month(three[0]) && three[2].trim_end_matches('.') == "database");
    named.map(|three| three[0].to_owned())
}

/// A date and how it is written. Of a month it is the last day.
fn date(text: &str) -> Option<(NaiveDate, DateForm)> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    match text.len() {
        6 if digits => {
            let (year, month) = (text[..4].parse().ok()?, text[4..].parse().ok()?);
            let first = NaiveDate::from_ymd_opt(year, month, 1)?;
            let last = first.checked_add_months(chrono::Months::new(1))?.pred_opt()?;
            Some((last, DateForm::Month)).filter(|_| is_of_markets(first))
        }
        8 if digits => {
            let day =
                NaiveDate::from_ymd_opt(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?)?;
            Some((day, DateForm::Compact)).filter(|_| is_of_markets(day))
        }
        10 => {
            // By hand: chrono's own reading lets spaces through.
            let mut parts = text.split('-');
            let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
            let is_plain = [year, month, day].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
            let is_whole = (year.len(), month.len(), day.len()) == (4, 2, 2) && parts.next().is_none();
            let day = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
            Some((day, DateForm::Iso)).filter(|_| is_plain && is_whole && is_of_markets(day))
        }
        _ => None,
    }
}

/// CRSP begins in 1926; no file is of the next century.
fn is_of_markets(day: NaiveDate) -> bool {
    (1926..=2100).contains(&day.year())
}

/// That nothing is missing between two rows.
fn follows(before: NaiveDate, date: NaiveDate, form: DateForm) -> Result<(), String> {
    if date <= before {
        return Err(format!("{date} does not come after {before}"));
    }
    let gap = match form {
        DateForm::Month => before.checked_add_days(Days::new(31)).is_some_and(|next| date > next),
        DateForm::Compact | DateForm::Iso => {
            before.checked_add_days(Days::new(LONGEST_CLOSURE)).is_some_and(|next| date > next)
        }
    };
    if gap { Err(format!("{date} follows {before}: rows in between are missing")) } else { Ok(()) }
}

/// The figures of a row, one for each factor.
fn values<'a>(line: Line<'_>, cells: impl Iterator<Item = &'a str>, names: &[&str]) -> Result<Vec<f64>, ReadError> {
    let cells: Vec<&str> = cells.collect();
    if cells.len() != names.len() {
        let (found, named) = (cells.len(), names.len());
        return Err(line.error(format!("it has {found} figures, the header names {named} factors")));
    }
    let value = |(cell, name): (&&str, &&str)| {
        let percent =
            number(cell).ok_or_else(|| line.error(format!("`{}` of {name} is no number", shortened(cell, SHOWN))))?;
        if MISSING.contains(&percent) {
            return Ok(f64::NAN);
        }
        if percent.abs() > LARGEST {
            return Err(line.error(format!("{cell}% of {name} is no return of a month or a day")));
        }
        // The lowest rate there was is -0.06% in a month; figures of another column are mostly further out.
        if *name == "RF" && !(-0.3..=3.0).contains(&percent) {
            return Err(line.error(format!("RF of {cell}% is no rate: the columns are shifted")));
        }
        Ok(percent / 100.0)
    };
    cells.iter().zip(names).map(value).collect()
}

/// A plain decimal number.
fn number(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_plain = digits(whole) && digits(part) && !(whole.is_empty() && part.is_empty()) && text.len() <= 16;
    let has_point_without_digits = unsigned.ends_with('.');
    (is_plain && !has_point_without_digits).then(|| text.parse().ok()).flatten()
}

/// What follows the rows: years with a title and a header of their own, and the copyright.
fn by_year(lines: &[Line<'_>], names: &[&str]) -> Result<(), ReadError> {
    let (mut ended, mut titled) = (false, false);
    for line in lines {
        let text = line.text.trim();
        let mut cells = line.text.split(',').map(str::trim);
        let first = cells.next().unwrap_or_default();
        if text.is_empty() {
            continue;
        }
        if ended {
            return Err(line.error("something follows the copyright"));
        }
        if line.is_copyright() {
            ended = true;
            continue;
        }
        let is_year = first.len() == 4 && first.bytes().all(|b| b.is_ascii_digit());
        if is_year && titled {
            values_of_year(*line, cells, names)?;
            continue;
        }
        let of_header = first.is_empty() || first.eq_ignore_ascii_case("date");
        if titled && of_header && cells.clone().count() == names.len() {
            continue;
        }
        let is_title = !text.contains(',') && !text.bytes().next().is_some_and(|b| b.is_ascii_digit() || b == b'-');
        if is_title && (titled || text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("annual"))) {
            titled = true;
            continue;
        }
        return Err(line.error(format!("`{}` is neither a year, a title nor the copyright", shortened(text, SHOWN))));
    }
    if ended { Ok(()) } else { Err(ReadError::Cut) }
}

/// That a year has a number for each factor.
fn values_of_year<'a>(line: Line<'_>, cells: impl Iterator<Item = &'a str>, names: &[&str]) -> Result<(), ReadError> {
    let cells: Vec<&str> = cells.collect();
    if cells.len() != names.len() || cells.iter().any(|cell| number(cell).is_none()) {
        return Err(line.error("the row of a year does not have a number for each factor"));
    }
    Ok(())
}
