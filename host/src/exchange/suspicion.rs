//! Suspicion: whether a batch in which no query was answered is at fault, or its host.

use super::batch_failure::BatchFailure;
use super::context::ExchangeContext;
use crate::jobs::job::Job;
use crate::swap::ParserSlot;

/// Attempts that a host refused for its pace before the batch's size is suspected.
const LIMITED_BEFORE_HALVING: u32 = 3;

/// Whether a batch is at fault of which nothing was answered, and not its host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suspicion {
    /// Whether it is sent in halves from here on.
    pub(crate) halves: bool,
    /// Whether its size is likely to be too large.
    pub(super) is_of_size: bool,
    /// Whether its failure says nothing of the host.
    pub(crate) clears_host: bool,
}

impl ExchangeContext {
    /// Whether a batch is at fault.
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
