//! The path of what all funds share: market, common factors, yield curve, credit spread. See [`super`] for the model.

use chrono::NaiveDate;

use super::{
    calendar::{first_day, steps},
    draws::Draws,
    factors::{COUNT, FACTORS},
};

/// Trading days in a year, the unit of the model's annual parameters.
pub(super) const YEAR: f64 = 252.0;

/// Years to maturity of the five yields.
const TENORS: [f64; 5] = [0.25, 2.0, 5.0, 10.0, 30.0];
/// Decay of the curve's slope and hump, in years (lambda of Nelson and Siegel).
const DECAY: f64 = 4.0;
/// No yield falls below this, in percent.
const FLOOR: f64 = 0.02;

/// Where the short rate and the level are drawn to: (year, month), percent, percent; linear in between, flat after.
const RATES: [((i32, u32), f64, f64); 12] = [
    ((2010, 12), 0.12, 4.6),
    ((2012, 7), 0.08, 3.0),
    ((2013, 12), 0.07, 4.1),
    ((2015, 12), 0.25, 3.1),
    ((2018, 11), 2.35, 3.5),
    ((2019, 12), 1.55, 2.5),
    ((2020, 4), 0.08, 1.6),
    ((2022, 2), 0.30, 2.4),
    ((2022, 11), 4.20, 4.0),
    ((2023, 9), 5.30, 4.5),
    ((2024, 8), 5.10, 4.3),
    ((2025, 12), 3.80, 4.9),
];

/// A stretch with its own drift: first day, trading days, log return in all, factor on volatility.
struct Episode {
    first: (i32, u32, u32),
    days: usize,
    log_return: f64,
    volatility: f64,
}

const EPISODES: [Episode; 7] = [
    Episode { first: (2011, 7, 25), days: 50, log_return: -0.16, volatility: 1.3 },
    Episode { first: (2011, 10, 4), days: 80, log_return: 0.18, volatility: 0.9 },
    Episode { first: (2018, 10, 3), days: 58, log_return: -0.18, volatility: 1.1 },
    Episode { first: (2018, 12, 27), days: 80, log_return: 0.18, volatility: 0.7 },
    Episode { first: (2020, 2, 20), days: 23, log_return: -0.36, volatility: 1.9 },
    Episode { first: (2020, 3, 24), days: 90, log_return: 0.36, volatility: 1.2 },
    Episode { first: (2022, 1, 4), days: 195, log_return: -0.27, volatility: 1.0 },
];

/// One day of what all funds share. Returns are decimal, yields in percent.
#[derive(Debug)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    /// Calendar days since the trading day before, over which yields accrue.
    pub(super) calendar_days: f64,
    /// The equity market's return.
    pub(super) market: f64,
    /// Today's volatility relative to its long mean, square root: scales the factors and the funds' own shocks.
    pub(super) scale: f64,
    /// The common factors' returns.
    pub(super) factors: [f64; COUNT],
    /// Yields UST3M, 2Y, 5Y, 10Y, 30Y.
    pub(super) yields: [f64; 5],
    /// Their change in percentage points.
    pub(super) changes: [f64; 5],
    /// The high-yield spread of the day before, in percent.
    pub(super) spread_before: f64,
    /// Its change in percentage points.
    pub(super) spread_change: f64,
}

/// The shared path from the first day to `last`. The first day has no returns.
pub(super) fn simulate(last: NaiveDate) -> Vec<Day> {
    let mut equity = Equity::new();
    let mut curve = Curve::new();
    let mut credit = Credit::new();
    let mut streams: Vec<Draws> = FACTORS.iter().map(|(name, _)| Draws::new(name)).collect();
    let mut path: Vec<Day> = Vec::with_capacity(4500);
    for date in steps(first_day(), last) {
        let Some(before) = path.last() else {
            path.push(Day::first(date, curve.yields(), credit.spread));
            continue;
        };
        let calendar_days = (date - before.date).num_days() as f64;
        let EquityDay { market, shock, scale } = equity.step(before.date, date);
        let yields_before = before.yields;
        let yields = curve.step(date, shock);
        let changes = std::array::from_fn(|at| yields[at] - yields_before[at]);
        let spread_before = credit.spread;
        let spread_change = credit.step(market, scale);
        let mut factors = [0.0; COUNT];
        for ((value, stream), (_, volatility)) in factors.iter_mut().zip(&mut streams).zip(FACTORS) {
            *value = volatility / 100.0 / YEAR.sqrt() * scale * stream.next();
        }
        path.push(Day { date, calendar_days, market, scale, factors, yields, changes, spread_before, spread_change });
    }
    path
}

impl Day {
    fn first(date: NaiveDate, yields: [f64; 5], spread: f64) -> Self {
        Self {
            date,
            calendar_days: 0.0,
            market: 0.0,
            scale: 1.0,
            factors: [0.0; COUNT],
            yields,
            changes: [0.0; 5],
            spread_before: spread,
            spread_change: 0.0,
        }
    }
}

