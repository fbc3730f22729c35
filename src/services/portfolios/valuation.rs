//! What holdings weigh: shares of a portfolio with sum 1.
//!
//! Weights are taken as they are; what they lack to 1 is cash, what they have beyond it is borrowed. Shares and values are
//! divided by the total value, shares at the latest close. Cash is `CUR:USD`.

use std::{fmt, sync::Arc};

use chrono::{Days, NaiveDate};
use factor_analytics::findings::{self, Examined};
use factor_prices::{History, PriceError, PriceProvider, SourceFault};
use factor_types::{Amount, DateRange, Holding, PriceSeries, Ticker, ValuationPrice};
use futures::{StreamExt, stream};
use indexmap::IndexMap;
use tokio::time::timeout_at;

use crate::{
    analysis::{Caller, Told, off_thread},
    app::App,
    progress::Fetching,
    services::{analysis::quality, saved_items::significant},
    tool_error,
};

/// Prices asked for at once.
const IN_FLIGHT: usize = 8;
/// A price older than this many days is worth a warning.
const OLD_DAYS: i64 = 10;
/// A sum of weights this close to 1 is 1.
const ONE: f64 = 1e-6;
/// The latest price is looked for in this many days before today, and only then further back.
const RECENT_DAYS: u64 = 370;

/// The weights of holdings and what they rest on.
#[derive(Debug, Clone, PartialEq)]
pub struct Valuation {
    /// The weights, sum 1, or why they are not known.
    pub weights: Result<IndexMap<Ticker, f64>, String>,
    /// How the weights came about.
    normalisation: Normalisation,
    /// True when the holdings are shares and values, false when they are weights.
    pub by_value: bool,
    /// The value of all holdings, where every one is known.
    pub total_value: Option<f64>,
    /// The prices that turned shares into value.
    pub prices: Vec<ValuationPrice>,
    /// Shares without a price, and why.
    pub unpriced: Vec<(Ticker, String)>,
    /// What the caller should know of the prices.
    pub warnings: Vec<String>,
    /// What is doubtful in the prices themselves; an analysis of the holdings says it of all that it rests on.
    pub doubts: Vec<String>,
}

/// How weights came about.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Normalisation {
    /// Taken as given: their sum is 1.
    AsGiven,
    /// Taken as given; what they lack to 1 is cash.
    Cash { sum: f64, rest: f64 },
    /// Taken as given; what they have beyond 1 is borrowed.
    Borrowed { sum: f64, beyond: f64 },
    /// Values divided by their total.
    Values { total: f64 },
    /// Shares at their latest price, by this source, divided by their total.
    Shares { source: &'static str, total: f64 },
    /// There are no weights.
    Unknown,
}

impl fmt::Display for Normalisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::AsGiven => f.write_str("weights as given; they sum to 1"),
            Self::Cash { sum, rest } => {
                let (sum, rest) = (significant(sum), significant(rest));
                write!(f, "weights as given; they sum to {sum}, and the remaining {rest} is cash (CUR:USD)")
            }
            Self::Borrowed { sum, beyond } => {
                let (sum, beyond) = (significant(sum), significant(beyond));
                write!(f, "weights as given; they sum to {sum}: leverage, with {beyond} borrowed (CUR:USD below zero)")
            }
            Self::Values { total } => {
                write!(f, "each value divided by their total, {} US dollars", cents(total))
            }
            Self::Shares { source, total } => write!(
                f,
                "shares at their latest price ({source}, prices_used), each value divided by their total, {} in the prices' currency",
                cents(total)
            ),
            Self::Unknown => Ok(()),
        }
    }
}

impl Valuation {
    /// How the weights came about, or why there are none.
    pub fn in_words(&self) -> String {
        self.weights.as_ref().err().cloned().unwrap_or_else(|| self.normalisation.to_string())
    }

    /// True when the weights are those given and nothing had to be added to them.
    pub fn is_as_given(&self) -> bool {
        self.normalisation == Normalisation::AsGiven
    }
}

