//! Kenneth French's data library: returns of priced factors (market, size, value, profitability, investment, momentum), months from
//! July 1926 and days, of the United States and of regions.
//!
//! | module | what |
//! | --- | --- |
//! | [`dataset`] | which files there are, and what they are called |
//! | [`reader`] | a file's bytes -> a [`FactorTable`], or the line at which it cannot be one |
//! | `archive` | the one file in a zip |
//! | [`library`] | where the files come from: a folder, or the library's site with what was fetched before |
//!
//! The files are read strictly: what is damaged is refused with its line, never guessed at. Nothing of the library's data is part of
//! this program (copyright Eugene F. Fama and Kenneth R. French).

mod archive;
pub mod dataset;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
pub mod library;
pub mod reader;

#[cfg(test)]
mod mutations;
#[cfg(test)]
mod tests;

pub use self::{
    archive::ArchiveError,
    dataset::{Dataset, FactorSet, Region},
    library::{FrenchLibrary, Loaded, NoFactors},
    reader::{FactorColumn, FactorTable, ReadError},
};
