//! Dates and figures of a file's columns, decided once all rows are there.

use chrono::{Datelike, Months, NaiveDate};
use factor_types::{Calendar, Frequency, shortened};

use crate::french::{FactorColumn, FactorTable};

/// Characters that an error shows of a cell.
const SHOWN: usize = 40;

/// Rows of a file at most.
const MOST_ROWS: usize = 200_000;
/// Decimals whose standard deviation is above this are no returns of months or days.
const LARGEST_DEVIATION: f64 = 0.5;
/// Dates this many days apart at the median are months.
const MONTHLY_SPACING: i64 = 20;

/// The columns of a file as they are read.
#[derive(Debug)]
pub(super) struct Columns {
    columns: Vec<Column>,
    dates: Vec<(u64, String)>,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// By its name.
    is_percent: bool,
    values: Vec<f64>,
    /// Figures with a percent sign, and those without.
    marked: usize,
    unmarked: usize,
}

impl Columns {
    pub(super) fn new(names: &[String]) -> Result<Self, String> {
        let mut columns: Vec<Column> = Vec::with_capacity(names.len());
        for name in names {
            let (name, is_percent) = match name.trim().strip_suffix("(%)") {
                Some(name) => (name.trim().to_owned(), true),
                None => (name.trim().to_owned(), false),
            };
            if name.is_empty() {
                return Err("a column has no name".to_owned());
            }
            if columns.iter().any(|known| known.name.eq_ignore_ascii_case(&name)) {
                return Err(format!("two columns are called {name}"));
            }
            columns.push(Column { name, is_percent, values: Vec::new(), marked: 0, unmarked: 0 });
        }
        Ok(Self { columns, dates: Vec::new() })
    }

    pub(super) fn push(&mut self, line: u64, date: &str, cells: impl Iterator<Item = String>) -> Result<(), String> {
        if self.dates.len() == MOST_ROWS {
            return Err(format!("it has over {MOST_ROWS} rows"));
        }
        self.dates.push((line, date.trim().to_owned()));
        let mut count = 0;
        for (cell, column) in cells.zip(&mut self.columns) {
            column.push(cell.trim()).map_err(|rule| format!("line {line}: {} {rule}", column.name))?;
            count += 1;
        }
        let named = self.columns.len();
        if count == named {
            Ok(())
        } else {
            Err(format!("line {line}: it has {count} figures, the header names {named}"))
        }
    }

    pub(super) fn table(self) -> Result<FactorTable, String> {
        let (dates, frequency) = settled(&self.dates)?;
        let columns = self.columns.into_iter().map(Column::settled).collect::<Result<Vec<_>, _>>()?;
        Ok(FactorTable { vintage: None, frequency, dates, columns })
    }
}

impl Column {
    fn push(&mut self, cell: &str) -> Result<(), String> {
        let is_missing = cell.is_empty() || [".", "na", "n/a", "nan", "null"].contains(&cell.to_lowercase().as_str());
        if is_missing {
            self.values.push(f64::NAN);
            return Ok(());
        }
        let figure = match cell.strip_suffix('%') {
            Some(figure) => {
                self.marked += 1;
                figure.trim_end()
            }
            None => {
                self.unmarked += 1;
                cell
            }
        };
        let value: Option<f64> = figure.parse().ok().filter(|value: &f64| value.is_finite());
        self.values.push(value.ok_or_else(|| format!("`{}` is no number", shortened(cell, SHOWN)))?);
        Ok(())
    }

    fn settled(self) -> Result<FactorColumn, String> {
        let Self { name, is_percent, mut values, marked, unmarked } = self;
        if marked > 0 && unmarked > 0 {
            return Err(format!(
                "{name}: {marked} figures have a % and {unmarked} have none: write all of them one way"
            ));
        }
        if is_percent || marked > 0 {
            values.iter_mut().for_each(|value| *value /= 100.0);
        }
        let known: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let square = known.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / known.len().max(1) as f64;
        if square.sqrt() > LARGEST_DEVIATION {
            return Err(format!(
                "{name}: figures that differ by {:.2} are no returns as decimals: write 0.01 for 1%, put a % after each, or end the column's \
                 name with (%)",
                square.sqrt()
            ));
        }
        if let Some(low) = known.iter().find(|value| **value <= -1.0) {
            return Err(format!("{name}: a return of {low} loses all there is or more"));
        }
        Ok(FactorColumn { name, returns: values })
    }
}

