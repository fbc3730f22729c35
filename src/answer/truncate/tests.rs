use std::cell::Cell;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::answer::{Layout, Matrix, Room, Rounding};

const DESCRIPTIVE: [&str; 3] = ["performance", "insights", "data_quality"];

fn by_level() -> Rule<'static> {
    Rule::Level { then: DESCRIPTIVE.to_vec() }
}

/// A matrix with whole sevenths in its cells.
fn matrix(size: usize) -> Part {
    let labels: Vec<String> = (0..size).map(|at| format!("Tü{at}")).collect();
    Part::Matrix(Matrix::of(&labels, Layout::Nested, Rounding::Decimals(3), |i, j| ((i * j) % 7) as f64 / 7.0))
}

fn matrices(sizes: &[usize]) -> Fields {
    sizes.iter().map(|size| (format!("of_{size}"), matrix(*size))).collect()
}

fn rows(count: usize) -> Vec<Value> {
    (0..count).map(|at| json!({"ticker": format!("T{at}"), "v": at})).collect()
}

/// An answer with every kind of part.
fn answer() -> Fields {
    let mut answer = Fields::rounded(Rounding::None);
    answer.put_whole("status", "success");
    answer.put_part("matrices", Part::Fields(matrices(&[12, 30])));
    let table: Map<String, Value> = (0..90).map(|n| (format!("T{n}"), json!({"label": "x".repeat(n)}))).collect();
    answer.put("factors", &table);
    answer.put_parts("rankings", &json!({"1m": rows(80), "3m": rows(60)}));
    let categories = (0..20).map(|at| (format!("c{at}"), Rounding::None.write(&json!({"mean": at}))));
    answer.put_part("by_category", Part::Fields(categories.collect::<Fields>().into_table()));
    answer.put_parts("data_quality", &json!({"undefined": rows(40), "score": "good"}));
    answer.put("formatted_report", &"a \"line\" of the report, ü\n".repeat(100));
    answer
}

/// What is left of an answer cut to `limit`, and what is said of it.
fn cut_to(mut answer: Fields, limit: usize, rule: &Rule<'_>) -> (Option<Cut>, Fields) {
    let cut = cut(&mut answer, limit, rule);
    (cut, answer)
}

#[test]
fn what_fits_is_left_alone() {
    let (cut, after) = cut_to(answer(), 100_000, &by_level());
    assert_eq!((cut, after), (None, answer()));
}

#[test]
fn a_nested_matrix_becomes_a_triangle_before_anything_is_cut() {
    let mut answer = Fields::rounded(Rounding::None);
    answer.put_part("matrices", Part::Fields(matrices(&[30])));
    let whole = answer.json().value()["matrices"]["of_30"].clone();
    let limit = answer.chars() * 3 / 4;
    let (cut, answer) = cut_to(answer, limit, &by_level());
    assert_eq!(cut.unwrap(), Cut { triangles: true, lost: Vec::new() });
    assert!(answer.chars() <= limit);
    let folded = answer.json().value()["matrices"]["of_30"].clone();
    assert_eq!(folded["labels"].as_array().unwrap().len(), 30);
    for (i, row) in folded["rows"].as_array().unwrap().iter().enumerate() {
        assert_eq!(row.as_array().unwrap().len(), i + 1);
        for (j, cell) in row.as_array().unwrap().iter().enumerate() {
            assert_eq!(cell, &whole[format!("Tü{i}")][format!("Tü{j}")]);
            assert_eq!(cell, &whole[format!("Tü{j}")][format!("Tü{i}")]);
        }
    }
}

#[test]
fn large_parts_are_cut_to_a_common_size() {
    let mut answer = Fields::rounded(Rounding::None);
    answer.put_parts("rankings", &json!({"1m": rows(300), "3m": rows(200), "6m": rows(5)}));
    answer.put("factors", &json!({"A": 1}));
    let (cut, answer) = cut_to(answer, 4_000, &by_level());
    let lost = cut.unwrap().lost;
    assert_eq!(lost.iter().map(|loss| loss.section.as_str()).collect::<Vec<_>>(), ["rankings.1m", "rankings.3m"]);
    assert!(answer.chars() + OVERHEAD <= 4_000);
    let answer = answer.json().value();
    let shown = |window: &str| answer["rankings"][window].as_array().unwrap().len();
    assert!(shown("1m").abs_diff(shown("3m")) <= 2 && shown("6m") == 5, "{} {}", shown("1m"), shown("3m"));
    assert_eq!(answer["factors"], json!({"A": 1}));
}

