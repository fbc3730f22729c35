//! Which rows calendar quarters end with.

use chrono::{Datelike, NaiveDate};

use crate::panel::{Period, TradingCalendar};

/// A quarter end and the one after it, as rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarterRows {
    /// The last row of the quarter.
    pub end: usize,
    /// The last row of the quarter after.
    pub evaluated_to: usize,
}

/// Every quarter end of rising daily dates that is followed by a whole quarter, in order.
///
/// A quarter is whole when the newest date is on or after its last trading day. A date that no calendar knows, of a holiday on
/// which some series trade, never ends one: the row is the last on or before the last trading day.
pub fn quarters_of(dates: &[NaiveDate], calendar: &TradingCalendar) -> Vec<QuarterRows> {
    let ends = ends_of(dates, calendar);
    let pairs = ends.windows(2).filter_map(|pair| Some((pair[0]?, pair[1]?)));
    pairs.map(|(end, evaluated_to)| QuarterRows { end, evaluated_to }).collect()
}

/// The last row of each quarter from that of the first date on; `None` of one without rows. The running quarter is none.
fn ends_of(dates: &[NaiveDate], calendar: &TradingCalendar) -> Vec<Option<usize>> {
    let (Some(first), Some(newest)) = (dates.first(), dates.last()) else { return Vec::new() };
    let mut month = Period::month_of(*first);
    while !month.last.month().is_multiple_of(3) {
        month = month.next();
    }
    let mut ends = Vec::new();
    let mut before = 0;
    while calendar.last_day(month) <= *newest {
        let upto = dates.partition_point(|date| *date <= calendar.last_day(month));
        ends.push((upto > before).then(|| upto - 1));
        before = upto;
        month = month.next().next().next();
    }
    ends
}
