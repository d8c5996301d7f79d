//! robots.txt (RFC 9309): the addresses that a site disallows.
//!
//! A host's file is fetched by the same client as all else, once for all queries that wait for it, and kept for a day.

mod checker;
mod rules;

use std::fmt;
use std::str::FromStr;

pub(crate) use checker::RobotsChecker;

/// Whether robots.txt is obeyed.
///
/// ```
/// use playfast::run::Robots;
///
/// assert_eq!("obey".parse::<Robots>()?, Robots::Obey);
/// assert_eq!(Robots::default(), Robots::Ignore);
/// # Ok::<(), playfast::run::RobotsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Robots {
    /// It isn't fetched.
    #[default]
    Ignore,
    /// Queries for disallowed addresses fail as [`Forbidden`](crate::types::FailureKind::Forbidden) before they are sent, and so do all queries to
    /// a host whose robots.txt can't be read.
    Obey,
}

/// Why a text isn't a [`Robots`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is unknown: give ignore or obey")]
pub struct RobotsError(String);

impl FromStr for Robots {
    type Err = RobotsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "ignore" => Ok(Self::Ignore),
            "obey" => Ok(Self::Obey),
            _ => Err(RobotsError(text.to_owned())),
        }
    }
}

impl fmt::Display for Robots {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ignore => "ignore",
            Self::Obey => "obey",
        })
    }
}

/// Verdict of robots.txt on an address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RobotsVerdict {
    /// It is allowed.
    Allowed,
    /// It is disallowed.
    Disallowed,
    /// The file can't be read, for this reason. By RFC 9309 (section 2.3.1.4) all addresses count as disallowed then.
    Unknown(String),
}

/// `allowed`, `disallowed`, or `unknown: robots.txt can't be read: HTTP 500`.
impl fmt::Display for RobotsVerdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed => formatter.write_str("allowed"),
            Self::Disallowed => formatter.write_str("disallowed"),
            Self::Unknown(reason) => write!(formatter, "unknown: robots.txt can't be read: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_as_it_is_written() {
        for policy in [Robots::Ignore, Robots::Obey] {
            assert_eq!(policy.to_string().parse(), Ok(policy));
        }
        assert_eq!("no".parse::<Robots>().unwrap_err().to_string(), r#""no" is unknown: give ignore or obey"#);
    }
}
