//! What the cells of a number column say, each alone and all together.
//!
//! `1,234` is a thousand and more, or one and a bit. Cells that can be read in one way alone say how the others of the file
//! are meant; where none does, or where they contradict each other, the file is refused with both readings.

use super::notes::excerpt;

/// A cell of a number column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell<'a> {
    /// Nothing there: no price on that date, not a bad one.
    Missing,
    /// A number that was never text; possibly not finite.
    Number(f64),
    /// A number as written.
    Written(Written, &'a str),
    /// Text where a number should be.
    Text(&'a str),
}

/// A number as written, with what its writing says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Written {
    /// Its value; of an open form that with a decimal point.
    pub(super) value: f64,
    /// Its separators.
    pub(super) form: Form,
    /// The currency sign before or after it.
    pub(super) currency: Option<char>,
    /// True with a percent sign.
    pub(super) percent: bool,
}

/// What a number's separators can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// None.
    Plain,
    /// `0.5` or `1,234.5`: a decimal point.
    Point,
    /// `0,5` or, grouped, `1.234,5`: a decimal comma.
    Comma {
        /// True with separators between thousands.
        grouped: bool,
    },
    /// `1.234`.
    OpenDot,
    /// `1,234`.
    OpenComma,
}

/// What spreadsheets, pandas, R, FRED and Bloomberg write for "no value".
const MISSING: [&str; 21] = [
    "nan", "null", "na", "n/a", "#n/a", "none", "nil", "-", ".", "<na>", "--", "#n/a n/a", "n.a.", "(blank)", "–", "—",
    "nat", "no data", "n/d", "n.d.", "?",
];

impl<'a> Cell<'a> {
    /// Reads a cell's text.
    pub(super) fn parse(bytes: &'a [u8]) -> Self {
        let bytes = bytes.trim_ascii();
        let Some(first) = bytes.first() else { return Self::Missing };
        let Ok(text) = std::str::from_utf8(bytes) else { return Self::Text("(not UTF-8)") };
        // Tested before the number, for Rust reads `nan` as one.
        if !first.is_ascii_digit() && MISSING.iter().any(|missing| text.eq_ignore_ascii_case(missing)) {
            return Self::Missing;
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => {
                Self::Written(Written { value, form: form_of_plain(text), currency: None, percent: false }, text)
            }
            Ok(_) => Self::Text(text),
            Err(_) => decorated(text).map_or(Self::Text(text), |written| Self::Written(written, text)),
        }
    }
}

/// The form of a number that has a decimal point if anything.
fn form_of_plain(text: &str) -> Form {
    let Some((whole, decimals)) = text.split_once('.') else { return Form::Plain };
    if decimals.len() == 3 && is_first_group(whole.trim_start_matches(['-', '+'])) && is_digits(decimals) {
        Form::OpenDot
    } else {
        Form::Point
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// True for what may stand before a separator between thousands.
fn is_first_group(text: &str) -> bool {
    text.len() <= 3 && !text.starts_with('0') && is_digits(text)
}

/// A number with a sign of currency or percent, or with separators.
fn decorated(text: &str) -> Option<Written> {
    const CURRENCIES: [char; 6] = ['$', '€', '£', '¥', '₹', '₩'];
    let (mut rest, mut currency, mut negative) = (text, None, false);
    for _ in 0..2 {
        if let Some(cut) = rest.strip_prefix(['-', '−']).filter(|_| !negative) {
            (rest, negative) = (cut.trim_start(), true);
        }
        rest = rest.strip_prefix('+').unwrap_or(rest);
        if let Some(sign) = rest.chars().next().filter(|c| currency.is_none() && CURRENCIES.contains(c)) {
            (rest, currency) = (rest[sign.len_utf8()..].trim_start(), Some(sign));
        }
    }
    let without = rest.strip_suffix('%').map(str::trim_end);
    let percent = without.is_some();
    rest = without.unwrap_or(rest);
    if let Some(sign) = rest.chars().next_back().filter(|c| currency.is_none() && CURRENCIES.contains(c)) {
        (rest, currency) = (rest[..rest.len() - sign.len_utf8()].trim_end(), Some(sign));
    }
    let (value, form) = separated(rest)?;
    let value = if negative { -value } else { value };
    Some(Written { value, form, currency, percent }).filter(|written| written.value.is_finite())
}

/// A number of digits and separators alone.
fn separated(text: &str) -> Option<(f64, Form)> {
    let is_group_only = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’');
    if !text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',') || is_group_only(c)) {
        return None;
    }
    let last = text.rfind(['.', ',']);
    let by_space = text.contains(is_group_only);
    let Some(at) = last else {
        // `1 234`: spaces and apostrophes only ever stand between thousands.
        return if by_space {
            Some((grouped(text, is_group_only)?, Form::Plain))
        } else {
            Some((text.parse().ok()?, Form::Plain))
        };
    };
    let (whole, tail) = (&text[..at], &text[at + 1..]);
    let separator = text[at..].chars().next()?;
    let decimal = |grouped| if separator == '.' { Form::Point } else { Form::Comma { grouped } };
    let other = if separator == '.' { ',' } else { '.' };
    if whole.contains(separator) {
        // `1,234,567`: what comes twice stands between thousands, so the other would be decimal.
        let value = grouped(text, |c| c == separator)?;
        return Some((value, if separator == ',' { Form::Point } else { Form::Comma { grouped: true } }));
    }
    if !is_digits(tail) {
        return None;
    }
    let with = |whole: f64| format!("{whole}.{tail}").parse::<f64>().ok();
    if by_space || whole.contains(other) {
        let value = grouped(whole, |c| if by_space { is_group_only(c) } else { c == other })?;
        return Some((with(value)?, decimal(true)));
    }
    if !whole.is_empty() && !is_digits(whole) {
        return None;
    }
    if tail.len() == 3 && is_first_group(whole) {
        return match separator {
            '.' => Some((format!("{whole}.{tail}").parse().ok()?, Form::OpenDot)),
            _ => Some((format!("{whole}{tail}").parse().ok()?, Form::OpenComma)),
        };
    }
    Some((format!("0{whole}.{tail}").parse().ok()?, decimal(false)))
}

