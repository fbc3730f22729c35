//! What proves that a row is the one that was written.

use factor_types::EntryKey;
use sha2::{Digest, Sha256};

/// Changed when the rows' meaning changes, so that no row of another form is ever believed.
const DOMAIN: &[u8] = b"factor-mcp entry 1";

/// SHA-256 over the key, the time in seconds and the body, each with its length.
pub(crate) fn checksum(key: &EntryKey, fetched_at: i64, body: &[u8]) -> [u8; 32] {
    let EntryKey { source, kind, subject } = key;
    let time = fetched_at.to_le_bytes();
    let mut hash = Sha256::new();
    for part in [DOMAIN, source.as_bytes(), kind.as_bytes(), subject.as_bytes(), &time, body] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
