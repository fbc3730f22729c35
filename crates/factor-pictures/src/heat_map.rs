//! A matrix, cell by cell, on a diverging scale.

mod cells;

use crate::{
    canvas::{Area, Stroke},
    caption::{Caption, Look, MARGIN, Sheet, WIDTH},
    words::{counted, decimal},
};

use self::cells::Layout;

/// Fewer periods than this, and a cell is hatched.
const FEW_PERIODS: u32 = 24;
/// Values are written in cells of a matrix that has no more rows and columns than this.
const MOST_WITH_VALUES: usize = 15;

/// A matrix of values between -1 and 1, most often correlations.
///
/// `values`, `counts` and `intervals` are by rows, `columns.len()` entries each; `counts` and `intervals` may be empty where
/// nothing is known of them. A matrix whose `rows` are its `columns` is a square of pairs: its diagonal says nothing and is grey.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeatMap {
    /// What is said around it.
    pub caption: Caption,
    /// What its values are: `correlation`.
    pub measure: String,
    /// Names of the rows, from the top.
    pub rows: Vec<String>,
    /// Names of the columns, from the left.
    pub columns: Vec<String>,
    /// The values, -1 to 1; `None` where there is none.
    pub values: Vec<Option<f64>>,
    /// The periods that each rests on.
    pub counts: Vec<Option<u32>>,
    /// The 95% interval of each.
    pub intervals: Vec<Option<[f64; 2]>>,
    /// Parts of a square matrix that are outlined.
    pub blocks: Vec<Block>,
}

/// Rows (and the same columns) of a square matrix that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// The first of them.
    pub first: usize,
    /// How many there are.
    pub count: usize,
}

/// One cell.
#[derive(Debug, Clone, Copy)]
struct Cell {
    row: usize,
    column: usize,
    value: Option<f64>,
    count: Option<u32>,
    interval: Option<[f64; 2]>,
}

impl Cell {
    /// Too few periods, or an interval over zero: its sign is not sure.
    fn is_unsure(&self) -> bool {
        let is_few = self.count.is_some_and(|count| count < FEW_PERIODS);
        let is_over_zero = self.interval.is_some_and(|[low, high]| low <= 0.0 && high >= 0.0);
        self.value.is_some() && (is_few || is_over_zero)
    }
}

impl HeatMap {
    fn is_square(&self) -> bool {
        self.rows == self.columns
    }

    fn cell(&self, row: usize, column: usize) -> Cell {
        let at = row * self.columns.len() + column;
        let value = self.values.get(at).copied().flatten().filter(|value| value.is_finite());
        let count = self.counts.get(at).copied().flatten();
        Cell { row, column, value, count, interval: self.intervals.get(at).copied().flatten() }
    }

    /// All cells but for a square's diagonal, by rows.
    fn cells(&self) -> impl Iterator<Item = Cell> {
        let is_square = self.is_square();
        let all = (0..self.rows.len()).flat_map(move |row| (0..self.columns.len()).map(move |column| (row, column)));
        all.filter(move |(row, column)| !is_square || row != column).map(|(row, column)| self.cell(row, column))
    }

    /// Of a square the cells above its diagonal, else all.
    fn pairs(&self) -> impl Iterator<Item = Cell> {
        let is_square = self.is_square();
        self.cells().filter(move |cell| !is_square || cell.row < cell.column)
    }

    /// What a cell says in words: both names, value, periods, interval.
    fn in_words(&self, cell: &Cell) -> String {
        let (row, column) = (&self.rows[cell.row], &self.columns[cell.column]);
        let Some(value) = cell.value else { return format!("{row} and {column}: no value") };
        let mut text = format!("{row} and {column} {}", decimal(value, 2));
        let mut facts = Vec::new();
        facts.extend(cell.count.map(|count| format!("n {count}")));
        facts.extend(
            cell.interval.map(|[low, high]| format!("95% interval {} to {}", decimal(low, 2), decimal(high, 2))),
        );
        if !facts.is_empty() {
            text.push_str(&format!(" ({})", facts.join(", ")));
        }
        text
    }

