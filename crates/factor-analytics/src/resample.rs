//! Draws at random that are the same for the same series: what a permutation or a bootstrap draws with.
//!
//! A draw depends on the method's version, the dates and the values that it is made of, and on nothing else: neither on what
//! else a panel holds, nor on the order of calls, nor on the machine. Another program can repeat it: ChaCha with eight rounds
//! (D. J. Bernstein, 2008), its key the SHA-256 of what went into the [`Seed`], its counter from 0, its words taken two by
//! two, the lower first.

use std::ops::Range;

use chrono::NaiveDate;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use sha2::{Digest, Sha256};

/// What decides a sequence of draws.
#[derive(Debug, Clone)]
pub struct Seed(Sha256);

/// A sequence of draws.
#[derive(Debug, Clone)]
pub struct Draws(ChaCha8Rng);

/// How long the blocks of a stationary bootstrap are: of geometric length, ending after each row with a probability of
/// 1 / `mean`.
#[derive(Debug, Clone)]
pub struct RandomLengths {
    /// Under the k-th of them lie the 32-bit numbers whose block goes on past k rows.
    longer: Vec<u32>,
    /// The shortest length that a number may stand for, by its first eight bits: a bound or none is left to be looked at.
    shortest: Vec<usize>,
}

impl RandomLengths {
    /// Lengths of `mean` rows on average, at least 1, and of `rows` at most. The k-th bound is the one before it, at first
    /// 2^32 - 1, less its whole part divided by `mean`.
    pub fn new(mean: u32, rows: usize) -> Self {
        let bounds = std::iter::successors(Some(u32::MAX), |bound| Some(bound - bound / mean.max(1)));
        let longer: Vec<u32> = bounds.skip(1).take(rows.saturating_sub(1)).collect();
        let of = |number: u32| 1 + longer.iter().take_while(|bound| number < **bound).count();
        let shortest = (0..=u32::from(u8::MAX)).map(|first| of(first << 24 | 0xFF_FFFF)).collect();
        Self { longer, shortest }
    }

    /// The length that a 32-bit number stands for.
    fn of(&self, number: u32) -> usize {
        let mut length = self.shortest[(number >> 24) as usize];
        while self.longer.get(length - 1).is_some_and(|bound| number < *bound) {
            length += 1;
        }
        length
    }
}

impl Seed {
    /// The seed of a method, by its name and version.
    pub fn of(method: &str) -> Self {
        Self(Sha256::new_with_prefix(method))
    }

    /// Adds a row: its date as `YYYY-MM-DD` and its values as little-endian f64.
    pub fn row(&mut self, label: NaiveDate, values: &[f64]) {
        self.0.update(label.to_string());
        values.iter().for_each(|value| self.0.update(value.to_le_bytes()));
    }

    /// The draws.
    pub fn draws(self) -> Draws {
        Draws(ChaCha8Rng::from_seed(self.0.finalize().into()))
    }
}

impl Draws {
    /// A whole number under `count`, which is at least 1: floor(u count / 2^64) of the next 64 bits u. Off even by less than
    /// `count` / 2^64.
    pub fn below(&mut self, count: usize) -> usize {
        let wide = u128::from(self.0.next_u64()) * count as u128;
        usize::try_from(wide >> 64).unwrap_or_default()
    }

    /// So many of the first `count` numbers, each at most once, in the order drawn (R. Fisher and F. Yates, 1938): the k-th is
    /// swapped with one drawn from the k-th on.
    pub fn choose(&mut self, chosen: usize, count: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..count).collect();
        for at in 0..chosen.min(count) {
            let other = at + self.below(count - at);
            all.swap(at, other);
        }
        all.truncate(chosen);
        all
    }

    /// Circular blocks (D. Politis and J. Romano, 1992) that make up as many rows as there are: each begins at a row drawn
    /// anew and goes on past the last row with the first; the last block is cut to what is missing. Rows from `rows` on stand
    /// for those from 0 on.
    pub fn blocks(&mut self, rows: usize, length: usize) -> Vec<Range<usize>> {
        let mut blocks = Vec::with_capacity(rows.div_ceil(length.max(1)));
        let mut missing = rows;
        while missing > 0 {
            let first = self.below(rows);
            let taken = length.clamp(1, missing);
            blocks.push(first..first + taken);
            missing -= taken;
        }
        blocks
    }

    /// Circular blocks of random lengths (D. Politis and J. Romano, "The Stationary Bootstrap", J. Am. Stat. Assoc. 89, 1994)
    /// that make up as many rows as there are, under 2^32, as [`Draws::blocks`] gives them; the last is cut to what is missing.
    /// Of each block the upper half u of the next 64 bits is its first row, floor(u rows / 2^32), the lower half its length. They
    /// replace what `blocks` held.
    pub fn stationary(&mut self, rows: usize, lengths: &RandomLengths, blocks: &mut Vec<Range<usize>>) {
        blocks.clear();
        let mut missing = rows;
        while missing > 0 {
            let number = self.0.next_u64();
            let first = ((number >> 32) * rows as u64) >> 32;
            let (first, taken) = (first as usize, lengths.of(number as u32).min(missing));
            blocks.push(first..first + taken);
            missing -= taken;
        }
    }
}

#[cfg(test)]
mod tests;
