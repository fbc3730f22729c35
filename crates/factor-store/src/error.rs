//! Why the store did not do what it was asked.

/// Why the store did not do what it was asked. The words of a variant are for the log and for whoever runs the server:
/// they may name files and hosts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached just now: the server is down, or did not answer in time. Nothing was changed, and a later
    /// try may succeed. Only where the server was lost in the moment of keeping a change it may have been kept all the
    /// same, which cannot be known before the server is back; every write can be made again.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// Its disk is full. Nothing was changed; what is there can be read, and writing works again once there is room.
    #[error("the disk of the store is full: {0}")]
    Full(String),
    /// There is no right to write. Nothing was changed; what is there can be read.
    #[error("the store can only be read: {0}")]
    ReadOnly(String),
    /// Another process has it locked. Nothing was changed.
    #[error("the store is locked: {0}")]
    Locked(String),
    /// Its file is damaged and was put aside: nothing is read from it and nothing takes its place before it is restored.
    #[error("the file of the store is damaged: {0}")]
    Damaged(String),
    /// What is kept under this name is not what was written. The rest can be read.
    #[error("the {kind} `{name}` is damaged: what is kept of it is not what was written; {}", kind.way_out())]
    DamagedRow {
        /// What it is: a group, a portfolio, a user.
        kind: RowKind,
        /// Its name, as far as that can be read.
        name: String,
    },
    /// What is kept under this name is not what the writer took it for. Nothing was changed.
    #[error("the {kind} `{name}` is not what it was taken for: it was changed meanwhile")]
    Changed {
        /// What it is.
        kind: RowKind,
        /// Its name.
        name: String,
    },
    /// Neither a folder nor a database is configured, so there are no groups, portfolios or mappings.
    #[error(
        "there is no place for groups and portfolios: set FACTOR_DATA_DIR to a folder or DATABASE_URL to a Postgres address"
    )]
    NotConfigured,
    /// Its tables are not those of this version.
    #[error("the store's tables do not fit this version: {0}")]
    Schema(String),
    /// The role it is reached with could read what belongs to others.
    #[error("the store's role is not safe: {0}")]
    UnsafeRole(String),
    /// A row holds what this version cannot read.
    #[error("the store holds something unreadable: {0}")]
    Unreadable(String),
    /// The change itself is wrong; nothing was changed.
    #[error("{0}")]
    Refused(String),
}

factor_types::closed_set! {
    /// What a row of a user's is.
    pub enum RowKind: "a kind of row" {
        /// A factor group.
        Group = "group",
        /// A portfolio.
        Portfolio = "portfolio",
        /// A user.
        User = "user",
        /// An issuer's subject, by the number of its user.
        Identity = "identity",
    }
}

impl RowKind {
    /// What helps against a damaged one.
    pub fn way_out(self) -> &'static str {
        match self {
            Self::Group => "delete_factor_group deletes it, `factor-mcp store restore` brings back what the backup has",
            Self::Portfolio => {
                "delete_portfolio deletes it, `factor-mcp store restore` brings back what the backup has"
            }
            Self::User | Self::Identity => "`factor-mcp store restore` brings back what the backup has",
        }
    }
}
