use factor_types::Frequency;

use super::*;

fn csv(text: &str) -> Result<FactorTable, String> {
    of_csv(text.as_bytes())
}

fn error(text: &str) -> String {
    csv(text).unwrap_err()
}

#[test]
fn decimals_percent_and_dates_of_every_form() {
    let plain = csv("Date,QMJ,BAB\n2020-01-31,0.01,-0.02\n2020-02-29,,0.005\n2020-03-31,NA,-0.0099\n").unwrap();
    assert_eq!(plain.frequency, Frequency::Monthly);
    assert_eq!(plain.dates[1].to_string(), "2020-02-29");
    assert_eq!(plain.column("BAB").unwrap(), [-0.02, 0.005, -0.0099]);
    assert!(plain.column("QMJ").unwrap()[1].is_nan() && plain.column("QMJ").unwrap()[2].is_nan());
    let marked = csv("date,BAB\n202001,-2%\n202002,0.5 %\n202003,-0.99%\n").unwrap();
    let percent = [-2.0 / 100.0, 0.5 / 100.0, -0.99 / 100.0];
    assert_eq!((&marked.dates, marked.column("BAB").unwrap()), (&plain.dates, &percent[..]));
    let named = csv("date,BAB (%)\n1/31/2020,-2\n2/28/2020,0.5\n3/30/2020,-0.99\n").unwrap();
    assert_eq!((&named.dates, named.column("BAB").unwrap()), (&plain.dates, &percent[..]));
    let daily = csv("t,X\n20200102,0.01\n20200103,0.02\n20200106,0.03\n").unwrap();
    assert_eq!((daily.frequency, daily.dates[2].to_string().as_str()), (Frequency::Daily, "2020-01-06"));
    let stamped = csv("t,X\n2020-01-02 00:00:00,0.01\n2020-01-03T00:00:00Z,0.02\n").unwrap();
    assert_eq!(stamped.frequency, Frequency::Daily);
}

#[test]
fn what_can_be_meant_twice_is_refused() {
    assert!(error("d,X\n01/02/2020,0.1\n02/03/2020,0.2\n").contains("month/day and as day/month"));
    assert!(error("d,X\n2020-01-31,1.5\n2020-02-29,-2.5\n").contains("no returns as decimals"));
    assert!(error("d,X\n2020-01-31,1.5%\n2020-02-29,2.5\n").contains("1 figures have a % and 1 have none"));
    assert_eq!(error("d,X\n2020-01-31,0.1\n2020-01-31,0.2\n"), "line 3: 2020-01-31 does not come after 2020-01-31");
    assert!(error("d,X\n2020-01-31,0.1\nnext,0.2\n").starts_with("line 3: `next` is no date"));
    assert_eq!(error("d,X\n2020-01-31,0.1\n2020-02-29,x1\n"), "line 3: X `x1` is no number");
    assert!(error("d,X\n2020-01-31,0.1\n2020-02-29,0.1,0.2\n").contains("found record with 3 fields"));
    assert!(
        error("d,X\n202001,-1\n202002,0.1\n202003,0.1\n202004,0.1\n202005,0.1\n202006,0.1\n")
            .contains("loses all there is")
    );
    assert!(error("d,X,x\n2020-01-31,0.1,0.1\n").contains("two columns"));
    assert!(error("d\n2020-01-31\n").contains("0 columns"));
    assert!(error("d,X\n").contains("no rows"));
}

#[test]
fn a_factor_is_found_by_its_file_and_column() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("aqr_qmj.csv"), "DATE,USA\n2020-01-31,0.01\n2020-02-29,0.02\n").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "x").unwrap();
    let files = FactorFiles::at(folder.path());
    let found = files.find("AQR_QMJ", "usa").unwrap();
    assert_eq!((found.name.as_str(), found.table.column("USA").unwrap()), ("aqr_qmj:USA", &[0.01, 0.02][..]));
    let no_column = files.find("aqr_qmj", "Global").unwrap_err().to_string();
    assert_eq!(no_column, "aqr_qmj has no column Global; it has USA");
    let no_file = files.find("bab", "USA").unwrap_err().to_string();
    assert!(no_file.starts_with("there is no file bab in ") && no_file.ends_with("there are aqr_qmj"), "{no_file}");
    std::fs::write(folder.path().join("bab.parquet"), "PAR1 and nothing").unwrap();
    assert!(files.find("bab", "USA").unwrap_err().to_string().contains("no sound Parquet file"));
}
