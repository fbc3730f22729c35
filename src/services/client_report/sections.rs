//! What stands in the report, in its order: what to know before anything, the findings, and how they came about.

mod method;
mod offsets;
mod risk;
mod stress;

use chrono::NaiveDate;

use super::{
    answers::{Exposures, Said},
    asked::{Answered, Asked, Part},
    html::{Html, Table},
};
use crate::{
    answer::markdown::{capitalised, decimal, ends, percent, title, weights},
    services::{factor_model::subject::GIVEN, portfolio::CASH},
};

/// Rows of a table of holdings.
const MOST_HOLDINGS: usize = 40;
/// Rows of a table of sums of weights.
const MOST_SUMS: usize = 12;
/// Caveats; a portfolio of very many doubtful holdings has more.
const MOST_CAVEATS: usize = 40;
const NONE: &str = "-";

/// Writes the whole report.
pub(super) fn write(page: &mut Html, asked: &Asked, name: &str, today: NaiveDate) {
    head(page, asked, name, today);
    caveats(page, asked);
    in_short(page, asked);
    page.section("What is held", |page| holdings(page, &asked.exposures));
    page.section("What moves it", |page| risk::factors(page, asked));
    page.section("Risk and return", |page| risk::risk(page, asked));
    page.section("What past crises would have done to it", |page| stress::write(page, &asked.stress));
    page.section("What offsets what", |page| offsets::write(page, &asked.offsets));
    page.section("How the holdings go together", |page| together(page, asked));
    page.section("How it was done, and with what data", |page| method::write(page, asked));
    page.element(
        "footer",
        "",
        "This is analysis of past prices and no advice, no offer and no forecast. What has been is no promise of what comes.",
    );
}

fn head(page: &mut Html, asked: &Asked, name: &str, today: NaiveDate) {
    let (of, quality) = (&asked.exposures.said.analysis_metadata, &asked.exposures.said.data_quality);
    page.open("header", "");
    page.element("h1", "", name);
    let source = if of.price_source.simulated { "simulated" } else { &of.price_source.name };
    page.element(
        "p",
        "dates",
        &format!(
            "Portfolio report of {today}. Prices to {} (source: {source}), {} returns from {} to {}. Quality of the data: {}.",
            of.as_of, of.frequency, of.start_date, of.end_date, quality.quality_score
        ),
    );
    if of.price_source.simulated {
        page.element("p", "simulated-mark", "SIMULATED PRICES. No figure here is of any market or any fund.");
    }
    page.close("header");
}

/// What has to be known before a figure is read: each thing once, whichever answers say it.
fn caveats(page: &mut Html, asked: &Asked) {
    let mut said: Vec<String> = Vec::new();
    let mut unknown: Vec<String> = Vec::new();
    let own = format!("{}: ", asked.identifier());
    for one in asked.all_said() {
        for warning in &one.warnings {
            let plain = warning.strip_prefix(own.as_str()).unwrap_or(warning);
            said.push(plain.to_owned());
        }
        unknown.extend(one.insights.not_known.clone());
    }
    said.extend(unknown);
    let mut each: Vec<String> = Vec::new();
    for caveat in said {
        let caveat = capitalised(&caveat);
        if !each.contains(&caveat) {
            each.push(caveat);
        }
    }
    if let Some(more) = each.len().checked_sub(MOST_CAVEATS).filter(|more| *more > 0) {
        each.truncate(MOST_CAVEATS);
        each.push(format!("and {more} more, which the tools list"));
    }
    page.open("div", "caveats");
    page.element("h2", "", "Before you read the figures");
    page.list(&each);
    page.close("div");
}

/// The few figures that say most.
fn in_short(page: &mut Html, asked: &Asked) {
    let risk = &asked.exposures.figures.risk;
    page.section("In short", |page| {
        let span = match (&risk.first, &risk.last) {
            (Some(first), Some(last)) => format!("{first} to {last}, n = {}", risk.observations),
            _ => "no return in the window".to_owned(),
        };
        let mut figures = Vec::new();
        let unpriced = asked.exposures.figures.weights.unexplained;
        if unpriced > 0.0 {
            let words = "of the gross weight has no prices and is in no figure: the rest stands for the whole";
            figures.push((percent(Some(unpriced)), words.to_owned()));
        }
        figures.extend([
            (percent(risk.annual_return), format!("return a year, today's weights all the time, {span}")),
            (percent(risk.volatility), "volatility a year".to_owned()),
        ]);
        let beta = asked.comparison.as_ref().ok().and_then(|of| of.figures.beta());
        if let Some(slope) = beta {
            let interval = ends(slope.interval, |end| decimal(end, 2));
            figures.push((
                decimal(slope.beta, 2),
                format!("beta to {} (95% interval {interval})", super::asked::BENCHMARK),
            ));
        }
        let when = match (&risk.drawdown_daily_peak, &risk.drawdown_daily_trough) {
            (Some(peak), Some(trough)) => {
                let back = risk.drawdown_daily_recovery.as_ref();
                let back = back.map_or_else(|| "not regained yet".to_owned(), |on| format!("regained {on}"));
                format!("deepest fall on daily closes, {peak} to {trough}, {back}")
            }
            _ => "deepest fall on daily closes".to_owned(),
        };
        figures.push((percent(risk.max_drawdown_daily), when));
        if let Some(worst) = asked.stress.as_ref().ok().and_then(|of| of.figures.worst_first().first().copied()) {
            let (total, half) = (percent(worst.total_return), worst.half_width);
            let about = half.map(|half| format!(" ± {}", percent(Some(half)))).unwrap_or_default();
            let words = format!(
                "worst past crisis tested, {} ({} to {})",
                stress::called(&worst.scenario),
                worst.from,
                worst.to
            );
            figures.push((total + &about, words));
        }
        page.open("ul", "figures");
        for (figure, words) in figures {
            page.open("li", "");
            page.element("b", "", &figure);
            page.element("span", "", &words);
            page.close("li");
        }
        page.close("ul");
    });
}

