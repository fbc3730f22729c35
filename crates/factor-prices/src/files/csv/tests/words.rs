//! Headers by the words of programs and languages.

use super::*;

#[test]
fn a_fund_s_own_file_has_its_price_under_many_words() {
    for (header, row) in [
        ("Date;Quote", "31.12.2024;576,22"),
        ("Datum;Er\u{f6}ffnung;H\u{f6}chstkurs;Tiefstkurs;Schlu\u{df}kurs", "31.12.2024;1,5;2,5;0,5;576,22"),
        ("Datum;Kurs", "31.12.2024;576,22"),
        ("Date;Dernier", "31.12.2024;576,22"),
        ("Datum;Tijd;Beurs;Slotkoers", "31-12-2024;22:00;NSY;576,22"),
        ("Fecha;Cierre", "31.12.2024;576,22"),
        ("Data;Chiusura", "31.12.2024;576,22"),
        ("Data;\u{da}ltimo", "31.12.2024;576,22"),
        ("Date,NAV,Change", "2024-12-31,576.22,1.2"),
        ("As Of Date,NAV,Shares Outstanding,Total Net Assets", "31-Dec-2024,576.22,900000000,518598000000"),
        ("Date,NAV,Market Price", "2024-12-31,575.9,576.22"),
        ("Date,Close,Split", "2024-12-31,576.22,4:1"),
        ("Date,Share Price", "2024-12-31,576.22"),
        ("Date\tOpen\tClose   Close price adjusted for splits.\tVolume", "Dec 31, 2024\t573.34\t576.22\t57"),
        (
            "\"Date \",\"series \",\"OPEN \",\"PREV. CLOSE \",\"ltp \",\"close \",\"vwap \",\"52W H\",\"VALUE \",\"No of trades \"",
            "31-Dec-2024,EQ,1,2,3,576.22,4,5,6,7",
        ),
    ] {
        let content =
            parsed("SPY.csv", format!("{header}\n{row}\n")).unwrap_or_else(|error| panic!("{header}: {error}"));
        assert_eq!(series(&content, "SPY").prices(), [576.22], "{header}");
        assert_eq!(content.prices.len(), 1, "{header}");
    }
    for header in ["Date,Close,Last", "Date,Price (USD),Price (EUR)", "Date,Quote,Share Price"] {
        let error = parsed("SPY.csv", format!("{header}\n2024-12-31,1,2\n")).unwrap_err().to_string();
        assert!(error.contains("could both be meant"), "{error}");
    }
    let wide = parsed("px.csv", "Date,SPY,NAV\n2024-12-31,576.22,11\n").unwrap();
    assert_eq!(series(&wide, "NAV").prices(), [11.0], "a ticker beside others");
}

#[test]
fn a_currency_in_brackets_is_that_of_the_price_and_no_ticker() {
    let of =
        |text: &str| parsed("SAP.csv", text).unwrap().currencies.values().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(of("Date,Price (EUR)\n2024-12-31,100\n"), ["EUR"]);
    assert_eq!(of("Date,Share Price (GBp)\n2024-12-31,100\n"), ["GBX"]);
    assert_eq!(of("Date,Close (USD)\n2024-12-31,100\n"), [""; 0]);
    let named = parsed("px.csv", "Date,iShares Core S&P 500 (USD),SPY\n2024-12-31,100,576.22\n").unwrap();
    assert_eq!((named.prices.len(), series(&named, "SPY").len()), (1, 1));
    assert_eq!(named.warnings, ["px.csv: column 2 `iShares Core S&P 500 (USD)` is no ticker and is left aside"]);
}

#[test]
fn texts_of_windows_1252_are_read() {
    let german = b"Datum;Er\xf6ffnung;H\xf6chstkurs;Tiefstkurs;Schlu\xdfkurs\n30.11.2021;1,5;2,5;0,5;427,14\n";
    let content = parsed("SPY.csv", german).unwrap();
    assert_eq!(series(&content, "SPY").prices(), [427.14]);
    assert_eq!(content.reading.fields.as_deref(), Some("; (the text is no UTF-8 and is read as Windows-1252)"));
    let french = parsed("px.csv", b"Date;SPY\n30/11/2021;4\xa0271,40\n").unwrap();
    assert_eq!(series(&french, "SPY").prices(), [4271.4]);
    let pounds = parsed("px.csv", b"Date,SPY\n30/11/2021,\xa3427.14\n").unwrap();
    assert_eq!(pounds.currencies.values().map(ToString::to_string).collect::<Vec<_>>(), ["GBP"]);
}
