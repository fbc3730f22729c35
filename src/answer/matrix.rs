//! A symmetric matrix: its cells are written once and laid out as the answer has room.

use serde::Serialize;
use serde_json::ser::Serializer;

use super::{Room, Rounding};

/// How a matrix is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Layout {
    /// {row: {column: cell}}.
    #[default]
    Nested,
    /// {labels, rows}: the lower triangle with its diagonal.
    Triangle,
}

/// A symmetric matrix of JSON cells. It is cut as a triangle only: its first rows and columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Matrix {
    /// The labels as JSON strings.
    labels: Vec<String>,
    /// The cells of the lower triangle row by row, a comma after each.
    cells: String,
    /// Where each cell ends in `cells`.
    ends: Vec<usize>,
    layout: Layout,
    shown: usize,
}

impl Matrix {
    /// Writes `cell(i, j)` for every j <= i; cells are numbers or null.
    pub(crate) fn of<T: Serialize>(
        labels: &[String],
        layout: Layout,
        rounding: Rounding,
        cell: impl Fn(usize, usize) -> T,
    ) -> Self {
        Self::first_rows(labels, layout, rounding, Room::ALL, cell)
    }

    /// As [`Self::of`], of as many rows as there is room for: of a wide matrix few are shown.
    pub(crate) fn first_rows<T: Serialize>(
        labels: &[String],
        layout: Layout,
        rounding: Rounding,
        room: Room,
        cell: impl Fn(usize, usize) -> T,
    ) -> Self {
        let size = labels.len();
        // Ten characters for each cell of the lower triangle; more only cost another allocation.
        let room_for = |most: usize| if room == Room::ALL { most } else { most.min(1 << 15) };
        let mut cells = Vec::with_capacity(room_for(size * (size + 1) * 5));
        let mut ends = Vec::with_capacity(room_for(size * (size + 1) / 2));
        let mut shown = 0;
        while shown < size && !room.is_used_up(cells.len()) {
            let i = shown;
            shown += 1;
            for j in 0..=i {
                let start = cells.len();
                if cell(i, j).serialize(&mut Serializer::with_formatter(&mut cells, rounding)).is_err() {
                    // What was written of a cell that cannot be is taken back: the matrix stays JSON.
                    cells.truncate(start);
                    cells.extend_from_slice(b"null");
                }
                ends.push(cells.len());
                cells.push(b',');
            }
        }
        let labels = labels.iter().map(|label| Rounding::None.text(label)).collect();
        Self { labels, cells: String::from_utf8(cells).unwrap_or_default(), ends, layout, shown }
    }

    /// True where rows are left unwritten.
    pub(super) fn is_partial(&self) -> bool {
        self.ends.len() < self.labels.len() * (self.labels.len() + 1) / 2
    }

    /// How many rows it has.
    pub(super) fn total(&self) -> usize {
        self.labels.len()
    }

    /// How many of them are shown.
    pub(super) fn shown(&self) -> usize {
        self.shown
    }

    /// Shows no more than the first `count` rows; a nested matrix is whole.
    pub(super) fn show(&mut self, count: usize) {
        self.shown = count.min(self.shown);
    }

    /// Lays it out as a triangle; false where it is one.
    pub(super) fn fold(&mut self) -> bool {
        std::mem::replace(&mut self.layout, Layout::Triangle) == Layout::Nested
    }

    /// Characters of a label and its row in a triangle.
    pub(super) fn own(&self, at: usize) -> usize {
        self.labels[at].chars().count() + 2 + self.row(at).len()
    }

    /// Characters of its text.
    pub(super) fn chars(&self) -> usize {
        let shown = self.shown;
        if self.layout == Layout::Triangle {
            let own: usize = (0..shown).map(|at| self.own(at)).sum();
            return r#"{"labels":[],"rows":[]}"#.len() + own + 2 * shown.saturating_sub(1);
        }
        if self.is_partial() {
            // What is written already is longer than can be shown: it is laid out as a triangle before it is written.
            return self.cells.len();
        }
        let labels: usize = self.labels.iter().map(|label| label.chars().count()).sum();
        let size = self.labels.len();
        let diagonal: usize = (0..size).map(|i| self.cell(i, i).len()).sum();
        // Every cell but those of the diagonal stands twice. A row has its label and braces, a cell its label; both a
        // colon, and a comma but for the last.
        let cells = 2 * (self.cells.len() - self.ends.len()) - diagonal;
        let of_rows = labels + (1 + 2) * size + size.saturating_sub(1);
        let of_cells = size * (labels + size + size.saturating_sub(1)) + cells;
        2 + of_rows + of_cells
    }

