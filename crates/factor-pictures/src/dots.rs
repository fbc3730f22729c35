//! Estimates with their intervals, row under row, about a zero line: sensitivities, betas.

use crate::{
    canvas::{Area, Stroke, Style},
    caption::{Caption, INNER, Look, MARGIN, Sheet, legend_height},
    colour::Colour,
    scale::{Scale, Unit, ends},
};

/// Rows over this are left out in the middle, and said.
const MOST_ROWS: usize = 40;
const ROW: f64 = 18.0;

/// An estimate and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Estimate {
    /// The estimate; `None` where there is none.
    pub value: Option<f64>,
    /// Its interval: of 95%, unless the picture says another level.
    pub interval: Option<[f64; 2]>,
}

impl Estimate {
    /// The finite figures in it.
    fn figures(&self) -> impl Iterator<Item = f64> {
        self.value.into_iter().chain(self.interval.into_iter().flatten()).filter(|value| value.is_finite())
    }

    fn finite(&self) -> Option<f64> {
        self.value.filter(|value| value.is_finite())
    }

    fn is_over_zero(&self) -> bool {
        self.interval.is_some_and(|[low, high]| low <= 0.0 && high >= 0.0)
    }

    /// The estimate with its 95% interval.
    pub(crate) fn in_words(&self, unit: Unit) -> String {
        self.in_words_at(unit, "95%")
    }

    /// The same where the interval holds another share.
    pub(crate) fn in_words_at(&self, unit: Unit, level: &str) -> String {
        let Some(value) = self.finite() else { return "no value".to_owned() };
        let mut text = unit.signed(value);
        if let Some([low, high]) = self.interval {
            text.push_str(&format!(" ({level} interval {} to {})", unit.plain(low), unit.plain(high)));
        }
        text
    }
}

/// Estimates, row under row. Intervals that hold zero are drawn hollow.
#[derive(Debug, Clone, PartialEq)]
pub struct Dots {
    /// What is said around it.
    pub caption: Caption,
    /// What the estimates are in.
    pub unit: Unit,
    /// What each is: `return for 100 basis points more in UST10Y`.
    pub measure: String,
    /// Names of the estimates of a row, in their order: `in sample`, `out of sample`. One needs no name.
    pub estimates: Vec<String>,
    /// The rows, from the top.
    pub rows: Vec<DotsRow>,
    /// Rows are put in the order of their first estimate, the highest first.
    pub is_sorted: bool,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DotsRow {
    /// Its name.
    pub name: String,
    /// What stands behind the name.
    pub label: String,
    /// Its estimates, at most two.
    pub estimates: Vec<Estimate>,
    /// Periods it rests on.
    pub n: Option<usize>,
}

impl DotsRow {
    fn first(&self) -> Option<f64> {
        self.estimates.first().and_then(Estimate::finite)
    }
}

impl Dots {
    /// The rows in the order in which they are drawn; those without an estimate last.
    fn ordered(&self) -> Vec<&DotsRow> {
        let mut rows: Vec<&DotsRow> = self.rows.iter().collect();
        if self.is_sorted {
            let key = |row: &DotsRow| row.first().unwrap_or(f64::NEG_INFINITY);
            rows.sort_by(|one, two| key(two).total_cmp(&key(one)));
        }
        rows
    }

    pub(crate) fn finding(&self) -> String {
        let rows = self.rows.iter().filter(|row| row.first().is_some());
        let by_value =
            |one: &&DotsRow, two: &&DotsRow| one.first().unwrap_or(0.0).total_cmp(&two.first().unwrap_or(0.0));
        let (Some(highest), Some(lowest)) = (rows.clone().max_by(by_value), rows.clone().min_by(by_value)) else {
            return "No row has an estimate.".to_owned();
        };
        let in_words = |row: &DotsRow| {
            let estimate = row.estimates.first().copied().unwrap_or_default();
            format!("{} {}", row.name, estimate.in_words(self.unit))
        };
        let count = rows.clone().count();
        let mut text = if count == 1 {
            format!("{}.", in_words(highest))
        } else {
            format!("Highest: {}; lowest: {}.", in_words(highest), in_words(lowest))
        };
        let unsure = rows.filter(|row| row.estimates.first().is_some_and(Estimate::is_over_zero)).count();
        if unsure > 0 && count > 1 {
            text.push_str(&format!(" {unsure} of {count} cannot be told from 0 (hollow)."));
        }
        text
    }

    pub(crate) fn drawn(&self, look: Look) -> String {
        let ordered = self.ordered();
        let left_out = ordered.len().saturating_sub(MOST_ROWS);
        let half = MOST_ROWS / 2;
        let shown: Vec<&DotsRow> = if left_out > 0 {
            ordered[..half].iter().chain(&ordered[ordered.len() - half..]).copied().collect()
        } else {
            ordered
        };
        let mut notes = Vec::new();
        if left_out > 0 {
            notes.push(format!("{left_out} rows in the middle are in the figures and not drawn."));
        }
        let names: Vec<(usize, &str)> = self.estimates.iter().map(String::as_str).enumerate().collect();
        let legend = if names.len() > 1 { legend_height(&names) + 4.0 } else { 0.0 };
        let gap = if left_out > 0 { ROW } else { 0.0 };
        let body = legend + 20.0 + shown.len() as f64 * ROW + gap + 22.0;
        let mut sheet = Sheet::begin(&self.caption, &self.finding(), &notes, look, body);
        let top = sheet.top;
        if names.len() > 1 {
            sheet.legend(&names, top);
        }
        let place = DotsPlace {
            area: Area::of(MARGIN, top + legend + 20.0, INNER, shown.len() as f64 * ROW + gap),
            names: 220.0,
            gap_after: (left_out > 0).then_some(half),
        };
        let style = sheet.muted(11.0);
        sheet.canvas.text((MARGIN, top + legend + 11.0), &style.fitted(&self.measure, INNER), style);
        draw(&mut sheet, &place, &shown, self.unit);
        sheet.finish()
    }
}

/// Where rows of dots stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DotsPlace {
    pub(crate) area: Area,
    pub(crate) names: f64,
    pub(crate) gap_after: Option<usize>,
}

