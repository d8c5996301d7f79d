//! `playfast --version`: the version, and with `-v` commit, features and parts.

use crate::cli::exit::{ExitStatus, print};
use crate::cli::parsers;
use crate::cli::report::text::align;
use crate::cli::settings::Settings;

/// The commit, from git or the package; `unknown` outside both.
const COMMIT: &str = env!("PLAYFAST_BUILD_COMMIT");

/// The features of this crate, separated by commas.
const FEATURES: &str = env!("PLAYFAST_BUILD_FEATURES");

/// The version of wasmtime in `Cargo.lock`.
const WASMTIME: &str = env!("PLAYFAST_BUILD_WASMTIME");

/// The platform, as Rust names it.
const TARGET: &str = env!("PLAYFAST_BUILD_TARGET");

/// The compiler.
const RUSTC: &str = env!("PLAYFAST_BUILD_RUSTC");

/// Prints the version, and with `-v` the details.
///
/// # Errors
/// When it can't be written.
pub(in crate::cli) async fn run(settings: &Settings) -> Result<ExitStatus, ExitStatus> {
    let mut text = format!("playfast {}\n", env!("CARGO_PKG_VERSION"));
    if settings.verbosity > 0 {
        text.push_str(&details().await);
    }
    print(&text)?;
    Ok(ExitStatus::done())
}

async fn details() -> String {
    let parser = match parsers::built_in().await {
        Ok(parser) => {
            let description = parser.description();
            format!("{} {}, {}", description.name, description.version, parser.digest())
        }
        Err(_) => crate::parser::Digest::compute(crate::host::PLAY).to_string(),
    };
    let rows = [
        ("commit", COMMIT),
        ("features", FEATURES),
        ("parser", &parser),
        ("wasmtime", WASMTIME),
        ("rustc", RUSTC),
        ("target", TARGET),
    ];
    align(&rows.map(|(name, value)| [name.to_owned(), value.to_owned()]), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_details_are_known() {
        let details = details().await;
        for part in ["play ", "sha256:", "cli", "rustc     1."] {
            assert!(details.contains(part), "{part:?} is not in {details}");
        }
        assert!(WASMTIME.split('.').count() == 3 && WASMTIME.starts_with(|digit: char| digit.is_ascii_digit()));
    }
}
