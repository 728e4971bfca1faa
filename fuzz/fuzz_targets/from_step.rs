#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| phoenix_fuzz::from_step(bytes));
