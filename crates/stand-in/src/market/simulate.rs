//! A simulated market: geometric paths from hashes of names and dates.

use chrono::{Datelike, NaiveDate, Weekday};

use super::{Dividend, ParYields, Security, security::rounded};

/// Weekdays but for three fixed holidays.
pub(super) fn trading_days(first: NaiveDate, last: NaiveDate) -> Vec<NaiveDate> {
    let holiday = |date: &NaiveDate| matches!((date.month(), date.day()), (1, 1) | (7, 4) | (12, 25));
    let weekend = |date: &NaiveDate| matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    first.iter_days().take_while(|date| *date <= last).filter(|date| !weekend(date) && !holiday(date)).collect()
}

/// A security over the days: one market shock and one of its own a day, and quarterly dividends.
pub(super) fn security(ticker: &str, dates: &[NaiveDate]) -> Security {
    let seed = hashed(ticker);
    let mut draws = Draws(seed);
    let mut price = 20.0 + 180.0 * draws.unit();
    let volatility = 0.006 + 0.008 * draws.unit();
    let mut rows: Vec<(NaiveDate, f64)> = Vec::with_capacity(dates.len());
    let mut dividends = Vec::new();
    for &date in dates {
        if let Some(&(_, before)) = rows.last().filter(|(before, _)| goes_ex(*before, date)) {
            let amount = rounded(before * 0.004, 3);
            dividends.push(Dividend { ex_date: date, amount });
            price -= amount;
        }
        let day = i64::from(date.num_days_from_ce()).cast_unsigned();
        let shock = 0.6 * Draws(day).normal() + 0.8 * Draws(seed ^ day).normal();
        price *= 1.0 + 0.0004 + volatility * shock;
        rows.push((date, rounded(price, 2).max(0.01)));
    }
    Security::traded(ticker, rows, dividends)
}

/// A slow wave around a rising curve, in percent.
pub(super) fn rates(date: NaiveDate) -> ParYields {
    let wave = (f64::from(date.num_days_from_ce()) / 700.0).sin();
    let jitter = 0.03 * Draws(i64::from(date.num_days_from_ce()).cast_unsigned() ^ hashed("UST")).normal();
    let level = |base: f64, swing: f64| Some(rounded(base + swing * wave + jitter, 2));
    ParYields([level(2.6, 2.0), level(2.9, 1.7), level(3.2, 1.3), level(3.5, 1.0), level(3.9, 0.8)])
}

/// 10 million to a billion shares, whole.
pub(super) fn shares(ticker: &str) -> f64 {
    (1e7 + 9.9e8 * Draws(hashed(ticker) ^ 1).unit()).round()
}

fn goes_ex(before: NaiveDate, date: NaiveDate) -> bool {
    let fifteenth = date.with_day(15).unwrap_or(date);
    date.month().is_multiple_of(3) && before < fifteenth && date >= fifteenth
}

/// FNV-1a.
fn hashed(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// SplitMix64.
struct Draws(u64);

impl Draws {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal with mean 0 and variance 1: four uniforms have a variance of one third.
    fn normal(&mut self) -> f64 {
        let sum: f64 = (0..4).map(|_| self.unit()).sum();
        (sum - 2.0) * 3f64.sqrt()
    }
}
