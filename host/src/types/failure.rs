//! Failures: why a query has no answer.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What went wrong. The names ([`FailureKind::name`]) are what the command line and files say, and serde too.
///
/// ```
/// use playfast::FailureKind;
///
/// let kind: FailureKind = serde_json::from_str(r#""layout-changed""#)?;
/// assert_eq!(kind, FailureKind::LayoutChanged);
/// assert_eq!(kind.name(), "layout-changed");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[cfg_attr(test, derive(strum::VariantArray))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FailureKind {
    /// The parser: it can't be asked like this. Final.
    InvalidQuery,
    /// The parser: the site has no such thing. Final.
    NotFound,
    /// The parser: a captcha, a consent page, a quota.
    Blocked,
    /// The parser: the site failed for now, or the body is cut short.
    Unavailable,
    /// The parser: laid out otherwise than it knows.
    LayoutChanged,
    /// No answer in time.
    Timeout,
    /// No connection, or it broke.
    Network,
    /// The server broke the protocol.
    Http,
    /// The body is larger than allowed.
    TooLarge,
    /// An address that the parser may not ask, or that robots.txt disallows ([`Robots::Obey`](crate::robots::Robots::Obey)).
    Forbidden,
    /// The query's or the run's time was up.
    Deadline,
    /// The run was stopped before.
    Cancelled,
    /// The sandbox: the parser trapped.
    ParserTrap,
    /// The sandbox: the parser ran longer than allowed.
    ParserTimeout,
    /// The sandbox: the parser wanted more memory than allowed.
    ParserMemory,
    /// The sandbox: the parser's stack overflowed.
    ParserStack,
    /// The sandbox: the parser gave more than allowed.
    ParserOutput,
    /// The parser's answer breaks the contract.
    ParserInvalid,
    /// A fault of this program: a task of it panicked or ended too soon.
    Internal,
}

impl FailureKind {
    /// Whether it may pass: the query is asked again.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        // A body that breaks off looks like a broken protocol.
        matches!(self, Self::Blocked | Self::Unavailable | Self::Timeout | Self::Network | Self::Http)
    }

    /// Whether the same query would fail again with the same parser, as one for an app that is gone does.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !self.is_transient() && !matches!(self, Self::Deadline | Self::Cancelled | Self::Internal)
    }

    /// The name, as in `not-found`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidQuery => "invalid-query",
            Self::NotFound => "not-found",
            Self::Blocked => "blocked",
            Self::Unavailable => "unavailable",
            Self::LayoutChanged => "layout-changed",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::Http => "http",
            Self::TooLarge => "too-large",
            Self::Forbidden => "forbidden",
            Self::Deadline => "deadline",
            Self::Cancelled => "cancelled",
            Self::ParserTrap => "parser-trap",
            Self::ParserTimeout => "parser-timeout",
            Self::ParserMemory => "parser-memory",
            Self::ParserStack => "parser-stack",
            Self::ParserOutput => "parser-output",
            Self::ParserInvalid => "parser-invalid",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Why a query has no answer: a value in its place, never the end of a batch.
///
/// ```
/// use playfast::{Failure, FailureKind};
///
/// let failure = Failure::new(FailureKind::Blocked, "the store shows a captcha");
/// assert_eq!(failure.to_string(), "blocked: the store shows a captcha");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// For a person: what was tried, what came of it, what to do. One line.
    pub message: String,
    /// When the site may be asked again, from now.
    pub retry_after: Option<Duration>,
    /// Whether the server said that it never processed the request, as with `REFUSED_STREAM` or streams beyond a `GOAWAY`
    /// (RFC 9113, section 8.7). Asking again costs no attempt then.
    pub is_unprocessed: bool,
    /// Whether the next try would fail too, although failures of this kind often pass: a certificate that is not trusted, or a proxy that
    /// refuses the credentials.
    pub is_permanent: bool,
    /// What would help, if that is known.
    pub remedy: Option<Remedy>,
}

/// What would help against a failure, for programs that can offer it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Lead the host to the address that was refused, if that is meant: `HostBuilder::with_connect_to`.
    ConnectTo {
        /// The host.
        host: String,
    },
    /// Trust a further certificate authority: `HostBuilder::with_certificate_authority`.
    CertificateAuthority,
    /// Give the proxy a user name and a password.
    ProxyCredentials {
        /// The proxy's address with places for both: `http://USER:PASSWORD@proxy:3128`.
        address: String,
        /// The variable of the environment that names the proxy; `None` if the program did.
        variable: Option<&'static str>,
    },
}

impl Failure {
    /// A failure without a time to try again.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        let message: String = message.into();
        Self {
            kind,
            message: one_line(&message),
            retry_after: None,
            is_unprocessed: false,
            is_permanent: false,
            remedy: None,
        }
    }

    /// This failure, with what would help.
    pub(crate) fn with_remedy(self, remedy: Remedy) -> Self {
        Self { remedy: Some(remedy), ..self }
    }

    /// This failure, as one that the next try would meet too.
    pub(crate) fn permanent(self) -> Self {
        Self { is_permanent: true, ..self }
    }

    /// The same, saying whose doing it is and what was asked.
    pub(crate) fn attributed_to(self, parser: &str, kind: &str) -> Self {
        Self { message: one_line(&format!("the parser {parser} for {kind}: {}", self.message)), ..self }
    }
}

/// Messages of parsers are other people's text: they can't forge a second line or move the cursor of a terminal.
pub(crate) fn one_line(message: &str) -> String {
    const MAX_MESSAGE_CHARS: usize = 500;
    let printable = |character: char| if character.is_control() { ' ' } else { character };
    message.chars().take(MAX_MESSAGE_CHARS).map(printable).collect()
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn a_kind_has_one_name() {
        for kind in FailureKind::VARIANTS {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(kind.to_string(), kind.name());
        }
        let names: std::collections::HashSet<_> = FailureKind::VARIANTS.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), 19, "a new kind is to be documented in the README");
    }
}
