//! Encoder of an output's bytes, plain or as gzip members, with the offset at which the file may be cut.

use std::io::{self, Write};

use flate2::write::GzEncoder;

use super::Compression;

/// Compressed bytes of an open member that are gathered before they are handed on.
const HANDED_ON_BYTES: usize = 64 << 10;

/// Writes bytes to an output as they are, or compressed.
#[derive(Debug)]
pub(super) struct Encoder<W> {
    out: W,
    /// Where the output may be cut.
    offset: u64,
    /// The gzip member that is being written; `None` for plain bytes.
    member: Option<Member>,
}

impl<W: Write> Encoder<W> {
    /// Plain bytes to an output that holds `offset` bytes already.
    pub(super) const fn new(out: W, offset: u64) -> Self {
        Self { out, offset, member: None }
    }

    /// Compresses what is written from here on.
    pub(super) fn with_compression(self, compression: Compression) -> Self {
        let member = match compression {
            Compression::None => None,
            Compression::Gzip => Some(Member::new()),
        };
        Self { member, ..self }
    }

    /// Bytes after which the output may be cut and continued.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes, before compression, that were written since the last checkpoint.
    pub(super) fn pending_bytes(&self) -> u64 {
        self.member.as_ref().map_or(0, |member| member.raw_bytes)
    }

    /// Whether nothing was ever written.
    pub(super) fn is_empty(&self) -> bool {
        self.offset == 0 && self.pending_bytes() == 0
    }

    /// Ends the open member, so that the output is whole, and flushes.
    pub(super) fn checkpoint(&mut self) -> io::Result<()> {
        if self.pending_bytes() > 0 {
            self.end_member()?;
        }
        self.out.flush()
    }

    /// Makes the output whole at its end. A compressed output has at least one member: an empty file isn't a gzip file.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        if self.is_empty() {
            self.end_member()?;
        }
        self.checkpoint()
    }

    fn end_member(&mut self) -> io::Result<()> {
        let Some(member) = &mut self.member else { return Ok(()) };
        let member = std::mem::replace(member, Member::new());
        let bytes = member.encoder.finish()?;
        self.out.write_all(&bytes)?;
        self.offset += member.handed_on_bytes + bytes.len() as u64;
        Ok(())
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(member) = &mut self.member else {
            let written = self.out.write(bytes)?;
            self.offset += written as u64;
            return Ok(written);
        };
        member.encoder.write_all(bytes)?;
        member.raw_bytes += bytes.len() as u64;
        let compressed = member.encoder.get_mut();
        if compressed.len() >= HANDED_ON_BYTES {
            self.out.write_all(compressed)?;
            member.handed_on_bytes += compressed.len() as u64;
            compressed.clear();
        }
        Ok(bytes.len())
    }

    /// Flushes the output. An open member isn't flushed: that would cost most of the compression.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// One member of a gzip file.
#[derive(Debug)]
struct Member {
    encoder: GzEncoder<Vec<u8>>,
    /// Bytes before compression.
    raw_bytes: u64,
    /// Compressed bytes that the output has already.
    handed_on_bytes: u64,
}

impl Member {
    fn new() -> Self {
        Self { encoder: GzEncoder::new(Vec::new(), flate2::Compression::default()), raw_bytes: 0, handed_on_bytes: 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::MultiGzDecoder;

    use super::*;

    fn decoded(bytes: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        MultiGzDecoder::new(bytes).read_to_end(&mut all).unwrap();
        all
    }

    #[test]
    fn a_member_ends_at_each_checkpoint() {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out, 0).with_compression(Compression::Gzip);
        let mut cuts = Vec::new();
        for text in ["one", "two", ""] {
            encoder.write_all(text.as_bytes()).unwrap();
            assert_eq!(encoder.pending_bytes(), text.len() as u64);
            encoder.checkpoint().unwrap();
            assert_eq!(encoder.pending_bytes(), 0);
            cuts.push(usize::try_from(encoder.offset()).unwrap());
        }
        drop(encoder);
        assert_eq!(decoded(&out[..cuts[0]]), b"one");
        assert_eq!(decoded(&out[..cuts[1]]), b"onetwo");
        assert_eq!((cuts[2], out.len()), (cuts[1], cuts[1]), "an empty member isn't written");
    }

    #[test]
    fn an_open_member_takes_little_memory_and_moves_no_offset() {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out, 0).with_compression(Compression::Gzip);
        // Bytes that don't compress.
        let mut state = 1_u64;
        let mut noise = Vec::new();
        for _ in 0..1 << 17 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            noise.extend_from_slice(&state.to_be_bytes()[..4]);
        }
        for chunk in noise.chunks(1000) {
            encoder.write_all(chunk).unwrap();
        }
        assert_eq!((encoder.offset(), encoder.pending_bytes()), (0, noise.len() as u64));
        assert!(encoder.member.as_ref().unwrap().encoder.get_ref().len() < 2 * HANDED_ON_BYTES);
        encoder.finish().unwrap();
        assert_eq!(encoder.offset(), encoder.out.len() as u64);
        assert_eq!(decoded(&out), noise);
    }

    #[test]
    fn an_output_without_a_byte_is_a_gzip_file_too() {
        let mut out = Vec::new();
        Encoder::new(&mut out, 0).with_compression(Compression::Gzip).finish().unwrap();
        assert!(!out.is_empty());
        assert!(decoded(&out).is_empty());
    }
}
