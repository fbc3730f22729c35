//! The report for people.

use factor_analytics::models::Share;

use super::{Fitted, Modelled, sentences};
use crate::{
    answer::markdown::{self, decimal, ends, percent},
    services::portfolio::{answer::add_caveats, summary::heading},
};

/// Rows of a table.
const ROWS: usize = 40;

impl Modelled {
    /// The report for people.
    pub(super) fn text(&self) -> String {
        let names: Vec<&str> = self.fitted.iter().take(3).map(|one| one.ticker.as_str()).collect();
        let more = if self.fitted.len() > 3 { format!(" and {} more", self.fitted.len() - 3) } else { String::new() };
        let model = self.request.model;
        let mut text = format!(
            "# {}{more} on {}\n\n{}\n",
            names.join(", "),
            model.in_words(),
            heading(&self.context, &self.quality)
        );
        let files = self
            .rows
            .files
            .iter()
            .map(|file| format!("{} (vintage {})", file.name(), file.vintage().unwrap_or("not stated")));
        let files: Vec<String> = files.collect();
        if !files.is_empty() {
            text += &format!("Factors: {}.\n", files.join(", "));
        }
        text += &format!("Risk-free rate: {}. Estimator: {}.\n", self.rows.rate_source, self.request.estimator);
        add_caveats(&mut text, sentences::not_known(self), &self.quality);
        markdown::list(&mut text, "In short", &sentences::insights(self));
        if self.fitted.len() == 1 {
            self.fitted.iter().for_each(|one| add_betas(&mut text, one));
        } else {
            self.add_many(&mut text);
        }
        self.fitted.iter().take(3).for_each(|one| self.add_rest(&mut text, one));
        markdown::list(&mut text, "How to read it", &legend());
        text
    }

    fn add_many(&self, text: &mut String) {
        let names = self.rows.names.iter().map(String::as_str);
        let head: Vec<&str> = ["ticker", "n", "alpha a year", "95% interval", "p", "p adjusted"]
            .into_iter()
            .chain(names)
            .chain(["R^2"])
            .collect();
        let row = |one: &Fitted| -> Vec<String> {
            let alpha = &one.fit.alpha;
            let first = [
                one.ticker.to_string(),
                one.fit.n.to_string(),
                percent(Some(alpha.annual)),
                ends(alpha.interval, percent),
                decimal(alpha.p, 4),
                decimal(one.alpha_p_adjusted, 4),
            ];
            let betas = one.fit.factors.values().map(|of| decimal(Some(of.beta), 2));
            first.into_iter().chain(betas).chain([decimal(Some(one.fit.r_squared), 2)]).collect()
        };
        let rows: Vec<Vec<String>> = self.fitted.iter().take(ROWS).map(row).collect();
        markdown::titled_table(text, "Alpha and betas", &head, 1, &rows);
    }

    fn add_rest(&self, text: &mut String, one: &Fitted) {
        if let Some(rolling) = &one.rolling {
            let rows = rolling.courses().iter().map(|(name, course)| {
                vec![
                    name.clone(),
                    decimal(Some(course.latest), 2),
                    ends(course.latest_interval, |end| decimal(end, 2)),
                    decimal(Some(course.mean), 2),
                    decimal(Some(course.lowest), 2),
                    course.lowest_date.to_string(),
                    decimal(Some(course.highest), 2),
                    course.highest_date.to_string(),
                ]
            });
            let head = ["factor", "latest", "95% interval", "mean", "lowest", "in", "highest", "on"];
            let title = format!("{}: moving windows of {} ({} of them)", one.ticker, rolling.window, rolling.windows);
            markdown::titled_table(text, &title, &head, 1, &rows.collect::<Vec<_>>());
        }
        if let Some(attribution) = &one.attribution {
            let names = self.rows.names.iter().map(String::as_str);
            let head: Vec<&str> =
                ["period", "return", "risk-free"].into_iter().chain(names).chain(["alpha", "residual"]).collect();
            let row = |name: String, share: &Share| -> Vec<String> {
                let parts = [share.total_return, share.risk_free].into_iter().chain(share.factors.values().copied());
                let parts = parts.chain([share.alpha, share.residual]).map(|part| percent(Some(part)));
                std::iter::once(name).chain(parts).collect()
            };
            let years = attribution.years.iter().map(|(year, share)| row(year.to_string(), share));
            let rows: Vec<Vec<String>> =
                std::iter::once(row("all".to_owned(), &attribution.whole)).chain(years).collect();
            markdown::titled_table(text, &format!("{}: where the return came from", one.ticker), &head, 1, &rows);
        }
        match &one.style {
            Some(Ok(style)) => {
                let rows = style.weights.iter().map(|(name, weight)| {
                    vec![name.clone(), percent(Some(weight.weight)), ends(weight.interval, percent)]
                });
                let title = format!(
                    "{}: style over {} periods (R^2 {}, tracking error {} a year)",
                    one.ticker,
                    style.n,
                    decimal(Some(style.r_squared), 2),
                    percent(Some(style.tracking_error))
                );
                markdown::titled_table(
                    text,
                    &title,
                    &["index", "weight", "90% interval"],
                    1,
                    &rows.collect::<Vec<_>>(),
                );
            }
            Some(Err(why)) => markdown::list(text, &format!("{}: no style", one.ticker), std::slice::from_ref(why)),
            None => {}
        }
    }
}

fn add_betas(text: &mut String, one: &Fitted) {
    let fit = &one.fit;
    let alpha = &fit.alpha;
    let mut rows = vec![vec![
        "alpha (a year)".to_owned(),
        percent(Some(alpha.annual)),
        ends(alpha.interval, percent),
        decimal(alpha.t, 2),
        decimal(alpha.p, 4),
        percent(Some(alpha.annual)),
        "-".to_owned(),
        "-".to_owned(),
    ]];
    rows.extend(fit.factors.iter().map(|(name, of)| {
        vec![
            name.clone(),
            decimal(Some(of.beta), 2),
            ends(of.interval, |end| decimal(end, 2)),
            decimal(of.t, 2),
            decimal(of.p, 4),
            percent(Some(of.annual_contribution)),
            percent(Some(of.variance_share)),
            decimal(Some(of.vif), 1),
        ]
    }));
    let head = ["factor", "beta", "95% interval", "t", "p", "a year", "of variance", "VIF"];
    markdown::titled_table(text, &format!("{} ({}), {} periods", one.ticker, one.label, fit.n), &head, 1, &rows);
    let facts = vec![
        format!("R^2 {}, adjusted {}", decimal(Some(fit.r_squared), 4), decimal(fit.adjusted_r_squared, 4)),
        format!("left unexplained: volatility {} a year", percent(fit.residual_volatility)),
        format!(
            "Durbin-Watson {}, Breusch-Pagan p {}, condition number {}",
            decimal(fit.durbin_watson, 2),
            decimal(fit.breusch_pagan.and_then(|test| test.p), 4),
            decimal(fit.condition_number, 1)
        ),
    ];
    markdown::list(text, "Diagnostics", &facts);
}

fn legend() -> Vec<String> {
    vec![
        "beta: what the excess return gains when the factor gains 1, the others held still; the 95% interval is where it may well lie."
            .to_owned(),
        "a year: beta times the factor's mean return a year; alpha: what no factor explains. of variance: its share of the ups and downs."
            .to_owned(),
        "VIF: above 10 a beta is hardly its own. Durbin-Watson: near 2 is well; Breusch-Pagan p: under 0.05 errors of ols do not hold."
            .to_owned(),
        "where the return came from: the parts sum to the return of their period; years do not sum to the whole.".to_owned(),
    ]
}
