//! Shares or contributions, stacked period by period: style weights, return attribution.

use chrono::NaiveDate;

use crate::{
    canvas::{Area, Stroke},
    caption::{Caption, INNER, Look, MARGIN, Sheet, legend_height},
    scale::{Scale, Unit, ends},
    wealth::draw_levels,
    words::percent,
};

const HIGH: f64 = 320.0;
/// Parts over this are drawn together.
const MOST_PARTS: usize = 8;

/// Parts of a whole over time: above zero upwards, below zero downwards. Where `total`s are given they are marked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stacked {
    /// What is said around it.
    pub caption: Caption,
    /// What is stacked: `contribution to the return`, `weight`.
    pub measure: String,
    /// Names of the parts.
    pub parts: Vec<String>,
    /// The periods, in order.
    pub periods: Vec<StackedPeriod>,
}

/// One period.
#[derive(Debug, Clone, PartialEq)]
pub struct StackedPeriod {
    /// Its end.
    pub date: NaiveDate,
    /// What is written at it; the year of its end where it is empty.
    pub name: String,
    /// Each part as a decimal, in the order of the names.
    pub values: Vec<Option<f64>>,
    /// The whole, where it is something of its own.
    pub total: Option<f64>,
}

impl StackedPeriod {
    fn value(&self, part: usize) -> Option<f64> {
        self.values.get(part).copied().flatten().filter(|value| value.is_finite())
    }

    fn written(&self) -> String {
        if self.name.is_empty() { self.date.format("%Y").to_string() } else { self.name.clone() }
    }
}

impl Stacked {
    /// The parts that are drawn, and whether the last of them is all the others.
    fn groups(&self) -> Vec<(String, Vec<usize>)> {
        let own = if self.parts.len() > MOST_PARTS { MOST_PARTS - 1 } else { self.parts.len() };
        // The largest by their size over all periods keep a colour of their own.
        let size = |part: usize| self.periods.iter().filter_map(|period| period.value(part)).map(f64::abs).sum::<f64>();
        let mut order: Vec<usize> = (0..self.parts.len()).collect();
        order.sort_by(|one, two| size(*two).total_cmp(&size(*one)).then(one.cmp(two)));
        let mut kept = order[..own].to_vec();
        kept.sort_unstable();
        let mut groups: Vec<(String, Vec<usize>)> =
            kept.into_iter().map(|part| (self.parts[part].clone(), vec![part])).collect();
        if own < self.parts.len() {
            groups.push((format!("{} others", self.parts.len() - own), order[own..].to_vec()));
        }
        groups
    }

    /// Contributions have signs, shares have none.
    fn figure(&self, value: f64) -> String {
        let has_totals = self.periods.iter().any(|period| period.total.is_some());
        if has_totals { Unit::Percent.signed(value) } else { Unit::Percent.plain(value) }
    }

    pub(crate) fn finding(&self) -> String {
        let Some(last) = self.periods.last() else { return "No period has a value.".to_owned() };
        let mut parts: Vec<(usize, f64)> =
            (0..self.parts.len()).filter_map(|part| Some((part, last.value(part)?))).collect();
        parts.sort_by(|one, two| two.1.abs().total_cmp(&one.1.abs()));
        let said: Vec<String> = parts
            .iter()
            .take(3)
            .map(|(part, value)| format!("{} {}", self.parts[*part], self.figure(*value)))
            .collect();
        if said.is_empty() {
            return "No period has a value.".to_owned();
        }
        let total = last.total.map(|total| format!(" of {}", Unit::Percent.signed(total))).unwrap_or_default();
        let first = self.periods.first().filter(|_| self.periods.len() > 1);
        let before = first.and_then(|first| {
            let (part, _) = parts.first()?;
            let then = first.value(*part)?;
            Some(format!(" In {} {} was {}.", first.written(), self.parts[*part], self.figure(then)))
        });
        format!("In {}{total}: {}.{}", last.written(), said.join(", "), before.unwrap_or_default())
    }

