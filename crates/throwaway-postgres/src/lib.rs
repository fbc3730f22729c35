//! A Postgres of a test's own: started on a socket, with roles as in production, gone with the test.
//!
//! [`Cluster::start`] makes a cluster in a folder under the system's temporary folder and starts its server without any
//! network port, so tests never meet. [`Cluster::database`] gives an empty database and its addresses for the role that
//! owns it, the role that a server runs with, and the superuser. [`Cluster::kill`] and [`Cluster::restart`] play an
//! outage.
//!
//! **Which Postgres.** `initdb` and its companions are looked for in the folder that `PG_BIN` names, in the newest
//! `/usr/lib/postgresql/*/bin`, and on the path. Where there are none, starting fails and says what to install.
//!
//! **As root.** Postgres refuses to run as root, so it runs as `postgres`, or `nobody` where that user is not there. An
//! ordinary user runs it as themselves.
//!
//! **Gone with the test.** A shell waits for the end of a pipe that only the test's process holds. When that process
//! ends, killed or not, the shell stops the server and removes the folder. Dropping the cluster does the same at once.
//!
//! ```no_run
//! let cluster = throwaway_postgres::Cluster::start()?;
//! let database = cluster.database()?;
//! println!("{}", database.url(throwaway_postgres::Role::Owner));
//! # Ok::<(), throwaway_postgres::ClusterError>(())
//! ```
#![cfg(unix)]

mod cluster;
mod database;
mod programs;

pub use cluster::{Cluster, Durability};
pub use database::{Database, Role};

/// Why there is no Postgres.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ClusterError(pub String);
