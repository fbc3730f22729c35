//! Shapes as SVG text: rectangles, lines, circles, paths, texts, and groups with a text of their own on hover.

use std::fmt::Write as _;

use crate::{
    colour::Colour,
    font::{self, Weight},
};

/// Where a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Anchor {
    #[default]
    Start,
    Middle,
    End,
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    pub(crate) size: f64,
    pub(crate) weight: Weight,
    pub(crate) colour: Colour,
    pub(crate) anchor: Anchor,
    /// Turned against the clock by a quarter.
    pub(crate) is_upright: bool,
}

/// A line from one point to another, each as x and y.
pub(crate) type Segment = ((f64, f64), (f64, f64));

impl Style {
    pub(crate) fn of(size: f64, colour: Colour) -> Self {
        Self { size, weight: Weight::Regular, colour, anchor: Anchor::Start, is_upright: false }
    }

    pub(crate) fn bold(self) -> Self {
        Self { weight: Weight::SemiBold, ..self }
    }

    pub(crate) fn centred(self) -> Self {
        Self { anchor: Anchor::Middle, ..self }
    }

    pub(crate) fn ending(self) -> Self {
        Self { anchor: Anchor::End, ..self }
    }

    pub(crate) fn upright(self) -> Self {
        Self { is_upright: true, ..self }
    }

    /// The width of a text in this style.
    pub(crate) fn width(self, text: &str) -> f64 {
        font::width(text, self.size, self.weight)
    }

    /// The text, no wider than this.
    pub(crate) fn fitted(self, text: &str, widest: f64) -> String {
        font::fitted(text, self.size, self.weight, widest)
    }
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Area {
    pub(crate) fn of(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self { x, y, width: width.max(0.0), height: height.max(0.0) }
    }

    /// Between two places, whichever is first.
    pub(crate) fn between((x, to_x): (f64, f64), (y, to_y): (f64, f64)) -> Self {
        Self::of(x.min(to_x), y.min(to_y), (to_x - x).abs(), (to_y - y).abs())
    }

    pub(crate) fn right(self) -> f64 {
        self.x + self.width
    }

    pub(crate) fn bottom(self) -> f64 {
        self.y + self.height
    }

    pub(crate) fn meets(self, other: Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }
}

/// What lines look like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stroke {
    pub(crate) colour: Colour,
    pub(crate) width: f64,
    pub(crate) dashes: &'static str,
}

impl Stroke {
    pub(crate) fn of(colour: Colour, width: f64) -> Self {
        Self { colour, width, dashes: "" }
    }

    pub(crate) fn dashed(self, dashes: &'static str) -> Self {
        Self { dashes, ..self }
    }
}

/// A picture in the making.
#[derive(Debug)]
pub(crate) struct Canvas {
    svg: String,
    /// Whether shapes say more on hover: a still picture has no use for it.
    hovers: bool,
}

/// A place, with one decimal at most.
fn put(svg: &mut String, value: f64) {
    let tenths = if value.is_finite() { (value * 10.0).round() as i64 } else { 0 };
    let (sign, tenths) = if tenths < 0 { ("-", -tenths) } else { ("", tenths) };
    // Writing to a string never fails.
    let _ = match tenths % 10 {
        0 => write!(svg, "{sign}{}", tenths / 10),
        rest => write!(svg, "{sign}{}.{rest}", tenths / 10),
    };
}

/// A text as content or attribute: escaped, control characters left out.
fn put_escaped(svg: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => svg.push_str("&amp;"),
            '<' => svg.push_str("&lt;"),
            '>' => svg.push_str("&gt;"),
            '"' => svg.push_str("&quot;"),
            // Neither allowed in XML nor written by anybody: a place that says so is better than a file that is none.
            '\u{fffe}' | '\u{ffff}' => svg.push('\u{fffd}'),
            // Letters that turn the direction of what stands next to them.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            letter if letter.is_control() => svg.push(' '),
            letter => svg.push(letter),
        }
    }
}

impl Canvas {
    pub(crate) fn new(hovers: bool) -> Self {
        Self { svg: String::with_capacity(16 * 1024), hovers }
    }

    /// Whether shapes say more on hover.
    pub(crate) fn hovers(&self) -> bool {
        self.hovers
    }

    fn attribute(&mut self, name: &str, value: f64) {
        let _ = write!(self.svg, " {name}=\"");
        put(&mut self.svg, value);
        self.svg.push('"');
    }

