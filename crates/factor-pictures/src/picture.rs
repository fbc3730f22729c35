//! All pictures that there are, and the ways out of them.

use crate::{
    Dots, Exposures, HeatMap, Hedges, PngError, Ranking, RiskReturn, Rolling, Stacked, Stress, Theme, Wealth,
    caption::{self, Caption, Look},
    png,
};

/// A picture, from its figures.
#[derive(Debug, Clone, PartialEq)]
pub enum Picture {
    /// A matrix, cell by cell.
    HeatMap(HeatMap),
    /// The best and the worst of each window.
    Ranking(Ranking),
    /// Volatility against return.
    RiskReturn(RiskReturn),
    /// What became of one dollar, and what was lost from the highest point.
    Wealth(Wealth),
    /// Figures of moving windows.
    Rolling(Rolling),
    /// Estimates with their intervals.
    Dots(Dots),
    /// What hedges take away.
    Hedges(Hedges),
    /// What a portfolio holds, and what moves it.
    Exposures(Exposures),
    /// Shares or contributions over time.
    Stacked(Stacked),
    /// Losses by holding, episode by episode.
    Stress(Stress),
}

impl Picture {
    /// What is said around it.
    pub fn caption(&self) -> &Caption {
        match self {
            Self::HeatMap(picture) => &picture.caption,
            Self::Ranking(picture) => &picture.caption,
            Self::RiskReturn(picture) => &picture.caption,
            Self::Wealth(picture) => &picture.caption,
            Self::Rolling(picture) => &picture.caption,
            Self::Dots(picture) => &picture.caption,
            Self::Hedges(picture) => &picture.caption,
            Self::Exposures(picture) => &picture.caption,
            Self::Stacked(picture) => &picture.caption,
            Self::Stress(picture) => &picture.caption,
        }
    }

    /// What it shows, in a sentence or two.
    fn finding(&self) -> String {
        match self {
            Self::HeatMap(picture) => picture.finding(),
            Self::Ranking(picture) => picture.finding(),
            Self::RiskReturn(picture) => picture.finding(),
            Self::Wealth(picture) => picture.finding(),
            Self::Rolling(picture) => picture.finding(),
            Self::Dots(picture) => picture.finding(),
            Self::Hedges(picture) => picture.finding(),
            Self::Exposures(picture) => picture.finding(),
            Self::Stacked(picture) => picture.finding(),
            Self::Stress(picture) => picture.finding(),
        }
    }

    /// The text for those who do not see it: its title, what it shows, dates, periods, units and source.
    pub fn alt(&self) -> String {
        caption::alt(self.caption(), &self.finding())
    }

    /// The picture as SVG: no script, no style sheet, no other file. Shapes say more on hover.
    pub fn svg(&self, theme: Theme) -> String {
        self.drawn(Look { theme, hovers: true })
    }

    /// The picture as PNG, at most [`crate::MOST_PNG_BYTES`] bytes: where it would be more it has fewer
    /// colours, then fewer pixels.
    ///
    /// # Errors
    /// [`PngError`] where it could not be rendered.
    pub fn png(&self, theme: Theme) -> Result<Vec<u8>, PngError> {
        png::of_svg(&self.drawn(Look { theme, hovers: false }), self.pixels())
    }

    /// Pixels a unit of a PNG: fewer where there is so much in a picture that colours would have to go for more.
    fn pixels(&self) -> f32 {
        match self {
            Self::HeatMap(picture) => picture.pixels(),
            _ => 1.5,
        }
    }

    fn drawn(&self, look: Look) -> String {
        match self {
            Self::HeatMap(picture) => picture.drawn(look),
            Self::Ranking(picture) => picture.drawn(look),
            Self::RiskReturn(picture) => picture.drawn(look),
            Self::Wealth(picture) => picture.drawn(look),
            Self::Rolling(picture) => picture.drawn(look),
            Self::Dots(picture) => picture.drawn(look),
            Self::Hedges(picture) => picture.drawn(look),
            Self::Exposures(picture) => picture.drawn(look),
            Self::Stacked(picture) => picture.drawn(look),
            Self::Stress(picture) => picture.drawn(look),
        }
    }
}
