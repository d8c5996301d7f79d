//! Choice of colours: `--color`, then `NO_COLOR`, `CLICOLOR_FORCE` and `CLICOLOR`, then whether the stream is a terminal.
//!
//! The choice is kept for the process by the crate that clap prints with, so that everything that is printed follows it.

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;

use crate::cli::args::Color;
use crate::cli::settings::Settings;

/// Makes what `--color`, the environment or the configuration file says the choice for the process.
pub(in crate::cli) fn choose(settings: &Settings) {
    let text = settings.values("color").pop();
    // What isn't a choice is refused with the other options.
    let color = text.and_then(|text| Color::from_str(text.to_str()?, true).ok()).unwrap_or_default();
    let choice = match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    choice.write_global();
}

/// Whether what is written to stdout is coloured.
pub(in crate::cli) fn is_colored_stdout() -> bool {
    AutoStream::choice(&std::io::stdout()) != ColorChoice::Never
}
