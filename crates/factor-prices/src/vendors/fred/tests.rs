use super::*;
use crate::{
    upstream::test_server::{Answer, TestServer},
    vendors::tests::{config, day, range},
};

#[tokio::test]
async fn both_headers_are_read_and_missing_values_are_missing() {
    let server = TestServer::start(|_, target| {
        let id = target.split(['=', '&']).nth(1).unwrap();
        let (first, gap) = if id == "DGS10" { ("observation_date", ".") } else { ("DATE", "") };
        let body = format!("{first},{id}\n2026-05-01,4.39\n2026-05-25,{gap}\n2026-05-26,4.5\n");
        Answer::Full(200, "Content-Type: application/csv\r\n".into(), body.into_bytes())
    })
    .await;
    let fred = Fred::new(config(&format!("{}/graph/fredgraph.csv", server.base), "2026-05-28")).unwrap();
    let table = fred.yields(range("2026-05-01", "2026-06-30")).await.unwrap();
    for maturity in Maturity::ALL {
        assert_eq!(table.get(maturity), [(day("2026-05-01"), 4.39), (day("2026-05-26"), 4.5)]);
    }
    let mut asked = server.targets();
    asked.sort();
    assert_eq!(asked.len(), 5);
    assert_eq!(asked[0], "/graph/fredgraph.csv?id=DGS10&cosd=2026-05-01&coed=2026-05-28");
}

#[test]
fn another_series_or_text_is_refused() {
    let dates = VendorDates::fixed(day("2026-05-28"));
    let read = |body: &str| read(&UpstreamResponse::of(body), Maturity::Ust2Y, &dates).map(drop);
    assert_eq!(read("DATE,DGS2\n"), Ok(()));
    assert!(matches!(read("DATE,DGS10\n2026-05-01,4\n"), Err(ResponseError::NotData(_))));
    assert!(matches!(read("<html>"), Err(ResponseError::NotData(_))));
    assert!(matches!(read("DATE,DGS2\n2026-05-01,abc\n"), Err(ResponseError::Unusable(_))));
}
