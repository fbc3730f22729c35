//! What a value may be, and what a wrong one is answered with.

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    path::PathBuf,
    time::Duration,
};

use chrono::NaiveDate;
use factor_store::QuotaLimits;
use factor_traces::Tracer;
use factor_types::ClosedSet;

use super::{BaseUrl, Secret, TrustedProxies};

type Read<T> = Box<dyn Fn(&str) -> Option<T>>;

/// What a value may be.
pub(super) struct Rule<T> {
    /// What a setting without value and default is; `None` where it must have one.
    pub(super) absent: Option<T>,
    /// Reads a value without the space around it; `None` when it is not allowed.
    pub(super) read: Read<T>,
    /// What is allowed, as the way out for somebody who wrote something else.
    pub(super) allowed: String,
}

impl<T> Rule<T> {
    fn new(allowed: impl Into<String>, read: impl Fn(&str) -> Option<T> + 'static) -> Self {
        Self { absent: None, read: Box::new(read), allowed: allowed.into() }
    }
}

/// The same rule for a setting that may be left open.
pub(super) fn optional<T: 'static>(rule: Rule<T>) -> Rule<Option<T>> {
    let Rule { read, allowed, .. } = rule;
    Rule { absent: Some(None), read: Box::new(move |text| read(text).map(Some)), allowed }
}

/// A member of a closed set.
pub(super) fn one_of<T: ClosedSet>() -> Rule<T> {
    let allowed = match T::NAMES {
        [first @ .., last] if !first.is_empty() => format!("write {} or {last}", first.join(", ")),
        names => format!("write {}", names.concat()),
    };
    Rule::new(allowed, |text| T::read(text).ok())
}

/// A file or folder, there or not.
pub(super) fn any_path() -> Rule<PathBuf> {
    Rule::new("write a path", |text| Some(PathBuf::from(text)))
}

/// A file or folder that is there.
pub(super) fn existing_path() -> Rule<PathBuf> {
    Rule::new("there is no such file or folder", |text| Some(PathBuf::from(text)).filter(|path| path.exists()))
}

/// A key or an address with a password.
pub(super) fn secret() -> Rule<Secret> {
    Rule::new("write the key alone: letters, digits and signs without a space", |text| {
        text.chars().all(|letter| letter.is_ascii_graphic()).then(|| Secret(text.to_owned()))
    })
}

/// An address that requests are sent to.
pub(super) fn url(default: &'static str) -> Rule<BaseUrl> {
    let allowed = "write an address that begins with https:// or http://, without user name, `?` and `#`";
    Rule::new(allowed, move |text| {
        let url = text.trim_end_matches('/');
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
        let plain = !rest.is_empty() && !rest.contains(['?', '#', '@']) && !rest.contains(char::is_whitespace);
        plain.then(|| BaseUrl { url: url.to_owned(), is_default: url == default })
    })
}

/// A text as it is written. What it may be shows with others: see `checks`.
pub(super) fn text() -> Rule<String> {
    Rule::new("write a text", |text| Some(text.to_owned()))
}

/// Yes or no.
pub(super) fn flag() -> Rule<bool> {
    Rule::new("write true or false", |text| match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    })
}

/// A whole number of this range.
pub(super) fn whole(range: RangeInclusive<usize>) -> Rule<usize> {
    let allowed = format!("write a whole number from {} to {}", range.start(), range.end());
    Rule::new(allowed, move |text| text.parse().ok().filter(|number| range.contains(number)))
}

/// A number of this range, with or without decimals.
pub(super) fn number(range: RangeInclusive<f64>) -> Rule<f64> {
    let allowed = format!("write a number from {} to {}", range.start(), range.end());
    Rule::new(allowed, move |text| text.parse().ok().filter(|number| range.contains(number)))
}

/// A whole number of seconds, with or without `s`.
pub(super) fn seconds(range: RangeInclusive<u64>) -> Rule<Duration> {
    let allowed = format!("write a whole number of seconds from {} to {}", range.start(), range.end());
    Rule::new(allowed, move |text| {
        let seconds = text.trim_end_matches('s').trim_end().parse().ok();
        seconds.filter(|seconds| range.contains(seconds)).map(Duration::from_secs)
    })
}

