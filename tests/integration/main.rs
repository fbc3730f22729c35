//! The server as clients meet it: over standard input and output and over HTTP, in both protocol eras.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, helpers included"
)]

mod admin;
mod architecture;
mod audit;
mod bad_input;
mod bars;
mod book;
mod caches;
mod charts;
mod check;
mod client_report;
mod command_line;
mod comparison;
mod contract;
mod currencies;
mod damaged_store;
mod doctor;
mod exposures;
mod files;
mod funds;
mod gate;
mod groups;
mod health;
mod http;
mod isolation;
mod jumps;
mod keys;
mod kinds_of_files;
mod large_universes;
mod lengths;
mod oauth;
mod oracle;
mod packaging;
mod page;
mod portfolio_factors;
mod portfolio_tools;
mod portfolios;
mod postgres;
mod promises;
mod prompts;
mod questions;
mod quotas;
mod readers;
mod receipts;
mod recommendations;
mod regimes;
mod reliability_document;
mod reload;
mod replicas;
mod rest;
mod rolling;
mod schemas;
mod seeds_document;
mod setup;
mod skills;
mod sse;
mod statistics;
mod stdio;
mod strain;
mod stress;
mod subscriptions;
mod summaries;
mod support;
mod tickers;
mod tools;
mod traces;
mod traps;
mod vendors;
mod verification;
mod windows;
mod words;