    pub(crate) fn finding(&self) -> String {
        let with_value: Vec<Cell> = self.pairs().filter(|cell| cell.value.is_some()).collect();
        let by_value = |one: &&Cell, two: &&Cell| one.value.unwrap_or(0.0).total_cmp(&two.value.unwrap_or(0.0));
        let (Some(highest), Some(lowest)) = (with_value.iter().max_by(by_value), with_value.iter().min_by(by_value))
        else {
            return "No pair has a value.".to_owned();
        };
        let mut text = format!("Highest: {}", self.in_words(highest));
        if with_value.len() > 1 {
            text.push_str(&format!("; lowest: {}", self.in_words(lowest)));
        }
        text.push('.');
        let unsure = with_value.iter().filter(|cell| cell.is_unsure()).count();
        if unsure > 0 {
            let pairs = counted(with_value.len(), "pair", "pairs");
            text.push_str(&format!(
                " {unsure} of {pairs} cannot be told from 0 or rest on under {FEW_PERIODS} periods (hatched)."
            ));
        }
        let missing = self.pairs().count() - with_value.len();
        if missing > 0 {
            text.push_str(&format!(
                " {} no value.",
                if missing == 1 { "1 pair has".to_owned() } else { format!("{missing} pairs have") }
            ));
        }
        text
    }

    /// Pixels a unit of a PNG.
    pub(crate) fn pixels(&self) -> f32 {
        match self.rows.len().max(self.columns.len()) {
            0..=9 => 1.5,
            10..=40 => 1.25,
            _ => 1.0,
        }
    }

    pub(crate) fn drawn(&self, look: Look) -> String {
        let layout = Layout::of(self);
        let mut sheet = Sheet::begin(&self.caption, &self.finding(), &[], look, layout.height() + 48.0);
        let origin = (MARGIN + layout.left, sheet.top + layout.above);
        self.draw_cells(&mut sheet, &layout, origin);
        self.draw_names(&mut sheet, &layout, origin);
        self.draw_legend(&mut sheet, origin.1 + layout.cell_height * self.rows.len() as f64 + 16.0);
        sheet.finish()
    }

    /// The scale with its ends and its middle, and what hatching and grey mean.
    fn draw_legend(&self, sheet: &mut Sheet, y: f64) {
        const STEPS: usize = 40;
        let (left, wide) = (MARGIN, 200.0);
        let palette = sheet.palette;
        for step in 0..=STEPS {
            let value = step as f64 / STEPS as f64 * 2.0 - 1.0;
            let wide = wide / (STEPS + 1) as f64;
            sheet.canvas.rect(Area::of(left + step as f64 * wide, y, wide + 0.1, 10.0), palette.of_value(value));
        }
        let style = sheet.muted(10.5);
        sheet.canvas.text((left, y + 22.0), "−1", style);
        for (value, text) in [(-0.5, "−0.5"), (0.0, "0"), (0.5, "0.5"), (1.0, "1")] {
            sheet.canvas.text((left + (value + 1.0) / 2.0 * wide, y + 22.0), text, style.centred());
        }
        let mut x = left + wide + 26.0;
        let style = sheet.muted(10.5);
        sheet.canvas.text((x, y + 9.0), &self.measure, style);
        x += style.width(&self.measure) + 26.0;
        if self.cells().any(|cell| cell.is_unsure()) {
            let area = Area::of(x, y - 1.0, 16.0, 12.0);
            sheet.canvas.rect(area, palette.of_value(0.25));
            let stroke = Stroke::of(palette.muted, 0.9);
            sheet.canvas.lines(&cells::hatches(area, 5.0), stroke);
            let text = "under 24 periods, or its interval is over 0";
            sheet.canvas.text((x + 22.0, y + 9.0), text, style);
            x += 22.0 + style.width(text) + 22.0;
        }
        if self.cells().any(|cell| cell.value.is_none()) && x < WIDTH - MARGIN - 70.0 {
            let area = Area::of(x, y - 1.0, 16.0, 12.0);
            sheet.canvas.rect(area, palette.empty);
            sheet.canvas.lines(&cells::cross(area), Stroke::of(palette.axis, 0.8));
            sheet.canvas.text((x + 22.0, y + 9.0), "no value", style);
        }
    }
}

#[cfg(test)]
mod tests;
