//! What the points and commas of a file's numbers mean.

use super::*;

#[test]
fn points_that_may_stand_between_thousands_are_asked_where_semicolons_or_tabs_part_the_fields() {
    for text in ["Datum;SPY\n30.11.2021;4.271\n01.12.2021;4.224\n", "Date\tSPY\n2021-11-30\t4.271\n2021-12-01\t4.224\n"]
    {
        let error = parsed("px.csv", text).unwrap_err().to_string();
        let expected = "px.csv: line 2: `4.271` is 4271 with a separator of thousands or 4.271 with a decimal one, and no other \
                        number of the file says which";
        assert!(error.starts_with(expected), "{error}");
    }
    // Another number decides: with two decimals, below one, of four digits without a separator, or a yield or a rate.
    for (header, other) in
        [("TLT", "4.27"), ("TLT", "0.985"), ("TLT", "1284"), ("UST10Y", "4.271"), ("CUR:EUR", "1.085")]
    {
        let text = format!("Datum;SPY;{header}\n30.11.2021;4.271;{other}\n01.12.2021;4.224;{other}\n");
        assert_eq!(series(&parsed("px.csv", &text).unwrap(), "SPY").prices(), [4.271, 4.224], "{text}");
    }
    let padded = (1..=20).fold("Date;SPY\n".to_owned(), |text, at| format!("{text}2024-01-{at:02};427.{at:02}0\n"));
    assert_eq!(series(&parsed("px.csv", padded).unwrap(), "SPY").prices()[0], 427.01, "cents with a zero more");
    let commas = parsed("px.csv", "Date,SPY\n2021-11-30,4.271\n2021-12-01,4.224\n").unwrap();
    assert_eq!(series(&commas, "SPY").prices(), [4.271, 4.224]);
}

#[test]
fn indian_groups_of_two_are_read() {
    let text = "Date,SPY,TLT\n2021-11-30,\"4,27,140.00\",\"1,28,410\"\n2021-12-01,\"12,34,22,400.50\",985\n";
    let content = parsed("px.csv", text).unwrap();
    assert_eq!(series(&content, "SPY").prices(), [427_140.0, 123_422_400.5]);
    assert_eq!(series(&content, "TLT").prices(), [128_410.0, 985.0]);
    for cell in ["4,27,14.00", "427,14,000", "4,2,140", "4.27.140", "4,27,140,00"] {
        let content = parsed("px.csv", format!("Date,SPY,TLT\n2021-11-30,\"{cell}\",1.5\n")).unwrap();
        assert_eq!((series(&content, "SPY").len(), series(&content, "SPY").bad_prices()), (0, 1), "{cell}");
    }
}

#[test]
fn a_column_that_falls_below_a_thousand_names_its_separator() {
    for delimiter in [";", ",", "\t"] {
        let text = "Datum;SPY\n30.11.2021;1.042\n01.12.2021;1.013\n02.12.2021;985\n".replace(';', delimiter);
        let error = parsed("px.csv", text).unwrap_err().to_string();
        assert_eq!(
            error,
            "px.csv: column 2 `SPY` has 1.013 in line 3 beside 985 in line 4: its point stands between thousands: write \
             1013, without it"
        );
    }
    let calm = parsed("px.csv", "Date,SPY\n2021-11-30,1.042\n2021-12-01,1\n2021-12-02,101\n").unwrap();
    assert_eq!(series(&calm, "SPY").prices(), [1.042, 1.0, 101.0]);
}
