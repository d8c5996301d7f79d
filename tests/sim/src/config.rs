//! What can be chosen of a store: its seed, its speed, its protocol, its faults and its saved pages.

use std::path::PathBuf;
use std::time::Duration;

use crate::faults::Faults;

/// Which versions of HTTP are offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/2 and HTTP/1.1, as the client likes.
    #[default]
    Any,
    /// HTTP/1.1 alone.
    Http1,
    /// HTTP/2 alone.
    Http2,
}

/// Where the data stands in an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// Where parsers look for it.
    #[default]
    Current,
    /// Elsewhere: whole and valid, but a parser must say that it can't read it.
    Changed,
    /// Where parsers look for it; but the page of an app asks for fields that no parser knows, and leaves one out.
    Grown,
}

/// How a store is set up; start from the default and change what matters.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreConfig {
    /// What the catalogue follows from.
    pub seed: u64,
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// How long after a request's arrival its answer starts.
    pub latency: Duration,
    /// How long after its start it listens; until then connections are refused.
    pub opens_after: Duration,
    /// What goes wrong.
    pub faults: Faults,
    /// Where the data stands.
    pub layout: Layout,
    /// A folder of saved pages with its `INDEX.tsv`.
    pub pages: Option<PathBuf>,
    /// Which versions of HTTP are offered.
    pub protocol: Protocol,
    /// How many streams a client may have open on one HTTP/2 connection.
    pub max_concurrent_streams: u32,
    /// Further hosts that it answers for, with canned responses alone.
    pub hosts: Vec<String>,
    /// How many bytes of generated answers are kept.
    pub cache_bytes: usize,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            port: 0,
            latency: Duration::ZERO,
            opens_after: Duration::ZERO,
            faults: Faults::default(),
            layout: Layout::Current,
            pages: None,
            protocol: Protocol::Any,
            max_concurrent_streams: 256,
            hosts: Vec::new(),
            cache_bytes: 256 << 20,
        }
    }
}

impl StoreConfig {
    /// With this seed.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// On this port.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// With this latency.
    #[must_use]
    pub fn latency(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }

    /// Refusing connections for so long.
    #[must_use]
    pub fn opens_after(self, opens_after: Duration) -> Self {
        Self { opens_after, ..self }
    }

    /// With these faults.
    #[must_use]
    pub fn faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// In this layout.
    #[must_use]
    pub fn layout(self, layout: Layout) -> Self {
        Self { layout, ..self }
    }

    /// With the saved pages of a folder.
    #[must_use]
    pub fn pages(self, folder: impl Into<PathBuf>) -> Self {
        Self { pages: Some(folder.into()), ..self }
    }

    /// Over this protocol.
    #[must_use]
    pub fn protocol(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// For this host too, with canned responses alone.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// With so many streams a connection.
    #[must_use]
    pub fn max_concurrent_streams(self, max_concurrent_streams: u32) -> Self {
        Self { max_concurrent_streams, ..self }
    }
}
