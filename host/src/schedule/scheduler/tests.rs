use super::super::host_queues::LOST_AFTER;
use super::super::wait_queue::tests::Job;
use super::super::wait_queue::{BatchLimit, PriorityClass};
use super::*;
use crate::types::{Interval, Priority};

type TestScheduler = Scheduler<&'static str, Job, ()>;

const SECOND: Duration = Duration::from_secs(1);
const CONGESTED: Option<Feedback> = Some(Feedback::Congestion { retry_after: None });

fn pace() -> Pace {
    Pace::new(3, Interval::new(SECOND).unwrap()).unwrap()
}

fn scheduler(rate: Rate, concurrency: usize) -> TestScheduler {
    let retries = RetryPolicy::default();
    let mut scheduler = Scheduler::new(SchedulerConfig { rate, concurrency, per_host: concurrency, retries });
    (0..2).for_each(|run| scheduler.set_supply(RunId(run), Supply::Exhausted));
    scheduler
}

/// Adds queries that each have a request of their own.
fn push(scheduler: &mut TestScheduler, host: HostId, run: u64, roots: std::ops::Range<usize>, now: Instant) {
    let queue = scheduler.queue(host, RunId(run)).unwrap();
    let class = PriorityClass::new(Priority::Normal, false);
    roots.for_each(|root| queue.push("page", &BatchLimit::new(1), class, None, Job(root), now));
}

fn sent(scheduler: &mut TestScheduler, now: Instant) -> Vec<usize> {
    let next = || match scheduler.poll(now)? {
        Next::Send { batch, .. } => Some(batch.jobs[0].0),
        Next::Refused { .. } => panic!("no host is given up"),
    };
    std::iter::from_fn(next).collect()
}

#[test]
fn a_burst_goes_at_once_and_the_rest_at_the_pace() {
    let (mut scheduler, start) = (scheduler(Rate::FromParser, 64), Instant::now());
    let host = scheduler.host("a", "a", pace(), start);
    push(&mut scheduler, host, 0, 0..10, start);
    assert_eq!(sent(&mut scheduler, start), [0, 1, 2]);
    assert_eq!(scheduler.held_by(), (Bottleneck::Pace, Some(start + SECOND)));
    assert_eq!(scheduler.wake(), Some(start + SECOND));
    assert!(sent(&mut scheduler, start + SECOND / 2).is_empty());
    assert_eq!(sent(&mut scheduler, start + SECOND * 5 / 2), [3, 4]);
}

#[test]
fn hosts_take_turns_and_none_is_kept_out() {
    let (mut scheduler, now) = (scheduler(Rate::Unlimited, 4), Instant::now());
    let (a, b) = (scheduler.host("a", "a", pace(), now), scheduler.host("b", "b", pace(), now));
    push(&mut scheduler, a, 0, 0..10, now);
    assert_eq!(sent(&mut scheduler, now), [0, 1, 2, 3]);
    push(&mut scheduler, b, 0, 100..110, now);
    assert_eq!(sent(&mut scheduler, now), [100], "one of each may always go");
    (0..4).for_each(|_| scheduler.release(a, Some(Feedback::Success), None, now, now));
    let mut went = sent(&mut scheduler, now);
    went.sort_unstable();
    assert_eq!(went, [4, 5, 101]);
}

#[test]
fn runs_take_turns_and_can_be_held_and_withdrawn() {
    let (mut scheduler, now) = (scheduler(Rate::Unlimited, 3), Instant::now());
    let host = scheduler.host("a", "a", pace(), now);
    push(&mut scheduler, host, 0, 0..10, now);
    push(&mut scheduler, host, 1, 100..110, now);
    assert_eq!(sent(&mut scheduler, now), [0, 100, 1]);
    (0..3).for_each(|_| scheduler.release(host, None, None, now, now));
    scheduler.set_gate(RunId(0), RunGate::Closed);
    assert_eq!(sent(&mut scheduler, now), [101, 102, 103]);
    scheduler.set_gate(RunId(0), RunGate::Open);
    assert_eq!(scheduler.withdraw(RunId(1)).len(), 6);
    assert!(!scheduler.has_waiting(RunId(1)) && scheduler.has_waiting(RunId(0)));
    (0..3).for_each(|_| scheduler.release(host, None, None, now, now));
    assert_eq!(sent(&mut scheduler, now), [2, 3, 4]);
}

#[test]
fn lost_requests_take_no_permits_from_others() {
    let (mut scheduler, now) = (scheduler(Rate::Unlimited, 64), Instant::now());
    let host = scheduler.host("a", "a", pace(), now);
    push(&mut scheduler, host, 0, 0..200, now);
    assert_eq!(sent(&mut scheduler, now).len(), 32);
    let wake = scheduler.wake().unwrap();
    assert_eq!(wake, now + LOST_AFTER);
    assert_eq!(sent(&mut scheduler, wake).len(), 32, "up to as many again, and within the permits of all");
    assert!(sent(&mut scheduler, wake + LOST_AFTER).is_empty());
}

