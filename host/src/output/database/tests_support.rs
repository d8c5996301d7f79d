//! What tests of the database share.

use rusqlite::Connection;

use super::layout::Layout;
use crate::parser::{Description, Kind};

/// A kind `list` with a key, a noisy field and fields that may be long.
pub(super) fn kind() -> Kind {
    let description = Description::parse(
        r#"{"name": "play", "version": "1.0.0", "summary": "", "hosts": ["example.org"], "pace": {"burst": 1, "per_minute": 60},
        "kinds": [{"name": "list", "summary": "", "params": {"properties": {"country": {"type": "string", "default": "us"}}},
            "record": {"type": "object", "properties": {"app_id": {"type": "string"}, "title": {"type": "string"},
                "score": {"type": "number"}, "description": {"type": "string"}, "screenshots": {"type": "array"}}},
            "x-key": ["app_id"], "x-noisy": ["score"], "per_request": {"default": 1, "max": 1}}]}"#,
    );
    description.unwrap().kinds.remove(0)
}

/// An empty database in memory.
pub(super) fn memory() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    Layout::Empty.migrate(&mut connection).unwrap();
    connection
}
