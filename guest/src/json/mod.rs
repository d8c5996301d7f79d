//! JSON for parsers: reading what is wanted without a tree, and writing records.
//!
//! [`Reader`] walks a JSON text where it lies: in a page's script, or inside a string of another JSON text ([`Nesting::Escaped`]). It
//! builds no tree and copies nothing; what isn't wanted is skipped 64 bytes at a time, and only the strings asked for are unescaped.
//! [`RecordSchema`] reads many fields of one message in one walk. [`Writer`] writes records.

mod buffer;
mod reader;
mod record_schema;
mod scan;
mod unescape;
mod writer;

pub use reader::{Kind, ReadError, Reader};
pub use record_schema::{ANY_ELEMENT, Extracted, Field, FieldType, RecordSchema};
pub use scan::Nesting;
pub use writer::Writer;
