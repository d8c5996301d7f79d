//! JSON for parsers: reading what is wanted without a tree, and writing records.
//!
//! [`Reader`] walks a JSON text where it lies: in a page's script, or inside a string of another JSON text ([`Level::InString`]). It
//! builds no tree and copies nothing; what isn't wanted is skipped 64 bytes at a time, and only the strings asked for are unescaped.
//! [`Table`] reads many fields of one message in one walk. [`Writer`] writes records.

mod buffer;
mod reader;
mod scan;
mod table;
mod text;
mod writer;

pub use reader::{Flow, Kind, ReadError, Reader};
pub use scan::Level;
pub use table::{Captured, EVERY, Field, Shape, Table};
pub use writer::Writer;
