//! Pictures of answers: what a call asks for, what stands around every one, and how one leaves.
//!
//! What is drawn is chosen next to each answer (`services/*/chart.rs`), from its typed figures; how it is drawn is the work of
//! `factor-pictures`, which knows no answer. A picture is drawn where the answer is written, off the async threads, and goes out
//! beside it: nothing of the answer depends on it.

mod asked;

use std::sync::Arc;

use factor_pictures::{Caption, Picture, Theme};

pub(crate) use self::asked::{Chart, Kind};
use crate::analysis::Analysis;

/// A picture as it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// What it is of.
    pub title: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// The picture itself.
    pub content: DrawnContent,
}

/// A picture in its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrawnContent {
    /// SVG, a text.
    Svg(Arc<str>),
    /// The bytes of a PNG.
    Png(Arc<[u8]>),
}

impl Drawn {
    /// Its size in bytes.
    pub fn bytes(&self) -> usize {
        match &self.content {
            DrawnContent::Svg(svg) => svg.len(),
            DrawnContent::Png(png) => png.len(),
        }
    }
}

/// What a call's `chart` comes to: the picture, or why there is none.
pub(crate) fn drawn(chart: Chart, picture: Result<Picture, String>) -> Result<Drawn, String> {
    let picture = picture.map_err(|why| format!("chart: no picture; {why}"))?;
    let theme = if chart.is_dark { Theme::Dark } else { Theme::Light };
    let content = if chart.is_svg {
        DrawnContent::Svg(picture.svg(theme).into())
    } else {
        let png = picture.png(theme).map_err(|error| {
            tracing::error!(%error, "a picture could not be drawn");
            "chart: the picture could not be drawn; ask for chart \"svg\"".to_owned()
        })?;
        DrawnContent::Png(png.into())
    };
    Ok(Drawn { title: picture.caption().title.clone(), alt: picture.alt(), content })
}

/// What is to be said of any picture of an analysis.
pub(crate) fn caption(analysis: &Analysis, title: impl Into<String>) -> Caption {
    let panel = analysis.study.panel();
    let last = panel.labels().last().copied().unwrap_or(panel.base());
    let each = panel.frequency().periods();
    let source = if analysis.source.simulated { "simulated" } else { analysis.source.name };
    Caption {
        title: title.into(),
        dates: format!("{} to {last}, {}", panel.base(), panel.frequency()),
        n: format!("n up to {} {each}", panel.rows()),
        units: "total returns".to_owned(),
        source: format!("Source: {source}, prices to {}", panel.as_of()),
        simulated: analysis.source.simulated,
        notes: Vec::new(),
    }
}

/// The 95% interval of an estimate by its standard error, as it is drawn.
pub(crate) fn interval(value: f64, standard_error: f64) -> [f64; 2] {
    /// Half of it in standard errors.
    const HALF: f64 = 1.96;
    [value - HALF * standard_error, value + HALF * standard_error]
}

/// A word of ours as people write it: `fixed_income` is `fixed income`.
pub(crate) fn in_words(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(is_svg: bool) -> Chart {
        Chart { is_svg, ..Chart::default() }
    }

    #[test]
    fn a_picture_leaves_in_the_form_asked_for() {
        let picture = || Picture::Hedges(factor_pictures::Hedges::default());
        let svg = drawn(chart(true), Ok(picture())).unwrap();
        assert!(matches!(&svg.content, DrawnContent::Svg(svg) if svg.starts_with("<svg ")));
        let png = drawn(chart(false), Ok(picture())).unwrap();
        assert!(matches!(&png.content, DrawnContent::Png(png) if png.starts_with(b"\x89PNG")));
        assert_eq!(svg.alt, png.alt);
        assert_eq!(png.bytes(), if let DrawnContent::Png(png) = &png.content { png.len() } else { 0 });
    }

    #[test]
    fn why_there_is_none_is_a_note() {
        let why = drawn(chart(false), Err("returns have rankings only".to_owned())).unwrap_err();
        assert_eq!(why, "chart: no picture; returns have rankings only");
    }
}
