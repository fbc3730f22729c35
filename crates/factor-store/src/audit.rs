//! Audit: one chain of rows per server, each sealed over the one before it.
//!
//! A row says who called what, when, on which data and with which answer. What was asked is there as an HMAC alone, under a key
//! that is kept apart from the rows: a portfolio of three funds could be guessed from a plain digest. The same key seals the rows:
//! nobody who has the database alone can add, change or reorder any unseen. That the last ones are missing only a note of an
//! earlier head can tell.

use std::fmt;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::StoreError;

/// What the first row of a chain is chained to.
const BEGINNING: &str = "";

/// A server's key, 32 bytes. Servers that share a store share it, so that any of them can verify the chains of all.
#[derive(Clone, PartialEq, Eq)]
pub struct AuditKey([u8; 32]);

impl AuditKey {
    /// A new one from the system's random source.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the system gives no random bytes.
    pub fn generate() -> Result<Self, StoreError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| StoreError::Unavailable(format!("no random bytes: {error}")))?;
        Ok(Self(bytes))
    }

    /// Reads 64 hexadecimal digits; space around them is no part of them.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// As 64 hexadecimal digits, for the file it is kept in.
    pub fn reveal(&self) -> String {
        hex(&self.0)
    }

    /// HMAC-SHA-256 of parts, each with its length, as 64 hexadecimal digits. The first says what it is of.
    pub fn seal(&self, parts: &[&str]) -> String {
        // A key of 32 bytes is one for HMAC.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part.as_bytes());
        }
        hex(&mac.finalize().into_bytes())
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is to be written of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When it ended, to the millisecond.
    pub at: DateTime<Utc>,
    /// The user's name in the audit.
    pub who: String,
    /// The tool.
    pub operation: String,
    /// `ok`, or the code of the error.
    pub outcome: String,
    /// The seal of the arguments.
    pub arguments: String,
    /// What the answer rests on; empty where it has no figures.
    pub data: String,
    /// The state of the answer; empty for an error.
    pub answer: String,
}

/// A row as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AuditRow {
    /// The server that wrote it.
    pub replica: String,
    /// Its place in that server's chain, from 1.
    pub seq: i64,
    /// Milliseconds since 1970.
    pub at: i64,
    /// The user's name in the audit.
    pub who: String,
    /// The tool.
    pub operation: String,
    /// `ok`, or the code of the error.
    pub outcome: String,
    /// The seal of the arguments.
    pub arguments: String,
    /// What the answer rests on.
    pub data: String,
    /// The state of the answer.
    pub answer: String,
    /// The seal of the row before and of this one.
    pub hash: String,
}

impl AuditRow {
    /// The row of an entry at a place of a chain.
    pub(crate) fn chained(key: &AuditKey, replica: &str, before: &Head, entry: &AuditEntry) -> Self {
        let AuditEntry { at, who, operation, outcome, arguments, data, answer } = entry.clone();
        let (replica, seq, at) = (replica.to_owned(), before.seq + 1, at.timestamp_millis());
        let mut row = Self { replica, seq, at, who, operation, outcome, arguments, data, answer, hash: String::new() };
        row.hash = row.sealed(key, &before.hash);
        row
    }

    fn sealed(&self, key: &AuditKey, before: &str) -> String {
        let (seq, at) = (self.seq.to_string(), self.at.to_string());
        let place = ["audit row 1", before, &self.replica, &seq, &at];
        let what = [&self.who, &self.operation, &self.outcome, &self.arguments, &self.data, &self.answer];
        key.seal(&[&place[..], &what.map(String::as_str)].concat())
    }

    /// Where the chain is after this row.
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash.clone() }
    }
}

/// The end of a chain, or where its rows that are kept begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of its last row; 0 before the first.
    pub seq: i64,
    /// That row's hash.
    pub hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { seq: 0, hash: BEGINNING.to_owned() }
    }
}

/// Where a chain begins whose older rows are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose chain.
    pub replica: String,
    /// The last row that is gone.
    pub last: Head,
    /// When they went, in milliseconds since 1970.
    pub at: i64,
    /// The seal of the rest.
    pub seal: String,
}

