//! The growing text of a record.
//!
//! Bytes with room behind them, so that whole blocks can be copied there and cut back: quicker in a sandbox than copies of so many bytes,
//! each a call out of it. Invariant: there is never less room than what `len` says is used.

use super::scan::{self, BLOCK, Nesting};
use super::unescape;

/// A growing text.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    len: usize,
}

impl Buffer {
    /// Nothing, with room for so many bytes.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self { bytes: vec![0; bytes + BLOCK], len: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn last(&self) -> Option<u8> {
        self.bytes.get(self.len.checked_sub(1)?).copied()
    }

    /// What stands from `len` on.
    pub(super) fn since(&self, len: usize) -> &[u8] {
        self.bytes.get(len..self.len).unwrap_or_default()
    }

    /// Takes everything from `len` on back.
    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    pub(super) fn into_text(mut self) -> String {
        self.bytes.truncate(self.len);
        self.bytes.shrink_to_fit();
        unescape::into_text(self.bytes)
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.room(1);
        if let Some(room) = self.bytes.get_mut(self.len) {
            *room = byte;
            self.len += 1;
        }
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.room(bytes.len());
        if let Some(room) = self.bytes.get_mut(self.len..self.len + bytes.len()) {
            room.copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }

    /// Appends the first `len` bytes of a block.
    pub(super) fn extend_block(&mut self, block: &[u8; BLOCK], len: usize) {
        self.room(BLOCK);
        if let Some(room) = self.bytes.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut) {
            *room = *block;
            self.len += len;
        }
    }

    /// Makes room for `count` more bytes, and a block behind them.
    #[inline(always)]
    fn room(&mut self, count: usize) {
        if self.bytes.len() - self.len < count + BLOCK {
            self.grow(count);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, count: usize) {
        self.bytes.resize((self.len + count + BLOCK).max(2 * self.bytes.len()), 0);
    }

    /// Copies what can stand in a JSON string as it is from the start of `rest`, and moves past it. It may end before all of that is
    /// copied, but copies some wherever there is any.
    pub(super) fn copy_plain(&mut self, rest: &mut &[u8]) {
        self.copy::<false>(rest, Nesting::Plain);
    }

    /// The same from the content of a string, with escapes of what can stand as it is.
    pub(super) fn copy_unescaped(&mut self, rest: &mut &[u8], nesting: Nesting) {
        self.copy::<true>(rest, nesting);
    }

    fn copy<const UNESCAPE: bool>(&mut self, rest: &mut &[u8], nesting: Nesting) {
        self.room(BLOCK);
        if let Some(room) = self.bytes.get_mut(self.len..) {
            let mut copy = Copy { room, written: 0, text: rest, read: 0, nesting };
            copy.run::<UNESCAPE>();
            self.len += copy.written;
            *rest = rest.get(copy.read..).unwrap_or_default();
        }
        // Close to the text's end there is no whole block any more.
        if rest.len() < BLOCK {
            let plain = rest.iter().position(|byte| !scan::is_plain(*byte)).unwrap_or(rest.len());
            let (plain, after) = rest.split_at_checked(plain).unwrap_or_default();
            self.extend(plain);
            *rest = after;
        }
    }
}

/// A copy from a text to where there is room, and how many bytes of both are behind it.
struct Copy<'a> {
    room: &'a mut [u8],
    written: usize,
    text: &'a [u8],
    read: usize,
    nesting: Nesting,
}

impl Copy<'_> {
    /// Copies block by block, up to what can't be copied so.
    #[inline(never)]
    fn run<const UNESCAPE: bool>(&mut self) {
        let (mut read, mut written) = (0, 0);
        while let Some(from) = self.text.get(read..)
            && let Some(block) = from.first_chunk::<BLOCK>()
            && let Some(to) = self.room.get_mut(written..).and_then(<[u8]>::first_chunk_mut::<BLOCK>)
        {
            *to = *block;
            let plain = scan::plain(block);
            read += plain;
            written += plain;
            if plain < BLOCK {
                let escape = from.get(plain..).filter(|_| UNESCAPE);
                let escape = escape.and_then(|escape| unescape::plain_escape(escape, self.nesting));
                let (Some((byte, length)), Some(to)) = (escape, self.room.get_mut(written)) else { break };
                *to = byte;
                read += length;
                written += 1;
            }
        }
        (self.read, self.written) = (read, written);
    }
}
