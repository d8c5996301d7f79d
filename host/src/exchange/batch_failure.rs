//! Batch failures: a batch in which no query was answered.
//!
//! A query may be at fault, the size, or the host. A rejected batch is halved at once, until the query at fault is alone. One for which the host
//! may be at fault is sent again, and halved if it fails again. One that was refused for its pace is halved only if no other of its size
//! succeeded.

use http::StatusCode;

use crate::types::{Failure, FailureKind, Page};

/// Cause of a batch failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BatchFailure {
    /// The request was refused, or its answer is too large: the batch is at fault.
    Rejected,
    /// The host may be at fault.
    Transient,
    /// The host refuses the pace, by 429, a captcha or `Retry-After`.
    Limited,
}

/// The cause of a batch failure; `None` if some query was answered, or each was not found. `status` is the response's, if there was one.
pub(crate) fn classify(status: Option<StatusCode>, pages: &[&Result<Page, Failure>]) -> Option<BatchFailure> {
    let first = pages.first()?.as_ref().err()?;
    let kind = first.kind;
    if !pages.iter().all(|page| page.as_ref().is_err_and(|failure| failure.kind == kind)) {
        return None;
    }
    if is_oversize(kind) {
        return Some(BatchFailure::Rejected);
    }
    match (kind, status.map(|status| status.as_u16())) {
        // The request is too large: RFC 9110 §15.5.14 and §15.5.15, RFC 6585 §5.
        (_, Some(413 | 414 | 431)) => Some(BatchFailure::Rejected),
        (FailureKind::Blocked, _) => Some(BatchFailure::Limited),
        (FailureKind::Timeout | FailureKind::Network | FailureKind::Http | FailureKind::Unavailable, _) => {
            Some(if first.retry_after.is_some() { BatchFailure::Limited } else { BatchFailure::Transient })
        }
        (FailureKind::NotFound, _) => None,
        (_, Some(400..)) => Some(BatchFailure::Rejected),
        _ => None,
    }
}

/// Whether queries may have failed because too many share a request.
const fn is_oversize(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::TooLarge | FailureKind::ParserMemory | FailureKind::ParserTimeout | FailureKind::ParserOutput
    )
}

/// The two halves of a batch.
pub(crate) fn halve<T>(mut items: Vec<T>) -> [Vec<T>; 2] {
    let second = items.split_off(items.len().div_ceil(2));
    [items, second]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_failed_as_a_whole_is_a_failure_of_the_batch() {
        use FailureKind::{Blocked, InvalidQuery, LayoutChanged, Network, NotFound, TooLarge, Unavailable};
        let classify = |status: Option<u16>, kinds: &[Option<FailureKind>]| {
            let page = |kind: &Option<FailureKind>| match kind {
                Some(kind) => Err(Failure::new(*kind, "")),
                None => Ok(Page::default()),
            };
            let pages: Vec<_> = kinds.iter().map(page).collect();
            let status = status.map(|status| StatusCode::from_u16(status).unwrap());
            super::classify(status, &pages.iter().collect::<Vec<_>>())
        };
        let both = |kind| [Some(kind), Some(kind)];
        assert_eq!(classify(Some(400), &both(InvalidQuery)), Some(BatchFailure::Rejected));
        assert_eq!(classify(Some(413), &both(Unavailable)), Some(BatchFailure::Rejected));
        assert_eq!(classify(Some(404), &both(LayoutChanged)), Some(BatchFailure::Rejected));
        assert_eq!(classify(None, &both(TooLarge)), Some(BatchFailure::Rejected));
        assert_eq!(classify(Some(500), &both(Unavailable)), Some(BatchFailure::Transient));
        assert_eq!(classify(Some(429), &both(Blocked)), Some(BatchFailure::Limited));
        assert_eq!(classify(None, &both(Network)), Some(BatchFailure::Transient));
        for (status, kinds) in [
            (200, both(NotFound)),
            (200, both(LayoutChanged)),
            (404, both(NotFound)),
            (200, [Some(Unavailable), None]),
            (200, [Some(Unavailable), Some(NotFound)]),
        ] {
            assert_eq!(classify(Some(status), &kinds), None, "{status} {kinds:?}");
        }
    }

    #[test]
    fn halving_ends_with_one() {
        let sizes = |items: usize| halve(vec![(); items]).map(|half| half.len());
        assert_eq!([sizes(50), sizes(3), sizes(2)], [[25, 25], [2, 1], [1, 1]]);
    }
}