/// A whole number in groups of three, or as in India of two and a last one of three: `4,27,140`.
fn grouped(text: &str, separates: impl Fn(char) -> bool) -> Option<f64> {
    let groups: Vec<&str> = text.split(separates).collect();
    let (first, rest) = groups.split_first().filter(|(first, _)| is_first_group(first))?;
    let (last, middle) = rest.split_last()?;
    let are_of = |length: usize| middle.iter().all(|group| group.len() == length && is_digits(group));
    let is_indian = || text.contains(',') && !middle.is_empty() && first.len() < 3 && are_of(2);
    let is_grouped = last.len() == 3 && is_digits(last) && (are_of(3) || is_indian());
    if is_grouped { groups.concat().parse().ok() } else { None }
}

/// A cell's place: its series and its number in it.
pub(super) type Place = (usize, usize);

/// The first cell of a kind.
#[derive(Debug)]
struct Seen {
    line: u64,
    text: String,
}

/// What the numbers of a file have shown so far of its separators.
#[derive(Debug, Default)]
pub(super) struct Separators {
    point: Option<Seen>,
    comma: Option<Seen>,
    /// True once a decimal comma stood beside dots between thousands.
    grouped: bool,
    /// The cells that can be meant twice. None is kept once a decimal point has been seen.
    dots: Vec<Place>,
    commas: Vec<Place>,
    first_dot: Option<Seen>,
    first_comma: Option<Seen>,
    /// The first number with separators between thousands beside its decimal one.
    thousands: Option<Seen>,
    /// True once a number of four digits or more had no separator: then none stands between thousands.
    without_thousands: bool,
}

