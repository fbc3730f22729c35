//! Statements and rows, the same for both databases: one text with `$1`, `$2`, ... that both understand.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value as Json;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};

use crate::StoreError;

/// A statement and what is bound to it.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) text: &'static str,
    pub(super) values: Vec<BoundValue>,
}

/// What can be bound.
#[derive(Debug, Clone)]
pub(super) enum BoundValue {
    Number(Option<i64>),
    Text(Option<String>),
    Flag(bool),
    Day(Option<NaiveDate>),
    Time(DateTime<Utc>),
    Bytes(Vec<u8>),
    Json(Option<Json>),
}

pub(super) fn statement(text: &'static str) -> Statement {
    Statement { text, values: Vec::new() }
}

impl Statement {
    /// The next of `$1`, `$2`, ...
    pub(super) fn bind(mut self, value: impl Into<BoundValue>) -> Self {
        self.values.push(value.into());
        self
    }
}

impl From<i64> for BoundValue {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for BoundValue {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for BoundValue {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for BoundValue {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<&str>> for BoundValue {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<bool> for BoundValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Option<NaiveDate>> for BoundValue {
    fn from(day: Option<NaiveDate>) -> Self {
        Self::Day(day)
    }
}

impl From<DateTime<Utc>> for BoundValue {
    fn from(time: DateTime<Utc>) -> Self {
        Self::Time(time)
    }
}

impl From<&[u8]> for BoundValue {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Json> for BoundValue {
    fn from(json: Json) -> Self {
        Self::Json(Some(json))
    }
}

impl From<Option<Json>> for BoundValue {
    fn from(json: Option<Json>) -> Self {
        Self::Json(json)
    }
}

/// A row of either database.
pub(super) enum DatabaseRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl DatabaseRow {
    /// The value of a column, from 0.
    pub(super) fn get<T: Column>(&self, column: usize) -> Result<T, StoreError> {
        let value = match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        };
        value.map_err(|error| StoreError::Unreadable(format!("{error}; put the row right or delete it")))
    }

    /// A text that must read as something.
    pub(super) fn read<T: std::str::FromStr<Err: std::fmt::Display>>(&self, column: usize) -> Result<T, StoreError> {
        read(&self.get::<String>(column)?)
    }

    /// The same where there may be none.
    pub(super) fn read_some<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        column: usize,
    ) -> Result<Option<T>, StoreError> {
        self.get::<Option<String>>(column)?.as_deref().map(read).transpose()
    }
}

/// What a column of both databases can hold.
pub(super) trait Column:
    for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>
{
}

impl<T> Column for T where T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres> {}

fn read<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|error| StoreError::Unreadable(format!("{error}; put the row right or delete it")))
}
