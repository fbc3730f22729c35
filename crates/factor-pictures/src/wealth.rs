//! What became of one dollar, and below it what was lost from the highest point before, over the same dates.

use chrono::NaiveDate;

use crate::{
    canvas::{Area, Stroke},
    caption::{Caption, INNER, Look, MARGIN, Sheet, WIDTH},
    labels,
    scale::{Scale, Unit, ends},
    time::Days,
    words::{decimal, percent},
};

/// Series over this are left out, and said.
const MOST_SERIES: usize = 8;
const UPPER: f64 = 270.0;
const LOWER: f64 = 120.0;
/// A drawdown of the first series this deep is shaded.
const EPISODE: f64 = -0.1;
/// Dashes that tell lines apart where colours do not.
pub(crate) const DASHES: [&str; 4] = ["", "7 3", "2 3", "9 3 2 3"];

/// The worth of what was invested, over time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wealth {
    /// What is said around it.
    pub caption: Caption,
    /// The series; the drawdowns of the first are shaded.
    pub series: Vec<WealthSeries>,
    /// Whether equal steps upwards are equal ratios.
    pub is_log: bool,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WealthSeries {
    /// Its name.
    pub name: String,
    /// Worth at the end of each period, of 1 at the start; `None` where it is not known. In order of dates.
    pub points: Vec<(NaiveDate, Option<f64>)>,
}

impl WealthSeries {
    fn known(&self) -> impl Iterator<Item = (NaiveDate, f64)> {
        self.points
            .iter()
            .filter_map(|(date, worth)| Some((*date, (*worth).filter(|worth| worth.is_finite() && *worth > 0.0)?)))
    }

    /// What is lost from the highest point before, at each date.
    fn drawdowns(&self) -> Vec<(NaiveDate, f64)> {
        self.all_drawdowns().into_iter().filter_map(|(date, lost)| Some((date, lost?))).collect()
    }

    /// The same, with the dates of which nothing is known.
    fn all_drawdowns(&self) -> Vec<(NaiveDate, Option<f64>)> {
        let mut high = 0.0_f64;
        let of = |(date, worth): &(NaiveDate, Option<f64>)| {
            let worth = (*worth).filter(|worth| worth.is_finite() && *worth > 0.0);
            high = high.max(worth.unwrap_or(0.0));
            (*date, worth.map(|worth| worth / high - 1.0))
        };
        self.points.iter().map(of).collect()
    }

    /// The deepest drawdown: when it ended to fall, and how deep.
    fn deepest(&self) -> Option<(NaiveDate, f64)> {
        self.drawdowns().into_iter().min_by(|one, two| one.1.total_cmp(&two.1))
    }

    /// From a high to when it was reached again (or the end), where more than a tenth was lost in between.
    fn episodes(&self) -> Vec<(NaiveDate, NaiveDate)> {
        let mut found = Vec::new();
        let mut since: Option<(NaiveDate, f64)> = None;
        let mut high = None;
        for (date, lost) in self.drawdowns() {
            if lost < 0.0 {
                let (_, deepest) = since.get_or_insert((high.unwrap_or(date), 0.0));
                *deepest = deepest.min(lost);
                continue;
            }
            if let Some((from, deepest)) = since.take()
                && deepest <= EPISODE
            {
                found.push((from, date));
            }
            high = Some(date);
        }
        let end = self.known().last();
        if let (Some((from, deepest)), Some((end, _))) = (since, end)
            && deepest <= EPISODE
        {
            found.push((from, end));
        }
        found
    }
}

impl Wealth {
    fn shown(&self) -> &[WealthSeries] {
        &self.series[..self.series.len().min(MOST_SERIES)]
    }

    pub(crate) fn finding(&self) -> String {
        let of = |series: &WealthSeries| -> Option<String> {
            let (_, last) = series.known().last()?;
            let lost = series.deepest().map(|(date, lost)| {
                format!(", at most {} under its high ({})", percent(-lost, 1), date.format("%Y-%m"))
            });
            Some(format!("{}: 1 became {}{}", series.name, decimal(last, 2), lost.unwrap_or_default()))
        };
        let said: Vec<String> = self.shown().iter().take(4).filter_map(of).collect();
        if said.is_empty() { "No series has a value.".to_owned() } else { format!("{}.", said.join("; ")) }
    }

