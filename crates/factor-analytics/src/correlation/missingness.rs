//! Which rows of each series are present, and how many two series share.

use std::ops::Range;

use super::column_stats::ColumnStats;

/// The rows present of several series of one length, in the simplest form that holds them.
#[derive(Debug, Clone)]
pub(super) enum Missingness {
    /// Every row of every series.
    Complete {
        /// Rows of the panel.
        rows: usize,
    },
    /// One unbroken stretch of rows per series: late starts and early ends, without holes.
    Spans {
        /// The stretch of each series.
        spans: Vec<Range<usize>>,
        /// The rows at which some stretch starts or ends, rising.
        marks: Vec<usize>,
        /// Of each stretch the places of its start and end among the marks.
        places: Vec<Range<usize>>,
        /// True when all that have rows end at the last row.
        open: bool,
    },
    /// Any rows: per series one bit a row, in `words` words.
    Scattered {
        /// Words per series.
        words: usize,
        /// All series' words.
        bits: Vec<u64>,
    },
}

impl Missingness {
    pub(super) fn of(columns: &[&[f64]], stats: &[ColumnStats]) -> Self {
        let rows = columns.first().map_or(0, |column| column.len());
        // The simplest form that fits, since each needs fewer products than the next.
        if stats.iter().all(|stats| stats.count == rows) {
            return Self::Complete { rows };
        }
        if stats.iter().all(|stats| stats.count == stats.span.len()) {
            let spans: Vec<Range<usize>> = stats.iter().map(|stats| stats.span.clone()).collect();
            let mut marks: Vec<usize> = spans.iter().flat_map(|span| [span.start, span.end]).collect();
            marks.sort_unstable();
            marks.dedup();
            let place = |row: usize| marks.partition_point(|mark| *mark < row);
            let places = spans.iter().map(|span| place(span.start)..place(span.end)).collect();
            // Then sums over common rows are running sums from a start, and none is a difference of two.
            let open = spans.iter().all(|span| span.is_empty() || span.end == rows);
            return Self::Spans { spans, marks, places, open };
        }
        let word =
            |values: &[f64]| values.iter().rev().fold(0_u64, |word, value| (word << 1) | u64::from(value.is_finite()));
        let bits = columns.iter().flat_map(|column| column.chunks(64).map(word)).collect();
        Self::Scattered { words: rows.div_ceil(64), bits }
    }

    /// Rows that series `i` and `j` share.
    #[inline(always)]
    pub(super) fn common(&self, i: usize, j: usize) -> usize {
        match self {
            Self::Complete { rows } => *rows,
            Self::Spans { spans, .. } => shared(&spans[i], &spans[j]).len(),
            Self::Scattered { words, bits } => {
                let (a, b) = (&bits[i * words..(i + 1) * words], &bits[j * words..(j + 1) * words]);
                let mut count = 0;
                for (a, b) in a.iter().zip(b) {
                    count += (a & b).count_ones() as usize;
                }
                count
            }
        }
    }

    /// As [`Missingness::common`], for series `i` and each of some others.
    #[inline(always)]
    pub(super) fn common_rows(&self, i: usize, others: Range<usize>, counts: &mut [f64]) {
        if let Self::Spans { spans, .. } = self {
            let own = &spans[i];
            for (span, count) in spans[others].iter().zip(counts) {
                *count = shared(own, span).len() as f64;
            }
            return;
        }
        for (j, count) in others.zip(counts) {
            *count = self.common(i, j) as f64;
        }
    }

    /// From the first to the last row that any of some neighbouring series has; every row unless they have spans.
    pub(super) fn extent(&self, range: &Range<usize>, rows: usize) -> Range<usize> {
        let Self::Spans { spans, .. } = self else { return 0..rows };
        let there = spans[range.clone()].iter().filter(|span| !span.is_empty());
        let whole = there.fold(rows..0, |whole, span| whole.start.min(span.start)..whole.end.max(span.end));
        if whole.is_empty() { 0..0 } else { whole }
    }

    /// The series in the order of their starts; `None` unless they have spans.
    pub(super) fn order(&self) -> Option<Vec<usize>> {
        let Self::Spans { spans, .. } = self else { return None };
        let mut order: Vec<usize> = (0..spans.len()).collect();
        order.sort_by_key(|at| (spans[*at].start, spans[*at].end));
        Some(order)
    }
}

/// The rows in both spans; empty where they do not meet.
pub(super) fn shared(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    let start = a.start.max(b.start);
    start..a.end.min(b.end).max(start)
}
