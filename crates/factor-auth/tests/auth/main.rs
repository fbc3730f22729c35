//! The check of tokens against a stand-in issuer: forgeries, rotation, outages, and what is told.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

mod fetching;
mod forged;
mod outage;
mod rotation;
mod secrets;
mod support;