    pub(crate) fn drawn(&self, look: Look) -> String {
        let mut notes = Vec::new();
        if self.series.len() > MOST_SERIES {
            notes.push(format!("{} more series are in the figures and not drawn.", self.series.len() - MOST_SERIES));
        }
        if self.is_log {
            notes.push("Equal steps upwards are equal ratios (log scale).".to_owned());
        }
        let episodes = self.shown().first().map(WealthSeries::episodes).unwrap_or_default();
        if let (Some(first), false) = (self.shown().first(), episodes.is_empty()) {
            notes.push(format!(
                "Shaded: {} was under its high, and lost over 10% before it was reached again.",
                first.name
            ));
        }
        let mut sheet = Sheet::begin(&self.caption, &self.finding(), &notes, look, UPPER + LOWER + 70.0);
        let style = sheet.ink(11.0);
        let names =
            self.shown().iter().map(|series| style.width(&style.fitted(&series.name, 130.0))).fold(0.0, f64::max);
        let area = Area::of(MARGIN + 44.0, sheet.top + 16.0, INNER - 44.0 - names - 14.0, UPPER);
        let lower = Area::of(area.x, area.bottom() + 36.0, area.width, LOWER);
        let dates = self.shown().iter().flat_map(|series| series.points.iter().map(|(date, _)| *date));
        let Some(days) = Days::over(dates, (area.x, area.right())) else { return sheet.finish() };
        for (from, to) in &episodes {
            let shade = Area::between((days.place(*from), days.place(*to)), (area.y, lower.bottom()));
            sheet.canvas.rect(shade, sheet.palette.shade);
        }
        self.draw_worth(&mut sheet, &days, area);
        self.draw_drawdowns(&mut sheet, &days, lower);
        sheet.finish()
    }

    fn draw_worth(&self, sheet: &mut Sheet, days: &Days, area: Area) {
        let (low, high) =
            ends(self.shown().iter().flat_map(|series| series.known().map(|(_, worth)| worth)).chain([1.0]));
        let y = if self.is_log {
            Scale::log((low * 0.97, high * 1.03), (area.bottom(), area.y))
        } else {
            let room = (high - low) * 0.04;
            Scale::linear((low - room, high + room), (area.bottom(), area.y))
        };
        days.draw(sheet, area, false);
        sheet.canvas.text((MARGIN, area.y - 6.0), "worth of 1 invested at the start", sheet.muted(11.0));
        draw_levels(sheet, &y, area, (6, Unit::Number), 1.0);
        let ends: Vec<(usize, f64)> = self
            .shown()
            .iter()
            .enumerate()
            .filter_map(|(at, series)| Some((at, y.place(series.known().last()?.1))))
            .collect();
        for (at, series) in self.shown().iter().enumerate() {
            draw_line(sheet, days, &y, at, &series.points, &series.name);
        }
        draw_names(sheet, &ends, (area, WIDTH - MARGIN), |at| self.series[at].name.clone());
    }

    fn draw_drawdowns(&self, sheet: &mut Sheet, days: &Days, area: Area) {
        let all: Vec<_> = self.shown().iter().map(WealthSeries::all_drawdowns).collect();
        let (low, _) = ends(all.iter().flatten().filter_map(|(_, lost)| *lost).chain([0.0]));
        let y = Scale::linear((low.min(-0.01) * 1.05, 0.0), (area.bottom(), area.y));
        days.draw(sheet, area, true);
        sheet.canvas.text((MARGIN, area.y - 11.0), "under the highest point before", sheet.muted(11.0));
        draw_levels(sheet, &y, area, (4, Unit::Percent), 0.0);
        for (at, drawdowns) in all.iter().enumerate() {
            draw_line(sheet, days, &y, at, drawdowns, &self.series[at].name);
        }
    }
}

