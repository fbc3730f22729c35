//! Times with a zone.

use chrono::{Duration, NaiveDate, NaiveTime};

use super::{DateCell, in_new_york};

/// The moment of a time with a zone on a day; `None` without a zone.
pub(super) fn zoned(day: NaiveDate, time: &[u8]) -> Option<DateCell> {
    let text = std::str::from_utf8(time).ok()?.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.'))).filter(|end| *end > 0)?;
    let (clock, zone) = (&text[..end], text[end..].trim());
    let east = match zone.to_ascii_lowercase().as_str() {
        "z" | "utc" | "gmt" => 0,
        // `GMT-0500 (Eastern Standard Time)`: JavaScript.
        zone => {
            let zone = zone.split('(').next().unwrap_or_default().trim_end();
            offset(zone.strip_prefix("gmt").or_else(|| zone.strip_prefix("utc")).unwrap_or(zone))?
        }
    };
    let mut parts = clock.split(':').map(|part| part.split('.').next().and_then(|whole| whole.parse::<u32>().ok()));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    let own = day.and_hms_opt(hour, minute, second)?;
    let time = own.checked_sub_signed(Duration::seconds(east.into()))?.and_utc();
    Some(DateCell::Moment { own: day, at_midnight: own.time() == NaiveTime::MIN, exchange: in_new_york(time) })
}

/// Seconds east of `+02:00`, `-0500` or `+02`.
pub(super) fn offset(text: &str) -> Option<i32> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| digits.get(range).map_or(Some(0), |part| part.parse::<i32>().ok());
    let (hours, minutes) = (part(0..2)?, part(2..4)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}
