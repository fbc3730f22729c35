//! `traceparent` of W3C Trace Context: <https://www.w3.org/TR/trace-context/>.

use std::{
    fmt::{self, Write as _},
    str::FromStr,
};

/// A span, as its children name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    pub(crate) trace: [u8; 16],
    pub(crate) span: [u8; 8],
    /// Whether the trace is recorded.
    pub(crate) sampled: bool,
}

/// Text that is no `traceparent`. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no traceparent: one looks like 00-<32 hexadecimal digits>-<16>-01")]
pub struct TraceParentError;

/// The length of version 00. Later versions may have more after it.
const LENGTH: usize = 55;

impl FromStr for TraceParent {
    type Err = TraceParentError;

    fn from_str(text: &str) -> Result<Self, TraceParentError> {
        let text = text.trim().as_bytes();
        let (known, rest) = text.split_at_checked(LENGTH).ok_or(TraceParentError)?;
        let (version, flags) = (hex::<1>(&known[..2])?[0], hex::<1>(&known[53..])?[0]);
        let separated = [2, 35, 52].iter().all(|at| known[*at] == b'-');
        // Of version 00 nothing may follow, of a later one a further field; version ff is none.
        let ends = if version == 0 { rest.is_empty() } else { rest.first().is_none_or(|next| *next == b'-') };
        let (trace, span) = (hex::<16>(&known[3..35])?, hex::<8>(&known[36..52])?);
        if version == 0xff || !separated || !ends || trace == [0; 16] || span == [0; 8] {
            return Err(TraceParentError);
        }
        Ok(Self { trace, span, sampled: flags & 1 == 1 })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-0{}", text(&self.trace), text(&self.span), u8::from(self.sampled))
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn text(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Small hexadecimal digits as bytes.
fn hex<const N: usize>(digits: &[u8]) -> Result<[u8; N], TraceParentError> {
    let digit = |letter: u8| match letter {
        b'0'..=b'9' => Ok(letter - b'0'),
        b'a'..=b'f' => Ok(letter - b'a' + 10),
        _ => Err(TraceParentError),
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = match pair {
            [high, low] => digit(*high)? << 4 | digit(*low)?,
            _ => return Err(TraceParentError),
        };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_reads_back() {
        let parent: TraceParent = GOOD.parse().unwrap();
        assert!(parent.sampled);
        assert_eq!(parent.to_string(), GOOD);
        let not_sampled: TraceParent = GOOD.replace("-01", "-00").parse().unwrap();
        assert!(!not_sampled.sampled);
        // Flags that are not known yet, and a later version with more after it.
        assert!(GOOD.replace("-01", "-ff").parse::<TraceParent>().unwrap().sampled);
        let later = format!("{}-what-comes", GOOD.replacen("00-", "cc-", 1));
        assert_eq!(later.parse::<TraceParent>().unwrap().trace, parent.trace);
    }

    #[test]
    fn what_is_none_is_refused_and_not_repeated() {
        for bad in [
            String::new(),
            GOOD[..54].to_owned(),
            format!("{GOOD}-more"),
            format!("{}more", GOOD.replacen("00-", "cc-", 1)),
            GOOD.replacen("00-", "ff-", 1),
            GOOD.to_uppercase(),
            GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
            GOOD.replace('-', "_"),
            GOOD.replace("4bf9", "4bg9"),
            GOOD.replace("4bf9", "4bé"),
        ] {
            let error = bad.parse::<TraceParent>().unwrap_err();
            assert!(!error.to_string().contains("4bf"), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".*", bytes in "[0-9a-f-]{50,60}") {
            let _ = text.parse::<TraceParent>();
            if let Ok(parent) = bytes.parse::<TraceParent>() {
                prop_assert_eq!(parent.to_string().parse::<TraceParent>(), Ok(parent));
            }
        }
    }
}