#[test]
fn what_describes_the_answer_goes_when_shorter_lists_are_not_enough() {
    // Words and numbers are never cut, so only the whole field can go.
    let described: Map<String, Value> = (0..60).map(|at| (format!("a_long_name_of_field_{at}"), json!(at))).collect();
    let mut whole = Fields::rounded(Rounding::None);
    whole.put("rows", &rows(50));
    whole.put_parts("data_quality", &described);
    whole.put_parts("performance", &json!({"took": 1}));
    let (cut, answer) = cut_to(whole, 2_000, &by_level());
    assert!(answer.names().eq(["rows"]));
    let lost: Vec<(String, usize)> = cut.unwrap().lost.into_iter().map(|loss| (loss.section, loss.total)).collect();
    assert_eq!(lost, [("data_quality".to_owned(), 60), ("rows".to_owned(), 50), ("performance".to_owned(), 1)]);
}

#[test]
fn listed_fields_are_cut_in_their_order() {
    let mut answer = Fields::rounded(Rounding::None);
    answer.put("first", &rows(200));
    answer.put("second", &rows(200));
    answer.put("other", &rows(20));
    let rule = Rule::Listed(&["second", "first", "missing"]);
    let (cut, after) = cut_to(answer.clone(), 6_500, &rule);
    let cut = cut.unwrap();
    assert_eq!(cut.lost.iter().map(|loss| loss.section.as_str()).collect::<Vec<_>>(), ["second"]);
    let value = after.json().value();
    assert_eq!(value["second"].as_array().unwrap().len(), cut.lost[0].shown);
    assert_eq!((&value["first"], &value["other"]), (&json!(rows(200)), &json!(rows(20))));
    assert_eq!(
        json!(cut.truncated(&rule, "there")),
        json!({"section": "second", "shown": cut.lost[0].shown, "total": 200, "how_to_get_the_rest": "there"})
    );
    let (cut, _) = cut_to(answer, 2_500, &rule);
    let said = json!(cut.unwrap().truncated(&rule, "there"));
    assert_eq!((said["section"].as_str(), said["shown"].as_u64()), (Some("second"), Some(0)));
    assert_eq!(said["also"][0]["section"], "first");
}

#[test]
fn where_the_listed_fields_are_not_enough_all_others_are_cut_to_one_size() {
    let mut answer = Fields::rounded(Rounding::None);
    answer.put("listed", &rows(20));
    answer.put("forgotten", &rows(400));
    answer.put_parts("of", &json!({"within": rows(300), "count": 300}));
    let rule = Rule::Listed(&["listed"]);
    let (cut, after) = cut_to(answer, 4_000, &rule);
    assert!(after.chars() <= 4_000 - OVERHEAD, "{}", after.chars());
    let value = after.json().value();
    let shown = |part: &Value| part.as_array().unwrap().len();
    let (forgotten, within) = (shown(&value["forgotten"]), shown(&value["of"]["within"]));
    assert!(forgotten > 30 && forgotten.abs_diff(within) <= 1, "{forgotten} {within}");
    assert_eq!((shown(&value["listed"]), &value["of"]["count"]), (0, &json!(300)));
    let cut = cut.unwrap();
    let lost: Vec<(&str, usize)> = cut.lost.iter().map(|loss| (loss.section.as_str(), loss.shown)).collect();
    assert_eq!(lost, [("forgotten", forgotten), ("of.within", within), ("listed", 0)]);
}

