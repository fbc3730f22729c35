//! What offsets a factor, by how much, and did that work out of sample.
//!
//! f is the factor of which there is too much, c a candidate to offset it, p the portfolio, all returns per period with
//! `NaN` where missing. A figure rests on the rows on which all of its series are present.
//!
//! [`HedgeReport::compute`] is the straight line: which candidates are looked at ([`mod@candidates`], `scan`), each one's
//! figures against f ([`mod@figures`]) and as a swap in the portfolio ([`mod@swap`]), their scores ([`mod@score`]), which of them
//! are listed and in which order (`ranking`), and the best two or three together ([`mod@basket`]). Whose portfolio it is, and what f
//! is made of, comes in as data.
//!
//! Beside it stand the best hedge when selling short is allowed ([`mod@signed`]) and what such hedges took away in past
//! quarters ([`mod@scorecard`]).

pub mod basket;
pub mod candidates;
mod capped;
pub mod figures;
mod question;
mod ranking;
mod report;
mod scan;
pub mod score;
pub mod scorecard;
pub mod signed;
pub mod swap;

#[cfg(test)]
mod tests;

pub use self::{
    basket::Basket,
    candidates::{Candidate, CandidateExclusion, ExcludedCandidate, ScenarioResult, Screens},
    figures::{Direction, Effectiveness, HedgeFigures, Relation, Rolling36},
    question::{HedgeError, HedgePlan, HedgeQuestion, SortBy},
    report::{HedgeReport, MIN_EFFECTIVENESS, Recommendation},
    scan::BestShort,
    score::ScoreParts,
    swap::{NoSwap, Portfolio, Swap, VolatilityChange},
};

/// Fewest rows for a correlation in falling markets, and for an evaluation out of sample.
pub const MIN_ROWS: usize = 12;

/// A field that is null and why.
pub type UndefinedField = (&'static str, String);
