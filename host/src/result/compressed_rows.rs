//! Rows that wait in the reorder buffer, compressed if there are many.
//!
//! In memory, rows take several times the bytes of their JSON, and in an ordered run the rows of dozens of queries may wait for a slow one.

use super::page_result::PageResult;
use crate::types::Row;

/// Bytes of JSON up to which rows wait uncompressed, over all pages. In memory they take several times as much.
pub(crate) const PLAIN_BYTES: usize = 1 << 20;

/// The same for a reader that collects all rows in memory anyway: the rows of 15 charts.
pub(crate) const MAX_WAITING_BYTES: usize = 8 << 20;

/// zstd's fastest regular level.
const ZSTD_LEVEL: i32 = 1;

/// A waiting page.
#[derive(Debug)]
pub(crate) struct WaitingPage {
    /// Without its rows if they are compressed.
    page_result: PageResult,
    /// Its compressed rows, and their bytes as JSON.
    rows: Option<(Vec<u8>, usize)>,
}

impl WaitingPage {
    /// Path of its query from the root.
    pub(crate) fn path(&self) -> &[u32] {
        &self.page_result.query_path.path
    }
}

/// Counts of the waiting rows.
#[derive(Debug)]
pub(crate) struct WaitingRows {
    /// Bytes of the JSON of uncompressed rows.
    waiting_rows: usize,
    most: usize,
    /// Bytes of compressed rows.
    packed: usize,
}

/// Approximate bytes of a row in memory for each byte of its JSON.
const ROW_OVERHEAD: usize = 3;

/// Bytes of a page in memory without its rows.
const PART_BYTES: usize = 512;

impl WaitingRows {
    /// No rows yet; at most this many bytes of JSON wait uncompressed.
    pub(crate) const fn new(most: usize) -> Self {
        Self { waiting_rows: 0, most, packed: 0 }
    }

    /// Approximate bytes of all waiting pages.
    pub(crate) const fn bytes(&self) -> usize {
        self.waiting_rows * ROW_OVERHEAD + self.packed
    }

    /// Adds a page, compressed if many rows wait.
    pub(crate) fn pack(&mut self, mut page_result: PageResult) -> WaitingPage {
        let rows = if self.waiting_rows + page_result.bytes > self.most { packed(&page_result.rows) } else { None };
        if rows.is_some() {
            page_result.rows = Vec::new();
        } else {
            self.waiting_rows += page_result.bytes;
        }
        self.packed += rows.as_ref().map_or(0, |(rows, _)| rows.len() + PART_BYTES);
        WaitingPage { page_result, rows }
    }

    /// Removes a page, with its rows.
    pub(crate) fn open(&mut self, packed: WaitingPage) -> PageResult {
        let WaitingPage { mut page_result, rows } = packed;
        if let Some((rows, length)) = rows {
            self.packed -= rows.len() + PART_BYTES;
            // It was packed here, from memory to memory.
            let json = zstd::bulk::decompress(&rows, length).unwrap_or_default();
            page_result.rows = serde_json::from_slice(&json).unwrap_or_default();
        } else {
            self.waiting_rows -= page_result.bytes;
        }
        page_result
    }
}

fn packed(rows: &[Row]) -> Option<(Vec<u8>, usize)> {
    let json = serde_json::to_vec(rows).ok()?;
    let mut packed = zstd::bulk::compress(&json, ZSTD_LEVEL).ok()?;
    // It was given room for what doesn't compress.
    packed.shrink_to_fit();
    Some((packed, json.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::page_result::QueryPath;
    use crate::types::Query;

    fn page_result(root: usize, rows: usize) -> PageResult {
        let row =
            |score: usize| serde_json::from_str(&format!(r#"{{"score": 4.{score}321985244750977, "b": [null, "é"]}}"#));
        PageResult {
            query: Query::new("list", []),
            rows: (0..rows).map(|score| row(score).unwrap()).collect(),
            notes: Vec::new(),
            records: rows,
            is_last: true,
            failure: None,
            generation: Some(1),
            source: None,
            slot: None,
            state: None,
            record_keys: Vec::new(),
            bytes: rows * 1000,
            query_path: QueryPath { root, path: Vec::new() },
            follow_up_count: 0,
        }
    }

    #[test]
    fn rows_come_out_as_they_went_in_and_many_take_little() {
        let mut waiting_rows = WaitingRows::new(MAX_WAITING_BYTES);
        let waiting: Vec<_> =
            (0..5).map(|root| waiting_rows.pack(page_result(root, MAX_WAITING_BYTES / 2000))).collect();
        assert!(waiting[..2].iter().all(|packed| packed.rows.is_none()));
        for packed in &waiting[2..] {
            let (bytes, length) = packed.rows.as_ref().unwrap();
            assert!(packed.page_result.rows.is_empty() && bytes.len() * 5 < *length);
        }
        for (root, packed) in waiting.into_iter().enumerate() {
            assert_eq!(waiting_rows.open(packed), page_result(root, MAX_WAITING_BYTES / 2000));
        }
        assert_eq!(waiting_rows.bytes(), 0);
    }
}
