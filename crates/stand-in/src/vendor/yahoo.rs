//! Yahoo's chart v8.

use chrono::{DateTime, NaiveDate, NaiveTime, Offset, TimeZone};
use chrono_tz::America::New_York;
use serde_json::{Map, Value, json};

use crate::{
    fault::Fault,
    lines::Line,
    market::{DailyClose, rounded},
    server::{HttpReply, VendorQuery},
};

/// What stands before the symbol.
pub(super) const PATH: &str = "/v8/finance/chart/";

/// Rows of a price that stands still.
const FROZEN: usize = 8;

const NOT_FOUND: &str =
    r#"{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found, symbol may be delisted"}}}"#;

pub(super) fn answer(ask: &VendorQuery<'_>) -> HttpReply {
    let Some(symbol) = ask.symbol() else { return refusal(&Fault::NotFound) };
    let Some(days) = ask.view.days(symbol) else { return refusal(&Fault::NotFound) };
    let interval = ask.request.query("interval").unwrap_or("1d");
    if interval != "1d" {
        let text = format!("Invalid input - interval={interval} is not supported.");
        return error(422, "Unprocessable Entity", &text);
    }
    let seconds = |name, otherwise| ask.request.query(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let (first, last) = (seconds("period1", i64::MIN), seconds("period2", i64::MAX));
    if last < opening(days[0].date) {
        let text = format!("Data doesn't exist for startDate = {first}, endDate = {last}");
        return error(400, "Bad Request", &text);
    }
    let mut lines: Vec<Line<DailyClose>> = days
        .iter()
        .filter(|day| (first..last).contains(&opening(day.date)))
        .map(|day| Line::new(day.date, *day))
        .collect();
    if let Some(fault) = ask.fault {
        Line::spoil(&mut lines, fault);
    }
    if ask.fault == Some(&Fault::Frozen) {
        let first = lines.len().saturating_sub(FROZEN);
        let still = lines[first].data;
        for line in &mut lines[first..] {
            line.data = DailyClose { close: still.close, adj_close: still.adj_close, ..line.data };
        }
    }
    HttpReply::json(200, chart(ask, symbol, &days, &lines, (first, last)).to_string())
}

pub(super) fn refusal(fault: &Fault) -> HttpReply {
    match fault {
        Fault::Unauthorized => HttpReply::json(
            401,
            r#"{"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}}"#,
        ),
        Fault::SymbolNotInPlan | Fault::ExclusiveEndpoint | Fault::LegacyForbidden => HttpReply::text(403, "Forbidden"),
        Fault::NotFound => HttpReply::json(404, NOT_FOUND),
        Fault::ErrorWith200 => HttpReply::json(200, NOT_FOUND),
        Fault::Empty => HttpReply::json(200, r#"{"chart":{"result":[],"error":null}}"#),
        Fault::TooMany(_) => HttpReply::text(429, "Too Many Requests"),
        Fault::LimitWith200 => HttpReply::text(200, "Too Many Requests"),
        _ => HttpReply::text(500, "Internal Server Error"),
    }
}

fn error(status: u16, code: &str, description: &str) -> HttpReply {
    HttpReply::json(
        status,
        json!({"chart": {"result": null, "error": {"code": code, "description": description}}}).to_string(),
    )
}

fn chart(
    ask: &VendorQuery<'_>,
    symbol: &str,
    days: &[DailyClose],
    lines: &[Line<DailyClose>],
    asked: (i64, i64),
) -> Value {
    let offset = |date: NaiveDate| {
        let zone = New_York.offset_from_utc_datetime(&date.and_time(NaiveTime::MIN)).fix();
        zone.local_minus_utc()
    };
    let last = days.last().copied().unwrap_or(days[0]);
    let earlier = days.iter().rev().find(|day| opening(day.date) < asked.0).unwrap_or(&days[0]);
    let now = offset(ask.view.today());
    let mut result = Map::new();
    result.insert(
        "meta".to_owned(),
        json!({
            "currency": if ask.fault == Some(&Fault::Pence) { "GBp" } else { "USD" }, "symbol": ask.written(symbol), "exchangeName": "PCX", "fullExchangeName": "NYSEArca",
            "instrumentType": "ETF", "firstTradeDate": opening(days[0].date), "gmtoffset": now,
            "timezone": if now == -14400 { "EDT" } else { "EST" }, "exchangeTimezoneName": "America/New_York",
            "regularMarketPrice": last.close, "chartPreviousClose": earlier.close, "priceHint": 2,
            "dataGranularity": "1d", "range": "",
            "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
        }),
    );
    // A range without a trading day has neither timestamps nor values.
    let mut quote = Map::new();
    let mut adjusted = Map::new();
    if !lines.is_empty() {
        let stamps: Vec<Value> = lines.iter().map(stamp).collect();
        result.insert("timestamp".to_owned(), Value::Array(stamps));
        let dividends = dividends(ask, symbol, asked);
        if !dividends.is_empty() {
            result.insert("events".to_owned(), json!({"dividends": dividends}));
        }
        let column = |of: fn(&DailyClose) -> f64| -> Value { lines.iter().map(|line| json!(of(&line.data))).collect() };
        quote.insert("open".to_owned(), column(|day| rounded(day.close * 0.999, 4)));
        quote.insert("high".to_owned(), column(|day| rounded(day.close * 1.004, 4)));
        quote.insert("low".to_owned(), column(|day| rounded(day.close * 0.996, 4)));
        quote.insert("close".to_owned(), values(lines, |day| day.close));
        let traded = if ask.fault == Some(&Fault::Frozen) { lines.len().saturating_sub(FROZEN) } else { lines.len() };
        quote.insert(
            "volume".to_owned(),
            (0..lines.len()).map(|at| json!(if at < traded { 1_000_000 } else { 0 })).collect(),
        );
        adjusted.insert("adjclose".to_owned(), values(lines, |day| day.adj_close));
    }
    let mut indicators = json!({"quote": [quote]});
    if ask.request.query("includeAdjustedClose") != Some("false") {
        indicators["adjclose"] = json!([adjusted]);
    }
    result.insert("indicators".to_owned(), indicators);
    json!({"chart": {"result": [result], "error": null}})
}

/// The opening bell of a day: 9:30 in New York, as seconds.
fn opening(date: NaiveDate) -> i64 {
    let bell = NaiveTime::from_num_seconds_from_midnight_opt(9 * 3600 + 1800, 0).unwrap_or_default();
    New_York.from_local_datetime(&date.and_time(bell)).earliest().map_or(0, |moment| moment.timestamp())
}

fn stamp(line: &Line<DailyClose>) -> Value {
    if line.has_wrong_date() { json!(line.date) } else { json!(opening(line.date)) }
}

fn values(lines: &[Line<DailyClose>], of: fn(&DailyClose) -> f64) -> Value {
    lines.iter().filter(|line| !line.lacks_price()).map(|line| line.price(of(&line.data)).value()).collect()
}

fn dividends(ask: &VendorQuery<'_>, symbol: &str, asked: (i64, i64)) -> Map<String, Value> {
    if !ask.request.query("events").is_some_and(|events| events.contains("div")) {
        return Map::new();
    }
    let inside = ask.view.dividends(symbol).into_iter().map(|dividend| (opening(dividend.ex_date), dividend.amount));
    inside
        .filter(|(at, _)| (asked.0..asked.1).contains(at) && DateTime::from_timestamp(*at, 0).is_some())
        .map(|(at, amount)| (at.to_string(), json!({"amount": amount, "date": at})))
        .collect()
}