#[test]
fn what_is_said_of_a_cut_names_the_first_few() {
    let loss = |section: &str| Loss { section: section.to_owned(), shown: 1, total: 2 };
    let said = |count: usize| {
        let lost = ["a", "b", "c", "d", "e"][..count].iter().map(|section| loss(section)).collect();
        json!(Cut { triangles: false, lost }.truncated(&by_level(), "there"))
    };
    assert_eq!(said(0), Value::Null);
    assert_eq!(said(1), json!({"section": "a", "shown": 1, "total": 2, "how_to_get_the_rest": "there"}));
    let many = said(5);
    assert_eq!((many["sections_cut"].as_u64(), many["also"].as_array().map(Vec::len)), (Some(5), Some(3)));
}

/// Checks that `cut` is `whole` but for entries missing from its ends, and gives how many entries each path has.
fn is_prefix(whole: &Value, cut: &Value, path: &str) {
    match (whole, cut) {
        (Value::Array(all), Value::Array(some)) => assert_eq!(all[..some.len()], some[..], "{path}"),
        (Value::Object(all), Value::Object(some)) if some.contains_key("labels") => {
            let (labels, rows) = (some["labels"].as_array().unwrap(), some["rows"].as_array().unwrap());
            assert_eq!(labels.len(), rows.len(), "{path}");
            let named: Vec<&str> = all.keys().map(String::as_str).take(labels.len()).collect();
            assert_eq!(json!(named), some["labels"], "{path}");
            for (name, row) in named.iter().zip(rows) {
                let cells = row.as_array().unwrap();
                let of_whole: Vec<&Value> = all[*name].as_object().unwrap().values().take(cells.len()).collect();
                assert_eq!(of_whole, cells.iter().collect::<Vec<_>>(), "{path}.{name}");
            }
        }
        (Value::Object(all), Value::Object(some)) => {
            let names: Vec<&String> = all.keys().filter(|name| some.contains_key(*name)).collect();
            assert_eq!(names, some.keys().collect::<Vec<_>>(), "{path}");
            for (name, part) in some {
                is_prefix(&all[name], part, &format!("{path}.{name}"));
            }
        }
        (Value::String(all), Value::String(some)) => assert!(all.starts_with(some.as_str()), "{path}"),
        _ => assert_eq!(whole, cut, "{path}"),
    }
}

/// How many entries are at a path.
fn entries_at(answer: &Value, path: &str) -> usize {
    let part = path.split('.').try_fold(answer, |value, name| value.get(name));
    match part {
        None => 0,
        Some(Value::Array(items)) => items.len(),
        Some(Value::Object(fields)) => fields.get("rows").and_then(Value::as_array).map_or(fields.len(), Vec::len),
        Some(Value::String(lines)) => lines.lines().count(),
        Some(_) => panic!("{path} has no entries"),
    }
}

proptest! {
    #[test]
    fn any_limit_is_kept_and_what_is_left_is_the_beginning(limit in 1_500_usize..40_000) {
        let whole = answer();
        let (cut, mut after) = cut_to(whole.clone(), limit, &by_level());
        prop_assert_eq!(cut.is_none(), whole.chars() <= limit);
        let (whole, left) = (whole.json().value(), after.json().value());
        is_prefix(&whole, &left, "");
        prop_assert_eq!(after.chars(), after.text().chars().count());
        let Some(cut) = cut else { return Ok(()) };
        for loss in &cut.lost {
            prop_assert_eq!(entries_at(&whole, &loss.section), loss.total, "{}", loss.section);
            prop_assert_eq!(entries_at(&left, &loss.section), loss.shown, "{}", loss.section);
        }
        if let Some(entry) = cut.truncated(&by_level(), &"x".repeat(200)) {
            after.put_whole("truncated", &entry);
        }
        prop_assert!(after.chars() <= limit, "{} of {limit}", after.chars());
    }

    #[test]
    fn characters_are_those_of_the_text(value in tree(), shown in 0_usize..6) {
        let mut part = Rounding::None.write(&value);
        prop_assert_eq!(part.chars(), value.to_string().chars().count());
        let total = total(&part);
        if let Part::Entries(entries) = &mut part {
            entries.show(shown);
            let own: usize = (0..entries.shown()).map(|at| entries.own(at)).sum();
            let around = 2 + entries.between() * entries.shown().saturating_sub(1);
            if entries.shown() < total {
                prop_assert_eq!(entries.chars(), own + around);
            }
        }
        let of = |part: Part| [("x".to_owned(), part)].into_iter().collect::<Fields>();
        let left = of(part).json().value();
        let expected = match value {
            Value::Array(items) => Value::Array(items.into_iter().take(shown).collect()),
            Value::Object(fields) => Value::Object(fields.into_iter().take(shown).collect()),
            other => other,
        };
        prop_assert_eq!(&left["x"], &expected);
    }
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|value| Value::from(value + 0.0)),
        "[\\\\\"{}\\[\\],:a-zé\n]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[\\\\\"{}:,a-zé\n]{0,6}", inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