/// The address of a collector of traces.
pub(super) fn collector() -> Rule<String> {
    let allowed = "write an address that begins with https:// or http://, without user name, `?` and `#`";
    Rule::new(allowed, |text| Tracer::new(text, "").is_ok().then(|| text.to_owned()))
}

/// A whole number of milliseconds, with or without `ms`.
pub(super) fn milliseconds(range: RangeInclusive<u64>) -> Rule<Duration> {
    let allowed = format!("write a whole number of milliseconds from {} to {}", range.start(), range.end());
    Rule::new(allowed, move |text| {
        let milliseconds = text.strip_suffix("ms").unwrap_or(text).trim_end().parse().ok();
        milliseconds.filter(|milliseconds| range.contains(milliseconds)).map(Duration::from_millis)
    })
}

/// An IP address or `localhost`, and a port.
pub(super) fn address() -> Rule<SocketAddr> {
    Rule::new("write an address and a port, such as 127.0.0.1:8765 or [::1]:8765", |text| {
        match text.strip_prefix("localhost:") {
            Some(port) => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().ok()?))),
            None => text.parse().ok(),
        }
    })
}

/// Addresses and networks of proxies; none where nothing is written.
pub(super) fn proxies() -> Rule<TrustedProxies> {
    let rule = Rule::new(
        "write at most 64 addresses and networks, such as 10.0.0.0/8, 192.168.1.5, ::1",
        TrustedProxies::read,
    );
    Rule { absent: Some(TrustedProxies::default()), ..rule }
}

/// How many a day, of each tier: `50 per day;100 per day;200 per day`.
pub(super) fn per_day() -> Rule<QuotaLimits> {
    let allowed = "write how many a day for callers without a key, registered users and those who pay, such as `50 per day;100 per day;200 per \
                   day`; `unlimited` in the place of one is no limit";
    Rule::new(allowed, |text| {
        let one = |text: &str| match text.trim().to_ascii_lowercase().as_str() {
            "unlimited" => Some(None),
            text => {
                let (number, unit) = text.split_once(|c: char| !c.is_ascii_digit())?;
                let is_day = matches!(unit.trim(), "per day" | "per 1 day" | "day") || text == format!("{number}/day");
                is_day.then(|| number.parse().ok()).flatten().map(Some)
            }
        };
        match text.split(';').map(one).collect::<Option<Vec<Option<u32>>>>()?[..] {
            [public, registered, paid] => Some(QuotaLimits { public, registered, paid }),
            _ => None,
        }
    })
}

/// A name that may stand in an address, such as a host's.
pub(super) fn replica() -> Rule<String> {
    Rule::new("write 1 to 63 letters, digits and hyphens", |text| {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        ((1..=63).contains(&text.len()) && text.chars().all(fits)).then(|| text.to_owned())
    })
}

/// A filter that the log understands.
pub(super) fn log_filter() -> Rule<String> {
    Rule::new("write a log filter such as `info`, `debug` or `info,rmcp=error`", |text| {
        tracing_subscriber::EnvFilter::try_new(text).is_ok().then(|| text.to_owned())
    })
}