    fn stroke(&mut self, stroke: Stroke) {
        let _ = write!(self.svg, " stroke=\"{}\"", stroke.colour);
        self.attribute("stroke-width", stroke.width);
        if !stroke.dashes.is_empty() {
            let _ = write!(self.svg, " stroke-dasharray=\"{}\"", stroke.dashes);
        }
    }

    /// What is drawn within says `title` on hover.
    pub(crate) fn titled(&mut self, title: impl FnOnce() -> String, draw: impl FnOnce(&mut Self)) {
        if !self.hovers {
            return draw(self);
        }
        self.svg.push_str("<g><title>");
        put_escaped(&mut self.svg, &title());
        self.svg.push_str("</title>");
        draw(self);
        self.svg.push_str("</g>");
    }

    /// A full rectangle whose edges are sharp.
    pub(crate) fn rect(&mut self, area: Area, fill: Colour) {
        self.svg.push_str("<rect shape-rendering=\"crispEdges\"");
        self.place(area);
        let _ = write!(self.svg, " fill=\"{fill}\"/>");
    }

    /// Full rectangles of one colour, as one shape.
    pub(crate) fn rects(&mut self, areas: &[Area], fill: Colour) {
        if areas.is_empty() {
            return;
        }
        let _ = write!(self.svg, "<path shape-rendering=\"crispEdges\" fill=\"{fill}\" d=\"");
        for area in areas {
            self.svg.push('M');
            put(&mut self.svg, area.x);
            self.svg.push(' ');
            put(&mut self.svg, area.y);
            self.svg.push('H');
            put(&mut self.svg, area.right());
            self.svg.push('V');
            put(&mut self.svg, area.bottom());
            self.svg.push('H');
            put(&mut self.svg, area.x);
            self.svg.push('Z');
        }
        self.svg.push_str("\"/>");
    }

    fn place(&mut self, area: Area) {
        self.attribute("x", area.x);
        self.attribute("y", area.y);
        self.attribute("width", area.width);
        self.attribute("height", area.height);
    }

    /// A rectangle that only has edges.
    pub(crate) fn outline(&mut self, area: Area, stroke: Stroke) {
        self.svg.push_str("<rect fill=\"none\"");
        self.place(area);
        self.stroke(stroke);
        self.svg.push_str("/>");
    }

    /// A rectangle that is seen nowhere and only says something on hover.
    pub(crate) fn hover(&mut self, area: Area, title: impl FnOnce() -> String) {
        if self.hovers {
            self.titled(title, |canvas| {
                canvas.svg.push_str("<rect fill=\"none\" pointer-events=\"all\"");
                canvas.place(area);
                canvas.svg.push_str("/>");
            });
        }
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.svg.push_str("<line");
        for (name, value) in [("x1", from.0), ("y1", from.1), ("x2", to.0), ("y2", to.1)] {
            self.attribute(name, value);
        }
        self.stroke(stroke);
        self.svg.push_str("/>");
    }

    /// Lines that are one shape, each from place to place, with sharp edges: shades of their own would be most of a PNG's colours.
    pub(crate) fn lines(&mut self, lines: &[Segment], stroke: Stroke) {
        if lines.is_empty() {
            return;
        }
        self.svg.push_str("<path fill=\"none\" shape-rendering=\"crispEdges\"");
        self.stroke(stroke);
        self.svg.push_str(" d=\"");
        for (from, to) in lines {
            self.svg.push('M');
            self.put_point(*from);
            self.svg.push('L');
            self.put_point(*to);
        }
        self.svg.push_str("\"/>");
    }

    fn put_point(&mut self, (x, y): (f64, f64)) {
        put(&mut self.svg, x);
        self.svg.push(' ');
        put(&mut self.svg, y);
    }

    /// A line through places; it is broken where one is missing.
    pub(crate) fn polyline(&mut self, points: &[Option<(f64, f64)>], stroke: Stroke) {
        self.svg.push_str("<path fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\"");
        self.stroke(stroke);
        self.svg.push_str(" d=\"");
        let mut is_down = false;
        for point in points {
            let Some(point) = point else {
                is_down = false;
                continue;
            };
            self.svg.push(if is_down { 'L' } else { 'M' });
            self.put_point(*point);
            is_down = true;
        }
        self.svg.push_str("\"/>");
    }

    /// What lies between two lines over the same places.
    pub(crate) fn band(&mut self, upper: &[(f64, f64)], lower: &[(f64, f64)], fill: Colour) {
        if upper.len() < 2 {
            return;
        }
        let _ = write!(self.svg, "<path fill=\"{fill}\" d=\"");
        for (at, point) in upper.iter().chain(lower.iter().rev()).enumerate() {
            self.svg.push(if at == 0 { 'M' } else { 'L' });
            self.put_point(*point);
        }
        self.svg.push_str("Z\"/>");
    }

