//! Reader of a response's body: decompressed, up to the limit, and never ahead of its share of memory.

use std::time::SystemTime;

use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use reqwest::{Url, Version};

use super::decode::{Codings, DecodeError, Decoder};
use super::memory_budget::MemoryReservation;
use super::timeout::PausedTime;
use crate::fetch::failure::ErrorClassifier;
use crate::types::{Failure, FailureKind, Response, chain};

/// Initial capacity of a body, which then doubles. The server's `Content-Length` isn't trusted with memory.
const FIRST_RESERVATION_BYTES: usize = 64 << 10;

/// Bytes that hyper reads ahead of an HTTP/1.1 body: up to 400 KiB at a time, and once more while those wait. HTTP/2 has windows.
const MAX_RESERVED_AHEAD_BYTES: usize = 512 << 10;

/// Reads a response to its end.
pub(in crate::fetch) async fn read(
    mut response: reqwest::Response,
    limit: usize,
    held: &mut MemoryReservation,
    waited: &PausedTime,
    failing: &ErrorClassifier,
) -> Result<Response, Failure> {
    let url = response.url().clone();
    let (headers, status) = (response.headers().clone(), response.status());
    if response.version() < Version::HTTP_2 {
        waited.during(held.grow(MAX_RESERVED_AHEAD_BYTES)).await;
    }
    let mut body = Body::new(limit, 0);
    while let Some(chunk) = held.during(response.chunk()).await.map_err(|error| failing.classify(&url, &error))? {
        body.push(&chunk, held, waited).await.map_err(|too_large| too_large.into_failure(&url))?;
    }
    drop(response);
    let (headers, mut bytes) = decoded(&url, headers, body.bytes, limit, held, waited).await?;
    bytes.shrink_to_fit();
    held.shrink(bytes.len());
    Ok(Response { url: url.into(), status, headers, body: bytes, received_at: SystemTime::now() })
}

/// Growing body, within the limit and its share of memory.
struct Body {
    bytes: Vec<u8>,
    limit: usize,
    /// Bytes of memory beside its own.
    others: usize,
}

/// Error of a body above this limit, in bytes.
struct TooLarge(usize);

impl TooLarge {
    fn into_failure(self, url: &Url) -> Failure {
        let message = format!("the body of {url} has more than {} bytes", self.0);
        Failure::new(FailureKind::TooLarge, message)
    }
}

impl Body {
    const fn new(limit: usize, others: usize) -> Self {
        Self { bytes: Vec::new(), limit, others }
    }

    async fn push(&mut self, chunk: &[u8], held: &mut MemoryReservation, waited: &PausedTime) -> Result<(), TooLarge> {
        let length = self.bytes.len() + chunk.len();
        if length > self.limit {
            return Err(TooLarge(self.limit));
        }
        if length > self.bytes.capacity() {
            let capacity =
                length.next_power_of_two().clamp(FIRST_RESERVATION_BYTES, self.limit.max(FIRST_RESERVATION_BYTES));
            waited.during(held.grow(capacity + self.others)).await;
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }
}

/// Decodes the codings that the client left, and removes their labels from the headers.
async fn decoded(
    url: &Url,
    mut headers: HeaderMap,
    mut bytes: Vec<u8>,
    limit: usize,
    held: &mut MemoryReservation,
    waited: &PausedTime,
) -> Result<(HeaderMap, Vec<u8>), Failure> {
    let broken = |error: DecodeError| {
        let message = format!("{url} sent a body that can't be decompressed: {}", chain(&error));
        Failure::new(FailureKind::Http, message)
    };
    let mut codings = Codings::new(&headers, &bytes).map_err(broken)?;
    let mut is_coded = false;
    while let Some(coding) = codings.next(&bytes).map_err(broken)? {
        is_coded = true;
        let mut decoder = Decoder::new(coding, &bytes).map_err(broken)?;
        let mut body = Body::new(limit, bytes.len());
        while let Some(chunk) = decoder.chunk().map_err(broken)? {
            body.push(chunk, held, waited).await.map_err(|too_large| too_large.into_failure(url))?;
            tokio::task::yield_now().await;
        }
        drop(decoder);
        bytes = body.bytes;
    }
    if is_coded {
        headers.remove(CONTENT_ENCODING);
        headers.remove(CONTENT_LENGTH);
    }
    Ok((headers, bytes))
}
