//! Destination of rows: a file or stdout, with its format.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use crate::cli::args::RowArgs;
use crate::cli::exit::ExitStatus;
use crate::output::{Compression, FileFormat, Format};

/// Where rows go, and how they are written.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    /// `None` for stdout.
    pub(super) file: Option<PathBuf>,
    pub(super) format: Format,
    pub(super) compression: Compression,
}

impl Destination {
    /// What the options say: `--format`, else the file's ending; `on_terminal` on a terminal, else NDJSON.
    ///
    /// # Errors
    /// When a file's ending stands for no format, or for another one than `--format`.
    pub(super) fn new(options: &RowArgs, on_terminal: Format) -> Result<Self, ExitStatus> {
        let asked = options.format();
        let Some(file) = options.file() else {
            let usual = if io::stdout().is_terminal() { on_terminal } else { Format::Ndjson };
            return Ok(Self { file: None, format: asked.unwrap_or(usual), compression: Compression::None });
        };
        let (format, compression) = match (FileFormat::from_path(file), asked) {
            (Ok(named), Some(asked)) if asked != named.format && options.is_typed("format") => {
                let (file, named) = (file.display(), named.format);
                return Err(ExitStatus::config(format!(
                    "{file} is a name for {named}, and --format says {asked}: leave --format out, or give another name"
                )));
            }
            (Ok(named), _) => (named.format, named.compression),
            (Err(_), Some(asked)) => (asked, compression_of(file)),
            (Err(_), None) if is_special(file) => (Format::Ndjson, Compression::None),
            (Err(error), None) => return Err(ExitStatus::config(format!("-o {error}, or give --format"))),
        };
        if format == Format::Table && compression != Compression::None {
            return Err(ExitStatus::config(format!("{}: a table isn't compressed: give another name", file.display())));
        }
        Ok(Self { file: Some(file.clone()), format, compression })
    }

    /// Refuses options that have no effect on rows of this format.
    pub(super) fn check(&self, options: &RowArgs) -> Result<(), ExitStatus> {
        let refused = |option: &str, format: &str| {
            ExitStatus::config(format!("{option} is for {format}, and rows are written as {}", self.format))
        };
        if options.spreadsheet && self.format != Format::Csv {
            return Err(refused("--spreadsheet", "CSV"));
        }
        if options.pivot.is_some() && self.format != Format::Table {
            return Err(refused("--pivot", "tables"));
        }
        Ok(())
    }

    /// Whether rows go to a terminal, which the progress line shares.
    pub(super) fn is_terminal(&self) -> bool {
        self.file.is_none() && io::stdout().is_terminal()
    }
}

/// Whether a person reads the rows: a view of its own may be shown instead of a table.
#[cfg(feature = "db")]
pub(in crate::cli) fn is_for_people(options: &RowArgs) -> bool {
    let is_table = options.format().map_or_else(|| io::stdout().is_terminal(), |format| format == Format::Table);
    options.file().is_none() && is_table && options.sort.is_none()
}

/// The compression that a name says whose ending stands for no format.
fn compression_of(file: &Path) -> Compression {
    let is_gzip = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    if is_gzip { Compression::Gzip } else { Compression::None }
}

/// Whether it is a device or a pipe, whose name says nothing.
pub(super) fn is_special(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| !metadata.is_file())
}
