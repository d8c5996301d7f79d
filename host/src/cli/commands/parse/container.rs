//! Files that hold a response in some other form than its plain body: compressed, in UTF-16, or within a container.
//!
//! A parser takes any of them for a new layout. What can be read without a guess is converted; a container is named.

use http::HeaderMap;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::fetch::{DecodeError, decode};

/// Bytes at the start of a file that tell its format.
const HEAD: usize = 4 << 10;

/// Code units from which UTF-16 without a byte order mark is told.
const UNITS: usize = 32;

/// Why a file isn't read as a response's body.
#[derive(Debug, thiserror::Error)]
pub(super) enum ContainerError {
    /// It isn't what the header, or its first bytes, say.
    #[error("its content can't be decompressed; if it already is, leave the header content-encoding out")]
    Coding(#[source] DecodeError),
    /// It holds more than a body.
    #[error("it is {format}, not the body of a response: {cure}")]
    Container {
        /// What it is.
        format: &'static str,
        /// What to do.
        cure: &'static str,
    },
}

/// The body of a response, out of a file with it.
pub(super) fn body(file: Vec<u8>, headers: &HeaderMap, limit: usize) -> Result<Vec<u8>, ContainerError> {
    let decoded = decode(file, headers, limit).map_err(ContainerError::Coding)?;
    let body = utf8(decoded);
    match container(&body) {
        Some((format, cure)) => Err(ContainerError::Container { format, cure }),
        None => Ok(body),
    }
}

/// UTF-16 as UTF-8, without a byte order mark. Anything else stays as it is.
fn utf8(body: Vec<u8>) -> Vec<u8> {
    let from_units = |units: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, _) = units.as_chunks::<2>();
        let units: Vec<_> = pairs.iter().copied().map(unit).collect();
        String::from_utf16_lossy(&units).into_bytes()
    };
    match body.as_slice() {
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.to_vec(),
        [0xff, 0xfe, rest @ ..] => from_units(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => from_units(rest, u16::from_be_bytes),
        units if are_ascii(units, u16::from_le_bytes) => from_units(units, u16::from_le_bytes),
        units if are_ascii(units, u16::from_be_bytes) => from_units(units, u16::from_be_bytes),
        _ => body,
    }
}

/// Whether the first code units are ASCII, as in markup and JSON: as UTF-8 each second byte would be a NUL.
fn are_ascii(body: &[u8], unit: fn([u8; 2]) -> u16) -> bool {
    let (pairs, _) = body.as_chunks::<2>();
    let is_ascii = |pair: &[u8; 2]| (1..0x80).contains(&unit(*pair));
    pairs.len() >= UNITS && pairs.iter().take(UNITS).all(is_ascii)
}

/// A format that holds more than a body, and what to do about it.
fn container(body: &[u8]) -> Option<(&'static str, &'static str)> {
    const ALONE: &str = "save the response's body on its own";
    let head = body.get(..HEAD.min(body.len())).unwrap_or_default();
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let begins = |prefix: &str| text.trim_start().starts_with(prefix);
    let is_mhtml = text.contains("mime-version:") && text.contains("multipart/related") && !begins("<");
    match body {
        _ if begins("{") && is_har(body) => Some(("a HAR file", ALONE)),
        _ if is_mhtml => Some(("an MHTML file", "save the page as HTML only")),
        _ if begins("warc/") => Some(("a WARC file", ALONE)),
        _ if begins("http/1.") || begins("http/2") => {
            Some(("a response with its status line and headers", "save the body without them, as curl does without -i"))
        }
        [b'b', b'p', b'l', b'i', b's', b't', ..] => Some(("a web archive", "save the page's source")),
        [b'P', b'K', 3, 4, ..] => Some(("a ZIP file", "unpack it first")),
        [b'%', b'P', b'D', b'F', ..] => Some(("a PDF file", "save the page's source")),
        _ => None,
    }
}

fn is_har(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Har {
        log: Log,
    }
    #[derive(Deserialize)]
    struct Log {
        #[serde(rename = "entries")]
        _entries: Vec<IgnoredAny>,
    }
    serde_json::from_slice::<Har>(body).is_ok_and(|Har { log: Log { .. } }| true)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use http::HeaderValue;
    use http::header::CONTENT_ENCODING;

    use super::*;

    const PAGE: &str =
        "<!doctype html><html><body>AF_initDataCallback({key: 'ds:5', data: [\"größer\"]})</body></html>";

    const LIMIT: usize = 1 << 20;

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn utf16(unit: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter().chain(PAGE.encode_utf16()).flat_map(unit).collect()
    }

    #[test]
    fn a_page_is_read_in_whatever_form_it_was_saved() {
        let body = |file: Vec<u8>, headers: &HeaderMap| body(file, headers, LIMIT).unwrap();
        for file in [
            PAGE.into(),
            ["\u{feff}", PAGE].concat().into_bytes(),
            gzip(PAGE.as_bytes()),
            zstd::encode_all(PAGE.as_bytes(), 1).unwrap(),
            utf16(u16::to_le_bytes, true),
            utf16(u16::to_be_bytes, true),
            utf16(u16::to_le_bytes, false),
            utf16(u16::to_be_bytes, false),
            gzip(&utf16(u16::to_le_bytes, true)),
        ] {
            assert_eq!(String::from_utf8(body(file, &HeaderMap::new())).unwrap(), PAGE);
        }
        let label = HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static("deflate"))]);
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(PAGE.as_bytes()).unwrap();
        assert_eq!(body(encoder.finish().unwrap(), &label), PAGE.as_bytes());
    }

    #[test]
    fn a_container_is_named_with_what_to_do() {
        for (file, says) in [
            (r#" {"log": {"version": "1.2", "entries": [{"request": {}}]}}"#.as_bytes(), "it is a HAR file"),
            (b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n", "an MHTML file"),
            (b"HTTP/1.1 200 OK\r\n\r\n<html>", "with its status line"),
            (b"WARC/1.0\r\n", "a WARC file"),
            (b"PK\x03\x04", "a ZIP file"),
            (b"bplist00", "a web archive"),
        ] {
            let error = body(file.to_vec(), &HeaderMap::new(), LIMIT).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        for file in [r#"{"log": {}}"#, r#"{"entries": []}"#, "{", "<p>MIME-Version: 1.0, multipart/related"] {
            assert_eq!(body(file.into(), &HeaderMap::new(), LIMIT).unwrap(), file.as_bytes());
        }
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let bomb = gzip(&gzip(&vec![b'a'; LIMIT + 1]));
        let error = body(bomb, &HeaderMap::new(), LIMIT).unwrap_err();
        assert!(crate::types::chain(&error).contains("more than 1048576 bytes"), "{error:?}");
    }

    #[test]
    fn a_label_that_is_not_true_is_refused() {
        let label = HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static("gzip"))]);
        let error = body(PAGE.into(), &label, LIMIT).unwrap_err();
        assert!(error.to_string().contains("leave the header content-encoding out"), "{error}");
    }
}
