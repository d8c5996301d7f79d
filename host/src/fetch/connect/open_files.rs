//! Limit of open files, which is raised to the number of connections.

/// Files that the process opens besides: parsers, their artefacts, outputs, the runtime's own.
const OTHER_OPEN_FILES: u64 = 64;

/// Connections per request in flight: one over HTTP/1.1, and one that another host keeps open.
const FILES_PER_REQUEST: u64 = 2;

/// Raises the soft limit of open files to what `exchanges` requests in flight may need, as far as the hard limit allows. If that is too low, warns
/// with what to do.
pub(in crate::fetch) fn raise_limit(exchanges: usize) {
    let needed =
        u64::try_from(exchanges).unwrap_or(u64::MAX).saturating_mul(FILES_PER_REQUEST).saturating_add(OTHER_OPEN_FILES);
    match rlimit::increase_nofile_limit(needed) {
        Ok(allowed) if allowed < needed => tracing::warn!(
            "{allowed} files may be open, and {exchanges} requests at once may need {needed}: raise the limit (ulimit -n {needed}), \
             or send fewer at once"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!("failed to raise the limit of open files to {needed}: {error}"),
    }
}
