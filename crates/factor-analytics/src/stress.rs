//! What happens to a portfolio in a crash: past episodes replayed on daily prices, shocks of a few variables, and the most
//! plausible way to a loss; and what offsets it there.
//!
//! [`Replay`] values what is held with the weights of the first day on daily prices; what had no price then is stood in for
//! by the lens, and named, or is not testable, and then the whole is not either. [`ShockResponse`] is the conditional mean
//! of a portfolio given moves of some variables, with its interval and how far out those moves are. [`ReverseStress`] goes
//! the other way. Ratios of hedges come from the rows before an episode ([`mod@offset`]).

mod episode;
mod held;
pub mod offset;
mod path;
mod replay;
mod reverse;
mod shock;
mod stand_in;
#[cfg(test)]
mod tests;

pub use self::{
    episode::{Episode, Scenario},
    path::WorstDay,
    replay::{EpisodeReturn, HoldingReturn, InEpisode, Replay, StressedHolding},
    reverse::{ReverseError, ReverseMove, ReverseStress},
    shock::{AsFarOut, Move, Plausibility, Sensitivity, Shock, ShockError, ShockResponse},
    stand_in::{Months, StandIn, StandInBeta},
};