/// The dates, all written one way and rising, and whether they are months.
fn settled(cells: &[(u64, String)]) -> Result<(Vec<NaiveDate>, Frequency), String> {
    if cells.len() < 2 {
        return Err("it has no rows".to_owned());
    }
    let forms: [fn(&str) -> Option<NaiveDate>; 5] = [iso, compact, month, american, european];
    // A form that reads every cell; of day and month the other way round neither may do as well.
    let fits: Vec<Result<Vec<NaiveDate>, u64>> =
        forms.iter().map(|form| cells.iter().map(|(line, cell)| form(cell).ok_or(*line)).collect()).collect();
    if let [.., Ok(_), Ok(_)] = fits.as_slice() {
        return Err("its dates can be read as month/day and as day/month: write YYYY-MM-DD".to_owned());
    }
    let is_month = fits[2].is_ok();
    let furthest = fits.iter().filter_map(|fit| fit.as_ref().err()).max().copied();
    let Some(mut dates) = fits.into_iter().find_map(Result::ok) else {
        let line = furthest.unwrap_or_default();
        let cell = cells.iter().find(|(at, _)| *at == line).map_or("", |(_, cell)| cell.as_str());
        return Err(format!(
            "line {line}: `{}` is no date like those of other rows (YYYY-MM-DD, YYYYMM, YYYYMMDD)",
            shortened(cell, SHOWN)
        ));
    };
    let mut steps: Vec<i64> = dates.windows(2).map(|pair| (pair[1] - pair[0]).num_days()).collect();
    if let Some(at) = steps.iter().position(|step| *step <= 0) {
        return Err(format!("line {}: {} does not come after {}", cells[at + 1].0, dates[at + 1], dates[at]));
    }
    steps.sort_unstable();
    if !is_month && steps[steps.len() / 2] <= MONTHLY_SPACING {
        return Ok((dates, Frequency::Daily));
    }
    dates.iter_mut().for_each(|date| *date = date.month_end());
    match dates.windows(2).position(|pair| pair[0] == pair[1]) {
        Some(at) => Err(format!("line {}: the month of {} comes twice", cells[at + 1].0, dates[at])),
        None => Ok((dates, Frequency::Monthly)),
    }
}

fn iso(cell: &str) -> Option<NaiveDate> {
    // A time after the date is that of the day.
    let date = cell.get(..10)?;
    let rest = cell.get(10..)?;
    let is_midnight = rest.trim_start_matches(['T', ' ']).chars().all(|c| matches!(c, '0' | ':' | '.' | 'Z'));
    let is_plain =
        date.bytes().enumerate().all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    (is_midnight && is_plain).then(|| date.parse().ok()).flatten()
}

fn compact(cell: &str) -> Option<NaiveDate> {
    (cell.len() == 8).then(|| NaiveDate::parse_from_str(cell, "%Y%m%d").ok()).flatten().filter(is_of_markets)
}

fn month(cell: &str) -> Option<NaiveDate> {
    let digits: String = cell.chars().filter(|c| *c != '-').collect();
    let is_month = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()) && matches!(cell.len(), 6 | 7);
    if !is_month {
        return None;
    }
    let first = NaiveDate::from_ymd_opt(digits[..4].parse().ok()?, digits[4..].parse().ok()?, 1)?;
    first.checked_add_months(Months::new(1))?.pred_opt().filter(is_of_markets)
}

fn american(cell: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(cell, "%m/%d/%Y").ok().filter(is_of_markets)
}

fn european(cell: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(cell, "%d/%m/%Y").ok().filter(is_of_markets)
}

fn is_of_markets(day: &NaiveDate) -> bool {
    (1800..=2100).contains(&day.year())
}
