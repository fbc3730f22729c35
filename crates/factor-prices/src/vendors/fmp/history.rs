//! Prices: adjusted or else closes, whole even where the vendor cuts its answers.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use chrono::{Days, NaiveDate};
use factor_types::{DateRange, PriceKind, PriceSeries, Ticker};

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
        if let Some(refused) = self.refusals.known(ticker.as_str()) {
            return Err(refused.into());
        }
        let caveat = match self.rows(ADJUSTED, ticker, range).await {
            Ok(rows) if rows.total > 0 => return Ok(history(ADJUSTED, ticker, rows, None)),
            Ok(_) => format!("{VENDOR} has no adjusted prices of it; closes are used: dividends are left out"),
            Err(error) if error.fault == SourceFault::Plan => {
                "adjusted prices are not in the plan of this key; closes are used: dividends are left out".to_owned()
            }
            Err(error) => return Err(unknown_or(error, ticker)),
        };
        match self.rows(CLOSE, ticker, range).await {
            Ok(rows) if rows.total > 0 => Ok(history(CLOSE, ticker, rows, Some(caveat))),
            Ok(_) => Err(unknown(ticker)),
            Err(error) => {
                // Neither kind of prices is in the plan: that is so for a while, whatever else is asked.
                if error.fault == SourceFault::Plan {
                    self.refusals.remember(ticker.as_str(), &error);
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
            if oldest <= near {
                self.uncut.fetch_max(piece, Relaxed);
                break;
            }
            // An answer with as many rows as the longest whole one may be the longest there can be.
            if piece < SMALLEST_CAP || piece < self.uncut.load(Relaxed) {
                break;
            }
            // Pieces are asked for backwards from the oldest row, since the vendor keeps the newest when it cuts.
            let Some(before) = oldest.pred_opt() else { break };
            let earlier = self.piece(place, ticker, range.start(), before).await?;
            // Nothing earlier: the piece before was whole, however long it was.
            if earlier.total == 0 {
                self.uncut.fetch_max(piece, Relaxed);
                break;
            }
            // A vendor that ignores the end date would be asked for ever.
            if earlier.oldest().is_none_or(|date| date >= oldest) {
                break;
            }
            piece = earlier.total;
            all.total += earlier.total;
            all.rows.extend(earlier.rows);
        }
        Ok(all)
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

fn history(place: Place, ticker: &Ticker, rows: PriceRows, caveat: Option<String>) -> History {
    let series = PriceSeries::new(ticker.clone(), place.kind, rows.rows);
    History { caveat, ..Arc::new(series).into() }
}
