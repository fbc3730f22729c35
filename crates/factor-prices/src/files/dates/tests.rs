use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn read(texts: &[&str]) -> Result<Vec<NaiveDate>, String> {
    let cells: Vec<Placed> = (2..).zip(texts).map(|(line, text)| (line, DateCell::parse(text.as_bytes()))).collect();
    assert!(cells.iter().all(|(_, cell)| *cell != DateCell::Unreadable), "{texts:?}");
    settle(&cells, "line", day("2026-01-15")).map(|settled| settled.days)
}

fn days(texts: &[&str]) -> Vec<NaiveDate> {
    texts.iter().map(|text| day(text)).collect()
}

#[test]
fn dates_that_say_what_they_are() {
    for text in [
        "2024-02-09",
        " 2024-02-09 ",
        "20240209",
        "2024/02/09",
        "2024-2-9",
        "2024.02.09",
        "2024-02-09 00:00:00",
        "2024-02-09T16:00:00-05:00",
        "2024-02-09T00:00:00.000Z",
        "2024-02-09 00:00:00+01:00",
        "Feb 9, 2024",
        "February 09, 2024",
        "9 Feb 2024",
        "09-FEB-2024",
        "2024-Feb-09",
        "Friday, February 9, 2024",
        "Fri 9 Feb 2024",
        "9.2.2024",
        "20240209.0",
        "09-Feb-24",
        "Fri, 09 Feb 2024 00:00:00 GMT",
        "Fri Feb 09 2024 00:00:00 GMT-0500 (Eastern Standard Time)",
        "9. Feb. 2024",
        "Feb 9, 2024 4:00 PM",
        "1707436800000000",
        "1707436800000000000",
        "9 févr. 2024",
        "9 fe\u{301}vrier 2024",
        "9 de febrero de 2024",
        "09 fev 2024",
        "9-feb-2024",
    ] {
        assert_eq!(read(&[text]), Ok(vec![day("2024-02-09")]), "{text}");
    }
    assert_eq!(read(&["05/05/2024"]), Ok(vec![day("2024-05-05")]), "the same in either order");
    for text in [
        "",
        "2024",
        "2024-13-01",
        "2024-02-30",
        "9 Fob 2024",
        "24-02-09",
        "31/31/2024",
        "30/02/2024",
        "0001-01-01",
        "//",
        "2024-",
        "é",
        "45331.x",
        "2024020916",
        "170748000",
        "1e5",
        "3 jui 2024",
        "Feb 24",
        "20240209.5",
        "Updated 9 Feb 2024",
    ] {
        assert_eq!(DateCell::parse(text.as_bytes()), DateCell::Unreadable, "{text}");
    }
}

#[test]
fn months_are_words_of_six_languages() {
    let all = [
        ["Jan", "Januar", "janv", "enero", "gen", "jan"],
        ["Feb", "Februar", "févr", "febrero", "febbraio", "fevereiro"],
        ["Mar", "März", "mars", "marzo", "mar", "março"],
        ["Apr", "April", "avr", "abril", "aprile", "abr"],
        ["May", "Mai", "mai", "mayo", "maggio", "maio"],
        ["Jun", "Juni", "juin", "junio", "giu", "junho"],
        ["Jul", "Juli", "juil", "julio", "luglio", "julho"],
        ["Aug", "August", "août", "agosto", "ago", "agosto"],
        ["Sep", "Sept", "septembre", "septiembre", "set", "setembro"],
        ["Oct", "Okt", "octobre", "octubre", "ottobre", "out"],
        ["Nov", "November", "novembre", "noviembre", "nov", "novembro"],
        ["Dec", "Dez", "déc", "dic", "dicembre", "dezembro"],
    ];
    for (month, words) in (1..).zip(all) {
        let expected = DateCell::Day(NaiveDate::from_ymd_opt(2024, month, 3).unwrap());
        for word in words {
            assert_eq!(DateCell::parse(format!("3 {word} 2024").as_bytes()), expected, "{word}");
            assert_eq!(DateCell::parse(format!("3. {}. 2024", word.to_uppercase()).as_bytes()), expected, "{word}");
        }
    }
}

#[test]
fn a_month_alone_is_its_last_trading_day() {
    // The last days of March 2024 are Good Friday and a weekend.
    assert_eq!(read(&["Feb 2024", "March 2024"]), Ok(days(&["2024-02-29", "2024-03-28"])));
    let mixed = read(&["Feb 2024", "2024-03-28"]).unwrap_err();
    assert!(mixed.starts_with("line 2 has a month without a day, and line 3 a date"), "{mixed}");
}

