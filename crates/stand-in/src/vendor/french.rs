//! Kenneth French's data library: a zip a file, made of simulated factors on the market's days.

use std::{
    collections::BTreeMap,
    io::{Cursor, Write as _},
};

use chrono::{Datelike, NaiveDate};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{Vendor, plain_refusal};
use crate::{
    fault::Fault,
    server::{HttpReply, VendorQuery},
};

pub(super) const HEADER: &str = ",Mkt-RF,SMB,HML,RF\n";

const FOLDER: &str = "/pages/faculty/ken.french/ftp/";
const ENDING: &str = "_CSV.zip";
/// Steps of a simulated return, each a hundredth of a percent.
const WIDTH: u64 = 240;

pub(super) fn answer(ask: &VendorQuery<'_>) -> HttpReply {
    let name = ask.request.path.strip_prefix(FOLDER).and_then(|name| name.strip_suffix(ENDING));
    let Some((name, columns)) = name.and_then(|name| Some((name, columns(name)?))) else {
        return plain_refusal(&Fault::NotFound, HEADER);
    };
    let daily = name.to_ascii_lowercase().ends_with("_daily");
    let text = text(ask, columns, daily);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // Writing to memory does not fail.
    let member = if daily { format!("{name}.csv") } else { format!("{name}.CSV") };
    let _ = zip.start_file(member, SimpleFileOptions::default());
    let _ = zip.write_all(text.as_bytes());
    let body = zip.finish().map(Cursor::into_inner).unwrap_or_default();
    HttpReply::new(200, "application/x-zip-compressed", body)
}

/// The columns of a file; `None` where the library has no such file.
fn columns(name: &str) -> Option<&'static [&'static str]> {
    let lower = name.to_ascii_lowercase();
    let stem = lower.strip_suffix("_daily").unwrap_or(&lower);
    let european = stem == "europe_mom_factor";
    Some(match stem {
        "f-f_research_data_factors" | "europe_3_factors" => &["Mkt-RF", "SMB", "HML", "RF"],
        "f-f_research_data_5_factors_2x3" | "europe_5_factors" => &["Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF"],
        "f-f_momentum_factor" => &["Mom   "],
        _ if european => &["WML"],
        _ => return None,
    })
}

/// A file as the library writes it: months end with CRLF, days with LF; the newest month of data is the one before today.
fn text(ask: &VendorQuery<'_>, columns: &[&str], daily: bool) -> String {
    let today = ask.view.today();
    let running = NaiveDate::from_ymd_opt(today.year(), today.month(), 1).unwrap_or(today);
    let days: Vec<NaiveDate> =
        ask.view.rates(NaiveDate::MIN, today).into_iter().map(|(day, _)| day).filter(|day| *day < running).collect();
    let end = if daily { "\n" } else { "\r\n" };
    let vintage = days.last().map_or_else(|| "192607".to_owned(), |day| day.format("%Y%m").to_string());
    let header = format!(",{}{end}", columns.join(","));
    let mut rows = rows(&days, columns, daily);
    spoil(&mut rows, ask.fault);
    let mut text = format!("This file was created using the {vintage} CRSP database.{end}{end}{header}");
    rows.iter().for_each(|row| text.push_str(&format!("{row}{end}")));
    if !daily {
        text.push_str(&format!("{end} Annual Factors: January-December {end}{header}"));
        let years: BTreeMap<i32, ()> = days.iter().map(|day| (day.year(), ())).collect();
        let cells = vec!["    1.00"; columns.len()].join(",");
        years.keys().for_each(|year| text.push_str(&format!("  {year},{cells}{end}")));
    }
    text.push_str(&format!("{end}Copyright {} Eugene F. Fama and Kenneth R. French{end}", today.year()));
    text
}

fn rows(days: &[NaiveDate], columns: &[&str], daily: bool) -> Vec<String> {
    let mut months = BTreeMap::<(i32, u32), NaiveDate>::new();
    months.extend(days.iter().map(|day| ((day.year(), day.month()), *day)));
    let dates: Vec<NaiveDate> = if daily { days.to_vec() } else { months.into_values().collect() };
    let row = |day: &NaiveDate| {
        let label = day.format(if daily { "%Y%m%d" } else { "%Y%m" });
        let cells = columns.iter().enumerate().map(|(at, column)| match column.trim() {
            "RF" => format!("{:>8}", if daily { "0.01" } else { "0.25" }),
            // Files of different lengths have different figures: momentum is not the market.
            _ => format!("{:>8.2}", drawn(*day, at + 10 * columns.len())),
        });
        format!("{label},{}", cells.collect::<Vec<_>>().join(","))
    };
    dates.iter().map(row).collect()
}

/// The same figure whenever it is asked for, in percent.
fn drawn(day: NaiveDate, column: usize) -> f64 {
    let seed = u64::from(day.num_days_from_ce().unsigned_abs()) * 31 + column as u64;
    let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed >> 32) % WIDTH) as f64 / 50.0 - 2.4
}

/// Faults of the rows, in the middle.
fn spoil(rows: &mut Vec<String>, fault: Option<&Fault>) {
    let middle = rows.len() / 2;
    let Some(row) = rows.get(middle).cloned() else { return };
    match fault {
        Some(Fault::WrongTypes(_) | Fault::BadPrices(_)) => {
            rows[middle] = row.rsplit_once(',').map_or(row.clone(), |(rest, _)| format!("{rest},n/a"));
        }
        Some(Fault::DuplicateDates | Fault::ConflictingDates) => rows.insert(middle, row),
        Some(Fault::Unsorted) => rows.reverse(),
        Some(Fault::Newest(count)) => drop(rows.drain(..rows.len().saturating_sub(*count))),
        _ => {}
    }
}

/// What a request is about: the file.
pub(super) fn file_of(path: &str) -> Option<String> {
    path.strip_prefix(FOLDER)?.strip_suffix(ENDING).map(str::to_owned)
}

impl Vendor {
    /// The folder of the library without its last slash.
    pub(super) const FRENCH_PATH: &'static str = "/pages/faculty/ken.french/ftp";
}
