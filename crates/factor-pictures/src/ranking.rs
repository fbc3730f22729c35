//! The best and the worst of each window, as bars in the colours of their categories.

use crate::{
    bars::{self, Bar, Place},
    canvas::{Area, Stroke},
    caption::{Caption, INNER, Look, MARGIN, Sheet, legend_height},
    scale::{Unit, ends},
    words::percent,
};

/// Windows over this are left out, and said.
const MOST_WINDOWS: usize = 6;
/// So many of each end with one window, and with more.
const MOST_BARS: (usize, usize) = (15, 5);

/// Total returns of the best and the worst, window by window.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ranking {
    /// What is said around it.
    pub caption: Caption,
    /// The windows, in the order in which they are drawn.
    pub windows: Vec<RankedWindow>,
}

/// One window.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RankedWindow {
    /// Its name: `1y`.
    pub name: String,
    /// From when to when.
    pub dates: String,
    /// The best, the first of them first.
    pub best: Vec<RankedBar>,
    /// The worst, the last of them first.
    pub worst: Vec<RankedBar>,
    /// How many were ranked.
    pub ranked: usize,
}

/// One of those ranked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RankedBar {
    /// Its ticker.
    pub name: String,
    /// What it stands for.
    pub label: String,
    /// What it belongs to.
    pub category: String,
    /// Its total return as a decimal.
    pub total_return: f64,
}

impl RankedBar {
    fn in_words(&self) -> String {
        let label = if self.label.is_empty() { String::new() } else { format!(" ({})", self.label) };
        format!("{}{label} {}", self.name, Unit::Percent.signed(self.total_return))
    }
}

impl Ranking {
    pub(crate) fn finding(&self) -> String {
        let of = |window: &RankedWindow| -> Option<String> {
            let best = window.best.first()?;
            let mut text = format!("{}: best {}", window.name, best.in_words());
            if let Some(worst) = window.worst.first() {
                text.push_str(&format!(", worst {}", worst.in_words()));
            }
            Some(text)
        };
        let said: Vec<String> = self.windows.iter().take(MOST_WINDOWS).filter_map(of).collect();
        if said.is_empty() { "No window has a return.".to_owned() } else { format!("{}.", said.join("; ")) }
    }

    pub(crate) fn drawn(&self, look: Look) -> String {
        let windows = &self.windows[..self.windows.len().min(MOST_WINDOWS)];
        let is_alone = windows.len() == 1;
        let most = if is_alone { MOST_BARS.0 } else { MOST_BARS.1 };
        let row = if is_alone { 18.0 } else { 17.0 };
        let categories = categories(windows);
        let names: Vec<(usize, &str)> = categories.iter().copied().enumerate().collect();
        let height = |window: &RankedWindow| {
            let (best, worst) = (window.best.len().min(most), window.worst.len().min(most));
            26.0 + (best + worst) as f64 * row + row
        };
        let columns = if is_alone { 1 } else { 2 };
        let lines: Vec<f64> =
            windows.chunks(columns).map(|line| line.iter().map(height).fold(0.0, f64::max) + 10.0).collect();
        let left_out = self.windows.len() - windows.len();
        let note = (left_out > 0).then(|| format!("{left_out} more windows are in the figures and not drawn."));
        let body = lines.iter().sum::<f64>() + legend_height(&names) + 4.0;
        let notes: Vec<String> = note.into_iter().collect();
        let mut sheet = Sheet::begin(&self.caption, &self.finding(), &notes, look, body);
        let legend = sheet.legend(&names, sheet.top);
        let mut y = sheet.top + legend + 4.0;
        for (line, high) in windows.chunks(columns).zip(&lines) {
            for (at, window) in line.iter().enumerate() {
                let wide = (INNER - 28.0 * (columns - 1) as f64) / columns as f64;
                let area = Area::of(MARGIN + at as f64 * (wide + 28.0), y, wide, *high);
                draw_window(&mut sheet, window, area, (most, row), &categories);
            }
            y += high;
        }
        sheet.finish()
    }
}

/// The categories that take part, in the order in which they are met.
fn categories(windows: &[RankedWindow]) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    for bar in windows.iter().flat_map(|window| window.best.iter().chain(&window.worst)) {
        if !all.contains(&bar.category.as_str()) {
            all.push(&bar.category);
        }
    }
    all.sort_unstable();
    all
}

fn draw_window(sheet: &mut Sheet, window: &RankedWindow, area: Area, (most, row): (usize, f64), categories: &[&str]) {
    let title = sheet.ink(12.5).bold();
    sheet.canvas.text((area.x, area.y + 14.0), &window.name, title);
    let muted = sheet.muted(10.5);
    let at = area.x + title.width(&window.name) + 8.0;
    let ranked = format!("{}  ·  {} ranked", window.dates, window.ranked);
    sheet.canvas.text((at, area.y + 14.0), &muted.fitted(&ranked, area.right() - at), muted);
    sheet.canvas.line((area.x, area.y + 19.0), (area.right(), area.y + 19.0), Stroke::of(sheet.palette.grid, 1.0));
    let best = window.best.iter().take(most);
    // The worst of all stands last.
    let worst = window.worst.iter().take(most).collect::<Vec<_>>().into_iter().rev();
    let split = window.best.len().min(most);
    let bar = |ranked: &RankedBar| Bar {
        name: ranked.name.clone(),
        label: ranked.label.clone(),
        value: Some(ranked.total_return),
        colour: sheet
            .palette
            .of_series(categories.iter().position(|name| *name == ranked.category).unwrap_or_default()),
        hover: format!("{} in {} ({})", ranked.in_words(), window.name, percent(ranked.total_return, 2)),
    };
    let bars: Vec<Bar> = best.chain(worst).map(bar).collect();
    let ends = ends(bars.iter().filter_map(|bar| bar.value).chain([0.0]));
    let names = if area.width > 500.0 { 250.0 } else { 132.0 };
    let place = Place { area: Area { y: area.y + 26.0, ..area }, names, row, unit: Unit::Percent, has_signs: true };
    let gap = (split > 0 && split < bars.len()).then_some(split);
    bars::draw(sheet, &place, &bars, gap, ends);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(name: &str, total_return: f64) -> RankedBar {
        RankedBar { name: name.to_owned(), category: "style".to_owned(), total_return, ..RankedBar::default() }
    }

    #[test]
    fn the_finding_names_both_ends_of_each_window() {
        let window = |name: &str| RankedWindow {
            name: name.to_owned(),
            best: vec![bar("A", 0.1), bar("B", 0.05)],
            worst: vec![bar("C", -0.2)],
            ..RankedWindow::default()
        };
        let ranking = Ranking { windows: vec![window("1m"), window("1y")], ..Ranking::default() };
        assert_eq!(ranking.finding(), "1m: best A +10.0%, worst C −20.0%; 1y: best A +10.0%, worst C −20.0%.");
        assert_eq!(Ranking::default().finding(), "No window has a return.");
    }
}
