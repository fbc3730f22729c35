//! What a caller should know of an answer on a portfolio, as values that are put into words in one place.

use std::fmt;

use factor_types::Ticker;

/// Tickers named in one warning.
const NAMED: usize = 8;

/// A warning of an answer on a portfolio.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Warning {
    /// Holdings without any return.
    WithoutReturns { tickers: Vec<Ticker>, why: Reason },
    /// Holdings that are no factor and have no profile.
    WithoutProfile { tickers: Vec<Ticker>, why: Reason },
    /// Holdings whose profile does not say what they stand for.
    Unplaced { tickers: Vec<Ticker>, what: Unplaced },
    /// What is to be known of the prices that made weights of shares.
    OfPrices(String),
    /// Holdings for want of which the portfolio has fewer periods.
    LostRows { tickers: Vec<Ticker>, rows: usize, rows_without: usize },
    /// Shares count as the factor.
    LookedThrough { factor: String },
    /// Recommendations whose dividend yield is not known, though a least one is asked for.
    YieldsUnknown { count: usize, least: f64 },
    /// Factors asked for by name that leave the others with fewer periods.
    YoungFactors { factors: Vec<String>, with: usize, without: usize },
    /// A factor that is not in the regression.
    NotRegressed { factor: String, why: String },
}

/// What a profile leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Unplaced {
    /// A fund, and its profile does not say what it holds.
    Fund,
    /// A share of no industry.
    NoIndustry,
    /// A share of an industry that is no factor.
    NoFactor,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WithoutReturns { tickers, why } => {
                write!(f, "{} unexplained weight: {}", Named(tickers), why.said_of(tickers.len()))
            }
            Self::WithoutProfile { tickers, why } => {
                let why = why.said_of(tickers.len());
                write!(f, "{} in no industry or category, for want of a profile ({why})", Named(tickers))
            }
            Self::Unplaced { tickers, what } => {
                let what = match what {
                    Unplaced::Fund => "under other funds: the profile of a fund does not say what it holds",
                    Unplaced::NoIndustry => "in no industry: the profile names none",
                    Unplaced::NoFactor => "of an industry that no factor stands for",
                };
                write!(f, "{} {what}", Named(tickers))
            }
            Self::OfPrices(words) => f.write_str(words),
            Self::LostRows { tickers, rows, rows_without } => {
                let names = a_few(tickers.iter().map(Ticker::as_str));
                let it = if tickers.len() == 1 { "it" } else { "them" };
                write!(
                    f,
                    "the portfolio has {rows} periods, those on which {names} and all others have a return; without {it} \
                     {rows_without}"
                )
            }
            Self::YoungFactors { factors, with, without } => {
                let names = a_few(factors.iter().map(String::as_str));
                let it = if factors.len() == 1 { "it" } else { "them" };
                write!(f, "{names}: few returns; the regression rests on {with} periods, without {it} on {without}")
            }
            Self::LookedThrough { factor } => write!(
                f,
                "shares count as {factor} by their industry; a swap is worked out on the ETF's returns, not on theirs"
            ),
            Self::YieldsUnknown { count, least } => write!(
                f,
                "the dividend yield of {count} recommended is not known; they are not held to min_dividend_yield {least}"
            ),
            Self::NotRegressed { factor, why } => write!(f, "{factor} is not in the regression: {why}"),
        }
    }
}

/// Why something is not known of a ticker, said of `it`: tickers with one reason share a warning.
///
/// Sources put the ticker into their reasons, which are free text, so it is taken out here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Reason(String);

impl Reason {
    /// What a source says of a ticker.
    pub(crate) fn of(ticker: &Ticker, words: &str) -> Self {
        Self(words.replace(ticker.as_str(), "it"))
    }

    /// The reason, said of so many.
    fn said_of(&self, count: usize) -> String {
        let Self(why) = self;
        if count == 1 {
            return why.clone();
        }
        let why = why.strip_suffix(" it").map_or_else(|| why.clone(), |start| format!("{start} them"));
        why.strip_prefix("it is ").map(|rest| format!("they are {rest}")).unwrap_or(why)
    }
}

/// A few of many tickers, with the verb that fits.
struct Named<'a>(&'a [Ticker]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(tickers) = self;
        f.write_str(&a_few(tickers.iter().map(Ticker::as_str)))?;
        f.write_str(if tickers.len() == 1 { " is" } else { " are" })
    }
}

/// The first of some names, and how many more there are.
pub(crate) fn a_few<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names[..names.len().min(NAMED)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tickers(names: &[&str]) -> Vec<Ticker> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn a_reason_is_said_of_as_many_as_share_it() {
        let said = |why: &str, names: &[&str]| {
            let tickers = tickers(names);
            let why = Reason::of(&tickers[0], why);
            Warning::WithoutReturns { tickers, why }.to_string()
        };
        assert_eq!(said("AAA is not known", &["AAA"]), "AAA is unexplained weight: it is not known");
        assert_eq!(said("AAA is not known", &["AAA", "BBB"]), "AAA, BBB are unexplained weight: they are not known");
        assert_eq!(said("no price of AAA", &["AAA", "BBB"]), "AAA, BBB are unexplained weight: no price of them");
    }

    #[test]
    fn what_is_lost_is_said_with_both_counts() {
        let lost = |names: &[&str]| Warning::LostRows { tickers: tickers(names), rows: 25, rows_without: 116 };
        assert_eq!(
            lost(&["IBIT"]).to_string(),
            "the portfolio has 25 periods, those on which IBIT and all others have a return; without it 116"
        );
        assert!(
            lost(&["IBIT", "ETHA"]).to_string().ends_with("IBIT, ETHA and all others have a return; without them 116")
        );
        let young = Warning::YoungFactors { factors: vec!["IBIT".to_owned()], with: 25, without: 115 };
        assert_eq!(young.to_string(), "IBIT: few returns; the regression rests on 25 periods, without it on 115");
    }

    #[test]
    fn many_tickers_are_counted() {
        let tickers = tickers(&["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"]);
        let said = Warning::Unplaced { tickers, what: Unplaced::NoIndustry }.to_string();
        assert_eq!(said, "A, B, C, D, E, F, G, H and 2 more are in no industry: the profile names none");
    }
}
