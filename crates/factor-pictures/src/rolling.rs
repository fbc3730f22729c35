//! Figures of moving windows: a line with its band, the zero line, and a mark where the sign changes.

use chrono::NaiveDate;

use crate::{
    canvas::{Area, Stroke},
    caption::{Caption, INNER, Look, MARGIN, Sheet},
    scale::{Scale, Unit, ends},
    time::Days,
    wealth::draw_levels,
    words::{counted, decimal},
};

/// Series over this are left out, and said.
const MOST_SERIES: usize = 6;

/// Correlations, betas or the like, over moving windows: a panel each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rolling {
    /// What is said around it.
    pub caption: Caption,
    /// What is drawn, one panel each.
    pub series: Vec<RollingSeries>,
    /// Correlations: the axis is from -1 to 1. Else it goes by the values.
    pub is_correlation: bool,
    /// What the band is: `95% interval of one window`.
    pub band: String,
}

/// One panel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RollingSeries {
    /// Its name: `SPY and TLT`.
    pub name: String,
    /// Window by window, in order of dates.
    pub points: Vec<RollingPoint>,
}

/// One window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RollingPoint {
    /// Its last day.
    pub date: NaiveDate,
    /// Its value; `None` where there is none.
    pub value: Option<f64>,
    /// Its interval.
    pub interval: Option<[f64; 2]>,
}

impl RollingSeries {
    fn known(&self) -> impl DoubleEndedIterator<Item = (NaiveDate, f64)> {
        self.points.iter().filter_map(|point| Some((point.date, point.value.filter(|value| value.is_finite())?)))
    }

    /// Where the sign is another than that of the window with a value before; a zero has no sign.
    fn sign_changes(&self) -> Vec<(NaiveDate, f64)> {
        let signed: Vec<(NaiveDate, f64)> = self.known().filter(|(_, value)| *value != 0.0).collect();
        signed.windows(2).filter(|pair| (pair[0].1 > 0.0) != (pair[1].1 > 0.0)).map(|pair| pair[1]).collect()
    }

    fn in_words(&self) -> Option<String> {
        let (date, latest) = self.known().next_back()?;
        let by_value = |one: &(NaiveDate, f64), two: &(NaiveDate, f64)| one.1.total_cmp(&two.1);
        let (lowest, highest) = (self.known().min_by(by_value)?, self.known().max_by(by_value)?);
        let changes = self.sign_changes();
        let sign = match changes.last() {
            Some((last, _)) => {
                format!("{} of sign, the last in {}", counted(changes.len(), "change", "changes"), last.format("%Y-%m"))
            }
            None => "no change of sign".to_owned(),
        };
        Some(format!(
            "{}: {} in {}, between {} ({}) and {} ({}), {sign}",
            self.name,
            decimal(latest, 2),
            date.format("%Y-%m"),
            decimal(lowest.1, 2),
            lowest.0.format("%Y-%m"),
            decimal(highest.1, 2),
            highest.0.format("%Y-%m"),
        ))
    }
}

impl Rolling {
    fn shown(&self) -> &[RollingSeries] {
        &self.series[..self.series.len().min(MOST_SERIES)]
    }

    pub(crate) fn finding(&self) -> String {
        let said: Vec<String> = self.shown().iter().take(3).filter_map(RollingSeries::in_words).collect();
        if said.is_empty() { "No window has a value.".to_owned() } else { format!("{}.", said.join("; ")) }
    }

    pub(crate) fn drawn(&self, look: Look) -> String {
        let shown = self.shown();
        let columns = if shown.len() > 2 { 2 } else { 1 };
        let high = match shown.len() {
            0 | 1 => 300.0,
            2 => 190.0,
            _ => 150.0,
        };
        let lines = shown.len().div_ceil(columns).max(1);
        let mut notes = Vec::new();
        let mut marks = Vec::new();
        if shown.iter().any(|series| series.points.iter().any(|point| point.interval.is_some()))
            && !self.band.is_empty()
        {
            marks.push(format!("Band: {}.", self.band));
        }
        if shown.iter().any(|series| !series.sign_changes().is_empty()) {
            marks.push("Circles: the sign changes.".to_owned());
        }
        if !marks.is_empty() {
            notes.push(marks.join(" "));
        }
        if self.series.len() > MOST_SERIES {
            notes.push(format!("{} more series are in the figures and not drawn.", self.series.len() - MOST_SERIES));
        }
        let mut sheet = Sheet::begin(&self.caption, &self.finding(), &notes, look, lines as f64 * (high + 50.0));
        let dates = shown.iter().flat_map(|series| series.points.iter().map(|point| point.date));
        let ends = self.ends();
        let gap = 26.0;
        let wide = (INNER - gap * (columns - 1) as f64) / columns as f64;
        for (at, series) in shown.iter().enumerate() {
            let x = MARGIN + (at % columns) as f64 * (wide + gap);
            let y = sheet.top + (at / columns) as f64 * (high + 50.0);
            sheet.canvas.text(
                (x, y + 12.0),
                &sheet.ink(12.5).bold().fitted(&series.name, wide),
                sheet.ink(12.5).bold(),
            );
            let area = Area::of(x + 36.0, y + 22.0, wide - 40.0, high);
            if let Some(days) = Days::over(dates.clone(), (area.x, area.right())) {
                let scale = Scale::linear(ends, (area.bottom(), area.y));
                draw_series(&mut sheet, series, (&days, &scale), area);
            }
        }
        sheet.finish()
    }

