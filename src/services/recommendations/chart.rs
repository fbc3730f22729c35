//! The picture of what offsets a factor: what each takes away, in and out of sample, and volatility before and after.

use factor_analytics::hedge::signed::HedgeLeg;
use factor_pictures::{Estimate, Hedge, Hedges, Picture};

use super::Recommended;
use crate::charts;

impl Recommended {
    pub(super) fn hedges_picture(&self) -> Result<Picture, String> {
        let plain = |value: Option<f64>| Estimate { value, interval: None };
        let best = self.hedged.best.as_ref().ok().map(|best| {
            let leg = |leg: &HedgeLeg| {
                let name = leg.etf_ticker.as_ref().map_or(leg.factor.as_str(), |ticker| ticker.as_str());
                let sign = if leg.ratio < 0.0 { "\u{2212}" } else { "+" };
                format!("{sign}{:.2} {name}", leg.ratio.abs())
            };
            let legs: Vec<String> = best.members.iter().map(leg).collect();
            Hedge {
                name: "Best hedge".to_owned(),
                label: legs.join(", "),
                in_sample: Estimate {
                    value: Some(best.effectiveness.in_sample),
                    interval: best.effectiveness.estimate.map(|of| [of.low, of.high]),
                },
                out_of_sample: Estimate::default(),
                volatility: None,
                n: Some(best.rows),
            }
        });
        let each = self.report.recommendations.iter().map(|one| Hedge {
            name: one.etf_ticker.as_ref().map_or_else(|| one.factor.clone(), ToString::to_string),
            label: one.factor.clone(),
            in_sample: plain(one.figures.hedge_effectiveness.in_sample),
            out_of_sample: plain(one.figures.hedge_effectiveness.out_of_sample),
            volatility: one
                .swap
                .as_ref()
                .and_then(|swap| swap.portfolio_volatility.as_ref())
                .map(|of| [of.before, of.after]),
            n: Some(one.figures.relation.n),
        });
        let hedges: Vec<Hedge> = each.chain(best.clone()).collect();
        if hedges.is_empty() {
            return Err("nothing was recommended".to_owned());
        }
        let of = self
            .factor
            .label
            .clone()
            .map_or_else(|| self.factor.name.clone(), |label| format!("{} ({label})", self.factor.name));
        let mut caption = charts::caption(&self.context.analysis, format!("What offsets {of}"));
        caption.units = "share of the factor's variance".to_owned();
        if best.is_some_and(|best| best.in_sample.interval.is_some()) {
            caption.notes.push(
                "The best hedge is estimated on rows of its own; its interval is of what it took away in the past."
                    .to_owned(),
            );
        }
        Ok(Picture::Hedges(Hedges { caption, of, hedges, level: "90%".to_owned() }))
    }
}
