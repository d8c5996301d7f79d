//! Recent responses, on which a new parser is compared with the old one.
//!
//! Each kind has two groups: responses that the parser failed on, and the others. Otherwise a fix for a new layout would be judged on the old
//! layout alone. Bodies are compressed, number and bytes of the samples are bounded, and a group takes a sample at most every half second.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use crate::types::{Query, Response};

/// Samples in a group: responses of one kind that the parser failed on, or that it answered.
const MAX_GROUP_SAMPLES: usize = 8;

/// Compressed bytes of all samples.
const MAX_TOTAL_BYTES: usize = 8 << 20;

/// Time between two samples of a group: compressing one takes milliseconds.
const MIN_SAMPLE_INTERVAL: Duration = Duration::from_millis(500);

/// zstd's fastest regular level.
const ZSTD_LEVEL: i32 = 1;

/// A stored response with its queries.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) queries: Vec<Query>,
    /// The response without its body.
    head: Response,
    body: Vec<u8>,
    length: usize,
    stored_at: Instant,
}

impl Sample {
    /// The response with its body; `None` if that can't be decompressed.
    pub(super) fn response(&self) -> Option<Response> {
        let body = zstd::bulk::decompress(&self.body, self.length).ok()?;
        Some(Response { body, ..self.head.clone() })
    }
}

/// Latest samples of one kind and result.
#[derive(Debug, Default)]
struct SampleGroup {
    claimed_at: Option<Instant>,
    samples: VecDeque<Arc<Sample>>,
}

/// The stored responses.
#[derive(Debug, Default)]
pub(super) struct ResponseHistory {
    /// By kind, and whether the parser failed on them.
    groups: Mutex<HashMap<(String, bool), SampleGroup>>,
}

impl ResponseHistory {
    /// Whether a sample of this group is due. Then the caller must store it: the next is due after the interval.
    pub(super) fn claim(&self, kind: &str, failed: bool) -> bool {
        let mut latest = self.lock();
        let latest = latest.entry((kind.to_owned(), failed)).or_default();
        let is_due = latest.claimed_at.is_none_or(|claimed_at| claimed_at.elapsed() >= MIN_SAMPLE_INTERVAL);
        if is_due {
            latest.claimed_at = Some(Instant::now());
        }
        is_due
    }

    /// Stores a response in place of the oldest if there is no room. Takes milliseconds.
    pub(super) fn store(&self, queries: Vec<Query>, response: Response, failed: bool) {
        let Some(kind) = queries.first().map(|query| query.kind().to_owned()) else { return };
        let Ok(mut body) = zstd::bulk::compress(&response.body, ZSTD_LEVEL) else { return };
        // zstd allocates for an incompressible body.
        body.shrink_to_fit();
        let length = response.body.len();
        let head = Response { body: Vec::new(), ..response };
        let sample = Sample { queries, head, body, length, stored_at: Instant::now() };
        let mut latest = self.lock();
        let samples = &mut latest.entry((kind, failed)).or_default().samples;
        if samples.len() >= MAX_GROUP_SAMPLES {
            samples.pop_front();
        }
        samples.push_back(Arc::new(sample));
        while latest.values().flat_map(|latest| &latest.samples).map(|sample| sample.body.len()).sum::<usize>()
            > MAX_TOTAL_BYTES
        {
            let longest = latest.values_mut().max_by_key(|latest| latest.samples.len());
            if longest.and_then(|latest| latest.samples.pop_front()).is_none() {
                break;
            }
        }
    }

    /// All samples by kind, the newest first.
    pub(super) fn samples(&self) -> Vec<(String, Vec<Arc<Sample>>)> {
        let mut kinds: HashMap<String, Vec<Arc<Sample>>> = HashMap::new();
        for ((kind, _), latest) in self.lock().iter() {
            kinds.entry(kind.clone()).or_default().extend(latest.samples.iter().cloned());
        }
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by(|left, right| left.0.cmp(&right.0));
        kinds.iter_mut().for_each(|(_, samples)| samples.sort_by_key(|sample| std::cmp::Reverse(sample.stored_at)));
        kinds
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, bool), SampleGroup>> {
        self.groups.lock()
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
        let history = ResponseHistory::default();
        let query = || vec![Query::new("list", [])];
        history.store(query(), response(b"failed".to_vec()), true);
        for number in 0..20_u8 {
            history.store(query(), response(vec![number; 3]), false);
        }
        let (kind, samples) = history.samples().remove(0);
        assert_eq!((kind.as_str(), samples.len()), ("list", MAX_GROUP_SAMPLES + 1));
        assert_eq!(samples[0].response().unwrap().body, [19; 3]);
        assert_eq!(samples[MAX_GROUP_SAMPLES].response().unwrap().body, b"failed");
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes() {
        let history = ResponseHistory::default();
        let mut state = 1_u64;
        for _ in 0..6 {
            let noise = (0..MAX_TOTAL_BYTES / 4).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 33) as u8
            });
            history.store(vec![Query::new("list", [])], response(noise.collect()), false);
        }
        assert_eq!(history.samples()[0].1.len(), 3);
    }

    #[test]
    fn not_every_response_is_wanted() {
        let history = ResponseHistory::default();
        assert!(history.claim("list", false));
        assert!(!history.claim("list", false));
        assert!(history.claim("list", true) && history.claim("app", false));
    }
}
