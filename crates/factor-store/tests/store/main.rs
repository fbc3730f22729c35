//! What users and administrators write, on SQLite and on a Postgres that these tests start: the same promises on both.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and tells what it counted, helpers included"
)]

mod audit;
mod damage;
mod disks;
mod entries;
mod flips;
mod groups;
mod identities;
mod isolation;
mod kills;
mod mappings;
mod migrations;
mod model;
mod outage;
mod quotas;
mod restores;
mod results;
mod roles;
mod support;
mod users;
