//! Where cells and names of a matrix stand, and drawing them.

use std::collections::BTreeMap;

use super::{Cell, HeatMap, MOST_WITH_VALUES};
use crate::{
    canvas::{Area, Stroke, Style},
    caption::{INNER, Sheet},
    colour::Colour,
    font::{self, Weight},
    words::decimal,
};

type Line = ((f64, f64), (f64, f64));

/// Names are no longer than this beside a matrix.
const LONGEST_NAME: f64 = 170.0;
/// Smaller letters are not read at 800 pixels: names of rows that are nearer stand in two columns.
const SMALLEST: f64 = 9.0;

/// Sizes of a matrix on its sheet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Layout {
    /// The width of the names of rows, and the height of the names of columns.
    pub(super) left: f64,
    pub(super) above: f64,
    pub(super) cell_width: f64,
    pub(super) cell_height: f64,
    rows: Names,
    columns: Names,
    values: Option<f64>,
    row_count: usize,
}

/// How names are written along one side.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Names {
    size: f64,
    /// In how many lines they take turns, and how far apart these are.
    lines: usize,
    apart: f64,
    longest: f64,
    is_level: bool,
}

impl Names {
    fn of(names: &[String], room: f64, is_column: bool) -> Self {
        let widest = |size: f64| names.iter().map(|name| font::width(name, size, Weight::Regular)).fold(0.0, f64::max);
        let size = (room * 0.82).clamp(SMALLEST, 12.0);
        let lines = (size * 1.08 / room).ceil().max(1.0) as usize;
        let longest = widest(size).min(if lines > 1 { 64.0 } else { LONGEST_NAME });
        // Short names over wide cells are read without turning one's head.
        let is_level = is_column && widest(12.0) + 6.0 <= room;
        let size = if is_level { 12.0 } else { size };
        Self { size, lines, apart: longest + 6.0, longest, is_level }
    }

    /// The place that they take.
    fn depth(&self) -> f64 {
        if self.is_level { self.size + 8.0 } else { self.apart * self.lines as f64 + 4.0 }
    }
}

impl Layout {
    pub(super) fn of(map: &HeatMap) -> Self {
        let (rows, columns) = (map.rows.len().max(1) as f64, map.columns.len().max(1) as f64);
        // How much names take depends on the cells, and these on what names leave: the second look settles it.
        let (widest, highest) = if columns < 9.0 && rows > columns { (84.0, 22.0) } else { (56.0, 40.0) };
        let high = |cell: f64| if rows > 24.0 && rows <= columns { cell } else { cell.min(highest) };
        let mut cell = 40.0_f64;
        let mut names = Names::of(&map.rows, cell, false);
        for _ in 0..3 {
            cell = ((INNER - names.depth()) / columns).min(widest);
            names = Names::of(&map.rows, high(cell), false);
        }
        // What every viewer draws with sharp edges.
        let cell_width = (cell.max(2.0) * 5.0).floor() / 5.0;
        let cell_height = high(cell_width);
        let column_names = Names::of(&map.columns, cell_width, true);
        let are_few =
            map.columns.len() <= MOST_WITH_VALUES && (map.rows.len() <= MOST_WITH_VALUES || cell_width >= 60.0);
        let values = are_few.then(|| (cell_width * 0.3).clamp(9.0, 13.0).min(cell_height * 0.55));
        Self {
            left: names.depth(),
            above: column_names.depth(),
            cell_width,
            cell_height,
            rows: names,
            columns: column_names,
            values,
            row_count: map.rows.len(),
        }
    }

    pub(super) fn height(&self) -> f64 {
        self.above + self.cell_height * self.row_count as f64
    }

    fn area(&self, (x, y): (f64, f64), row: usize, column: usize) -> Area {
        // Edges between cells are the same number for both: no seam, no overlap.
        let edge = |at: usize, size: f64| (at as f64 * size * 10.0).round() / 10.0;
        let (left, right) = (edge(column, self.cell_width), edge(column + 1, self.cell_width));
        let (above, below) = (edge(row, self.cell_height), edge(row + 1, self.cell_height));
        Area::of(x + left, y + above, right - left, below - above)
    }
}

/// Lines that go up across an area, so far apart.
pub(super) fn hatches(area: Area, apart: f64) -> Vec<Line> {
    let mut lines = Vec::new();
    let span = area.width + area.height;
    let count = (span / apart).round().max(1.0) as usize;
    for at in 0..count {
        // Where the line meets the left and the lower edge, as the distance from the upper left corner.
        let far = (at as f64 + 0.5) / count as f64 * span;
        let start = (area.x + (far - area.height).max(0.0), area.y + far.min(area.height));
        let end = (area.x + far.min(area.width), area.y + (far - area.width).max(0.0));
        lines.push((start, end));
    }
    lines
}

/// A cross over an area.
pub(super) fn cross(area: Area) -> Vec<Line> {
    vec![((area.x, area.y), (area.right(), area.bottom())), ((area.x, area.bottom()), (area.right(), area.y))]
}

