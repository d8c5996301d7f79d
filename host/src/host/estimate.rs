//! Estimates of the requests, bytes and time that queries take, before any is sent.
//!
//! Queries are counted by bucket, as a run groups them. The parser decides how many of a bucket share a request, so it is asked for the
//! requests of a sample; nothing is sent. Memory grows with the number of buckets, not of queries.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::exchange::context::ExchangeContext;
use crate::host::Host;
use crate::jobs::bucket_key::BucketKey;
use crate::parser::Kind;
use crate::schedule::scheduler::SchedulerConfig;
use crate::swap::ParserSlot;
use crate::types::{Pace, Query};

/// Most queries of a sample.
const MAX_SAMPLE: usize = 64;

/// Choices up to which a parameter's values distinguish shapes. A country hardly changes how many queries share a request.
const MAX_SHAPE_CHOICES: usize = 8;

/// Assumed time of a request: Google Play answers most in 0.2 to 0.4 s.
const REQUEST_TIME: Duration = Duration::from_millis(300);

/// Cost of queries. Further pages and retries aren't included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Estimate {
    pub(crate) queries: u64,
    pub(crate) requests: u64,
    /// Decompressed bytes of the bodies, if the description states them for all queries.
    pub(crate) bytes: Option<u64>,
    pub(crate) time: Duration,
}

/// Counts queries of a host for an [`Estimate`].
#[derive(Clone, Debug)]
pub(crate) struct Estimator {
    context: ExchangeContext,
    queries: u64,
    bytes: Option<u64>,
    buckets: HashMap<BucketKey, Bucket>,
    shapes: HashMap<ShapeKey, Shape>,
}

/// Queries that may share requests.
#[derive(Clone, Debug)]
struct Bucket {
    queries: u64,
    shape: ShapeKey,
    /// The only query so far.
    first: Option<Query>,
}

/// Buckets whose requests hold equally many queries: those of a parser and kind that agree in the parameters with few choices.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ShapeKey {
    slot: Arc<str>,
    kind: Arc<str>,
    choices: Box<[Option<Arc<str>>]>,
    fields: Option<Arc<Vec<Arc<str>>>>,
}

#[derive(Clone, Debug)]
struct Shape {
    slot: ParserSlot,
    /// Its first query.
    first: Query,
    /// Queries of one bucket, the first that had two.
    sample: Vec<Query>,
    sampled: Option<BucketKey>,
}

impl Estimator {
    /// An estimator for queries of this host, at its rate and concurrency.
    pub(crate) fn new(host: &Host) -> Self {
        let (buckets, shapes) = (HashMap::new(), HashMap::new());
        Self { context: host.context().clone(), queries: 0, bytes: Some(0), buckets, shapes }
    }

    /// Counts a query, and returns the slot that answers it. One of a kind that no parser declares takes no request, and its bytes are unknown.
    pub(crate) fn add(&mut self, query: &Query) -> Option<ParserSlot> {
        self.queries += 1;
        let slot = self.context.slot(query).ok();
        let bytes = slot.as_ref().and_then(|slot| slot.description().bytes_of(query));
        self.bytes = self.bytes.zip(bytes).map(|(sum, more)| sum.saturating_add(more));
        let slot = slot?;
        self.add_to_bucket(&slot, query);
        Some(slot)
    }

    fn add_to_bucket(&mut self, slot: &ParserSlot, query: &Query) {
        let description = slot.description();
        let Some(kind) = description.kind(query.kind()) else { return };
        let key = BucketKey::new(slot.shared_name(), Some(kind), query);
        if let Some(bucket) = self.buckets.get_mut(&key) {
            bucket.queries += 1;
            if let Some(shape) = self.shapes.get_mut(&bucket.shape) {
                shape.add_to_sample(key, bucket.first.take(), query);
            }
            return;
        }
        let shape = ShapeKey::new(slot, kind, query);
        self.shapes.entry(shape.clone()).or_insert_with(|| Shape {
            slot: slot.clone(),
            first: query.clone(),
            sample: Vec::new(),
            sampled: None,
        });
        self.buckets.insert(key, Bucket { queries: 1, shape, first: Some(query.clone()) });
    }

