//! On which day a weekly bar is a price: exports date a week by its first day, by its last, or by a day after that.
//!
//! | dates | may be | else |
//! | --- | --- | --- |
//! | Mondays | their week's first days (Yahoo) | closes of Mondays (pandas `W-MON`) |
//! | Sundays | the ends of the weeks before them (pandas `W`) | first days of the weeks after them (Investing.com) |
//! | Fridays, Saturdays | the weeks' last days, a holiday or not | |
//! | other weekdays | closes of these days | |
//!
//! Where a column may be two things, daily prices among the series decide: the right days are those between which the bars
//! move with them. Where there are none, or they move with nothing, bars of one kind are read as those of which it is known,
//! else by the table's first column; Mondays of which no holiday is there are closes of Mondays.

use std::sync::Arc;

use chrono::{Datelike, NaiveDate, Weekday};
use factor_types::{PriceSeries, exchange::is_trading_day};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Period, Spacing, TradingCalendar};

/// Daily series that bars are compared with.
const COMPARED: usize = 5;
/// Moves that a comparison needs.
const MOVES: usize = 20;
/// By how much more bars must move with daily prices on the right days: in correlation, and in standard errors.
const CLEARLY: f64 = 0.2;
const ERRORS: f64 = 3.0;
/// Days that a daily price holds for.
const HOLDS: i64 = 5;
/// Holidays that must be missing for bars to be closes of Mondays.
const MISSING: usize = 3;

/// What the dates of bars are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BarDates {
    /// The days whose prices they are.
    OwnDays,
    /// The weeks' first days, or Sundays before them: a bar is the price of the week's last trading day.
    FirstDays,
    /// Days after the weeks' last trading day.
    LaterDays,
    /// Days of the months whose ends they are prices of.
    Months,
}

/// How the dates of a series of weekly bars are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The place of the series among those given.
    pub at: usize,
    /// What its dates are taken for.
    pub dates: BarDates,
    /// True where they could also be something else and no daily price told which.
    pub assumed: bool,
    /// The series on the days that it is read on.
    pub series: Arc<PriceSeries>,
}

/// Weekly bars on the days whose prices they are: those of some series whose dates are moved, or could have been. A week
/// whose last day lies after `until` is not over, and its bar is left out.
pub fn placed(series: &[Arc<PriceSeries>], calendar: &TradingCalendar, until: NaiveDate) -> Vec<Placed> {
    let weekly = |series: &PriceSeries| Spacing::of(series.dates()) == Spacing::Weekly;
    let bars: Vec<(usize, Pattern)> = series
        .iter()
        .enumerate()
        .filter(|(_, series)| weekly(series))
        .filter_map(|(at, series)| Some((at, Pattern::of(series.dates())?)))
        .collect();
    let is_open = |pattern: &Pattern| *pattern != Pattern::Ends;
    let daily: Vec<&PriceSeries> = match bars.iter().any(|(_, pattern)| is_open(pattern)) {
        true => series.iter().map(|series| &**series).filter(|of| is_daily(of)).take(COMPARED).collect(),
        false => Vec::new(),
    };
    let told: Vec<Option<BarDates>> =
        bars.iter().map(|(at, pattern)| pattern.told_by(&series[*at], &daily, calendar, until)).collect();
    let of_others = |pattern: Pattern| {
        let all = || bars.iter().zip(&told).filter(|((_, other), told)| *other == pattern && told.is_some());
        let count = |dates| all().filter(|(_, told)| **told == Some(dates)).count();
        [pattern.usual(), pattern.other()]
            .into_iter()
            .filter(|dates| count(*dates) > 0)
            .max_by_key(|dates| count(*dates))
    };
    let place = |((at, pattern), told): (&(usize, Pattern), &Option<BarDates>)| {
        let series = &series[*at];
        let known = told.or_else(|| of_others(*pattern));
        let dates = known.unwrap_or_else(|| pattern.unless_known(series.dates(), until));
        let placed = on_its_days(series, dates, calendar, until);
        let assumed = known.is_none() && is_open(pattern);
        (assumed || is_open(pattern) || placed.dates() != series.dates()).then(|| Placed {
            at: *at,
            dates,
            assumed,
            series: Arc::new(placed),
        })
    };
    bars.iter().zip(&told).filter_map(place).collect()
}

fn is_daily(series: &PriceSeries) -> bool {
    series.len() > MOVES && Spacing::of(series.dates()) == Spacing::Daily
}

/// On what days of the week nine of ten bars are dated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pattern {
    /// Mondays, or Tuesdays after a Monday without trading.
    Mondays,
    Sundays,
    /// Fridays, or Saturdays.
    Ends,
}

