//! Every picture against its golden image, and what holds for all of them.
//!
//! `UPDATE_GOLDEN=1 cargo test -p factor-pictures golden` writes the images again: look at each before it is committed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "what is to be written is said by whoever runs the tests")]

mod gallery;

use std::{
    env, fs,
    io::BufReader,
    path::{Path, PathBuf},
};

use factor_pictures::{MOST_PNG_BYTES, Picture, Theme};
use resvg::usvg::roxmltree::Document;

const THEMES: [(Theme, &str); 2] = [(Theme::Light, "light"), (Theme::Dark, "dark")];

fn golden(name: &str, theme: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}_{theme}.png"))
}

/// Width, height and the colours of all pixels.
fn pixels(bytes: &[u8]) -> (u32, u32, Vec<[u8; 3]>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let palette = reader.info().palette.clone().unwrap().into_owned();
    assert_eq!(reader.info().color_type, png::ColorType::Indexed);
    let mut indices = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut indices).unwrap();
    let of = |index: &u8| {
        let at = usize::from(*index) * 3;
        [palette[at], palette[at + 1], palette[at + 2]]
    };
    (frame.width, frame.height, indices.iter().map(of).collect())
}

/// Two pixels by two become one, of sixteen shades a channel: what an eye sees at 600 pixels, in small files.
fn halved((width, height, pixels): (u32, u32, Vec<[u8; 3]>)) -> (u32, u32, Vec<u8>) {
    let (wide, high) = (width / 2, height / 2);
    let mut half = Vec::new();
    for y in 0..high {
        for x in 0..wide {
            let at = |dx: u32, dy: u32| pixels[((2 * y + dy) * width + 2 * x + dx) as usize].map(u32::from);
            let four = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
            half.extend([0, 1, 2].map(|channel: usize| {
                let mean = four.iter().map(|pixel| pixel[channel]).sum::<u32>() / 4;
                ((mean + 8) / 17 * 17) as u8
            }));
        }
    }
    (wide, high, half)
}

fn write(path: &Path, (width, height, half): &(u32, u32, Vec<u8>)) {
    let mut encoder = png::Encoder::new(fs::File::create(path).unwrap(), *width, *height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    encoder.write_header().unwrap().write_image_data(half).unwrap();
}

fn read(path: &Path) -> (u32, u32, Vec<u8>) {
    let file = fs::File::open(path).unwrap_or_else(|_| panic!("no {}: UPDATE_GOLDEN=1 writes it", path.display()));
    let mut reader = png::Decoder::new(BufReader::new(file)).read_info().unwrap();
    let mut half = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut half).unwrap();
    (frame.width, frame.height, half)
}

/// How many of a thousand channels of pixels differ by more than two shades.
fn apart(one: &[u8], two: &[u8]) -> f64 {
    one.iter().zip(two).filter(|(one, two)| one.abs_diff(**two) > 34).count() as f64 * 1_000.0 / one.len() as f64
}

