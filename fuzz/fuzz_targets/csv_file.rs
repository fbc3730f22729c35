#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| factor_prices::fuzzing::csv_file(bytes));
