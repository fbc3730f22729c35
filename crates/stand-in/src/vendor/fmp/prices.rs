//! Histories: prices and Treasury rates, newest first.

use std::fmt::Write as _;

use chrono::{Datelike, Days, Months};

use crate::{
    lines::{Line, Scaled, Shown},
    market::{DailyClose, ParYields, rounded},
    server::VendorQuery,
};

/// A call for rates answers for at most so many days.
const TREASURY_DAYS: u64 = 90;

/// Which fields a price row has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PriceEndpoint {
    Adjusted,
    NotAdjusted,
    Full,
    Light,
}

pub(super) fn history(ask: &VendorQuery<'_>, symbol: &str, endpoint: PriceEndpoint) -> String {
    let (from, to) = ask.range();
    let begins = ask.options.plan_years.and_then(|years| ask.view.today().checked_sub_months(Months::new(12 * years)));
    let from = begins.map_or(from, |begins| from.max(begins));
    let days = ask.view.days(symbol).unwrap_or_default();
    let mut lines: Vec<Line<(DailyClose, f64)>> = Vec::new();
    for (index, day) in days.iter().enumerate().rev().filter(|(_, day)| (from..=to).contains(&day.date)) {
        let before = index.checked_sub(1).map_or(*day, |before| days[before]);
        lines.push(Line::new(day.date, (*day, before.close)));
    }
    lines.truncate(ask.options.rows_cap.unwrap_or(usize::MAX));
    if let Some(fault) = ask.fault {
        Line::spoil(&mut lines, fault);
    }
    let symbol = ask.written(symbol);
    list(&lines, |body, line| price_row(body, line, symbol, endpoint))
}

pub(super) fn treasury(ask: &VendorQuery<'_>) -> String {
    let to = ask.range().1;
    let earliest = to.checked_sub_days(Days::new(TREASURY_DAYS)).unwrap_or(to);
    let rates = ask.view.rates(ask.range().0.max(earliest), to);
    let mut lines: Vec<Line<ParYields>> = rates.into_iter().rev().map(|(date, rates)| Line::new(date, rates)).collect();
    if let Some(fault) = ask.fault {
        Line::spoil(&mut lines, fault);
    }
    list(&lines, rates_row)
}

/// A JSON array of what `row` writes of each.
pub(super) fn list<T>(items: &[T], row: impl Fn(&mut String, &T)) -> String {
    let mut body = String::with_capacity(2 + items.len() * 160);
    body.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        row(&mut body, item);
    }
    body.push(']');
    body
}

impl Scaled for (DailyClose, f64) {
    fn scaled(&self, factor: f64) -> Self {
        (self.0.scaled(factor), self.1)
    }
}

/// A history has thousands of these, and a benchmark of a client shares the machine with it: nothing is made twice.
fn price_row(row: &mut String, line: &Line<(DailyClose, f64)>, symbol: &str, endpoint: PriceEndpoint) {
    let (day, before) = line.data;
    let adjusted = endpoint == PriceEndpoint::Adjusted;
    let close = if adjusted { day.adj_close } else { day.close };
    let open = rounded(close * (before / day.close).clamp(0.98, 1.02), 4);
    let (high, low) = (rounded(open.max(close) * 1.004, 4), rounded(open.min(close) * 0.996, 4));
    let volume = 1_000_000 + u64::from(line.date.ordinal()) * 7919;
    row.push_str("{\"symbol\":\"");
    row.push_str(symbol);
    row.push_str("\",");
    date_field(row, line);
    let [open_name, high_name, low_name, close_name] = match endpoint {
        PriceEndpoint::Adjusted | PriceEndpoint::NotAdjusted => ["adjOpen", "adjHigh", "adjLow", "adjClose"],
        PriceEndpoint::Full => ["open", "high", "low", "close"],
        PriceEndpoint::Light => ["open", "high", "low", "price"],
    };
    if endpoint != PriceEndpoint::Light {
        for (name, value) in [(open_name, open), (high_name, high), (low_name, low)] {
            name_field(row, name);
            push_number(row, value);
        }
    }
    if !line.lacks_price() {
        name_field(row, close_name);
        match line.price(close) {
            Shown::Number(number) => push_number(row, number),
            odd @ Shown::Odd(_) => drop(write!(row, "{odd}")),
        }
    }
    name_field(row, "volume");
    let _ = write!(row, "{volume}");
    if endpoint == PriceEndpoint::Full {
        let change = rounded(close - before, 4);
        let percent = rounded((close / before - 1.0) * 100.0, 5);
        let vwap = rounded((high + low + close) / 3.0, 4);
        let _ = write!(row, ",\"change\":{change},\"changePercent\":{percent},\"vwap\":{vwap}");
    }
    row.push('}');
}