    /// The cost of the queries so far. The parsers build the requests of the samples.
    pub(crate) async fn finish(self) -> Estimate {
        let mut per_request = HashMap::new();
        for (key, shape) in &self.shapes {
            per_request.insert(key, self.per_request(key, shape).await);
        }
        let mut sites: HashMap<String, PacedRequests> = HashMap::new();
        for bucket in self.buckets.values() {
            let Some(shape) = self.shapes.get(&bucket.shape) else { continue };
            let queries = per_request.get(&bucket.shape).copied().unwrap_or(1).max(1);
            let description = shape.slot.description();
            let name = description.hosts.first().cloned().unwrap_or_default();
            let site = sites.entry(name).or_insert_with(|| PacedRequests { pace: description.pace, requests: 0 });
            site.requests += bucket.queries.div_ceil(queries);
        }
        let config = self.context.scheduler.config();
        Estimate {
            queries: self.queries,
            requests: sites.values().map(|site| site.requests).sum(),
            bytes: self.bytes,
            time: sites.values().map(|site| site.time(config)).max().unwrap_or_default(),
        }
    }

    /// How many queries of a shape share a request.
    async fn per_request(&self, key: &ShapeKey, shape: &Shape) -> u64 {
        let description = shape.slot.description();
        let limit = self.context.batch_limit(&shape.slot, description.kind(&key.kind), &shape.first).get();
        let sample = shape.sample.get(..limit as usize).unwrap_or(&shape.sample);
        if limit == 1 || sample.len() < 2 {
            return limit.into();
        }
        // A sample that the parser refuses says nothing: the limit holds.
        let Ok(requests) = shape.slot.parser().request(sample, limit).await else { return limit.into() };
        let asked = sample.len() - requests.refused.len().min(sample.len());
        match requests.exchanges.len() {
            // As many as there were: it would have been more of a larger sample.
            0 | 1 => limit.into(),
            exchanges => asked.div_ceil(exchanges) as u64,
        }
    }
}

impl ShapeKey {
    fn new(slot: &ParserSlot, kind: &Kind, query: &Query) -> Self {
        let few = kind.params.properties.iter();
        let few = few.filter(|(_, param)| (1..=MAX_SHAPE_CHOICES).contains(&param.choices().count()));
        Self {
            slot: Arc::clone(slot.shared_name()),
            kind: query.shared_kind(),
            choices: few.map(|(name, _)| query.shared_param(name)).collect(),
            fields: query.shared_fields(),
        }
    }
}

impl Shape {
    /// Adds a query of a bucket to the sample, unless that is of another bucket or full; `first` is the only other query so far.
    fn add_to_sample(&mut self, bucket: BucketKey, first: Option<Query>, query: &Query) {
        if let Some(first) = first.filter(|_| self.sampled.is_none()) {
            self.sample.extend([first, query.clone()]);
            self.sampled = Some(bucket);
        } else if self.sample.len() < MAX_SAMPLE && self.sampled.as_ref() == Some(&bucket) {
            self.sample.push(query.clone());
        }
    }
}

/// Requests to hosts that share a pace.
#[derive(Clone, Copy, Debug)]
struct PacedRequests {
    pace: Pace,
    requests: u64,
}

impl PacedRequests {
    /// Time that the requests take: by the pace, or by the concurrency if that is slower.
    fn time(self, config: &SchedulerConfig) -> Duration {
        let at_once = config.concurrency.min(config.per_host).max(1) as u64;
        let answered = times(REQUEST_TIME, self.requests.div_ceil(at_once));
        let Some(pace) = config.rate.pace(self.pace) else { return answered };
        let waits = self.requests.saturating_sub(pace.burst.get().into());
        let last = if self.requests > 0 { REQUEST_TIME } else { Duration::ZERO };
        answered.max(times(pace.interval.get(), waits).saturating_add(last))
    }
}

