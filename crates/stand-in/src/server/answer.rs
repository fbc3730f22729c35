//! What a request is answered with: the plan first, then an armed fault, then the vendor.

use std::{
    collections::VecDeque,
    io::Write as _,
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDate, Utc};
use flate2::{Compression, write::GzEncoder};

use super::{
    RateLimit, Shared,
    http::{Delivery, HttpReply, Request},
    locked,
    log::{KeyPlace, RecordedRequest},
};
use crate::{
    Options, Vendor,
    fault::{ArmedFault, Fault, RetryAfter},
    market::View,
    vendor::Subject,
};

/// Over every sensible body cap.
const HUGE: usize = 17 * 1024 * 1024;

/// Everything a vendor needs for an answer.
pub(crate) struct VendorQuery<'a> {
    pub(crate) request: &'a Request,
    pub(crate) subject: &'a Subject,
    pub(crate) view: View<'a>,
    pub(crate) options: &'a Options,
    pub(crate) fault: Option<&'a Fault>,
}

/// The moments of the requests in the plan's window.
#[derive(Debug, Default)]
pub(super) struct Plans {
    taken: VecDeque<Instant>,
    answered: u64,
}

impl Shared {
    /// The answer, and how long to wait before it.
    pub(super) fn answer(&self, request: &Request) -> (HttpReply, Duration) {
        let at = Instant::now();
        let options = locked(&self.options).clone();
        let subject = self.vendor.subject(request);
        let (over, wait) = {
            let mut plans = locked(&self.plans);
            (plans.over(options.plan, at), plans.wait(&options))
        };
        let today = *locked(&self.today);
        let reply = match over {
            Some(retry_after) => too_many(self.vendor, retry_after.as_ref()),
            None => {
                let fault = ArmedFault::strike(&mut locked(&self.faults), &request.path, &subject.symbols);
                let view = self.market.until(today);
                reply(
                    self.vendor,
                    &VendorQuery { request, subject: &subject, view, options: &options, fault: fault.as_ref() },
                )
            }
        };
        let reply = if options.gzip { packed(reply, request) } else { reply };
        self.log.record(seen(at, request, subject, &reply));
        (reply, wait)
    }
}

impl VendorQuery<'_> {
    /// The first and the last day asked for.
    pub(crate) fn range(&self) -> (NaiveDate, NaiveDate) {
        let subject = self.subject;
        (subject.from.unwrap_or(NaiveDate::MIN), subject.to.unwrap_or(NaiveDate::MAX).min(self.view.today()))
    }

    /// The symbol asked for.
    pub(crate) fn symbol(&self) -> Option<&str> {
        self.subject.symbols.first().map(String::as_str)
    }

    /// The symbol to write into the answer.
    pub(crate) fn written<'a>(&self, symbol: &'a str) -> &'a str {
        if self.fault == Some(&Fault::WrongSymbol) { "WRONG" } else { symbol }
    }
}

impl Plans {
    /// `Some` when the plan is used up, with the `Retry-After` to send.
    pub(super) fn over(&mut self, plan: Option<RateLimit>, now: Instant) -> Option<Option<RetryAfter>> {
        let plan = plan?;
        while self.taken.front().is_some_and(|taken| now.duration_since(*taken) >= plan.window) {
            self.taken.pop_front();
        }
        if self.taken.len() < plan.requests {
            self.taken.push_back(now);
            return None;
        }
        let left =
            self.taken.front().map_or(plan.window, |taken| plan.window.saturating_sub(now.duration_since(*taken)));
        Some(plan.retry_after.then(|| RetryAfter::Seconds(left.as_millis().div_ceil(1000).try_into().unwrap_or(60))))
    }

    fn wait(&mut self, options: &Options) -> Duration {
        // The golden ratio spreads the pauses evenly over the jitter.
        self.answered = self.answered.wrapping_add(1);
        let part = u32::try_from(self.answered.wrapping_mul(0x9e37_79b9) & 0xffff).unwrap_or(0);
        options.latency + options.jitter * part / 0xffff
    }
}

