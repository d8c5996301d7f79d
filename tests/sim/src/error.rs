//! One enum for the crate.

use std::path::PathBuf;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The port could not be had.
    #[error("bind 127.0.0.1:{port}")]
    Bind {
        /// The port asked for; 0 for any.
        port: u16,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The certificates could not be made.
    #[error("make the certificates")]
    Certificate(#[from] rcgen::Error),
    /// The certificates were not accepted.
    #[error("set up TLS")]
    Tls(#[from] rustls::Error),
    /// A saved page, or their index, could not be read.
    #[error("read the saved page {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The index has no such file, or none that can be served.
    #[error("find a saved page {file} that can be served")]
    UnknownPage {
        /// The file asked for, as the index names it.
        file: String,
    },
    /// A header of a canned response is no header.
    #[error("use the header {name}")]
    Header {
        /// The header's name.
        name: String,
    },
    /// A task for generating pages was cancelled.
    #[error("generate what was asked for")]
    Generate(#[from] tokio::task::JoinError),
}