#[test]
fn every_picture_is_its_golden_image_and_no_larger_than_allowed() {
    let mut failures = Vec::new();
    for (name, picture) in gallery::all() {
        for (theme, theme_name) in THEMES {
            let path = golden(name, theme_name);
            let bytes = picture.png(theme).unwrap();
            assert!(bytes.len() <= MOST_PNG_BYTES, "{name}: {}", bytes.len());
            if let Some(folder) = env::var_os("PICTURES_IN_FULL") {
                fs::write(Path::new(&folder).join(format!("{name}_{theme_name}.png")), &bytes).unwrap();
            }
            let drawn = halved(pixels(&bytes));
            if env::var_os("UPDATE_GOLDEN").is_some() {
                write(&path, &drawn);
                continue;
            }
            let kept = read(&path);
            if (drawn.0, drawn.1) != (kept.0, kept.1) {
                failures.push(format!("{name}, {theme_name}: {}x{} and not {}x{}", drawn.0, drawn.1, kept.0, kept.1));
                continue;
            }
            let apart = apart(&drawn.2, &kept.2);
            if apart > 2.0 {
                failures.push(format!("{name}, {theme_name}: {apart:.1} of 1,000 differ"));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn a_changed_figure_is_another_image() {
    // The tolerance is for rounding between machines, not for what is shown.
    let Some((_, Picture::Ranking(mut ranking))) =
        gallery::all().into_iter().find(|(name, _)| *name == "ranking_4_windows")
    else {
        panic!("no ranking");
    };
    let before = halved(pixels(&Picture::Ranking(ranking.clone()).png(Theme::Light).unwrap()));
    ranking.windows[0].best[0].total_return *= 1.3;
    let after = halved(pixels(&Picture::Ranking(ranking).png(Theme::Light).unwrap()));
    assert!((before.0, before.1) != (after.0, after.1) || apart(&before.2, &after.2) > 2.0);
}

#[test]
fn the_same_figures_give_the_same_bytes() {
    for (name, picture) in gallery::all() {
        assert_eq!(picture.svg(Theme::Light), picture.svg(Theme::Light), "{name}");
    }
    let (_, picture) = gallery::all().remove(0);
    assert_eq!(picture.png(Theme::Dark).unwrap(), picture.png(Theme::Dark).unwrap());
}

#[test]
fn svg_is_well_formed_with_nothing_that_runs_or_is_fetched() {
    for (name, picture) in gallery::all() {
        let svg = picture.svg(Theme::Light);
        let parsed = Document::parse(&svg).unwrap_or_else(|error| panic!("{name}: {error}"));
        for node in parsed.descendants().filter(|node| node.is_element()) {
            let tag = node.tag_name().name();
            assert!(
                ["svg", "title", "desc", "rect", "path", "line", "circle", "text", "g"].contains(&tag),
                "{name}: {tag}"
            );
            for attribute in node.attributes() {
                assert!(!attribute.name().starts_with("on") && !attribute.name().contains("href"), "{name}");
                assert!(
                    !attribute.value().contains("NaN") && !attribute.value().contains("inf"),
                    "{name}: {attribute:?}"
                );
            }
        }
        assert!(!parsed.root_element().attribute("aria-label").unwrap().is_empty(), "{name}");
    }
}

#[test]
fn every_picture_says_what_it_rests_on() {
    for (name, picture) in gallery::all() {
        let (alt, svg) = (picture.alt(), picture.svg(Theme::Light));
        let parsed = Document::parse(&svg).unwrap();
        let texts: Vec<&str> =
            parsed.descendants().filter(|node| node.has_tag_name("text")).filter_map(|node| node.text()).collect();
        let all = texts.join(" ");
        for said in [
            picture.caption().title.split(' ').next().unwrap(),
            "2016-11-30 to 2026-10-30",
            "n = 119",
            "US dollars",
            "Source:",
        ] {
            assert!(all.contains(said) && alt.contains(said), "{name}: {said}");
        }
        let is_simulated = name.ends_with("simulated");
        assert_eq!(all.contains("SIMULATED PRICES"), is_simulated, "{name}");
        assert_eq!(alt.contains("SIMULATED"), is_simulated, "{name}");
    }
}

#[test]
fn nothing_is_written_beyond_the_edges() {
    for (name, picture) in gallery::all() {
        let svg = picture.svg(Theme::Light);
        let options = resvg::usvg::Options { fontdb: fonts(), font_family: "Inter".to_owned(), ..Default::default() };
        let tree = resvg::usvg::Tree::from_str(&svg, &options).unwrap();
        let all = tree.root().abs_bounding_box();
        assert!(all.left() >= -0.5 && all.right() <= tree.size().width() + 0.5, "{name}: {all:?}");
        assert!(all.top() >= -0.5 && all.bottom() <= tree.size().height() + 0.5, "{name}: {all:?} {:?}", tree.size());
    }
}

fn fonts() -> std::sync::Arc<resvg::usvg::fontdb::Database> {
    let mut fonts = resvg::usvg::fontdb::Database::new();
    for file in ["Inter-Regular.ttf", "Inter-SemiBold.ttf"] {
        fonts.load_font_data(fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fonts").join(file)).unwrap());
    }
    std::sync::Arc::new(fonts)
}

#[test]
fn pictures_of_nothing_say_so() {
    use factor_pictures::*;
    let nothing = [
        Picture::HeatMap(HeatMap::default()),
        Picture::Ranking(Ranking::default()),
        Picture::RiskReturn(RiskReturn::default()),
        Picture::Wealth(Wealth::default()),
        Picture::Rolling(Rolling::default()),
        Picture::Hedges(Hedges::default()),
        Picture::Exposures(Exposures::default()),
        Picture::Stacked(Stacked::default()),
        Picture::Stress(Stress::default()),
    ];
    for picture in nothing {
        assert!(picture.alt().contains("No"), "{}", picture.alt());
        assert!(!picture.png(Theme::Light).unwrap().is_empty());
    }
}

#[test]
fn names_in_letters_that_the_font_lacks_are_no_failure() {
    let Some((_, Picture::HeatMap(mut map))) = gallery::all().into_iter().find(|(name, _)| *name == "heat_map_2")
    else {
        panic!("no heat map");
    };
    map.rows = vec!["東京証券取引所".to_owned(), "🚀\u{202e}evil\u{0}".to_owned()];
    map.columns = map.rows.clone();
    let picture = Picture::HeatMap(map);
    assert!(!picture.png(Theme::Light).unwrap().is_empty());
    assert!(Document::parse(&picture.svg(Theme::Light)).is_ok());
}