fn name_field(row: &mut String, name: &str) {
    row.push_str(",\"");
    row.push_str(name);
    row.push_str("\":");
}

/// As `Display` writes it, faster where it has at most 4 decimals: no other decimals so short are the same number.
fn push_number(row: &mut String, number: f64) {
    let scaled = (number * 1e4).round();
    if number.is_sign_negative() || !(0.0..1e12).contains(&scaled) || scaled / 1e4 != number {
        let _ = write!(row, "{number}");
        return;
    }
    let (mut rest, mut digits, mut at) = (scaled as u64, [b'0'; 20], 20);
    // At least one digit stands before the four after the point.
    while rest > 0 || at > 15 {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    row.extend(digits[at..16].iter().copied().map(char::from));
    let decimals = digits[16..].iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
    if decimals > 0 {
        row.push('.');
        row.extend(digits[16..16 + decimals].iter().copied().map(char::from));
    }
}

fn rates_row(row: &mut String, line: &Line<ParYields>) {
    let [m3, y2, y5, y10, y30] = line.data.0;
    let between = |left: Option<f64>, right: Option<f64>| Some(rounded((left? + right?) / 2.0, 2));
    let (y1, y7, y20) = (between(m3, y2), between(y5, y10), between(y10, y30));
    let fields = [
        ("month1", m3),
        ("month2", m3),
        ("month3", m3),
        ("month6", between(m3, y1)),
        ("year1", y1),
        ("year2", y2),
        ("year3", between(y2, y5)),
        ("year5", y5),
        ("year7", y7),
        ("year10", y10),
        ("year20", y20),
        ("year30", y30),
    ];
    row.push('{');
    date_field(row, line);
    for (name, rate) in fields {
        if name == "year10" && line.lacks_price() {
            continue;
        }
        let _ = match rate {
            Some(rate) if name == "year10" => write!(row, ",\"{name}\":{}", line.price(rate)),
            Some(rate) => write!(row, ",\"{name}\":{rate}"),
            None => write!(row, ",\"{name}\":null"),
        };
    }
    row.push('}');
}

fn date_field<T: Clone + Scaled>(row: &mut String, line: &Line<T>) {
    let _ = if line.has_wrong_date() {
        write!(row, "\"date\":{}", line.date.format("%Y%m%d"))
    } else {
        write!(row, "\"date\":\"{}\"", line.date)
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(number: f64) -> String {
        let mut text = String::new();
        push_number(&mut text, number);
        text
    }

    #[test]
    fn round_numbers_have_no_point() {
        let texts = [0.0, 7.0, 0.0001, 12.5, 100.0, 1e11].map(written);
        assert_eq!(texts, ["0", "7", "0.0001", "12.5", "100", "100000000000"]);
    }

    proptest! {
        #[test]
        fn a_number_is_written_as_rust_writes_it(number in any::<f64>(), ten_thousandths in 0u64..10_000_000_000_000) {
            prop_assert_eq!(written(number), number.to_string());
            let short = ten_thousandths as f64 / 1e4;
            prop_assert_eq!(written(short), short.to_string());
        }
    }
}
