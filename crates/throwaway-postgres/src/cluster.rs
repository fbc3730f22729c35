//! The cluster: made, started, killed, started again, removed.

use std::{
    fmt, fs,
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{ClusterError, database::Database, programs::Programs};

/// How long a server may take to answer after its start.
const STARTING: Duration = Duration::from_secs(20);

/// Stops the server and removes the folder `$1` once its standard input ends.
const WATCH: &str = r#"
cat > /dev/null
server=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null)
if [ -n "$server" ]; then
    kill -QUIT "$server" 2> /dev/null
    tries=0
    while kill -0 "$server" 2> /dev/null && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
    kill -KILL "$server" 2> /dev/null
fi
tries=0
until rm -rf "$1" 2> /dev/null || [ $tries -ge 50 ]; do sleep 0.1; tries=$((tries + 1)); done
"#;

/// What must be survived by what was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A killed server, but no crash of the machine: nothing waits for the disk, so tests are quick.
    Fast,
    /// Both, as in production.
    Full,
}

/// A running Postgres of the test's own.
pub struct Cluster {
    folder: PathBuf,
    programs: Programs,
    durability: Durability,
    server: Mutex<Option<Child>>,
    watch: Mutex<Child>,
    databases: AtomicU32,
}

impl Cluster {
    /// Makes and starts a cluster that does not wait for the disk.
    ///
    /// # Errors
    /// When Postgres is not installed, with what to install, or does not start, with what it says.
    pub fn start() -> Result<Self, ClusterError> {
        Self::start_with(Durability::Fast)
    }