    /// One axis for all panels.
    fn ends(&self) -> (f64, f64) {
        if self.is_correlation {
            return (-1.0, 1.0);
        }
        let points = || self.shown().iter().flat_map(|series| &series.points);
        let values = points().filter_map(|point| point.value);
        let bands = points().filter_map(|point| point.interval).flatten();
        let (low, high) = ends(values.chain(bands).chain([0.0]));
        let room = (high - low) * 0.06;
        (low - room, high + room)
    }
}

fn draw_series(sheet: &mut Sheet, series: &RollingSeries, (days, y): (&Days, &Scale), area: Area) {
    days.draw(sheet, area, true);
    let colour = sheet.palette.of_series(0);
    let band = colour.towards(sheet.palette.ground, 0.78);
    // The band is broken where a window has none.
    for part in series.points.split(|point| point.interval.is_none()) {
        let side = |end: usize| -> Vec<(f64, f64)> {
            let place = |point: &RollingPoint| Some((days.place(point.date), y.place(point.interval?[end])));
            part.iter().filter_map(place).collect()
        };
        sheet.canvas.band(&side(1), &side(0), band);
    }
    draw_levels(sheet, y, area, (4, Unit::Number), 0.0);
    let line: Vec<Option<(f64, f64)>> = series
        .points
        .iter()
        .map(|point| Some((days.place(point.date), y.place(point.value.filter(|value| value.is_finite())?))))
        .collect();
    sheet.canvas.titled(
        || series.in_words().unwrap_or_else(|| series.name.clone()),
        |canvas| canvas.polyline(&line, Stroke::of(colour, 1.9)),
    );
    let zero = y.place(0.0);
    for (date, _) in series.sign_changes() {
        let stroke = Stroke::of(sheet.palette.ink, 1.4);
        let fill = sheet.palette.ground;
        sheet.canvas.titled(
            || format!("{}: the sign changes in {date}", series.name),
            |canvas| canvas.circle((days.place(date), zero), 3.6, Some(fill), stroke),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[Option<f64>]) -> RollingSeries {
        let date = |at: usize| NaiveDate::from_ymd_opt(2020, 1 + at as u32, 28).unwrap();
        let point = |(at, value): (usize, &Option<f64>)| RollingPoint { date: date(at), value: *value, interval: None };
        RollingSeries { name: "SPY and TLT".to_owned(), points: values.iter().enumerate().map(point).collect() }
    }

    #[test]
    fn signs_change_across_gaps_and_zeros_but_not_at_them() {
        let dates = |values: &[Option<f64>]| -> Vec<String> {
            series(values).sign_changes().into_iter().map(|(date, _)| date.format("%m").to_string()).collect()
        };
        assert_eq!(
            dates(&[Some(-0.2), Some(0.1), None, Some(-0.1), Some(0.0), Some(-0.3), Some(0.0), Some(0.2)]),
            ["02", "04", "08"]
        );
        assert!(dates(&[]).is_empty() && dates(&[Some(0.0), Some(0.1)]).is_empty());
    }

    #[test]
    fn the_finding_has_the_newest_the_ends_and_the_signs() {
        let picture = Rolling { series: vec![series(&[Some(-0.25), Some(0.5), Some(0.25)])], ..Rolling::default() };
        assert_eq!(
            picture.finding(),
            "SPY and TLT: 0.25 in 2020-03, between −0.25 (2020-01) and 0.50 (2020-02), 1 change of sign, the last in 2020-02."
        );
    }
}
