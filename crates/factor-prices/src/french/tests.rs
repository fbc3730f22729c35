use std::io::{Cursor, Write};

use factor_types::Frequency;

use super::{
    archive::{self, ArchiveError},
    library::read,
    *,
};

/// A monthly file as the library writes them: `parts` are the preamble, the header, rows and years.
fn file(preamble: &str, header: &str, rows: &[&str], years: &[&str], end: &str) -> String {
    let mut lines: Vec<&str> = preamble.lines().collect();
    lines.extend(["", header]);
    lines.extend(rows);
    lines.push("");
    if !years.is_empty() {
        lines.extend([" Annual Factors: January-December ", header]);
        lines.extend(years);
        lines.push("");
    }
    lines.push("Copyright 2025 Eugene F. Fama and Kenneth R. French");
    lines.join(end) + end
}

const FIRST: &str = "This file was created using the 202504 CRSP database.";

fn three() -> String {
    let rows = ["196307,   -0.39,   -0.41,   -0.99,    0.27", "196308,    5.07,  -99.99, -999,    0.25"];
    file(FIRST, ",Mkt-RF,SMB,HML,RF", &rows, &["  1963,   12.68,    1.00,   -2.00,    3.12"], "\r\n")
}

fn table(text: &str) -> FactorTable {
    FactorTable::read(text.as_bytes()).unwrap()
}

