//! Histories: prices and Treasury rates, newest first.

use std::fmt::Write as _;

use chrono::{Datelike, Days};

use crate::{
    lines::{Line, Scaled},
    market::{Day, Rates, rounded},
    server::Ask,
};

/// A call for rates answers for at most so many days.
const TREASURY_DAYS: u64 = 90;

/// Which fields a price row has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Adjusted,
    NotAdjusted,
    Full,
    Light,
}

pub(super) fn history(ask: &Ask<'_>, symbol: &str, shape: Shape) -> String {
    let (from, to) = ask.range();
    let days = ask.view.days(symbol).unwrap_or_default();
    let mut lines: Vec<Line<(Day, f64)>> = Vec::new();
    for (index, day) in days.iter().enumerate().rev().filter(|(_, day)| (from..=to).contains(&day.date)) {
        let before = index.checked_sub(1).map_or(*day, |before| days[before]);
        lines.push(Line::new(day.date, (*day, before.close)));
    }
    lines.truncate(ask.options.rows_cap.unwrap_or(usize::MAX));
    if let Some(fault) = ask.fault {
        Line::spoil(&mut lines, fault);
    }
    let symbol = ask.written(symbol);
    list(&lines, |line| price_row(line, symbol, shape))
}

pub(super) fn treasury(ask: &Ask<'_>) -> String {
    let to = ask.range().1;
    let earliest = to.checked_sub_days(Days::new(TREASURY_DAYS)).unwrap_or(to);
    let rates = ask.view.rates(ask.range().0.max(earliest), to);
    let mut lines: Vec<Line<Rates>> = rates.into_iter().rev().map(|(date, rates)| Line::new(date, rates)).collect();
    if let Some(fault) = ask.fault {
        Line::spoil(&mut lines, fault);
    }
    list(&lines, rates_row)
}

/// A JSON array of what `row` makes of each.
pub(super) fn list<T>(items: &[T], row: impl Fn(&T) -> String) -> String {
    let mut body = String::with_capacity(2 + items.len() * 128);
    body.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(&row(item));
    }
    body.push(']');
    body
}

impl Scaled for (Day, f64) {
    fn scaled(&self, factor: f64) -> Self {
        (self.0.scaled(factor), self.1)
    }
}

fn price_row(line: &Line<(Day, f64)>, symbol: &str, shape: Shape) -> String {
    let (day, before) = line.data;
    let adjusted = shape == Shape::Adjusted;
    let close = if adjusted { day.adj_close } else { day.close };
    let open = rounded(close * (before / day.close).clamp(0.98, 1.02), 4);
    let (high, low) = (rounded(open.max(close) * 1.004, 4), rounded(open.min(close) * 0.996, 4));
    let volume = 1_000_000 + u64::from(line.date.ordinal()) * 7919;
    let mut row = format!("{{\"symbol\":\"{symbol}\",{}", date_field(line));
    let (open_name, high_name, low_name, close_name) = match shape {
        Shape::Adjusted | Shape::NotAdjusted => ("adjOpen", "adjHigh", "adjLow", "adjClose"),
        Shape::Full | Shape::Light => ("open", "high", "low", "close"),
    };
    let close_name = if shape == Shape::Light { "price" } else { close_name };
    if shape != Shape::Light {
        let _ = write!(row, ",\"{open_name}\":{open},\"{high_name}\":{high},\"{low_name}\":{low}");
    }
    if !line.lacks_price() {
        let _ = write!(row, ",\"{close_name}\":{}", line.price(close));
    }
    let _ = write!(row, ",\"volume\":{volume}");
    if shape == Shape::Full {
        let change = rounded(close - before, 4);
        let percent = rounded((close / before - 1.0) * 100.0, 5);
        let vwap = rounded((high + low + close) / 3.0, 4);
        let _ = write!(row, ",\"change\":{change},\"changePercent\":{percent},\"vwap\":{vwap}");
    }
    row.push('}');
    row
}

fn rates_row(line: &Line<Rates>) -> String {
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
    let mut row = format!("{{{}", date_field(line));
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
    row
}

fn date_field<T: Clone + Scaled>(line: &Line<T>) -> String {
    if line.has_wrong_date() {
        format!("\"date\":{}", line.date.format("%Y%m%d"))
    } else {
        format!("\"date\":\"{}\"", line.date)
    }
}
