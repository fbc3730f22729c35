//! What hedges take away: effectiveness in and out of sample with intervals, and volatility before and after.

use crate::{
    canvas::{Area, Stroke},
    caption::{Caption, INNER, Look, MARGIN, Sheet, legend_height},
    dots::{self, DotsPlace, DotsRow, Estimate},
    scale::{Scale, Unit, ends},
    words::percent,
};

/// Hedges over this are left out, and said.
const MOST: usize = 20;

/// Hedges of one exposure, next to each other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hedges {
    /// What is said around it.
    pub caption: Caption,
    /// What is hedged.
    pub of: String,
    /// The hedges, the best first.
    pub hedges: Vec<Hedge>,
    /// What the intervals hold: `95%`.
    pub level: String,
}

/// One hedge.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hedge {
    /// What is bought or sold short.
    pub name: String,
    /// What it stands for, or how much of it.
    pub label: String,
    /// The share of the variance that it took away, as a decimal, where its size was estimated.
    pub in_sample: Estimate,
    /// The same on the periods after those.
    pub out_of_sample: Estimate,
    /// Annual volatility before and after, as decimals.
    pub volatility: Option<[f64; 2]>,
    /// Periods it rests on.
    pub n: Option<usize>,
}

impl Hedges {
    fn shown(&self) -> &[Hedge] {
        &self.hedges[..self.hedges.len().min(MOST)]
    }

    pub(crate) fn finding(&self) -> String {
        let Some(first) = self.hedges.first() else { return "No hedge was found.".to_owned() };
        let mut text = format!("First: {}", first.name);
        let sides = [("out of sample", &first.out_of_sample), ("in sample", &first.in_sample)];
        let said = sides.iter().filter(|(_, estimate)| estimate.value.is_some());
        let in_words =
            |estimate: &Estimate| estimate.in_words_at(Unit::Percent, &self.level).trim_start_matches('+').to_owned();
        let said: Vec<String> = said.map(|(side, estimate)| format!("{} {side}", in_words(estimate))).collect();
        if !said.is_empty() {
            text.push_str(&format!(", variance taken away {}", said.join(", ")));
        }
        if let Some([before, after]) = first.volatility {
            text.push_str(&format!("; volatility {} before and {} after", percent(before, 1), percent(after, 1)));
        }
        text.push('.');
        let worse =
            self.hedges.iter().filter(|hedge| hedge.out_of_sample.value.is_some_and(|value| value < 0.0)).count();
        if worse > 0 {
            text.push_str(&format!(" {worse} of {} made matters worse out of sample.", self.hedges.len()));
        }
        text
    }

    pub(crate) fn drawn(&self, look: Look) -> String {
        let shown = self.shown();
        let names = [(0, "in sample"), (1, "out of sample")];
        let has_volatility = shown.iter().any(|hedge| hedge.volatility.is_some());
        let upper = legend_height(&names) + 22.0 + dots::height(shown.len());
        let lower = if has_volatility { 44.0 + dots::height(shown.len()) } else { 0.0 };
        let mut notes = Vec::new();
        if self.hedges.len() > MOST {
            notes.push(format!("{} more are in the figures and not drawn.", self.hedges.len() - MOST));
        }
        let mut sheet = Sheet::begin(&self.caption, &self.finding(), &notes, look, upper + lower);
        let top = sheet.top;
        let style = sheet.ink(12.5).bold();
        let has_intervals =
            shown.iter().any(|hedge| hedge.in_sample.interval.or(hedge.out_of_sample.interval).is_some());
        let with =
            if has_intervals { format!(", with {} intervals where they are known", self.level) } else { String::new() };
        sheet.canvas.text((MARGIN, top + 11.0), &format!("Share of the variance taken away{with}"), style);
        sheet.legend(&names, top + 18.0);
        let rows: Vec<DotsRow> = shown
            .iter()
            .map(|hedge| DotsRow {
                name: hedge.name.clone(),
                label: hedge.label.clone(),
                estimates: vec![hedge.in_sample, hedge.out_of_sample],
                n: hedge.n,
            })
            .collect();
        let y = top + legend_height(&names) + 22.0;
        let area = Area::of(MARGIN, y, INNER, dots::height(rows.len()) - 22.0);
        let place = DotsPlace { area, names: 200.0, gap_after: None };
        dots::draw(&mut sheet, &place, &rows.iter().collect::<Vec<_>>(), Unit::Percent);
        if has_volatility {
            let y = top + upper + 24.0;
            sheet.canvas.text((MARGIN, y), "Volatility a year, before (hollow) and after (full)", style);
            self.draw_volatility(&mut sheet, Area::of(MARGIN, y + 10.0, INNER, area.height));
        }
        sheet.finish()
    }

    fn draw_volatility(&self, sheet: &mut Sheet, area: Area) {
        let shown = self.shown();
        let palette = sheet.palette;
        let row = area.height / shown.len().max(1) as f64;
        let (low, high) = ends(shown.iter().filter_map(|hedge| hedge.volatility).flatten());
        let room = (high - low).max(0.002) * 0.1;
        let scale = Scale::linear(((low - room).max(0.0), high + room), (area.x + 210.0, area.right() - 110.0));
        for tick in scale.ticks(6, Unit::Percent) {
            let x = scale.place(tick.value);
            sheet.canvas.line((x, area.y), (x, area.bottom()), Stroke::of(palette.grid, 1.0));
            let style = sheet.muted(10.0).centred();
            sheet.canvas.text((x, area.bottom() + 14.0), &tick.text, style);
        }
        for (at, hedge) in shown.iter().enumerate() {
            let y = area.y + (at as f64 + 0.5) * row;
            let name = sheet.ink(11.0);
            sheet.canvas.text((area.x, y + 4.0), &name.fitted(&hedge.name, 200.0), name);
            let Some([before, after]) = hedge.volatility else { continue };
            let colour = palette.of_series(0);
            let text = format!("{} to {}", percent(before, 1), percent(after, 1));
            sheet.canvas.text((area.right(), y + 4.0), &text, sheet.ink(10.5).ending());
            let (from, to) = (scale.place(before), scale.place(after));
            sheet.canvas.titled(
                || format!("{}: {text}", hedge.name),
                |canvas| {
                    canvas.line((from, y), (to, y), Stroke::of(colour, 1.8));
                    canvas.circle((from, y), 3.6, Some(palette.ground), Stroke::of(colour, 1.5));
                    canvas.circle((to, y), 3.6, Some(colour), Stroke::of(colour, 1.5));
                },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finding_is_the_first_hedge_and_how_many_failed() {
        let estimate = |value: f64| Estimate { value: Some(value), interval: None };
        let hedge = |name: &str, out: f64| Hedge {
            name: name.to_owned(),
            in_sample: estimate(0.2),
            out_of_sample: estimate(out),
            volatility: Some([0.142, 0.111]),
            ..Hedge::default()
        };
        let picture = Hedges { hedges: vec![hedge("TLT", 0.1), hedge("GLD", -0.05)], ..Hedges::default() };
        assert_eq!(
            picture.finding(),
            "First: TLT, variance taken away 10.0% out of sample, 20.0% in sample; volatility 14.2% before and 11.1% after. 1 \
             of 2 made matters worse out of sample."
        );
    }
}
