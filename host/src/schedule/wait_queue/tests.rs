use proptest::prelude::*;

use super::*;

/// A query with the number of its root.
#[derive(Debug, PartialEq)]
pub(crate) struct Job(pub(crate) usize);

impl Queued for Job {
    fn is_suspect(&self) -> bool {
        false
    }

    fn retries(&self) -> u32 {
        0
    }

    fn root(&self) -> usize {
        self.0
    }
}

type Queue = WaitQueue<&'static str, Job, ()>;

const NEW: PriorityClass = PriorityClass::new(Priority::Normal, false);
const BEGUN: PriorityClass = PriorityClass::new(Priority::Normal, true);

fn limit(queries: u32) -> BatchLimit {
    BatchLimit::new(queries)
}

fn push(queue: &mut Queue, key: &'static str, roots: std::ops::Range<usize>, limit: &BatchLimit, now: Instant) {
    roots.for_each(|root| queue.push(key, limit, NEW, None, Job(root), now));
}

fn pop(queue: &mut Queue, supply: Supply, now: Instant) -> Option<Vec<usize>> {
    pop_through(queue, RunGate::Open, supply, now)
}

fn pop_through(queue: &mut Queue, gate: RunGate, supply: Supply, now: Instant) -> Option<Vec<usize>> {
    let batch = queue.pop(gate, supply, now)?;
    Some(batch.jobs.into_iter().map(|job| job.0).collect())
}

/// The sizes of all batches that go now.
fn sizes(queue: &mut Queue, supply: Supply, now: Instant) -> Vec<usize> {
    std::iter::from_fn(|| pop(queue, supply, now)).map(|batch| batch.len()).collect()
}

#[test]
fn batches_leave_full_and_the_rest_waits_for_more() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    push(&mut queue, "us", 0..120, &limit(50), now);
    assert_eq!(sizes(&mut queue, Supply::Trickling, now), [50, 50]);
    assert_eq!(queue.ready(RunGate::Open, Supply::Trickling, now), Err(NotReady { until: Some(now + LINGER) }));
    assert_eq!(
        queue.ready(RunGate::Open, Supply::Coming, now),
        Err(NotReady { until: Some(now + MAX_LINGER_IF_COMING) })
    );
    push(&mut queue, "us", 120..150, &limit(50), now);
    assert_eq!(sizes(&mut queue, Supply::Trickling, now), [50]);
    push(&mut queue, "us", 150..153, &limit(50), now);
    assert_eq!(sizes(&mut queue, Supply::Trickling, now + LINGER), [3], "nobody else came");
    push(&mut queue, "us", 153..155, &limit(50), now);
    assert_eq!(sizes(&mut queue, Supply::Exhausted, now), [2], "nobody else comes");
    assert!(queue.is_empty());
}

#[test]
fn queries_that_must_agree_share_no_request_and_the_fullest_goes_first() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    push(&mut queue, "us", 0..3, &limit(5), now);
    push(&mut queue, "kr", 10..14, &limit(5), now);
    push(&mut queue, "jp", 20..25, &limit(5), now);
    let batches: Vec<_> = std::iter::from_fn(|| pop(&mut queue, Supply::Exhausted, now)).collect();
    assert_eq!(batches, [vec![20, 21, 22, 23, 24], vec![10, 11, 12, 13], vec![0, 1, 2]]);
}

#[test]
fn what_is_asked_again_goes_along_with_what_leaves_anyway() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    let later = now + Duration::from_secs(10);
    queue.push("us", &limit(5), BEGUN, Some(later), Job(100), now);
    queue.push("us", &limit(5), BEGUN, Some(later + LINGER), Job(101), now);
    assert_eq!(queue.ready(RunGate::Open, Supply::Exhausted, now), Err(NotReady { until: Some(later) }));
    push(&mut queue, "us", 0..3, &limit(5), now);
    assert_eq!(pop(&mut queue, Supply::Exhausted, now), Some(vec![0, 1, 2, 100, 101]));
    queue.push("us", &limit(5), BEGUN, Some(later), Job(100), now);
    queue.push("us", &limit(5), BEGUN, Some(later + LINGER), Job(101), now);
    assert_eq!(pop(&mut queue, Supply::Exhausted, later), Some(vec![100, 101]), "the second needn't go alone");
}

