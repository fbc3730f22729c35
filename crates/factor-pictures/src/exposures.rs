//! What a portfolio holds, as weights, and what moves it, as betas with their intervals.

use crate::{
    bars::{self, Bar, Place},
    canvas::Area,
    caption::{Caption, INNER, Look, MARGIN, Sheet},
    dots::{self, DotsPlace, DotsRow, Estimate},
    scale::{Unit, ends},
    words::percent,
};

/// Rows over this are left out, and said.
const MOST: usize = 16;
const ROW: f64 = 18.0;

/// A portfolio's weights and betas.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Exposures {
    /// What is said around it.
    pub caption: Caption,
    /// What the weights are by: `industry`.
    pub weighed_by: String,
    /// The weights; drawn the largest first.
    pub weights: Vec<Weight>,
    /// The betas, in the order of the regression.
    pub betas: Vec<DotsRow>,
    /// The share of the variance that the factors explain, as a decimal.
    pub r_squared: Option<f64>,
}

/// One weight.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Weight {
    /// Of what.
    pub name: String,
    /// As a decimal; negative where it is short.
    pub weight: f64,
}

impl Exposures {
    /// The weights, the largest by size first.
    fn ordered(&self) -> Vec<&Weight> {
        let mut weights: Vec<&Weight> = self.weights.iter().filter(|weight| weight.weight.is_finite()).collect();
        weights.sort_by(|one, two| two.weight.abs().total_cmp(&one.weight.abs()));
        weights
    }

    pub(crate) fn finding(&self) -> String {
        let mut said = Vec::new();
        if let Some(first) = self.ordered().first() {
            said.push(format!("Largest weight by {}: {} {}", self.weighed_by, first.name, percent(first.weight, 1)));
        }
        let size = |row: &&DotsRow| row.estimates.first().and_then(|estimate| estimate.value).map_or(0.0, f64::abs);
        if let Some(beta) = self.betas.iter().max_by(|one, two| size(one).total_cmp(&size(two))) {
            let estimate = beta.estimates.first().copied().unwrap_or_default();
            said.push(format!("largest beta: {} {}", beta.name, estimate.in_words(Unit::Number)));
        }
        said.extend(self.r_squared.map(|share| format!("the factors explain {} of its variance", percent(share, 0))));
        if said.is_empty() { "Nothing is known of it.".to_owned() } else { format!("{}.", said.join("; ")) }
    }

    pub(crate) fn drawn(&self, look: Look) -> String {
        let weights = self.ordered();
        let shown = &weights[..weights.len().min(MOST)];
        let betas: Vec<&DotsRow> = self.betas.iter().take(MOST).collect();
        let mut notes = Vec::new();
        if weights.len() > shown.len() {
            let rest: f64 = weights[shown.len()..].iter().map(|weight| weight.weight).sum();
            notes.push(format!(
                "{} smaller weights, together {}, are not drawn.",
                weights.len() - shown.len(),
                percent(rest, 1)
            ));
        }
        if self.betas.len() > betas.len() {
            notes.push(format!("{} more betas are in the figures and not drawn.", self.betas.len() - betas.len()));
        }
        let upper = if shown.is_empty() { 0.0 } else { 22.0 + shown.len() as f64 * ROW + 20.0 };
        let lower = if betas.is_empty() { 0.0 } else { 22.0 + dots::height(betas.len()) };
        let mut sheet = Sheet::begin(&self.caption, &self.finding(), &notes, look, upper + lower);
        let top = sheet.top;
        let style = sheet.ink(12.5).bold();
        if !shown.is_empty() {
            sheet.canvas.text((MARGIN, top + 11.0), &format!("Weights by {}", self.weighed_by), style);
            let bars: Vec<Bar> = shown
                .iter()
                .map(|weight| Bar {
                    name: weight.name.clone(),
                    label: String::new(),
                    value: Some(weight.weight),
                    colour: sheet.palette.of_series(if weight.weight < 0.0 { 1 } else { 0 }),
                    hover: format!("{}: {}", weight.name, percent(weight.weight, 2)),
                })
                .collect();
            let area = Area::of(MARGIN, top + 22.0, INNER, shown.len() as f64 * ROW);
            let place = Place { area, names: 220.0, row: ROW, unit: Unit::Percent, has_signs: false };
            let ends = ends(bars.iter().filter_map(|bar| bar.value).chain([0.0]));
            bars::draw(&mut sheet, &place, &bars, None, ends);
        }
        if !betas.is_empty() {
            let y = top + upper;
            sheet.canvas.text((MARGIN, y + 11.0), "Betas, with 95% intervals (hollow: over 0)", style);
            let area = Area::of(MARGIN, y + 22.0, INNER, betas.len() as f64 * ROW);
            let place = DotsPlace { area, names: 220.0, gap_after: None };
            dots::draw(&mut sheet, &place, &betas, Unit::Number);
        }
        sheet.finish()
    }
}

impl From<(&str, f64)> for Weight {
    fn from((name, weight): (&str, f64)) -> Self {
        Self { name: name.to_owned(), weight }
    }
}

impl From<(f64, Option<[f64; 2]>)> for Estimate {
    fn from((value, interval): (f64, Option<[f64; 2]>)) -> Self {
        Self { value: Some(value), interval }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finding_names_the_largest_by_size() {
        let beta = |name: &str, value: f64| DotsRow {
            name: name.to_owned(),
            estimates: vec![(value, Some([value - 0.1, value + 0.1])).into()],
            ..DotsRow::default()
        };
        let picture = Exposures {
            weighed_by: "industry".to_owned(),
            weights: vec![("Banks", 0.2).into(), ("Energy", -0.5).into()],
            betas: vec![beta("equity", 0.4), beta("bond", -0.9)],
            r_squared: Some(0.934),
            ..Exposures::default()
        };
        assert_eq!(
            picture.finding(),
            "Largest weight by industry: Energy −50.0%; largest beta: bond −0.90 (95% interval −1.00 to −0.80); the factors \
             explain 93% of its variance."
        );
        assert_eq!(Exposures::default().finding(), "Nothing is known of it.");
    }
}
