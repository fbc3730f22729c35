//! What the vendor says about a security besides its history.

use chrono::{Datelike, Days, NaiveTime};
use serde_json::{Value, json};

use super::prices::list;
use crate::{
    market::{DailyClose, rounded},
    server::VendorQuery,
};

pub(super) fn dividends(ask: &VendorQuery<'_>, symbol: &str) -> String {
    let limit = ask.request.query("limit").and_then(|text| text.parse().ok()).unwrap_or(usize::MAX);
    let all = ask.view.dividends(symbol);
    let days = ask.view.days(symbol).unwrap_or_default();
    let rows: Vec<Value> = all
        .iter()
        .enumerate()
        .rev()
        .take(limit)
        .map(|(index, dividend)| {
            let year: f64 = all[index.saturating_sub(3)..=index].iter().map(|dividend| dividend.amount).sum();
            let on = days.partition_point(|day| day.date <= dividend.ex_date).saturating_sub(1);
            let paid = dividend.ex_date.checked_add_days(Days::new(3)).unwrap_or(dividend.ex_date);
            let declared = dividend.ex_date.checked_sub_days(Days::new(11)).unwrap_or(dividend.ex_date);
            json!({
                "symbol": ask.written(symbol), "date": dividend.ex_date, "recordDate": dividend.ex_date,
                "paymentDate": paid, "declarationDate": declared, "adjDividend": dividend.amount,
                "dividend": dividend.amount, "yield": days.get(on).map(|day| year / day.close * 100.0),
                "frequency": "Quarterly",
            })
        })
        .collect();
    Value::Array(rows).to_string()
}

pub(super) fn profile(ask: &VendorQuery<'_>, symbol: &str) -> String {
    let (Some(profile), Some(days)) = (ask.view.profile(symbol), ask.view.days(symbol)) else { return "[]".to_owned() };
    let Some((last, before)) = newest_two(&days) else { return "[]".to_owned() };
    let (low, high) = bounds(&days, 252);
    let change = rounded(last.close - before, 4);
    let latest = ask.view.dividends(symbol).last().map_or(0.0, |dividend| dividend.amount);
    json!([{
        "symbol": ask.written(symbol), "price": last.close, "marketCap": ask.view.market_cap(symbol).map(whole),
        "beta": 1.0, "lastDividend": latest, "range": format!("{low}-{high}"), "change": change,
        "changePercentage": rounded(change / before * 100.0, 5), "volume": 1_000_000, "averageVolume": 1_000_000,
        "companyName": profile.name, "currency": "USD", "cik": null, "isin": null, "cusip": null,
        "exchangeFullName": "New York Stock Exchange Arca", "exchange": "AMEX", "industry": profile.industry,
        "website": "", "description": "", "ceo": "", "sector": profile.sector, "country": "US",
        "fullTimeEmployees": null, "phone": null, "address": null, "city": null, "state": null, "zip": null,
        "image": "", "ipoDate": days[0].date, "defaultImage": false, "isEtf": profile.is_etf,
        "isActivelyTrading": true, "isAdr": false, "isFund": profile.is_fund,
    }])
    .to_string()
}

pub(super) fn caps(ask: &VendorQuery<'_>) -> String {
    let known = ask.subject.symbols.iter().filter_map(|symbol| {
        let date = ask.view.days(symbol)?.last()?.date;
        let cap = whole(ask.view.market_cap(symbol)?);
        Some(json!({"symbol": ask.written(symbol), "date": date, "marketCap": cap}))
    });
    Value::Array(known.collect()).to_string()
}

pub(super) fn past_caps(ask: &VendorQuery<'_>, symbol: &str) -> String {
    let (from, to) = ask.range();
    let Some(profile) = ask.view.profile(symbol) else { return "[]".to_owned() };
    let mut days = ask.view.days(symbol).unwrap_or_default();
    days.retain(|day| (from..=to).contains(&day.date));
    days.reverse();
    list(&days, |body, day| {
        let cap = whole((day.close * profile.shares).round());
        let row = json!({"symbol": ask.written(symbol), "date": day.date, "marketCap": cap});
        body.push_str(&row.to_string());
    })
}

pub(super) fn quotes(ask: &VendorQuery<'_>) -> String {
    let known = ask.subject.symbols.iter().filter_map(|symbol| {
        let (profile, days) = (ask.view.profile(symbol)?, ask.view.days(symbol)?);
        let (last, before) = newest_two(&days)?;
        let (low, high) = bounds(&days, 252);
        let change = rounded(last.close - before, 4);
        Some(json!({
            "symbol": ask.written(symbol), "name": profile.name, "price": last.close,
            "changePercentage": rounded(change / before * 100.0, 5), "change": change,
            "volume": 1_000_000 + u64::from(last.date.ordinal()) * 7919, "dayLow": rounded(last.close * 0.996, 4),
            "dayHigh": rounded(last.close * 1.004, 4), "yearHigh": high, "yearLow": low,
            "marketCap": ask.view.market_cap(symbol).map(whole), "priceAvg50": mean(&days, 50),
            "priceAvg200": mean(&days, 200), "exchange": "AMEX", "open": before, "previousClose": before,
            // 16:00 in New York during daylight saving.
            "timestamp": last.date.and_time(NaiveTime::MIN).and_utc().timestamp() + 20 * 3600,
        }))
    });
    Value::Array(known.collect()).to_string()
}

/// The newest day, and the close before it (its own if it is the first).
fn newest_two(days: &[DailyClose]) -> Option<(DailyClose, f64)> {
    let last = days.last()?;
    Some((*last, days.iter().rev().nth(1).unwrap_or(last).close))
}

fn bounds(days: &[DailyClose], window: usize) -> (f64, f64) {
    let closes = days.iter().rev().take(window).map(|day| day.close);
    closes.fold((f64::INFINITY, 0.0), |(low, high), close| (low.min(close), high.max(close)))
}

fn mean(days: &[DailyClose], window: usize) -> f64 {
    let closes: Vec<f64> = days.iter().rev().take(window).map(|day| day.close).collect();
    rounded(closes.iter().sum::<f64>() / f64::from(u32::try_from(closes.len()).unwrap_or(1).max(1)), 4)
}

/// Whole dollars, written without a decimal point.
fn whole(dollars: f64) -> i64 {
    dollars as i64
}