fn error(text: &str) -> String {
    FactorTable::read(text.as_bytes()).unwrap_err().to_string()
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn months_are_read_with_their_vintage() {
    let found = table(&three());
    assert_eq!((found.vintage.as_deref(), found.frequency), (Some("202504"), Frequency::Monthly));
    assert_eq!(found.dates.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1963-07-31", "1963-08-31"]);
    assert_eq!(found.column("Mkt-RF").unwrap(), [-0.39 / 100.0, 5.07 / 100.0]);
    // -0.99 is a return, -99.99 and -999 are none.
    assert_eq!(found.column("HML").unwrap()[0], -0.99 / 100.0);
    assert!(found.column("SMB").unwrap()[1].is_nan() && found.column("HML").unwrap()[1].is_nan());
    assert_eq!(found.column("RF").unwrap(), [0.27 / 100.0, 0.25 / 100.0]);
    assert_eq!(found.column("Mom"), None);
}

#[test]
fn every_layout_is_read() {
    let long = "This file was created by using the 202511 CRSP database.  It\ncontains a momentum factor, constructed from six, value-weight\nportfolios.\n\nMissing data are indicated by -99.99 or -999.";
    for header in [",Mom", ",Mom   ", "Date,MOM", "  ,  WML  ", "date,Mom"] {
        let found = table(&file(long, header, &["192701,0.57", "192702,  -1.50"], &[], "\n"));
        assert_eq!(
            (found.vintage.as_deref(), found.column("Mom").unwrap()),
            (Some("202511"), &[0.57 / 100.0, -1.5 / 100.0][..])
        );
    }
    let compact = table(&file(FIRST, ",Mom", &["19630701,   0.54", "19630702,  -0.51"], &[], "\n"));
    let iso = table(&file(FIRST, ",Mom", &["1963-07-01, 0.54", "1963-07-02,-0.51"], &[], "\r\n"));
    assert_eq!((&compact, compact.frequency), (&iso, Frequency::Daily));
    // Line ends of both kinds in one file, a title of two lines, years that are indented.
    let mixed = "X 202504 CRSP database\r\n\n,Mom\n192701,0.57\r\n192702,1.00\n\r\n  Annual\r\n Factors: January-December\n,Mom\n 1927, 3.00\r\n\nCopyright";
    assert_eq!(table(mixed).dates.len(), 2);
    let mut bytes =
        file("Created by \u{1}using the 202504 CRSP database", ",Mom", &["192701,0.57"], &[], "\r\n").into_bytes();
    let mark = bytes.iter().position(|b| *b == 1).unwrap();
    bytes[mark] = 0x92;
    assert_eq!(FactorTable::read(&bytes).unwrap().vintage.as_deref(), Some("202504"), "Windows-1252");
    let europe = "This file was created using the 202601 Bloomberg database.";
    assert_eq!(table(&file(europe, ",WML", &["199011,-0.99"], &[], "\n")).vintage.as_deref(), Some("202601"));
}

#[test]
fn what_is_damaged_is_refused_by_its_line() {
    let whole = three();
    let with = |from: &str, to: &str| error(&whole.replacen(from, to, 1));
    assert_eq!(with("196308,", "196309,"), "line 5: 1963-09-30 follows 1963-07-31: rows in between are missing");
    assert_eq!(with("196308,", "196307,"), "line 5: 1963-07-31 does not come after 1963-07-31");
    assert!(with("196308,", "1963-08-01,").contains("line 5: the date `1963-08-01` is written in another way"));
    assert!(with("196308,", "196313,").contains("line 5: `196313` is no date"));
    assert_eq!(with("   -0.39,", ""), "line 4: it has 3 figures, the header names 4 factors");
    assert_eq!(with("5.07", "5.0.7"), "line 5: `5.0.7` of Mkt-RF is no number");
    assert_eq!(with("5.07", "5e1"), "line 5: `5e1` of Mkt-RF is no number");
    assert_eq!(with("5.07", ""), "line 5: `` of Mkt-RF is no number");
    assert_eq!(with("5.07", "507"), "line 5: 507% of Mkt-RF is no return of a month or a day");
    assert_eq!(with("0.25", "-0.99"), "line 5: RF of -0.99% is no rate: the columns are shifted");
    assert_eq!(with(",Mkt-RF", ",Mkt"), "line 3: `Mkt` is no factor known here");
    assert_eq!(with(",SMB", ",HML"), "line 3: it names HML twice");
    assert!(error(&whole[..whole.len() - 60]).contains("cut off"));
    assert!(error(&whole[..whole.find("Annual").unwrap()]).contains("cut off"));
    assert!(with("\r\n\r\n Annual", "\r\n Annual").contains("line 6: "));
    assert!(error(&file(FIRST, ",Mom", &["1990- 1-03,0.1"], &[], "\n")).contains("`1990- 1-03` is no date"));
    assert!(error("<!DOCTYPE html><html>").contains("a page of HTML"));
    assert!(error(" \n ").contains("empty"));
    assert!(error("a\0b").contains("not text"));
    assert!(error("PK\u{3}\u{4}").contains("a zip"));
    assert_eq!(error("hello\nworld\n"), "it has no header of factors (a line such as `,Mkt-RF,SMB,HML,RF`)");
    assert!(error(&file(FIRST, ",Mom", &[], &["1927, 1.0"], "\n")).contains("no row"));
    assert_eq!(
        error(&file(FIRST, ",Mom", &["  1927, 1.0"], &[], "\n")),
        "line 4: it has factors by year alone; the file of months or days is needed"
    );
    assert!(error(&file(FIRST, ",Mom", &["20240106,0.1"], &[], "\n")).contains("a day of a weekend"));
    assert!(error(&file(FIRST, ",Mom", &["19330303,0.1", "19330320,0.2"], &[], "\n")).contains("are missing"));
    assert_eq!(table(&file(FIRST, ",Mom", &["19330303,0.1", "19330315,0.2"], &[], "\n")).dates.len(), 2);
}

#[test]
fn a_zip_holds_one_file_and_is_whole() {
    let body = three();
    let whole = zipped(&[("F-F_Research_Data_Factors.CSV", body.as_bytes())]);
    let dataset = Dataset::new(Region::Us, FactorSet::Three, Frequency::Monthly);
    // As text: what is missing is NaN, which equals nothing.
    assert_eq!(format!("{:?}", read(&whole, dataset).unwrap()), format!("{:?}", table(&body)));
    for length in [0, 3, 40, whole.len() / 2, whole.len() - 1] {
        assert!(read(&whole[..length], dataset).is_err(), "{length} bytes");
    }
    let mut flipped = whole.clone();
    flipped[whole.len() / 3] ^= 0x10;
    assert!(read(&flipped, dataset).is_err(), "the checksum");
    let two = zipped(&[("a.csv", body.as_bytes()), ("b.CSV", body.as_bytes())]);
    assert_eq!(archive::only_file(&two), Err(ArchiveError::NotOne(2)));
    assert_eq!(archive::only_file(&zipped(&[("readme.txt", b"x")])), Err(ArchiveError::NotOne(0)));
    let bomb = zipped(&[("a.csv", &vec![b' '; 17 << 20])]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(archive::only_file(&bomb), Err(ArchiveError::TooLong));
}

#[test]
fn a_file_is_what_it_is_called() {
    let (monthly, body) = (Dataset::new(Region::Us, FactorSet::Five, Frequency::Monthly), three());
    assert_eq!(read(body.as_bytes(), monthly).unwrap_err(), "it has no column RMW");
    let daily = Dataset::new(Region::Us, FactorSet::Three, Frequency::Weekly);
    assert_eq!(read(body.as_bytes(), daily).unwrap_err(), "it has monthly returns, daily ones are needed");
}

#[test]
fn files_have_the_names_of_the_site() {
    let name = |region, set, frequency| Dataset::new(region, set, frequency).archive_name();
    let (month, day) = (Frequency::Monthly, Frequency::Daily);
    assert_eq!(name(Region::Us, FactorSet::Five, month), "F-F_Research_Data_5_Factors_2x3_CSV.zip");
    assert_eq!(name(Region::Us, FactorSet::Momentum, day), "F-F_Momentum_Factor_daily_CSV.zip");
    assert_eq!(name(Region::DevelopedExUs, FactorSet::Five, day), "Developed_ex_US_5_Factors_Daily_CSV.zip");
    assert_eq!(name(Region::Europe, FactorSet::Momentum, month), "Europe_Mom_Factor_CSV.zip");
    assert_eq!(name(Region::Emerging, FactorSet::Momentum, month), "Emerging_MOM_Factor_CSV.zip");
    assert!(Dataset::new(Region::Emerging, FactorSet::Three, month).is_missing());
    assert!(!Dataset::new(Region::Emerging, FactorSet::Five, month).is_missing());
}

#[tokio::test]
async fn a_folder_has_files_packed_or_not_and_names_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = Dataset::new(Region::Us, FactorSet::Three, Frequency::Monthly);
    let library = FrenchLibrary::folder(folder.path());
    let missing = library.load(dataset).await.unwrap_err().to_string();
    assert!(
        missing.starts_with("F-F_Research_Data_Factors is not in ") && missing.contains("FACTOR_FRENCH_DIR"),
        "{missing}"
    );
    let plain = folder.path().join("F-F_Research_Data_Factors.csv");
    std::fs::write(&plain, "broken").unwrap();
    let broken = library.load(dataset).await.unwrap_err().to_string();
    assert!(broken.contains("no header"), "{broken}");
    std::fs::write(&plain, three()).unwrap();
    assert_eq!(library.load(dataset).await.unwrap().table.dates.len(), 2);
    // A file that is written again is read again; a zip comes before it.
    let longer = three().replacen("196308,    5.07", "196308,    5.08", 1);
    let zip = zipped(&[("x.csv", longer.as_bytes())]);
    std::fs::write(folder.path().join("f-f_research_data_factors_csv.ZIP"), zip).unwrap();
    let found = library.load(dataset).await.unwrap();
    assert_eq!(
        (found.table.column("Mkt-RF").unwrap()[1], found.name.as_str()),
        (5.08 / 100.0, "F-F_Research_Data_Factors")
    );
    assert_eq!(
        FrenchLibrary::nowhere("prices are simulated").load(dataset).await.unwrap_err().to_string(),
        "F-F_Research_Data_Factors of Kenneth French's library is needed, and prices are simulated: put F-F_Research_Data_Factors_CSV.zip into a folder and set FACTOR_FRENCH_DIR to it"
    );
}

#[test]
fn real_files_are_read_to_the_last_row() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/french");
    if !folder.exists() {
        println!("skipped: no files of Kenneth French's library at ../shared/data/french");
        return;
    }
    let rows = |set, frequency| {
        let dataset = Dataset::new(Region::Us, set, frequency);
        let endings = [".csv", ".csv.gz"].map(|ending| folder.join(format!("{}{ending}", dataset.name())));
        let path = endings.iter().find(|path| path.exists()).unwrap();
        let table = read(&std::fs::read(path).unwrap(), dataset).unwrap();
        let (first, last) = (table.dates[0].to_string(), table.dates.last().unwrap().to_string());
        (table.dates.len(), first, last, table.vintage.unwrap())
    };
    let of = |n, first: &str, last: &str, vintage: &str| (n, first.to_owned(), last.to_owned(), vintage.to_owned());
    assert_eq!(rows(FactorSet::Three, Frequency::Monthly), of(1186, "1926-07-31", "2025-04-30", "202504"));
    assert_eq!(rows(FactorSet::Five, Frequency::Monthly), of(742, "1963-07-31", "2025-04-30", "202504"));
    assert_eq!(rows(FactorSet::Momentum, Frequency::Monthly), of(1180, "1927-01-31", "2025-04-30", "202504"));
    assert_eq!(rows(FactorSet::Five, Frequency::Daily).2, "2025-11-28");
    assert_eq!(rows(FactorSet::Momentum, Frequency::Daily).3, "202511");
}