#[test]
fn batches_that_stay_together_wait_for_their_time() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    let later = now + Duration::from_secs(1);
    queue.push_batch(BEGUN, later, Batch { jobs: vec![Job(1), Job(2)], request: Some(()) });
    push(&mut queue, "us", 10..11, &limit(5), now);
    assert_eq!(pop(&mut queue, Supply::Exhausted, now), Some(vec![10]));
    assert_eq!(queue.ready(RunGate::Open, Supply::Exhausted, now), Err(NotReady { until: Some(later) }));
    assert_eq!(pop(&mut queue, Supply::Exhausted, later), Some(vec![1, 2]));
}

#[test]
fn only_the_head_goes_while_too_much_waits_for_it() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    push(&mut queue, "us", 5..8, &limit(2), now);
    let head = |root| RunGate::HeadOnly(root);
    assert_eq!(pop_through(&mut queue, head(4), Supply::Coming, now), None);
    assert_eq!(pop_through(&mut queue, head(6), Supply::Coming, now), Some(vec![6, 5]), "with what shares its request");
    assert_eq!(pop_through(&mut queue, RunGate::Closed, Supply::Exhausted, now), None);
    assert_eq!(pop_through(&mut queue, RunGate::Open, Supply::Exhausted, now), Some(vec![7]));
}

#[test]
fn urgent_queries_go_first_and_none_waits_for_ever() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    let class = |priority, was_sent| PriorityClass::new(priority, was_sent);
    queue.push("low", &limit(1), class(Priority::Low, false), None, Job(1000), now);
    (0..20).for_each(|root| queue.push("high", &limit(1), class(Priority::High, false), None, Job(root), now));
    queue.push("high", &limit(1), class(Priority::High, true), None, Job(500), now);
    let order: Vec<_> = std::iter::from_fn(|| pop(&mut queue, Supply::Exhausted, now)).flatten().collect();
    assert_eq!(order[..5], [500, 0, 1, 1000, 2], "what continues first, and every fourth time what waited longest");
    assert_eq!(order.len(), 22);
}

#[test]
fn a_bucket_that_never_fills_is_not_passed_over_for_ever() {
    let (mut queue, now) = (Queue::default(), Instant::now());
    push(&mut queue, "rare", 0..1, &limit(2), now);
    let mut passed = 0;
    loop {
        push(&mut queue, "usual", 10..12, &limit(2), now);
        if pop(&mut queue, Supply::Exhausted, now) == Some(vec![0]) {
            break;
        }
        passed += 1;
        assert!(passed <= MAX_PASSED_OVER);
    }
    assert_eq!(passed, MAX_PASSED_OVER);
}

proptest! {
    /// Whatever comes, each query leaves once, no batch is larger than its limit, and there are no more batches than needed.
    #[test]
    fn each_query_leaves_once_in_the_fewest_batches(
        keys in prop::collection::vec(0..4_usize, 1..400),
        most in 1..60_u32,
        chunk in 1..80_usize,
    ) {
        let names = ["a", "b", "c", "d"];
        let (mut queue, now, limit) = (Queue::default(), Instant::now(), limit(most));
        let mut batches = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            queue.push(names[*key], &limit, NEW, None, Job(at), now);
            if at % chunk == 0 {
                batches.extend(std::iter::from_fn(|| pop(&mut queue, Supply::Coming, now)));
            }
        }
        batches.extend(std::iter::from_fn(|| pop(&mut queue, Supply::Exhausted, now)));
        let fewest: usize = (0..4).map(|key| keys.iter().filter(|other| **other == key).count().div_ceil(most as usize)).sum();
        prop_assert_eq!(batches.len(), fewest);
        prop_assert!(batches.iter().all(|batch| batch.len() <= most as usize));
        let mut left: Vec<_> = batches.concat();
        left.sort_unstable();
        prop_assert_eq!(left, (0..keys.len()).collect::<Vec<_>>());
    }
}
