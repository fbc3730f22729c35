//! The directions in which the server's modules may name each other, read off the source text.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What answers questions: it knows nothing of how they arrive.
const INNER: [&str; 5] = ["services", "analysis", "answer", "arguments", "app"];
/// What carries questions and answers.
const CARRIERS: [&str; 3] = ["rmcp", "axum", "hyper"];
/// The adapters, which name the inner modules and are named by none of them.
const ADAPTERS: [&str; 4] = ["crate::mcp", "crate::cli", "crate::http", "crate::rest"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file at or below a path, by its path from the repository's root.
fn sources(below: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(below)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The file's room directly below `src`: `services` of `src/services/groups.rs`.
fn room(path: &str) -> &str {
    path.strip_prefix("src/").unwrap_or_default().split(['/', '.']).next().unwrap_or_default()
}

/// Lines of code that name one of these as a path, comments left out: `name::`, `use name`, `name as`.
fn naming(text: &str, names: &[&str]) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let named = |code: &str, name: &str| {
        code.match_indices(name).any(|(at, _)| {
            let (before, after) = (&code[..at], &code[at + name.len()..]);
            let begins = !before.ends_with(is_word) && !before.ends_with('"') && !before.ends_with("::");
            begins && (after.starts_with("::") || (before.trim_end().ends_with("use") && !after.starts_with(is_word)))
        })
    };
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let found = code.enumerate().filter(|(_, code)| names.iter().any(|name| named(code, name)));
    found.map(|(at, code)| format!("line {}: {}", at + 1, code.trim())).collect()
}

/// Those files of the inner rooms that name one of these, with the lines.
fn inner_files_naming(names: &[&str]) -> Vec<String> {
    let files = sources(Path::new("src"));
    let inner = files.iter().filter(|(path, _)| INNER.contains(&room(path)));
    inner.flat_map(|(path, text)| naming(text, names).into_iter().map(move |line| format!("{path} {line}"))).collect()
}

#[test]
fn services_know_nothing_of_what_carries_them() {
    let found = inner_files_naming(&CARRIERS);
    assert!(
        found.is_empty(),
        "src/{{{}}} name no {}: services take serde_json values and `services::Call`, and give `answer::Rendered`; what is \
         MCP's or HTTP's belongs to src/mcp and src/http.\n{}",
        INNER.join(","),
        CARRIERS.join(", "),
        found.join("\n")
    );
}

#[test]
fn services_do_not_name_their_adapters() {
    let found = inner_files_naming(&ADAPTERS);
    assert!(
        found.is_empty(),
        "adapters name services, never the other way round: move what both need into services, answer or arguments.\n{}",
        found.join("\n")
    );
}

#[test]
fn what_services_rest_on_does_not_name_them() {
    let files = sources(Path::new("src"));
    let below = files.iter().filter(|(path, _)| ["analysis", "app", "answer", "arguments"].contains(&room(path)));
    let found: Vec<String> = below
        .flat_map(|(path, text)| {
            naming(text, &["crate::services"]).into_iter().map(move |line| format!("{path} {line}"))
        })
        .collect();
    assert!(found.is_empty(), "services rest on these and are named by none of them.\n{}", found.join("\n"));
}

/// The crates below the server, each with those that it may name.
const CRATES: [(&str, &[&str]); 6] = [
    ("factor-types", &[]),
    ("factor-analytics", &["factor_types"]),
    ("factor-prices", &["factor_types"]),
    ("factor-store", &["factor_types"]),
    ("factor-auth", &[]),
    ("factor-traces", &[]),
];

#[test]
fn crates_name_each_other_in_one_direction() {
    let all = [
        "factor_types",
        "factor_analytics",
        "factor_prices",
        "factor_store",
        "factor_auth",
        "factor_traces",
        "factor_mcp",
    ];
    for (name, allowed) in CRATES {
        let own = name.replace('-', "_");
        let others: Vec<&str> = all.into_iter().filter(|other| *other != own && !allowed.contains(other)).collect();
        for (path, text) in sources(&Path::new("crates").join(name).join("src")) {
            let found = naming(&text, &others);
            assert!(
                found.is_empty(),
                "{path}: {name} may name {allowed:?} alone; what two peers share belongs to factor-types.\n{}",
                found.join("\n")
            );
        }
    }
}

/// `pub(in crate::...)` opens an item to its room at most: what reaches further is `pub(crate)`, and says so.
#[test]
fn what_is_visible_along_a_path_is_visible_in_its_own_room() {
    for (path, text) in sources(Path::new("src")) {
        let own = format!("crate::{}", room(&path));
        let within = |rest: &&str| rest.strip_prefix(&own).is_some_and(|rest| rest.starts_with([')', ':']));
        let paths = text.split("pub(in ").skip(1);
        let others: Vec<&str> = paths.filter(|rest| !within(rest)).filter_map(|rest| rest.lines().next()).collect();
        assert_eq!(others, [""; 0], "{path}: write pub(super), pub(in {own}) or pub(crate)");
    }
}

#[test]
fn a_name_is_found_as_a_path_and_not_in_words() {
    let text = "use rmcp::model;\nlet x = rmcp::ok(); // rmcp::no\n//! rmcp::no\nlog(\"info,rmcp=error\"); let rmcp_x = 1;\n\
                use rmcp;\nlet y = crate::rmcp::z;";
    let lines: Vec<String> = naming(text, &["rmcp"]).iter().map(|line| line[..6].to_owned()).collect();
    assert_eq!(lines, ["line 1", "line 2", "line 5"]);
    assert_eq!(room("src/services/groups.rs"), "services");
    assert_eq!(room("src/answer.rs"), "answer");
}