impl Checkpoint {
    pub(crate) fn sealed(key: &AuditKey, replica: &str, last: Head, at: i64) -> Self {
        let mut checkpoint = Self { replica: replica.to_owned(), last, at, seal: String::new() };
        checkpoint.seal = checkpoint.seal_by(key);
        checkpoint
    }

    fn seal_by(&self, key: &AuditKey) -> String {
        let (seq, at) = (self.last.seq.to_string(), self.at.to_string());
        key.seal(&["audit checkpoint 1", &self.replica, &seq, &self.last.hash, &at])
    }
}

/// What is wrong with a chain; the first thing that is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A checkpoint that the key did not seal.
    #[error("{replica}: the checkpoint at row {seq} is not sealed by this key: it is forged, or the key is another")]
    Checkpoint {
        /// Whose chain.
        replica: String,
        /// Where.
        seq: i64,
    },
    /// A row is missing, or stands elsewhere.
    #[error("{replica}: after row {after} comes row {found}: rows are missing, or were put elsewhere")]
    Gap {
        /// Whose chain.
        replica: String,
        /// The row before.
        after: i64,
        /// The row that comes.
        found: i64,
    },
    /// A row that does not fit its seal.
    #[error(
        "{replica}: row {seq} is not what was written: it or the row before it was changed or forged, or the key is another"
    )]
    Row {
        /// Whose chain.
        replica: String,
        /// Which.
        seq: i64,
    },
    /// A head that was noted is in no chain.
    #[error("no chain has the head {0}: the rows up to it, or its chain, are cut off or replaced")]
    Head(String),
}

/// Walks along a chain, row by row.
#[derive(Debug)]
pub struct Walk<'a> {
    key: &'a AuditKey,
    replica: String,
    at: Head,
    rows: u64,
}

impl<'a> Walk<'a> {
    /// Begins at the chain's beginning, or at its checkpoint.
    ///
    /// # Errors
    /// A checkpoint that is not sealed.
    pub fn begin(key: &'a AuditKey, replica: &str, checkpoint: Option<&Checkpoint>) -> Result<Self, Broken> {
        let at = match checkpoint {
            Some(checkpoint) if checkpoint.seal != checkpoint.seal_by(key) || checkpoint.replica != replica => {
                return Err(Broken::Checkpoint { replica: replica.to_owned(), seq: checkpoint.last.seq });
            }
            Some(checkpoint) => checkpoint.last.clone(),
            None => Head::default(),
        };
        Ok(Self { key, replica: replica.to_owned(), at, rows: 0 })
    }