/// Values holdings, fetching prices for shares.
pub async fn value(app: &App, holdings: &[Holding], caller: &Caller<'_>) -> Valuation {
    let by_value = holdings.iter().any(|holding| !matches!(holding.amount, Amount::Weight(_)));
    if !by_value {
        let (weights, normalisation) = by_weight(holdings);
        return Valuation {
            weights: Ok(weights),
            normalisation,
            by_value,
            total_value: None,
            prices: Vec::new(),
            unpriced: Vec::new(),
            warnings: Vec::new(),
            doubts: Vec::new(),
        };
    }
    let shares: Vec<&Ticker> = holdings
        .iter()
        .filter(|holding| matches!(holding.amount, Amount::Shares(_)) && !holding.ticker.is_currency())
        .map(|holding| &holding.ticker)
        .collect();
    let about = app.sources.prices.about();
    let (prices, unpriced, used) = latest_prices(&*app.sources.prices, about.name, &shares, caller).await;
    let doubts = doubts(used).await;
    let mut warnings: Vec<String> = prices
        .iter()
        .filter(|price| (caller.clock.today - price.date).num_days() > OLD_DAYS)
        .map(|price| format!("the latest price of {} is of {}", price.ticker, price.date))
        .collect();
    if !unpriced.is_empty() {
        // Asked for now: a file is read at the first question.
        warnings.extend(tool_error::findings(&app.sources.prices.about().warnings));
    }
    if about.simulated && !prices.is_empty() {
        warnings.push("the prices are simulated: they are no market's prices".to_owned());
    }
    let (weights, total_value) = by_total(holdings, &prices, &unpriced);
    let normalisation = match total_value {
        Some(total) if prices.is_empty() => Normalisation::Values { total },
        Some(total) => Normalisation::Shares { source: about.name, total },
        None => Normalisation::Unknown,
    };
    Valuation { weights, normalisation, by_value, total_value, prices, unpriced, warnings, doubts }
}

/// The latest price of each ticker up to today; those that have none are missing.
pub(crate) async fn newest(app: &App, tickers: &[&Ticker], caller: &Caller<'_>) -> Vec<ValuationPrice> {
    let source = &*app.sources.prices;
    latest_prices(source, app.sources.prices.about().name, tickers, caller).await.0
}

/// Money to the cent.
pub(crate) fn cents(money: f64) -> f64 {
    (money * 100.0).round() / 100.0 + 0.0
}

/// Weights as they are, with cash for the rest.
fn by_weight(holdings: &[Holding]) -> (IndexMap<Ticker, f64>, Normalisation) {
    let mut weights: IndexMap<Ticker, f64> =
        holdings.iter().map(|holding| (holding.ticker.clone(), holding.amount.number())).collect();
    let sum: f64 = weights.values().sum();
    // Without the noise of the sum: 0.1, not 0.10000000000000009.
    let rest = ((1.0 - sum) * 1e12).round() / 1e12;
    if rest.abs() <= ONE {
        return (weights, Normalisation::AsGiven);
    }
    if let Ok(cash) = "CUR:USD".parse() {
        *weights.entry(cash).or_default() += rest;
    }
    let normalisation = match rest {
        0.0.. => Normalisation::Cash { sum, rest },
        _ => Normalisation::Borrowed { sum, beyond: -rest },
    };
    (weights, normalisation)
}

