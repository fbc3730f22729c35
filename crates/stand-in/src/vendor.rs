//! The vendors: their paths and their words.

mod fmp;
mod fred;
mod french;
#[cfg(test)]
mod tests;
mod treasury;
mod yahoo;

use std::fmt;

use chrono::{DateTime, NaiveDate};

use crate::{
    fault::Fault,
    server::{HttpReply, Request, VendorQuery},
};

/// Whose server a stand-in plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vendor {
    /// Financial Modeling Prep, the `stable` API.
    Fmp,
    /// Yahoo's chart v8.
    Yahoo,
    /// The US Treasury's daily par yield curve as CSV, a file a year.
    Treasury,
    /// FRED's keyless graph CSV.
    Fred,
    /// Kenneth French's data library, a zip a file.
    French,
}

/// What a request is about.
#[derive(Debug, Default)]
pub(crate) struct Subject {
    pub(crate) symbols: Vec<String>,
    pub(crate) from: Option<NaiveDate>,
    pub(crate) to: Option<NaiveDate>,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Fmp, Self::Yahoo, Self::Treasury, Self::Fred, Self::French];

    /// The part of the path that belongs to the base URL: `/stable`, nothing, up to and with
    /// `daily-treasury-rates.csv`, up to and with `fredgraph.csv`, the folder of the library.
    #[must_use]
    pub fn base_path(self) -> &'static str {
        match self {
            Self::Fmp => "/stable",
            Self::Yahoo => "",
            Self::Treasury => "/resource-center/data-chart-center/interest-rates/daily-treasury-rates.csv",
            Self::Fred => "/graph/fredgraph.csv",
            Self::French => Self::FRENCH_PATH,
        }
    }

    /// What the request is about.
    pub(crate) fn subject(self, request: &Request) -> Subject {
        let list = |text: Option<&str>| -> Vec<String> {
            text.map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default()
        };
        let date = |name| request.query(name).and_then(|text| text.parse().ok());
        let moment = |name| {
            let seconds = request.query(name)?.parse().ok()?;
            Some(DateTime::from_timestamp(seconds, 0)?.date_naive())
        };
        match self {
            Self::Fmp => Subject {
                symbols: list(request.query("symbol").or_else(|| request.query("symbols"))),
                from: date("from"),
                to: date("to"),
            },
            Self::Yahoo => Subject {
                symbols: request
                    .path
                    .strip_prefix(yahoo::PATH)
                    .map(|symbol| vec![symbol.to_owned()])
                    .unwrap_or_default(),
                from: moment("period1"),
                to: moment("period2"),
            },
            Self::Treasury => {
                let rest = request.path.strip_prefix(self.base_path()).unwrap_or_default();
                let year = rest.trim_start_matches('/').split('/').next().filter(|year| !year.is_empty());
                Subject { symbols: list(year), ..Subject::default() }
            }
            Self::Fred => Subject { symbols: list(request.query("id")), from: date("cosd"), to: date("coed") },
            Self::French => {
                Subject { symbols: french::file_of(&request.path).into_iter().collect(), ..Subject::default() }
            }
        }
    }

    /// The answer of a healthy vendor, with its data spoilt if that is the fault.
    pub(crate) fn answer(self, ask: &VendorQuery<'_>) -> HttpReply {
        if ask.request.method != "GET" {
            return HttpReply::text(405, "Method Not Allowed");
        }
        match self {
            Self::Fmp => fmp::answer(ask),
            Self::Yahoo => yahoo::answer(ask),
            Self::Treasury => treasury::answer(ask),
            Self::Fred => fred::answer(ask),
            Self::French => french::answer(ask),
        }
    }

    /// How the vendor words a refusal.
    pub(crate) fn refusal(self, fault: &Fault) -> HttpReply {
        match self {
            Self::Fmp => fmp::refusal(fault),
            Self::Yahoo => yahoo::refusal(fault),
            Self::Treasury => plain_refusal(fault, treasury::HEADER),
            Self::Fred => plain_refusal(fault, "observation_date,DGS10\n"),
            Self::French => plain_refusal(fault, french::HEADER),
        }
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fmp => "fmp",
            Self::Yahoo => "yahoo",
            Self::Treasury => "treasury",
            Self::Fred => "fred",
            Self::French => "french",
        })
    }
}

/// The refusals of a site without an API of its own: pages.
fn plain_refusal(fault: &Fault, header: &str) -> HttpReply {
    let page = |status, title: &str| {
        let body =
            format!("<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
        HttpReply::new(status, "text/html; charset=UTF-8", body)
    };
    match fault {
        Fault::Unauthorized => page(401, "Unauthorized"),
        Fault::SymbolNotInPlan | Fault::ExclusiveEndpoint | Fault::LegacyForbidden => page(403, "Access Denied"),
        Fault::NotFound => page(404, "Page not found"),
        Fault::Empty => HttpReply::csv(header.to_owned()),
        Fault::TooMany(_) => page(429, "Too Many Requests"),
        Fault::LimitWith200 => page(200, "Too Many Requests"),
        Fault::ErrorWith200 => page(200, "An error occurred"),
        _ => page(500, "Internal Server Error"),
    }
}
