//! Sources of queries: stdin, files (plain or gzip), and files that grow.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use crate::cli::exit::ExitStatus;
use crate::cli::input::queries::{Form, Growing};

/// A source's text.
pub(in crate::cli) type Text = Box<dyn BufRead + Send>;

/// What a gzip file begins with (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Where queries come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Source {
    Stdin,
    File(PathBuf),
    /// A file that is read on as it grows.
    Growing(PathBuf),
    /// The text of a pipe that was read whole, and the pipe's name.
    Held(String, Arc<[u8]>),
}

impl Source {
    /// The source that a typed value names: `@FILE`, or `-` and `@-` for stdin. `None` if the value is only a value.
    pub(in crate::cli) fn from_value(value: &str) -> Option<Self> {
        match value.strip_prefix('@') {
            _ if value == "-" => Some(Self::Stdin),
            Some("-") => Some(Self::Stdin),
            Some("") => None,
            Some(path) => Some(Self::File(path.into())),
            None => None,
        }
    }

    /// The source that a path names; `-` is stdin.
    pub(in crate::cli) fn from_path(path: &Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path.to_owned()) }
    }

    /// The file that is read, if it has a name.
    pub(in crate::cli) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Growing(path) => Some(path),
            Self::Stdin | Self::Held(..) => None,
        }
    }

    /// The form that its name says.
    pub(super) fn form(&self) -> Option<Form> {
        self.path().and_then(Form::of_file)
    }

    /// Whether its text is there at once, and doesn't come bit by bit.
    pub(super) fn is_at_hand(&self) -> bool {
        matches!(self, Self::Held(..)) || self.size().is_some()
    }

    /// Bytes of the file, if it is a regular one that is read once.
    pub(super) fn size(&self) -> Option<u64> {
        let Self::File(path) = self else { return None };
        std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|file| file.len())
    }

    /// Opens it. `read` counts the bytes that are read of it, and a file that grows is at its end when `is_over` says so.
    ///
    /// # Errors
    /// If the file can't be opened. The error names it.
    pub(in crate::cli) fn open(
        &self,
        read: &Arc<AtomicU64>,
        is_over: impl Fn() -> bool + Send + 'static,
    ) -> Result<Text, ExitStatus> {
        let refused = |error: io::Error| ExitStatus::config(format!("failed to read {self}: {error}"));
        Ok(match self {
            Self::Stdin => Unpacked::buffered(io::stdin()),
            Self::File(path) => {
                let file = File::open(path).map_err(refused)?;
                if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
                    return Err(refused(io::ErrorKind::IsADirectory.into()));
                }
                Unpacked::buffered(Counted { file, read: Arc::clone(read) })
            }
            Self::Growing(path) => Box::new(BufReader::new(Growing::open(path, is_over).map_err(refused)?)),
            Self::Held(_, text) => Unpacked::buffered(Cursor::new(Arc::clone(text))),
        })
    }

    /// The source as one that can be opened again: a pipe is read to its end, and its text held in memory.
    ///
    /// # Errors
    /// If it can't be read.
    pub(super) fn reopenable(self) -> Result<Self, ExitStatus> {
        if self.size().is_some() {
            return Ok(self);
        }
        let mut text = Vec::new();
        let mut reader = self.open(&Arc::default(), || false)?;
        let held = reader.read_to_end(&mut text);
        held.map_err(|error| ExitStatus::config(format!("failed to read {self}: {error}")))?;
        Ok(Self::Held(self.to_string(), text.into()))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => formatter.write_str("stdin"),
            Self::File(path) | Self::Growing(path) => path.display().fmt(formatter),
            Self::Held(name, _) => formatter.write_str(name),
        }
    }
}

/// A file that counts what is read of it.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(bytes)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Bytes as they are, or as gzip holds them. Nothing is read before the first byte is asked for.
enum Unpacked<R> {
    Unread(Option<R>),
    Plain(io::Chain<Cursor<Vec<u8>>, R>),
    Gzip(MultiGzDecoder<BufReader<io::Chain<Cursor<Vec<u8>>, R>>>),
}

impl<R: Read + Send + 'static> Unpacked<R> {
    fn buffered(reader: R) -> Text {
        Box::new(BufReader::new(Self::Unread(Some(reader))))
    }

    /// Reads what tells gzip from text.
    fn begin(mut reader: R) -> io::Result<Self> {
        let mut first = Vec::new();
        reader.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut first)?;
        let is_gzip = first == GZIP_MAGIC;
        let whole = Cursor::new(first).chain(reader);
        Ok(if is_gzip { Self::Gzip(MultiGzDecoder::new(BufReader::new(whole))) } else { Self::Plain(whole) })
    }
}

impl<R: Read + Send + 'static> Read for Unpacked<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if let Self::Unread(reader) = self
            && let Some(reader) = reader.take()
        {
            *self = Self::begin(reader)?;
        }
        match self {
            Self::Unread(_) => Ok(0),
            Self::Plain(plain) => plain.read(bytes),
            Self::Gzip(packed) => packed.read(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn text(source: &Source) -> String {
        let mut text = String::new();
        source.open(&Arc::default(), || true).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_value_names_a_source_by_its_first_character() {
        assert_eq!(Source::from_value("-"), Some(Source::Stdin));
        assert_eq!(Source::from_value("@-"), Some(Source::Stdin));
        assert_eq!(Source::from_value("@a b"), Some(Source::File("a b".into())));
        assert_eq!(["com.a", "", "-x", "a@b"].map(Source::from_value), [None, None, None, None]);
    }

    #[test]
    fn gzip_is_known_by_its_first_bytes_and_read_over_all_members() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.path().join(name), bytes).unwrap();
            Source::File(folder.path().join(name))
        };
        let member = |text: &str| {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(text.as_bytes()).unwrap();
            gzip.finish().unwrap()
        };
        assert_eq!(text(&write("ids", &[member("a\n"), member("b\n")].concat())), "a\nb\n");
        for plain in ["", "a", "a\n", "com.a\n"] {
            assert_eq!(text(&write("plain.gz", plain.as_bytes())), plain);
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Source::File("no/such".into()).open(&Arc::default(), || true).err().unwrap();
        assert!(format!("{error:?}").contains("failed to read no/such: No such file"), "{error:?}");
    }
}
