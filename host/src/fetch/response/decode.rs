//! Decoder of content codings that the HTTP client leaves: other spellings, several of them, and gzip or zstd without a label.
//!
//! The client decodes a body with just one coding in lower case as it arrives. Servers also send `x-gzip`, `GZIP`, `deflate`,
//! `gzip, gzip`, or a compressed body without a label. None of these may reach a parser, which would take it for a new layout.

use std::io::{self, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};

/// Most codings of one body. No server needs more than two.
const MAX_CODINGS: usize = 4;

/// Bytes that are decoded at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// Largest window of zstd in a content coding, 8 MiB (RFC 9659), as a power of two.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Content coding (RFC 9110, section 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950 by the standard, or RFC 1951 as some servers send it.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

/// Why a body can't be decoded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    /// An unknown label on a body that isn't text.
    #[error("its content coding {0:?} is not known")]
    Unknown(String),
    /// Too many labels, or gzip within gzip within gzip.
    #[error("it is compressed more than {MAX_CODINGS} times")]
    TooDeep,
    /// It is larger than allowed.
    #[cfg(any(feature = "cli", test))]
    #[error("it has more than {0} bytes")]
    TooLarge(usize),
    /// The body isn't what its label says, or is cut short.
    #[error("it is not valid {coding}, or is cut short")]
    Broken {
        /// What it should be.
        coding: Coding,
        /// What the decoder said.
        #[source]
        source: io::Error,
    },
}

impl Coding {
    fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The coding of a body by its first bytes.
    pub(crate) fn detect(body: &[u8]) -> Option<Self> {
        match body {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    fn reader<'b>(self, body: &'b [u8]) -> io::Result<Box<dyn Read + Send + 'b>> {
        Ok(match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(body)),
            Self::Deflate if is_zlib(body) => Box::new(ZlibDecoder::new(body)),
            Self::Deflate => Box::new(DeflateDecoder::new(body)),
            Self::Brotli => Box::new(brotli::Decompressor::new(body, CHUNK_BYTES)),
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(body)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Box::new(decoder)
            }
        })
    }
}

/// Whether it begins with a header of RFC 1950: the method deflate, and a checksum.
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [method, flags, ..] if method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)).is_multiple_of(31))
}

/// Codings of a body that aren't decoded yet.
#[derive(Debug)]
pub(crate) struct Codings {
    /// The last applied coding comes first.
    labelled: Vec<Coding>,
    may_detect: bool,
    left: usize,
}

impl Codings {
    /// The codings that headers name.
    ///
    /// # Errors
    /// If one is unknown and the body isn't text: servers also name character encodings there.
    pub(crate) fn new(headers: &HeaderMap, body: &[u8]) -> Result<Self, DecodeError> {
        let values = |name| headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let encodings = values(CONTENT_ENCODING).collect::<Vec<_>>().join(",");
        let names = encodings.split(',').map(str::trim);
        let mut labelled = Vec::new();
        for name in names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity")) {
            match Coding::parse(name) {
                Some(coding) => labelled.push(coding),
                None if simdutf8::basic::from_utf8(body).is_ok() => {}
                None => return Err(DecodeError::Unknown(name.chars().take(40).collect())),
            }
        }
        labelled.reverse();
        // As with a status of 304, or an error without a text.
        if body.is_empty() {
            labelled.clear();
        }
        if labelled.len() > MAX_CODINGS {
            return Err(DecodeError::TooDeep);
        }
        // A file that was asked for as such stays one.
        let is_file = values(CONTENT_TYPE).any(|value| {
            let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            kind.contains("gzip") || kind.contains("zstd") || kind == "application/octet-stream"
        });
        Ok(Self { labelled, may_detect: !is_file, left: MAX_CODINGS })
    }

    /// The next coding to decode.
    pub(crate) fn next(&mut self, body: &[u8]) -> Result<Option<Coding>, DecodeError> {
        let labelled = if self.labelled.is_empty() { None } else { Some(self.labelled.remove(0)) };
        let next = labelled.or_else(|| Coding::detect(body).filter(|_| self.may_detect));
        if next.is_some() {
            self.left = self.left.checked_sub(1).ok_or(DecodeError::TooDeep)?;
        }
        Ok(next)
    }
}

/// A body that is decoded piece by piece, so that the caller can stop a decompression bomb.
pub(crate) struct Decoder<'b> {
    coding: Coding,
    reader: Box<dyn Read + Send + 'b>,
    chunk: Vec<u8>,
}

impl<'b> Decoder<'b> {
    pub(crate) fn new(coding: Coding, body: &'b [u8]) -> Result<Self, DecodeError> {
        let reader = coding.reader(body).map_err(|source| DecodeError::Broken { coding, source })?;
        Ok(Self { coding, reader, chunk: vec![0; CHUNK_BYTES] })
    }