    /// A circle; hollow where it has no fill.
    pub(crate) fn circle(&mut self, (x, y): (f64, f64), radius: f64, fill: Option<Colour>, stroke: Stroke) {
        self.svg.push_str("<circle");
        for (name, value) in [("cx", x), ("cy", y), ("r", radius)] {
            self.attribute(name, value);
        }
        match fill {
            Some(fill) => {
                let _ = write!(self.svg, " fill=\"{fill}\"");
            }
            None => self.svg.push_str(" fill=\"none\""),
        }
        self.stroke(stroke);
        self.svg.push_str("/>");
    }

    /// A text whose base line is at the place.
    pub(crate) fn text(&mut self, (x, y): (f64, f64), text: &str, style: Style) {
        if text.is_empty() {
            return;
        }
        self.svg.push_str("<text");
        if style.is_upright {
            self.svg.push_str(" transform=\"translate(");
            self.put_point((x, y));
            self.svg.push_str(") rotate(-90)\"");
        } else {
            self.attribute("x", x);
            self.attribute("y", y);
        }
        self.attribute("font-size", style.size);
        if style.weight == Weight::SemiBold {
            self.svg.push_str(" font-weight=\"600\"");
        }
        match style.anchor {
            Anchor::Start => {}
            Anchor::Middle => self.svg.push_str(" text-anchor=\"middle\""),
            Anchor::End => self.svg.push_str(" text-anchor=\"end\""),
        }
        let _ = write!(self.svg, " fill=\"{}\">", style.colour);
        put_escaped(&mut self.svg, text);
        self.svg.push_str("</text>");
    }

    /// The whole file, with its text for those who do not see it.
    pub(crate) fn finish(self, (width, height): (f64, f64), (title, alt): (&str, &str), ground: Colour) -> String {
        let mut svg = String::with_capacity(self.svg.len() + 1024);
        svg.push_str("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 ");
        put(&mut svg, width);
        svg.push(' ');
        put(&mut svg, height);
        svg.push_str("\" width=\"");
        put(&mut svg, width);
        svg.push_str("\" height=\"");
        put(&mut svg, height);
        let _ = write!(svg, "\" font-family=\"{}\" aria-label=\"", font::FAMILIES);
        put_escaped(&mut svg, alt);
        svg.push_str("\"><title>");
        put_escaped(&mut svg, title);
        svg.push_str("</title><desc>");
        put_escaped(&mut svg, alt);
        let _ = write!(svg, "</desc><rect width=\"100%\" height=\"100%\" fill=\"{ground}\"/>");
        svg.push_str(&self.svg);
        svg.push_str("</svg>\n");
        svg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_stays_text() {
        let mut canvas = Canvas::new(true);
        let hostile = "</text><script>alert(1)</script>\"&\u{0}\u{202e}";
        canvas
            .titled(|| hostile.to_owned(), |canvas| canvas.text((1.0, 2.0), hostile, Style::of(10.0, Colour(0, 0, 0))));
        let svg = canvas.finish((10.0, 10.0), (hostile, hostile), Colour(255, 255, 255));
        assert!(!svg.contains("<script") && !svg.contains('\u{0}') && !svg.contains('\u{202e}'), "{svg}");
        let parsed = resvg::usvg::roxmltree::Document::parse(&svg).unwrap();
        let texts: Vec<&str> =
            parsed.descendants().filter(|node| node.has_tag_name("text")).filter_map(|node| node.text()).collect();
        assert_eq!(texts, ["</text><script>alert(1)</script>\"& "]);
    }

    #[test]
    fn places_have_one_decimal_and_never_a_word() {
        let written = |value: f64| {
            let mut text = String::new();
            put(&mut text, value);
            text
        };
        let values = [1.0, 1.25, -0.04, -1.26, f64::NAN, f64::INFINITY, 1234.56];
        assert_eq!(values.map(written), ["1", "1.3", "0", "-1.3", "0", "0", "1234.6"]);
    }

    #[test]
    fn a_still_picture_carries_no_texts_for_hovering() {
        let mut canvas = Canvas::new(false);
        canvas
            .titled(|| panic!("never asked for"), |canvas| canvas.rect(Area::of(0.0, 0.0, 1.0, 1.0), Colour(0, 0, 0)));
        canvas.hover(Area::of(0.0, 0.0, 1.0, 1.0), || panic!("never asked for"));
    }
}
