//! Pictures of factor analyses: figures in, SVG or PNG out.
//!
//! This crate keeps drawing apart from everything else: it knows no report, no JSON, no clock and no file, and names none of the
//! other crates. Whoever has figures fills one of the structs of [`Picture`], and takes [`Picture::svg`], [`Picture::png`] and
//! [`Picture::alt`]. The same figures give the same bytes, on every machine: the one font is bundled, no other is looked for, and
//! there is nothing random.
//!
//! - Every picture has a title, the finding in a sentence, and below it dates, number of periods, units and source. Simulated
//!   prices are marked in large ([`Caption::simulated`]).
//! - Pictures are 800 units wide and as high as they need. A PNG has one and a half pixels a unit (large matrices fewer),
//!   indexed colours and at most [`MOST_PNG_BYTES`] bytes.
//! - Colours say nothing that is red against green: the diverging scale runs from blue over a neutral to orange, series have eight
//!   colours that differ in lightness too, so that no two look alike to the colour-blind, and lines differ in their dashes.
//! - `NaN` and infinities are treated as a missing value: nothing is drawn for one, and pictures say so where it matters.
//! - Names may be anything that people write: they are shortened to their place, escaped, and control characters are left out.
//!
//! A picture never says what the figures do not: whatever is left out (labels that would overlap, series over a limit) is said in
//! the picture.

mod bars;
mod canvas;
mod caption;
mod colour;
mod dots;
mod exposures;
mod font;
mod heat_map;
mod hedges;
mod labels;
mod picture;
mod png;
mod ranking;
mod risk_return;
mod rolling;
mod scale;
mod stacked;
mod stress;
mod time;
mod wealth;
mod words;

pub use self::{
    caption::Caption,
    colour::Theme,
    dots::{Dots, DotsRow, Estimate},
    exposures::{Exposures, Weight},
    font::FONT,
    heat_map::{Block, HeatMap},
    hedges::{Hedge, Hedges},
    picture::Picture,
    png::{MOST_PNG_BYTES, PngError},
    ranking::{RankedBar, RankedWindow, Ranking},
    risk_return::{RiskReturn, RiskReturnPoint},
    rolling::{Rolling, RollingPoint, RollingSeries},
    scale::Unit,
    stacked::{Stacked, StackedPeriod},
    stress::{Episode, Stress},
    wealth::{Wealth, WealthSeries},
};
