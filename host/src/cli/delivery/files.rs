//! Check of the files that a command reads and writes: no output is an input, and no two outputs are one file.
//!
//! Checked before anything is opened for writing, since opening may already empty a file. Files are compared by device and inode, so that
//! links of both kinds are seen; one that isn't there yet by its folder and name. Devices and pipes keep nothing that could be lost.

use std::fs;
use std::path::{Path, PathBuf};

use same_file::Handle;

#[cfg(feature = "db")]
use super::sink::is_database;
use crate::cli::args::{Arguments, Invocation, Options, OwnCommand};
use crate::cli::exit::ExitStatus;
use crate::cli::input::Source;
use crate::cli::parsers;
use crate::output::Journal;

/// How many links of links are followed to where a file would be created.
const MAX_LINKS: usize = 40;

/// A file that a command reads or writes.
struct Named {
    /// The option and the path, as typed.
    text: String,
    file: Identity,
}

/// What tells a file from another.
#[derive(PartialEq)]
enum Identity {
    /// One that is there.
    Open(Handle),
    /// Where one will be.
    Path(PathBuf),
}

impl Identity {
    /// The file at a path. `None` for devices, pipes and folders.
    fn new(path: &Path) -> Option<Self> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => match Handle::from_path(path) {
                Ok(handle) => Some(Self::Open(handle)),
                // It may be written, and not read. An input that is the same file can't be read either.
                Err(_) => Some(Self::Path(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))),
            },
            Ok(_) => None,
            Err(_) => Some(Self::Path(target(path))),
        }
    }

    /// A standard stream, if it is a file.
    fn of_stream(stream: std::io::Result<Handle>) -> Option<Self> {
        let handle = stream.ok()?;
        let is_file = handle.as_file().metadata().is_ok_and(|metadata| metadata.is_file());
        is_file.then_some(Self::Open(handle))
    }
}