/// The weights by value, or why there are none, and the total value.
fn by_total(
    holdings: &[Holding],
    prices: &[ValuationPrice],
    unpriced: &[(Ticker, String)],
) -> (Result<IndexMap<Ticker, f64>, String>, Option<f64>) {
    if !unpriced.is_empty() {
        let named: Vec<&str> = unpriced.iter().take(5).map(|(ticker, _)| ticker.as_str()).collect();
        let why = format!(
            "not known: {} of the holdings given in shares have no price ({}); give their value, or call again later",
            unpriced.len(),
            named.join(", ")
        );
        return (Err(why), None);
    }
    let price = |ticker: &Ticker| prices.iter().find(|price| price.ticker == *ticker).map_or(1.0, |price| price.price);
    let value = |holding: &Holding| match holding.amount {
        Amount::Shares(shares) => shares * price(&holding.ticker),
        Amount::Value(value) | Amount::Weight(value) => value,
    };
    let values: Vec<(Ticker, f64)> = holdings.iter().map(|holding| (holding.ticker.clone(), value(holding))).collect();
    let total: f64 = values.iter().map(|(_, value)| value).sum();
    let gross: f64 = values.iter().map(|(_, value)| value.abs()).sum();
    // Dividing by what is left of long minus short would make weights of any size.
    if total <= 1e-9 * gross {
        let why = format!(
            "not known: the holdings are worth {} in all, and weights need a total above 0; add what pays for the short \
             positions, such as CUR:USD",
            cents(total)
        );
        return (Err(why), Some(total));
    }
    (Ok(values.into_iter().map(|(ticker, value)| (ticker, value / total)).collect()), Some(total))
}

