//! A panel prepared for products, and the pieces of its triangle.

use std::ops::Range;

use pulp::Arch;

use super::{
    assembly::{RECOMPUTE, Row},
    products::Products,
};
use crate::correlation::{
    column_stats::{ColumnStats, Strategy},
    missingness::{Missingness, shared},
    pair::CommonRows,
    prepare::Prepared,
};
use crate::{observer::Stopped, parallel::Checkpoint};

/// Columns multiplied with a block at a time: when all series are prepared, and when they are prepared for it.
const WIDTHS: (usize, usize) = (1024, 128);

/// What all blocks share.
pub(super) struct Blocked<'a> {
    pub(super) columns: &'a [&'a [f64]],
    pub(super) stats: Vec<ColumnStats>,
    pub(super) missingness: Missingness,
    pub(super) min_rows: usize,
    /// Noise of each series, see [`ColumnStats`].
    pub(super) noise: Vec<f64>,
    /// Products do for every series.
    plain: bool,
    /// All series prepared, unless they would take too much memory.
    prepared: Option<Prepared>,
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
    left: Prepared,
    right: Prepared,
    products: Products,
    common: CommonRows,
}

impl<'a> Blocked<'a> {
    /// The columns are prepared once if that takes no more than `bytes`.
    pub(super) fn of(
        bytes: usize,
        columns: &'a [&'a [f64]],
        stats: Vec<ColumnStats>,
        missingness: Missingness,
        min_rows: usize,
        threads: usize,
    ) -> Self {
        let rows = columns.first().map_or(0, |column| column.len());
        let fits = Prepared::bytes_per_cell(&missingness) * rows * columns.len() <= bytes;
        let prepared = fits.then(|| {
            let mut prepared = Prepared::default();
            prepared.fill(columns, &stats, &missingness, 0..columns.len(), threads);
            prepared
        });
        // Then no pair needs a look at its strategy.
        let plain = stats.iter().all(|stats| stats.strategy == Strategy::Gemm);
        let noise = stats.iter().map(|stats| stats.noise).collect();
        Self { columns, stats, missingness, min_rows: min_rows.max(2), noise, plain, prepared }
    }

    /// Whether all series are prepared once and for all.
    pub(super) fn is_prepared(&self) -> bool {
        self.prepared.is_some()
    }

    /// Fills a piece of the triangle.
    pub(super) fn compute(
        &self,
        scratch: &mut Scratch,
        piece: Piece<'_>,
        checkpoint: &mut Checkpoint<'_, '_>,
    ) -> Result<(), Stopped> {
        let Scratch { left, right, products, common } = scratch;
        let Piece { block, columns, mut rows } = piece;
        let left = self.prepared(left, &block);
        let off_diagonal = columns.start..columns.end.min(block.start);
        let width = if self.is_prepared() { WIDTHS.0 } else { WIDTHS.1 };
        for from in off_diagonal.clone().step_by(width) {
            let others = from..off_diagonal.end.min(from + width);
            let right = self.prepared(right, &others);
            products.multiply(&self.missingness, (left, right), (&block, &others), checkpoint)?;
            let places = others.start - columns.start..others.end - columns.start;
            for (i, row) in block.clone().zip(&mut rows) {
                checkpoint.check()?;
                self.row(products, common, &block, i, others.clone(), &mut row[places.clone()]);
            }
        }
        if columns.end <= block.start {
            return Ok(());
        }
        products.multiply_within(&self.missingness, left, &block, checkpoint)?;
        for (i, row) in block.clone().zip(rows) {
            checkpoint.check()?;
            let Some((own, before)) = row.split_last_mut() else { continue };
            self.row(products, common, &block, i, block.start..i, &mut before[off_diagonal.len()..]);
            let defined = self.stats[i].varies && self.stats[i].count >= self.min_rows;
            *own = if defined { 1.0 } else { f64::NAN };
        }
        Ok(())
    }

    fn prepared<'b>(&'b self, scratch: &'b mut Prepared, range: &Range<usize>) -> &'b Prepared {
        if let Some(prepared) = &self.prepared {
            return prepared;
        }
        scratch.fill(self.columns, &self.stats, &self.missingness, range.clone(), 1);
        scratch
    }

    /// The correlations of column `i` with some columns, from products already computed.
    fn row(
        &self,
        products: &mut Products,
        common: &mut CommonRows,
        block: &Range<usize>,
        i: usize,
        others: Range<usize>,
        out: &mut [f64],
    ) {
        let stats = &self.stats[i];
        if stats.strategy == Strategy::Undefined {
            return out.fill(f64::NAN);
        }
        let at = (i - block.start) * products.width;
        let done = Arch::new().dispatch(Row {
            missingness: &self.missingness,
            min_rows: self.min_rows,
            noise: &self.noise,
            products,
            at,
            i,
            others: others.clone(),
            out,
        });
        if done && self.plain {
            return;
        }
        for (j, r) in others.zip(out) {
            let (x, y) = (stats, &self.stats[j]);
            *r = match (x.strategy, y.strategy) {
                (Strategy::Undefined, _) | (_, Strategy::Undefined) => f64::NAN,
                (Strategy::Gemm, Strategy::Gemm) if *r != RECOMPUTE => continue,
                _ => {
                    // Outside both spans nothing is common: a late start costs no look at the rows before it.
                    let rows = shared(&x.span, &y.span);
                    let pair = common.correlate(&self.columns[i][rows.clone()], &self.columns[j][rows], self.min_rows);
                    pair.r.unwrap_or(f64::NAN)
                }
            };
        }
    }
}