#[test]
fn months_in_numbers_and_of_spreadsheets() {
    for texts in [
        ["2021-11", "2021-12", "2022-01"],
        ["2021/11", "2021/12", "2022/01"],
        ["11/2021", "12/2021", "1/2022"],
        ["11.2021", "12.2021", "01.2022"],
        ["202111", "202112", "202201"],
        ["202111.0", "202112.0", "202201.0"],
        ["Nov-21", "Dec-21", "Jan-22"],
        ["nov-21", "dez-21", "jan-22"],
    ] {
        assert_eq!(read(&texts), Ok(days(&["2021-11-30", "2021-12-31", "2022-01-31"])), "{texts:?}");
    }
    // Days of 2020 as YYMMDD, and of one November.
    for texts in [["200102", "200202", "200302"], ["Nov-21", "Nov-22", "Nov-23"]] {
        let error = read(&texts).unwrap_err();
        assert!(error.starts_with("line 2 and those after it are one month of many years, or days"), "{error}");
    }
    assert_eq!(read(&["12/1/21", "12/2/21", "12/13/21"]).unwrap()[0], day("2021-12-01"), "a day and no month");
    for text in ["2021-13", "2021-11 x", "13/2021", "202113", "21-Nov", "Nov 21", "0/2021", "2021-", "123456"] {
        assert_eq!(DateCell::parse(text.as_bytes()), DateCell::Unreadable, "{text}");
    }
}

#[test]
fn dates_that_are_one_a_month_in_one_order_alone_have_that_order() {
    let first_of_month = |order: &str| -> Vec<String> {
        let months = (0..24).map(|at| day("2023-01-01") + chrono::Months::new(at));
        months.map(|first| first.format(order).to_string()).collect()
    };
    for order in ["%m/%d/%Y", "%d/%m/%Y"] {
        let texts = first_of_month(order);
        let newest_first: Vec<&str> = texts.iter().map(String::as_str).rev().collect();
        let read = read(&newest_first).unwrap();
        assert_eq!((read[0], read[23]), (day("2024-12-01"), day("2023-01-01")), "{order}");
    }
    // Three days in a row, or three months.
    assert!(read(&["03/04/2025", "04/04/2025"]).is_err());
    // Every day of twelve days, and no month.
    let crowd: Vec<String> = (2..12).map(|at| format!("{at:02}/{at:02}/2025")).collect();
    assert!(read(&crowd.iter().map(String::as_str).collect::<Vec<_>>()).is_ok());
}

#[test]
fn the_order_of_month_and_day_is_the_whole_column_s() {
    // A number above 12 decides for all.
    assert_eq!(read(&["03/04/2025", "3/31/2025"]), Ok(days(&["2025-03-04", "2025-03-31"])));
    assert_eq!(read(&["03/04/2025", "31/03/2025"]), Ok(days(&["2025-04-03", "2025-03-31"])));
    assert_eq!(read(&["03-04-2025", "31-03-2025"]), Ok(days(&["2025-04-03", "2025-03-31"])));
    // 2025-02-01 is a Saturday, so 01/02/2025 is the second of January.
    assert_eq!(read(&["01/02/2025", "01/03/2025"]), Ok(days(&["2025-01-02", "2025-01-03"])));
    assert_eq!(read(&["02/01/2025", "03/01/2025"]), Ok(days(&["2025-01-02", "2025-01-03"])));
    // Dots are written where the day comes first.
    assert_eq!(read(&["03.04.2025"]), Ok(days(&["2025-04-03"])));
    let error = read(&["03/04/2025"]).unwrap_err();
    assert_eq!(
        error,
        "line 2: `03/04/2025` is 2025-03-04 with the month first or 2025-04-03 with the day first, and no other date of the \
         file says which: write YYYY-MM-DD"
    );
    let error = read(&["12/31/2025", "31/12/2025"]).unwrap_err();
    assert!(error.starts_with("line 2 `12/31/2025` has its month first and line 3 `31/12/2025` its day"), "{error}");
}

#[test]
fn years_of_two_digits_are_read_where_they_come_last() {
    assert_eq!(read(&["02/09/24", "02/13/24"]), Ok(days(&["2024-02-09", "2024-02-13"])));
    let turn = ["28.12.99", "29.12.99", "30.12.99", "31.12.99", "03.01.00", "04.01.00"];
    assert_eq!(read(&turn).unwrap()[3..5], days(&["1999-12-31", "2000-01-03"]));
    assert_eq!(read(&["9-Feb-24", "29-Dec-23"]), Ok(days(&["2024-02-09", "2023-12-29"])));
    let months: Vec<String> = (1..=12).map(|month| format!("{month:02}/28/25")).collect();
    assert!(read(&months.iter().map(String::as_str).collect::<Vec<_>>()).is_ok(), "a price a month");
    // Year, month and day: the last number changes with each line.
    let error = read(&["24/01/02", "24/01/03", "24/01/04", "24/01/05"]).unwrap_err();
    assert!(error.starts_with("line 2: `24/01/02` has a year of two digits, and which number it is"), "{error}");
}

