//! PNG of an SVG: rendered with the bundled font, in indexed colours, no larger than allowed.

use std::collections::HashMap;

use resvg::{tiny_skia, usvg};

use crate::font;

/// A PNG is no larger than this: as base64 with an answer around it, it fits what clients take of one result.
pub const MOST_PNG_BYTES: usize = 90_000;

/// Why there is no PNG.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// The SVG could not be read: a defect of this crate.
    #[error("the picture could not be read back as SVG: {0}")]
    Svg(#[from] usvg::Error),
    /// No memory for so many pixels.
    #[error("the picture of {width} x {height} pixels is too large")]
    Size {
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
    },
    /// The pixels could not be written.
    #[error("the picture could not be written as PNG: {0}")]
    Write(#[from] png::EncodingError),
}

/// What is tried until the file is small enough: the most colours, and whether pixels are those asked for or one a unit.
const TRIES: [(usize, bool); 5] = [(256, true), (128, true), (64, true), (64, false), (24, false)];

/// An SVG of ours as PNG, of so many pixels a unit where the file is not too large then.
pub(crate) fn of_svg(svg: &str, pixels: f32) -> Result<Vec<u8>, PngError> {
    let options = usvg::Options { font_family: "Inter".to_owned(), fontdb: font::database(), ..Default::default() };
    let tree = usvg::Tree::from_str(svg, &options)?;
    let mut drawn: Option<(f32, tiny_skia::Pixmap)> = None;
    let mut bytes = Vec::new();
    for (colours, as_asked) in TRIES {
        let scale = if as_asked { pixels } else { pixels.min(1.0) };
        let pixmap = match drawn.take() {
            Some((at, pixmap)) if at == scale => pixmap,
            _ => rendered(&tree, scale)?,
        };
        bytes = indexed(&pixmap, colours)?;
        if bytes.len() <= MOST_PNG_BYTES {
            break;
        }
        drawn = Some((scale, pixmap));
    }
    Ok(bytes)
}

fn rendered(tree: &usvg::Tree, scale: f32) -> Result<tiny_skia::Pixmap, PngError> {
    let size = |length: f32| (length * scale).ceil().clamp(1.0, 20_000.0) as u32;
    let (width, height) = (size(tree.size().width()), size(tree.size().height()));
    let mut pixmap = tiny_skia::Pixmap::new(width, height).ok_or(PngError::Size { width, height })?;
    resvg::render(tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    Ok(pixmap)
}

type Rgb = [u8; 3];

/// The pixels in at most so many colours (256 at most), as PNG.
fn indexed(pixmap: &tiny_skia::Pixmap, most: usize) -> Result<Vec<u8>, PngError> {
    // The ground is opaque, so that premultiplied colours are the colours.
    let pixels: Vec<Rgb> = pixmap.data().as_chunks::<4>().0.iter().map(|[r, g, b, _]| [*r, *g, *b]).collect();
    let mut counts: HashMap<Rgb, u32> = HashMap::new();
    for run in pixels.chunk_by(|one, two| one == two) {
        if let Some(colour) = run.first() {
            *counts.entry(*colour).or_default() += run.len() as u32;
        }
    }
    let mut colours: Vec<(Rgb, u32)> = counts.into_iter().collect();
    // The most frequent first; what a hash map knows of order is not passed on.
    colours.sort_unstable_by(|one, two| two.1.cmp(&one.1).then(one.0.cmp(&two.0)));
    let (palette, place_of) = quantised(&colours, most);
    let mut indices = Vec::with_capacity(pixels.len());
    for run in pixels.chunk_by(|one, two| one == two) {
        let place = run.first().and_then(|colour| place_of.get(colour)).copied().unwrap_or_default();
        indices.resize(indices.len() + run.len(), place);
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixmap.width(), pixmap.height());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::Balanced);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&indices)?;
    writer.finish()?;
    Ok(bytes)
}

