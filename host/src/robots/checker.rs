//! Checker of addresses against the robots.txt of their hosts, which is fetched once and kept for a day.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::rules::Rules;
use super::{Robots, RobotsVerdict};
use crate::fetch::Fetcher;
use crate::types::{Failure, FailureKind, Request, Response, host_of, path_of};

/// Time for which a file is kept (RFC 9309, section 2.4).
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Time after which a file that couldn't be read is fetched again.
const UNKNOWN_MAX_AGE: Duration = Duration::from_secs(60);

/// Requests for a file until it is taken for unreadable, and the pause after the first, which doubles: all queries of the host fail then.
const MAX_ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Characters of a path in a message.
const MAX_SHOWN_PATH: usize = 100;

/// Checks addresses against the robots.txt of their hosts. Cloning it is cheap, and shares the files.
#[derive(Clone, Debug)]
pub(crate) struct RobotsChecker {
    policy: Robots,
    /// The product token by which files know this program.
    agent: Arc<str>,
    hosts: Arc<Mutex<HashMap<String, Arc<HostFile>>>>,
}

/// The file of a host. The holder of the lock fetches it for all that wait.
type HostFile = tokio::sync::Mutex<Option<Kept>>;

#[derive(Clone, Debug)]
struct Kept {
    rules: Arc<Rules>,
    until: Instant,
}

/// Result of a check.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The failure of a disallowed request.
    pub(crate) failure: Option<Failure>,
    /// Requests for robots.txt that the check sent itself.
    pub(crate) requests: u64,
}

impl RobotsChecker {
    /// A checker for a program with this `User-Agent`.
    pub(crate) fn new(policy: Robots, user_agent: &str) -> Self {
        Self { policy, agent: product_token(user_agent).into(), hosts: Arc::default() }
    }

    /// Checks whether an address is allowed. Addresses of hosts beyond `hosts` are left to the fetcher, which refuses them.
    pub(crate) async fn check(&self, fetcher: &Fetcher, hosts: &[String], url: &str) -> Checked {
        if self.policy == Robots::Ignore {
            return Checked { failure: None, requests: 0 };
        }
        let host = host_of(url);
        let (verdict, requests) = self.verdict(fetcher, hosts, url).await;
        let message = match verdict {
            Some(RobotsVerdict::Disallowed) => {
                let path: String = path_of(url).chars().take(MAX_SHOWN_PATH).collect();
                format!("robots.txt of {host} disallows {path}")
            }
            Some(RobotsVerdict::Unknown(reason)) => {
                format!("robots.txt of {host} can't be read, so nothing may be asked (RFC 9309): {reason}")
            }
            Some(RobotsVerdict::Allowed) | None => return Checked { failure: None, requests },
        };
        Checked { failure: Some(Failure::new(FailureKind::Forbidden, message)), requests }
    }

    /// The verdict on an address, whether it is obeyed or not, and the number of requests for it; `None` if the address isn't of one of `hosts`.
    pub(crate) async fn verdict(&self, fetcher: &Fetcher, hosts: &[String], url: &str) -> (Option<RobotsVerdict>, u64) {
        let host = host_of(url);
        if !hosts.contains(&host) {
            return (None, 0);
        }
        let file = {
            let mut files = self.hosts.lock();
            Arc::clone(files.entry(host.clone()).or_default())
        };
        let (rules, requests) = self.rules(&file, fetcher, hosts, &host).await;
        (Some(rules.verdict(url)), requests)
    }

    async fn rules(&self, file: &HostFile, fetcher: &Fetcher, hosts: &[String], host: &str) -> (Arc<Rules>, u64) {
        let mut kept = file.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.until > Instant::now()) {
            return (Arc::clone(&kept.rules), 0);
        }
        let (fetched, requests) = fetch(fetcher, hosts, host).await;
        let rules = Arc::new(Rules::read(&self.agent, fetched).await);
        let age = if rules.is_unknown() { UNKNOWN_MAX_AGE } else { MAX_AGE };
        let now = Instant::now();
        *kept = Some(Kept { rules: Arc::clone(&rules), until: now.checked_add(age).unwrap_or(now) });
        (rules, requests)
    }
}

/// Fetches a file in up to [`MAX_ATTEMPTS`] attempts, and returns their number.
async fn fetch(fetcher: &Fetcher, hosts: &[String], host: &str) -> (Result<Response, Failure>, u64) {
    let mut pause = FIRST_PAUSE;
    for attempt in 1.. {
        let request = Request::get(format!("https://{host}/robots.txt"));
        let fetched = fetcher.fetch_unrecorded(hosts, request).await.map(|fetched| fetched.response);
        if attempt >= MAX_ATTEMPTS || !is_transient(&fetched) {
            return (fetched, attempt.into());
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    (Err(Failure::new(FailureKind::Internal, "no request was sent")), 0)
}

fn is_transient(fetched: &Result<Response, Failure>) -> bool {
    match fetched {
        Ok(response) => response.status.is_server_error(),
        Err(failure) => matches!(failure.kind, FailureKind::Timeout | FailureKind::Network | FailureKind::Http),
    }
}

/// The name by which robots.txt knows a program: the letters, hyphens and underscores that its `User-Agent` begins with (RFC 9309,
/// section 2.2.1). Without any, the rules for all programs apply.
fn product_token(user_agent: &str) -> &str {
    let is_token = |character: char| character.is_ascii_alphabetic() || matches!(character, '-' | '_');
    let end = user_agent.find(|character| !is_token(character)).unwrap_or(user_agent.len());
    user_agent.get(..end).filter(|token| !token.is_empty()).unwrap_or("*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_product_token() {
        for (user_agent, token) in [
            ("playfast/0.1.0", "playfast"),
            ("my-charts_bot (me@example.org)", "my-charts_bot"),
            ("Mozilla/5.0 (compatible)", "Mozilla"),
            ("7zip/1", "*"),
            ("", "*"),
        ] {
            assert_eq!(product_token(user_agent), token);
        }
    }
}
