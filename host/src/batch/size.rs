//! How many queries share a request?
//!
//! As the parser's description says, as a person says, or as many as go well: one more and more until the first failure or oversize, which
//! halves it. That is the automatic batch size.

use std::num::NonZeroU32;
use std::str::FromStr;

use crate::parser::PerRequest;

/// How many queries share a request, where the parser can ask several in one.
///
/// ```
/// use playfast::Sharing;
///
/// assert_eq!("auto".parse::<Sharing>()?, Sharing::Auto);
/// assert!("0".parse::<Sharing>().is_err());
/// # Ok::<(), playfast::SharingError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sharing {
    /// As the parser's description says.
    #[default]
    Site,
    /// As many as go well.
    Auto,
    /// So many, or as many as the description allows.
    Most(NonZeroU32),
}

/// Why a text is no [`Sharing`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no number of queries: give auto, site, or a number from 1")]
pub struct SharingError(String);

impl FromStr for Sharing {
    type Err = SharingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "site" => Ok(Self::Site),
            "auto" => Ok(Self::Auto),
            _ => text.parse().map(Self::Most).map_err(|_| SharingError(text.to_owned())),
        }
    }
}

/// How many queries of one kind share a request now.
#[derive(Clone, Debug)]
pub(super) struct Size {
    sharing: Sharing,
    auto: u32,
    /// Whether nothing failed yet.
    is_starting: bool,
    latest: u32,
}

impl Size {
    pub(super) const fn new(sharing: Sharing) -> Self {
        Self { sharing, auto: 0, is_starting: true, latest: 1 }
    }

    /// The size, within what a kind allows.
    pub(super) fn of(&mut self, kind: PerRequest) -> u32 {
        let wish = match self.sharing {
            Sharing::Site => kind.default,
            Sharing::Most(most) => most.get(),
            Sharing::Auto if self.auto == 0 => kind.default,
            Sharing::Auto => self.auto,
        };
        self.latest = wish.clamp(1, kind.max.max(1));
        self.latest
    }

    /// What it was when it was asked last.
    pub(super) const fn latest(&self) -> u32 {
        self.latest
    }

    /// Takes note of a request that so many shared: all were answered, or it failed for them together.
    pub(super) fn note(&mut self, shared: u32, went_well: bool, kind: PerRequest) {
        let size = self.of(kind);
        if !went_well {
            (self.auto, self.is_starting) = ((shared / 2).max(1).min(size), false);
        } else if shared >= size {
            let next = if self.is_starting { size.saturating_mul(2) } else { size + 1 };
            self.auto = next.min(kind.max.max(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: PerRequest = PerRequest { default: 1, max: 100 };

    #[test]
    fn it_grows_while_it_goes_well_and_halves_on_failure() {
        let mut size = Size::new(Sharing::Auto);
        let mut sizes = Vec::new();
        for _ in 0..40 {
            let now = size.of(KIND);
            sizes.push(now);
            size.note(now, now <= 40, KIND);
        }
        assert_eq!(sizes[..10], [1, 2, 4, 8, 16, 32, 64, 32, 33, 34]);
        assert!(sizes[10..].iter().all(|size| (20..=41).contains(size)), "{sizes:?}");
    }

    #[test]
    fn small_groups_say_nothing_of_larger_ones_and_the_kind_has_the_last_word() {
        let mut size = Size::new(Sharing::Auto);
        size.note(1, true, KIND);
        size.note(1, true, KIND);
        assert_eq!(size.of(KIND), 2);
        (0..20).for_each(|_| size.note(1000, true, KIND));
        assert_eq!(size.of(KIND), 100);
        let mut most = Size::new(Sharing::Most(NonZeroU32::new(500).unwrap()));
        assert_eq!((most.of(KIND), Size::new(Sharing::Site).of(KIND)), (100, 1));
    }
}
