//! Recent responses, with which a new parser is compared.
//!
//! The latest of each kind, those that the old parser failed on kept apart, else a fix for a new layout would be judged on the old one
//! alone. Bodies are compressed; what is kept is bounded in number and in bytes, and not every response is taken.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use crate::types::{Query, Response};

/// Responses of a kind that are kept, of those that the parser failed on and of the others each.
const KEPT: usize = 8;

/// Bytes that all of them take, compressed.
const BYTES: usize = 8 << 20;

/// How long after one response the next like it is kept: compressing takes milliseconds.
const INTERVAL: Duration = Duration::from_millis(500);

/// The fastest that zstd has without losing much.
const LEVEL: i32 = 1;

/// A response that is kept, and what it was to answer.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) queries: Vec<Query>,
    /// The response without its body.
    head: Response,
    body: Vec<u8>,
    length: usize,
    at: Instant,
}

impl Sample {
    /// The response, whole. `None` where it can't be decompressed, which can't be.
    pub(super) fn response(&self) -> Option<Response> {
        let body = zstd::bulk::decompress(&self.body, self.length).ok()?;
        Some(Response { body, ..self.head.clone() })
    }
}

/// The latest like one another.
#[derive(Debug, Default)]
struct Latest {
    taken: Option<Instant>,
    samples: VecDeque<Arc<Sample>>,
}

/// The responses that are kept.
#[derive(Debug, Default)]
pub(super) struct ResponseHistory {
    /// By kind, and whether the parser failed on them.
    latest: Mutex<HashMap<(String, bool), Latest>>,
}

impl ResponseHistory {
    /// Whether a response like this is wanted now. Then it counts as taken.
    pub(super) fn wants(&self, kind: &str, failed: bool) -> bool {
        let mut latest = self.lock();
        let latest = latest.entry((kind.to_owned(), failed)).or_default();
        let wants = latest.taken.is_none_or(|taken| taken.elapsed() >= INTERVAL);
        if wants {
            latest.taken = Some(Instant::now());
        }
        wants
    }

    /// Keeps a response, without the oldest where there is no room. Takes milliseconds.
    pub(super) fn keep(&self, queries: Vec<Query>, response: Response, failed: bool) {
        let Some(kind) = queries.first().map(|query| query.kind().to_owned()) else { return };
        let Ok(mut body) = zstd::bulk::compress(&response.body, LEVEL) else { return };
        // It was given room for what doesn't compress.
        body.shrink_to_fit();
        let length = response.body.len();
        let head = Response { body: Vec::new(), ..response };
        let sample = Sample { queries, head, body, length, at: Instant::now() };
        let mut latest = self.lock();
        let samples = &mut latest.entry((kind, failed)).or_default().samples;
        if samples.len() >= KEPT {
            samples.pop_front();
        }
        samples.push_back(Arc::new(sample));
        while latest.values().flat_map(|latest| &latest.samples).map(|sample| sample.body.len()).sum::<usize>() > BYTES
        {
            let longest = latest.values_mut().max_by_key(|latest| latest.samples.len());
            if longest.and_then(|latest| latest.samples.pop_front()).is_none() {
                break;
            }
        }
    }

    /// All that are kept, by kind, the newest first.
    pub(super) fn samples(&self) -> Vec<(String, Vec<Arc<Sample>>)> {
        let mut kinds: HashMap<String, Vec<Arc<Sample>>> = HashMap::new();
        for ((kind, _), latest) in self.lock().iter() {
            kinds.entry(kind.clone()).or_default().extend(latest.samples.iter().cloned());
        }
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by(|left, right| left.0.cmp(&right.0));
        kinds.iter_mut().for_each(|(_, samples)| samples.sort_by_key(|sample| std::cmp::Reverse(sample.at)));
        kinds
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, bool), Latest>> {
        self.latest.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(body: Vec<u8>) -> Response {
        Response::new("https://example.org/", http::StatusCode::OK, body)
    }

    #[test]
    fn the_newest_are_kept_and_those_of_failures_apart() {
        let recent = ResponseHistory::default();
        let query = || vec![Query::new("list", [])];
        recent.keep(query(), response(b"failed".to_vec()), true);
        for number in 0..20_u8 {
            recent.keep(query(), response(vec![number; 3]), false);
        }
        let (kind, samples) = recent.samples().remove(0);
        assert_eq!((kind.as_str(), samples.len()), ("list", KEPT + 1));
        assert_eq!(samples[0].response().unwrap().body, [19; 3]);
        assert_eq!(samples[KEPT].response().unwrap().body, b"failed");
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes() {
        let recent = ResponseHistory::default();
        let mut state = 1_u64;
        for _ in 0..6 {
            let noise = (0..BYTES / 4).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 33) as u8
            });
            recent.keep(vec![Query::new("list", [])], response(noise.collect()), false);
        }
        assert_eq!(recent.samples()[0].1.len(), 3);
    }

    #[test]
    fn not_every_response_is_wanted() {
        let recent = ResponseHistory::default();
        assert!(recent.wants("list", false));
        assert!(!recent.wants("list", false));
        assert!(recent.wants("list", true) && recent.wants("app", false));
    }
}
