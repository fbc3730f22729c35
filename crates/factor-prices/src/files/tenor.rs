//! Which yield a header names.

use factor_types::Maturity;

use super::names::plain;

/// The yield that a header names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tenor {
    /// One that the tools use.
    Used(Maturity),
    /// One that they do not, such as `DGS7`: left aside without a word.
    Other,
}

impl Tenor {
    /// Reads `UST10Y`, FRED's `DGS10` and `DGS3MO`, the Treasury's `10 Yr` and `3 Mo`.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let name = plain(header);
        let prefixed = ["ust", "dgs", "bc"].iter().find_map(|prefix| name.strip_prefix(prefix));
        let text = prefixed.unwrap_or(&name);
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let count: u32 = text[..digits].parse().ok()?;
        let unit = &text[digits..];
        let months = match unit {
            "m" | "mo" | "mon" | "mth" | "month" | "months" if prefixed.is_some() || unit.len() > 1 => count,
            "y" | "yr" | "yrs" | "year" | "years" if prefixed.is_some() || unit.len() > 1 => count.checked_mul(12)?,
            "" if prefixed.is_some() => count.checked_mul(12)?,
            _ => return None,
        };
        Some(match months {
            3 => Self::Used(Maturity::Ust3M),
            24 => Self::Used(Maturity::Ust2Y),
            60 => Self::Used(Maturity::Ust5Y),
            120 => Self::Used(Maturity::Ust10Y),
            360 => Self::Used(Maturity::Ust30Y),
            _ => Self::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_yields() {
        for (header, maturity) in [
            ("UST3M", Maturity::Ust3M),
            ("DGS3MO", Maturity::Ust3M),
            ("3 Mo", Maturity::Ust3M),
            ("ust_2y", Maturity::Ust2Y),
            ("DGS5", Maturity::Ust5Y),
            ("10 Yr", Maturity::Ust10Y),
            ("dgs30", Maturity::Ust30Y),
        ] {
            assert_eq!(Tenor::parse(header), Some(Tenor::Used(maturity)), "{header}");
        }
        assert_eq!(Tenor::parse("DGS7"), Some(Tenor::Other));
        for header in ["SPY", "UST", "5Y", "3M", "UST10X", "DGS", "date", "99999999999 yr"] {
            assert_eq!(Tenor::parse(header), None, "{header}");
        }
    }
}
