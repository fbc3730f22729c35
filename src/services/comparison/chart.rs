//! The picture of a comparison: each pair's correlation over moving windows.

use factor_analytics::{correlation::Coefficient, inference, sections::rolling};
use factor_pictures::{Picture, Rolling, RollingPoint, RollingSeries};

use super::Comparison;
use crate::charts;

impl Comparison {
    /// The first of the windows asked for, pair by pair in the order of the names.
    pub(super) fn rolling_picture(&self) -> Result<Picture, String> {
        let window = *self.request.rolling_windows.first().ok_or("no rolling_windows are asked for")?;
        let study = &self.context.analysis.study;
        let labels = study.panel().labels();
        let pairs = self
            .names
            .iter()
            .enumerate()
            .flat_map(|(at, a)| self.names[at + 1..].iter().map(move |b| (a.clone(), b.clone())));
        let series: Vec<RollingSeries> = pairs
            .filter_map(|pair| {
                let found = rolling::series(study, &pair, &[], &[window]).windows.ok()?;
                let values = found.get(&window)?;
                let first = values.iter().position(Option::is_some)?;
                let point = |(date, value): (&chrono::NaiveDate, &Option<f64>)| RollingPoint {
                    date: *date,
                    value: *value,
                    interval: value
                        .and_then(|r| inference::interval(r, window, Coefficient::Pearson))
                        .map(|(low, high)| [low, high]),
                };
                let points = labels.iter().zip(values).skip(first).map(point).collect();
                Some(RollingSeries { name: format!("{} and {}", pair.0, pair.1), points })
            })
            .collect();
        let each = study.panel().frequency().periods();
        if series.is_empty() {
            return Err(format!("no pair has {window} {each} together; ask for shorter rolling_windows"));
        }
        let caption = charts::caption(&self.context.analysis, format!("Correlations over {window} {each}"));
        let band = format!("95% interval of one window by Fisher's z, n = {window}");
        Ok(Picture::Rolling(Rolling { caption, series, is_correlation: true, band }))
    }
}
