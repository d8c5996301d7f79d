//! Position of a query among its reviews, which is its state: `SIZE COUNT` or `SIZE COUNT TOKEN`.

use std::fmt;

use playfast_guest::{Failure, Query};

use crate::kinds::unknown_state;

/// How many reviews a request asks for at most, the largest first. The store gives up to 3,000 and refuses 5,000 (PLAY.md, section 6); a
/// page that it refuses is asked for in the next size.
const PAGE_SIZES: [u64; 3] = [1000, 200, 40];

/// The size that follows a page that was asked for in a smaller one: a refusal at random must not slow down the rest of the query.
const USUAL_SIZE: u64 = 200;

/// Where a query goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// One of [`PAGE_SIZES`].
    pub(super) size: u64,
    /// How many reviews came before.
    count: u64,
    /// The store's name of the page; the first has none. Any text.
    pub(super) token: Option<String>,
}

impl Default for Cursor {
    /// Before the first review.
    fn default() -> Self {
        let [largest, ..] = PAGE_SIZES;
        Self { size: largest, count: 0, token: None }
    }
}

impl Cursor {
    /// Where a query starts or goes on.
    ///
    /// # Errors
    /// If its state is no cursor.
    pub(super) fn of_query(query: &Query) -> Result<Self, Failure> {
        match query.state.as_deref() {
            None => Ok(Self::default()),
            Some(state) => Self::parse(state).ok_or_else(|| unknown_state(query)),
        }
    }

    fn parse(state: &str) -> Option<Self> {
        let mut parts = state.splitn(3, ' ');
        let (size, count) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let cursor = Self { size, count, token: parts.next().map(str::to_owned) };
        let is_valid = PAGE_SIZES.contains(&size)
            && cursor.token.as_deref().map_or(count == 0, |token| !token.is_empty())
            && cursor.to_string() == state;
        is_valid.then_some(cursor)
    }

    /// How many reviews to ask for if `num` are wanted in all. A host that drops doubles goes on after that many: it gets the smallest page.
    pub(super) fn page_size(&self, num: u64) -> u64 {
        let [.., smallest] = PAGE_SIZES;
        match num.saturating_sub(self.count) {
            0 => smallest,
            left => left.min(self.size),
        }
    }

    /// Whether a page of this many reviews reaches a limit of the whole query.
    pub(super) fn reaches(&self, limit: Option<u64>, reviews: usize) -> bool {
        limit.is_some_and(|limit| self.count.saturating_add(reviews as u64) >= limit)
    }

    /// The same place, with fewer reviews to ask for; `None` if fewer are never asked for.
    pub(super) fn with_fewer(&self) -> Option<Self> {
        let size = PAGE_SIZES.into_iter().find(|size| *size < self.size)?;
        Some(Self { size, ..self.clone() })
    }

    /// The place after a page of this many reviews.
    pub(super) fn after(&self, reviews: usize, token: String) -> Self {
        let count = self.count.saturating_add(reviews as u64);
        Self { size: self.size.max(USUAL_SIZE), count, token: Some(token) }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.size, self.count)?;
        match &self.token {
            Some(token) => write!(formatter, " {token}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_what_its_text_says() {
        let first = Cursor::default();
        let odd = first.after(1000, "a b\n\"é\\ 5".to_owned());
        for cursor in [first.with_fewer().unwrap(), odd.with_fewer().unwrap(), first, odd] {
            assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        }
    }

    #[test]
    fn other_texts_are_no_cursors() {
        for state in [
            "",
            " ",
            "1000",
            "1000 ",
            "1000 5",
            "1000 0 ",
            "999 0",
            "0 0",
            "1000 -1 t",
            "1000 +1 t",
            "01000 1 t",
            "1000 1.0 t",
            "1000  t",
            " 1000 1 t",
            "99999999999999999999 1 t",
            "1000 99999999999999999999 t",
            "page-2",
        ] {
            assert_eq!(Cursor::parse(state), None, "{state:?}");
        }
    }

    #[test]
    fn the_last_page_asks_only_for_what_is_left() {
        let first = Cursor::default();
        assert_eq!([1, 999, 1000, 5000].map(|num| first.page_size(num)), [1, 999, 1000, 1000]);
        let second = first.after(1000, "t".to_owned());
        assert_eq!([1001, 2500].map(|num| second.page_size(num)), [1, 1000]);
        assert_eq!([1, 1000].map(|num| second.page_size(num)), [40, 40], "doubles were dropped");
    }

    #[test]
    fn sizes_shrink_to_the_smallest_and_grow_again() {
        let smaller = |cursor: &Cursor| cursor.with_fewer();
        let sizes: Vec<_> = std::iter::successors(Some(Cursor::default()), smaller).map(|cursor| cursor.size).collect();
        assert_eq!(sizes, [1000, 200, 40]);
        let smallest = Cursor { size: 40, ..Cursor::default() };
        assert_eq!(smallest.after(40, "t".to_owned()).size, 200);
        assert_eq!(Cursor::default().after(1000, "t".to_owned()).size, 1000);
    }
}
