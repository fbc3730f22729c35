//! `funds.csv`: what is known of funds besides their prices, next to the mapping files or built into the binary.

use std::{
    collections::BTreeMap,
    io::{self, Read as _},
    path::Path,
};

use factor_types::{FundFacts, Ratio, Ticker, shortened};

/// Its name in the folder of the mapping files.
pub const FUNDS_FILE: &str = "funds.csv";

/// The facts by fund.
pub type FundTable = BTreeMap<Ticker, FundFacts>;

const BUILT_IN: &str = include_str!("../../../proxies/funds.csv");

/// Characters that an error shows of a cell.
const SHOWN: usize = 40;
/// The longest file that is read.
const MOST_BYTES: u64 = 1 << 20;
/// Above this a fee was written as a percentage: no fund costs a tenth in a year.
const HIGHEST_EXPENSE_RATIO: f64 = 0.1;
/// Above this a yield was: no fund's is a half.
const HIGHEST_YIELD: f64 = 0.5;
/// A million millions of dollars: a hundred times what is traded of the largest fund.
const HIGHEST_VALUE: f64 = 1e12;

/// A column of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Ticker,
    ExpenseRatio,
    AverageDailyValue,
    SecYield,
    PaysIncome,
}

const COLUMNS: [(&str, Column); 5] = [
    ("ticker", Column::Ticker),
    ("expense_ratio", Column::ExpenseRatio),
    ("average_daily_value", Column::AverageDailyValue),
    ("sec_yield", Column::SecYield),
    ("pays_income", Column::PaysIncome),
];

/// The facts in a folder, or those built in where it has no such file or there is no folder.
///
/// # Errors
/// The file, the line, and the rule that it breaks.
pub fn read_funds(folder: Option<&Path>) -> Result<FundTable, String> {
    let Some(path) = folder.map(|folder| folder.join(FUNDS_FILE)) else { return read(BUILT_IN) };
    let place = path.display();
    let mut text = String::new();
    match std::fs::File::open(&path) {
        Ok(file) => file
            .take(MOST_BYTES + 1)
            .read_to_string(&mut text)
            .map_err(|error| format!("{place}: cannot be read: {error}"))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return read(BUILT_IN),
        Err(error) => return Err(format!("{place}: cannot be read: {error}")),
    };
    if text.len() as u64 > MOST_BYTES {
        return Err(format!("{place}: is longer than {MOST_BYTES} bytes; leave out what is no fund's line"));
    }
    read(&text).map_err(|rule| format!("{place}: {rule}"))
}

pub(crate) fn read(text: &str) -> Result<FundTable, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let numbered = (1..).zip(text.lines().map(str::trim));
    let mut lines = numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let Some((at, header)) = lines.next() else { return Ok(FundTable::new()) };
    let columns = columns(header).map_err(|rule| format!("line {at}: {rule}"))?;
    let mut funds = FundTable::new();
    for (at, line) in lines {
        let (ticker, facts) = fund(&columns, line).map_err(|rule| format!("line {at}: {rule}"))?;
        if funds.contains_key(&ticker) {
            return Err(format!("line {at}: {ticker} has a line before: keep one of them"));
        }
        funds.insert(ticker, facts);
    }
    Ok(funds)
}

fn columns(header: &str) -> Result<Vec<Column>, String> {
    let named = || COLUMNS.map(|(name, _)| name).join(", ");
    let mut columns = Vec::new();
    for name in header.split(',').map(str::trim) {
        let known = COLUMNS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some((name, column)) = known else {
            return Err(format!("`{}` is no column of this file: those are {}", shortened(name, SHOWN), named()));
        };
        if columns.contains(column) {
            return Err(format!("the column {name} is there twice: keep one of them"));
        }
        columns.push(*column);
    }
    if columns.contains(&Column::Ticker) { Ok(columns) } else { Err(format!("has no column ticker, of {}", named())) }
}

fn fund(columns: &[Column], line: &str) -> Result<(Ticker, FundFacts), String> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    if cells.len() != columns.len() {
        return Err(format!("has {} cells, the header {}: write one for each column", cells.len(), columns.len()));
    }
    let (mut ticker, mut facts) = (None, FundFacts::default());
    for (column, cell) in columns.iter().zip(cells) {
        match column {
            Column::Ticker => ticker = Some(cell.parse::<Ticker>().map_err(|error| error.to_string())?),
            _ if cell.is_empty() => {}
            Column::ExpenseRatio => {
                facts.expense_ratio = Some(ratio("expense_ratio", cell, 0.0, HIGHEST_EXPENSE_RATIO)?);
            }
            Column::SecYield => facts.sec_yield = Some(ratio("sec_yield", cell, -HIGHEST_YIELD, HIGHEST_YIELD)?),
            Column::AverageDailyValue => facts.average_daily_value = Some(dollars(cell)?),
            Column::PaysIncome => facts.pays_income = Some(yes_or_no(cell)?),
        }
    }
    ticker.map(|ticker| (ticker, facts)).ok_or_else(|| "has no ticker".to_owned())
}

