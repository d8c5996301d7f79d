//! Descriptions of parsers: refused, or of kinds that can be planned.
#![no_main]

use libfuzzer_sys::fuzz_target;
use playfast::Plan;
use playfast::parser::Description;

fuzz_target!(|text: &str| {
    let Ok(description) = Description::parse(text) else { return };
    for kind in &description.kinds {
        drop(Plan::new(&description, &kind.name, []));
    }
});
