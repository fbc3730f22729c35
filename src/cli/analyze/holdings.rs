//! Holdings out of a CSV file.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value, json};

/// Columns for how much is held.
const AMOUNTS: [&str; 3] = ["weight", "shares", "value"];

/// The rows of a file as the argument `holdings`: a column `ticker` (or `symbol`) and at least one of weight, shares and
/// value, in any order; other columns are not looked at. Numbers may have `%`, `$` and commas between thousands.
///
/// # Errors
/// When the file cannot be read, or a row is no holding; the error names the line.
pub(super) fn read(path: &Path) -> anyhow::Result<Value> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {shown}: give --holdings the path of a CSV file that can be read"))?;
    parse(&text).with_context(|| format!("{shown} is no file of holdings"))
}

fn parse(text: &str) -> anyhow::Result<Value> {
    // Spreadsheets begin a UTF-8 file with a byte order mark, which is no part of the first name.
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let head: Vec<String> = reader.headers()?.iter().map(str::to_lowercase).collect();
    let column = |names: &[&str]| head.iter().position(|name| names.contains(&name.as_str()));
    let Some(ticker) = column(&["ticker", "symbol"]) else {
        bail!("its first line has no column ticker: it is {}; write ticker,weight there", head.join(","))
    };
    let amounts: Vec<(&str, usize)> = AMOUNTS.iter().filter_map(|name| Some((*name, column(&[name])?))).collect();
    ensure!(
        !amounts.is_empty(),
        "its first line has none of the columns weight, shares, value: it is {}; name one of them there",
        head.join(",")
    );
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let name = record.get(ticker).unwrap_or_default();
        // Lines of sums and notes, as spreadsheets have them, name no ticker.
        if name.is_empty() {
            continue;
        }
        // A sum of the rows above, which would be held a second time.
        if name.eq_ignore_ascii_case("total") {
            bail!("line {line}: `{name}` is a sum and no holding: delete the row")
        }
        let mut row = Map::from_iter([("ticker".to_owned(), json!(name))]);
        for (kind, at) in &amounts {
            let Some(cell) = record.get(*at).filter(|cell| !cell.is_empty()) else { continue };
            let number = number(cell).with_context(|| format!(
                    "line {line}: `{cell}` is no number: write it as 1,234.5 or 12.5%, with a comma between thousands only"
                ))?;
            row.insert((*kind).to_owned(), json!(number));
        }
        rows.push(Value::Object(row));
    }
    ensure!(!rows.is_empty(), "it has no holding: write one line each, such as SPY,0.6");
    Ok(Value::Array(rows))
}

/// A number as spreadsheets write it; `None` for what is none, and for a comma that is not between thousands: `0,5` may be
/// a half or a five.
fn number(cell: &str) -> Option<f64> {
    let plain = cell.replace('$', "");
    let (digits, scale) = match plain.trim().strip_suffix('%') {
        Some(percent) => (percent.trim(), 100.0),
        None => (plain.trim(), 1.0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut groups = whole.trim_start_matches(['-', '+']).split(',');
    let first = groups.next().is_some_and(|first| (1..=3).contains(&first.len()));
    let thousands = first && groups.all(|group| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit()));
    if fraction.contains(',') || (whole.contains(',') && !thousands) {
        return None;
    }
    let number: f64 = digits.replace(',', "").parse().ok()?;
    number.is_finite().then_some(number / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_any_order() {
        let read = parse("\u{feff}Name,Weight,Symbol\nS&P,60%,SPY\nBonds, 0.4 ,agg\n,,\n").unwrap();
        assert_eq!(read, json!([{"ticker": "SPY", "weight": 0.6}, {"ticker": "agg", "weight": 0.4}]));
        let read = parse("ticker,shares,value\nSPY,\"1,000\",\nCUR:USD,,$2500\n").unwrap();
        assert_eq!(read, json!([{"ticker": "SPY", "shares": 1000.0}, {"ticker": "CUR:USD", "value": 2500.0}]));
    }

    #[test]
    fn what_is_no_file_of_holdings_is_refused_with_the_line() {
        for (text, why) in [
            ("name,weight\nSPY,1\n", "no column ticker"),
            ("ticker,amount\nSPY,1\n", "none of the columns weight"),
            ("ticker,weight\n", "no holding"),
            ("ticker,weight\nSPY,0.5\nAGG,half\n", "line 3: `half`"),
            ("ticker,value\nSPY,500\nTotal,500\n", "line 3: `Total` is a sum and no holding: delete the row"),
        ] {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn numbers_are_read_as_spreadsheets_write_them() {
        for (cell, read) in [
            ("$1,234.50", Some(1_234.5)),
            ("-5%", Some(-0.05)),
            ("12.5 %", Some(0.125)),
            ("$ 7", Some(7.0)),
            ("1e3", Some(1_000.0)),
            ("0", Some(0.0)),
            ("(5)", None),
            ("%", None),
            ("$", None),
            ("5 €", None),
            ("1,234,567.8", Some(1_234_567.8)),
            ("-1,000%", Some(-10.0)),
            ("0,5", None),
            ("12,5%", None),
            ("1,2345", None),
            (",5", None),
            ("1234,567", None),
            ("1.5,000", None),
            ("NaN", None),
            ("inf", None),
        ] {
            assert_eq!(number(cell), read, "{cell}");
        }
    }

    #[test]
    fn rows_may_be_short_and_a_ticker_may_come_twice() {
        let read = parse("TICKER,Shares,Weight\r\nSPY,3,\r\nSPY\r\n\"BRK.B\",-2,50%\r\n").unwrap();
        let wanted = json!([
            {"ticker": "SPY", "shares": 3.0}, {"ticker": "SPY"}, {"ticker": "BRK.B", "weight": 0.5, "shares": -2.0},
        ]);
        assert_eq!(read, wanted, "what is held of the second is for the service to ask");
    }
}
