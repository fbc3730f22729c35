//! A report as PDF, printed by a Chromium that is installed.
//!
//! The page is a file of ours without script, whose policy lets nothing be asked for; it is printed in a profile of its own that goes with
//! the scratch folder. That folder is beside the result: a packaged browser may see no other place, and the result is moved in one step.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What browsers that print so are called.
const NAMES: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "microsoft-edge",
    #[cfg(target_os = "macos")]
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    #[cfg(target_os = "macos")]
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    #[cfg(target_os = "macos")]
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    #[cfg(windows)]
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    #[cfg(windows)]
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
];
/// Printing takes a second or two; a browser that hangs is ended.
const LONGEST: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);
/// Of what a browser said of its failure.
const SAID: usize = 300;
/// What stands in a path as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b':').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How printing went.
enum Printed {
    Done,
    /// There is no such program.
    NoProgram,
    /// Why not, by the browser's own words.
    Failed(String),
}

/// Prints the page into a file.
///
/// # Errors
/// When no browser is found, it fails, or the file cannot be written.
pub(super) fn print(html: &str, path: &Path, browser: Option<&Path>) -> anyhow::Result<()> {
    let unwritable =
        || format!("cannot write {}: give --out a file in a folder that can be written to", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = std::path::absolute(folder).with_context(unwritable)?;
    let scratch = tempfile::Builder::new().prefix(".factor-report-").tempdir_in(folder).with_context(unwritable)?;
    fs::write(scratch.path().join("report.html"), html).with_context(unwritable)?;
    let given = browser.map(Path::as_os_str);
    let programs: Vec<&OsStr> = given.map_or_else(|| NAMES.iter().map(OsStr::new).collect(), |given| vec![given]);
    for program in programs {
        let shown = program.to_string_lossy();
        let mut printed =
            printed_by(program, scratch.path(), false).with_context(|| format!("cannot start {shown}"))?;
        // As root, and in containers, it has no sandbox and says so. What it opens is our own file, which has no script.
        if matches!(&printed, Printed::Failed(said) if said.contains("no-sandbox")) {
            printed = printed_by(program, scratch.path(), true).with_context(|| format!("cannot start {shown}"))?;
        }
        match printed {
            Printed::Done => return fs::rename(scratch.path().join("report.pdf"), path).with_context(unwritable),
            Printed::NoProgram => {}
            Printed::Failed(said) => bail!(
                "{shown} did not print the report: {said}: name another with --browser, or give --out a file that ends with .html and \
                 print it from any browser"
            ),
        }
    }
    match given {
        Some(given) => bail!(
            "--browser {}: there is no such program: give the path of a Chromium or Chrome",
            given.to_string_lossy()
        ),
        None => bail!(
            "a .pdf is printed by a Chromium or Chrome, and none is installed: install one, name it with --browser, or give --out a file \
             that ends with .html and print it from any browser"
        ),
    }
}

/// Prints `report.html` of the folder into `report.pdf` there.
fn printed_by(program: &OsStr, folder: &Path, without_sandbox: bool) -> io::Result<Printed> {
    let (page, result, said) = (folder.join("report.html"), folder.join("report.pdf"), folder.join("said.txt"));
    let mut command = Command::new(program);
    command.args([
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--disable-extensions",
        "--disable-background-networking",
    ]);
    command.args(["--no-pdf-header-footer", "--hide-scrollbars"]);
    command.args(without_sandbox.then_some("--no-sandbox"));
    command.arg(argument("--user-data-dir=", &folder.join("profile")));
    command.arg(argument("--print-to-pdf=", &result)).arg(url(&page));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&said)?);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Printed::NoProgram),
        Err(error) => return Err(error),
    };
    let began = Instant::now();
    let ended = loop {
        match child.try_wait()? {
            Some(status) => break Some(status),
            None if began.elapsed() > LONGEST => {
                child.kill()?;
                child.wait()?;
                break None;
            }
            None => thread::sleep(LOOK),
        }
    };
    let is_pdf = fs::read(&result).is_ok_and(|bytes| bytes.starts_with(b"%PDF"));
    if is_pdf && ended.is_some_and(|status| status.success()) {
        return Ok(Printed::Done);
    }
    let words = fs::read(&said).unwrap_or_default();
    let words = String::from_utf8_lossy(&words);
    Ok(Printed::Failed(match (ended, words.trim()) {
        (None, _) => format!("it took more than {} s", LONGEST.as_secs()),
        (Some(status), "") => format!("it ended with {status}"),
        (Some(_), words) => words.chars().take(SAID).collect(),
    }))
}

/// An option with a path, which need not be UTF-8.
fn argument(option: &str, path: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from(option);
    argument.push(path);
    argument
}

/// A file's address: in a plain path a browser would take `#` and `%` for something else.
fn url(path: &Path) -> String {
    let path = path.to_string_lossy().replace('\\', "/");
    let root = if path.starts_with('/') { "" } else { "/" };
    format!("file://{root}{}", utf8_percent_encode(&path, PATH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_anything_in_it_is_an_address() {
        assert_eq!(url(Path::new("/tmp/a b#1%/report.html")), "file:///tmp/a%20b%231%25/report.html");
    }

    #[test]
    fn a_browser_that_is_none_is_said_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.pdf");
        let refused = |browser: &str| format!("{:#}", print("<p>", &path, Some(Path::new(browser))).unwrap_err());
        assert!(refused("no-such-browser").contains("--browser no-such-browser: there is no such program"));
        #[cfg(unix)]
        assert!(
            refused("false").contains("did not print the report: it ended with exit status: 1"),
            "{}",
            refused("false")
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
