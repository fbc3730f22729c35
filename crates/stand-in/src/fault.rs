//! What can go wrong, on demand.

use std::time::Duration;

/// One way a vendor fails. Bodies are the vendor's own words where these are known.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Exactly this answer.
    Answer {
        /// The HTTP status.
        status: u16,
        /// Headers besides `Content-Length`, `Content-Type` among them if one is wanted.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// 401: the key is wrong.
    Unauthorized,
    /// 402, plain text: the symbol is not in the plan.
    SymbolNotInPlan,
    /// 402: the endpoint is not in the plan.
    ExclusiveEndpoint,
    /// 403: the key is too young for this endpoint.
    LegacyForbidden,
    /// 404, with the vendor's error object.
    NotFound,
    /// 200 and nothing in it: `[]`, or a CSV with its header alone.
    Empty,
    /// 429, with or without `Retry-After`.
    TooMany(Option<RetryAfter>),
    /// The text of a limit with status 200.
    LimitWith200,
    /// 500, plain text.
    ServerError,
    /// An error object with status 200.
    ErrorWith200,
    /// An HTML page with status 200.
    Html200,
    /// `Content-Length` promises the whole body, half of it arrives, then the connection ends.
    CutBody,
    /// Half of the body, with the `Content-Length` of that half.
    CutText,
    /// The connection ends before any byte of an answer.
    Reset,
    /// No answer; the connection stays open until the client leaves.
    Hang,
    /// The right answer in 16 pieces, with this pause before each.
    Slow(Duration),
    /// A body of 17 MiB, announced by its `Content-Length`.
    Huge,
    /// A body of 17 MiB in chunks, its length unannounced.
    HugeChunked,
    /// A body of a few KB that unpacks (gzip) to 17 MiB.
    GzipBomb,
    /// One price or date in the middle has another type.
    WrongTypes(WrongType),
    /// One price in the middle is no price.
    BadPrices(BadPrice),
    /// The rows are out of order; none is missing.
    Unsorted,
    /// One row in the middle comes twice.
    DuplicateDates,
    /// One date in the middle comes twice, with prices 1 % apart.
    ConflictingDates,
    /// One row too many, dated ten days after today, by the server's and by the real clock.
    FutureDates,
    /// The right rows under the symbol `WRONG`, where the vendor writes one.
    WrongSymbol,
    /// So many of the newest rows alone, in a body that is sound.
    Newest(usize),
    /// The price of the eighth-newest row and volume 0 since: Yahoo alone writes the volumes.
    Frozen,
    /// The right rows as prices in pence, where the vendor writes a currency.
    Pence,
}

/// How a 429 says when to come back.
#[derive(Debug, Clone, PartialEq)]
pub enum RetryAfter {
    /// In so many seconds.
    Seconds(u64),
    /// At an HTTP date, so long from the moment of the answer (whole seconds).
    Date(Duration),
    /// Whatever is written here.
    Text(String),
}

/// What stands where a price or a date should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongType {
    /// Words instead of a price.
    PriceText,
    /// An object instead of a price.
    PriceObject,
    /// `null`; an empty cell in a CSV. Yahoo sends it for a day without trades.
    PriceNull,
    /// The field is not there; for Yahoo one array is a value short.
    PriceMissing,
    /// A number where the vendor writes a text date, a text where it writes a number.
    DateType,
}

/// A value that is no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadPrice {
    /// The text `NaN`.
    NanText,
    /// 0.
    Zero,
    /// Below 0.
    Negative,
    /// 1e300: finite and absurd.
    Enormous,
}

/// Which requests a fault is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// All.
    All,
    /// Those for a symbol; see [`RecordedRequest::symbols`](crate::RecordedRequest::symbols) for what each vendor's is.
    Symbol(String),
    /// Those whose path contains the text, e.g. `dividend-adjusted`.
    Path(String),
}

/// How often a fault strikes, counted over the requests that reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Every time, until cleared.
    Always,
    /// The first so many times.
    First(u32),
    /// Not the first `skip` times, then `count` times.
    After {
        /// Requests that are answered well.
        skip: u32,
        /// Requests that fail after them.
        count: u32,
    },
}

/// A fault on its way.
#[derive(Debug)]
pub(crate) struct ArmedFault {
    target: Target,
    skip: u32,
    left: Option<u32>,
    fault: Fault,
}

impl Target {
    /// [`Target::Symbol`].
    #[must_use]
    pub fn symbol(symbol: &str) -> Self {
        Self::Symbol(symbol.to_owned())
    }

    /// [`Target::Path`].
    #[must_use]
    pub fn path(part: &str) -> Self {
        Self::Path(part.to_owned())
    }

    fn takes(&self, path: &str, symbols: &[String]) -> bool {
        match self {
            Self::All => true,
            Self::Symbol(symbol) => symbols.contains(symbol),
            Self::Path(part) => path.contains(part),
        }
    }
}

impl ArmedFault {
    pub(crate) fn new(target: Target, times: Times, fault: Fault) -> Self {
        let (skip, left) = match times {
            Times::Always => (0, None),
            Times::First(count) => (0, Some(count)),
            Times::After { skip, count } => (skip, Some(count)),
        };
        Self { target, skip, left, fault }
    }

    /// The fault of the first that is for this request and not used up. Those after it do not count the request.
    pub(crate) fn strike(all: &mut [Self], path: &str, symbols: &[String]) -> Option<Fault> {
        for armed in all.iter_mut().filter(|armed| armed.target.takes(path, symbols)) {
            if armed.skip > 0 {
                armed.skip -= 1;
                continue;
            }
            match &mut armed.left {
                Some(0) => continue,
                Some(left) => *left -= 1,
                None => {}
            }
            return Some(armed.fault.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of some requests for a symbol are struck.
    fn struck(target: Target, times: Times, requests: &[(&str, &str)]) -> Vec<bool> {
        let mut all = [ArmedFault::new(target, times, Fault::Empty)];
        let strike =
            |(path, symbol): &(&str, &str)| ArmedFault::strike(&mut all, path, &[(*symbol).to_owned()]).is_some();
        requests.iter().map(strike).collect()
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_is_armed() {
        let four = [("/p", "SPY"); 4];
        assert_eq!(struck(Target::All, Times::Always, &four), [true; 4]);
        assert_eq!(struck(Target::All, Times::First(2), &four), [true, true, false, false]);
        let after = Times::After { skip: 1, count: 2 };
        assert_eq!(struck(Target::All, after, &four), [false, true, true, false]);
    }

    #[test]
    fn only_requests_that_reach_it_count() {
        let mixed = [("/p", "TLT"), ("/p", "SPY"), ("/q", "TLT"), ("/q", "SPY")];
        assert_eq!(struck(Target::symbol("SPY"), Times::First(1), &mixed), [false, true, false, false]);
        assert_eq!(struck(Target::path("q"), Times::First(1), &mixed), [false, false, true, false]);
    }
}
