//! How the figures came about, on which data, and by which conventions.

use indexmap::IndexMap;
use serde_json::Value;

use super::NONE;
use crate::{
    answer::markdown::{decimal, title},
    services::client_report::{asked::Asked, html::Html},
};

pub(super) fn write(page: &mut Html, asked: &Asked) {
    let (of, quality) = (&asked.exposures.said.analysis_metadata, &asked.exposures.said.data_quality);
    page.element("h3", "", "Data");
    let unknown = || NONE.to_owned();
    let source = if of.price_source.simulated {
        "simulated by a stated model: no market's".to_owned()
    } else {
        of.price_source.name.clone()
    };
    let coverage = decimal(quality.data_coverage_pct, 1);
    terms(
        page,
        [
            ("Prices", format!("{source}, to {}", of.as_of)),
            ("Treasury yields", of.yields_as_of.as_ref().map_or_else(unknown, |to| format!("to {to}"))),
            ("Risk-free rate", of.risk_free_source.clone().unwrap_or_else(unknown)),
            (
                "Factors",
                format!(
                    "{} of {} had enough data; {coverage}% of the returns asked for exist; n up to {}; quality {}",
                    quality.factors_analyzed, quality.factors_requested, quality.observations, quality.quality_score
                ),
            ),
            ("Universe of factors", format!("version {}", of.universe_hash)),
            ("Program", format!("factor-mcp {}", of.version)),
        ]
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text)),
    );
    let left_out = &asked.exposures.said.not_analysed;
    page.list(&left_out.iter().map(|of| format!("{} is in no figure: {}.", of.ticker, of.reason)).collect::<Vec<_>>());
    page.element("h3", "", "Method");
    page.list(&[
        "Every figure is of past prices with today's weights, never of what was really held.".to_owned(),
        "Of 100 intervals made like these, some 95 (or 90, where it says so) hold the true figure, were all times alike. They do not cover \
         that times change."
            .to_owned(),
        "n is the number of returns that a figure rests on. What rests on few is uncertain; what cannot be known is left empty and never \
         filled in."
            .to_owned(),
        "Past crises are replayed with past closes. A holding that had no price then is stood in for by its betas, which gives the ± beside \
         the figure, or is not tested at all."
            .to_owned(),
    ]);
    page.element("h3", "", "Conventions");
    terms(page, said(&of.conventions));
    if let Ok(stress) = &asked.stress {
        page.element("h3", "", "Conventions of the replayed crises");
        terms(page, said(&stress.said.analysis_metadata.stress));
    }
}

/// Texts and numbers by name.
fn said(conventions: &IndexMap<String, Value>) -> impl Iterator<Item = (String, String)> {
    conventions.iter().map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (title(name), text)
    })
}

fn terms(page: &mut Html, all: impl Iterator<Item = (String, String)>) {
    page.open("dl", "");
    for (name, text) in all {
        page.element("dt", "", &name);
        page.element("dd", "", &text);
    }
    page.close("dl");
}
