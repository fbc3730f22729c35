//! Writes the simulated sample as `prices.csv` (wide), `treasury_yields.csv`, `facts/dividends.csv` and
//! `facts/market_caps.csv`, for a program that reads files.
//!
//! `cargo run -p factor-prices --example export_sample -- OUT_DIR [--today YYYY-MM-DD]`

mod export;

use std::{error::Error, path::PathBuf};

use chrono::Utc;
use factor_prices::SamplePrices;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (mut folder, mut today) = (None, Utc::now().date_naive());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--today" {
            today = arguments.next().ok_or("--today wants a date, YYYY-MM-DD")?.parse()?;
        } else {
            folder = Some(PathBuf::from(argument));
        }
    }
    let folder = folder.ok_or("usage: export_sample OUT_DIR [--today YYYY-MM-DD]")?;
    std::fs::create_dir_all(&folder)?;
    export::write(&SamplePrices::new(today), &folder).await
}
