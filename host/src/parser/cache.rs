//! Cache of compiled components.
//!
//! The cache holds native code, so only code that this host compiled is read: from a folder that only the user can write to, by the component's
//! digest and the engine's compatibility hash, with a digest in front. A failure is a miss, and never an error.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;

use super::digest::Digest;

/// Compiled components that are kept, the last used ones. A parser under development leaves one with each change.
const MAX_COMPONENTS: usize = 16;

/// Bytes of a SHA-256.
const DIGEST_LENGTH: usize = 32;

/// Loads a component from the cache, or compiles it and adds it.
pub(super) fn compiled(
    engine: &wasmtime::Engine,
    folder: Option<&Path>,
    digest: &Digest,
    bytes: &[u8],
) -> wasmtime::Result<Component> {
    let Some(file) = folder.filter(|folder| is_private(folder)).map(|folder| file(engine, folder, digest)) else {
        return Component::from_binary(engine, bytes);
    };
    if let Some(component) = read(engine, &file) {
        return Ok(component);
    }
    let component = Component::from_binary(engine, bytes)?;
    if let Ok(artefact) = component.serialize() {
        write(&file, &artefact).unwrap_or_else(|error| tracing::debug!("failed to cache {}: {error}", file.display()));
    }
    Ok(component)
}

fn file(engine: &wasmtime::Engine, folder: &Path, digest: &Digest) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    folder.join(format!("{}-{:016x}.cwasm", digest.hex(), hasher.finish()))
}

#[expect(unsafe_code, reason = "reading back what this host compiled: see the module's doc")]
fn read(engine: &wasmtime::Engine, file: &Path) -> Option<Component> {
    let bytes = fs::read(file).ok()?;
    let (digest, artefact) = bytes.split_at_checked(DIGEST_LENGTH)?;
    if Sha256::digest(artefact).as_slice() != digest {
        return None;
    }
    // The time of its last use. If it can't be set, the file is pruned with older ones.
    drop(fs::File::options().append(true).open(file).and_then(|file| file.set_modified(SystemTime::now())));
    // SAFETY: the bytes are what `write` wrote after compiling, in a folder that only this user can write to.
    unsafe { Component::deserialize(engine, artefact) }.ok()
}

fn write(file: &Path, artefact: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(Sha256::digest(artefact).as_slice())?;
    temporary.write_all(artefact)?;
    temporary.persist(file)?;
    prune(folder)
}

/// Removes the components whose last use is the oldest.
fn prune(folder: &Path) -> std::io::Result<()> {
    let is_component = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "cwasm");
    let paths = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).filter(is_component);
    let mut files: Vec<_> = paths.filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path))).collect();
    files.sort_unstable_by(|left, right| right.cmp(left));
    // Another process may have removed it.
    files.iter().skip(MAX_COMPONENTS).for_each(|(_, path)| drop(fs::remove_file(path)));
    Ok(())
}

/// Whether the folder exists, belongs to this user, and only the user may enter it.
#[cfg(unix)]
fn is_private(folder: &Path) -> bool {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    let user = rustix::process::geteuid().as_raw();
    let private = |metadata: fs::Metadata| metadata.uid() == user && metadata.mode() & 0o077 == 0;
    made.and_then(|()| fs::symlink_metadata(folder)).is_ok_and(private)
}

/// On Windows the user's cache folder is the user's alone.
#[cfg(not(unix))]
fn is_private(folder: &Path) -> bool {
    fs::create_dir_all(folder).is_ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_components_that_were_used_last_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = |number: usize| folder.path().join(format!("{number}.cwasm"));
        fs::write(folder.path().join("other"), "").unwrap();
        for number in 0..MAX_COMPONENTS + 5 {
            fs::write(path(number), "").unwrap();
            // The first one was used after the others.
            let used = if number == 0 { 1000 } else { number as u64 };
            let file = fs::File::options().append(true).open(path(number)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(used)).unwrap();
        }
        prune(folder.path()).unwrap();
        let left: Vec<_> = (0..MAX_COMPONENTS + 5).filter(|number| path(*number).exists()).collect();
        assert_eq!(left, std::iter::once(0).chain(6..MAX_COMPONENTS + 5).collect::<Vec<_>>());
        assert!(folder.path().join("other").exists());
    }
}