    pub(super) fn write(&self, text: &mut String) {
        match self.layout {
            Layout::Triangle => self.write_triangle(text),
            Layout::Nested => self.write_nested(text),
        }
    }

    fn write_triangle(&self, text: &mut String) {
        text.push_str(r#"{"labels":["#);
        for (at, label) in self.labels[..self.shown].iter().enumerate() {
            text.push_str(if at > 0 { "," } else { "" });
            text.push_str(label);
        }
        text.push_str(r#"],"rows":["#);
        for at in 0..self.shown {
            text.push_str(if at > 0 { ",[" } else { "[" });
            text.push_str(self.row(at));
            text.push(']');
        }
        text.push_str("]}");
    }

    fn write_nested(&self, text: &mut String) {
        text.push('{');
        for (i, label) in self.labels.iter().enumerate() {
            text.push_str(if i > 0 { "," } else { "" });
            text.push_str(label);
            text.push_str(":{");
            for (j, label) in self.labels.iter().enumerate() {
                text.push_str(if j > 0 { "," } else { "" });
                text.push_str(label);
                text.push(':');
                text.push_str(self.cell(i, j));
            }
            text.push('}');
        }
        text.push('}');
    }

    /// A row of the lower triangle, without its brackets.
    fn row(&self, at: usize) -> &str {
        &self.cells[self.start(at * (at + 1) / 2)..self.ends[at * (at + 1) / 2 + at]]
    }

    fn cell(&self, i: usize, j: usize) -> &str {
        let (i, j) = (i.max(j), i.min(j));
        let at = i * (i + 1) / 2 + j;
        &self.cells[self.start(at)..self.ends[at]]
    }

    /// Where a cell starts in `cells`.
    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.ends[before] + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(layout: Layout) -> Matrix {
        let labels = ["A".to_owned(), "ü\"".to_owned(), "C".to_owned()];
        let cells = [[1.0, 0.25, f64::NAN], [0.25, 1.0, -0.123_456], [f64::NAN, -0.123_456, 1.0]];
        Matrix::of(&labels, layout, Rounding::Decimals(2), |i, j| cells[i][j])
    }

    fn text(matrix: &Matrix) -> String {
        let mut text = String::new();
        matrix.write(&mut text);
        assert_eq!(matrix.chars(), text.chars().count(), "{text}");
        text
    }

    #[test]
    fn both_layouts_have_the_same_cells() {
        let mut matrix = of(Layout::Nested);
        let nested = r#"{"A":{"A":1.0,"ü\"":0.25,"C":null},"ü\"":{"A":0.25,"ü\"":1.0,"C":-0.12},"C":{"A":null,"ü\"":-0.12,"C":1.0}}"#;
        assert_eq!(text(&matrix), nested);
        assert!(matrix.fold() && !matrix.fold());
        assert_eq!(text(&matrix), r#"{"labels":["A","ü\"","C"],"rows":[[1.0],[0.25,1.0],[null,-0.12,1.0]]}"#);
        assert_eq!(matrix, of(Layout::Triangle));
    }

    #[test]
    fn a_cut_triangle_is_the_one_of_its_first_rows() {
        let mut matrix = of(Layout::Triangle);
        matrix.show(2);
        assert_eq!(text(&matrix), r#"{"labels":["A","ü\""],"rows":[[1.0],[0.25,1.0]]}"#);
        matrix.show(0);
        assert_eq!(text(&matrix), r#"{"labels":[],"rows":[]}"#);
    }

    #[test]
    fn a_matrix_of_nothing_is_an_empty_object() {
        assert_eq!(text(&Matrix::of(&[], Layout::Nested, Rounding::None, |_, _| 1)), "{}");
    }
}
