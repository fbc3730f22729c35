//! `docs/RELIABILITY.md`: every goal has its row, a state that its columns bear out, and tests that are there.

use std::fs;

use crate::seeds_document::{functions, root};

#[test]
fn every_goal_has_a_row_and_its_tests_are_there() {
    let document = fs::read_to_string(root().join("docs/RELIABILITY.md")).unwrap();
    let mut known = std::collections::HashSet::new();
    for folder in ["src", "crates", "tests"] {
        functions(&root().join(folder), &mut known);
    }
    let rows: Vec<Vec<&str>> = document
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| # ") && !line.starts_with("| ---"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    let numbers: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(numbers, (1..=25).map(|number| number.to_string()).collect::<Vec<_>>());
    for row in &rows {
        let [number, _, state, figure, command, tests] = row[..] else { panic!("not six columns: {row:?}") };
        let mut named = 0;
        for span in tests.split('`').skip(1).step_by(2) {
            named += 1;
            match span.split_once(' ') {
                Some(("test", name)) => assert!(known.contains(name), "{number}: no test `{name}`"),
                Some(("file", path)) => assert!(root().join(path).is_file(), "{number}: no file `{path}`"),
                _ => panic!("{number}: what is `{span}`?"),
            }
        }
        let borne_out = match state {
            "kept" => named > 0 && command.contains('`') && !tests.contains("not yet:"),
            "part" => named > 0 && tests.contains("not yet:"),
            "open" => figure.contains("issue #"),
            _ => false,
        };
        assert!(borne_out, "{number}: {state} | {figure} | {command} | {tests}");
    }
}
