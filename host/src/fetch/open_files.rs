//! The limit of open files, raised to what the connections may need.

/// What the process opens besides: parsers, their artefacts, outputs, the runtime's own.
const OTHER_OPEN_FILES: u64 = 64;

/// Connections for each exchange at once: one over HTTP/1.1, and one that another host keeps open.
const FILES_PER_REQUEST: u64 = 2;

/// Raises the soft limit of open files to what so many exchanges at once may need, as far as the hard one allows. Says what to do where
/// it doesn't.
pub(super) fn allow(exchanges: usize) {
    let needed =
        u64::try_from(exchanges).unwrap_or(u64::MAX).saturating_mul(FILES_PER_REQUEST).saturating_add(OTHER_OPEN_FILES);
    if let Err(allowed) = raise(needed) {
        tracing::warn!(
            "{allowed} files may be open, and {exchanges} requests at once may need {needed}: raise the limit (ulimit -n {needed}), \
             or send fewer at once"
        );
    }
}

/// The limit that stays, where it is too low.
#[cfg(unix)]
fn raise(needed: u64) -> Result<(), u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let wanted = raised(limit.current, limit.maximum, needed);
    if wanted == limit.current {
        return lasts(wanted, needed);
    }
    match setrlimit(Resource::Nofile, Rlimit { current: wanted, maximum: limit.maximum }) {
        Ok(()) => lasts(wanted, needed),
        Err(_) => lasts(limit.current, needed),
    }
}

/// There is no such limit.
#[cfg(not(unix))]
fn raise(_needed: u64) -> Result<(), u64> {
    Ok(())
}

/// The soft limit to set: never lower, never above the hard one. None is no limit.
#[cfg(unix)]
fn raised(soft: Option<u64>, hard: Option<u64>, needed: u64) -> Option<u64> {
    soft.map(|soft| soft.max(hard.map_or(needed, |hard| hard.min(needed))))
}

#[cfg(unix)]
fn lasts(soft: Option<u64>, needed: u64) -> Result<(), u64> {
    soft.filter(|soft| *soft < needed).map_or(Ok(()), Err)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_need_and_the_hard_one_go() {
        for (soft, hard, needed, wanted) in [
            (Some(1024), Some(4096), 192, Some(1024)),
            (Some(1024), Some(4096), 2000, Some(2000)),
            (Some(1024), Some(4096), 9000, Some(4096)),
            (Some(1024), None, 9000, Some(9000)),
            (None, None, 9000, None),
        ] {
            assert_eq!(raised(soft, hard, needed), wanted);
        }
        assert_eq!(lasts(Some(1024), 1024), Ok(()));
        assert_eq!(lasts(Some(1024), 1025), Err(1024));
        assert_eq!(lasts(None, 1025), Ok(()));
    }
}