#[test]
fn seconds_and_milliseconds_since_1970_are_moments() {
    // 2024-02-09 and 12: midnight in Greenwich, and the close of New York.
    assert_eq!(read(&["1707436800", "1707696000"]), Ok(days(&["2024-02-09", "2024-02-12"])));
    assert_eq!(read(&["1707512400", "1707771600"]), Ok(days(&["2024-02-09", "2024-02-12"])));
    assert_eq!(read(&["1707436800000", "1707696000000"]), Ok(days(&["2024-02-09", "2024-02-12"])));
    // A spreadsheet's days with their time of day.
    let with_times = ["45327.6666", "45328.6666", "45329.0", "45330.6666", "45331.6666"];
    assert_eq!(read(&with_times).unwrap()[0], day("2024-02-05"));
}

#[test]
fn day_numbers_only_where_one_way_of_counting_fits() {
    // 2024-02-05 to 2024-02-09, Monday to Friday: 45327 in a spreadsheet, 43865 from 1904, 19758 from 1970.
    let week = days(&["2024-02-05", "2024-02-06", "2024-02-07", "2024-02-08", "2024-02-09"]);
    for first in [45_327, 43_865, 19_758] {
        let texts: Vec<String> = (first..first + 5).map(|count: u32| count.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert_eq!(read(&texts), Ok(week.clone()), "{first}");
    }
    // A Thursday of 2020, or a Wednesday of 2024.
    let error = read(&["43867"]).unwrap_err();
    assert!(error.contains("more than one way"), "{error}");
    let error = read(&["45325"]).unwrap_err();
    assert!(error.contains("no way of counting gives weekdays"), "a Saturday: {error}");
    let error = read(&["45329", "2024-02-08"]).unwrap_err();
    assert!(error.contains("line 2: `45329` is a day number, and line 3 has a written date"), "{error}");
}

#[test]
fn a_moment_is_a_date_of_its_zone_at_midnight_and_of_new_york_otherwise() {
    let berlin = Zone::parse("Europe/Berlin");
    let settled = |zone, seconds: &[i64]| {
        let cells: Vec<Placed> = seconds.iter().map(|seconds| (1, DateCell::from_seconds(*seconds, zone))).collect();
        settle(&cells, "row", day("2026-01-15")).unwrap().days
    };
    // 2021-11-30T23:00Z is midnight of 1 December in Berlin, 2022-06-30T22:00Z of 1 July.
    assert_eq!(settled(berlin, &[1_638_313_200, 1_656_626_400]), days(&["2021-12-01", "2022-07-01"]));
    // Midnight in New York, 05:00Z and 04:00Z, in any zone.
    for zone in ["UTC", "Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles", "+05:30", "America/New_York"] {
        let dates = settled(Zone::parse(zone), &[1_638_334_800, 1_656_648_000]);
        assert_eq!(dates, days(&["2021-12-01", "2022-07-01"]), "{zone}");
    }
    // The close of New York on 30 November, 21:00Z, is 05:00 of the next day in Hong Kong.
    assert_eq!(settled(Zone::parse("Asia/Hong_Kong"), &[1_638_306_000]), days(&["2021-11-30"]));
    assert_eq!(settled(Zone::Naive, &[1_638_313_200]), days(&["2021-11-30"]));
    // In text, too.
    assert_eq!(read(&["2021-12-01T05:00:00Z", "2021-12-02 05:00:00+00:00"]), Ok(days(&["2021-12-01", "2021-12-02"])));
    assert_eq!(read(&["2021-11-30T21:00:00Z"]), Ok(days(&["2021-11-30"])));
    assert_eq!(read(&["2021-12-01 05:00:00+0800"]), Ok(days(&["2021-11-30"])));
}

#[test]
fn a_week_from_sunday_to_thursday_is_a_shifted_one() {
    let from = |first: &str, on: &[u64]| -> Vec<NaiveDate> {
        let weeks = (0..4_u64).flat_map(|week| on.iter().map(move |day| week * 7 + day));
        weeks.map(|days| day(first) + chrono::Days::new(days)).collect()
    };
    // 2024-02-04 is a Sunday.
    let early = shifted(&from("2024-02-04", &[0, 1, 2, 3, 4])).unwrap();
    assert!(
        early.starts_with("4 of 20 dates fall on Sundays and hardly one on a Friday: they are a day early"),
        "{early}"
    );
    assert!(shifted(&from("2024-02-04", &[2, 3, 4, 5, 6])).unwrap().contains("a day late"));
    for whole in [&[1, 2, 3, 4, 5][..], &[0, 1, 2, 3, 4, 5], &[0, 1, 2, 3, 4, 5, 6], &[0], &[6]] {
        assert_eq!(shifted(&from("2024-02-04", whole)), None, "{whole:?}");
    }
}
