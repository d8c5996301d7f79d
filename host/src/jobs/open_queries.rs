//! Queries of a run that have no outcome yet, so that none is lost if a task of the run panics.

use std::collections::HashMap;

use parking_lot::{Mutex, MutexGuard};

use super::job::Job;
use crate::result::page_result::{PageResult, QueryPath};
use crate::types::{Failure, FailureKind, Query};

/// The open queries of a run.
#[derive(Debug, Default)]
pub(crate) struct OpenQueries(Mutex<HashMap<QueryPath, Open>>);

#[derive(Debug)]
struct Open {
    query: Query,
    /// Rows that were handed on.
    records: usize,
}

impl OpenQueries {
    /// Adds queries that are asked from now on.
    pub(crate) fn add(&self, jobs: &[Job]) {
        let mut open = self.lock();
        for job in jobs {
            let (query, records) = (job.query.restarted(), job.progress.records);
            open.insert(job.origin.clone(), Open { query, records });
        }
    }

    /// Records what is handed on of a query.
    pub(crate) fn record(&self, part: &PageResult) {
        let mut open = self.lock();
        if part.is_last {
            open.remove(&part.origin);
        } else if let Some(open) = open.get_mut(&part.origin) {
            open.records = part.records;
        }
    }

    /// Takes all that are left as failures, in their order.
    pub(crate) fn fail_all(&self, why: &str) -> Vec<PageResult> {
        let mut left: Vec<_> = self.lock().drain().collect();
        left.sort_by(|(one, _), (other, _)| one.cmp(other));
        let part = |(origin, Open { query, records })| PageResult {
            query,
            rows: Vec::new(),
            notes: Vec::new(),
            records,
            is_last: true,
            failure: Some(Failure::new(FailureKind::Internal, why)),
            generation: None,
            source: None,
            slot: None,
            state: None,
            bytes: 0,
            raised: 0,
            origin,
        };
        left.into_iter().map(part).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<QueryPath, Open>> {
        self.0.lock()
    }
}
