//! The US Treasury's daily par yield curve, a CSV a year, newest first.

use chrono::NaiveDate;

use super::{Vendor, plain_refusal};
use crate::{
    fault::Fault,
    lines::Line,
    market::{ParYields, rounded},
    server::{HttpReply, VendorQuery},
};

/// The header of 2022 to 2024.
pub(super) const HEADER: &str = "Date,\"1 Mo\",\"2 Mo\",\"3 Mo\",\"4 Mo\",\"6 Mo\",\"1 Yr\",\"2 Yr\",\"3 Yr\",\"5 Yr\",\"7 Yr\",\"10 Yr\",\"20 Yr\",\"30 Yr\"\n";

pub(super) fn answer(ask: &VendorQuery<'_>) -> HttpReply {
    let year = ask.symbol().and_then(|year| year.parse::<i32>().ok()).filter(|year| (1990..=9999).contains(year));
    let days = year.and_then(|year| NaiveDate::from_ymd_opt(year, 1, 1).zip(NaiveDate::from_ymd_opt(year, 12, 31)));
    let (Some(year), Some((first, last))) = (year, days) else { return plain_refusal(&Fault::NotFound, HEADER) };
    if !ask.request.path.starts_with(Vendor::Treasury.base_path()) {
        return plain_refusal(&Fault::NotFound, HEADER);
    }
    let rates = ask.view.rates(first, last);
    let mut lines: Vec<Line<ParYields>> = rates.into_iter().rev().map(|(date, rates)| Line::new(date, rates)).collect();
    if let Some(fault) = ask.fault {
        Line::spoil(&mut lines, fault);
    }
    let mut body = header(year);
    for line in &lines {
        body.push_str(&row(line, year));
    }
    HttpReply::csv(body)
}

/// The columns as they were added over the years: 2 months in 2018, 4 months in 2022, 6 weeks in 2025.
fn header(year: i32) -> String {
    let mut header = HEADER.to_owned();
    if year < 2018 {
        header = header.replace(",\"2 Mo\"", "");
    }
    if year < 2022 {
        header = header.replace(",\"4 Mo\"", "");
    }
    if year >= 2025 {
        header = header.replace(",\"2 Mo\"", ",\"1.5 Month\",\"2 Mo\"");
    }
    header
}

fn row(line: &Line<ParYields>, year: i32) -> String {
    let [m3, y2, y5, y10, y30] = line.data.0;
    let between = |left: Option<f64>, right: Option<f64>| Some(rounded((left? + right?) / 2.0, 2));
    let y1 = between(m3, y2);
    let mut rates = vec![(m3, true)];
    rates.push((m3, year >= 2025));
    rates.push((m3, year >= 2018));
    rates.push((m3, true));
    rates.push((m3, year >= 2022));
    rates.extend([between(m3, y1), y1, y2, between(y2, y5), y5, between(y5, y10)].map(|rate| (rate, true)));
    let cell = |rate: Option<f64>| rate.map(|rate| format!("{rate:.2}")).unwrap_or_default();
    let mut cells: Vec<String> = rates.into_iter().filter(|(_, there)| *there).map(|(rate, _)| cell(rate)).collect();
    if !line.lacks_price() {
        cells.push(y10.map(|rate| line.price(rate).cell()).unwrap_or_default());
    }
    cells.extend([cell(between(y10, y30)), cell(y30)]);
    let date = if line.has_wrong_date() { line.date.format("%Y%m%d") } else { line.date.format("%m/%d/%Y") };
    format!("{date},{}\n", cells.join(","))
}
