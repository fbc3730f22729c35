//! The histories of many tickers at once, as far as they come in the time there is.
//!
//! All are asked for at once; the source decides how many requests are under way. Who waits is not kept waiting by a few:
//! when nothing has arrived for [`QUIET`], and what is outstanding is little or is kept from earlier, it is given up for
//! this call. What is kept stands in for it then, and it is fetched on in the background, so that the next call has it.
//! A vendor that is slow for everything is waited for as long as it takes, up to the deadline, unless everything that is
//! outstanding is kept: then for no longer than [`REFRESH`].

use std::{sync::Arc, time::Duration};

use factor_prices::{History, PriceError, PriceProvider};
use factor_types::{DateRange, Ticker};
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, join_all},
    stream::FuturesUnordered,
};
use tokio::time::{Instant, timeout, timeout_at};

/// Without any arrival for so long, a few that are outstanding are given up.
const QUIET: Duration = Duration::from_secs(5);
/// Refreshes of kept histories are waited for no longer.
const REFRESH: Duration = Duration::from_secs(15);
/// A few: this share of what was asked for.
const FEW: usize = 10;
/// What was given up is fetched on for so long.
const BACKGROUND: Duration = Duration::from_secs(120);

/// What came of a history; `None` is one that did not come in time and of which nothing is kept.
pub(super) type Outcome = Option<Result<History, PriceError>>;

type Asked = FuturesUnordered<BoxFuture<'static, (usize, Result<History, PriceError>)>>;

/// The histories in the order of `tickers`. `arrived` hears of each.
pub(super) async fn histories(
    prices: &Arc<dyn PriceProvider>,
    tickers: &[Ticker],
    range: DateRange,
    deadline: Instant,
    arrived: impl Fn(),
) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = tickers.iter().map(|_| None).collect();
    let mut asked: Asked = tickers.iter().enumerate().map(|(at, ticker)| ask(prices, at, ticker, range)).collect();
    let start = Instant::now();
    let (mut last, mut longest_gap) = (start, Duration::ZERO);
    while !asked.is_empty() {
        // What is slow by nature is given as long again as it has taken before.
        let quiet = QUIET.max(2 * longest_gap);
        let until = deadline.min(Instant::now() + quiet);
        match timeout_at(until, asked.next()).await {
            Ok(Some((at, outcome))) => {
                outcomes[at] = Some(outcome);
                arrived();
                longest_gap = longest_gap.max(last.elapsed());
                last = Instant::now();
                if start.elapsed() < REFRESH {
                    continue;
                }
            }
            Ok(None) => break,
            Err(_) if Instant::now() >= deadline => break,
            Err(_) if asked.len() <= (tickers.len() / FEW).max(1) => break,
            Err(_) => {}
        }
        if all_kept(prices, tickers, range, &outcomes).await {
            break;
        }
    }
    stand_in(prices, tickers, range, &mut outcomes).await;
    go_on(prices, asked);
    outcomes
}

fn ask(
    prices: &Arc<dyn PriceProvider>,
    at: usize,
    ticker: &Ticker,
    range: DateRange,
) -> BoxFuture<'static, (usize, Result<History, PriceError>)> {
    let (prices, ticker) = (Arc::clone(prices), ticker.clone());
    async move { (at, prices.history(&ticker, range).await) }.boxed()
}

/// True when of everything outstanding something is kept.
async fn all_kept(prices: &Arc<dyn PriceProvider>, tickers: &[Ticker], range: DateRange, so_far: &[Outcome]) -> bool {
    for (ticker, _) in tickers.iter().zip(so_far).filter(|(_, outcome)| outcome.is_none()) {
        if prices.kept(ticker, range).await.is_none() {
            return false;
        }
    }
    true
}

/// Puts what is kept in the place of what did not come.
async fn stand_in(prices: &Arc<dyn PriceProvider>, tickers: &[Ticker], range: DateRange, outcomes: &mut [Outcome]) {
    let outstanding = tickers.iter().zip(outcomes).filter(|(_, outcome)| outcome.is_none());
    join_all(outstanding.map(async |(ticker, outcome)| *outcome = prices.kept(ticker, range).await.map(Ok))).await;
}

/// Goes on with what was given up, for a while.
fn go_on(prices: &Arc<dyn PriceProvider>, mut asked: Asked) {
    if asked.is_empty() {
        return;
    }
    let prices = Arc::clone(prices);
    tokio::spawn(async move {
        let rest = async { while asked.next().await.is_some() {} };
        // It was given up once already; whoever asks again finds what came.
        drop(timeout(BACKGROUND, rest).await);
        prices.flush().await;
    });
}
