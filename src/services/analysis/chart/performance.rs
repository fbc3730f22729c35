//! Risk against return, and what became of one dollar.

use factor_analytics::{panel::Panel, report::PerformanceReport};
use factor_pictures::{Picture, RiskReturn, RiskReturnPoint, Wealth, WealthSeries};

use super::MOST_LINES;
use crate::{charts, services::analysis::answer::AnalysisAnswer};

impl AnalysisAnswer {
    pub(super) fn risk_return(&self, report: &PerformanceReport) -> Result<Picture, String> {
        let profiles = report.per_factor.as_ref().ok_or("there are no profiles; ask for include per_factor")?;
        let points = profiles.iter().map(|(ticker, of)| RiskReturnPoint {
            name: ticker.to_string(),
            label: of.label.clone(),
            category: charts::in_words(of.category.as_str()),
            volatility: of.profile.volatility,
            annual_return: of.profile.annual_return,
            max_drawdown: of.profile.max_drawdown,
            sharpe_ratio: of.profile.sharpe_ratio,
        });
        let panel = self.analysis.study.panel();
        let mut caption = charts::caption(&self.analysis, "Risk and return");
        caption.units = "a year, total returns".to_owned();
        Ok(Picture::RiskReturn(RiskReturn {
            caption,
            points: points.collect(),
            risk_free: report.risk_free.known().and_then(|rates| annual(rates, panel.periods_per_year())),
        }))
    }

    pub(super) fn wealth(&self, is_log: bool) -> Result<Picture, String> {
        let study = &self.analysis.study;
        let panel = study.panel();
        let picked = self.query.common.picked().ok_or("worth over time is drawn of factors that `tickers` names")?;
        let series: Vec<WealthSeries> = picked
            .iter()
            .filter_map(|ticker| {
                let studied = study.factors.iter().find(|studied| studied.factor.ticker == *ticker)?;
                Some(WealthSeries { name: ticker.to_string(), points: worth(panel, studied.column) })
            })
            .collect();
        if series.is_empty() {
            return Err("none of the factors named could be analysed".to_owned());
        }
        let mut caption = charts::caption(&self.analysis, "Worth and drawdown");
        caption.units = "of 1 at each first price, total returns".to_owned();
        if picked.len() > MOST_LINES {
            caption.notes.push("With fewer tickers lines are easier to tell apart.".to_owned());
        }
        Ok(Picture::Wealth(Wealth { caption, series, is_log }))
    }
}

/// The mean rate a year of those known, as a decimal; arithmetic.
fn annual(per_period: &[f64], per_year: f64) -> Option<f64> {
    let known: Vec<f64> = per_period.iter().copied().filter(|rate| rate.is_finite()).collect();
    (!known.is_empty()).then(|| factor_analytics::stats::sum(known.iter().copied()) / known.len() as f64 * per_year)
}

/// What became of 1, from a column's first price on: by its prices, so that a missing period hides no move; of a group or a portfolio
/// by its returns, up to the first that is missing.
fn worth(panel: &Panel, column: usize) -> Vec<(chrono::NaiveDate, Option<f64>)> {
    let dates = std::iter::once(panel.base()).chain(panel.labels().iter().copied());
    let prices = panel.period_prices(column);
    if let Some(first) = prices.iter().flatten().next() {
        let all = dates.zip(prices).skip_while(|(_, price)| price.is_none());
        return all.map(|(date, price)| (date, price.map(|price| price / first))).collect();
    }
    let returns = panel.column(column);
    let begins = returns.iter().position(|r| r.is_finite()).unwrap_or(returns.len());
    let mut worth = Some(1.0);
    let rest = returns[begins..].iter().map(|r| {
        worth = worth.filter(|_| r.is_finite()).map(|worth| worth * (1.0 + r));
        worth
    });
    dates.skip(begins).zip(std::iter::once(Some(1.0)).chain(rest.collect::<Vec<_>>())).collect()
}
