//! How far our answers are from published ones: measured where they are tested, written down in `fixtures/published/differences`,
//! and shown on the book's page of validation. `UPDATE_BOOK=1` writes what was measured.

#![expect(clippy::disallowed_methods, reason = "a switch of this test, no setting of the server")]

use std::{fs, path::Path};

/// The numbers of one published source, each compared.
#[derive(Default)]
pub(crate) struct Differences {
    numbers: usize,
    largest: f64,
}

impl Differences {
    /// One more number of ours beside theirs.
    pub(crate) fn add(&mut self, ours: f64, theirs: f64) {
        self.numbers += 1;
        self.largest = self.largest.max((ours - theirs).abs());
    }

    /// Holds what was measured against what is written down under `name`: within its rounding, and within 1e-12 for the last bits,
    /// which are a processor's own.
    pub(crate) fn hold(&self, name: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/published/differences");
        let path = folder.join(name).with_extension("json");
        if std::env::var_os("UPDATE_BOOK").is_some() {
            fs::write(&path, format!("{{\"numbers\": {}, \"largest\": {:.1e}}}\n", self.numbers, self.largest))
                .unwrap();
        }
        let text = fs::read_to_string(&path).unwrap();
        let written: serde_json::Value = serde_json::from_str(&text).unwrap();
        let largest = written["largest"].as_f64().unwrap();
        let holds = written["numbers"] == self.numbers && (self.largest - largest).abs() <= 0.06 * largest + 1e-12;
        assert!(
            holds,
            "{name}: {} numbers, largest {:e}, where {text} is written: UPDATE_BOOK=1",
            self.numbers, self.largest
        );
    }
}