/// A date, written in full: `2026-1-5` would be read differently elsewhere.
pub(super) fn date() -> Rule<NaiveDate> {
    Rule::new("write a date as YYYY-MM-DD", |text| text.parse().ok().filter(|_| text.len() == 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks which of these texts a rule allows.
    fn check<T>(rule: &Rule<T>, allowed: &[&str], refused: &[&str]) {
        for text in allowed {
            assert!((rule.read)(text).is_some(), "`{text}` is refused: {}", rule.allowed);
        }
        for text in refused {
            assert!((rule.read)(text).is_none(), "`{text}` is allowed: {}", rule.allowed);
        }
    }

    #[test]
    fn numbers_are_whole_and_within_their_bounds() {
        let refused = ["11", "121", "-12", "24.0", "1e2", "", "24 months", "99999999999999999999"];
        check(&whole(12..=120), &["12", "120", "024"], &refused);
        check(&number(-1.0..=0.0), &["-0.2", "0", "-1", "-1e-1"], &["0.1", "-1.1", "NaN", "-inf", "", "20%"]);
        let time = seconds(1..=3_600);
        check(&time, &["1", "3600", "50s", "50 s"], &["0", "3601", "1m", "1.5", "-1", "s", "50 sec"]);
        assert_eq!((time.read)("90 s"), Some(Duration::from_secs(90)));
        check(&milliseconds(0..=9), &["0", "9", "9ms", "9 ms"], &["10", "9s", "-1", "1.5", ""]);
    }

    #[test]
    fn a_flag_is_true_or_false() {
        check(&flag(), &["true", "False"], &["1", "yes", "on", ""]);
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let many = ["::1"; 65].join(",");
        check(
            &proxies(),
            &["", "10.0.0.0/8", "127.0.0.1, ::1,", "fd00::/8"],
            &["nginx", "10.0.0.0/33", "::1 ::2", &many],
        );
        let read = |text: &str| TrustedProxies::read(text).unwrap();
        assert!(read("10.0.0.0/8").trusts([10, 9, 8, 7].into()) && !read("10.0.0.0/8").trusts([11, 0, 0, 1].into()));
        assert!(read("127.0.0.1").trusts("::ffff:127.0.0.1".parse().unwrap()), "the same address, mapped");
    }

    #[test]
    fn addresses_to_ask_have_no_part_that_would_be_lost() {
        let rule = url("https://example.com/stable");
        let refused = [
            "example.com",
            "https://",
            "http:///",
            "ftp://example.com",
            "https://ada:secret@example.com",
            "https://example.com?key=1",
            "https://example.com/#top",
            "https://exa mple.com",
        ];
        check(&rule, &["http://127.0.0.1:9", "https://example.com"], &refused);
        let read = |text| (rule.read)(text).unwrap();
        assert_eq!(read("https://example.com/stable//").url, "https://example.com/stable");
        assert!(read("https://example.com/stable/").is_default && !read("https://example.com").is_default);
    }

    #[test]
    fn addresses_to_listen_on_have_a_port() {
        let refused = ["localhost", "localhost:", "localhost:65536", "127.0.0.1", "example.com:80", "::1:80", ":80"];
        check(&address(), &["localhost:0", "0.0.0.0:80", "[::1]:8765"], &refused);
    }

    #[test]
    fn a_quota_is_so_many_a_day_for_each_tier() {
        let refused = [
            "",
            "50",
            "50 per day",
            "1 per day;2 per day",
            "1 per hour;2 per day;3 per day",
            "-1 per day;2 per day;3 per day",
        ];
        let allowed =
            ["50 per day;100 per day;200 per day", "1/day; 2/day ;unlimited", "0 per day;0 per day;0 PER DAY"];
        check(&per_day(), &allowed, &refused);
        let limits = (per_day().read)("5 per day;unlimited;7/day").unwrap();
        assert_eq!(limits, QuotaLimits { public: Some(5), registered: None, paid: Some(7) });
    }

    #[test]
    fn a_replica_has_a_name_that_may_stand_in_an_address() {
        let long = "a".repeat(64);
        check(&replica(), &["a", "factor-mcp-7d9f-0"], &["", "a.b", "a b", "a_b", "é", &long]);
    }

    #[test]
    fn a_date_is_a_day_of_the_calendar_written_in_full() {
        check(&date(), &["2024-02-29"], &["2023-02-29", "2026-1-5", "30.01.2026", "2026-01", "20260130", ""]);
    }

    #[test]
    fn a_key_is_one_word_and_a_filter_one_that_the_log_understands() {
        check(&secret(), &["abc-123_XYZ", "postgres://ada:pw@host/db?x=1"], &["two words", "tab\there", "clé"]);
        check(&log_filter(), &["info", "info,rmcp=error", "factor_mcp=debug"], &["rmcp=loud", "a=b=c"]);
    }

    #[test]
    fn what_may_be_left_open_may_still_not_be_wrong() {
        let rule = optional(whole(1..=2));
        assert_eq!(rule.absent, Some(None));
        assert_eq!(((rule.read)("2"), (rule.read)("3")), (Some(Some(2)), None));
        assert_eq!(whole(1..=2).absent, None, "without `optional` there must be one");
        let folder = tempfile::tempdir().unwrap();
        let (there, not) = (folder.path().display().to_string(), folder.path().join("not").display().to_string());
        check(&existing_path(), &[&there], &[&not]);
        check(&any_path(), &[&there, &not], &[]);
    }
}
