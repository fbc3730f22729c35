#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| factor_mcp::fuzzing::arguments(bytes));
