//! The commands that keep reference data and users, on a store in a folder.

mod mapping;
mod users;
mod yaml;

use std::{path::PathBuf, process::Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::command;

/// A data folder, and perhaps a folder with mappings of its own.
struct Desk {
    folder: TempDir,
    proxies: Option<PathBuf>,
}

/// How a command ended.
#[derive(Debug)]
struct Done {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Desk {
    /// The mappings are those built in.
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), proxies: None }
    }

    /// The mappings are these files: names and texts.
    fn with(files: &[(&str, &str)]) -> Self {
        let mut desk = Self::new();
        let proxies = desk.path("proxies");
        std::fs::create_dir(&proxies).unwrap();
        for (name, text) in files {
            std::fs::write(proxies.join(name), text).unwrap();
        }
        desk.proxies = Some(proxies);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and gives its path as text.
    fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = vec![("FACTOR_DATA_DIR", self.path("data").display().to_string())];
        settings.extend(self.proxies.iter().map(|path| ("FACTOR_PROXIES_DIR", path.display().to_string())));
        settings
    }

    /// Runs a command where nobody can answer a question.
    async fn run(&self, arguments: &[&str]) -> Done {
        let mut command = command(self.folder.path());
        command.args(arguments).envs(self.settings()).stdin(std::process::Stdio::null());
        let Output { status, stdout, stderr } = command.output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Done { code: status.code(), out: text(stdout), err: text(stderr) }
    }

    /// Runs a command that is done.
    async fn done(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments).await;
        assert_eq!(done.code, Some(0), "{arguments:?}: {done:?}");
        done.out
    }

    /// What a command that is done says to programs.
    async fn json(&self, arguments: &[&str]) -> Value {
        let out = self.done(&[arguments, &["--format", "json"]].concat()).await;
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// Runs a command that ends with this code: what it says about it.
    async fn refused(&self, arguments: &[&str], code: i32) -> String {
        let done = self.run(arguments).await;
        assert_eq!(done.code, Some(code), "{arguments:?}: {done:?}");
        assert!(done.out.is_empty(), "{arguments:?}: {done:?}");
        done.err
    }

    async fn asset_proxies(&self) -> Value {
        self.json(&["asset-proxy", "list", "--all"]).await
    }

    async fn changes(&self) -> Vec<Value> {
        self.json(&["reference", "changes"]).await.as_array().unwrap().clone()
    }
}

/// The rows of a list where each of these fields has this value.
fn rows<'a>(list: &'a Value, name: &str, fields: &[(&str, &str)]) -> Vec<&'a Value> {
    let all = list[name].as_array().unwrap_or_else(|| panic!("{list}"));
    all.iter().filter(|row| fields.iter().all(|(field, value)| row[field] == *value)).collect()
}
