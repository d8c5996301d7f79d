//! DNS cache.
//!
//! Successful lookups are kept for a time, and concurrent lookups of one name are one. Failures aren't kept, since the network may return. Time and
//! the lookup itself are arguments.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, FutureExt, Shared};
use parking_lot::{Mutex, MutexGuard};

/// Time for which addresses are kept. The system's resolver doesn't tell their TTL; the shortest of large sites is about a minute.
const ADDRESS_LIFETIME: Duration = Duration::from_secs(60);

/// Most names in the cache. Parsers declare a few.
const MAX_CACHED_NAMES: usize = 256;

/// Why a name has no address.
#[derive(Clone, Debug)]
pub(in crate::fetch) struct ResolveError(pub(in crate::fetch) String);

impl fmt::Display for ResolveError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no address is known: {}", self.0)
    }
}

impl std::error::Error for ResolveError {}

/// The addresses of a name.
pub(in crate::fetch) type Found = Result<Arc<[IpAddr]>, ResolveError>;

/// Cache of lookups, finished or running.
#[derive(Default)]
pub(in crate::fetch) struct DnsCache(Mutex<HashMap<String, LookUp>>);

#[derive(Clone)]
struct LookUp {
    found: Shared<BoxFuture<'static, Found>>,
    since: Instant,
}

impl LookUp {
    fn is_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= ADDRESS_LIFETIME
    }
}

impl DnsCache {
    /// The addresses of a name, which are looked up if they aren't cached.
    pub(in crate::fetch) async fn find(
        &self,
        name: &str,
        now: Instant,
        look_up: impl FnOnce() -> BoxFuture<'static, Found>,
    ) -> Found {
        let asked = self.known(name, now, look_up);
        let found = asked.found.clone().await;
        if found.is_err() {
            self.forget(name, &asked);
        }
        found
    }

    fn known(&self, name: &str, now: Instant, look_up: impl FnOnce() -> BoxFuture<'static, Found>) -> LookUp {
        let mut names = self.names();
        if let Some(known) = names.get(name).filter(|known| !known.is_old(now)) {
            return known.clone();
        }
        if names.len() >= MAX_CACHED_NAMES {
            names.retain(|_, known| !known.is_old(now));
        }
        let asked = LookUp { found: look_up().shared(), since: now };
        if names.len() < MAX_CACHED_NAMES {
            names.insert(name.to_owned(), asked.clone());
        }
        asked
    }

    fn forget(&self, name: &str, failed: &LookUp) {
        let mut names = self.names();
        if names.get(name).is_some_and(|known| known.found.ptr_eq(&failed.found)) {
            names.remove(name);
        }
    }

    fn names(&self) -> MutexGuard<'_, HashMap<String, LookUp>> {
        self.0.lock()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts look-ups, of which the first `fail` fail.
    struct System {
        asked: Arc<AtomicUsize>,
        fail: usize,
    }

    impl System {
        fn new(fail: usize) -> Self {
            Self { asked: Arc::default(), fail }
        }

        fn look_up(&self) -> impl FnOnce() -> BoxFuture<'static, Found> + use<> {
            let (asked, fail) = (Arc::clone(&self.asked), self.fail);
            move || {
                async move {
                    tokio::task::yield_now().await;
                    let turn = asked.fetch_add(1, Ordering::Relaxed);
                    if turn < fail {
                        Err(ResolveError("down".to_owned()))
                    } else {
                        Ok([IpAddr::from([1, 1, 1, 1])].into())
                    }
                }
                .boxed()
            }
        }
    }

    #[tokio::test]
    async fn look_ups_at_one_time_are_one_and_hold_for_a_minute() {
        let (names, system, start) = (DnsCache::default(), System::new(0), Instant::now());
        let (first, second) =
            tokio::join!(names.find("a", start, system.look_up()), names.find("a", start, system.look_up()));
        assert_eq!(first.unwrap(), second.unwrap());
        names.find("a", start + ADDRESS_LIFETIME / 2, system.look_up()).await.unwrap();
        assert_eq!(system.asked.load(Ordering::Relaxed), 1);
        names.find("a", start + ADDRESS_LIFETIME, system.look_up()).await.unwrap();
        names.find("b", start, system.look_up()).await.unwrap();
        assert_eq!(system.asked.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn failures_are_not_kept() {
        let (names, system, start) = (DnsCache::default(), System::new(1), Instant::now());
        assert!(names.find("a", start, system.look_up()).await.is_err());
        assert!(names.find("a", start, system.look_up()).await.is_ok());
    }

    #[tokio::test]
    async fn there_are_never_more_names_than_may_be() {
        let (names, system, start) = (DnsCache::default(), System::new(0), Instant::now());
        for name in 0..MAX_CACHED_NAMES + 10 {
            names.find(&name.to_string(), start, system.look_up()).await.unwrap();
        }
        assert_eq!(names.names().len(), MAX_CACHED_NAMES);
        names.find("late", start + ADDRESS_LIFETIME, system.look_up()).await.unwrap();
        assert_eq!(names.names().len(), 1);
    }
}
