use super::*;
use crate::{
    SourceFault,
    upstream::test_server::{Answer, TestServer},
    vendors::tests::{config, day, range},
};

const CSV: &str = include_str!("../../../fixtures/treasury/2024.csv");

fn csv(body: &str) -> Answer {
    Answer::Full(200, "Content-Type: text/csv\r\n".into(), body.as_bytes().to_vec())
}

#[tokio::test]
async fn one_recorded_file_a_year_is_read_by_its_headers() {
    let server =
        TestServer::start(|_, target| csv(if target.contains("/2024/all?") { CSV } else { "Date,\"10 Yr\"\n" })).await;
    let treasury = Treasury::new(config(&format!("{}/rates.csv", server.base), "2024-10-07")).unwrap();
    let table = treasury.yields(range("2023-06-01", "2025-06-30")).await.unwrap();
    assert_eq!(table.get(Maturity::Ust3M).last(), Some(&(day("2024-10-07"), 4.77)));
    assert_eq!(table.get(Maturity::Ust30Y)[0], (day("2024-09-30"), 4.14));
    assert_eq!(table.get(Maturity::Ust10Y).iter().map(|row| row.1).collect::<Vec<_>>(), [3.81, 3.74, 3.98, 4.03]);
    let mut asked = server.targets();
    asked.sort();
    let tail = "page=&_format=csv";
    let year = |y| format!("/rates.csv/{y}/all?type=daily_treasury_yield_curve&field_tdr_date_value={y}&{tail}");
    assert_eq!(asked, [year(2023), year(2024)], "no file of a year to come");
}

#[test]
fn missing_cells_are_missing_and_later_days_are_not_read() {
    let body = "Date,\"1.5 Month\",\"10 Yr\",\"2 Yr\"\n01/03/2024,1,N/A,\n01/02/2024,1,3.95,4.33\n";
    let dates = VendorDates::fixed(day("2024-01-31"));
    let rows = |body: &str| read(&UpstreamResponse::of(body), 2024, &dates);
    let table = YieldRows::table([rows(body).unwrap()]);
    assert_eq!(table.get(Maturity::Ust10Y), [(day("2024-01-02"), 3.95)]);
    assert_eq!(table.get(Maturity::Ust2Y), [(day("2024-01-02"), 4.33)]);
    for other in ["2025", "2023", "24"] {
        assert!(matches!(rows(&body.replace("2024", other)), Err(ResponseError::Unusable(_))), "{other}");
    }
    assert!(matches!(rows("Date,x\n01/02/2024,1\n"), Err(ResponseError::Unusable(_))));
    assert!(matches!(rows("No data"), Err(ResponseError::NotData(_))));
}

#[tokio::test]
async fn html_instead_of_csv_is_unusable() {
    let server = TestServer::start(|_, _| csv("<!DOCTYPE html><html></html>")).await;
    let treasury = Treasury::new(config(&server.base, "2024-10-07")).unwrap();
    let error = treasury.yields(range("2024-06-01", "2024-06-30")).await.unwrap_err();
    assert!(matches!(error, PriceError::Failed { fault: SourceFault::Unusable, .. }), "{error:?}");
    assert_eq!(server.heads().len(), 2);
}