    /// The next piece; `None` at the end.
    pub(crate) fn chunk(&mut self) -> Result<Option<&[u8]>, DecodeError> {
        let read = self.reader.read(&mut self.chunk);
        let length = read.map_err(|source| DecodeError::Broken { coding: self.coding, source })?;
        Ok(self.chunk.get(..length).filter(|chunk| !chunk.is_empty()))
    }
}

/// A body of at most this many bytes without its codings, at once.
///
/// # Errors
/// When it can't be decoded, or is larger.
#[cfg(any(feature = "cli", test))]
pub(crate) fn decode(mut body: Vec<u8>, headers: &HeaderMap, limit: usize) -> Result<Vec<u8>, DecodeError> {
    let mut codings = Codings::new(headers, &body)?;
    while let Some(coding) = codings.next(&body)? {
        let (mut decoder, mut decoded) = (Decoder::new(coding, &body)?, Vec::new());
        while let Some(chunk) = decoder.chunk()? {
            if decoded.len() + chunk.len() > limit {
                return Err(DecodeError::TooLarge(limit));
            }
            decoded.extend_from_slice(chunk);
        }
        drop(decoder);
        body = decoded;
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use http::{HeaderName, HeaderValue};

    use super::*;

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn brotli(body: &[u8]) -> Vec<u8> {
        let mut encoded = Vec::new();
        let params = brotli::enc::BrotliEncoderParams::default();
        brotli::BrotliCompress(&mut &*body, &mut encoded, &params).unwrap();
        encoded
    }

    fn decoded(labels: &[&'static str], body: Vec<u8>) -> Result<Vec<u8>, DecodeError> {
        decoded_of(CONTENT_ENCODING, labels, body)
    }

    fn decoded_of(name: HeaderName, values: &[&'static str], body: Vec<u8>) -> Result<Vec<u8>, DecodeError> {
        let named = |value: &&'static str| (name.clone(), HeaderValue::from_static(value));
        let headers = values.iter().map(named).collect();
        decode(body, &headers, 1 << 20)
    }

    const BODY: &[u8] = b"<html>a page, a page, a page</html>";

    #[test]
    fn codings_are_undone_however_they_are_labelled() {
        for (labels, body) in [
            (&["x-gzip"][..], gzip(BODY)),
            (&["GZIP"], gzip(BODY)),
            (&["gzip, gzip"], gzip(&gzip(BODY))),
            (&["gzip", "gzip"], gzip(&gzip(BODY))),
            (&["gzip,br"], brotli(&gzip(BODY))),
            (&["BR"], brotli(BODY)),
            (&["Zstd"], zstd::encode_all(BODY, 1).unwrap()),
            (&["deflate"], zlib(BODY)),
            (&["deflate"], deflate(BODY)),
            (&["identity"], BODY.to_vec()),
            (&["identity, x-gzip"], gzip(BODY)),
            (&[""], BODY.to_vec()),
            (&["utf-8"], BODY.to_vec()),
            (&[], gzip(BODY)),
            (&[], gzip(&gzip(BODY))),
            (&[], zstd::encode_all(BODY, 1).unwrap()),
            (&[], BODY.to_vec()),
        ] {
            assert_eq!(decoded(labels, body).unwrap(), BODY, "{labels:?}");
        }
    }

    #[test]
    fn an_empty_body_is_empty_whatever_its_label() {
        assert_eq!(decoded(&["x-gzip"], Vec::new()).unwrap(), b"");
    }

    #[test]
    fn what_is_not_as_labelled_is_refused() {
        for (label, body) in [
            ("x-gzip", BODY.to_vec()),
            ("GZIP", gzip(BODY)[..20].to_vec()),
            ("BR", gzip(BODY)),
            ("ZSTD", gzip(BODY)),
            ("deflate", BODY.to_vec()),
            ("compress", vec![0x1f, 0x9d, 0x90, 0xff]),
            ("gzip, gzip, gzip, gzip, gzip", BODY.to_vec()),
        ] {
            assert!(decoded(&[label], body).is_err(), "{label}");
        }
        let deep = (0..=MAX_CODINGS).fold(BODY.to_vec(), |body, _| gzip(&body));
        assert!(matches!(decoded(&[], deep), Err(DecodeError::TooDeep)));
    }

    #[test]
    fn a_compressed_file_that_was_asked_for_stays_one() {
        let body = gzip(BODY);
        assert_eq!(decoded_of(CONTENT_TYPE, &["application/gzip"], body.clone()).unwrap(), body);
        assert_eq!(decoded_of(CONTENT_TYPE, &["text/html; charset=utf-8"], body).unwrap(), BODY);
    }
}
