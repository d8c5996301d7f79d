//! Suspicion: whether a failed batch or its host is at fault.

use super::batch_failure::BatchFailure;
use super::context::ExchangeContext;
use crate::jobs::job::Job;
use crate::swap::ParserSlot;

/// Attempts that a host refuses for its pace before the batch's size is suspected.
const LIMITED_BEFORE_HALVING: u32 = 3;

/// Verdict on a batch in which no query was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suspicion {
    /// Whether it is sent in halves.
    pub(crate) halves: bool,
    /// Whether its size is likely to be too large.
    pub(super) is_of_size: bool,
    /// Whether its failure doesn't count against the host.
    pub(crate) clears_host: bool,
}

impl ExchangeContext {
    /// Judges a batch that failed.
    pub(crate) fn suspect(
        &self,
        (slot, kind): (&ParserSlot, &str),
        jobs: &[Job],
        why: BatchFailure,
        (has_retry_after, is_probe): (bool, bool),
    ) -> Suspicion {
        let good = self.sizers.largest_good(slot.name(), kind).unwrap_or_default() as usize;
        // Smaller ones go well: the host is not at fault.
        let is_larger = good > 0 && jobs.len() > good;
        let has_retry_after = has_retry_after || jobs.iter().any(|job| job.had_retry_after);
        let have_retries = |retries: u32| jobs.iter().all(|job| job.retries >= retries);
        let halves = match why {
            BatchFailure::Rejected => true,
            // A smaller probe tells as much.
            BatchFailure::Transient => is_larger || is_probe || have_retries(1),
            BatchFailure::Limited if has_retry_after => have_retries(LIMITED_BEFORE_HALVING) && jobs.len() > good,
            BatchFailure::Limited => is_larger || is_probe || have_retries(LIMITED_BEFORE_HALVING),
        };
        let is_alone = jobs.iter().any(|job| job.is_suspect);
        Suspicion {
            halves,
            is_of_size: halves && (!is_probe || is_larger || why == BatchFailure::Rejected),
            clears_host: !has_retry_after && !is_probe && (is_alone || (good > 0 && halves && jobs.len() > 1)),
        }
    }
}
