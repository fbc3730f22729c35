//! What a picture adds to an answer: its figures to SVG with all that is said on hover, and to PNG.
//!
//! `cargo bench -p factor-pictures`. Allowed are 60 ms for an ordinary picture and 150 ms for the matrix of 97 (medians, warm).

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

#[path = "../tests/pictures/gallery.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod gallery;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use factor_pictures::Theme;

fn pictures(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pictures");
    group.sample_size(20);
    for (name, picture) in gallery::all() {
        group.bench_function(format!("{name}/png"), |bencher| {
            bencher.iter(|| black_box(&picture).png(Theme::Light).unwrap());
        });
        if name.starts_with("heat_map") {
            group.bench_function(format!("{name}/svg"), |bencher| {
                bencher.iter(|| black_box(&picture).svg(Theme::Light));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, pictures);
criterion_main!(benches);
