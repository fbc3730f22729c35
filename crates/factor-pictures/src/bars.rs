//! Bars from zero, row under row: names at the left, figures at the ends of their bars.

use crate::{
    canvas::{Area, Stroke, Style},
    caption::Sheet,
    colour::Colour,
    scale::{Scale, Unit},
};

/// One bar.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub(crate) name: String,
    /// What stands behind the name, where there is room.
    pub(crate) label: String,
    pub(crate) value: Option<f64>,
    pub(crate) colour: Colour,
    /// More on hover.
    pub(crate) hover: String,
}

/// Where bars stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) area: Area,
    pub(crate) names: f64,
    pub(crate) row: f64,
    pub(crate) unit: Unit,
    /// Whether gains have a plus.
    pub(crate) has_signs: bool,
}

/// Draws bars from the top of their place on; `gap_after` rows some room is left free.
pub(crate) fn draw(sheet: &mut Sheet, place: &Place, bars: &[Bar], gap_after: Option<usize>, ends: (f64, f64)) {
    let palette = sheet.palette;
    let unit = place.unit;
    let size = (place.row * 0.62).clamp(9.0, 11.5);
    let figure = Style::of(size, palette.ink);
    let written = |value: f64| if place.has_signs { unit.signed(value) } else { unit.plain(value) };
    let width_of = |value: f64| figure.width(&written(value)) + 6.0;
    // Figures stand beyond the ends of bars, on the side where these go.
    let (below, above) = bars.iter().filter_map(|bar| bar.value).fold((0.0_f64, 0.0_f64), |(below, above), value| {
        if value < 0.0 { (below.max(width_of(value)), above) } else { (below, above.max(width_of(value))) }
    });
    let left = place.area.x + place.names + 6.0;
    let (start, end) = (left + below, (place.area.right() - above).max(left + below + 10.0));
    let scale = Scale::linear((ends.0.min(0.0), ends.1.max(0.0)), (start, end));
    let zero = scale.place(0.0);
    let gap = |at: usize| if gap_after.is_some_and(|after| at >= after) { place.row * 0.7 } else { 0.0 };
    let name = Style::of(size, palette.ink);
    // What stands behind names begins at one place in all rows.
    let used = bars.iter().map(|bar| name.width(&bar.name)).fold(0.0, f64::max) + 8.0;
    for (at, bar) in bars.iter().enumerate() {
        let y = place.area.y + at as f64 * place.row + gap(at);
        let base = y + place.row / 2.0 + size * 0.36;
        let short = name.fitted(&bar.name, place.names);
        sheet.canvas.text((place.area.x, base), &short, name);
        if place.names - used > 30.0 && !bar.label.is_empty() && bar.label != bar.name {
            let style = Style::of(size, palette.muted);
            sheet.canvas.text((place.area.x + used, base), &style.fitted(&bar.label, place.names - used), style);
        }
        let Some(value) = bar.value.filter(|value| value.is_finite()) else {
            sheet.canvas.text((zero + 5.0, base), "no value", Style::of(size, palette.muted));
            continue;
        };
        let place_of = scale.place(value);
        let area = Area::between((zero, place_of), (y + place.row * 0.14, y + place.row * 0.86));
        sheet.canvas.titled(|| bar.hover.clone(), |canvas| canvas.rect(area, bar.colour));
        let text = written(value);
        if value < 0.0 {
            sheet.canvas.text((area.x - 4.0, base), &text, figure.ending());
        } else {
            sheet.canvas.text((area.right() + 4.0, base), &text, figure);
        }
    }
    let bottom = place.area.y + bars.len() as f64 * place.row + gap(bars.len().saturating_sub(1));
    sheet.canvas.line((zero, place.area.y), (zero, bottom), Stroke::of(palette.axis, 1.0));
}
