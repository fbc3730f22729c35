//! Prices and yields as CSV. Numbers have the fewest digits that read back as the same number; an empty cell is a day
//! without a price. Dividends and market caps lie in `facts`, a folder of its own, for they are no price files.

use std::{
    collections::BTreeSet,
    error::Error,
    fs::{File, create_dir_all},
    io::{BufWriter, Write},
    path::Path,
};

use chrono::NaiveDate;
use factor_prices::{FundamentalsProvider, PriceProvider, SamplePrices, YieldProvider};
use factor_types::{DateRange, Maturity};

/// Writes the files into `folder`.
pub(crate) async fn write(sample: &SamplePrices, folder: &Path) -> Result<(), Box<dyn Error>> {
    let all = DateRange::new(NaiveDate::MIN, NaiveDate::MAX)?;
    let mut columns = Vec::new();
    for ticker in sample.tickers() {
        let series = sample.history(&ticker, all).await?.series;
        let rows = series.dates().iter().copied().zip(series.prices().iter().copied()).collect();
        columns.push((ticker.to_string(), rows));
    }
    table(&folder.join("prices.csv"), columns)?;
    let yields = sample.yields(all).await?;
    let columns = Maturity::ALL.map(|maturity| (maturity.to_string(), yields.get(maturity).to_vec()));
    table(&folder.join("treasury_yields.csv"), columns.into())?;
    facts(sample, &folder.join("facts")).await
}

async fn facts(sample: &SamplePrices, folder: &Path) -> Result<(), Box<dyn Error>> {
    create_dir_all(folder)?;
    let all = DateRange::new(NaiveDate::MIN, NaiveDate::MAX)?;
    let mut dividends = BufWriter::new(File::create(folder.join("dividends.csv"))?);
    writeln!(dividends, "date,ticker,dividend")?;
    for ticker in sample.tickers() {
        for paid in sample.dividends(&ticker, all).await?.iter() {
            writeln!(dividends, "{},{ticker},{}", paid.ex_date, paid.amount)?;
        }
    }
    dividends.flush()?;
    let mut caps = BufWriter::new(File::create(folder.join("market_caps.csv"))?);
    writeln!(caps, "ticker,market_cap,as_of")?;
    for cap in sample.market_caps(&sample.tickers()).await? {
        writeln!(caps, "{},{},{}", cap.ticker, cap.dollars, cap.as_of)?;
    }
    Ok(caps.flush()?)
}

fn table(path: &Path, columns: Vec<(String, Vec<(NaiveDate, f64)>)>) -> Result<(), Box<dyn Error>> {
    let dates: BTreeSet<NaiveDate> = columns.iter().flat_map(|(_, rows)| rows).map(|(date, _)| *date).collect();
    let mut out = BufWriter::new(File::create(path)?);
    write!(out, "date")?;
    for (name, _) in &columns {
        write!(out, ",{name}")?;
    }
    writeln!(out)?;
    let mut columns: Vec<_> = columns.into_iter().map(|(_, rows)| rows.into_iter().peekable()).collect();
    for date in dates {
        write!(out, "{date}")?;
        for column in &mut columns {
            match column.next_if(|(day, _)| *day == date) {
                Some((_, value)) => write!(out, ",{value}")?,
                None => write!(out, ",")?,
            }
        }
        writeln!(out)?;
    }
    out.flush()?;
    Ok(())
}
