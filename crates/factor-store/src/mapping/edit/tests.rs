use super::*;
use crate::StoreError;

fn row(category: Category, key: &str, etf: &str) -> ProxyRow {
    ProxyRow::new(category, key, etf.parse().unwrap())
}

fn bond(key: &str, etf: &str, canonical: bool) -> ProxyRow {
    ProxyRow { canonical, ..row(Category::FixedIncome, key, etf) }
}

/// Two bonds with an alternate between them, and gold.
fn rows() -> Vec<ProxyRow> {
    vec![
        bond("UST10Y", "IEF", true),
        bond("UST2Y", "SHY", true),
        ProxyRow { priority: Some(7), ..bond("UST10Y", "SCHR", false) },
        ProxyRow { canonical: true, ..row(Category::Commodity, "gold", "GLD") },
    ]
}

fn etfs(rows: &[ProxyRow]) -> Vec<&str> {
    rows.iter().map(|row| row.etf.as_str()).collect()
}

fn fates(report: &EditReport) -> Vec<(RowFate, &str)> {
    report.rows.iter().map(|edited| (edited.fate, edited.row.etf.as_str())).collect()
}

fn refusal(edit: &MappingEdit, rows: &[ProxyRow]) -> String {
    match edit.apply(rows) {
        Err(StoreError::Refused(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_canonical_row_makes_the_others_of_its_key_alternates() {
    let edit = MappingEdit::Upsert(vec![bond("UST10Y", "VGIT", true)]);
    let (after, report) = edit.apply(&rows()).unwrap();
    assert_eq!(fates(&report), [(RowFate::Added, "VGIT"), (RowFate::Updated, "IEF")]);
    assert_eq!(etfs(&after), ["SHY", "VGIT", "IEF", "SCHR", "GLD"], "canonical ones before alternates");
    let canonical: Vec<&str> = after.iter().filter(|row| row.canonical).map(|row| row.etf.as_str()).collect();
    assert_eq!(canonical, ["SHY", "VGIT", "GLD"]);
}

#[test]
fn an_upsert_tells_added_updated_and_unchanged_and_removes_nothing() {
    let changed = ProxyRow { description: Some("short".into()), ..bond("UST2Y", "SHY", true) };
    let edit = MappingEdit::Upsert(vec![bond("UST10Y", "IEF", true), changed, row(Category::Cash, "USD", "BIL")]);
    let (after, report) = edit.apply(&rows()).unwrap();
    assert_eq!(fates(&report), [(RowFate::Unchanged, "IEF"), (RowFate::Updated, "SHY"), (RowFate::Added, "BIL")]);
    assert_eq!(etfs(&after), ["IEF", "SHY", "SCHR", "GLD", "BIL"]);
    let (again, report) = edit.apply(&after).unwrap();
    assert_eq!((report.count(RowFate::Unchanged), again), (3, after), "twice is once");
}

#[test]
fn an_upsert_keeps_what_a_row_does_not_say() {
    let month = chrono::NaiveDate::from_ymd_opt(2002, 7, 1);
    let full = ProxyRow {
        priority: Some(3),
        inception: month,
        description: Some("7 to 10 years".into()),
        ..bond("UST10Y", "IEF", true)
    };
    let gold = ProxyRow {
        sector_group: Some("cyclical".into()),
        inception: month,
        description: Some("miners".into()),
        ..row(Category::Industry, "Gold", "GDX")
    };
    let bare = |stored: &ProxyRow, given: ProxyRow| {
        MappingEdit::Upsert(vec![given]).apply(std::slice::from_ref(stored)).unwrap()
    };
    let (after, report) = bare(&full, bond("UST10Y", "IEF", true));
    assert_eq!((after, fates(&report)), (vec![full.clone()], vec![(RowFate::Unchanged, "IEF")]));
    let (after, _) = bare(&full, ProxyRow { priority: Some(9), ..bond("UST10Y", "IEF", true) });
    assert_eq!(after, [ProxyRow { priority: Some(9), ..full.clone() }], "what it says counts");
    let (after, _) = bare(&gold, row(Category::Industry, "Gold", "RING"));
    let ring = ProxyRow { etf: "RING".parse().unwrap(), inception: None, ..gold };
    assert_eq!(after, [ring], "the month of inception was the other ETF's");
    let (after, _) = bare(&full, bond("UST10Y", "VGIT", false));
    assert_eq!(after[1], bond("UST10Y", "VGIT", false), "another ETF is another row");
}

#[test]
fn two_canonical_rows_may_change_places_in_one_edit() {
    let edit = MappingEdit::Upsert(vec![
        bond("UST10Y", "IEF", false),
        ProxyRow { priority: None, ..bond("UST10Y", "SCHR", true) },
    ]);
    let (after, report) = edit.apply(&rows()).unwrap();
    assert_eq!(fates(&report), [(RowFate::Updated, "IEF"), (RowFate::Updated, "SCHR")]);
    assert_eq!(etfs(&after), ["SHY", "SCHR", "IEF", "GLD"]);
}

#[test]
fn what_rows_may_not_say_is_refused() {
    let refuse = |row: ProxyRow| refusal(&MappingEdit::Upsert(vec![row]), &rows());
    let twice = MappingEdit::Upsert(vec![bond("a", "IEF", false), bond("a", "IEF", false)]);
    assert_eq!(refusal(&twice, &[]), "fixed_income `a` IEF is given twice: keep one");
    let two = MappingEdit::Upsert(vec![bond("a", "IEF", true), bond("a", "SHY", true)]);
    assert!(refusal(&two, &[]).contains("two canonical ETFs, SHY is the second"));
    assert!(refuse(bond(" a", "IEF", true)).contains("no spaces around them"));
    assert!(refuse(bond("a\nb", "IEF", true)).contains("on one line"));
    assert!(refuse(bond(&"a".repeat(101), "IEF", true)).contains("1 to 100 characters"));
    assert!(refuse(ProxyRow { sector_group: Some("x".into()), ..bond("a", "IEF", true) }).contains("only an industry"));
    let day = chrono::NaiveDate::from_ymd_opt(2020, 5, 26);
    assert!(refuse(ProxyRow { inception: day, ..bond("a", "IEF", true) }).contains("2020-05-26"));
    assert!(refuse(row(Category::User, "a", "IEF")).contains("the category user"));
}

#[test]
fn an_industry_keeps_what_is_not_said_of_it() {
    let stored = ProxyRow {
        sector_group: Some("sensitive".into()),
        inception: chrono::NaiveDate::from_ymd_opt(2001, 7, 1),
        description: Some("chips".into()),
        priority: Some(3),
        active: false,
        ..row(Category::Industry, "Semiconductors", "SOXX")
    };
    let mut edit = IndustryEdit {
        industry: "Semiconductors".into(),
        etf: "SOXX".parse().unwrap(),
        asset_class: None,
        sector_group: None,
        subindustry: Some("Design".into()),
        notes: None,
    };
    let (after, report) = MappingEdit::Industry(edit.clone()).apply(std::slice::from_ref(&stored)).unwrap();
    assert_eq!(fates(&report), [(RowFate::Updated, "SOXX")]);
    let expected = ProxyRow { active: true, subindustry: Some("Design".into()), ..stored.clone() };
    assert_eq!(after, [expected]);

    edit.etf = "SMH".parse().unwrap();
    edit.subindustry = None;
    let (after, _) = MappingEdit::Industry(edit).apply(std::slice::from_ref(&stored)).unwrap();
    assert_eq!(after, [ProxyRow { etf: "SMH".parse().unwrap(), inception: None, active: true, ..stored }]);
}

#[test]
fn an_industry_has_one_row_and_no_canonical_mark() {
    let stored = [row(Category::Industry, "Gold", "GDX")];
    let edit = MappingEdit::Upsert(vec![ProxyRow { canonical: true, ..row(Category::Industry, "Gold", "RING") }]);
    let (after, report) = edit.apply(&stored).unwrap();
    assert_eq!(fates(&report), [(RowFate::Updated, "RING")]);
    assert_eq!(after, [row(Category::Industry, "Gold", "RING")]);
}

#[test]
fn a_replacement_takes_the_standing_of_what_goes() {
    let replace = |old: &str, new: &str| MappingEdit::Replace {
        category: Category::FixedIncome,
        key: "UST10Y".into(),
        old: old.parse().unwrap(),
        new: new.parse().unwrap(),
    };
    let (after, report) = replace("IEF", "VGIT").apply(&rows()).unwrap();
    assert_eq!(fates(&report), [(RowFate::Removed, "IEF"), (RowFate::Added, "VGIT")]);
    assert_eq!(after[0], bond("UST10Y", "VGIT", true));
    assert_eq!(etfs(&after), ["VGIT", "SHY", "SCHR", "GLD"]);

    let (after, report) = replace("IEF", "SCHR").apply(&rows()).unwrap();
    assert_eq!(fates(&report), [(RowFate::Removed, "IEF"), (RowFate::Updated, "SCHR")]);
    assert_eq!(after[0], bond("UST10Y", "SCHR", true), "the standing of IEF, with no priority of its own");
    assert_eq!(etfs(&after), ["SCHR", "SHY", "GLD"]);

    assert_eq!(refusal(&replace("TLT", "VGIT"), &rows()), "fixed_income `UST10Y` has no TLT; it has: IEF, SCHR");
    assert!(refusal(&replace("IEF", "IEF"), &rows()).contains("IEF is there already"));
}

#[test]
fn a_deactivated_row_stays_and_a_cleared_category_goes() {
    let off = |key: &str| MappingEdit::Deactivate {
        category: Category::FixedIncome,
        key: key.into(),
        etf: "SHY".parse().unwrap(),
    };
    let (after, report) = off("UST2Y").apply(&rows()).unwrap();
    assert_eq!(fates(&report), [(RowFate::Updated, "SHY")]);
    assert!(!after[1].active && after.len() == 4);
    let (_, report) = off("UST2Y").apply(&after).unwrap();
    assert_eq!(fates(&report), [(RowFate::Unchanged, "SHY")]);
    assert_eq!(refusal(&off("UST3Y"), &rows()), "fixed_income has no `UST3Y`; it has: UST10Y, UST2Y");

    let (after, report) = MappingEdit::Clear(Category::FixedIncome).apply(&rows()).unwrap();
    assert_eq!((etfs(&after), report.count(RowFate::Removed)), (vec!["GLD"], 3));
}
