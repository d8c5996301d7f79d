//! The index says which file was the answer to what; where several were, the newest.

mod address;
mod index;

use std::path::Path;

use parking_lot::RwLock;

use crate::body::Content;
use crate::error::Error;
use crate::serve::Inquiry;
use address::Address;
use index::Row;

/// The saved pages of a folder, in memory.
#[derive(Debug, Default)]
pub(crate) struct SavedPages {
    /// The newest first.
    rows: Vec<Row>,
    /// What was chosen explicitly: an address and the row for it, the newest first.
    chosen: RwLock<Vec<(Address, usize)>>,
}

impl SavedPages {
    /// Reads a folder's index and every page in it that can be served.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        Ok(Self { rows: index::read(folder)?, chosen: RwLock::default() })
    }

    /// The saved answer to a request: the one named by its `page` parameter, else the chosen one, else the newest.
    pub(crate) fn find(&self, inquiry: &Inquiry) -> Option<Content> {
        if self.rows.is_empty() {
            return None;
        }
        let asked = Address::of(inquiry)?;
        let named = inquiry
            .param("page")
            .and_then(|stem| self.rows.iter().find(|row| row.stem() == stem && row.address.kind == asked.kind));
        let row = named
            .or_else(|| self.chosen(&asked))
            .or_else(|| self.rows.iter().find(|row| row.address.covers(&asked)))?;
        Some(row.content.clone())
    }

    fn chosen(&self, asked: &Address) -> Option<&Row> {
        let chosen = self.chosen.read();
        let (_, row) = chosen.iter().find(|(address, _)| address.covers(asked))?;
        self.rows.get(*row)
    }

    /// Serves a file from now on for these parameters, written as in the index.
    pub(crate) fn choose(&self, params: &str, file: &str) -> Result<(), Error> {
        let unknown = || Error::UnknownPage { file: file.to_owned() };
        let index = self.rows.iter().position(|row| row.file == file || row.stem() == file).ok_or_else(unknown)?;
        let kind = self.rows.get(index).map(|row| row.address.kind).ok_or_else(unknown)?;
        self.chosen.write().insert(0, (Address::from_params(kind, params), index));
        Ok(())
    }
}
