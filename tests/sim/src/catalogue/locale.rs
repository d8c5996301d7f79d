//! A language and a country, read from `hl` and `gl`.

use super::places::Place;
use super::speech::Language;

/// One edition of the store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Locale {
    pub(crate) language: Language,
    pub(crate) place: Place,
}

impl Locale {
    /// The edition for a request's `hl` and `gl`.
    pub(crate) fn of(hl: &str, gl: &str) -> Self {
        Self { language: Language::of(hl), place: Place::of(gl) }
    }
}
