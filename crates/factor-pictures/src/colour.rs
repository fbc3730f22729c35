//! The colours of both themes.

use std::fmt;

/// Light on dark, or dark on light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Theme {
    /// Dark ink on white.
    #[default]
    Light,
    /// Light ink on a dark ground.
    Dark,
}

/// A colour without transparency: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) u8, pub(crate) u8, pub(crate) u8);

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl Colour {
    /// This colour and `share` of the way to another, 0 to 1.
    pub(crate) fn towards(self, other: Self, share: f64) -> Self {
        let part = |from: u8, to: u8| {
            let mixed = f64::from(from) + (f64::from(to) - f64::from(from)) * share.clamp(0.0, 1.0);
            mixed.round() as u8
        };
        Self(part(self.0, other.0), part(self.1, other.1), part(self.2, other.2))
    }

    /// Relative luminance, 0 to 1 (WCAG 2.2).
    pub(crate) fn luminance(self) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(self.0) + 0.7152 * part(self.1) + 0.0722 * part(self.2)
    }

    /// Black or white, whichever is read better on this colour: always a contrast of 4.5 or more.
    pub(crate) fn ink(self) -> Self {
        const INKS: [Colour; 2] = [Colour(0, 0, 0), Colour(255, 255, 255)];
        if INKS[0].contrast(self) >= INKS[1].contrast(self) { INKS[0] } else { INKS[1] }
    }

    /// The contrast with another colour, 1 to 21 (WCAG 2.2).
    pub(crate) fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }
}

/// What a picture is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Palette {
    pub(crate) ground: Colour,
    pub(crate) ink: Colour,
    pub(crate) muted: Colour,
    pub(crate) axis: Colour,
    pub(crate) grid: Colour,
    /// Where there is no value, and the diagonal of a matrix.
    pub(crate) empty: Colour,
    /// Shades behind a plot.
    pub(crate) shade: Colour,
    /// The band that says that prices are simulated, and what stands in it.
    pub(crate) alarm: Colour,
    pub(crate) on_alarm: Colour,
    /// The diverging scale: lowest, half way, zero, half way, highest.
    diverging: [Colour; 5],
    /// Telling things apart: eight colours, in the order in which they are used.
    pub(crate) series: [Colour; 8],
}

const LIGHT: Palette = Palette {
    ground: Colour(255, 255, 255),
    ink: Colour(27, 31, 36),
    muted: Colour(84, 94, 105),
    axis: Colour(150, 158, 168),
    grid: Colour(228, 231, 235),
    empty: Colour(222, 225, 229),
    shade: Colour(240, 242, 245),
    alarm: Colour(122, 45, 0),
    on_alarm: Colour(255, 255, 255),
    diverging: [
        Colour(23, 92, 163),
        Colour(135, 183, 222),
        Colour(247, 247, 247),
        Colour(247, 182, 104),
        Colour(176, 80, 6),
    ],
    series: [
        Colour(0, 90, 165),
        Colour(205, 96, 0),
        Colour(60, 160, 140),
        Colour(122, 30, 82),
        Colour(70, 140, 235),
        Colour(92, 66, 0),
        Colour(112, 112, 122),
        Colour(45, 28, 105),
    ],
};

const DARK: Palette = Palette {
    ground: Colour(18, 22, 27),
    ink: Colour(236, 239, 242),
    muted: Colour(166, 175, 185),
    axis: Colour(104, 114, 125),
    grid: Colour(42, 48, 56),
    empty: Colour(62, 69, 78),
    shade: Colour(29, 34, 41),
    alarm: Colour(255, 196, 112),
    on_alarm: Colour(28, 20, 8),
    diverging: [
        Colour(118, 186, 250),
        Colour(48, 103, 158),
        Colour(34, 39, 46),
        Colour(158, 92, 22),
        Colour(255, 176, 86),
    ],
    series: [
        Colour(74, 150, 230),
        Colour(255, 150, 60),
        Colour(110, 225, 190),
        Colour(235, 140, 215),
        Colour(205, 232, 255),
        Colour(245, 225, 120),
        Colour(112, 118, 128),
        Colour(125, 85, 235),
    ],
};

