//! Is the clock right? Dates decide which months are whole and which prices are the newest.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::{Finding, Part};
use crate::app::{SourceChoice, utc_today};

/// Prices of a vendor that are older than this are no living market's, holidays and weekends counted.
const STALE_DAYS: i64 = 10;

/// The machine's clock beside the dates that are known, and a set date.
pub(super) fn look(today: Option<NaiveDate>, newest: Option<NaiveDate>, source: &SourceChoice) -> Vec<Finding> {
    let mut findings = of_this_machine();
    if let Some(today) = today {
        findings.push(Finding::note(
            Part::Clock,
            format!("FACTOR_TODAY takes {today} for today, whatever the day is"),
            "leave FACTOR_TODAY out for answers up to date",
        ));
    }
    let day = today.unwrap_or_else(utc_today);
    findings.extend(newest.and_then(|newest| beside_prices(day, newest, source)));
    findings
}

/// The machine's clock beside the time at which this program was put here.
pub(super) fn of_this_machine() -> Vec<Finding> {
    let program = std::env::current_exe().and_then(std::fs::metadata).and_then(|program| program.modified());
    let installed = program.ok().map(DateTime::<Utc>::from);
    vec![
        installed
            .and_then(|installed| behind(Utc::now(), installed))
            .unwrap_or_else(|| Finding::ok(Part::Clock, format!("{} UTC", Utc::now().format("%Y-%m-%d %H:%M")))),
    ]
}

/// A day is let go: archives keep times in zones of their own.
fn behind(now: DateTime<Utc>, installed: DateTime<Utc>) -> Option<Finding> {
    (now.checked_add_days(Days::new(1))? < installed).then(|| {
        let (now, installed) = (now.date_naive(), installed.date_naive());
        Finding::trouble(
            Part::Clock,
            format!("it says {now}, and this program was put here on {installed}: it is behind"),
            "set the machine's clock (on Linux `timedatectl set-ntp true`): dates and connections depend on it",
        )
    })
}

fn beside_prices(today: NaiveDate, newest: NaiveDate, source: &SourceChoice) -> Option<Finding> {
    let name = source.name.as_str();
    if newest > today.checked_add_days(Days::new(1))? {
        return Some(Finding::trouble(
            Part::Clock,
            format!("today is {today}, and the newest price is of {newest}"),
            "set the machine's clock, or look at the dates of the prices: what is after today is not used",
        ));
    }
    let age = (today - newest).num_days();
    let old = age > STALE_DAYS;
    match name {
        "fmp" | "yahoo" if old => Some(Finding::trouble(
            Part::Clock,
            format!("today is {today}, and the vendor's newest price is of {newest}, {age} days before"),
            "set the machine's clock if it is ahead; else ask the vendor why its prices have stopped",
        )),
        "files" if old => Some(Finding::note(
            Part::Prices,
            format!("the newest price in the files is of {newest}, {age} days ago: answers end there"),
            "put newer prices into the files for answers up to today",
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn source(name: &str) -> SourceChoice {
        SourceChoice { name: name.to_owned(), why: String::new() }
    }

    #[test]
    fn a_clock_behind_the_program_is_a_trouble() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let found = behind(at("2020-01-01T00:00:00Z"), at("2026-02-03T00:00:00Z")).unwrap();
        assert_eq!(found.state, State::Trouble);
        assert!(found.says.contains("2020-01-01") && found.says.contains("2026-02-03"), "{}", found.says);
        assert_eq!(behind(at("2026-02-02T12:00:00Z"), at("2026-02-03T00:00:00Z")), None, "a zone is no fault");
    }

    #[test]
    fn prices_of_tomorrow_and_prices_that_stopped_are_seen() {
        let state = |today: &str, newest: &str, name: &str| {
            beside_prices(day(today), day(newest), &source(name)).map(|found| (found.part, found.state))
        };
        let (clock, trouble) = (Part::Clock, State::Trouble);
        assert_eq!(state("2026-03-02", "2026-03-04", "files"), Some((clock, trouble)));
        assert_eq!(state("2026-03-02", "2026-03-03", "files"), None, "a day ahead somewhere on earth");
        assert_eq!(state("2026-03-12", "2026-03-02", "fmp"), None);
        assert_eq!(state("2026-03-13", "2026-03-02", "fmp"), Some((clock, trouble)));
        assert_eq!(state("2026-03-13", "2026-03-02", "files"), Some((Part::Prices, State::Note)));
        assert_eq!(state("2026-03-13", "2026-03-02", "sample"), None);
    }
}