impl Pattern {
    /// None of other weekdays, or of several: those are what they say.
    fn of(dates: &[NaiveDate]) -> Option<Self> {
        let mostly =
            |is: &dyn Fn(&NaiveDate) -> bool| 10 * dates.iter().filter(|date| is(date)).count() >= 9 * dates.len();
        let on = |weekday: Weekday| mostly(&|date| date.weekday() == weekday);
        let begins = |date: &NaiveDate| match date.weekday() {
            Weekday::Mon => true,
            Weekday::Tue => date.pred_opt().is_some_and(|monday| !is_trading_day(monday)),
            _ => false,
        };
        match () {
            () if on(Weekday::Sun) => Some(Self::Sundays),
            () if mostly(&begins) => Some(Self::Mondays),
            () if on(Weekday::Fri) || on(Weekday::Sat) => Some(Self::Ends),
            () => None,
        }
    }

    fn usual(self) -> BarDates {
        match self {
            Self::Mondays => BarDates::FirstDays,
            Self::Sundays | Self::Ends => BarDates::LaterDays,
        }
    }

    fn other(self) -> BarDates {
        match self {
            Self::Mondays => BarDates::OwnDays,
            Self::Sundays => BarDates::FirstDays,
            Self::Ends => BarDates::LaterDays,
        }
    }

    /// What the dates are taken for where no other prices say.
    fn unless_known(self, dates: &[NaiveDate], until: NaiveDate) -> BarDates {
        let (Some(first), Some(last)) = (dates.first(), dates.last()) else { return self.usual() };
        // Whoever dates weeks by their Mondays does so in a week whose Monday is a holiday too.
        let holiday = |date: &NaiveDate| date.weekday() == Weekday::Mon && !is_trading_day(*date) && *date <= until;
        let missing = first.iter_days().take_while(|date| date <= last).filter(holiday).all(|monday| {
            let of_its_week = Period::week_of(monday);
            let from = dates.partition_point(|date| *date < of_its_week.first);
            dates.get(from).is_none_or(|date| *date > of_its_week.last)
        });
        let holidays = first.iter_days().take_while(|date| date <= last).filter(holiday).count();
        if self == Self::Mondays && missing && holidays >= MISSING { self.other() } else { self.usual() }
    }

    /// What the dates are, as daily prices show it.
    fn told_by(
        self,
        series: &PriceSeries,
        daily: &[&PriceSeries],
        calendar: &TradingCalendar,
        until: NaiveDate,
    ) -> Option<BarDates> {
        if self == Self::Ends {
            return None;
        }
        let fit = |dates: BarDates| {
            let placed = on_its_days(series, dates, calendar, until);
            let others = daily.iter().filter(|daily| daily.ticker() != series.ticker());
            others.filter_map(|daily| moves_with(&placed, daily)).max_by(|(one, _), (other, _)| one.total_cmp(other))
        };
        let (usual, other) = (fit(self.usual())?, fit(self.other())?);
        let clearly = CLEARLY.max(ERRORS / (usual.1.min(other.1) as f64).sqrt());
        match usual.0 - other.0 {
            more if more >= clearly => Some(self.usual()),
            less if less <= -clearly => Some(self.other()),
            _ => None,
        }
    }
}

/// The series on the days that its dates are taken for.
fn on_its_days(series: &PriceSeries, dates: BarDates, calendar: &TradingCalendar, until: NaiveDate) -> PriceSeries {
    let last_day = |date: NaiveDate| calendar.last_day(Period::week_of(date));
    let moved = |date: &NaiveDate| match dates {
        BarDates::OwnDays | BarDates::Months => Some(*date),
        BarDates::LaterDays => {
            let own = last_day(*date).min(*date);
            // A Sunday to come names the week that is not over.
            (own <= until || *date <= until).then_some(own)
        }
        BarDates::FirstDays => {
            let within = if date.weekday() == Weekday::Sun { date.succ_opt().unwrap_or(*date) } else { *date };
            Some(last_day(within)).filter(|last| *last <= until)
        }
    };
    series.redated(series.dates().iter().map(moved))
}

/// How much bars move with daily prices between the same days, either way, and over how many moves.
fn moves_with(bars: &PriceSeries, daily: &PriceSeries) -> Option<(f64, usize)> {
    let on = |date: NaiveDate| {
        let at = daily.dates().partition_point(|known| *known <= date).checked_sub(1)?;
        ((date - daily.dates()[at]).num_days() <= HOLDS).then(|| daily.prices()[at])
    };
    let prices: Vec<Option<f64>> = bars.dates().iter().map(|date| on(*date)).collect();
    let mut pairs = Vec::with_capacity(bars.len());
    for (own, other) in bars.prices().windows(2).zip(prices.windows(2)) {
        if let [Some(before), Some(now)] = other {
            pairs.push(((own[1] / own[0]).ln(), (now / before).ln()));
        }
    }
    if pairs.len() < MOVES {
        return None;
    }
    let count = pairs.len() as f64;
    let (mean_own, mean_other) =
        pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0 / count, sum.1 + pair.1 / count));
    let (mut both, mut own, mut other) = (0.0, 0.0, 0.0);
    for (x, y) in &pairs {
        let (x, y) = (x - mean_own, y - mean_other);
        both += x * y;
        own += x * x;
        other += y * y;
    }
    let size = (own * other).sqrt();
    (size > 0.0).then(|| ((both / size).abs(), pairs.len()))
}

#[cfg(test)]
mod tests;