/// The height of rows of dots with their axis.
pub(crate) fn height(rows: usize) -> f64 {
    rows as f64 * ROW + 22.0
}

/// Draws rows of estimates with one axis below them.
pub(crate) fn draw(sheet: &mut Sheet, place: &DotsPlace, rows: &[&DotsRow], unit: Unit) {
    let area = place.area;
    let palette = sheet.palette;
    let figure = Style::of(10.5, palette.ink);
    // What stands at the right of each row: the first estimate, or both.
    let says = |row: &DotsRow| -> String {
        let said =
            row.estimates.iter().map(|estimate| estimate.finite().map_or("–".to_owned(), |value| unit.signed(value)));
        said.collect::<Vec<_>>().join(" / ")
    };
    let figures = rows.iter().map(|row| figure.width(&says(row))).fold(30.0, f64::max) + 12.0;
    let (low, high) = ends(rows.iter().flat_map(|row| row.estimates.iter().flat_map(Estimate::figures)).chain([0.0]));
    let room = (high - low).max(1e-6) * 0.04;
    let scale = Scale::linear((low - room, high + room), (area.x + place.names + 10.0, area.right() - figures));
    for tick in scale.ticks(6, unit) {
        let x = scale.place(tick.value);
        let colour = if tick.value == 0.0 { palette.axis } else { palette.grid };
        sheet.canvas.line((x, area.y), (x, area.bottom()), Stroke::of(colour, 1.0));
        let style = sheet.muted(10.0).centred();
        sheet.canvas.text((x, area.bottom() + 14.0), &tick.text, style);
    }
    let name = Style::of(11.0, palette.ink);
    let used = rows.iter().map(|row| name.width(&row.name)).fold(0.0, f64::max) + 8.0;
    for (at, row) in rows.iter().enumerate() {
        let gap = if place.gap_after.is_some_and(|after| at >= after) { ROW } else { 0.0 };
        let y = area.y + at as f64 * ROW + ROW / 2.0 + gap;
        let short = name.fitted(&row.name, place.names);
        sheet.canvas.text((area.x, y + 4.0), &short, name);
        if place.names - used > 30.0 && row.label != row.name {
            let style = sheet.muted(10.5);
            sheet.canvas.text((area.x + used, y + 4.0), &style.fitted(&row.label, place.names - used), style);
        }
        sheet.canvas.text((area.right(), y + 4.0), &says(row), figure.ending());
        let count = row.estimates.len().min(2);
        for (which, estimate) in row.estimates.iter().take(2).enumerate() {
            let y = if count == 2 { y + if which == 0 { -3.5 } else { 3.5 } } else { y };
            let colour = palette.of_series(which);
            let hover = || {
                let n = row.n.map(|n| format!(", n {n}")).unwrap_or_default();
                format!("{}: {}{n}", row.name, estimate.in_words(unit))
            };
            sheet.canvas.titled(hover, |canvas| draw_one(canvas, estimate, (&scale, y), (colour, palette.ground)));
        }
    }
}

fn draw_one(
    canvas: &mut crate::canvas::Canvas,
    estimate: &Estimate,
    (scale, y): (&Scale, f64),
    (colour, ground): (Colour, Colour),
) {
    if let Some([low, high]) = estimate.interval.filter(|ends| ends.iter().all(|end| end.is_finite())) {
        canvas.line((scale.place(low), y), (scale.place(high), y), Stroke::of(colour, 1.8));
    }
    if let Some(value) = estimate.finite() {
        let fill = if estimate.is_over_zero() { ground } else { colour };
        canvas.circle((scale.place(value), y), 3.4, Some(fill), Stroke::of(colour, 1.5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, value: f64, interval: [f64; 2]) -> DotsRow {
        let estimate = Estimate { value: Some(value), interval: Some(interval) };
        DotsRow { name: name.to_owned(), estimates: vec![estimate], ..DotsRow::default() }
    }

    #[test]
    fn rows_are_sorted_and_the_finding_counts_what_is_not_sure() {
        let picture = Dots {
            caption: Caption::default(),
            unit: Unit::Percent,
            measure: String::new(),
            estimates: Vec::new(),
            rows: vec![row("TLT", -0.151, [-0.17, -0.13]), row("KRE", 0.06, [-0.01, 0.13]), DotsRow::default()],
            is_sorted: true,
        };
        assert_eq!(
            picture.finding(),
            "Highest: KRE +6.0% (95% interval −1.0% to 13.0%); lowest: TLT −15.1% (95% interval −17.0% to −13.0%). 1 of 2 \
             cannot be told from 0 (hollow)."
        );
        let names: Vec<&str> = picture.ordered().iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["KRE", "TLT", ""]);
    }
}