#[test]
fn the_first_lines_stay_whole_while_they_leave_room_for_the_rest() {
    let with_warnings = |count: usize| {
        let mut answer = Fields::rounded(Rounding::None);
        answer.put("warnings", &vec!["a warning of some thirty letters"; count]);
        answer.put("factors", &(0..400).map(|at| format!("row {at:04}")).collect::<Vec<_>>());
        answer
    };
    let shown = |count: usize| {
        let (_, after) = cut_to(with_warnings(count), 3_000, &by_level());
        assert!(after.chars() <= 3_000);
        let value = after.json().value();
        let of = |name: &str| value[name].as_array().map_or(0, Vec::len);
        (of("warnings"), of("factors"))
    };
    let (warnings, rows) = shown(30);
    assert!(warnings == 30 && rows > 50, "{warnings} warnings, {rows} rows");
    // A thousand of them would leave nothing of what was asked for.
    let (warnings, rows) = shown(1_000);
    assert!(warnings < 60 && rows > 50, "{warnings} warnings, {rows} rows");
}

/// An answer with a matrix, a list and a table, written as far as there is room, and how many cells and entries were rendered.
fn written_within(room: Room, (size, entries): (usize, usize)) -> (Fields, usize) {
    let rendered = Cell::new(0);
    let count = |at: usize| {
        rendered.set(rendered.get() + 1);
        at
    };
    let labels: Vec<String> = (0..size).map(|at| format!("T{at}")).collect();
    let cell = |i: usize, j: usize| count((i * j) % 7) as f64 / 7.0;
    let matrix = Matrix::first_rows(&labels, Layout::Nested, Rounding::Decimals(3), room, cell);
    let list = (0..entries).map(|at| json!({"pair": count(at), "name": "ü".repeat(at % 5)}));
    let mut answer = Fields::rounded(Rounding::None).within(room);
    answer.put_whole("status", "success");
    answer.put_part("matrix", Part::Matrix(matrix));
    answer.put_part("rolling", Part::list((entries, list), Rounding::None, room));
    answer.put("few", &rows(12));
    (answer, rendered.get())
}

#[test]
fn what_cannot_be_shown_is_not_rendered() {
    let limit = 4_000;
    let (whole, all) = written_within(Room::ALL, (300, 9_000));
    let (part, some) = written_within(Room::for_chars(limit), (300, 9_000));
    assert_eq!((all, whole.is_partial(), part.is_partial()), (300 * 301 / 2 + 9_000, false, true));
    // Sixteen thousand bytes of either, and a row or an entry more: of four bytes a cell and fifteen an entry at least.
    assert!(some < 16_000 / 4 + 300 + 16_000 / 15 + 1, "{some} of {all}");
    assert!(!written_within(Room::for_chars(4_000_000), (30, 90)).0.is_partial());
}

proptest! {
    #[test]
    fn cut_or_never_written_the_same_is_shown(limit in 2_000..9_000_usize, size in 0..120_usize, entries in 0..900_usize) {
        let (whole, _) = written_within(Room::ALL, (size, entries));
        let (part, _) = written_within(Room::for_chars(limit), (size, entries));
        let ((of_whole, whole), (of_part, part)) = (cut_to(whole, limit, &by_level()), cut_to(part, limit, &by_level()));
        prop_assert_eq!(of_whole, of_part);
        prop_assert_eq!(whole.text(), part.text());
        prop_assert_eq!(part.chars(), part.text().chars().count());
    }
}
