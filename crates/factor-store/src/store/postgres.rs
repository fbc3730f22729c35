//! Postgres: how it is reached.

use std::{str::FromStr as _, time::Duration};

use sqlx::{
    ConnectOptions as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::StoreError;

/// The connections of one server; a few servers stay below Postgres's own bound of 100.
const CONNECTIONS: u32 = 8;
/// How long a connection is waited for, a new one's making included.
const ACQUIRE: Duration = Duration::from_millis(1_500);

/// The address of a `postgres://` URL. Neither it nor a part of it is in the error: it may hold a password.
pub(super) fn address(url: &str) -> Result<PgConnectOptions, StoreError> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("postgres" | "postgresql") => {}
        Some(scheme) if scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) => {
            return Err(StoreError::Refused(format!(
                "DATABASE_URL begins with `{scheme}://`, and only postgres:// is known; leave it away to keep everything \
                 in a SQLite file"
            )));
        }
        _ => {
            return Err(StoreError::Refused(
                "DATABASE_URL is no address: write postgres://user:password@host/database, or leave it away to keep \
                 everything in a SQLite file"
                    .to_owned(),
            ));
        }
    }
    let options = PgConnectOptions::from_str(url).map_err(|_| {
        StoreError::Refused(
            "DATABASE_URL cannot be read: write postgres://user:password@host:5432/database, special characters of the \
             password as %40 and the like"
                .to_owned(),
        )
    })?;
    Ok(options.application_name("factor-mcp").disable_statement_logging())
}

/// The address for people.
pub(super) fn place(address: &PgConnectOptions) -> String {
    let host = address.get_socket().map_or_else(|| address.get_host().to_owned(), |path| path.display().to_string());
    format!("Postgres at {host}:{}/{}", address.get_port(), address.get_database().unwrap_or(address.get_username()))
}

/// A pool that connects at its first use.
pub(super) fn pool(address: &PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(ACQUIRE).connect_lazy_with(address.clone())
}
