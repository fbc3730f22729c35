//! What to ask for in the place of a window that no trailing one is: years written as months, a calendar year, half, quarter
//! or month, or dates.

use chrono::NaiveDate;
use factor_types::Calendar;

use crate::analysis::MIN_WINDOW_DAYS;

/// What gives a calendar window's return, or that of dates; `None` for what is neither.
pub(crate) fn instead_of(name: &str) -> Option<String> {
    if let Some((from, to)) = name.split_once('/') {
        let (from, to) = (from.trim().parse::<NaiveDate>().ok()?, to.trim().parse::<NaiveDate>().ok()?);
        return (from < to).then(|| {
            if (to - from).num_days() >= MIN_WINDOW_DAYS {
                format!("ask for analysis_type performance with start_date {from} and end_date {to}")
            } else {
                format!("ask for frequency daily with end_date {to} and windows 1w, 2w, 1m or 3m")
            }
        });
    }
    if let Some(years) = years_in_months(name) {
        return Some(format!("ask for {years}"));
    }
    let (window, last_month) = calendar(name)?;
    let (year, month) = last_month;
    let end = NaiveDate::from_ymd_opt(year, month, 1)?.month_end();
    Some(format!("ask for windows {window} with end_date {end}"))
}

/// The window of so many months that is named in years.
fn years_in_months(name: &str) -> Option<&'static str> {
    let name = name.trim().to_ascii_lowercase();
    let months: u32 = name.strip_suffix("mo").or_else(|| name.strip_suffix('m'))?.trim_end().parse().ok()?;
    const NAMED: [(u32, &str); 5] = [(12, "1y"), (24, "2y"), (36, "3y"), (60, "5y"), (120, "10y")];
    NAMED.iter().find(|(known, _)| *known == months).map(|(_, window)| *window)
}

/// The trailing window as long as a calendar one, and the year and month with which that ends.
fn calendar(name: &str) -> Option<(&'static str, (i32, u32))> {
    let name = name.trim().to_ascii_uppercase();
    let year: i32 = name.get(..4)?.parse().ok().filter(|year| (1900..=2200).contains(year))?;
    let rest = &name[4..];
    let number = |text: &str, most: u32| text.parse::<u32>().ok().filter(|number| (1..=most).contains(number));
    if rest.is_empty() {
        return Some(("1y", (year, 12)));
    }
    if let Some(half) = rest.strip_prefix('H') {
        return Some(("6m", (year, 6 * number(half, 2)?)));
    }
    if let Some(quarter) = rest.strip_prefix('Q') {
        return Some(("3m", (year, 3 * number(quarter, 4)?)));
    }
    Some(("1m", (year, number(rest.strip_prefix('-')?, 12)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_window_is_a_trailing_one_with_its_end() {
        for (name, words) in [
            ("2022", "ask for windows 1y with end_date 2022-12-31"),
            ("12m", "ask for 1y"),
            ("36M", "ask for 3y"),
            ("120mo", "ask for 10y"),
            ("2022-02", "ask for windows 1m with end_date 2022-02-28"),
            ("2022q1", "ask for windows 3m with end_date 2022-03-31"),
            ("2025H1", "ask for windows 6m with end_date 2025-06-30"),
            (
                "2020-02-19/2022-03-23",
                "ask for analysis_type performance with start_date 2020-02-19 and end_date 2022-03-23",
            ),
            ("2020-02-19/2020-03-23", "ask for frequency daily with end_date 2020-03-23 and windows 1w, 2w, 1m or 3m"),
        ] {
            assert_eq!(instead_of(name).as_deref(), Some(words), "{name}");
        }
        for none in
            ["4m", "18m", "m", "zz", "2022-13", "2022Q5", "0022", "2022H3", "a/b", "2022-03-01/2022-01-01", "é22é"]
        {
            assert_eq!(instead_of(none), None, "{none}");
        }
    }
}
