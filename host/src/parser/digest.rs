//! Digest of a component: SHA-256 of its file.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a component.
///
/// ```
/// let digest = playfast::parser::Digest::compute(b"");
/// assert!(digest.to_string().starts_with("sha256:e3b0c442"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn compute(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// 64 hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A text is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a digest: give sha256: and 64 hexadecimal digits, as `playfast inspect` shows them")]
pub struct DigestError(String);

impl FromStr for Digest {
    type Err = DigestError;

    /// Reads what [`Digest`] displays as, with `sha256:` or without.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || DigestError(text.to_owned());
        let hex = text.strip_prefix("sha256:").unwrap_or(text);
        let pairs = hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let bytes: Vec<u8> = pairs.collect::<Option<_>>().ok_or_else(refused)?;
        let is_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        bytes.try_into().ok().filter(|_| is_hex).map(Self).ok_or_else(refused)
    }
}
