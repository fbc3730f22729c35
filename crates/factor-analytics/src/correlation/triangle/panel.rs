//! A panel made ready for products, and the pieces of its triangle.

use std::ops::Range;

use pulp::Arch;

use super::{
    assembly::{AFRESH, Row},
    products::Products,
};
use crate::correlation::{
    CommonRows,
    prepare::{ColumnStats, Ready, Way},
    presence::{Presence, shared},
};

/// Columns multiplied with a block at a time: when all series are ready, and when they are made ready for it.
const WIDTHS: (usize, usize) = (1024, 128);

/// What all blocks share.
pub(super) struct Panel<'a> {
    pub(super) columns: &'a [&'a [f64]],
    pub(super) facts: Vec<ColumnStats>,
    pub(super) presence: Presence,
    pub(super) min_rows: usize,
    /// Noise of each series, see [`ColumnStats`].
    pub(super) noise: Vec<f64>,
    /// Products do for every series.
    plain: bool,
    /// All series made ready, unless they would take too much memory.
    ready: Option<Ready>,
}

/// Some rows of the triangle, or some columns of them, to be filled.
pub(super) struct Piece<'a> {
    /// The rows.
    block: Range<usize>,
    /// The columns: before the block, the block itself, or both.
    pub(super) columns: Range<usize>,
    /// Each row's entries in these columns, up to the diagonal.
    pub(super) rows: Vec<&'a mut [f64]>,
}

impl Piece<'_> {
    pub(super) fn new(block: Range<usize>, columns: Range<usize>) -> Self {
        let rows = Vec::with_capacity(block.len());
        Self { block, columns, rows }
    }
}

/// What one thread needs for a piece.
#[derive(Default)]
pub(super) struct Scratch {
    left: Ready,
    right: Ready,
    products: Products,
    common: CommonRows,
}

impl<'a> Panel<'a> {
    /// The columns are made ready once if that takes no more than `bytes`.
    pub(super) fn of(
        bytes: usize,
        columns: &'a [&'a [f64]],
        facts: Vec<ColumnStats>,
        presence: Presence,
        min_rows: usize,
        threads: usize,
    ) -> Self {
        let rows = columns.first().map_or(0, |column| column.len());
        let fits = Ready::bytes_per_cell(&presence) * rows * columns.len() <= bytes;
        let ready = fits.then(|| {
            let mut ready = Ready::default();
            ready.fill(columns, &facts, &presence, 0..columns.len(), threads);
            ready
        });
        let plain = facts.iter().all(|facts| facts.way == Way::Products);
        let noise = facts.iter().map(|facts| facts.noise).collect();
        Self { columns, facts, presence, min_rows: min_rows.max(2), noise, plain, ready }
    }

    /// Whether all series are made ready once and for all.
    pub(super) fn is_ready(&self) -> bool {
        self.ready.is_some()
    }

    /// Fills a piece of the triangle.
    pub(super) fn compute(&self, scratch: &mut Scratch, piece: Piece<'_>) {
        let Scratch { left, right, products, common } = scratch;
        let Piece { block, columns, mut rows } = piece;
        let left = self.ready(left, &block);
        let beside = columns.start..columns.end.min(block.start);
        let width = if self.is_ready() { WIDTHS.0 } else { WIDTHS.1 };
        for from in beside.clone().step_by(width) {
            let others = from..beside.end.min(from + width);
            let right = self.ready(right, &others);
            products.multiply(&self.presence, left, right, &block, &others);
            let places = others.start - columns.start..others.end - columns.start;
            for (i, row) in block.clone().zip(&mut rows) {
                self.row(products, common, &block, i, others.clone(), &mut row[places.clone()]);
            }
        }
        if columns.end <= block.start {
            return;
        }
        products.multiply_within(&self.presence, left, &block);
        for (i, row) in block.clone().zip(rows) {
            let Some((own, before)) = row.split_last_mut() else { continue };
            self.row(products, common, &block, i, block.start..i, &mut before[beside.len()..]);
            let defined = self.facts[i].varies && self.facts[i].count >= self.min_rows;
            *own = if defined { 1.0 } else { f64::NAN };
        }
    }

    fn ready<'b>(&'b self, scratch: &'b mut Ready, range: &Range<usize>) -> &'b Ready {
        if let Some(ready) = &self.ready {
            return ready;
        }
        scratch.fill(self.columns, &self.facts, &self.presence, range.clone(), 1);
        scratch
    }

    /// The correlations of column `i` with some columns of the products at hand.
    fn row(
        &self,
        products: &mut Products,
        common: &mut CommonRows,
        block: &Range<usize>,
        i: usize,
        others: Range<usize>,
        out: &mut [f64],
    ) {
        let facts = &self.facts[i];
        if facts.way == Way::Nothing {
            return out.fill(f64::NAN);
        }
        let at = (i - block.start) * products.width;
        let done = Arch::new().dispatch(Row { panel: self, products, at, i, others: others.clone(), out });
        if done && self.plain {
            return;
        }
        for (j, r) in others.zip(out) {
            let (x, y) = (facts, &self.facts[j]);
            *r = match (x.way, y.way) {
                (Way::Nothing, _) | (_, Way::Nothing) => f64::NAN,
                (Way::Products, Way::Products) if *r != AFRESH => continue,
                _ => {
                    let rows = shared(&x.span, &y.span);
                    let pair = common.correlate(&self.columns[i][rows.clone()], &self.columns[j][rows], self.min_rows);
                    pair.r.unwrap_or(f64::NAN)
                }
            };
        }
    }
}
