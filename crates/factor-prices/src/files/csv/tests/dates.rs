//! Which column of dates is meant, and what its cells mean.

use super::*;

#[test]
fn of_several_dates_the_one_called_date_is_meant_and_others_that_differ_are_asked() {
    let rows = "2021-12-01T10:00:00Z,2021-11-30,SPY,427.14\n2021-12-02T10:00:00Z,2021-12-01,SPY,422.4\n";
    for header in ["timestamp,date,ticker,close", "As Of Date,Datum,ticker,close", "Datetime,FECHA,ticker,close"] {
        let content = parsed("px.csv", format!("{header}\n{rows}")).unwrap();
        assert_eq!(dates_of(&content, "SPY"), [day("2021-11-30"), day("2021-12-01")], "{header}");
    }
    let error = parsed("px.csv", format!("Trade Date,Value Date,ticker,close\n{rows}")).unwrap_err().to_string();
    assert_eq!(
        error,
        "px.csv: columns 1 `Trade Date` and 2 `Value Date` are both dates and differ, in line 2 by 2021-12-01 and \
         2021-11-30: call the one that is meant `Date`, or leave the other out"
    );
    let months = parsed("SPY.csv", "Month,Close\n2021-11,427.14\n2021-12,446.9\n").unwrap();
    assert_eq!(dates_of(&months, "SPY"), [day("2021-11-30"), day("2021-12-31")]);
    let beside = parsed("px.csv", "Date,Month,SPY\n2021-11-30,11,427.14\n").unwrap();
    assert_eq!(beside.prices.len(), 1, "no ticker");
    // The same in two forms, and one that is hardly ever there.
    let same = "Trade Date,Pricing Date,SPY\n2021-11-30,11/30/2021,427.14\n2021-12-01,12/01/2021,422.4\n";
    assert_eq!(dates_of(&parsed("px.csv", same).unwrap(), "SPY").len(), 2);
    let empty = "Trade Date,Value Date,SPY\n2021-11-30,,427.14\n2021-12-01,,422.4\n2021-12-02,2021-12-05,1\n";
    assert_eq!(dates_of(&parsed("px.csv", empty).unwrap(), "SPY").len(), 3);
}
