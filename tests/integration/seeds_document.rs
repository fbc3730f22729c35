//! `docs/SEEDS.md`: every line has a state with its reason, the tests and files that it names are there, and the calls that it
//! names answer as it says.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::{Duration, Instant},
};

use factor_mcp::mcp::tools::TOOLS;
use serde_json::{Value, json};

use crate::support::Process;

/// Read when the tests run, so that a changed line costs no compilation.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| fs::read_to_string(root().join("docs/SEEDS.md")).unwrap());
/// More calls than this make the test too long for every change: a field of a call that is there costs nothing.
const MOST_CALLS: usize = 120;
/// What the seeds allow for an analysis, and for the memory of the process.
const LONGEST: Duration = Duration::from_secs(10);
const MOST_MEMORY: u64 = 500_000_000;

struct Line<'a> {
    promise: &'a str,
    state: &'a str,
    place: &'a str,
}

/// What a code span of a line's last column stands for.
#[derive(Debug)]
enum Evidence<'a> {
    Test(&'a str),
    File(&'a str),
    Call(Call<'a>),
}

/// `tool {arguments}`, then ` has field, field` or ` => error_code`.
#[derive(Debug, PartialEq)]
struct Call<'a> {
    tool: &'a str,
    arguments: Value,
    fields: Vec<&'a str>,
    code: Option<&'a str>,
}

fn lines() -> Vec<Line<'static>> {
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise "));
    let rows = rows.filter(|line| !line.starts_with("| ---"));
    rows.map(|row| match row.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>()[..] {
        [promise, state, place] => Line { promise, state, place },
        _ => panic!("not three columns: {row}"),
    })
    .collect()
}

fn evidence(place: &'static str) -> Vec<Evidence<'static>> {
    place.split('`').skip(1).step_by(2).filter_map(read).collect()
}

fn read(span: &'static str) -> Option<Evidence<'static>> {
    match span.split_once(' ')? {
        ("test", name) => Some(Evidence::Test(name)),
        ("file", path) => Some(Evidence::File(path)),
        (tool, rest) if TOOLS.iter().any(|entry| entry.name == tool) => {
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            let arguments = values.next().unwrap().unwrap_or_else(|error| panic!("{span}: {error}"));
            let tail = &rest[values.byte_offset()..];
            let fields = tail.strip_prefix(" has ").map(|fields| fields.split(", ").collect());
            let code = tail.strip_prefix(" => ");
            assert!(tail.is_empty() || fields.is_some() || code.is_some(), "{span}: what is `{tail}`?");
            Some(Evidence::Call(Call { tool, arguments, fields: fields.unwrap_or_default(), code }))
        }
        _ => None,
    }
}

/// Each call once, in the order of the document, with all fields that its lines name.
fn calls() -> Vec<Call<'static>> {
    let mut calls: Vec<Call<'static>> = Vec::new();
    for found in lines().iter().flat_map(|line| evidence(line.place)) {
        let Evidence::Call(call) = found else { continue };
        match calls.iter_mut().find(|known| (known.tool, &known.arguments) == (call.tool, &call.arguments)) {
            Some(known) => {
                assert_eq!(known.code, call.code, "{} {}", call.tool, call.arguments);
                known.fields.extend(call.fields);
            }
            None => calls.push(call),
        }
    }
    calls
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The names of all functions in the Rust files below a folder.
pub(crate) fn functions(folder: &Path, into: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            functions(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let name = |rest: &str| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned);
            into.extend(text.split("fn ").skip(1).filter_map(name));
        }
    }
}

#[test]
fn every_line_has_a_state_and_its_reason() {
    let lines = lines();
    for Line { promise, state, place } in &lines {
        let named = !evidence(place).is_empty();
        let issue =
            place.contains("no issue") || place.split('#').skip(1).any(|rest| rest.starts_with(char::is_numeric));
        let reasoned = match *state {
            "kept" => named,
            "differs" => place.len() > 20,
            "open" => issue,
            _ => false,
        };
        assert!(reasoned, "{promise} | {state} | {place}");
    }
    let count = |state: &str| lines.iter().filter(|line| line.state == state).count();
    let [kept, differs, open] = ["kept", "differs", "open"].map(count);
    let sentence =
        format!("Of {} promises {kept} are kept, {differs} are met differently, {open} are open", lines.len());
    assert!(DOCUMENT.contains(&sentence), "the first lines should say: {sentence}");
}

#[test]
fn the_tests_and_files_that_it_names_are_there() {
    let mut known = HashSet::new();
    for folder in ["src", "crates", "tests"] {
        functions(&root().join(folder), &mut known);
    }
    for found in lines().iter().flat_map(|line| evidence(line.place)) {
        match found {
            Evidence::Test(name) => assert!(known.contains(name), "no test `{name}`"),
            Evidence::File(path) => assert!(root().join(path).is_file(), "no file `{path}`"),
            Evidence::Call(_) => {}
        }
    }
    let field = fs::read_to_string(root().join("docs/FIELD.md")).unwrap();
    let named: Vec<&str> = field.split("`test ").skip(1).filter_map(|rest| rest.split('`').next()).collect();
    let missing: Vec<&&str> = named.iter().filter(|name| !known.contains(**name)).collect();
    assert!(named.len() > 13 && missing.is_empty(), "docs/FIELD.md names no test: {missing:?}");
}

#[tokio::test]
async fn every_call_of_the_document_answers() {
    let calls = calls();
    assert!((1..=MOST_CALLS).contains(&calls.len()), "{} calls", calls.len());
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().display().to_string();
    let environment =
        [("FACTOR_PRICE_SOURCE", "sample"), ("FACTOR_TODAY", "2026-01-15"), ("FACTOR_DATA_DIR", folder.as_str())];
    let mut server = Process::legacy(&environment).await;
    for Call { tool, arguments, fields, code } in calls {
        let asked = Instant::now();
        let answer = server.call(tool, arguments.clone()).await["structuredContent"].clone();
        let took = asked.elapsed();
        assert!(took < LONGEST, "{tool} {arguments}: {took:?}");
        assert_eq!(answer["error"]["code"].as_str(), code, "{tool} {arguments}: {}", answer["error"]);
        for field in fields {
            let at = format!("/{}", field.replace('.', "/"));
            assert!(answer.pointer(&at).is_some_and(|value| !value.is_null()), "{tool} {arguments} has no {field}");
        }
    }
    let status = server.call("get_server_status", json!({})).await;
    if let Some(peak) = status["structuredContent"]["memory"]["peak_bytes"].as_u64() {
        assert!(peak < MOST_MEMORY, "{peak} bytes");
    }
}
