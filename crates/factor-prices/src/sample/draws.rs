//! Named streams of standard normal numbers.

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rand_distr::{Distribution, StandardNormal};

/// The seed of the whole sample. Another value is another history.
const SEED: u64 = 20_101_234;

/// A stream that belongs to a name: the same numbers whatever other streams are drawn, and however far.
#[derive(Debug)]
pub(super) struct Draws(ChaCha8Rng);

impl Draws {
    /// The stream of `name`, seeded by the sample's seed and the name's FNV-1a hash.
    pub(super) fn new(name: &str) -> Self {
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(ChaCha8Rng::seed_from_u64(SEED ^ hash))
    }

    /// The next standard normal number.
    pub(super) fn next(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }
}