    pub(crate) fn drawn(&self, look: Look) -> String {
        let groups = self.groups();
        let names: Vec<(usize, &str)> = groups.iter().map(|(name, _)| name.as_str()).enumerate().collect();
        let legend = legend_height(&names) + 6.0;
        let has_total = self.periods.iter().any(|period| period.total.is_some());
        let notes: Vec<String> = if has_total { vec!["Points: the whole.".to_owned()] } else { Vec::new() };
        let mut sheet = Sheet::begin(&self.caption, &self.finding(), &notes, look, legend + HIGH + 50.0);
        let top = sheet.top;
        sheet.legend(&names, top);
        sheet.canvas.text((MARGIN, top + legend + 11.0), &self.measure, sheet.muted(11.0));
        let area = Area::of(MARGIN + 44.0, top + legend + 24.0, INNER - 44.0, HIGH);
        let summed = |period: &StackedPeriod, members: &[usize]| {
            members.iter().filter_map(|part| period.value(*part)).sum::<f64>()
        };
        let sides = self.periods.iter().flat_map(|period| {
            let values = groups.iter().map(|(_, members)| summed(period, members));
            let above: f64 = values.clone().filter(|value| *value > 0.0).sum();
            let below: f64 = values.filter(|value| *value < 0.0).sum();
            [above, below, period.total.unwrap_or(0.0)]
        });
        let (low, high) = ends(sides.chain([0.0]));
        let room = (high - low).max(1e-6) * 0.03;
        let low = if low < 0.0 { low - room } else { 0.0 };
        let high = if (high - 1.0).abs() < 1e-6 { 1.0 } else { high + room };
        let y = Scale::linear((low, high), (area.bottom(), area.y));
        draw_levels(&mut sheet, &y, area, (5, Unit::Percent), 0.0);
        let slot = area.width / self.periods.len().max(1) as f64;
        let wide = if slot > 12.0 { slot * 0.72 } else { slot };
        let label = sheet.muted(10.5).centred();
        let mut free = f64::NEG_INFINITY;
        for (at, period) in self.periods.iter().enumerate() {
            let middle = area.x + (at as f64 + 0.5) * slot;
            let (mut above, mut below) = (0.0, 0.0);
            for (series, (name, members)) in groups.iter().enumerate() {
                let value = summed(period, members);
                if value == 0.0 {
                    continue;
                }
                let from = if value > 0.0 { &mut above } else { &mut below };
                let places = (y.place(*from), y.place(*from + value));
                *from += value;
                let bar = Area::between((middle - wide / 2.0, middle + wide / 2.0), places);
                let colour = sheet.palette.of_series(series);
                sheet.canvas.titled(
                    || format!("{name} in {}: {}", period.written(), percent(value, 1)),
                    |canvas| canvas.rects(&[bar], colour),
                );
            }
            if let Some(total) = period.total {
                let stroke = Stroke::of(sheet.palette.ground, 1.0);
                let ink = sheet.palette.ink;
                sheet.canvas.titled(
                    || format!("{}: {} in all", period.written(), Unit::Percent.signed(total)),
                    |canvas| canvas.circle((middle, y.place(total)), 3.6, Some(ink), stroke),
                );
            }
            let text = period.written();
            let half = label.width(&text) / 2.0;
            let is_new = at == 0 || self.periods[at - 1].written() != text;
            if is_new && middle - half > free {
                sheet.canvas.text((middle, area.bottom() + 15.0), &text, label);
                free = middle + half + 6.0;
            }
        }
        sheet.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(year: i32, values: &[f64], total: Option<f64>) -> StackedPeriod {
        let date = NaiveDate::from_ymd_opt(year, 12, 31).unwrap();
        StackedPeriod { date, name: String::new(), values: values.iter().map(|value| Some(*value)).collect(), total }
    }

    #[test]
    fn the_finding_has_the_newest_parts_and_what_the_first_was() {
        let picture = Stacked {
            parts: vec!["equity".to_owned(), "bond".to_owned()],
            periods: vec![period(2024, &[0.5, 0.5], None), period(2025, &[0.3, 0.7], Some(0.12))],
            ..Stacked::default()
        };
        assert_eq!(picture.finding(), "In 2025 of +12.0%: bond +70.0%, equity +30.0%. In 2024 bond was +50.0%.");
    }

    #[test]
    fn small_parts_are_drawn_together_and_nothing_is_lost() {
        let values: Vec<f64> = (1..=12).map(f64::from).collect();
        let picture = Stacked {
            parts: (0..12).map(|at| format!("part {at}")).collect(),
            periods: vec![period(2025, &values, None)],
            ..Stacked::default()
        };
        let groups = picture.groups();
        assert_eq!(groups.len(), 8);
        assert_eq!(groups[7].0, "5 others");
        let mut all: Vec<usize> = groups.into_iter().flat_map(|(_, members)| members).collect();
        all.sort_unstable();
        assert_eq!(all, (0..12).collect::<Vec<_>>());
    }
}
