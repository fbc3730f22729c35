//! The version that a program says it is, with the commit that it was built from.
//!
//! A macro and no build script: what a build script says is of a whole package, so that every commit would have all of the server
//! compiled again. This is read where `main.rs` is, and by that alone.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use proc_macro::TokenStream;

/// The package's version and, in a build for release, commit and day: `"0.2.0 (1dfc498 2026-11-30)"`.
///
/// The commit is what `FACTOR_COMMIT` says where it is built, for what has no repository beside it (a container), else that of the
/// repository whose root the package is. Without either it is the version alone, and so it is in a build for development, which a
/// commit then leaves as it is.
#[proc_macro]
pub fn version(_: TokenStream) -> TokenStream {
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR").unwrap_or_default());
    let version = variable("CARGO_PKG_VERSION").unwrap_or_default();
    let given = variable("FACTOR_COMMIT");
    let commit = given.or_else(|| commit_of(&folder));
    // Read where it is compiled, so that cargo looks whether they are still the same.
    let watched =
        log_of(&folder).map(|log| format!("#[cfg(not(debug_assertions))] const _: &[u8] = include_bytes!({log:?});"));
    let watched = watched.unwrap_or_default();
    let built = commit.map_or_else(|| version.clone(), |commit| format!("{version} ({commit})"));
    let text = format!(
        "{{ {watched} const _: Option<&str> = option_env!(\"FACTOR_COMMIT\");
            if cfg!(debug_assertions) {{ {version:?} }} else {{ {built:?} }} }}"
    );
    text.parse().unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "what cargo says to the compiler, no setting of the server")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What git says in the folder, on one line; nothing where there is no git, or nothing to say.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let done = Command::new("git").arg("-C").arg(folder).args(arguments).output().ok()?;
    let said = String::from_utf8(done.stdout).ok()?.trim().to_owned();
    (done.status.success() && !said.is_empty()).then_some(said)
}

/// Whether the folder is a repository's root: an archive that was unpacked inside of another one is none of its commits.
fn is_root(folder: &Path) -> bool {
    let root = git(folder, &["rev-parse", "--show-toplevel"]);
    root.is_some_and(|root| fs::canonicalize(root).ok().is_some_and(|root| fs::canonicalize(folder).ok() == Some(root)))
}

/// Seven digits of the newest commit or as many as it takes, and its day.
fn commit_of(folder: &Path) -> Option<String> {
    is_root(folder).then(|| git(folder, &["log", "-1", "--format=%h %cs"]))?
}

/// The file to which git adds a line when another commit is checked out or made: of a worktree its own.
fn log_of(folder: &Path) -> Option<PathBuf> {
    let log = folder.join(is_root(folder).then(|| git(folder, &["rev-parse", "--git-path", "logs/HEAD"]))??);
    log.exists().then_some(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(folder: &Path) {
        let identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
        git(folder, &["init", "--quiet"]);
        let commit =
            [&identity[..], &["commit", "--quiet", "--allow-empty", "--message=one", "--date=2026-01-31T12:00:00Z"]]
                .concat();
        git(folder, &commit);
    }

    #[test]
    fn a_repository_has_a_commit_and_a_log_and_so_has_its_worktree() {
        let folder = tempfile::tempdir().unwrap();
        let main = folder.path().join("main");
        fs::create_dir(&main).unwrap();
        repository(&main);
        let commit = commit_of(&main).unwrap();
        let (digits, day) = commit.split_once(' ').unwrap();
        assert!(digits.len() >= 7 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{commit}");
        assert!(day.len() == 10 && day.split('-').count() == 3, "{commit}");
        assert_eq!(git(&main, &["rev-parse", "--short=7", "HEAD"]).as_deref(), Some(digits));

        let other = folder.path().join("other");
        git(&main, &["worktree", "add", "--quiet", "-b", "other", &other.display().to_string()]);
        assert_eq!(commit_of(&other), Some(commit));
        let (log, of_other) = (log_of(&main).unwrap(), log_of(&other).unwrap());
        assert_ne!(fs::canonicalize(log).unwrap(), fs::canonicalize(of_other).unwrap());
    }

    #[test]
    fn a_folder_inside_of_another_repository_and_one_outside_of_any_have_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!((commit_of(folder.path()), log_of(folder.path())), (None, None));
        repository(folder.path());
        let unpacked = folder.path().join("factor-mcp-0.2.0");
        fs::create_dir(&unpacked).unwrap();
        assert_eq!((commit_of(&unpacked), log_of(&unpacked)), (None, None));
        assert!(commit_of(folder.path()).is_some() && log_of(folder.path()).is_some());
    }
}