/// At most so many colours that stand for all, and which one stands for each: the most frequent half as they are, the others by
/// median cut (Heckbert 1982), where how far colours are apart counts for more than how many pixels they have: a legend is small.
fn quantised(colours: &[(Rgb, u32)], most: usize) -> (Vec<Rgb>, HashMap<Rgb, u8>) {
    let most = most.clamp(2, 256);
    let exact = if colours.len() <= most { colours.len() } else { most / 2 };
    let mut palette: Vec<Rgb> = colours[..exact].iter().map(|(colour, _)| *colour).collect();
    let mut places: HashMap<Rgb, u8> = palette.iter().enumerate().map(|(at, colour)| (*colour, at as u8)).collect();
    for part in median_cut(&colours[exact..], most - exact) {
        let place = palette.len() as u8;
        let weight: u64 = part.iter().map(|(_, count)| u64::from(*count)).sum();
        let mean = |channel: usize| {
            let sum: u64 = part.iter().map(|(colour, count)| u64::from(colour[channel]) * u64::from(*count)).sum();
            ((sum + weight / 2) / weight.max(1)) as u8
        };
        palette.push([mean(0), mean(1), mean(2)]);
        places.extend(part.iter().map(|(colour, _)| (*colour, place)));
    }
    (palette, places)
}

/// At most so many parts of colours that are near to each other.
fn median_cut(colours: &[(Rgb, u32)], most: usize) -> Vec<Vec<(Rgb, u32)>> {
    if colours.is_empty() || most == 0 {
        return Vec::new();
    }
    /// The widest channel of a part, and how wide it is.
    fn widest(part: &[(Rgb, u32)]) -> (usize, u8) {
        let span = |channel: usize| {
            let values = part.iter().map(|(colour, _)| colour[channel]);
            values.clone().max().unwrap_or_default() - values.min().unwrap_or_default()
        };
        (0..3)
            .map(|channel| (channel, span(channel)))
            .max_by_key(|(channel, span)| (*span, 3 - channel))
            .unwrap_or_default()
    }
    let mut parts = vec![colours.to_vec()];
    while parts.len() < most {
        let weight = |part: &[(Rgb, u32)]| part.iter().map(|(_, count)| u64::from(*count)).sum::<u64>();
        let to_cut = (0..parts.len())
            .filter(|at| parts[*at].len() > 1)
            .max_by_key(|at| u64::from(widest(&parts[*at]).1).pow(2) * u64::from(weight(&parts[*at]).ilog2() + 1));
        let Some(at) = to_cut else { break };
        let mut part = parts.swap_remove(at);
        let (channel, _) = widest(&part);
        part.sort_unstable_by_key(|(colour, _)| (colour[channel], *colour));
        let half = weight(&part) / 2;
        let mut sum = 0;
        let cut = part.iter().position(|(_, count)| {
            sum += u64::from(*count);
            sum > half
        });
        let rest = part.split_off(cut.unwrap_or_default().clamp(1, part.len() - 1));
        parts.extend([part, rest]);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(count: u32) -> Vec<(Rgb, u32)> {
        (0..count).map(|at| ([(at % 256) as u8, (at / 256) as u8, (at % 97) as u8], 1 + at % 5)).collect()
    }

    #[test]
    fn few_colours_stay_as_they_are() {
        let colours = gradient(200);
        let (palette, places) = quantised(&colours, 256);
        assert_eq!(palette.len(), 200);
        assert!(colours.iter().all(|(colour, _)| palette[usize::from(places[colour])] == *colour));
    }

    #[test]
    fn many_colours_are_each_near_to_what_stands_for_them() {
        let colours = gradient(4_000);
        let (palette, places) = quantised(&colours, 256);
        assert!(palette.len() <= 256);
        for (colour, _) in &colours {
            let stands = palette[usize::from(places[colour])];
            let far = (0..3).map(|channel| colour[channel].abs_diff(stands[channel])).max();
            assert!(far < Some(64), "{colour:?} {stands:?}");
        }
    }
}
