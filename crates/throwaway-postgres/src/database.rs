//! A database of a cluster, and the roles that may reach it.

use std::path::PathBuf;

/// The roles of a cluster, as production has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// May everything.
    Superuser,
    /// Owns the databases, and the tables it makes in them.
    Owner,
    /// May log in, and what it was granted.
    App,
}

impl Role {
    /// The name in Postgres.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Superuser => "postgres",
            Self::Owner => "factor_owner",
            Self::App => "factor_app",
        }
    }
}

/// A database of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    folder: PathBuf,
    name: String,
}

impl Database {
    pub(crate) fn new(folder: PathBuf, name: String) -> Self {
        Self { folder, name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address for a role.
    pub fn url(&self, role: Role) -> String {
        format!("postgres://{}@localhost/{}?host={}", role.as_str(), self.name, self.folder.display())
    }
}
