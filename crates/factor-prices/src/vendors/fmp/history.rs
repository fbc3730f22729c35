//! Prices: adjusted or else closes, whole even where the vendor cuts its answers.

use std::{sync::Arc, time::Duration};

use chrono::{Days, Months, NaiveDate};
use factor_types::{DateRange, PriceKind, PriceSeries, Ticker};
use tokio::time::{Instant, timeout};

use super::{Fmp, VENDOR, bodies, dashed, unknown, unknown_or};
use crate::{
    History, PriceError, SourceFault,
    upstream::{UpstreamError, UpstreamResponse},
    vendors::rows::PriceRows,
};

/// An answer that begins so many days after the start asked for may be whole all the same: holidays.
const SLACK: u64 = 10;
/// No vendor cuts at fewer rows.
const SMALLEST_CAP: usize = 1_000;
/// A plan of some years begins with the first trading day of its first year, at most so many days after an anniversary.
const PLAN_SLACK: u64 = 5;
/// The longest plan of whole years that is looked for.
const PLAN_YEARS: u32 = 30;
/// How long an answer that may have been cut waits for a longer one that proves that it was not, while others are under
/// way; and how often it looks whether they are.
const PROOF: Duration = Duration::from_secs(3);
const PROOF_LOOK: Duration = Duration::from_millis(50);

/// Where prices of one kind are.
#[derive(Debug, Clone, Copy)]
struct Place {
    kind: PriceKind,
    path: &'static [&'static str],
    field: &'static str,
}

const ADJUSTED: Place =
    Place { kind: PriceKind::Adjusted, path: &["historical-price-eod", "dividend-adjusted"], field: "adjClose" };
const CLOSE: Place = Place { kind: PriceKind::Close, path: &["historical-price-eod", "full"], field: "close" };

impl Fmp {
    pub(super) async fn prices(&self, ticker: &Ticker, range: DateRange) -> Result<History, PriceError> {
        if let Some(refused) = self.plan.known(ticker.as_str()).await {
            return Err(refused.into());
        }
        let caveat = match self.rows(ADJUSTED, ticker, range).await {
            Ok(rows) if rows.total > 0 => return Ok(history(ADJUSTED, ticker, rows, None)),
            Ok(_) => format!("{VENDOR} has no adjusted prices of it; closes are used: dividends are left out"),
            Err(error) if error.fault == SourceFault::Plan => {
                "adjusted prices are not in the plan of this key (asked again after a day); closes are used: dividends are \
                 left out"
                    .to_owned()
            }
            Err(error) => return Err(unknown_or(error, ticker)),
        };
        match self.rows(CLOSE, ticker, range).await {
            Ok(rows) if rows.total > 0 => Ok(history(CLOSE, ticker, rows, Some(caveat))),
            Ok(_) => Err(unknown(ticker)),
            Err(error) => {
                // Neither kind of prices is in the plan: that is so for a day, whatever else is asked.
                if error.fault == SourceFault::Plan {
                    self.plan.remember(ticker.as_str(), error.clone()).await;
                }
                Err(unknown_or(error, ticker))
            }
        }
    }

    /// Every row from the start of the range, asked for in as many pieces as the vendor makes of it.
    async fn rows(&self, place: Place, ticker: &Ticker, range: DateRange) -> Result<PriceRows, UpstreamError> {
        let mut all = self.piece(place, ticker, range.start(), range.end()).await?;
        let near = range.start().checked_add_days(Days::new(SLACK)).unwrap_or(range.start());
        let mut piece = all.total;
        while let Some(oldest) = all.oldest() {
            if oldest <= near || begins_a_plan(oldest, range.end().min(self.dates.today())) {
                self.is_uncut(piece);
                break;
            }
            if piece < SMALLEST_CAP || self.is_known_whole(piece).await {
                break;
            }
            // Pieces are asked for backwards from the oldest row, since the vendor keeps the newest when it cuts.
            let Some(before) = oldest.pred_opt() else { break };
            let earlier = match self.piece(place, ticker, range.start(), before).await {
                Ok(earlier) => earlier,
                // The plan ends there.
                Err(error) if error.fault == SourceFault::Plan => break,
                Err(error) => return Err(error),
            };
            // Nothing earlier: the piece before was whole, however long it was.
            if earlier.total == 0 {
                self.is_uncut(piece);
                break;
            }
            // A vendor that ignores the end date would be asked for ever.
            if earlier.oldest().is_none_or(|date| date >= oldest) {
                break;
            }
            piece = earlier.total;
            all.extend(earlier);
        }
        Ok(all)
    }

    /// Notes that an answer of so many rows was not cut.
    fn is_uncut(&self, rows: usize) {
        self.uncut.send_if_modified(|known| {
            let longer = rows > *known;
            *known = rows.max(*known);
            longer
        });
    }

    /// True when a longer answer was not cut. One of as many rows may be the longest there can be. Where others are under
    /// way their answers are waited for a moment: each saves a request.
    async fn is_known_whole(&self, rows: usize) -> bool {
        let mut uncut = self.uncut.subscribe();
        if *uncut.borrow_and_update() > rows {
            return true;
        }
        let end = Instant::now() + PROOF;
        while self.stats().in_flight > 0 && Instant::now() < end {
            if timeout(PROOF_LOOK, uncut.wait_for(|known| *known > rows)).await.is_ok() {
                return true;
            }
        }
        false
    }

    async fn piece(
        &self,
        place: Place,
        ticker: &Ticker,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<PriceRows, UpstreamError> {
        let (symbol, from, to) = (dashed(ticker), from.to_string(), to.to_string());
        let read = |reply: &UpstreamResponse| bodies::prices(reply, &symbol, place.field, &self.dates);
        self.get(place.path, &[("symbol", &symbol), ("from", &from), ("to", &to)], ticker.as_str(), read).await
    }
}

/// True when prices begin where those of a plan of whole years do: nothing before is in the plan, and nothing was cut.
/// A vendor's cap of rows is no whole number of years.
fn begins_a_plan(oldest: NaiveDate, end: NaiveDate) -> bool {
    (1..=PLAN_YEARS).any(|years| {
        let first = end.checked_sub_months(Months::new(12 * years));
        first.is_some_and(|first| (first..=first + Days::new(PLAN_SLACK)).contains(&oldest))
    })
}

fn history(place: Place, ticker: &Ticker, rows: PriceRows, caveat: Option<String>) -> History {
    let series = PriceSeries::new(ticker.clone(), place.kind, rows.rows.iter().copied());
    History { caveat, oddities: rows.oddities(&series), ..Arc::new(series).into() }
}