    /// Takes the next row.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn step(&mut self, row: &AuditRow) -> Result<(), Broken> {
        if row.seq != self.at.seq + 1 {
            let (after, found) = (self.at.seq, row.seq);
            return Err(Broken::Gap { replica: self.replica.clone(), after, found });
        }
        if row.replica != self.replica || row.hash != row.sealed(self.key, &self.at.hash) {
            return Err(Broken::Row { replica: self.replica.clone(), seq: row.seq });
        }
        self.at = row.head();
        self.rows += 1;
        Ok(())
    }

    /// Where it is.
    pub fn head(&self) -> &Head {
        &self.at
    }

    /// How many rows it has taken.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> AuditKey {
        AuditKey::read(&"0b".repeat(32)).unwrap()
    }

    fn chain(rows: usize) -> Vec<AuditRow> {
        let mut head = Head::default();
        let entry = |at: usize| AuditEntry {
            at: DateTime::from_timestamp_millis(1_000 + i64::try_from(at).unwrap()).unwrap(),
            who: "ab12".to_owned(),
            operation: "list_factors".to_owned(),
            outcome: "ok".to_owned(),
            arguments: key().seal(&["arguments", &at.to_string()]),
            data: String::new(),
            answer: at.to_string(),
        };
        (0..rows)
            .map(|at| {
                let row = AuditRow::chained(&key(), "a", &head, &entry(at));
                head = row.head();
                row
            })
            .collect()
    }

    fn walked(rows: &[AuditRow], checkpoint: Option<&Checkpoint>) -> Result<Head, Broken> {
        let key = key();
        let mut walk = Walk::begin(&key, "a", checkpoint)?;
        rows.iter().try_for_each(|row| walk.step(row))?;
        Ok(walk.head().clone())
    }

    #[test]
    fn a_seal_is_hmac_sha_256() {
        // By Python: hmac.new(bytes([11]) * 32, struct.pack('<Q', 8) + b'Hi There', sha256).
        let key = AuditKey::read(&"0b".repeat(32)).unwrap();
        assert_eq!(key.seal(&["Hi There"]), "568e147fc75d8a804f400d6c30b2d354e14acfeda78dfe2e9ff6abe1a23ac9f3");
        assert_eq!(AuditKey::read(&key.reveal()), Some(key.clone()));
        assert_eq!(format!("{key:?}"), "***");
        for wrong in ["", "0b", &"0g".repeat(32), &"é".repeat(32), &"0b".repeat(33)] {
            assert_eq!(AuditKey::read(wrong), None, "{wrong}");
        }
        assert_ne!(key.seal(&["ab", "c"]), key.seal(&["a", "bc"]));
    }

    #[test]
    fn whatever_is_changed_in_a_chain_is_found_at_its_row() {
        let rows = chain(5);
        assert_eq!(walked(&rows, None), Ok(rows[4].head()));
        let broken = |at: usize| Err(Broken::Row { replica: "a".to_owned(), seq: i64::try_from(at + 1).unwrap() });
        type Change = fn(&mut AuditRow);
        let changes: [Change; 8] = [
            |row| row.at += 1,
            |row| row.who.push('x'),
            |row| row.operation.push('x'),
            |row| row.outcome = "timeout".to_owned(),
            |row| row.arguments.replace_range(..1, "z"),
            |row| row.data.push('x'),
            |row| row.answer.push('x'),
            |row| row.hash.replace_range(..1, "z"),
        ];
        for at in 0..rows.len() {
            for change in changes {
                let mut rows = rows.clone();
                change(&mut rows[at]);
                assert_eq!(walked(&rows, None), broken(at));
            }
        }
        // A row of another place, and a row that was written without the key.
        let mut reordered = rows.clone();
        reordered.swap(1, 2);
        assert_eq!(walked(&reordered, None), Err(Broken::Gap { replica: "a".to_owned(), after: 1, found: 3 }));
        (reordered[1].seq, reordered[2].seq) = (2, 3);
        assert_eq!(walked(&reordered, None), broken(1));
        let mut forged = rows.clone();
        let other = AuditKey::read(&"0c".repeat(32)).unwrap();
        let entry = AuditEntry {
            at: DateTime::from_timestamp_millis(9_000).unwrap(),
            who: "me".to_owned(),
            operation: "x".to_owned(),
            outcome: "ok".to_owned(),
            arguments: String::new(),
            data: String::new(),
            answer: String::new(),
        };
        forged.push(AuditRow::chained(&other, "a", &rows[4].head(), &entry));
        assert_eq!(walked(&forged, None), broken(5));
        assert_eq!(walked(&rows[1..], None), Err(Broken::Gap { replica: "a".to_owned(), after: 0, found: 2 }));
    }

    #[test]
    fn a_chain_that_lost_its_beginning_begins_at_its_checkpoint() {
        let rows = chain(5);
        let checkpoint = Checkpoint::sealed(&key(), "a", rows[1].head(), 77);
        assert_eq!(walked(&rows[2..], Some(&checkpoint)), Ok(rows[4].head()));
        assert_eq!(walked(&[], Some(&checkpoint)), Ok(rows[1].head()));
        let forged = Checkpoint { last: rows[2].head(), ..checkpoint.clone() };
        assert_eq!(walked(&rows[3..], Some(&forged)), Err(Broken::Checkpoint { replica: "a".to_owned(), seq: 3 }));
        assert!(walked(&rows[3..], Some(&checkpoint)).is_err());
    }
}
