//! Days along an axis.

use chrono::{Datelike, Months, NaiveDate};

use crate::{
    canvas::{Area, Stroke},
    caption::Sheet,
    scale::Scale,
};

/// Days from left to right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Days {
    first: NaiveDate,
    last: NaiveDate,
    scale: Scale,
}

fn number(date: NaiveDate) -> f64 {
    f64::from(date.num_days_from_ce())
}

impl Days {
    /// Over all dates; `None` where there is none.
    pub(crate) fn over(dates: impl Iterator<Item = NaiveDate> + Clone, places: (f64, f64)) -> Option<Self> {
        let (first, last) = (dates.clone().min()?, dates.max()?);
        Some(Self { first, last, scale: Scale::linear((number(first), number(last)), places) })
    }

    pub(crate) fn place(&self, date: NaiveDate) -> f64 {
        self.scale.place(number(date))
    }

    /// Round dates, about so many, each with what is written at it.
    fn ticks(&self, about: usize) -> Vec<(NaiveDate, String)> {
        let months = (number(self.last) - number(self.first)) / 30.44;
        let step = [1_u32, 3, 6, 12, 24, 60, 120, 240, 600]
            .into_iter()
            .find(|step| months / f64::from(*step) <= about as f64)
            .unwrap_or(1200);
        let in_order = |year: i32, month: u32| year * 12 + month as i32 - 1;
        let first = in_order(self.first.year(), self.first.month());
        let start = first.div_euclid(step as i32) * step as i32;
        let start = NaiveDate::from_ymd_opt(start.div_euclid(12), start.rem_euclid(12) as u32 + 1, 1);
        let Some(start) = start else { return Vec::new() };
        let all = (0..200_u32).map_while(|at| start.checked_add_months(Months::new(at * step)));
        let text = |date: NaiveDate| {
            if step >= 12 || date.month() == 1 { date.format("%Y").to_string() } else { date.format("%b").to_string() }
        };
        all.skip_while(|date| *date < self.first)
            .take_while(|date| *date <= self.last)
            .map(|date| (date, text(date)))
            .collect()
    }

    /// The axis below an area, with lines through it.
    pub(crate) fn draw(&self, sheet: &mut Sheet, area: Area, has_names: bool) {
        let style = sheet.muted(10.5).centred();
        let grid = Stroke::of(sheet.palette.grid, 1.0);
        let mut free = f64::NEG_INFINITY;
        for (date, text) in self.ticks(((area.width / 70.0) as usize).max(2)) {
            let x = self.place(date);
            sheet.canvas.line((x, area.y), (x, area.bottom()), grid);
            let wide = style.width(&text);
            if has_names && x - wide / 2.0 > free {
                sheet.canvas.text((x, area.bottom() + 15.0), &text, style);
                free = x + wide / 2.0 + 6.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn texts(first: &str, last: &str) -> Vec<String> {
        let days = Days::over([day(first), day(last)].into_iter(), (0.0, 700.0)).unwrap();
        days.ticks(10).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_dates_within() {
        assert_eq!(
            texts("2016-11-30", "2026-10-30"),
            ["2017", "2018", "2019", "2020", "2021", "2022", "2023", "2024", "2025", "2026"]
        );
        assert_eq!(texts("2025-11-28", "2026-10-30"), ["2026", "Apr", "Jul", "Oct"]);
        assert_eq!(texts("1926-07-31", "2026-10-30"), ["1940", "1960", "1980", "2000", "2020"]);
        assert!(Days::over(std::iter::empty(), (0.0, 1.0)).is_none());
        let one = Days::over([day("2020-05-29")].into_iter(), (0.0, 10.0)).unwrap();
        assert!(one.place(day("2020-05-29")) > 0.0);
    }
}
