//! A model's factors on the rows of the analysis.

use factor_analytics::{
    Study,
    lens::{LensFactor, LensPair},
};
use factor_types::Ticker;

use super::{
    Model,
    french::{FileUsed, Files},
    request::Request,
};
use crate::{
    analysis::AllPrices,
    tool_error::{ErrorCode, ToolError},
};

/// A factor needs returns on this share of the rows to be one of the lens's without being asked for.
const LEAST_SHARE: f64 = 0.6;

/// Factors and the risk-free rate, a value per row of the panel, `NaN` where missing.
pub(super) struct ModelRows {
    pub(super) names: Vec<String>,
    /// Excess returns.
    pub(super) factors: Vec<Vec<f64>>,
    pub(super) risk_free: Vec<f64>,
    /// Where the rate is from.
    pub(super) rate_source: String,
    /// True where the rate is the files' own.
    pub(super) rate_of_file: bool,
    /// The files behind it.
    pub(super) files: Vec<FileUsed>,
    /// Factors that are not in the model here, and why.
    pub(super) left_out: Vec<(String, String)>,
    /// The two factors of the lens that correlate most on these rows.
    pub(super) most_correlated: Option<LensPair>,
}

impl ModelRows {
    /// The factors of the model that is asked for.
    ///
    /// # Errors
    /// No factor has returns.
    pub(super) fn of(
        request: &Request,
        (study, all_prices): (&Study, &AllPrices),
        files: Option<&Files>,
    ) -> Result<Self, ToolError> {
        let rows = match (request.model, files) {
            (Model::Lens, _) => Self::of_lens(study, all_prices),
            (Model::Custom, files) => {
                let mut rows = Self::of_funds(study, &request.factors);
                for (name, returns) in files.map(|files| files.own_on_rows(study.panel())).into_iter().flatten() {
                    rows.names.push(name);
                    rows.factors.push(returns);
                }
                rows.files = files.map(Files::used).unwrap_or_default();
                rows
            }
            (_, None) => Self::of_funds(study, &request.factors),
            (model, Some(files)) => {
                let panel = study.panel();
                Self {
                    names: model.published().iter().map(|name| (*name).to_owned()).collect(),
                    factors: model.published().iter().map(|name| files.on_rows(name, panel)).collect(),
                    risk_free: files.on_rows("RF", panel),
                    rate_source: "RF of the file".to_owned(),
                    rate_of_file: true,
                    files: files.used(),
                    left_out: Vec::new(),
                    most_correlated: None,
                }
            }
        };
        if rows.factors.is_empty() {
            let each: Vec<String> = rows.left_out.iter().map(|(name, why)| format!("{name} ({why})")).collect();
            let way_out = "choose other dates, or model custom with funds that the price source has";
            let what = format!("No factor of {} has enough returns: {}", request.model.in_words(), each.join("; "));
            return Err(ToolError::new(ErrorCode::NoData, what, way_out));
        }
        Ok(rows)
    }

    fn without_factors(study: &Study) -> Self {
        let rate = study.risk_free();
        Self {
            names: Vec::new(),
            factors: Vec::new(),
            rate_of_file: false,
            rate_source: rate.source,
            risk_free: rate.per_period,
            files: Vec::new(),
            left_out: Vec::new(),
            most_correlated: None,
        }
    }

    /// The lens, whose slopes rest on what was before: on all prices there are, cut to the window's rows.
    fn of_lens(study: &Study, all_prices: &AllPrices) -> Self {
        let mut rows = Self::without_factors(study);
        let panel = study.panel();
        let Some(whole) = all_prices.lens(study) else { return rows };
        for column in &whole.lens.columns {
            let values = whole.on(column, panel.labels());
            let known = values.iter().filter(|value| value.is_finite()).count();
            let name = column.factor.to_string();
            if (known as f64) < LEAST_SHARE * panel.rows() as f64 {
                let why = format!(
                    "it has {known} of {} periods: 36 months of prices before the first are needed",
                    panel.rows()
                );
                rows.left_out.push((name, why));
                continue;
            }
            rows.names.push(name);
            rows.factors.push(values);
        }
        for factor in LensFactor::ALL {
            if whole.lens.column(factor).is_none() {
                let (fund, _) = factor.funds();
                rows.left_out.push((factor.to_string(), format!("the price source has no {fund}")));
            }
        }
        rows.most_correlated = panel.labels().first().and_then(|first| whole.most_correlated_from(*first, 24));
        rows
    }

    /// Funds over the risk-free rate.
    fn of_funds(study: &Study, funds: &[Ticker]) -> Self {
        let mut rows = Self::without_factors(study);
        let panel = study.panel();
        for fund in funds {
            let column = panel.position(fund).map(|at| panel.column(at));
            match column.filter(|returns| returns.iter().any(|r| r.is_finite())) {
                Some(returns) => {
                    rows.names.push(fund.to_string());
                    rows.factors.push(returns.iter().zip(&rows.risk_free).map(|(r, rate)| r - rate).collect());
                }
                None => {
                    let lost = study.excluded.iter().find(|lost| lost.ticker == *fund);
                    let why =
                        lost.map_or_else(|| "it has no returns in the window".to_owned(), |lost| lost.detail.clone());
                    rows.left_out.push((fund.to_string(), why));
                }
            }
        }
        rows
    }
}