    /// Makes and starts a cluster.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_with(durability: Durability) -> Result<Self, ClusterError> {
        // The path of a socket has at most 107 bytes, so the name is short.
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").map_err(failed("a folder in /tmp"))?;
        let uid = fs::metadata(folder.path()).map_err(failed("a folder in /tmp"))?.uid();
        let programs = Programs::find(uid)?;
        let folder = folder.keep();
        let watch = watch(&folder)?;
        if let Some((user, group)) = programs.user {
            chown(&folder, Some(user), Some(group)).map_err(failed("chown"))?;
        }
        let cluster = Self {
            folder,
            programs,
            durability,
            server: Mutex::default(),
            watch: Mutex::new(watch),
            databases: AtomicU32::default(),
        };
        cluster.make()?;
        cluster.restart()?;
        cluster.superuser("postgres", "CREATE ROLE factor_owner LOGIN; CREATE ROLE factor_app LOGIN")?;
        Ok(cluster)
    }

    /// A new, empty database that belongs to [`Role::Owner`](crate::Role::Owner).
    ///
    /// # Errors
    /// What Postgres says.
    pub fn database(&self) -> Result<Database, ClusterError> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.superuser("postgres", &format!("CREATE DATABASE {name} OWNER factor_owner"))?;
        Ok(Database::new(self.folder.clone(), name))
    }

    /// Runs SQL as the superuser, and gives what it prints: columns apart by `|`, a line for each row.
    ///
    /// # Errors
    /// What Postgres says.
    pub fn sql(&self, database: &Database, text: &str) -> Result<String, ClusterError> {
        self.superuser(database.name(), text)
    }

    /// Kills the server as a crash does (SIGKILL).
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(&self) -> Result<(), ClusterError> {
        if let Some(mut server) = self.server().take() {
            server.kill().map_err(failed("kill"))?;
            server.wait().map_err(failed("wait"))?;
        }
        Ok(())
    }

    /// Starts the server again, and waits until it answers.
    ///
    /// # Errors
    /// When it does not within 20 s, with what it says.
    pub fn restart(&self) -> Result<(), ClusterError> {
        self.kill()?;
        let began = Instant::now();
        while began.elapsed() < STARTING {
            let mut server = self.serve()?;
            // It ends at once while processes of a killed server still hold its memory.
            while matches!(server.try_wait(), Ok(None)) {
                if self.superuser("postgres", "SELECT 1").is_ok() {
                    *self.server() = Some(server);
                    return Ok(());
                }
                if began.elapsed() > STARTING {
                    let _ = server.kill();
                    break;
                }
                thread::sleep(Duration::from_millis(10));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(ClusterError(format!("Postgres did not start within {STARTING:?}: {}", self.log())))
    }

    /// Makes the cluster's files: a copy of those made before by tests in the same folder of programs, which takes a
    /// tenth of the time.
    fn make(&self) -> Result<(), ClusterError> {
        let data = self.folder.join("data");
        let Some(kept) = self.programs.template() else { return self.init() };
        if kept.join("PG_VERSION").is_file() && copy(&kept, &data).is_ok() {
            return Ok(());
        }
        let _ = fs::remove_dir_all(&data);
        self.init()?;
        // It appears whole; where it cannot be kept the next one is made as this one was.
        let half = kept.with_extension(std::process::id().to_string());
        if copy(&data, &half).is_err() || fs::rename(&half, &kept).is_err() {
            let _ = fs::remove_dir_all(&half);
        }
        Ok(())
    }

    fn init(&self) -> Result<(), ClusterError> {
        let mut initdb = self.programs.command("initdb", &self.folder);
        initdb.args(["-D", "data", "-U", "postgres", "-A", "trust", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8"]);
        run(&mut initdb).map(drop)
    }

    fn serve(&self) -> Result<Child, ClusterError> {
        let log = fs::File::options().create(true).append(true).open(self.folder.join("log")).map_err(failed("log"))?;
        let second = log.try_clone().map_err(failed("log"))?;
        let mut server = self.programs.command("postgres", &self.folder);
        server.args(["-D", "data", "-c", "listen_addresses="]);
        server.arg("-k").arg(&self.folder);
        if self.durability == Durability::Fast {
            server.args(["-c", "fsync=off", "-c", "full_page_writes=off"]);
        }
        server.stdout(log).stderr(second).spawn().map_err(failed("postgres"))
    }

    fn superuser(&self, database: &str, text: &str) -> Result<String, ClusterError> {
        let mut psql = self.programs.command("psql", &self.folder);
        psql.arg("-h").arg(&self.folder).args([
            "-U",
            "postgres",
            "-d",
            database,
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            text,
        ]);
        run(&mut psql)
    }

    fn log(&self) -> String {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(10).collect();
        last.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    fn server(&self) -> MutexGuard<'_, Option<Child>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cluster").field(&self.folder).finish()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let watch = self.watch.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(watch.stdin.take());
        let mut server = self.server.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        // The server is this process's child: until it is waited for, the watch sees it as still there.
        if let Some(server) = &mut server {
            let _ = server.wait();
        }
        let _ = watch.wait();
    }
}

fn watch(folder: &Path) -> Result<Child, ClusterError> {
    let mut watch = Command::new("sh");
    watch.args(["-c", WATCH, "sh"]).arg(folder).current_dir("/").process_group(0);
    watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    watch.spawn().map_err(failed("sh"))
}

/// A folder with all that is in it, its owner and its permissions.
fn copy(from: &Path, to: &Path) -> Result<(), ClusterError> {
    run(Command::new("cp").arg("-a").arg(from).arg(to).stdin(Stdio::null())).map(drop)
}

fn run(command: &mut Command) -> Result<String, ClusterError> {
    let name = command.get_program().to_owned();
    let done = command.output().map_err(failed(&name.to_string_lossy()))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).trim_end().to_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr).trim_end().to_owned();
    Err(ClusterError(format!("{}: {}: {said}", name.to_string_lossy(), done.status)))
}

fn failed(what: &str) -> impl Fn(std::io::Error) -> ClusterError {
    move |error| ClusterError(format!("{what}: {error}"))
}

#[cfg(test)]
mod tests;
