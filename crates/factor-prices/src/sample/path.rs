//! The path of what all funds share: market, common factors, yield curve, credit spread. See [`super`] for the model.

use chrono::NaiveDate;

use super::{calendar::trading_days, draws::Draws, first_day};

/// Trading days in a year, the unit of the model's annual parameters.
pub(super) const YEAR: f64 = 252.0;

macro_rules! common_factors {
    ($($(#[$doc:meta])* $name:ident: $volatility:literal,)*) => {
        /// A factor beside the market, independent of it and of the others.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Common {
            $($(#[$doc])* $name,)*
        }

        /// Each factor's name, which seeds its stream, and its annual volatility in percent.
        const FACTORS: &[(&str, f64)] = &[$((stringify!($name), $volatility),)*];
    };
}

common_factors! {
    Bank: 8.0,
    Biotech: 18.0,
    Clean: 28.0,
    Consumer: 8.0,
    Crypto: 52.0,
    Defensive: 7.0,
    Developed: 6.5,
    Emerging: 9.0,
    Energy: 19.0,
    Gold: 13.0,
    Growth: 5.0,
    Health: 6.5,
    Home: 11.0,
    Industrial: 5.0,
    Japan: 7.0,
    Miner: 15.0,
    Momentum: 6.0,
    Oil: 31.0,
    RealEstate: 8.5,
    Silver: 19.0,
    Size: 7.5,
    Tech: 5.5,
    Telecom: 7.0,
    Transport: 9.0,
}

const COUNT: usize = FACTORS.len();

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
    let (mut market, mut regime, mut log_volatility) =
        (Draws::new("market"), Draws::new("regime"), Draws::new("volatility"));
    let (mut level, mut short, mut hump, mut credit) =
        (Draws::new("level"), Draws::new("short"), Draws::new("hump"), Draws::new("credit"));
    let mut streams: Vec<Draws> = FACTORS.iter().map(|(name, _)| Draws::new(name)).collect();

    let (mut turbulent, mut h) = (false, 0.0);
    let (_, mut c, mut l) = RATES[0];
    let (mut b, mut x) = (0.0, 4.0);
    let mut before: Option<(NaiveDate, [f64; 5])> = None;
    let mut episode: Option<(&Episode, usize)> = None;
    let mut path = Vec::with_capacity(4500);
    for date in trading_days(first_day(), last) {
        let Some((date_before, yields_before)) = before else {
            let yields = curve(l, c, b);
            before = Some((date, yields));
            path.push(Day {
                date,
                calendar_days: 0.0,
                market: 0.0,
                scale: 1.0,
                factors: [0.0; COUNT],
                yields,
                changes: [0.0; 5],
                spread_before: x,
                spread_change: 0.0,
            });
            continue;
        };

        // Market: two regimes times a slow log-volatility; an episode replaces drift and scales volatility.
        // The thresholds are normal quantiles: 0.6% a day into turbulence, 2.5% out of it.
        let switch = regime.next();
        turbulent = if turbulent { switch < 1.96 } else { switch > 2.512 };
        h = 0.97 * h + 0.05 * log_volatility.next();
        episode = episode.filter(|(now, day)| day + 1 < now.days).map(|(now, day)| (now, day + 1));
        if let Some(next) = EPISODES.iter().find(|next| starts(next, date_before, date)) {
            episode = Some((next, 0));
        }
        let (mut drift, mut sigma) = if turbulent { (0.02, 0.20) } else { (0.165, 0.10) };
        if let Some((now, _)) = episode {
            drift = now.log_return / now.days as f64 * YEAR;
            sigma = 0.19 * now.volatility;
        }
        sigma *= f64::exp(h);
        let shock = market.next();
        let market = (drift / YEAR + sigma / YEAR.sqrt() * shock).max(-0.25);
        let scale = (sigma / 0.14).sqrt();

        // Curve: level and hump move together, the level a little with the market; all are drawn to their paths.
        let (to_short, to_level) = targets(date);
        let dt = 1.0 / YEAR;
        let level_shock = 0.12 * shock + 0.993 * level.next();
        let hump_shock = 0.5 * level_shock + 0.866 * hump.next();
        l += (to_level - l) * dt + 0.051 * level_shock;
        c += 12.0 * (to_short - c) * dt + 0.010 * short.next();
        b += -2.5 * b * dt + 0.080 * hump_shock;
        let yields = curve(l, c, b);
        let changes = std::array::from_fn(|at| yields[at] - yields_before[at]);

        // Credit: the spread widens when shares fall, the more the wider it is.
        let x_before = x;
        let surprise = market - 0.1 / YEAR;
        x = (x + 2.0 * (4.0 - x) * dt - 11.0 * surprise * (x / 4.0).sqrt() + 0.05 * scale * credit.next()).max(2.0);

        let mut factors = [0.0; COUNT];
        for ((value, stream), (_, volatility)) in factors.iter_mut().zip(&mut streams).zip(FACTORS) {
            *value = volatility / 100.0 / YEAR.sqrt() * scale * stream.next();
        }
        path.push(Day {
            date,
            calendar_days: (date - date_before).num_days() as f64,
            market,
            scale,
            factors,
            yields,
            changes,
            spread_before: x_before,
            spread_change: x - x_before,
        });
        before = Some((date, yields));
    }
    path
}

/// True when the episode's first day lies after the trading day before and not after `date`.
fn starts(episode: &Episode, before: NaiveDate, date: NaiveDate) -> bool {
    let (year, month, day) = episode.first;
    NaiveDate::from_ymd_opt(year, month, day).is_some_and(|first| before < first && first <= date)
}

/// Nelson and Siegel (1987): `y(tau) = l + (c - l) g + b (g - e^(-tau/lambda))`, `g = (1 - e^(-tau/lambda)) lambda/tau`.
fn curve(level: f64, short: f64, hump: f64) -> [f64; 5] {
    TENORS.map(|tenor| {
        let decay = f64::exp(-tenor / DECAY);
        let slope = (1.0 - decay) * DECAY / tenor;
        (level + (short - level) * slope + hump * (slope - decay)).max(FLOOR)
    })
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