/// The latest price of each ticker up to today, and why some have none.
async fn latest_prices(
    source: &dyn PriceProvider,
    name: &str,
    tickers: &[&Ticker],
    caller: &Caller<'_>,
) -> (Vec<ValuationPrice>, Vec<(Ticker, String)>, Vec<History>) {
    let fetching = Fetching::default();
    fetching.expect(tickers.len());
    let ask = |ticker: Ticker| {
        let fetching = &fetching;
        async move {
            let found = timeout_at(caller.fetch_until, latest(source, &ticker, caller.clock.today));
            let found = match found.await {
                Ok(found) => found,
                Err(_) => latest_kept(source, &ticker, caller.clock.today).await,
            };
            fetching.step();
            (ticker, found)
        }
    };
    let owned: Vec<Ticker> = tickers.iter().map(|ticker| (*ticker).clone()).collect();
    // In the order of the holdings, whichever answers first.
    let asked = stream::iter(owned).map(ask).buffered(IN_FLIGHT).collect::<Vec<_>>();
    let (mut prices, mut unpriced, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for (ticker, found) in caller.progress.follow("fetching prices", &fetching, asked).await {
        match found {
            Ok((date, price, history)) => {
                let kind = history.series.kind();
                prices.push(ValuationPrice { ticker, price, date, source: name.to_owned(), kind });
                all.push(history);
            }
            Err(error) => unpriced.push((ticker, error.to_string())),
        }
    }
    (prices, unpriced, all)
}

/// A day, the price on it, and the history it is from.
type Latest = (NaiveDate, f64, History);

/// The newest price kept of a ticker whose newer ones did not come in time; its date is told with it.
async fn latest_kept(source: &dyn PriceProvider, ticker: &Ticker, today: NaiveDate) -> Result<Latest, PriceError> {
    let late = || PriceError::failed(SourceFault::Late, "it did not arrive in time; call again");
    let kept = source.kept(ticker, DateRange::day(today)).await.ok_or_else(late)?;
    last_price(&kept, ticker, today)?.ok_or_else(late)
}

/// The newest price of a history up to a day; none where it has none by then.
fn last_price(history: &History, ticker: &Ticker, today: NaiveDate) -> Result<Option<Latest>, PriceError> {
    if let Some(currency) = history.currency.as_deref().filter(|currency| *currency != "USD") {
        let why = format!(
            "prices of {ticker} are in {currency}, and there is no rate to US dollars: give its weight instead"
        );
        return Err(PriceError::NoData(why));
    }
    let series = &history.series;
    if let Some(refused) = series.refused() {
        return Err(PriceError::failed(SourceFault::Unusable, refused.to_string()));
    }
    let rows = series.dates().partition_point(|date| *date <= today);
    Ok(rows.checked_sub(1).map(|last| (series.dates()[last], series.prices()[last], history.clone())))
}

/// What is doubtful in prices about as old as those used: a misprint, a split or another unit changes what shares are worth.
async fn doubts(used: Vec<History>) -> Vec<String> {
    let told: Vec<Told> = used.iter().flat_map(|one| Told::of(one.series.ticker(), one)).collect();
    let series: Vec<Arc<PriceSeries>> = used.into_iter().map(|history| history.series).collect();
    let recent = |ticker: &Ticker, date: NaiveDate, series: &[Arc<PriceSeries>]| {
        let newest = series.iter().find(|one| one.ticker() == ticker).and_then(|one| one.dates().last());
        newest.is_some_and(|newest| (*newest - date).num_days() <= RECENT_DAYS.cast_signed())
    };
    let look = move || {
        let (mut jumps, mut frozen) = (findings::examine(&series), findings::frozen(&series));
        let mut copies = findings::copies(&series);
        jumps.retain(|one| recent(&one.ticker, one.date, &series));
        frozen.retain(|one| recent(&one.ticker, one.to, &series));
        copies.retain(|one| {
            let last = one.tickers.first().zip(one.stretch);
            last.is_none_or(|(ticker, stretch)| recent(ticker, stretch.to, &series))
        });
        quality::doubtful_prices(&Examined { jumps, frozen, copies, ..Examined::default() })
    };
    let moves = off_thread(look).await.unwrap_or_default();
    quality::doubtful_told(&told).into_iter().chain(moves).collect()
}

async fn latest(source: &dyn PriceProvider, ticker: &Ticker, today: NaiveDate) -> Result<Latest, PriceError> {
    let recent = today.checked_sub_days(Days::new(RECENT_DAYS)).unwrap_or(today);
    let beginning = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or(recent);
    // A few days are enough for all that trade; the whole history is asked for only of what no longer does.
    for start in [recent, beginning] {
        let range = DateRange::new(start, today).unwrap_or_else(|_| DateRange::day(today));
        let history = source.history(ticker, range).await?;
        if let Some(found) = last_price(&history, ticker, today)? {
            return Ok(found);
        }
    }
    Err(PriceError::NoData(format!("the source has no price of {ticker} up to {today}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::{Call, recommendations::tests::sample_app};

    fn holding(ticker: &str, amount: Amount) -> Holding {
        Holding { ticker: ticker.parse().unwrap(), amount }
    }

    fn weight(weights: &IndexMap<Ticker, f64>, ticker: &str) -> f64 {
        weights[&ticker.parse::<Ticker>().unwrap()]
    }

    #[test]
    fn what_weights_lack_is_cash_and_what_they_exceed_is_borrowed() {
        let (weights, words) = by_weight(&[holding("SPY", Amount::Weight(0.6)), holding("AGG", Amount::Weight(0.3))]);
        assert!((weight(&weights, "CUR:USD") - 0.1).abs() < 1e-12);
        assert_eq!(words.to_string(), "weights as given; they sum to 0.9, and the remaining 0.1 is cash (CUR:USD)");
        let (weights, words) = by_weight(&[holding("SPY", Amount::Weight(1.3))]);
        assert!((weight(&weights, "CUR:USD") + 0.3).abs() < 1e-12);
        assert!(words.to_string().contains("leverage, with 0.3 borrowed"), "{words}");
        let own_cash = [holding("SPY", Amount::Weight(0.5)), holding("CUR:USD", Amount::Weight(0.2))];
        assert!((weight(&by_weight(&own_cash).0, "CUR:USD") - 0.5).abs() < 1e-12);
        let (weights, words) = by_weight(&[holding("SPY", Amount::Weight(1.0))]);
        assert_eq!((weights.len(), words), (1, Normalisation::AsGiven));
        assert_eq!(words.to_string(), "weights as given; they sum to 1");
    }

    #[test]
    fn values_by_hand() {
        let price = ValuationPrice {
            ticker: "SPY".parse().unwrap(),
            price: 50.0,
            date: NaiveDate::default(),
            source: "files".to_owned(),
            kind: factor_types::PriceKind::Close,
        };
        let holdings = [
            holding("SPY", Amount::Shares(3.0)),
            holding("AGG", Amount::Value(-30.0)),
            holding("CUR:USD", Amount::Shares(80.0)),
        ];
        let (weights, total) = by_total(&holdings, std::slice::from_ref(&price), &[]);
        let weights = weights.unwrap();
        // 3 x 50 - 30 + 80 = 200.
        assert_eq!(total, Some(200.0));
        assert_eq!(weights.values().copied().collect::<Vec<_>>(), [0.75, -0.15, 0.4]);
        let (unknown, total) = by_total(&holdings, &[], &[("SPY".parse().unwrap(), "unknown".to_owned())]);
        assert!(unknown.unwrap_err().contains("(SPY)") && total.is_none());
        let short = [holding("SPY", Amount::Shares(1.0)), holding("AGG", Amount::Value(-50.0))];
        assert!(by_total(&short, &[price], &[]).0.unwrap_err().contains("total above 0"));
    }

    #[tokio::test]
    async fn shares_are_valued_at_the_latest_price_and_what_is_odd_about_it_is_said() {
        let (_folder, app) = sample_app();
        let call = Call::default();
        let caller = call.caller(app.clock());
        let stopped = [holding("PEJ", Amount::Shares(2.0)), holding("CUR:USD", Amount::Shares(10.0))];
        let found = value(&app, &stopped, &caller).await;
        let warned =
            ["the latest price of PEJ is of 2023-06-15", "the prices are simulated: they are no market's prices"];
        assert_eq!(found.warnings, warned);
        assert_eq!(found.prices.len(), 1, "cash needs no price");
        let total = 2.0 * found.prices[0].price + 10.0;
        assert_eq!(found.total_value, Some(total));
        assert!((weight(found.weights.as_ref().unwrap(), "CUR:USD") - 10.0 / total).abs() < 1e-12);
        assert!(
            found.in_words().starts_with("shares at their latest price (sample, prices_used)"),
            "{}",
            found.in_words()
        );

        let strangers = [holding("ZZZZ", Amount::Shares(1.0)), holding("SPY", Amount::Shares(1.0))];
        let found = value(&app, &strangers, &caller).await;
        assert_eq!(found.unpriced[0].0.as_str(), "ZZZZ");
        assert!(found.in_words().starts_with("not known: 1 of the holdings given in shares have no price (ZZZZ)"));
        assert_eq!((found.total_value, found.prices.len()), (None, 1), "SPY has one all the same");

        let values = [holding("SPY", Amount::Value(30.0)), holding("ZZZZ", Amount::Value(10.0))];
        let found = value(&app, &values, &caller).await;
        assert_eq!(found.in_words(), "each value divided by their total, 40 US dollars");
        assert_eq!((weight(found.weights.as_ref().unwrap(), "ZZZZ"), found.warnings.len()), (0.25, 0));
    }

    #[tokio::test]
    async fn the_latest_price_is_one_up_to_today_however_old() {
        let (_folder, app) = sample_app();
        let latest = |ticker: &str, today: &str| {
            let (ticker, today) = (ticker.parse::<Ticker>().unwrap(), today.parse().unwrap());
            let source = app.sources.prices.clone();
            async move { latest(&*source, &ticker, today).await }
        };
        // 1 January 2020 is a holiday, 4 January a Saturday.
        assert_eq!(latest("SPY", "2020-01-01").await.unwrap().0.to_string(), "2019-12-31");
        assert_eq!(latest("SPY", "2020-01-04").await.unwrap().0.to_string(), "2020-01-03");
        let before = latest("SPY", "2009-06-30").await.unwrap_err().to_string();
        assert_eq!(before, "the source has no price of SPY up to 2009-06-30");
    }
}