impl Separators {
    /// Takes the form of the number at `place`.
    ///
    /// # Errors
    /// When it contradicts an earlier one.
    pub(super) fn take(
        &mut self,
        form: Form,
        (unit, line, text): (&str, u64, &str),
        place: Place,
    ) -> Result<(), String> {
        let seen = || Seen { line, text: excerpt(text) };
        let has_thousands = match form {
            Form::Point => self.thousands.is_none() && text.contains(','),
            Form::Comma { grouped } => grouped,
            Form::Plain | Form::OpenDot | Form::OpenComma => false,
        };
        if has_thousands {
            self.thousands.get_or_insert_with(seen);
        }
        match form {
            Form::Plain => {
                self.without_thousands |= text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 3)
            }
            Form::Point => _ = self.point.get_or_insert_with(seen),
            Form::Comma { grouped } => {
                self.grouped |= grouped;
                self.comma.get_or_insert_with(seen);
            }
            Form::OpenDot if self.point.is_none() => {
                self.first_dot.get_or_insert_with(seen);
                self.dots.push(place);
            }
            Form::OpenComma if self.point.is_none() => {
                self.first_comma.get_or_insert_with(seen);
                self.commas.push(place);
            }
            Form::OpenDot | Form::OpenComma => {}
        }
        match (&self.point, &self.comma) {
            (Some(point), Some(comma)) => Err(format!(
                "{unit} {} `{}` has a decimal point and {unit} {} `{}` a decimal comma: write all numbers in one way",
                point.line, point.text, comma.line, comma.text
            )),
            _ => Ok(()),
        }
    }

    /// The cells such as `1.234`, where no other number of the file says whether their point is a decimal one.
    pub(super) fn undecided_dots(&self) -> &[Place] {
        let is_decided = self.point.is_some() || self.comma.is_some() || self.without_thousands;
        if is_decided { &[] } else { &self.dots }
    }

    /// How the numbers are read, in words.
    pub(super) fn how(&self, unit: &str) -> String {
        let as_in = |seen: &Seen| format!("as in {unit} {} `{}`", seen.line, seen.text);
        let decimal = match (&self.point, &self.comma, &self.first_dot) {
            (Some(point), ..) => format!("decimal point, {}", as_in(point)),
            (None, Some(comma), _) => format!("decimal comma, {}", as_in(comma)),
            (None, None, Some(dot)) => format!("decimal point, {}", as_in(dot)),
            (None, None, None) => "without separators".to_owned(),
        };
        match &self.thousands {
            Some(seen) => format!("{decimal}; thousands separated, {}", as_in(seen)),
            None => decimal,
        }
    }

    /// The factors by which numbers taken with a decimal point are to be multiplied, with their places.
    ///
    /// # Errors
    /// When cells can be meant twice and no other says which. `asks`: so can a file of `1.234` alone.
    pub(super) fn settle(self, unit: &str, asks: bool) -> Result<Vec<(Place, Scale)>, String> {
        let twice = |seen: &Seen, other: &str| {
            let digits: String = seen.text.chars().filter(|c| c.is_ascii_digit()).collect();
            Err(format!(
                "{unit} {}: `{}` is {digits} with a separator of thousands or {other} with a decimal one, and no other number \
                 of the file says which: write numbers without separators of thousands and with a decimal point",
                seen.line, seen.text
            ))
        };
        let decimal = |seen: &Seen| {
            let number: String = seen.text.chars().filter(|c| c.is_ascii_digit() || matches!(c, ',' | '.')).collect();
            number.replace(',', ".")
        };
        match (self.point, self.comma, &self.first_dot, &self.first_comma) {
            (None, None, Some(dot), None) if asks => twice(dot, &decimal(dot)),
            (Some(_), ..) | (None, None, _, None) => Ok(Vec::new()),
            (None, None, _, Some(comma)) => twice(comma, &decimal(comma)),
            // One cell with a comma does not turn a file of decimal points into thousands.
            (None, Some(_), Some(dot), _) if !self.grouped => twice(dot, &decimal(dot)),
            (None, Some(_), ..) => {
                let dots = self.dots.into_iter().map(|place| (place, Scale::Thousandfold));
                Ok(dots.chain(self.commas.into_iter().map(|place| (place, Scale::Thousandth))).collect())
            }
        }
    }
}

/// How a number that was taken in the wrong one of two ways becomes the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// 1.234 was 1234.
    Thousandfold,
    /// 1234 was 1.234.
    Thousandth,
}

impl Scale {
    /// The number meant: exactly what reading its digits anew would give.
    pub(super) fn apply(self, value: f64) -> f64 {
        match self {
            Self::Thousandfold => (value * 1000.0).round(),
            Self::Thousandth => value / 1000.0,
        }
    }
}

/// The signs of currency and percent in one column.
#[derive(Debug, Default)]
pub(super) struct Signs {
    currency: Option<(char, u64)>,
    other_currency: Option<(char, u64)>,
    percent: Option<u64>,
    without_percent: Option<u64>,
}

impl Signs {
    /// Takes the signs of one cell.
    pub(super) fn take(&mut self, written: &Written, line: u64) {
        match (written.currency, self.currency) {
            (Some(sign), None) => self.currency = Some((sign, line)),
            (Some(sign), Some((first, _))) if sign != first => _ = self.other_currency.get_or_insert((sign, line)),
            _ => {}
        }
        let seen = if written.percent { &mut self.percent } else { &mut self.without_percent };
        seen.get_or_insert(line);
    }

    /// The currency sign of the column.
    pub(super) fn currency(&self) -> Option<char> {
        self.currency.map(|(sign, _)| sign)
    }

    /// The currency of the column where it is not the dollar.
    ///
    /// # Errors
    /// When the column contradicts itself, or writes what should be no percentage as one.
    pub(super) fn settle(&self, unit: &str, may_be_percent: bool) -> Result<Option<char>, String> {
        if let (Some((first, line)), Some((other, other_line))) = (self.currency, self.other_currency) {
            return Err(format!(
                "has `{first}` in {unit} {line} and `{other}` in {unit} {other_line}: give each currency a column of its own"
            ));
        }
        match (self.percent, self.without_percent) {
            (Some(line), _) if !may_be_percent => Err(format!(
                "has a percentage in {unit} {line}, and a percentage is no price: give prices, not returns or changes"
            )),
            (Some(line), Some(without)) => Err(format!(
                "has a percent sign in {unit} {line} and none in {unit} {without}: write all numbers in one way"
            )),
            _ => Ok(self.currency.map(|(sign, _)| sign).filter(|sign| *sign != '$')),
        }
    }
}

#[cfg(test)]
mod tests;
