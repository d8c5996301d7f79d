//! The folder of saved real pages.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The folder of saved pages: `PLAYFAST_PAGES`, else beside the project.
pub(crate) fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/pages");
    let folder = std::env::var_os("PLAYFAST_PAGES").map_or_else(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

/// A saved page. Where there is none, says plainly that what needs it is skipped.
pub(crate) fn saved(name: &str) -> Option<Vec<u8>> {
    let page = folder().and_then(|folder| std::fs::read(folder.join(name)).ok());
    if page.is_none() {
        // Not `println!`, which the test harness swallows where a test passes.
        let line = format!("SKIPPED: no saved page {name}; set PLAYFAST_PAGES to the folder of saved pages\n");
        drop(std::io::stderr().write_all(line.as_bytes()));
    }
    page
}
