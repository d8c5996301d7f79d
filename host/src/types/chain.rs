//! Errors with their causes, on one line.

use std::error::Error;

/// An error with its causes, on one line. What the error before says already isn't said again.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let mut texts: Vec<String> = Vec::new();
    for text in causes.map(ToString::to_string) {
        if texts.last().is_none_or(|last| !last.ends_with(&text)) {
            texts.push(text.replace('\n', " "));
        }
    }
    texts.join(": ")
}
