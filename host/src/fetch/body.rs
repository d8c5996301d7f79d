//! How is an answer read? The body as it comes, decompressed, up to the limit, and never ahead of its share of memory.

use std::time::SystemTime;

use reqwest::Version;

use super::budget::Held;
use super::failure::Failing;
use super::patience::Waited;
use crate::{Failure, FailureKind, Response};

/// Bytes that a body takes first; then it doubles. What the server says of its length is not believed: it would be memory for nothing.
const FIRST: usize = 64 << 10;

/// Bytes that hyper reads ahead of an HTTP/1.1 body as soon as it is asked for the first: up to 400 KiB at a time, and once more while those
/// wait. HTTP/2 has windows.
const AHEAD: usize = 512 << 10;

/// Reads an answer to its end.
pub(super) async fn read(
    mut response: reqwest::Response,
    limit: usize,
    held: &mut Held,
    waited: &Waited,
    failing: &Failing,
) -> Result<Response, Failure> {
    let url = response.url().clone();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), latin1(value.as_bytes())));
    let (headers, status) = (headers.collect(), response.status().as_u16());
    if response.version() < Version::HTTP_2 {
        waited.during(held.grow(AHEAD)).await;
    }
    let mut body = Vec::new();
    while let Some(chunk) = held.during(response.chunk()).await.map_err(|error| failing.of(&url, &error))? {
        let length = body.len() + chunk.len();
        if length > limit {
            let message = format!("the body of {url} has more than {limit} bytes");
            return Err(Failure::new(FailureKind::TooLarge, message));
        }
        if length > body.capacity() {
            let capacity = length.next_power_of_two().clamp(FIRST, limit.max(FIRST));
            waited.during(held.grow(capacity)).await;
            body.reserve_exact(capacity - body.len());
        }
        body.extend_from_slice(&chunk);
    }
    body.shrink_to_fit();
    held.shrink(body.len());
    Ok(Response { url: url.into(), status, headers, body, received_at: SystemTime::now() })
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}