/// The equity market: two regimes times a slow log-volatility; an episode replaces drift and scales volatility.
struct Equity {
    shocks: Draws,
    regimes: Draws,
    volatilities: Draws,
    turbulent: bool,
    log_volatility: f64,
    /// The episode under way and its day, from 0.
    episode: Option<(&'static Episode, usize)>,
}

/// A day of the equity market: its return, the draw behind it, and the scale of [`Day`].
struct EquityDay {
    market: f64,
    shock: f64,
    scale: f64,
}

impl Equity {
    fn new() -> Self {
        let (shocks, regimes, volatilities) = (Draws::new("market"), Draws::new("regime"), Draws::new("volatility"));
        Self { shocks, regimes, volatilities, turbulent: false, log_volatility: 0.0, episode: None }
    }

    fn step(&mut self, before: NaiveDate, date: NaiveDate) -> EquityDay {
        // The thresholds are normal quantiles: 0.6% a day into turbulence, 2.5% out of it.
        let switch = self.regimes.next();
        self.turbulent = if self.turbulent { switch < 1.96 } else { switch > 2.512 };
        self.log_volatility = 0.97 * self.log_volatility + 0.05 * self.volatilities.next();
        self.episode = self.episode.filter(|(now, day)| day + 1 < now.days).map(|(now, day)| (now, day + 1));
        if let Some(next) = EPISODES.iter().find(|next| starts(next, before, date)) {
            self.episode = Some((next, 0));
        }
        let (mut drift, mut sigma) = if self.turbulent { (0.02, 0.20) } else { (0.165, 0.10) };
        if let Some((now, _)) = self.episode {
            drift = now.log_return / now.days as f64 * YEAR;
            sigma = 0.19 * now.volatility;
        }
        sigma *= f64::exp(self.log_volatility);
        let shock = self.shocks.next();
        // No day loses more than a quarter: prices stay above zero.
        let market = (drift / YEAR + sigma / YEAR.sqrt() * shock).max(-0.25);
        EquityDay { market, shock, scale: (sigma / 0.14).sqrt() }
    }
}

/// The yield curve: level and hump move together, the level a little with the market; all are drawn to their paths.
struct Curve {
    levels: Draws,
    shorts: Draws,
    humps: Draws,
    level: f64,
    short: f64,
    hump: f64,
}

impl Curve {
    fn new() -> Self {
        let (_, short, level) = RATES[0];
        let (levels, shorts, humps) = (Draws::new("level"), Draws::new("short"), Draws::new("hump"));
        Self { levels, shorts, humps, level, short, hump: 0.0 }
    }

    /// The yields of the next day, in percent, from the draw behind the market's return.
    fn step(&mut self, date: NaiveDate, market_shock: f64) -> [f64; 5] {
        let (to_short, to_level) = targets(date);
        let dt = 1.0 / YEAR;
        let level_shock = 0.12 * market_shock + 0.993 * self.levels.next();
        let hump_shock = 0.5 * level_shock + 0.866 * self.humps.next();
        self.level += (to_level - self.level) * dt + 0.051 * level_shock;
        self.short += 12.0 * (to_short - self.short) * dt + 0.010 * self.shorts.next();
        self.hump += -2.5 * self.hump * dt + 0.080 * hump_shock;
        self.yields()
    }

    /// Nelson and Siegel (1987): `y(tau) = l + (c - l) g + b (g - e^(-tau/lambda))`,
    /// `g = (1 - e^(-tau/lambda)) lambda/tau`.
    fn yields(&self) -> [f64; 5] {
        TENORS.map(|tenor| {
            let decay = f64::exp(-tenor / DECAY);
            let slope = (1.0 - decay) * DECAY / tenor;
            (self.level + (self.short - self.level) * slope + self.hump * (slope - decay)).max(FLOOR)
        })
    }
}

/// The high-yield spread, in percent: it widens when shares fall, the more the wider it is.
struct Credit {
    shocks: Draws,
    spread: f64,
}

impl Credit {
    fn new() -> Self {
        Self { shocks: Draws::new("credit"), spread: 4.0 }
    }

    /// The change of the next day, in percentage points.
    fn step(&mut self, market: f64, scale: f64) -> f64 {
        let (dt, x) = (1.0 / YEAR, self.spread);
        let surprise = market - 0.1 / YEAR;
        self.spread = (x + 2.0 * (4.0 - x) * dt - 11.0 * surprise * (x / 4.0).sqrt()
            + 0.05 * scale * self.shocks.next())
        .max(2.0);
        self.spread - x
    }
}

/// True when the episode's first day lies after the trading day before and not after `date`.
fn starts(episode: &Episode, before: NaiveDate, date: NaiveDate) -> bool {
    let (year, month, day) = episode.first;
    NaiveDate::from_ymd_opt(year, month, day).is_some_and(|first| before < first && first <= date)
}

/// Where the short rate and the level are drawn to on `date`.
fn targets(date: NaiveDate) -> (f64, f64) {
    let mut last: Option<(NaiveDate, f64, f64)> = None;
    for ((year, month), short, level) in RATES {
        let Some(knot) = NaiveDate::from_ymd_opt(year, month, 15) else { continue };
        if let (Some((from, short_from, level_from)), true) = (last, date < knot) {
            let share = (date - from).num_days() as f64 / (knot - from).num_days() as f64;
            let share = share.max(0.0);
            return (short_from + share * (short - short_from), level_from + share * (level - level_from));
        }
        last = Some((knot, short, level));
    }
    last.map_or((0.0, 0.0), |(_, short, level)| (short, level))
}
