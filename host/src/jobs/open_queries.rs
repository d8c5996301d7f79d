//! Queries of a run without an outcome: if a task of the run panics, none is lost.

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
    /// Rows that were sent to the reader.
    records: usize,
}

impl OpenQueries {
    /// Adds queries that are asked from now on.
    pub(crate) fn add(&self, jobs: &[Job]) {
        let mut open = self.lock();
        for job in jobs {
            let (query, records) = (job.query.restarted(), job.progress.records);
            open.insert(job.query_path.clone(), Open { query, records });
        }
    }

    /// Records a page that was sent.
    pub(crate) fn record(&self, page_result: &PageResult) {
        let mut open = self.lock();
        if page_result.is_last {
            open.remove(&page_result.query_path);
        } else if let Some(open) = open.get_mut(&page_result.query_path) {
            open.records = page_result.records;
        }
    }

    /// Takes the queries without an outcome as failures, in their order.
    pub(crate) fn fail_all(&self, why: &str) -> Vec<PageResult> {
        let mut left: Vec<_> = self.lock().drain().collect();
        left.sort_by(|(one, _), (other, _)| one.cmp(other));
        let page_result = |(query_path, Open { query, records })| PageResult {
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
            record_keys: Vec::new(),
            bytes: 0,
            follow_up_count: 0,
            query_path,
        };
        left.into_iter().map(page_result).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<QueryPath, Open>> {
        self.0.lock()
    }
}
