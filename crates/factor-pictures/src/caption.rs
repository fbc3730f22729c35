//! What stands around every picture: title, finding, dates, number of periods, units, source, and the mark of simulated prices.

use crate::{
    canvas::{Area, Canvas, Style},
    colour::{Palette, Theme},
    font::{self, Weight},
};

/// The width of every picture.
pub(crate) const WIDTH: f64 = 800.0;
/// What is left free at both sides.
pub(crate) const MARGIN: f64 = 20.0;
/// The width of what stands between the margins.
pub(crate) const INNER: f64 = WIDTH - 2.0 * MARGIN;

const TITLE: f64 = 19.0;
const FINDING: f64 = 13.5;
const FOOT: f64 = 11.0;
/// The height of the band over simulated prices.
const BAND: f64 = 38.0;

/// What has to be said of any picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caption {
    /// What is shown.
    pub title: String,
    /// From when to when, and how often: `2016-11-30 to 2026-10-30, monthly`.
    pub dates: String,
    /// How many periods it rests on: `n = 119 months`.
    pub n: String,
    /// What figures are in: `annual, in US dollars, dividends reinvested`.
    pub units: String,
    /// Where the prices are from.
    pub source: String,
    /// True for prices that no market has seen; said in large.
    pub simulated: bool,
    /// What else has to be known, each a sentence.
    pub notes: Vec<String>,
}

/// A picture in the making, with all that stands around it.
pub(crate) struct Sheet {
    pub(crate) canvas: Canvas,
    pub(crate) palette: &'static Palette,
    /// Where what is drawn begins.
    pub(crate) top: f64,
    height: f64,
    title: String,
    alt: String,
}

/// What an SVG is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) theme: Theme,
    /// Whether it says more on hover.
    pub(crate) hovers: bool,
}

/// The next even number: one and a half pixels a unit are then whole pixels.
fn even(height: f64) -> f64 {
    (height / 2.0).ceil() * 2.0
}

/// The text for those who do not see the picture: what it is, what it shows, of what.
pub(crate) fn alt(caption: &Caption, finding: &str) -> String {
    let simulated = if caption.simulated { "SIMULATED prices, not a market's. " } else { "" };
    let facts: Vec<&str> = facts(caption).collect();
    let text = format!("{simulated}{}. {finding} {}", caption.title, facts.join("; "));
    text.trim_end().to_owned()
}

/// What stands at the foot, each a fact.
fn facts(caption: &Caption) -> impl Iterator<Item = &str> {
    [&caption.dates, &caption.n, &caption.units, &caption.source]
        .into_iter()
        .map(|fact| fact.trim())
        .filter(|fact| !fact.is_empty())
}

impl Sheet {
    /// A sheet for something of this height; `notes` are the picture's own.
    pub(crate) fn begin(caption: &Caption, finding: &str, notes: &[String], look: Look, body: f64) -> Self {
        let palette = look.theme.palette();
        let mut canvas = Canvas::new(look.hovers);
        let mut at = 0.0;
        if caption.simulated {
            canvas.rect(Area::of(0.0, 0.0, WIDTH, BAND), palette.alarm);
            let style = Style::of(20.0, palette.on_alarm).bold().centred();
            canvas.text((WIDTH / 2.0, 26.0), "SIMULATED PRICES, NOT A MARKET'S", style);
            at += BAND;
        }
        at += 14.0;
        let title = Style::of(TITLE, palette.ink).bold();
        for line in font::wrapped(&caption.title, TITLE, Weight::SemiBold, INNER, 2) {
            at += TITLE * 1.25;
            canvas.text((MARGIN, at - 5.0), &line, title);
        }
        let style = Style::of(FINDING, palette.muted);
        for line in font::wrapped(finding, FINDING, Weight::Regular, INNER, 4) {
            at += FINDING * 1.35;
            canvas.text((MARGIN, at - 4.0), &line, style);
        }
        let top = at + 14.0;
        let foot = Style::of(FOOT, palette.muted);
        let facts: Vec<&str> = facts(caption).collect();
        let mut foot_lines = font::wrapped(&facts.join("  ·  "), FOOT, Weight::Regular, INNER, 3);
        for note in notes.iter().chain(&caption.notes) {
            foot_lines.extend(font::wrapped(note, FOOT, Weight::Regular, INNER, 3));
        }
        let mut at = top + body + 10.0;
        for line in &foot_lines {
            at += FOOT * 1.45;
            canvas.text((MARGIN, at), line, foot);
        }
        let (title, alt) = (caption.title.clone(), alt(caption, finding));
        Self { canvas, palette, top, height: even(at + 16.0), title, alt }
    }

    /// The whole as SVG.
    pub(crate) fn finish(self) -> String {
        self.canvas.finish((WIDTH, self.height), (&self.title, &self.alt), self.palette.ground)
    }

    /// Text in ink.
    pub(crate) fn ink(&self, size: f64) -> Style {
        Style::of(size, self.palette.ink)
    }

    /// Text that stands back.
    pub(crate) fn muted(&self, size: f64) -> Style {
        Style::of(size, self.palette.muted)
    }

    /// A legend: a dot of each series' colour and its name, in lines from a place on. Gives the height it takes.
    pub(crate) fn legend(&mut self, names: &[(usize, &str)], y: f64) -> f64 {
        let style = self.muted(11.0);
        let (mut x, mut line) = (MARGIN, 0.0);
        for (series, name) in names {
            let name = style.fitted(name, 200.0);
            let wide = 14.0 + style.width(&name) + 18.0;
            if x > MARGIN && x + wide > WIDTH - MARGIN {
                (x, line) = (MARGIN, line + 17.0);
            }
            let colour = self.palette.of_series(*series);
            self.canvas.rect(Area::of(x, y + line + 2.0, 9.0, 9.0), colour);
            self.canvas.text((x + 14.0, y + line + 10.5), &name, style);
            x += wide;
        }
        line + 17.0
    }
}

/// The height that [`Sheet::legend`] takes.
pub(crate) fn legend_height(names: &[(usize, &str)]) -> f64 {
    let (mut x, mut line) = (MARGIN, 0.0);
    for (_, name) in names {
        let wide = 32.0 + font::width(&font::fitted(name, 11.0, Weight::Regular, 200.0), 11.0, Weight::Regular);
        if x > MARGIN && x + wide > WIDTH - MARGIN {
            (x, line) = (MARGIN, line + 17.0);
        }
        x += wide;
    }
    line + 17.0
}