fn reply(vendor: Vendor, ask: &VendorQuery<'_>) -> HttpReply {
    let well = || vendor.answer(ask);
    let delivered = |delivery| HttpReply { delivery, ..well() };
    let filler = || {
        let mut body = vec![b' '; HUGE];
        body[0] = b'[';
        body[HUGE - 1] = b']';
        HttpReply::json(200, body)
    };
    let Some(fault) = ask.fault else { return well() };
    match fault {
        Fault::Answer { status, headers, body } => HttpReply {
            status: *status,
            headers: headers.clone(),
            body: body.clone().into_bytes(),
            delivery: Delivery::Whole,
        },
        Fault::TooMany(retry_after) => too_many(vendor, retry_after.as_ref()),
        Fault::Html200 => HttpReply::new(200, "text/html; charset=utf-8", HTML),
        Fault::CutBody => delivered(Delivery::Half),
        Fault::CutText => {
            let mut reply = well();
            reply.body.truncate(reply.body.len() / 2);
            reply
        }
        Fault::Reset => delivered(Delivery::Reset),
        Fault::Hang => delivered(Delivery::Never),
        Fault::Slow(pause) => delivered(Delivery::Drip(*pause)),
        Fault::Huge => filler(),
        Fault::HugeChunked => HttpReply { delivery: Delivery::Chunked, ..filler() },
        Fault::GzipBomb => gzipped(filler()),
        Fault::WrongTypes(_)
        | Fault::BadPrices(_)
        | Fault::Unsorted
        | Fault::DuplicateDates
        | Fault::ConflictingDates
        | Fault::FutureDates
        | Fault::WrongSymbol
        | Fault::Newest(_)
        | Fault::Frozen
        | Fault::Pence => well(),
        Fault::Unauthorized
        | Fault::SymbolNotInPlan
        | Fault::ExclusiveEndpoint
        | Fault::LegacyForbidden
        | Fault::NotFound
        | Fault::Empty
        | Fault::LimitWith200
        | Fault::ServerError
        | Fault::ErrorWith200 => vendor.refusal(fault),
    }
}

fn too_many(vendor: Vendor, retry_after: Option<&RetryAfter>) -> HttpReply {
    let reply = vendor.refusal(&Fault::TooMany(None));
    let Some(retry_after) = retry_after else { return reply };
    let value = match retry_after {
        RetryAfter::Seconds(seconds) => seconds.to_string(),
        RetryAfter::Date(from_now) => {
            let at: DateTime<Utc> = (std::time::SystemTime::now() + *from_now).into();
            at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
        }
        RetryAfter::Text(text) => text.clone(),
    };
    reply.with("Retry-After", value)
}

fn packed(reply: HttpReply, request: &Request) -> HttpReply {
    let accepts = request.header("accept-encoding").is_some_and(|names| names.contains("gzip"));
    let plain = !reply.headers.iter().any(|(name, _)| name == "Content-Encoding");
    if accepts && plain { gzipped(reply) } else { reply }
}

fn gzipped(reply: HttpReply) -> HttpReply {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(&reply.body);
    let body = encoder.finish().unwrap_or_default();
    HttpReply { body, ..reply }.with("Content-Encoding", "gzip")
}

fn seen(at: Instant, request: &Request, subject: Subject, reply: &HttpReply) -> RecordedRequest {
    let masked = |pairs: &[(String, String)]| -> Vec<(String, String)> {
        let secret = |name: &str| ["apikey", "api_key", "authorization"].contains(&name);
        let shown = |name: &str, value: &String| if secret(name) { "***".to_owned() } else { value.clone() };
        pairs.iter().map(|(name, value)| (name.clone(), shown(name, value))).collect()
    };
    let key = if request.header("apikey").is_some() {
        Some(KeyPlace::Header)
    } else {
        request.query("apikey").map(|_| KeyPlace::Query)
    };
    let sent = !matches!(reply.delivery, Delivery::Reset | Delivery::Never);
    RecordedRequest {
        at,
        path: request.path.clone(),
        symbols: subject.symbols,
        from: subject.from,
        to: subject.to,
        query: masked(&request.query),
        headers: masked(&request.headers),
        key,
        status: sent.then_some(reply.status),
    }
}

const HTML: &str = "<!DOCTYPE html><html><head><title>Just a moment...</title></head>\
    <body><h1>Checking your browser before you continue.</h1></body></html>";