/// Where a file would be created: links that lead nowhere yet are followed, and the folder is the real one.
fn target(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(link) = fs::read_link(&path) else { break };
        path = path.parent().map_or_else(|| link.clone(), |folder| folder.join(&link));
    }
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return path,
    };
    match (fs::canonicalize(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

/// Refuses outputs of a command that are its inputs, or one another.
pub(in crate::cli) fn check(arguments: &Arguments, config: Option<&Path>) -> Result<(), ExitStatus> {
    let mut outputs: Vec<Named> = Vec::new();
    let own = own_output(&arguments.command);
    for output in find_outputs(&arguments.options).chain(own) {
        if let Some(other) = outputs.iter().find(|other| other.file == output.file) {
            let (first, second) = (&other.text, &output.text);
            return Err(ExitStatus::config(format!("{first} and {second} are one file: give each a file of its own")));
        }
        outputs.push(output);
    }
    if outputs.is_empty() {
        return Ok(());
    }
    for (text, path) in input_paths(arguments, config) {
        let file = if path == Path::new("-") { Identity::of_stream(Handle::stdin()) } else { Identity::new(&path) };
        if let Some(output) = outputs.iter().find(|output| Some(&output.file) == file.as_ref()) {
            let output = &output.text;
            return Err(ExitStatus::config(format!(
                "{output} would overwrite what is read, {text}: give the output another file"
            )));
        }
    }
    Ok(())
}

/// The files that the general options have a command write.
fn find_outputs(options: &Options) -> impl Iterator<Item = Named> {
    let output = &options.output;
    let named = |text: String, path: &Path| Identity::new(path).map(|file| Named { text, file });
    let option = |option: &str, path: &Path| named(format!("{option} {}", path.display()), path);
    let rows = match output.rows.file() {
        #[cfg(feature = "db")]
        Some(file) if is_database(file) => [option("-o", file), None],
        Some(file) => {
            let journal = Journal::path(file);
            let text = format!("{}, the journal of -o {},", journal.display(), file.display());
            [option("-o", file), named(text, &journal)]
        }
        None => {
            let stdout = Identity::of_stream(Handle::stdout());
            [stdout.map(|file| Named { text: "stdout".to_owned(), file }), None]
        }
    };
    let failures = output.failures.as_ref().and_then(|file| option("--failures", file));
    let summary = output.summary_json.as_ref().and_then(|file| option("--summary-json", file));
    rows.into_iter().chain([failures, summary]).flatten()
}

/// The file that only one command writes.
fn own_output(command: &Invocation) -> Option<Named> {
    match command {
        #[cfg(feature = "db")]
        Invocation::Own(OwnCommand::History(command)) => {
            let html = command.html.as_ref()?;
            Some(Named { text: format!("--html {}", html.display()), file: Identity::new(html)? })
        }
        _ => None,
    }
}

/// The files that a command reads, each with the option that names it.
fn input_paths(arguments: &Arguments, config: Option<&Path>) -> Vec<(String, PathBuf)> {
    let global = &arguments.options.global;
    let own = match &arguments.command {
        Invocation::Own(OwnCommand::Run(command)) => vec![("--queries", command.queries.clone())],
        Invocation::Own(OwnCommand::Parse(command)) => vec![("FILE", command.file.clone())],
        #[cfg(feature = "db")]
        Invocation::Own(OwnCommand::Diff(command)) => command.files.iter().map(|file| ("FILE", file.clone())).collect(),
        #[cfg(feature = "db")]
        Invocation::Own(OwnCommand::History(command)) => vec![("FILE", command.file.clone())],
        #[cfg(feature = "db")]
        Invocation::Own(OwnCommand::Db(command)) => vec![("FILE", command.file.clone())],
        _ => Vec::new(),
    };
    let parser = global.parser.parser.iter().map(|path| ("--parser", path.clone()));
    let config = config.iter().map(|path| ("--config", path.to_path_buf()));
    let cacerts = global.network.cacert.iter().map(|path| ("--cacert", path.clone()));
    let parsers = global.parser.parsers.iter().flat_map(|folder| parsers_in(folder));
    let values = match &arguments.command {
        Invocation::Kind(kind) => kind.params.as_slice(),
        Invocation::Own(_) => &[],
    };
    let sources = values.iter().filter_map(|(_, value)| Source::from_value(value));
    let sources = sources.map(|source| ("@", source.path().unwrap_or(Path::new("-")).to_owned()));
    let named = own.into_iter().chain(sources).chain(parser).chain(config).chain(cacerts);
    let named = named.chain(parsers.map(|path| ("of --parsers,", path)));
    let text = |option, path: &Path| match option {
        _ if path == Path::new("-") => "stdin".to_owned(),
        "@" => format!("@{}", path.display()),
        option => format!("{option} {}", path.display()),
    };
    named.map(|(option, path)| (text(option, &path), path)).collect()
}

/// The components of a folder. What can't be read is told by who reads it.
fn parsers_in(folder: &Path) -> Vec<PathBuf> {
    parsers::files(folder).unwrap_or_default().into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_one(left: &Path, right: &Path) -> bool {
        Identity::new(left).unwrap() == Identity::new(right).unwrap()
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_known_by_any_of_its_names() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "").unwrap();
        fs::write(path("other"), "").unwrap();
        fs::hard_link(path("file"), path("hard")).unwrap();
        symlink("file", path("soft")).unwrap();
        symlink("soft", path("softer")).unwrap();
        symlink(".", path("here")).unwrap();
        for name in ["file", "./file", "hard", "soft", "softer", "here/file", "here/soft"] {
            assert!(is_one(&path("file"), &path(name)), "{name}");
        }
        assert!(!is_one(&path("file"), &path("other")) && !is_one(&path("file"), &path("missing")));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_not_there_yet_is_known_by_its_folder() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("sub")).unwrap();
        symlink("sub/new", path("soft")).unwrap();
        symlink("sub", path("here")).unwrap();
        for name in ["soft", "here/new", "sub/../sub/new"] {
            assert!(is_one(&path("sub/new"), &path(name)), "{name}");
        }
        assert!(!is_one(&path("sub/new"), &path("new")));
        assert!(is_one(&path("no/such"), &path("no/such")));
    }

    #[cfg(unix)]
    #[test]
    fn devices_keep_nothing() {
        assert!(Identity::new(Path::new("/dev/null")).is_none());
    }
}
