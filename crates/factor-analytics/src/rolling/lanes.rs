//! Eight numbers side by side, one per series of a group, and sums of them over windows.
//!
//! Sums over a window are never made by subtracting the row that leaves, which would let errors pile up and an outlier
//! leave its rounding behind. Rows are cut into blocks as long as a window: each window is the end of one block and the
//! beginning of the next, and its sum that of a sum from a row to its block's end and one from a block's beginning to a
//! row (M. van Herk, Pattern Recognition Letters 13, 1992, for maxima). Two additions per row, each window as good as
//! summed on its own.

use pulp::{Arch, Simd, WithSimd};

/// Series in a group.
pub(super) const LANES: usize = 8;

/// One number per series of a group.
pub(super) type Lanes = [f64; LANES];

/// Work on lanes, of which `P` registers hold a row.
pub(super) trait Job {
    type Output;

    fn run<S: Simd, const P: usize>(self, simd: S) -> Self::Output;
}

/// Does a job with the widest registers that the machine has.
pub(super) fn run<J: Job>(job: J) -> J::Output {
    struct Widest<J>(J);

    impl<J: Job> WithSimd for Widest<J> {
        type Output = J::Output;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> J::Output {
            match LANES / S::F64_LANES {
                1 => self.0.run::<S, 1>(simd),
                2 => self.0.run::<S, 2>(simd),
                4 => self.0.run::<S, 4>(simd),
                _ => self.0.run::<S, LANES>(simd),
            }
        }
    }

    Arch::new().dispatch(Widest(job))
}

/// A row of lanes in registers.
pub(super) type Row<S, const P: usize> = [<S as Simd>::f64s; P];

/// Rows as the registers that hold them.
#[inline(always)]
pub(super) fn registers<S: Simd, const P: usize>(rows: &[Lanes]) -> &[Row<S, P>] {
    S::as_simd_f64s(rows.as_flattened()).0.as_chunks().0
}

#[inline(always)]
pub(super) fn registers_mut<S: Simd, const P: usize>(rows: &mut [Lanes]) -> &mut [Row<S, P>] {
    S::as_mut_simd_f64s(rows.as_flattened_mut()).0.as_chunks_mut().0
}

/// As [`registers`], of `K` rows each.
#[inline(always)]
pub(super) fn several<S: Simd, const P: usize, const K: usize>(rows: &[[Lanes; K]]) -> &[[Row<S, P>; K]] {
    registers::<S, P>(rows.as_flattened()).as_chunks().0
}

#[inline(always)]
pub(super) fn several_mut<S: Simd, const P: usize, const K: usize>(rows: &mut [[Lanes; K]]) -> &mut [[Row<S, P>; K]] {
    registers_mut::<S, P>(rows.as_flattened_mut()).as_chunks_mut().0
}

/// What is in registers as numbers.
#[inline(always)]
pub(super) fn lanes<S: Simd, const P: usize, const K: usize>(registers: [Row<S, P>; K]) -> [Lanes; K] {
    let mut lanes = [[0.0; LANES]; K];
    registers_mut::<S, P>(&mut lanes).copy_from_slice(&registers);
    lanes
}

/// One number in every lane.
#[inline(always)]
pub(super) fn splat<S: Simd, const P: usize, const K: usize>(simd: S, x: f64) -> [Row<S, P>; K] {
    [[simd.splat_f64s(x); P]; K]
}

/// Each of the `K` lanes from `K * chunk` on in a register of its own.
#[inline(always)]
pub(super) fn splats<S: Simd, const K: usize>(simd: S, row: &Lanes, chunk: usize) -> [S::f64s; K] {
    let lanes = &row.as_chunks::<K>().0[chunk];
    let mut splats = [simd.splat_f64s(0.0); K];
    for side in 0..K {
        splats[side] = simd.splat_f64s(lanes[side]);
    }
    splats
}

/// Gives `window_ends` the number of each window, in order, and the sums of `row` over its rows. A window has as many
/// rows as `to_end`, which is scratch space.
#[inline(always)]
pub(super) fn window_sums<S: Simd, const P: usize, const K: usize>(
    simd: S,
    to_end: &mut [[Row<S, P>; K]],
    rows: usize,
    row: impl Fn(usize) -> [Row<S, P>; K],
    mut window_ends: impl FnMut(usize, [Row<S, P>; K]),
) {
    let (window, zero) = (to_end.len(), splat::<S, P, K>(simd, 0.0));
    // Of the block before, to_end[k] sums the rows k.. ; a window that begins a block has nothing of it.
    let mut start = 0;
    while start < rows {
        let end = rows.min(start + window);
        let mut sum = zero;
        if start == 0 {
            for at in 0..end {
                sum = add(simd, sum, row(at));
            }
            if end == window {
                window_ends(0, sum);
            }
        } else {
            for (at, before) in (start..end).zip(&to_end[1..]) {
                sum = add(simd, sum, row(at));
                window_ends(at + 1 - window, add(simd, *before, sum));
            }
            if end == start + window {
                window_ends(start, add(simd, sum, row(end - 1)));
            }
        }
        if end < rows {
            let mut sum = zero;
            for (inside, to_end) in to_end.iter_mut().enumerate().rev() {
                sum = add(simd, sum, row(start + inside));
                *to_end = sum;
            }
        }
        start = end;
    }
}

#[inline(always)]
fn add<S: Simd, const P: usize, const K: usize>(simd: S, mut a: [Row<S, P>; K], b: [Row<S, P>; K]) -> [Row<S, P>; K] {
    for side in 0..K {
        for part in 0..P {
            a[side][part] = simd.add_f64s(a[side][part], b[side][part]);
        }
    }
    a
}
