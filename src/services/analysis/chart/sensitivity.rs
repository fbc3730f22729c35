//! What goes with yields one percentage point higher, row by row.

use factor_analytics::report::CorrelationReport;
use factor_pictures::{Dots, DotsRow, Estimate, Picture, Unit};

use crate::{charts, services::analysis::answer::AnalysisAnswer};

/// The maturity that is drawn where it is there.
const USUAL: &str = "UST10Y";

impl AnalysisAnswer {
    pub(super) fn sensitivity(&self, report: &CorrelationReport) -> Result<Picture, String> {
        let overlay =
            report.rate_sensitivity.as_ref().ok_or("there is no rate sensitivity; ask for include rate_sensitivity")?;
        let slopes = report.statistics.as_ref().and_then(|statistics| statistics.rate_sensitivity.as_ref());
        let slopes = slopes.ok_or("slopes were not taken; set include_statistics: true")?;
        let maturity = overlay.columns.iter().find(|name| *name == USUAL).or(overlay.columns.first());
        let maturity = maturity.ok_or("the rate overlay has no maturity")?;
        let labels = self.labels();
        let row = |name: &String| {
            let of = slopes.get(name)?.get(maturity)?;
            let value = of.return_per_100bp;
            let interval = value.zip(of.standard_error).map(|(value, error)| charts::interval(value, error));
            let estimates = vec![Estimate { value, interval }];
            let label = labels.get(name.as_str()).cloned().unwrap_or_default();
            Some(DotsRow { name: name.clone(), label, estimates, n: Some(of.n) })
        };
        let rows: Vec<DotsRow> = overlay.rows.iter().filter_map(|of| row(&of.name)).collect();
        if rows.is_empty() {
            return Err("no row has a slope".to_owned());
        }
        let caption = charts::caption(&self.analysis, format!("What goes with a {maturity} yield one point higher"));
        Ok(Picture::Dots(Dots {
            caption,
            unit: Unit::Percent,
            measure: format!(
                "return with +100 basis points of {maturity}, least squares, 95% interval by Newey and West's error"
            ),
            estimates: Vec::new(),
            rows,
            is_sorted: true,
        }))
    }

    /// What tickers stand for.
    pub(super) fn labels(&self) -> std::collections::HashMap<&str, String> {
        self.analysis.factors.iter().map(|factor| (factor.ticker.as_str(), factor.label.to_string())).collect()
    }
}