/// A decimal, or a percentage with its sign.
fn ratio(name: &str, cell: &str, least: f64, most: f64) -> Result<Ratio, String> {
    let (number, unit) = cell.strip_suffix('%').map_or((cell, 1.0), |number| (number.trim_end(), 100.0));
    let read = number.parse::<f64>().ok().map(|number| number / unit);
    let within = read.filter(|found| (least..=most).contains(found)).and_then(Ratio::new);
    within.ok_or_else(|| {
        format!(
            "`{}` is no {name}: write a decimal from {least} to {most}, or a percentage as 0.09%",
            shortened(cell, SHOWN)
        )
    })
}

fn dollars(cell: &str) -> Result<u64, String> {
    let read = cell.parse::<f64>().ok().filter(|value| (0.0..=HIGHEST_VALUE).contains(value));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 and 1e12")]
    read.map(|value| value.round() as u64).ok_or_else(|| {
        format!("`{}` is no average_daily_value: write US dollars from 0 to {HIGHEST_VALUE}", shortened(cell, SHOWN))
    })
}

fn yes_or_no(cell: &str) -> Result<bool, String> {
    match cell.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err(format!("`{}` is neither yes nor no, as pays_income must be", shortened(cell, SHOWN))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str, of: &str) -> FundFacts {
        read(text).unwrap()[&of.parse::<Ticker>().unwrap()]
    }

    #[test]
    fn columns_stand_in_any_order_and_an_empty_cell_is_not_known() {
        let text = "# known\nSEC_yield, ticker ,expense_ratio,average_daily_value,pays_income\n\
                    4.3%,spy,0.000945,35e9,yes\n,TLT,0.15%,,\n";
        let spy = facts(text, "SPY");
        assert_eq!(spy.sec_yield.map(Ratio::decimal), Some(0.043));
        assert_eq!(spy.expense_ratio.map(Ratio::decimal), Some(0.000_945));
        assert_eq!((spy.average_daily_value, spy.pays_income), (Some(35_000_000_000), Some(true)));
        let tlt = facts(text, "TLT");
        assert_eq!(tlt.expense_ratio.map(Ratio::decimal), Some(0.0015));
        assert_eq!((tlt.sec_yield, tlt.average_daily_value, tlt.pays_income), (None, None, None));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_line() {
        for (text, part) in [
            ("ticker,fee\nSPY,1\n", "line 1: `fee` is no column of this file"),
            ("expense_ratio\n0.1\n", "line 1: has no column ticker"),
            ("ticker,ticker\n", "line 1: the column ticker is there twice"),
            ("ticker,expense_ratio\n\nSPY,0.0945,\n", "line 3: has 3 cells, the header 2"),
            ("ticker,expense_ratio\nSPY,9.45\n", "line 2: `9.45` is no expense_ratio: write a decimal from 0 to 0.1"),
            ("ticker,expense_ratio\nSPY,NaN\n", "line 2: `NaN` is no expense_ratio"),
            ("ticker,sec_yield\nSPY,4.3\n", "line 2: `4.3` is no sec_yield"),
            ("ticker,average_daily_value\nSPY,-1\n", "line 2: `-1` is no average_daily_value"),
            ("ticker,pays_income\nSPY,maybe\n", "line 2: `maybe` is neither yes nor no"),
            ("ticker,pays_income\nSPY,yes\nspy,no\n", "line 3: SPY has a line before"),
            ("ticker\nno ticker\n", "line 2: `no ticker` is not a ticker"),
        ] {
            let rule = read(text).unwrap_err();
            assert!(rule.starts_with(part), "{rule}");
        }
    }

    #[test]
    fn a_folder_without_the_file_has_what_is_built_in() {
        let folder = tempfile::tempdir().unwrap();
        let built_in = read_funds(None).unwrap();
        assert_eq!(read_funds(Some(folder.path())).unwrap(), built_in);
        assert_eq!(facts(BUILT_IN, "GLD").pays_income, Some(false));
        std::fs::write(folder.path().join(FUNDS_FILE), "ticker,pays_income\nGLD,yes\n").unwrap();
        assert_eq!(read_funds(Some(folder.path())).unwrap().len(), 1);
        std::fs::write(folder.path().join(FUNDS_FILE), "ticker,fee\n").unwrap();
        let rule = read_funds(Some(folder.path())).unwrap_err();
        assert!(rule.contains("funds.csv: line 1: `fee`"), "{rule}");
    }
}
