//! The kinds of faults, each with one name in code and on the command line.

use std::fmt;
use std::str::FromStr;

/// A way in which the store misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// 429, with `Retry-After` if one is set.
    TooManyRequests,
    /// 503, with `Retry-After` if one is set.
    Unavailable,
    /// A redirect to `www.google.com/sorry/index`, which answers 429 with a captcha.
    Captcha,
    /// A redirect to `consent.google.com`, which answers 200 with forms.
    Consent,
    /// The connection or stream breaks in the middle of the body.
    Reset,
    /// The body ends too early and looks complete to HTTP.
    Truncate,
    /// The answer is held back.
    Stall,
    /// 404 for a page; for a call, the answer for what doesn't exist.
    NotFound,
    /// For a call alone: no payload but a `PlayGatewayError`, within a 200.
    GatewayError,
    /// For a POST of several calls: the answers come in another order.
    Shuffle,
    /// For a call: no frame answers it.
    MissingFrame,
    /// For a call: its frame is there and empty: no payload and no status, or an empty array, or a message without content.
    EmptyFrame,
    /// For a details call: its frame holds the details of [`FOREIGN_APP`].
    ForeignFrame,
    /// For a details call: its frame's message is where no parser knows it. Pages are as they were.
    MovedFrame,
    /// For a call: an `er` frame with its tag and [`Faults::error_code`](super::Faults::error_code) instead of an answer.
    ErrorFrame,
    /// For a chart call in the long form: no chart, although the short form gets it.
    LongFormEmpty,
    /// For a reviews call without a token: a null payload, although there are reviews.
    NullFirstPage,
    /// For a call with a token: a null payload, although there is more; if it continues a cluster, with the status 5.
    NullNextPage,
    /// For a call for a page of reviews, or one that continues a cluster: no rows, and a token that gets those that are missing.
    EmptyPage,
    /// For a call with a token: the right rows, and a token that gets the same page again.
    RepeatedToken,
}

/// The app that [`FaultKind::ForeignFrame`] answers for.
pub const FOREIGN_APP: &str = "com.foreign.app";

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::TooManyRequests,
        Self::Unavailable,
        Self::Captcha,
        Self::Consent,
        Self::Reset,
        Self::Truncate,
        Self::Stall,
        Self::NotFound,
        Self::GatewayError,
        Self::Shuffle,
        Self::MissingFrame,
        Self::EmptyFrame,
        Self::ForeignFrame,
        Self::MovedFrame,
        Self::ErrorFrame,
        Self::LongFormEmpty,
        Self::NullFirstPage,
        Self::NullNextPage,
        Self::EmptyPage,
        Self::RepeatedToken,
    ];

    /// The kind's name, such as `too-many-requests`.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooManyRequests => "too-many-requests",
            Self::Unavailable => "unavailable",
            Self::Captcha => "captcha",
            Self::Consent => "consent",
            Self::Reset => "reset",
            Self::Truncate => "truncate",
            Self::Stall => "stall",
            Self::NotFound => "not-found",
            Self::GatewayError => "gateway-error",
            Self::Shuffle => "shuffle",
            Self::MissingFrame => "missing-frame",
            Self::EmptyFrame => "empty-frame",
            Self::ForeignFrame => "foreign-frame",
            Self::MovedFrame => "moved-frame",
            Self::ErrorFrame => "error-frame",
            Self::LongFormEmpty => "long-form-empty",
            Self::NullFirstPage => "null-first-page",
            Self::NullNextPage => "null-next-page",
            Self::EmptyPage => "empty-page",
            Self::RepeatedToken => "repeated-token",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// No fault has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("find a fault named {0}")]
pub struct UnknownFault(String);

impl FromStr for FaultKind {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| UnknownFault(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_by_their_names() {
        assert!(
            FaultKind::ALL
                .into_iter()
                .enumerate()
                .all(|(index, kind)| kind.name().parse() == Ok(kind) && kind as usize == index)
        );
        assert!("nonsense".parse::<FaultKind>().is_err());
    }
}
