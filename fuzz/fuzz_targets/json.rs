//! The JSON skipper: it never fails on what serde_json reads, and ends where that ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use playfast_guest::json::{Nesting, Reader};

fuzz_target!(|data: &[u8]| {
    let mut reader = Reader::new(data, 0, Nesting::Plain);
    let skipped = reader.skip();
    // Numbers at the end of a text may go on: only what closes itself is known to be whole.
    let closes = data.trim_ascii_start().first().is_some_and(|first| matches!(first, b'[' | b'{' | b'"'));
    if closes && serde_json::from_slice::<serde_json::Value>(data).is_ok() {
        skipped.expect("it is JSON");
        let rest = data.get(reader.position()..).unwrap_or_default();
        assert!(rest.trim_ascii().is_empty(), "it ends at {}", reader.position());
    }
});
