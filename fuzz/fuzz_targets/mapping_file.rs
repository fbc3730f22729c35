#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| factor_store::fuzzing::mapping_file(bytes));
