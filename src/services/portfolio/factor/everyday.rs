//! Words of every day for what funds hold: "long bonds", "junk bonds", "tech stocks".
//!
//! They are no names: each may mean several funds, so nothing is read by them. Whoever writes one is told the funds that it may mean.

use factor_types::{Factor, FactorUniverse};

/// Words that stand together in what is written, in small letters and the singular, and the funds that may be meant, likeliest first.
/// What says more stands before what says less.
const MEANT: [(&[&str], &[&str]); 73] = [
    (&["emerging", "bond"], &["EMB"]),
    (&["emerging", "debt"], &["EMB"]),
    (&["inflation", "bond"], &["TIP"]),
    (&["tip"], &["TIP"]),
    (&["inflation"], &["TIP"]),
    (&["muni"], &["MUB"]),
    (&["municipal"], &["MUB"]),
    (&["junk"], &["HYG", "JNK"]),
    (&["high", "yield"], &["HYG", "JNK"]),
    (&["investment", "grade"], &["LQD"]),
    (&["corporate"], &["LQD", "HYG"]),
    (&["credit"], &["LQD", "HYG"]),
    (&["long", "bond"], &["TLT", "EDV"]),
    (&["long", "treasury"], &["TLT", "EDV"]),
    (&["long", "government"], &["TLT", "EDV"]),
    (&["20", "year"], &["TLT"]),
    (&["30", "year"], &["TLT", "EDV"]),
    (&["10", "year"], &["IEF"]),
    (&["7", "year"], &["IEF"]),
    (&["intermediate"], &["IEF"]),
    (&["5", "year"], &["IEI"]),
    (&["3", "year"], &["SHY"]),
    (&["2", "year"], &["SHY"]),
    (&["short", "bond"], &["SHY"]),
    (&["short", "treasury"], &["SHY"]),
    (&["bill"], &["BIL", "SGOV"]),
    (&["money", "market"], &["BIL", "SGOV"]),
    (&["treasury"], &["IEF", "TLT", "SHY"]),
    (&["government", "bond"], &["IEF", "TLT", "SHY"]),
    (&["bond"], &["IEF", "TLT", "LQD"]),
    (&["gold", "miner"], &["GDX"]),
    (&["gold"], &["GLD", "GDX"]),
    (&["silver"], &["SLV", "SIL"]),
    (&["crude"], &["USO"]),
    (&["oil", "service"], &["OIH"]),
    (&["oil", "stock"], &["XLE", "XOP"]),
    (&["oil"], &["USO", "XOP", "XLE"]),
    (&["commodity"], &["DBC"]),
    (&["bitcoin"], &["IBIT"]),
    (&["ethereum"], &["ETHA"]),
    (&["crypto"], &["IBIT", "ETHA"]),
    (&["semiconductor"], &["SOXX"]),
    (&["chip"], &["SOXX"]),
    (&["software"], &["IGV"]),
    (&["biotech"], &["XBI"]),
    (&["regional", "bank"], &["KRE"]),
    (&["big", "bank"], &["KBWB"]),
    (&["bank"], &["KBWB", "KRE"]),
    (&["financial"], &["XLF"]),
    (&["tech"], &["XLK"]),
    (&["technology"], &["XLK"]),
    (&["real", "estate"], &["VNQ"]),
    (&["reit"], &["VNQ"]),
    (&["property"], &["VNQ"]),
    (&["energy"], &["XLE"]),
    (&["health"], &["XLV"]),
    (&["healthcare"], &["XLV"]),
    (&["utility"], &["XLU"]),
    (&["staple"], &["XLP"]),
    (&["discretionary"], &["XLY"]),
    (&["emerging"], &["EEM"]),
    (&["international"], &["EFA", "ACWX"]),
    (&["foreign"], &["EFA", "ACWX"]),
    (&["small", "cap"], &["IWM"]),
    (&["low", "vol"], &["USMV"]),
    (&["dividend"], &["VYM", "VIG"]),
    (&["nasdaq"], &["QQQ"]),
    (&["momentum"], &["MTUM"]),
    (&["value"], &["IVE", "VLUE"]),
    (&["growth"], &["IVW"]),
    (&["large", "cap"], &["SPY"]),
    (&["s", "p", "500"], &["SPY"]),
    (&["stock", "market"], &["SPY", "VTI"]),
];

/// The factors of a universe that words of every day may mean, likeliest first; none for other words.
pub(crate) fn everyday<'a>(query: &str, universe: &'a FactorUniverse) -> Vec<&'a Factor> {
    let words = words_of(query);
    let said = |wanted: &[&str]| wanted.iter().all(|one| words.iter().any(|word| word == one));
    let funds = |tickers: &[&str]| -> Vec<&'a Factor> {
        tickers
            .iter()
            .filter_map(|ticker| universe.factors().iter().find(|factor| factor.ticker.as_str() == *ticker))
            .collect()
    };
    // The first whose funds there are.
    MEANT
        .iter()
        .filter(|(wanted, _)| said(wanted))
        .map(|(_, tickers)| funds(tickers))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// The words of what is written, small and in the singular; `10y`, `10yr` and `10-year` are `10` and `year`.
fn words_of(text: &str) -> Vec<String> {
    const LONGEST: usize = 80;
    let text: String = text.chars().take(LONGEST).flat_map(char::to_lowercase).collect();
    let mut words = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let at = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
        let (number, rest) = word.split_at(at);
        words.extend((!number.is_empty()).then(|| number.to_owned()));
        words.extend((!rest.is_empty()).then(|| singular(rest)));
    }
    words
}

fn singular(word: &str) -> String {
    match word {
        "y" | "yr" | "yrs" => "year".to_owned(),
        _ if word.len() > 4 && word.ends_with("ies") => format!("{}y", &word[..word.len() - 3]),
        _ if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") => word[..word.len() - 1].to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use factor_types::{Category, SourceTier};

    use super::*;

    #[test]
    fn words_of_every_day_mean_the_funds_that_there_are() {
        let tickers = ["TLT", "IEF", "SHY", "HYG", "XLK", "VNQ", "GLD", "GDX", "BIL", "XLU"];
        let factor = |ticker: &str| Factor::new(ticker.parse().unwrap(), ticker, Category::Market, SourceTier::Yaml);
        let universe = FactorUniverse::new(tickers.map(factor));
        for (text, meant) in [
            ("long bonds", "TLT"),
            ("Long-dated Treasuries", "TLT"),
            ("10 year treasury", "IEF"),
            ("the 10y", "IEF"),
            ("10-yr note", "IEF"),
            ("2yr treasuries", "SHY"),
            ("junk bonds", "HYG"),
            ("high-yield credit", "HYG"),
            ("tech stocks", "XLK"),
            ("real estate stocks", "VNQ"),
            ("REITs", "VNQ"),
            ("gold mining", "GLD GDX"),
            ("gold miners", "GDX"),
            ("utilities sector", "XLU"),
            ("treasury bills", "BIL"),
            // EMB is not there, and bonds are.
            ("emerging bonds", "IEF TLT"),
            ("long walks", ""),
            ("technically", ""),
            ("", ""),
        ] {
            let found: Vec<&str> = everyday(text, &universe).iter().map(|factor| factor.ticker.as_str()).collect();
            assert_eq!(found.join(" "), meant, "{text}");
        }
    }
}
