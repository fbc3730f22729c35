#![no_main]

// The reader catches what the decoders of the format panic at; the fuzzer's own hook would end it before that.
libfuzzer_sys::fuzz_target!(init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))), |bytes: &[u8]| {
    factor_prices::fuzzing::parquet_file(bytes);
});
