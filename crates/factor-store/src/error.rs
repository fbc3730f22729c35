//! Why the store did not do what it was asked.

/// Why the store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached or written just now: the server is down, the disk is full, a lock was not had. Nothing was
    /// changed, and a later try may succeed. Only where the server was lost in the moment of keeping a change it may
    /// have been kept all the same, which cannot be known before the server is back; every write can be made again.
    #[error("the store is not available: {0}")]
    Unavailable(String),
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
