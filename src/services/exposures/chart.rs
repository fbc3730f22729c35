//! The picture of a portfolio's exposures: weights by industry, betas with their intervals.

use factor_pictures::{DotsRow, Estimate, Exposures, Picture, Weight};

use super::Exposed;
use crate::charts;

impl Exposed {
    pub(super) fn exposures_picture(&self) -> Result<Picture, String> {
        let weights = self.classifications.by(|one| &one.industry);
        let regression = self.state.regression.as_ref();
        let betas = regression.into_iter().flat_map(|of| &of.factors).map(|(name, of)| {
            // The error of a beta is what its t is measured in.
            let error = of.t.filter(|t| *t != 0.0).map(|t| (of.beta / t).abs());
            let interval = error.map(|error| charts::interval(of.beta, error));
            DotsRow {
                name: charts::in_words(name),
                label: String::new(),
                estimates: vec![Estimate { value: Some(of.beta), interval }],
                n: regression.map(|of| of.observations),
            }
        });
        let mut caption = charts::caption(&self.context.analysis, "What the portfolio holds, and what moves it");
        caption.n = format!("n = {} of its returns", self.state.risk.observations);
        caption.notes.extend(self.state.no_regression.iter().map(|why| format!("No betas: {why}.")));
        Ok(Picture::Exposures(Exposures {
            caption,
            weighed_by: "industry or category".to_owned(),
            weights: weights
                .into_iter()
                .map(|(name, weight)| Weight { name: charts::in_words(&name), weight })
                .collect(),
            betas: betas.collect(),
            r_squared: regression.map(|of| of.r_squared),
        }))
    }
}
