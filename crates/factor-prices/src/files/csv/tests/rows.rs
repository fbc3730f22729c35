//! Lines that are no rows, and rows that cannot be read.

use std::fmt::Write as _;

use super::*;

/// Weekdays of 2024 from January on, `date,SPY,TLT` with a price each.
fn table(rows: usize, line: impl Fn(usize, NaiveDate) -> String) -> String {
    let days = day("2024-01-02").iter_days().filter(|date| !factor_types::exchange::is_weekend(*date)).take(rows);
    days.enumerate().fold("date,SPY,TLT\n".to_owned(), |mut text, (at, date)| {
        writeln!(text, "{}", line(at, date)).unwrap();
        text
    })
}

fn plain(at: usize, date: NaiveDate) -> String {
    format!("{date},{},90.5", 100 + at % 7)
}

fn kinds(content: &Content) -> Vec<&'static str> {
    content.warnings.iter().map(|remark| remark.kind.as_str()).collect()
}

#[test]
fn a_file_with_one_unread_row_in_twenty_is_used_and_with_more_refused() {
    let with_bad = |bad: usize| {
        let line =
            |at, date| if at % 10 == 5 && at / 10 < bad { format!("4. joulukuuta,{at},1") } else { plain(at, date) };
        parsed("px.csv", table(80, line))
    };
    let content = with_bad(4).unwrap();
    assert_eq!((series(&content, "SPY").len(), content.warnings.len()), (76, 4));
    assert_eq!(content.warnings[0], "px.csv: line 7: `4. joulukuuta` is no date; skipped");
    let refused = with_bad(5).unwrap_err().to_string();
    assert!(refused.contains("px.csv: 5 of 80 lines cannot be read, and the rest is no random part of the file (write dates as YYYY-MM-DD): line 7: `4. joulukuuta` is no date; skipped"), "{refused}");
}

#[test]
fn dates_with_the_day_in_the_middle_are_refused() {
    let refused = parsed("px.csv", table(120, |at, date| format!("{},{at},1", date.format("%Y-%d-%m")))).unwrap_err();
    assert!(refused.to_string().contains("line 11: `2024-15-01` is no date"), "{refused}");
}

#[test]
fn notes_totals_and_headers_are_no_rows() {
    let header_again = |at, date| if at == 30 { format!("Date,spy,TLT\n{}", plain(at, date)) } else { plain(at, date) };
    let exact = table(60, header_again).replace("Date,spy,TLT", "date,SPY,TLT");
    let footer = "Average,103,90\nMin,100,90\n\"Past performance, as of 2024, is no guarantee\"\n";
    let content = parsed("px.csv", format!("{exact}{footer}")).unwrap();
    assert_eq!(series(&content, "SPY").len(), 60);
    assert_eq!(kinds(&content), ["no_row"; 4], "{:?}", content.warnings);
    assert_eq!(content.warnings[0], "px.csv: line 32: the header again; left aside");
    // Another header may be another table.
    let other = parsed("px.csv", table(60, header_again).replace("Date,spy,TLT", "date,XLK,XLE")).unwrap();
    assert_eq!(kinds(&other), ["bad_line"]);
    // A row that breaks off is no note.
    let cut = parsed("px.csv", format!("{}2024-06-03,10", table(60, plain))).unwrap();
    assert_eq!(kinds(&cut), ["bad_line"]);
    // Nor are fifty lines, and a month in a language that is not read.
    let many = format!("{}{}", table(60, plain), "lokakuu,1,2\n".repeat(50));
    assert!(parsed("px.csv", many).is_err());
}

#[test]
fn a_quote_that_is_not_closed_is_named_by_its_line() {
    let with = |cell: fn(usize) -> &'static str| {
        parsed("px.csv", table(60, move |at, date| format!("{date},{}100,{at}", cell(at))))
    };
    for opened in [|at| if at == 29 { "\"" } else { "" }, |at| if at == 29 || at == 50 { "\"" } else { "" }] {
        let error = with(opened).unwrap_err().to_string();
        let expected =
            "px.csv: line 31: a quote is opened and not closed on its line, so that rows below it are part of it";
        assert!(error.starts_with(expected), "{error}");
    }
    // A note of two lines below a table holds no row.
    let note = format!("{}\"Past performance\n2024-01-02 is no guarantee\"\n", table(60, plain));
    assert_eq!(series(&parsed("px.csv", note).unwrap(), "SPY").len(), 60);
}

