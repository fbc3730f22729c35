//! Financial Modeling Prep's bodies.

mod plain;

use chrono::NaiveDate;
use factor_types::{DateRange, Maturity, Ticker};
use serde_json::Value;

use self::plain::PlainRow;
use crate::{
    Dividend, MarketCap, SecurityProfile, SourceFault,
    upstream::{ResponseError, UpstreamError, UpstreamResponse},
    vendors::{
        VendorDates, dashed,
        rows::{PriceRows, YieldRows, date, day, mostly_usable, number, text},
        wrong_symbol,
    },
};

const YIELDS: [(&str, Maturity); 5] = [
    ("month3", Maturity::Ust3M),
    ("year2", Maturity::Ust2Y),
    ("year5", Maturity::Ust5Y),
    ("year10", Maturity::Ust10Y),
    ("year30", Maturity::Ust30Y),
];

/// What the vendor's words mean, whatever the status: it sends errors with 200 too.
pub(super) fn meaning(words: &str) -> Option<SourceFault> {
    let words = words.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if has(&["limit reach"]) {
        Some(SourceFault::Limited)
    } else if has(&["invalid api key"]) {
        Some(SourceFault::Auth)
    } else if has(&["legacy", "exclusive", "special endpoint", "restricted", "premium query", "current subscription"]) {
        Some(SourceFault::Plan)
    } else {
        None
    }
}

/// True when the plan lacks the whole endpoint, not only one ticker.
pub(super) fn refuses_endpoint(error: &UpstreamError) -> bool {
    let words = error.words.as_deref().unwrap_or_default().to_ascii_lowercase();
    let endpoint = ["exclusive endpoint", "restricted endpoint", "legacy endpoint"];
    endpoint.iter().any(|part| words.contains(part))
}

/// Prices from `field`. A row of another symbol is a bad row; a body that is mostly of another is refused by its name.
pub(super) fn prices(
    reply: &UpstreamResponse,
    symbol: &str,
    field: &str,
    dates: &VendorDates,
) -> Result<PriceRows, ResponseError> {
    let mut rows = PriceRows::new(dates);
    let (mut others, mut other) = (0_usize, None);
    let mut push = |named: Option<&str>, date: Option<NaiveDate>, price, volume| {
        let strange = named.filter(|named| !named.eq_ignore_ascii_case(symbol));
        if let Some(strange) = strange {
            others += 1;
            other.get_or_insert_with(|| strange.to_owned());
        }
        let date = date.filter(|_| strange.is_none());
        rows.push(date, price);
        rows.volume(date, volume);
    };
    match plain::rows(reply, field) {
        Some(plain) => {
            for PlainRow { symbol, date, price, volume } in plain {
                push(symbol, date.and_then(day), price, volume);
            }
        }
        None => {
            for row in array(reply)? {
                push(row["symbol"].as_str(), date(&row["date"]), number(&row[field]), number(&row["volume"]));
            }
        }
    }
    if let Some(other) = other.filter(|_| others * 5 > rows.total) {
        return Err(wrong_symbol(&other, symbol));
    }
    rows.usable()
}

/// Dividends within the range and not after today, dates rising. Rows repeated word for word count once; different
/// amounts of one day, a regular and a special dividend, are added.
pub(super) fn dividends(
    reply: &UpstreamResponse,
    range: DateRange,
    dates: &VendorDates,
) -> Result<Vec<Dividend>, ResponseError> {
    let rows = array(reply)?;
    let total = rows.len();
    let mut paid: Vec<(NaiveDate, f64)> = rows
        .iter()
        .filter_map(|row| {
            let amount = number(&row["adjDividend"]).or_else(|| number(&row["dividend"]))?;
            Some((date(&row["date"])?, amount)).filter(|_| amount >= 0.0)
        })
        .collect();
    mostly_usable(total - paid.len(), total, "amount")?;
    let end = range.end().min(dates.today());
    paid.retain(|(day, _)| (range.start()..=end).contains(day));
    paid.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    paid.dedup();
    let mut dividends: Vec<Dividend> = Vec::with_capacity(paid.len());
    for (ex_date, amount) in paid {
        match dividends.last_mut() {
            Some(last) if last.ex_date == ex_date => last.amount += amount,
            _ => dividends.push(Dividend { ex_date, amount }),
        }
    }
    Ok(dividends)
}

/// Capitalisations of the tickers asked for; the newest of several rows. One without a date is of today.
pub(super) fn market_caps(
    reply: &UpstreamResponse,
    tickers: &[Ticker],
    dates: &VendorDates,
) -> Result<Vec<MarketCap>, ResponseError> {
    let (rows, today) = (array(reply)?, dates.today());
    let cap = |ticker: &Ticker| {
        let symbol = dashed(ticker);
        rows.iter()
            .filter(|row| row["symbol"].as_str().is_some_and(|named| named.eq_ignore_ascii_case(&symbol)))
            .filter_map(|row| {
                let dollars = number(&row["marketCap"]).filter(|dollars| *dollars > 0.0)?;
                let as_of = if row["date"].is_null() { today } else { date(&row["date"])? };
                (as_of <= today).then(|| MarketCap { ticker: ticker.clone(), dollars, as_of })
            })
            .max_by_key(|cap| cap.as_of)
    };
    Ok(tickers.iter().filter_map(cap).collect())
}

/// A profile, `None` when the vendor does not know the ticker.
pub(super) fn profile(reply: &UpstreamResponse) -> Result<Option<SecurityProfile>, ResponseError> {
    let rows = array(reply)?;
    let Some(row) = rows.first() else { return Ok(None) };
    if !row.is_object() {
        return Err(ResponseError::Unusable("its first row is no profile".to_owned()));
    }
    Ok(Some(SecurityProfile {
        name: text(&row["companyName"]),
        industry: text(&row["industry"]),
        sector: text(&row["sector"]),
        is_fund: ["isEtf", "isFund"].iter().any(|key| row[*key].as_bool() == Some(true)),
        market_cap: number(&row["marketCap"]).filter(|dollars| *dollars > 0.0),
    }))
}

/// Yields in percent.
pub(super) fn yields(reply: &UpstreamResponse, dates: &VendorDates) -> Result<YieldRows, ResponseError> {
    let mut rows = YieldRows::default();
    for row in array(reply)? {
        let cells = YIELDS.map(|(field, maturity)| {
            let value = &row[field];
            let missing = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
            (maturity, if missing { Ok(None) } else { number(value).map(Some).ok_or(()) })
        });
        rows.push(date(&row["date"]), cells, dates);
    }
    rows.usable()
}

/// The rows of an answer. An object is an error message, and so is a line of text.
fn array(reply: &UpstreamResponse) -> Result<Vec<Value>, ResponseError> {
    let body = match reply.json() {
        Ok(body) => body,
        Err(refusal) => {
            let said = reply.data().ok().and_then(|text| Some(ResponseError::Said(meaning(text)?, text.to_owned())));
            return Err(said.unwrap_or(refusal));
        }
    };
    match body {
        Value::Array(rows) => Ok(rows),
        Value::Object(object) => match object.get("Error Message").and_then(Value::as_str) {
            Some(words) => Err(ResponseError::Said(meaning(words).unwrap_or(SourceFault::Unusable), words.to_owned())),
            None => Err(ResponseError::Unusable("it is no list of rows".to_owned())),
        },
        _ => Err(ResponseError::Unusable("it is no list of rows".to_owned())),
    }
}
