//! What a fuzzer feeds. Each function takes any bytes and checks what must hold of whatever they are read as; `fuzz/` has a target for
//! each, and every test run feeds them the corpora that are kept there.

#[path = "../../../fuzz/checks.rs"]
mod checks;

pub use crate::{
    files::fuzzing::{csv_file, parquet_file},
    french::fuzzing::french_file,
    vendors::fuzzing::vendor_body,
};

/// What is said of bytes that cannot be used, in 2,000 characters at most.
pub(crate) fn sound_message(message: &str) {
    checks::sound_message(message, 2_000);
}

#[cfg(test)]
mod tests {
    use super::checks::replay;

    #[test]
    fn corpus_of_csv_files() {
        replay("csv_file", super::csv_file);
    }

    #[test]
    fn corpus_of_parquet_files() {
        replay("parquet_file", super::parquet_file);
    }

    #[test]
    fn corpus_of_french_files() {
        replay("french_file", super::french_file);
    }

    #[test]
    fn corpus_of_vendor_bodies() {
        replay("vendor_body", super::vendor_body);
    }
}