#[test]
fn permits_come_back_in_whatever_order_the_clocks_of_threads_say() {
    let (mut scheduler, start) = (scheduler(Rate::Unlimited, 64), Instant::now());
    let host = scheduler.host("a", "a", pace(), start);
    let times = [5, 3, 4, 1, 2, 0].map(|milliseconds| start + Duration::from_millis(milliseconds));
    for (index, at) in times.into_iter().enumerate() {
        push(&mut scheduler, host, 0, index..index + 1, at);
        assert_eq!(sent(&mut scheduler, at), [index]);
    }
    times.into_iter().for_each(|at| scheduler.release(host, None, None, at, at));
    assert!(scheduler.hosts[host.0].sent.is_empty());
}

#[test]
fn hosts_of_one_site_share_its_pace() {
    let (mut scheduler, now) = (scheduler(Rate::FromParser, 64), Instant::now());
    let (a, b) = (scheduler.host("a", "a", pace(), now), scheduler.host("b", "a", pace(), now));
    push(&mut scheduler, a, 0, 0..2, now);
    push(&mut scheduler, b, 0, 2..4, now);
    assert_eq!(sent(&mut scheduler, now).len(), 3);
}

#[test]
fn a_host_that_refuses_is_probed_with_one_request_and_its_pace_is_kept() {
    let (mut scheduler, start) = (scheduler(Rate::Unlimited, 64), Instant::now());
    let host = scheduler.host("a", "a", pace(), start);
    push(&mut scheduler, host, 0, 0..100, start);
    let in_flight = sent(&mut scheduler, start).len();
    let failure = || Some(Failure::new(crate::types::FailureKind::Unavailable, "busy"));
    (0..in_flight).for_each(|_| scheduler.release(host, CONGESTED, failure(), start, start));
    assert!(sent(&mut scheduler, start).is_empty());
    assert_eq!(scheduler.held_by().0, Bottleneck::CircuitOpen);
    let probe = scheduler.wake().unwrap();
    assert_eq!(sent(&mut scheduler, probe).len(), 1);
    assert!(scheduler.is_probe(host, probe) && !scheduler.is_probe(host, start));
    let told = Some(Feedback::Congestion { retry_after: Some(SECOND * 60) });
    scheduler.release(host, told, failure(), probe, probe);
    assert!(sent(&mut scheduler, probe + SECOND * 59).is_empty());
    assert_eq!(scheduler.held_by(), (Bottleneck::RetryAfter, Some(probe + SECOND * 60)));
    let probe = probe + SECOND * 60;
    assert_eq!(sent(&mut scheduler, probe).len(), 1);
    scheduler.release(host, Some(Feedback::Success), None, probe, probe);
    assert!(!sent(&mut scheduler, probe + SECOND).is_empty());
}

#[test]
fn what_waits_for_a_host_that_is_given_up_fails_at_once_with_its_last_failure() {
    let (mut scheduler, mut now) = (scheduler(Rate::Unlimited, 64), Instant::now());
    let host = scheduler.host("a", "a", pace(), now);
    push(&mut scheduler, host, 0, 0..100, now);
    let mut refused = 0;
    while refused == 0 {
        match scheduler.poll(now) {
            Some(Next::Send { .. }) => {
                let failure = Failure::new(crate::types::FailureKind::Network, "nobody is there");
                scheduler.release(host, CONGESTED, Some(failure), now, now);
            }
            Some(Next::Refused { batch, last, .. }) => {
                refused += batch.jobs.len();
                assert_eq!(last.unwrap().message, "nobody is there");
            }
            None => now = scheduler.wake().unwrap(),
        }
    }
    while let Some(Next::Refused { batch, .. }) = scheduler.poll(now) {
        refused += batch.jobs.len();
    }
    assert!(refused > 70 && !scheduler.has_waiting(RunId(0)), "{refused}");
}

#[test]
fn a_host_that_serves_one_a_second_is_asked_about_once_a_second() {
    let (mut scheduler, start) = (scheduler(Rate::Unlimited, 64), Instant::now());
    let host = scheduler.host("a", "a", pace(), start);
    push(&mut scheduler, host, 0, 0..10_000, start);
    let (mut now, mut served, mut answered, mut refused) = (start, start, 0, 0);
    while now < start + SECOND * 300 {
        let Some(Next::Send { .. }) = scheduler.poll(now) else {
            now = scheduler.wake().unwrap();
            continue;
        };
        let is_served = now >= served;
        served = if is_served { now + SECOND } else { served };
        (answered, refused) = if is_served { (answered + 1, refused) } else { (answered, refused + 1) };
        let feedback = if is_served { Some(Feedback::Success) } else { CONGESTED };
        scheduler.release(host, feedback, None, now, now);
    }
    assert!(answered > 180 && refused < answered / 2, "{answered} answered, {refused} refused");
}