#[test]
fn hourly_bars_are_said_to_be_intraday() {
    let hours = |form: &str| {
        table(30, |at, date| {
            let at_hour = |hour: u32| format!("{},{},1", date.and_hms_opt(hour, 30, 0).unwrap().format(form), 100 + at);
            [9, 12, 15].map(at_hour).join("\n")
        })
    };
    for (form, times) in [("%Y-%m-%d %H:%M:%S", "09:30 and 12:30"), ("%m/%d/%Y %I:%M %p", "09:30 and 12:30")] {
        let error = parsed("px.csv", hours(form)).unwrap_err().to_string();
        let expected =
            format!("px.csv: intraday: 60 of 90 lines repeat a date at another time, as {times}: give one line");
        assert!(error.starts_with(&expected), "{error}");
    }
    // Midnight in summer and winter is one row a date, and long form repeats no date of a ticker.
    let long = "date,ticker,close\n2024-01-02 16:00,SPY,1\n2024-01-02 16:15,TLT,2\n";
    assert_eq!(parsed("px.csv", long).unwrap().prices.len(), 2);
}

#[test]
fn decimal_commas_between_commas_are_refused_with_the_way_out() {
    let way_out = "numbers with decimal commas want quotes (\"24,01\"), or fields parted by semicolons";
    let refused = parsed("px.csv", table(60, |at, date| format!("{date},24,{at:02},90,50"))).unwrap_err().to_string();
    let expected = format!("no line could be used ({way_out}): line 2: 5 fields where the header has 3; skipped");
    assert!(refused.contains(&expected), "{refused}");
    // A whole number now and then does not make it a table.
    let some = |at, date| if at % 4 == 0 { format!("{date},24,90") } else { format!("{date},24,{at:02},90,50") };
    let refused = parsed("px.csv", table(60, some)).unwrap_err().to_string();
    assert!(refused.contains("45 of 60 lines cannot be read") && refused.contains(way_out), "{refused}");
}

#[test]
fn a_column_of_weekdays_is_left_aside_and_a_weekday_among_prices_is_a_bad_cell() {
    let weekdays = |at, date: NaiveDate| format!("{},{}", plain(at, date), date.format("%A"));
    let text = table(60, weekdays).replace("date,SPY,TLT", "date,SPY,TLT,day");
    let content = parsed("px.csv", text).unwrap();
    assert_eq!(content.prices.len(), 2);
    assert_eq!(content.warnings, ["px.csv: column 4 `day` holds weekdays and is left aside"]);
    let among = parsed("px.csv", table(60, |at, date| if at == 9 { format!("{date},Mon,1") } else { plain(at, date) }));
    let among = among.unwrap();
    assert_eq!(among.warnings, ["px.csv: line 11, column 2 `SPY`: `Mon` is no number; dropped (2024-01-15)"]);
    assert_eq!(series(&among, "SPY").bad_prices(), 1);
}

#[test]
fn words_for_no_value_say_nothing_and_errors_of_spreadsheets_are_bad_cells() {
    for word in ["No data", "NaT", "n/d", "?", "#N/A N/A", "NULL", "none"] {
        let text = table(60, |at, date| if at % 20 == 3 { format!("{date},{word},1") } else { plain(at, date) });
        let content = parsed("px.csv", text).unwrap();
        assert_eq!((content.warnings.len(), series(&content, "SPY").len()), (0, 57), "{word}");
    }
    for word in ["#VALUE!", "#DIV/0!", "#REF!"] {
        let text = table(60, |at, date| if at == 3 { format!("{date},{word},1") } else { plain(at, date) });
        assert_eq!(kinds(&parsed("px.csv", text).unwrap()), ["bad_cell"], "{word}");
    }
}
