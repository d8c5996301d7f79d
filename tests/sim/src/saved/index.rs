//! One row a file, tab-separated, under a heading.

use std::path::Path;

use super::address::{Address, Kind};
use crate::body::{Content, Part};
use crate::error::Error;

/// A saved page.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) file: String,
    pub(crate) address: Address,
    pub(crate) content: Content,
}

impl Row {
    /// The file's name without folder and ending.
    pub(crate) fn stem(&self) -> &str {
        stem(&self.file)
    }
}

/// The rows whose pages can be served, the newest first.
pub(crate) fn read(folder: &Path) -> Result<Vec<Row>, Error> {
    let index = String::from_utf8_lossy(&bytes(&folder.join("INDEX.tsv"))?).into_owned();
    let mut rows =
        index.lines().skip(1).filter_map(|line| row(folder, line).transpose()).collect::<Result<Vec<_>, _>>()?;
    // File names begin with year and month. The sort is stable: of the same month, the first in the index wins.
    rows.sort_by(|left, right| month(right).cmp(month(left)));
    Ok(rows)
}

fn month(row: &Row) -> &str {
    row.stem().split('_').next().unwrap_or_default()
}

fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The row of a line; nothing for a page of errors, which has no address of its own.
fn row(folder: &Path, line: &str) -> Result<Option<Row>, Error> {
    let mut cells = line.split('\t');
    let (Some(file), Some(kind), Some(params)) = (cells.next(), cells.next().and_then(Kind::of_index), cells.next())
    else {
        return Ok(None);
    };
    let content = Part::new(bytes(&folder.join(file))?).into();
    Ok(Some(Row { file: file.to_owned(), address: Address::from_params(kind, params), content }))
}

fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_is_the_bare_name() {
        assert_eq!(stem("app/2026-07_translate_en-us.html"), "2026-07_translate_en-us");
        assert_eq!(stem("plain"), "plain");
    }
}
