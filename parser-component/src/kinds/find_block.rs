//! Search of a page for the block that holds an answer.

use playfast_guest::json::{ReadError, Reader};
use playfast_guest::{Failure, FailureKind};

use super::app::is_cut;
use crate::page::Blocks;
use crate::unreadable;

/// Whether the page itself says that a block answers the rpc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    ByPage,
    ByNobody,
}

/// What a block holds.
#[derive(Debug)]
pub(super) enum Found<T> {
    /// An answer.
    Answer(T),
    /// An answer that says that there is nothing. Another block's answer counts for more.
    Empty(T),
    /// Something else.
    Nothing,
}

/// What `read` makes of the first block of a page that holds an answer to `rpc`.
///
/// # Errors
/// If no block holds an answer; `what` names it.
pub(super) fn find_block<T>(
    body: &[u8],
    rpc: &str,
    what: &str,
    mut read: impl FnMut(Reader<'_>, Said) -> Result<Found<T>, Failure>,
) -> Result<T, Failure> {
    let (mut seen, mut empty) = (None, None);
    let mut blocks = Blocks::new(body, rpc);
    while let Some(block) = blocks.next() {
        let said = if blocks.is_last_named() { Said::ByPage } else { Said::ByNobody };
        let found = match block {
            Ok(block) => read(block, said),
            Err(ReadError::Truncated) => return Err(unreadable(what, ReadError::Truncated)),
            Err(error) => Err(unreadable(what, error)),
        };
        match found {
            Ok(Found::Answer(answer)) => return Ok(answer),
            Ok(Found::Empty(answer)) => empty = empty.or(Some(answer)),
            Ok(Found::Nothing) => {}
            // What a block that is the answer says counts for more than that another can't be read.
            Err(failure) if failure.kind != FailureKind::LayoutChanged => seen = Some(failure),
            Err(failure) => seen = seen.or(Some(failure)),
        }
    }
    if is_cut(body) {
        return Err(Failure::unavailable(format!("the page is cut short before {what}")));
    }
    match (seen, empty) {
        (Some(failure), _) => Err(failure),
        (None, Some(empty)) => Ok(empty),
        (None, None) => Err(Failure::layout_changed(format!("no data block of the page holds {what}"))),
    }
}
