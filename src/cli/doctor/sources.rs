//! Prices and yields: asked for as an answer would ask, past what is kept.

use std::time::Duration;

use chrono::{Days, NaiveDate};
use factor_prices::{FilePrices, PriceError, SourceFault};
use factor_types::{DateRange, Ticker};

use super::{Finding, Part};
use crate::{
    app::App,
    services::check::{self, Word},
};

/// A light question: so many days of one fund.
const DAYS: u64 = 31;
/// Retries included.
const PATIENCE: Duration = Duration::from_secs(45);
const NOWHERE: &str = "no answer in time";

/// What was found, and the newest price of the benchmark.
pub(super) struct Looked {
    pub(super) findings: Vec<Finding>,
    pub(super) newest: Option<NaiveDate>,
}

pub(super) async fn look(app: &App) -> Looked {
    let today = app.today();
    let from = today.checked_sub_days(Days::new(DAYS)).unwrap_or(today);
    let Ok(range) = DateRange::new(from, today) else { return Looked { findings: Vec::new(), newest: None } };
    let (mut prices, yields) = futures::join!(prices(app, range), yields(app, range));
    prices.findings.extend(yields);
    prices
}

async fn prices(app: &App, range: DateRange) -> Looked {
    let choice = &app.sources.choice;
    if let Some(files) = &app.sources.files {
        return of_files(app, files).await;
    }
    if choice.name == "sample" {
        let to_do = "set FMP_API_KEY or FACTOR_PRICE_FILES for a market's prices; `factor-mcp setup --price-files FOLDER` tells the clients";
        let said = Finding::note(Part::Prices, format!("they are simulated: {}", choice.why), to_do);
        return Looked { findings: vec![said], newest: None };
    }
    let spy = Ticker::spy();
    let asked = tokio::time::timeout(PATIENCE, app.sources.direct.history(&spy, range)).await;
    let late = || PriceError::failed(SourceFault::Late, NOWHERE);
    let has_key = choice.name == "fmp";
    match asked.unwrap_or_else(|_| Err(late())) {
        Ok(history) => {
            let newest = history.series.dates().last().copied();
            let upto = newest.map(|day| format!("{spy} up to {day}")).unwrap_or_default();
            let mut findings = vec![Finding::ok(Part::Network, format!("`{}` answers", choice.name))];
            if has_key {
                findings.push(Finding::ok(Part::Key, "the vendor takes FMP_API_KEY"));
            }
            findings.push(match history.caveat {
                Some(caveat) => Finding::note(
                    Part::Prices,
                    format!("{upto}; {caveat}"),
                    "a plan with adjusted prices, or files with them, counts distributions in",
                ),
                None => Finding::ok(Part::Prices, upto),
            });
            Looked { findings, newest }
        }
        Err(PriceError::NoData(why)) => {
            let to_do = "see what the source has; FACTOR_PRICE_SOURCE names another";
            Looked { findings: vec![Finding::trouble(Part::Prices, why, to_do)], newest: None }
        }
        Err(PriceError::Failed { fault, why }) => Looked { findings: vec![failed(app, fault, why)], newest: None },
    }
}

/// A failed question by what its failure is about: the key, the way to the vendor, what comes from there.
fn failed(app: &App, fault: SourceFault, why: String) -> Finding {
    let name = app.sources.choice.name.as_str();
    let own_address = match name {
        "fmp" => !app.settings.vendors.fmp_url.is_default,
        _ => !app.settings.vendors.yahoo_url.is_default,
    };
    let variable = if name == "fmp" { "FMP_BASE_URL" } else { "YAHOO_BASE_URL" };
    let (part, to_do) = match fault {
        SourceFault::Auth => (Part::Key, "copy the key again from your account at the vendor and set FMP_API_KEY to it, in the clients' settings too (`factor-mcp setup --with-key`)".to_owned()),
        SourceFault::Plan => (Part::Key, "the key's plan has no such prices: another plan, FACTOR_PRICE_FILES, or FACTOR_PRICE_SOURCE=yahoo".to_owned()),
        SourceFault::Limited => (Part::Key, "wait until the vendor's limit is over, and set FMP_REQUESTS_PER_MINUTE to what your plan allows; what is kept is answered meanwhile".to_owned()),
        SourceFault::Unavailable | SourceFault::Late if own_address => (Part::Network, format!("see that something answers at {variable}, or leave {variable} out")),
        SourceFault::Unavailable | SourceFault::Late => (Part::Network, "see that this machine reaches the internet and that no firewall or proxy is between; without a network set FACTOR_PRICE_FILES".to_owned()),
        SourceFault::Unusable => (Part::Network, "something else than the vendor answers, a sign-in page of the network perhaps: open the vendor's page in a browser, and look again".to_owned()),
    };
    Finding::trouble(part, why, to_do)
}

async fn of_files(app: &App, files: &FilePrices) -> Looked {
    let path = app.settings.prices.files.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let checked = check::run(files, path.clone(), app.clock()).await;
    let newest = checked.prices.iter().filter_map(|held| held.last).max();
    let tickers = checked.prices.len() + checked.more_prices;
    let more = format!("`factor-mcp check {path}` shows each finding with its line");
    let said = |word: &str| format!("{path} is {word}: {tickers} tickers, {} findings", checked.findings.len());
    let finding = match checked.word {
        _ if tickers == 0 => Finding::trouble(Part::Prices, format!("{path} holds no prices that can be used"), more),
        Word::Good => Finding::ok(Part::Prices, format!("{path}: {tickers} tickers")),
        Word::Doubtful => Finding::note(Part::Prices, said("doubtful"), more),
        Word::Refused => Finding::trouble(Part::Prices, said("not used whole"), more),
    };
    Looked { findings: vec![finding], newest }
}

async fn yields(app: &App, range: DateRange) -> Option<Finding> {
    let source = &app.sources.yield_choice.name;
    if source == "sample" {
        return None;
    }
    // Of files what they have, however old.
    let range = if source == "files" { DateRange::new(NaiveDate::MIN, range.end()).unwrap_or(range) } else { range };
    let without = "answers leave out what needs them: name another source with FACTOR_YIELD_SOURCE, or a file with FACTOR_YIELD_FILE";
    let asked = tokio::time::timeout(PATIENCE, app.sources.yields.yields(range)).await;
    Some(match asked.unwrap_or_else(|_| Err(PriceError::failed(SourceFault::Late, NOWHERE))) {
        Ok(table) if table.is_empty() => Finding::note(Part::Yields, format!("`{source}` has none"), without),
        Ok(_) => Finding::ok(Part::Yields, format!("`{source}` has them")),
        Err(PriceError::NoData(why)) => Finding::note(Part::Yields, why, without),
        Err(PriceError::Failed { why, .. }) => Finding::trouble(Part::Yields, why, without),
    })
}
