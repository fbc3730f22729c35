//! What the portfolio moves with, and what it has risked and returned.

use super::{NONE, or_why};
use crate::{
    answer::markdown::{decimal, ends, percent, title},
    services::client_report::{
        answers::{Beta, Comparison, Profile, Slope, Year},
        asked::{Asked, BENCHMARK},
        html::{Html, Table},
    },
};

/// The factors that the portfolio goes with, with their intervals.
pub(super) fn factors(page: &mut Html, asked: &Asked) {
    if let Some(picture) = asked.exposures.svg() {
        page.picture(picture);
    }
    let Some(model) = or_why(page, &asked.model) else { return };
    let Some(fit) = model.figures.fits.first() else {
        let why: Vec<String> = model.said.not_computed.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        page.element("p", "none", "No betas: there are too few returns for them.");
        return page.list(&why);
    };
    let row = |(name, of): (&String, &Beta)| {
        vec![
            title(name),
            decimal(of.beta, 2),
            ends(of.interval, |end| decimal(end, 2)),
            percent(of.variance_share),
            if of.interval.is_some_and(|[low, high]| low <= 0.0 && high >= 0.0) { "no" } else { "yes" }.to_owned(),
        ]
    };
    let mut rows: Vec<Vec<String>> = fit.factors.iter().map(row).collect();
    let dash = || NONE.to_owned();
    rows.push(vec!["No factor".to_owned(), dash(), dash(), percent(fit.residual_share), dash()]);
    let head = ["factor", "beta", "95% interval", "share of variance", "differs from 0"];
    let caption = format!("Betas, {} to {}, n = {}", fit.from, fit.to, fit.n);
    page.table(&caption, &Table { head: &head, words: 1, rows });
    page.paragraph(&format!(
        "The factors explain {} of the ups and downs. What they leave of the return is {} a year (95% interval {}){}.",
        percent(fit.r_squared),
        percent(fit.alpha.annual),
        ends(fit.alpha.interval, percent),
        match fit.alpha.interval {
            Some([low, high]) if low <= 0.0 && high >= 0.0 => ", which cannot be told from nothing",
            _ => "",
        }
    ));
    page.paragraph(
        "Beta: what the portfolio gains when the factor gains 1 and the others stand still. Equity and rates are as they are; each \
         other factor is what is left of its fund once those before it are taken out. An interval that holds 0 is no finding.",
    );
}

/// A figure of a profile, in words.
type Figure = fn(&Profile) -> String;

/// Risk and return beside the benchmark's, on the same dates.
pub(super) fn risk(page: &mut Html, asked: &Asked) {
    if let Some(performance) = or_why(page, &asked.performance)
        && let Some(picture) = performance.svg()
    {
        page.picture(picture);
        page.paragraph(&format!("{} is this portfolio.", asked.identifier()));
    }
    let own = &asked.exposures.figures.risk;
    if let Some(compared) = or_why(page, &asked.comparison) {
        let of = &compared.figures.side_by_side;
        let figures: [(&str, Figure); 6] = [
            ("total return", |of| percent(of.total_return)),
            ("return a year", |of| percent(of.annual_return)),
            ("volatility a year", |of| percent(of.volatility)),
            ("Sharpe ratio", |of| decimal(of.sharpe_ratio, 2)),
            ("deepest fall, on ends of periods", |of| percent(of.max_drawdown)),
            ("deepest fall, on daily closes", |of| percent(of.max_drawdown_daily)),
        ];
        let portfolio = of.series.iter().find(|(name, _)| *name != BENCHMARK).map(|(_, of)| of);
        let benchmark = of.series.get(BENCHMARK);
        let cell = |of: Option<&Profile>, figure: Figure| of.map_or_else(|| NONE.to_owned(), figure);
        let row =
            |(name, figure): (&str, Figure)| vec![name.to_owned(), cell(portfolio, figure), cell(benchmark, figure)];
        let mut rows: Vec<Vec<String>> = figures.into_iter().map(row).collect();
        for (name, loss) in [("one period in twenty was worse than", own.var_95), ("mean of those", own.cvar_95)] {
            rows.push(vec![name.to_owned(), percent(loss), NONE.to_owned()]);
        }
        let caption = format!("{} to {}, n = {}", of.from, of.to, of.periods);
        page.table(&caption, &Table { head: &["", "portfolio", BENCHMARK], words: 1, rows });
        if let (Some(slope), Some(pair)) = (compared.figures.beta(), compared.figures.pairs.first()) {
            page.paragraph(&format!(
                "Beta to {BENCHMARK}: {} (95% interval {}). Correlation with it: {} (95% interval {}).",
                decimal(slope.beta, 2),
                ends(slope.interval, |end| decimal(end, 2)),
                decimal(pair.correlation, 2),
                ends(pair.interval, |end| decimal(end, 2)),
            ));
        }
    }
    let row = |of: &Year| {
        let dates = if of.partial { format!(" ({} to {})", of.from, of.to) } else { String::new() };
        let figures = [of.total_return, of.benchmark_return, of.difference].map(percent);
        std::iter::once(format!("{}{dates}", of.year)).chain(figures).collect()
    };
    let rows = asked.exposures.figures.calendar_years.iter().map(row).collect();
    page.table("Calendar years", &Table { head: &["year", "portfolio", BENCHMARK, "difference"], words: 1, rows });
    page.paragraph(
        "Today's weights are taken for the whole time and restored each period; costs, taxes and what was really held are not in it. \
         Sharpe ratio: return above Treasury bills per unit of volatility.",
    );
}

impl Comparison {
    /// The portfolio's slope on the benchmark.
    pub(super) fn beta(&self) -> Option<&Slope> {
        let pair = self.pairs.first()?;
        if pair.a == BENCHMARK { pair.beta_b_on_a.as_ref() } else { pair.beta_a_on_b.as_ref() }
    }
}