fn holdings(page: &mut Html, exposures: &Answered<Exposures>) {
    let (of, said) = (&exposures.figures, &exposures.said);
    let all = of.by_weight();
    let share = |ticker: &str| percent(of.risk.risk_contribution.get(ticker).copied().flatten());
    let row = |held: &&super::answers::Held| {
        let label = said.analysis_metadata.labels.get(&held.ticker).map(|of| of.label.clone());
        let label = label.unwrap_or_else(|| if held.ticker == CASH { "Cash".to_owned() } else { NONE.to_owned() });
        let words = [held.ticker.clone(), label, title(&held.industry), title(&held.asset_class)];
        words.into_iter().chain([percent(Some(held.weight)), share(&held.ticker)]).collect()
    };
    let head = ["holding", "what it is", "industry or category", "asset class", "weight", "share of variance"];
    let rows = all.iter().take(MOST_HOLDINGS).map(row).collect();
    let caption = match all.len() {
        count if count > MOST_HOLDINGS => format!("{MOST_HOLDINGS} of {count} holdings, the heaviest"),
        _ => "Holdings".to_owned(),
    };
    page.table(&caption, &Table { head: &head, words: 4, rows });
    page.paragraph(&format!("{}.", capitalised(&of.normalisation)));
    if let Some(note) = said.note.as_ref().filter(|note| **note != of.normalisation) {
        page.paragraph(&format!("{}.", capitalised(note)));
    }
    page.paragraph(&format!(
        "Of the portfolio's worth, {} is held net and {} gross; {} is in cash{}.",
        percent(Some(of.weights.net)),
        percent(Some(of.weights.gross)),
        percent(Some(of.weights.cash)),
        if of.weights.cash < 0.0 { ", which is to say borrowed" } else { "" },
    ));
    if of.weights.unexplained > 0.0 {
        page.paragraph(&format!(
            "{} of the gross weight has no prices: figures are of the rest, scaled up to stand for it.",
            percent(Some(of.weights.unexplained))
        ));
    }
    for (caption, head, sums) in [
        ("By asset class", "asset class", &of.by_asset_class),
        ("By industry or category", "industry or category", &of.by_industry),
    ] {
        let rows = weights(sums, MOST_SUMS).into_iter();
        let rows =
            rows.map(|row| row.into_iter().enumerate().map(|(at, cell)| if at == 0 { title(&cell) } else { cell }));
        page.table(caption, &Table { head: &[head, "weight"], words: 1, rows: rows.map(Iterator::collect).collect() });
    }
    page.paragraph(
        "Share of variance: what a holding adds to the portfolio's ups and downs; all of them sum to 100%, and one below 0 dampens.",
    );
}

fn together(page: &mut Html, asked: &Asked) {
    let Some(answered) = or_why(page, &asked.correlations) else { return };
    if let Some(picture) = answered.svg() {
        page.picture(picture);
    }
    let insights = &answered.said.insights;
    for (caption, pairs) in [("Most alike", &insights.strongest_pairs), ("Least alike", &insights.most_negative_pairs)]
    {
        let rows =
            pairs.iter().map(|of| vec![of.a.clone(), of.b.clone(), decimal(Some(of.correlation), 2), of.n.to_string()]);
        page.table(caption, &Table { head: &["holding", "and", "correlation", "n"], words: 2, rows: rows.collect() });
    }
    page.paragraph(
        "1: they rise and fall together; 0: one says nothing of the other; -1: one falls when the other rises.",
    );
}

/// What was answered; else why not stands there.
fn or_why<'a, T>(page: &mut Html, part: &'a Part<T>) -> Option<&'a Answered<T>> {
    match part {
        Ok(answered) => Some(answered),
        Err(why) => {
            page.element("p", "none", &format!("Not in this report: {why}."));
            None
        }
    }
}

impl Asked {
    /// How the portfolio is called among tickers.
    fn identifier(&self) -> String {
        let name = self.exposures.figures.portfolio_name.as_deref().unwrap_or(GIVEN);
        format!("PORTFOLIO:{}", name.replace(' ', "_"))
    }

    /// What stands around each answer.
    fn all_said(&self) -> Vec<&Said> {
        let mut all = vec![&self.exposures.said];
        all.extend(self.model.as_ref().ok().map(|of| &of.said));
        all.extend(self.comparison.as_ref().ok().map(|of| &of.said));
        all.extend(self.performance.as_ref().ok().map(|of| &of.said));
        all.extend(self.stress.as_ref().ok().map(|of| &of.said));
        all.extend(self.offsets.as_ref().ok().map(|of| &of.said));
        all.extend(self.correlations.as_ref().ok().map(|of| &of.said));
        all
    }
}
