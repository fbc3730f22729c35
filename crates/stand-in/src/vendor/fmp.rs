//! Financial Modeling Prep, `stable`.

mod about;
mod prices;

use crate::{
    fault::Fault,
    server::{HttpReply, VendorQuery},
    vendor::Vendor,
};

const INVALID_KEY: &str = r#"{"Error Message":"Invalid API KEY. Feel free to create a Free API Key or visit https://site.financialmodelingprep.com/faqs?search=why-is-my-api-key-invalid for more information."}"#;
const LEGACY: &str = r#"{"Error Message":"Legacy Endpoint : Due to Legacy endpoints being no longer supported - This endpoint is only available for legacy users who have valid subscriptions prior August 31, 2025. Please visit our subscription page to upgrade your plan or contact us at https://site.financialmodelingprep.com/developer/docs/pricing"}"#;
const LIMIT: &str = r#"{"Error Message":"Limit Reach . Please upgrade your plan or visit our documentation for more details at https://site.financialmodelingprep.com/developer/docs/pricing "}"#;
const SYMBOL: &str = "Premium Query Parameter: 'Special Endpoint : This value set for 'symbol' is not available under your current subscription please visit our subscription page to upgrade your plan at https://site.financialmodelingprep.com/developer/docs/pricing'";
const EXCLUSIVE: &str = r#"{"Error Message":"Exclusive Endpoint : This endpoint is not available under your current subscription agreement, please visit our subscription page to upgrade your plan or contact us at https://site.financialmodelingprep.com/developer/docs/pricing"}"#;

pub(super) fn answer(ask: &VendorQuery<'_>) -> HttpReply {
    let path = ask.request.path.as_str();
    if path.starts_with("/api/v3") {
        return refusal(&Fault::LegacyForbidden);
    }
    let given = ask.request.header("apikey").or_else(|| ask.request.query("apikey"));
    if ask.options.key.as_deref().is_some_and(|key| given != Some(key)) {
        return refusal(&Fault::Unauthorized);
    }
    let Some(endpoint) = path.strip_prefix(Vendor::Fmp.base_path()) else { return refusal(&Fault::NotFound) };
    if ask.options.adjusted_not_in_plan && endpoint == "/historical-price-eod/dividend-adjusted" {
        return refusal(&Fault::ExclusiveEndpoint);
    }
    if ask.subject.symbols.iter().any(|symbol| ask.options.symbols_not_in_plan.contains(symbol)) {
        return refusal(&Fault::SymbolNotInPlan);
    }
    if endpoint == "/treasury-rates" {
        return HttpReply::json(200, prices::treasury(ask));
    }
    let Some(symbol) = ask.symbol() else {
        return HttpReply::text(400, "Query Error: Invalid or missing query parameter - symbol");
    };
    let body = match endpoint {
        "/historical-price-eod/dividend-adjusted" => prices::history(ask, symbol, prices::PriceEndpoint::Adjusted),
        "/historical-price-eod/non-split-adjusted" => prices::history(ask, symbol, prices::PriceEndpoint::NotAdjusted),
        "/historical-price-eod/full" => prices::history(ask, symbol, prices::PriceEndpoint::Full),
        "/historical-price-eod/light" => prices::history(ask, symbol, prices::PriceEndpoint::Light),
        "/dividends" => about::dividends(ask, symbol),
        "/profile" => about::profile(ask, symbol),
        "/market-capitalization" | "/market-capitalization-batch" => about::caps(ask),
        "/historical-market-capitalization" => about::past_caps(ask, symbol),
        "/quote" | "/batch-quote" => about::quotes(ask),
        _ => return refusal(&Fault::NotFound),
    };
    HttpReply::json(200, body)
}

pub(super) fn refusal(fault: &Fault) -> HttpReply {
    match fault {
        Fault::Unauthorized => HttpReply::json(401, INVALID_KEY),
        Fault::SymbolNotInPlan => HttpReply::text(402, SYMBOL),
        Fault::ExclusiveEndpoint => HttpReply::json(402, EXCLUSIVE),
        Fault::LegacyForbidden => HttpReply::json(403, LEGACY),
        Fault::NotFound => HttpReply::json(404, "[]"),
        Fault::Empty => HttpReply::json(200, "[]"),
        Fault::TooMany(_) => HttpReply::json(429, LIMIT),
        Fault::LimitWith200 => HttpReply::json(200, LIMIT),
        Fault::ErrorWith200 => HttpReply::json(200, r#"{"Error Message":"Error retrieving data."}"#),
        _ => HttpReply::text(500, "Internal Server Error"),
    }
}