fn times(duration: Duration, count: u64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * count as f64).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Rate, RetryPolicy};
    use crate::types::Interval;

    fn app(number: usize, country: &str, via: &str) -> Query {
        let params = [("app_id", format!("a.b{number}")), ("country", country.to_owned()), ("via", via.to_owned())];
        Query::new("app", params.map(|(name, value)| (Arc::from(name), Arc::from(value))))
    }

    async fn estimate(host: &Host, queries: impl IntoIterator<Item = Query>) -> Estimate {
        let mut estimator = Estimator::new(host);
        queries.into_iter().for_each(|query| drop(estimator.add(&query)));
        estimator.finish().await
    }

    #[tokio::test]
    async fn requests_are_counted_as_the_parser_shares_them() {
        let host = Host::builder().build().await.unwrap();
        let apps = |count, country, via| (0..count).map(move |number| app(number, country, via));
        // At the parser's pace: 60 at once, then one a second.
        let page = estimate(&host, apps(100, "us", "page")).await;
        assert_eq!((page.queries, page.requests, page.bytes), (100, 100, Some(120_000_000)));
        assert_eq!(page.time, Duration::from_secs(40) + REQUEST_TIME);
        let call = estimate(&host, apps(100, "us", "rpc").chain(apps(51, "kr", "rpc"))).await;
        assert_eq!((call.queries, call.requests, call.bytes), (151, 4, Some(151 * 19_860)));
        assert_eq!(call.time, REQUEST_TIME);
        // App by app, each in both countries, as a plan multiplies them out.
        let both = (0..500).flat_map(|number| [app(number, "us", "rpc"), app(number, "kr", "rpc")]);
        assert_eq!(estimate(&host, both).await.requests, 20);
        // Of two fields more fit into a request.
        let few = apps(10_000, "us", "rpc").map(|query| query.with_fields(["app_id", "genre_id", "country"]));
        let few = estimate(&host, few).await;
        assert_eq!((few.requests, few.bytes), (10, Some(10_000 * 210)));
        let mixed = apps(10, "us", "rpc").chain(apps(10, "us", "page"));
        assert_eq!(estimate(&host, mixed).await.requests, 11);
    }

    #[tokio::test]
    async fn memory_grows_with_buckets_and_not_with_queries() {
        let host = Host::builder().build().await.unwrap();
        let mut estimator = Estimator::new(&host);
        (0..100_000).for_each(|number| drop(estimator.add(&app(number, "us", "rpc"))));
        let sample: usize = estimator.shapes.values().map(|shape| shape.sample.len()).sum();
        assert_eq!((estimator.buckets.len(), sample), (1, MAX_SAMPLE));
        assert_eq!(estimator.finish().await.requests, 2000);
    }

    #[tokio::test]
    async fn a_kind_that_no_parser_declares_takes_no_request() {
        let host = Host::builder().build().await.unwrap();
        let estimate = estimate(&host, [Query::new("nothing", [])]).await;
        assert_eq!(estimate, Estimate { queries: 1, requests: 0, bytes: None, time: Duration::ZERO });
    }

    #[test]
    fn time_is_that_of_the_pace_or_of_the_places() {
        let pace = Pace::new(60, Interval::per_second(1.0).unwrap()).unwrap();
        let time = |rate, concurrency, requests| {
            let config = SchedulerConfig { rate, concurrency, per_host: 64, retries: RetryPolicy::default() };
            PacedRequests { pace, requests }.time(&config)
        };
        let slow = Rate::per_second(0.5).unwrap();
        for (rate, concurrency, requests, seconds) in [
            (Rate::FromParser, 64, 0, 0.0),
            (Rate::FromParser, 64, 60, 0.3),
            (Rate::FromParser, 64, 360, 300.3),
            (Rate::FromParser, 1, 60, 18.0),
            (slow, 64, 11, 20.3),
            (Rate::Unlimited, 64, 6400, 30.0),
            (Rate::Unlimited, 128, 6400, 30.0),
        ] {
            assert_eq!(time(rate, concurrency, requests), Duration::from_secs_f64(seconds), "{requests}");
        }
    }
}
