//! Factor analytics: numbers in, numbers out.
//!
//! Pure, synchronous and deterministic: no clock, no log, no I/O. The clock comes in with a request, timings and
//! cancellation go out through an [`Observer`]. Rows are periods, columns are series, missing is `NaN` in an array and
//! `None` in a result, with the reason.
//!
//! The line through the crate: prices -> [`Window`](panel::Window) -> [`Panel`] -> [`Study`] (which factors are
//! analysed, composites, risk-free rate) -> [`mod@report`], which runs one function of [`mod@sections`] per section
//! asked for.

pub mod cluster;
pub mod compare;
pub mod composite;
pub mod correlation;
pub mod exposure;
mod fields;
pub mod findings;
pub mod fundamentals;
pub mod hedge;
pub mod inference;
pub mod lens;
pub mod models;
pub mod nnls;
pub mod observer;
pub mod panel;
pub mod parallel;
pub mod regime;
pub mod regression;
pub mod report;
pub mod resample;
pub mod rolling;
pub mod sections;
mod sort;
pub mod spectrum;
pub mod stats;
pub mod stress;
pub mod study;
pub mod yields;

#[cfg(test)]
#[path = "../tests/published/differences.rs"]
mod differences;
#[cfg(test)]
mod test_study;

pub use fundamentals::Fundamentals;
pub use observer::Observer;
pub use panel::Panel;
pub use parallel::Threads;
pub use study::Study;