impl HeatMap {
    pub(super) fn draw_cells(&self, sheet: &mut Sheet, layout: &Layout, origin: (f64, f64)) {
        let palette = sheet.palette;
        let (mut hatched, mut crossed): (Vec<Line>, Vec<Line>) = Default::default();
        let mut of_colour: BTreeMap<[u8; 3], Vec<Area>> = BTreeMap::new();
        let is_small = layout.cell_width < 14.0;
        let mut cells: Vec<Cell> = self.cells().collect();
        if self.is_square() {
            cells.extend((0..self.rows.len()).map(|at| Cell {
                row: at,
                column: at,
                value: None,
                count: None,
                interval: None,
            }));
        }
        for cell in &cells {
            let area = layout.area(origin, cell.row, cell.column);
            let is_diagonal = self.is_square() && cell.row == cell.column;
            let colour = cell.value.map_or(palette.empty, |value| palette.of_value(value));
            if cell.is_unsure() {
                hatched.extend(hatches(area, if is_small { area.width + area.height } else { 7.0 }));
            }
            if cell.value.is_none() && !is_diagonal {
                crossed.extend(cross(area));
            }
            of_colour.entry([colour.0, colour.1, colour.2]).or_default().push(area);
        }
        for ([r, g, b], areas) in &of_colour {
            sheet.canvas.rects(areas, Colour(*r, *g, *b));
        }
        sheet.canvas.lines(&crossed, Stroke::of(palette.axis, if is_small { 0.5 } else { 0.8 }));
        if layout.values.is_none() {
            sheet.canvas.lines(&hatched, Stroke::of(palette.muted, if is_small { 0.5 } else { 0.7 }));
        } else {
            // Under figures hatching stands back.
            sheet.canvas.lines(&hatched, Stroke::of(palette.axis, 0.6));
        }
        if let Some(size) = layout.values {
            self.draw_values(sheet, layout, origin, size);
        }
        self.draw_blocks(sheet, layout, origin);
        if sheet.canvas.hovers() {
            for cell in self.cells() {
                sheet.canvas.hover(layout.area(origin, cell.row, cell.column), || self.in_words(&cell));
            }
        }
    }

    fn draw_values(&self, sheet: &mut Sheet, layout: &Layout, origin: (f64, f64), size: f64) {
        for cell in self.cells() {
            let Some(value) = cell.value else { continue };
            let area = layout.area(origin, cell.row, cell.column);
            let ground = sheet.palette.of_value(value);
            let style = Style::of(size, ground.ink()).centred();
            let text = decimal(value, 2);
            let middle = (area.x + area.width / 2.0, area.y + area.height / 2.0);
            if cell.is_unsure() {
                // The figure stands on its colour, not on lines.
                let wide = style.width(&text) + 4.0;
                let behind = Area::of(middle.0 - wide / 2.0, middle.1 - size * 0.6, wide, size * 1.2);
                sheet.canvas.rect(behind, ground);
            }
            sheet.canvas.text((middle.0, middle.1 + size * 0.36), &text, style);
        }
    }

    fn draw_blocks(&self, sheet: &mut Sheet, layout: &Layout, origin: (f64, f64)) {
        let size = self.rows.len();
        let fitting = self.blocks.iter().filter(|block| block.count > 1 && block.first + block.count <= size);
        for block in fitting.filter(|_| self.is_square()) {
            let (first, last) = (block.first, block.first + block.count - 1);
            let (start, end) = (layout.area(origin, first, first), layout.area(origin, last, last));
            let area = Area::of(start.x, start.y, end.right() - start.x, end.bottom() - start.y);
            sheet.canvas.outline(area, Stroke::of(sheet.palette.ink, 1.8));
        }
    }

    pub(super) fn draw_names(&self, sheet: &mut Sheet, layout: &Layout, origin: (f64, f64)) {
        let tick = Stroke::of(sheet.palette.grid, 0.6);
        let style = sheet.ink(layout.rows.size).ending();
        for (row, name) in self.rows.iter().enumerate() {
            let area = layout.area(origin, row, 0);
            let (y, line) = (area.y + area.height / 2.0, row % layout.rows.lines);
            let x = area.x - 6.0 - layout.rows.apart * line as f64;
            if line > 0 {
                sheet.canvas.line((x + 2.0, y), (area.x - 2.0, y), tick);
            }
            sheet.canvas.text((x, y + layout.rows.size * 0.36), &style.fitted(name, layout.rows.longest), style);
        }
        let names = &layout.columns;
        for (column, name) in self.columns.iter().enumerate() {
            let area = layout.area(origin, 0, column);
            let middle = area.x + area.width / 2.0;
            if names.is_level {
                let style = sheet.ink(names.size).centred();
                sheet.canvas.text((middle, area.y - 6.0), name, style);
                continue;
            }
            let style = sheet.ink(names.size).upright();
            let line = column % names.lines;
            let y = area.y - 5.0 - names.apart * line as f64;
            if line > 0 {
                sheet.canvas.line((middle, y + 2.0), (middle, area.y - 2.0), tick);
            }
            sheet.canvas.text((middle + names.size * 0.36, y), &style.fitted(name, names.longest), style);
        }
    }
}
