//! FRED's keyless graph CSV: every weekday, ascending, empty where nothing was published.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};

use super::{Vendor, plain_refusal};
use crate::{
    fault::Fault,
    lines::Line,
    market::ParYields,
    server::{HttpReply, VendorQuery},
};

pub(super) fn answer(ask: &VendorQuery<'_>) -> HttpReply {
    let series: Option<Vec<usize>> = ask.subject.symbols.iter().map(|name| maturity(name)).collect();
    let series = series.filter(|series| !series.is_empty() && ask.request.path == Vendor::Fred.base_path());
    let Some(series) = series else { return plain_refusal(&Fault::NotFound, "") };
    let (from, to) = ask.range();
    let published: BTreeMap<NaiveDate, ParYields> = ask.view.rates(from, to).into_iter().collect();
    let mut lines: Vec<Line<ParYields>> = Vec::new();
    if let (Some(first), Some(last)) = (published.keys().next(), published.keys().next_back()) {
        let weekday = |date: &NaiveDate| !matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        let days = first.iter_days().take_while(|date| date <= last).filter(weekday);
        lines.extend(days.map(|date| Line::new(date, published.get(&date).copied().unwrap_or_default())));
    }
    if let Some(fault) = ask.fault {
        Line::spoil(&mut lines, fault);
    }
    let names = ask.subject.symbols.iter().map(|name| ask.written(name));
    let mut body = format!("observation_date,{}\n", names.collect::<Vec<_>>().join(","));
    for line in &lines {
        body.push_str(&row(line, &series));
    }
    HttpReply::csv(body)
}

fn maturity(series: &str) -> Option<usize> {
    Some(match series {
        "DGS3MO" | "DTB3" => 0,
        "DGS2" => 1,
        "DGS5" => 2,
        "DGS10" => 3,
        "DGS30" => 4,
        _ => return None,
    })
}

fn row(line: &Line<ParYields>, series: &[usize]) -> String {
    let mut row =
        if line.has_wrong_date() { line.date.format("%Y%m%d") } else { line.date.format("%Y-%m-%d") }.to_string();
    for (index, &maturity) in series.iter().enumerate() {
        if index == 0 && line.lacks_price() {
            continue;
        }
        row.push(',');
        match line.data.0[maturity] {
            Some(rate) if index == 0 => row.push_str(&line.price(rate).cell()),
            Some(rate) => row.push_str(&format!("{rate:.2}")),
            None => {}
        }
    }
    row.push('\n');
    row
}
