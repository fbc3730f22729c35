//! `analyze report`: the file for the person whose money it is.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, bail, ensure};

use super::{AnalyzeArgs, pdf};
use crate::{
    app::App,
    cli::say,
    services::{
        Call,
        client_report::{self, ReportRequest},
    },
};

/// Arguments that every analysis on the command line has, and that say how an answer is shown.
const SHAPE: [&str; 2] = ["format", "max_chars"];

/// How the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Html,
    Pdf,
}

/// Writes the report: 0, or 1 with the reason on standard error.
///
/// # Errors
/// When there is no file to write to, an option is none of a report's, or the file cannot be written.
pub(super) async fn write(app: &Arc<App>, args: AnalyzeArgs, call: Call) -> anyhow::Result<ExitCode> {
    let (path, form) = file(args.output.as_deref())?;
    ensure!(!args.json && args.chart.is_none(), "a report is one file with its pictures: leave --json and --chart out");
    let mut arguments = call.arguments;
    arguments.retain(|name, _| !SHAPE.contains(&name.as_str()));
    let others: Vec<&str> = arguments.keys().map(String::as_str).collect();
    let others: Vec<&str> = others.into_iter().filter(|name| !client_report::ARGUMENTS.contains(name)).collect();
    if !others.is_empty() {
        bail!(
            "a report takes --holdings or --portfolio, --factor, --start, --end, --frequency and --title; it has no {}: leave it out",
            others.join(", ")
        );
    }
    let request = ReportRequest { arguments, title: args.title, progress: call.progress };
    let html = match client_report::html(app, request).await {
        Ok(html) => html,
        Err(error) => {
            say(&format!("error: {}", error.message));
            return Ok(ExitCode::FAILURE);
        }
    };
    match form {
        Form::Html => std::fs::write(&path, html).with_context(|| {
            format!("cannot write {}: give --out a file in a folder that can be written to", path.display())
        })?,
        Form::Pdf => {
            let (path, browser) = (path.clone(), args.browser);
            tokio::task::spawn_blocking(move || pdf::print(&html, &path, browser.as_deref())).await??;
        }
    }
    say(&format!("{}: the report is written", path.display()));
    Ok(ExitCode::SUCCESS)
}

/// The file that the report goes to, and what it is to be.
fn file(path: Option<&Path>) -> anyhow::Result<(PathBuf, Form)> {
    let Some(path) = path else {
        bail!("a report is a file: give --out report.html, or --out report.pdf where a Chromium is installed")
    };
    let ends = path.extension().and_then(|name| name.to_str()).map(str::to_ascii_lowercase);
    match ends.as_deref() {
        Some("html" | "htm") => Ok((path.to_owned(), Form::Html)),
        Some("pdf") => Ok((path.to_owned(), Form::Pdf)),
        _ => bail!("--out {}: give a file that ends with .html or .pdf", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_the_form_of_its_file() {
        let read = |name: &str| file(Some(Path::new(name))).map(|(_, form)| form);
        assert_eq!(
            [read("a.html").unwrap(), read("a.HTM").unwrap(), read("b.PDF").unwrap()],
            [Form::Html, Form::Html, Form::Pdf]
        );
        for wrong in ["a", "a.doc", "pdf"] {
            let refused = read(wrong).unwrap_err().to_string();
            assert!(refused.contains("ends with .html or .pdf"), "{wrong}: {refused}");
        }
        assert!(file(None).unwrap_err().to_string().contains("--out report.html"));
    }
}