/// The lines and figures of a vertical axis; the one at `base` stands out.
pub(crate) fn draw_levels(sheet: &mut Sheet, y: &Scale, area: Area, (about, unit): (usize, Unit), base: f64) {
    let style = sheet.muted(10.5).ending();
    for tick in y.ticks(about, unit) {
        let at = y.place(tick.value);
        let colour = if (tick.value - base).abs() < 1e-9 { sheet.palette.axis } else { sheet.palette.grid };
        sheet.canvas.line((area.x, at), (area.right(), at), Stroke::of(colour, 1.0));
        sheet.canvas.text((area.x - 6.0, at + 4.0), &tick.text, style);
    }
}

fn draw_line(
    sheet: &mut Sheet,
    days: &Days,
    y: &Scale,
    series: usize,
    points: &[(NaiveDate, Option<f64>)],
    name: &str,
) {
    let line: Vec<Option<(f64, f64)>> = points
        .iter()
        .map(|(date, value)| Some((days.place(*date), y.place((*value).filter(|value| value.is_finite())?))))
        .collect();
    let stroke = Stroke::of(sheet.palette.of_series(series), 1.7).dashed(DASHES[series / 2 % DASHES.len()]);
    sheet.canvas.titled(|| name.to_owned(), |canvas| canvas.polyline(&line, stroke));
}

/// Names at the right ends of lines, one above the other, in their lines' colours.
pub(crate) fn draw_names(
    sheet: &mut Sheet,
    ends: &[(usize, f64)],
    (area, right): (Area, f64),
    name: impl Fn(usize) -> String,
) {
    let wanted: Vec<f64> = ends.iter().map(|(_, y)| *y).collect();
    let places = labels::spread(&wanted, 13.0, (area.y + 6.0, area.bottom() - 2.0));
    for ((series, y), place) in ends.iter().zip(places) {
        let colour = sheet.palette.of_series(*series);
        let style = sheet.ink(11.0);
        let x = area.right() + 10.0;
        sheet.canvas.line((area.right() + 1.0, *y), (x - 2.0, place), Stroke::of(colour, 1.2));
        sheet.canvas.text((x, place + 4.0), &style.fitted(&name(*series), right - x), style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(worth: &[f64]) -> WealthSeries {
        let date = |at: usize| NaiveDate::from_ymd_opt(2020, 1 + at as u32, 28).unwrap();
        WealthSeries {
            name: "SPY".to_owned(),
            points: worth.iter().enumerate().map(|(at, worth)| (date(at), Some(*worth))).collect(),
        }
    }

    #[test]
    fn drawdowns_are_from_the_highest_point_before() {
        let drawdowns: Vec<f64> =
            series(&[1.0, 2.0, 1.5, 1.0, 2.0, 1.9]).drawdowns().into_iter().map(|(_, lost)| lost).collect();
        let expected = [0.0, 0.0, -0.25, -0.5, 0.0, -0.05];
        assert!(drawdowns.iter().zip(expected).all(|(one, two)| (one - two).abs() < 1e-12), "{drawdowns:?}");
    }

    #[test]
    fn episodes_go_from_high_to_recovery_and_small_ones_are_none() {
        let day = |month: u32| NaiveDate::from_ymd_opt(2020, month, 28).unwrap();
        assert_eq!(series(&[1.0, 2.0, 1.5, 1.0, 2.0, 1.9]).episodes(), [(day(2), day(5))]);
        assert_eq!(series(&[2.0, 1.0, 1.2]).episodes(), [(day(1), day(3))]);
        assert!(series(&[1.0, 0.95, 1.0]).episodes().is_empty() && series(&[]).episodes().is_empty());
    }

    #[test]
    fn the_finding_has_worth_and_depth() {
        let picture = Wealth { series: vec![series(&[1.0, 2.0, 1.0, 1.5])], ..Wealth::default() };
        assert_eq!(picture.finding(), "SPY: 1 became 1.50, at most 50.0% under its high (2020-03).");
        assert_eq!(Wealth::default().finding(), "No series has a value.");
    }
}
