//! A body of pieces, plain or gzipped, where the large pieces are shared between responses and compressed once.
//!
//! Invariant: both forms hold the same bytes. A gzip stream may be any sequence of deflate blocks, so a shared piece is deflated on its
//! own up to a byte boundary and put between stored blocks for the small pieces: no response pays for compression twice, whatever its
//! tags and lengths are.

use std::sync::{Arc, OnceLock};

use bytes::{BufMut, Bytes, BytesMut};
use flate2::{Compress, Compression, Crc, FlushCompress};

/// A large piece of text that many responses share.
#[derive(Debug)]
pub(crate) struct Part {
    plain: Bytes,
    packed: OnceLock<Packed>,
}

#[derive(Debug)]
struct Packed {
    deflated: Bytes,
    crc: Crc,
}

impl Part {
    /// A part with this content.
    pub(crate) fn new(plain: impl Into<Bytes>) -> Arc<Self> {
        Arc::new(Self { plain: plain.into(), packed: OnceLock::new() })
    }

    fn packed(&self) -> &Packed {
        self.packed.get_or_init(|| Packed { deflated: deflate(&self.plain), crc: crc(&self.plain) })
    }
}

/// A stretch of a body.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Shared(Arc<Part>),
    Own(Bytes),
}

impl Piece {
    /// The piece's bytes.
    pub(crate) fn bytes(&self) -> &Bytes {
        match self {
            Self::Shared(part) => &part.plain,
            Self::Own(bytes) => bytes,
        }
    }
}

/// A whole body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pieces: Vec<Piece>,
}

impl Content {
    /// Appends bytes of this body alone.
    pub(crate) fn own(&mut self, bytes: impl Into<Bytes>) {
        self.pieces.push(Piece::Own(bytes.into()));
    }

    /// Appends a shared part.
    pub(crate) fn part(&mut self, part: &Arc<Part>) {
        self.pieces.push(Piece::Shared(Arc::clone(part)));
    }

    /// Appends another body's pieces.
    pub(crate) fn append(&mut self, other: &Self) {
        self.pieces.extend(other.pieces.iter().cloned());
    }

    /// How long the plain body is.
    pub(crate) fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.bytes().len()).sum()
    }

    /// The plain body's chunks.
    pub(crate) fn plain(&self) -> Vec<Bytes> {
        joined(self.pieces.iter().map(|piece| piece.bytes().clone()))
    }

    /// The gzipped body's chunks.
    pub(crate) fn gzip(&self) -> Vec<Bytes> {
        let mut chunks = Vec::with_capacity(self.pieces.len() + 2);
        chunks.push(Bytes::from_static(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]));
        let mut sum = Crc::new();
        for piece in &self.pieces {
            chunks.push(add(piece, &mut sum));
        }
        chunks.push(trailer(&sum));
        joined(chunks)
    }

    /// Compresses what is shared, so that no response waits for it.
    pub(crate) fn pack(&self) {
        for piece in &self.pieces {
            if let Piece::Shared(part) = piece {
                part.packed();
            }
        }
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self { pieces: vec![Piece::Own(text.into())] }
    }
}

impl From<Arc<Part>> for Content {
    fn from(part: Arc<Part>) -> Self {
        Self { pieces: vec![Piece::Shared(part)] }
    }
}

/// Chunks that are sent by themselves have this many bytes or more. Smaller ones are joined: each becomes a frame of HTTP/2, and clients
/// close a connection that has too many small ones (hyper's `too_many_data_frames`).
const SMALLEST_CHUNK: usize = 4 << 10;

/// The same bytes in fewer chunks, of which the large ones aren't copied.
fn joined(chunks: impl IntoIterator<Item = Bytes>) -> Vec<Bytes> {
    let (mut out, mut small) = (Vec::new(), BytesMut::new());
    for chunk in chunks {
        if chunk.len() < SMALLEST_CHUNK {
            small.put_slice(&chunk);
        }
        if !small.is_empty() && (chunk.len() >= SMALLEST_CHUNK || small.len() >= SMALLEST_CHUNK) {
            out.push(small.split().freeze());
        }
        if chunk.len() >= SMALLEST_CHUNK {
            out.push(chunk);
        }
    }
    if !small.is_empty() {
        out.push(small.freeze());
    }
    out
}

/// A piece's deflate blocks; its checksum is added to the stream's.
fn add(piece: &Piece, sum: &mut Crc) -> Bytes {
    match piece {
        Piece::Shared(part) => {
            sum.combine(&part.packed().crc);
            part.packed().deflated.clone()
        }
        Piece::Own(bytes) => {
            sum.update(bytes);
            stored(bytes)
        }
    }
}

/// Blocks that hold bytes as they are; a block's length has 16 bits.
fn stored(bytes: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(bytes.len() + 16);
    for chunk in bytes.chunks(usize::from(u16::MAX)) {
        let length = u16::try_from(chunk.len()).unwrap_or_default();
        out.put_u8(0);
        out.put_u16_le(length);
        out.put_u16_le(!length);
        out.put_slice(chunk);
    }
    out.freeze()
}

/// An empty last block, the checksum and the plain length modulo 2^32.
fn trailer(sum: &Crc) -> Bytes {
    let mut out = BytesMut::from(&[1, 0, 0, 255, 255][..]);
    out.put_u32_le(sum.sum());
    out.put_u32_le(sum.amount());
    out.freeze()
}

fn crc(bytes: &[u8]) -> Crc {
    let mut sum = Crc::new();
    sum.update(bytes);
    sum
}

/// Raw deflate blocks, none of them last, up to a byte boundary.
fn deflate(plain: &[u8]) -> Bytes {
    let mut compress = Compress::new(Compression::fast(), false);
    // Room for what can't be compressed, so that one call does: a flush that runs out of room is not taken up again by the next call.
    let mut out = Vec::with_capacity(plain.len() + plain.len() / 8 + 1024);
    // With room for all, compressing fails for no input; were it to, the client would see a broken stream.
    let _ = compress.compress_vec(plain, &mut out, FlushCompress::Full);
    out.shrink_to_fit();
    out.into()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn small_chunks_are_joined_in_order() {
        let chunk = |length: usize| Bytes::from(crate::dice::Dice::of(1, &[&length.to_string()]).opaque(length));
        let chunks: Vec<_> = [1, 2, 5_000, 3, 4_000, 4_000, 9_000, 9_001, 5].into_iter().map(chunk).collect();
        let out = joined(chunks.clone());
        assert_eq!(out.concat(), chunks.concat());
        assert_eq!(out.iter().map(Bytes::len).collect::<Vec<_>>(), [3, 5_000, 8_003, 9_000, 9_001, 5]);
    }

    #[test]
    fn the_gzipped_body_holds_the_same_bytes() {
        let large: String = (0..200_000_u64).map(|index| (index * index).to_string()).collect();
        let opaque = crate::dice::Dice::of(1, &[]).opaque(400_000);
        let mut content = Content::from("head ".to_owned());
        content.part(&Part::new(large.clone()));
        content.own("between".repeat(20_000));
        content.part(&Part::new(opaque));
        content.own("end");
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(content.gzip().concat().as_slice()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked.len(), content.len());
        assert!(unpacked == content.plain().concat());
    }
}