impl Theme {
    pub(crate) fn palette(self) -> &'static Palette {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
        }
    }
}

impl Palette {
    /// The colour of a value between -1 and 1; values beyond are at the ends. Forty steps, so that what is near looks the same
    /// and a PNG has few colours.
    pub(crate) fn of_value(&self, value: f64) -> Colour {
        let value = (value.clamp(-1.0, 1.0) * 20.0).round() / 20.0;
        let place = (value + 1.0) * 2.0;
        let from = (place.floor() as usize).min(3);
        self.diverging[from].towards(self.diverging[from + 1], place - from as f64)
    }

    /// The colour of the series at a place; they repeat after eight.
    pub(crate) fn of_series(&self, at: usize) -> Colour {
        self.series[at % self.series.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What somebody without the cones for green sees: Viénot, Brettel and Mollon (1999), on linear light.
    fn deuteranopia(colour: Colour) -> [f64; 3] {
        let linear = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let (r, g, b) = (linear(colour.0), linear(colour.1), linear(colour.2));
        [0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b]
    }

    #[test]
    fn every_ink_is_read_on_its_ground() {
        for theme in [Theme::Light, Theme::Dark] {
            let palette = theme.palette();
            assert!(palette.ink.contrast(palette.ground) >= 7.0);
            assert!(palette.muted.contrast(palette.ground) >= 4.5);
            assert!(palette.on_alarm.contrast(palette.alarm) >= 7.0);
            for step in -20..=20 {
                let colour = palette.of_value(f64::from(step) / 20.0);
                assert!(colour.ink().contrast(colour) >= 4.5, "{theme:?} {step}");
            }
            for (at, colour) in palette.series.iter().enumerate() {
                assert!(colour.contrast(palette.ground) >= 3.0, "{theme:?} {at}");
            }
        }
    }

    #[test]
    fn both_sides_of_the_scale_are_told_apart_without_red_and_green() {
        for theme in [Theme::Light, Theme::Dark] {
            for step in [0.25, 0.5, 0.75, 1.0] {
                let palette = theme.palette();
                let (below, above) = (deuteranopia(palette.of_value(-step)), deuteranopia(palette.of_value(step)));
                // Blue against yellow is what is left: the one has more of the first, the other of the second.
                assert!(
                    below[2] - below[0] > 0.0 && above[2] - above[0] < 0.0,
                    "{theme:?} {step}: {below:?} {above:?}"
                );
                let apart = (below[0] - above[0]).abs() + (below[2] - above[2]).abs();
                assert!(apart > 0.04, "{theme:?} {step}: {apart}");
            }
        }
    }

    #[test]
    fn no_two_series_look_alike_without_the_cones_for_green() {
        for theme in [Theme::Light, Theme::Dark] {
            let seen = theme.palette().series.map(deuteranopia);
            for (at, one) in seen.iter().enumerate() {
                for (other, two) in seen.iter().enumerate().skip(at + 1) {
                    let apart: f64 =
                        [0, 2].map(|channel| (one[channel].cbrt() - two[channel].max(0.0).cbrt()).abs()).iter().sum();
                    assert!(apart > 0.07, "{theme:?}: {at} and {other}: {apart}");
                }
            }
        }
    }

    #[test]
    fn the_scale_is_symmetric_about_zero_in_its_steps_and_ends() {
        let palette = Theme::Light.palette();
        assert_eq!(palette.of_value(0.0), Colour(247, 247, 247));
        assert_eq!(palette.of_value(7.0), Colour(176, 80, 6));
        assert_eq!(palette.of_value(-7.0), Colour(23, 92, 163));
        assert_eq!(palette.of_value(0.5), Colour(247, 182, 104));
        assert_eq!(palette.of_value(0.02), palette.of_value(0.0));
    }
}
