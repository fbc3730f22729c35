//! The programs of Postgres, and the user they run as.

use std::{
    ffi::OsString,
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::ClusterError;

const HOW_TO_INSTALL: &str = "install it: mkdir -p /etc/postgresql-common; echo 'create_main_cluster = false' > \
     /etc/postgresql-common/createcluster.conf; apt-get install -y --no-install-recommends postgresql; or name the folder \
     of initdb in PG_BIN";

/// Where the programs are, and as whom they run.
#[derive(Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
    /// The user and group to become, if this is root.
    pub(crate) user: Option<(u32, u32)>,
}

impl Programs {
    /// Finds the programs; `uid` is that of this process.
    pub(crate) fn find(uid: u32) -> Result<Self, ClusterError> {
        let named = variable("PG_BIN").map(PathBuf::from);
        let on_path = variable("PATH").unwrap_or_default();
        let folder = match named {
            Some(folder) => Some(folder).filter(|folder| has_programs(folder)),
            None => installed().into_iter().chain(std::env::split_paths(&on_path)).find(|folder| has_programs(folder)),
        };
        let folder = folder.ok_or_else(|| {
            ClusterError(format!("there is no Postgres here, and these tests need one; {HOW_TO_INSTALL}"))
        })?;
        let user = if uid == 0 { Some(unprivileged()?) } else { None };
        Ok(Self { folder, user })
    }

    /// Where the files of a new cluster are kept for the next one: next to the tests' programs, by Postgres and user.
    pub(crate) fn template(&self) -> Option<PathBuf> {
        let programs = std::env::current_exe().ok()?;
        let user = self.user.map_or(0, |(user, _)| user);
        let version: String =
            self.folder.to_string_lossy().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        Some(programs.parent()?.join(format!("throwaway{version}-{user}")))
    }

    /// A program with nothing of this process's environment, in its own process group: an interrupted test run
    /// must not stop it before its turn.
    pub(crate) fn command(&self, program: &str, within: &Path) -> Command {
        let mut command = Command::new(self.folder.join(program));
        command.env_clear().env("LC_ALL", "C.UTF-8").env("TZ", "UTC").current_dir(within).stdin(Stdio::null());
        command.process_group(0);
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "where Postgres is installed is the machine's affair, no setting of the server"
)]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn has_programs(folder: &Path) -> bool {
    ["initdb", "postgres", "psql"].iter().all(|program| folder.join(program).is_file())
}

/// Debian's folders, the newest version first.
fn installed() -> Vec<PathBuf> {
    let Ok(versions) = fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut versions: Vec<PathBuf> = versions.flatten().map(|entry| entry.path()).collect();
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    versions.into_iter().map(|path| path.join("bin")).collect()
}

fn unprivileged() -> Result<(u32, u32), ClusterError> {
    let users = fs::read_to_string("/etc/passwd").map_err(|error| ClusterError(format!("/etc/passwd: {error}")))?;
    let ids = |name: &str| {
        let fields: Vec<&str> = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|f| f[0] == name)?;
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody")).ok_or_else(|| {
        ClusterError("Postgres does not run as root, and there is neither a user postgres nor nobody".to_owned())
    })
}
