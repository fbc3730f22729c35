//! The sections of a report, one module each: a study in, one result out.

pub mod calendar_years;
pub mod dividends;
pub mod insights;
pub mod macro_etf;
pub mod matrices;
pub mod overlays;
pub mod performance;
pub mod returns;
pub mod rolling;
pub mod statistics;
pub mod windows;
pub mod yield_changes;
