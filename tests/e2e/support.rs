//! A store that runs, the binary that is led to it, and hosts.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use playfast::{Host, HostBuilder, Rate, RetryPolicy};
use playfast_sim::{Store, StoreConfig};
use serde_json::Value;
use tokio::runtime::Runtime;

/// The component under test, where it isn't the embedded one.
pub(crate) fn component() -> Option<PathBuf> {
    std::env::var_os("PLAYFAST_TEST_COMPONENT").map(|file| std::path::absolute(file).unwrap())
}

/// A host that parses with the component under test.
pub(crate) fn builder() -> HostBuilder {
    match component() {
        Some(file) => Host::builder().with_parser(std::fs::read(file).unwrap()),
        None => Host::builder(),
    }
}

/// A store, its authority in a file, and a runtime for it.
pub(crate) struct Shop {
    pub(crate) store: Store,
    pub(crate) runtime: Runtime,
    authority: tempfile::NamedTempFile,
}

impl Shop {
    pub(crate) fn open(config: StoreConfig) -> Self {
        let runtime = Runtime::new().unwrap();
        let store = runtime.block_on(Store::start(config)).unwrap();
        let authority = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(authority.path(), store.ca_pem()).unwrap();
        Self { store, runtime, authority }
    }

    /// A host that is led here.
    pub(crate) fn host(&self) -> Host {
        self.build(builder())
    }

    /// A host with this parser that is led here.
    pub(crate) fn host_with(&self, parser: Vec<u8>) -> Host {
        self.build(Host::builder().with_parser(parser))
    }

    /// A host with these parsers that is led here.
    pub(crate) fn host_of(&self, parsers: &[Vec<u8>]) -> Host {
        self.build(parsers.iter().cloned().fold(Host::builder(), HostBuilder::with_parser))
    }

    /// A host made by hand that is led here.
    pub(crate) fn host_by(&self, make: impl FnOnce(HostBuilder) -> HostBuilder) -> Host {
        self.build(make(Host::builder()))
    }

    /// A host as this builder has it, led here.
    pub(crate) fn build(&self, builder: HostBuilder) -> Host {
        self.runtime.block_on(self.led(builder).build()).unwrap()
    }

    /// The same, which asks again as it is told.
    pub(crate) fn build_with(&self, builder: HostBuilder, retries: RetryPolicy) -> Host {
        self.runtime.block_on(self.led(builder).with_retry_policy(retries).build()).unwrap()
    }

    /// The same, led here, as fast as it answers, and asking nothing again.
    pub(crate) fn led(&self, builder: HostBuilder) -> HostBuilder {
        let builder = builder
            .with_certificate_authority(self.store.ca_pem())
            .with_rate(Rate::Unlimited)
            .with_retry_policy(RetryPolicy::none());
        let connect_to = self.store.connect_to().into_iter().map(|to| to.parse().unwrap());
        connect_to.fold(builder, HostBuilder::with_connect_to)
    }

    /// The variables that lead a program here.
    pub(crate) fn environment(&self) -> [(&'static str, String); 3] {
        let authority = self.authority.path().to_str().unwrap().to_owned();
        let connect_to = self.store.connect_to().join(",");
        [("PLAYFAST_CONNECT_TO", connect_to), ("PLAYFAST_CACERT", authority), ("PLAYFAST_RATE", "none".to_owned())]
    }

    /// The file with its authority.
    pub(crate) fn authority(&self) -> &Path {
        self.authority.path()
    }

    /// The options that lead the binary here.
    pub(crate) fn options(&self) -> Vec<String> {
        let connect_to = self.store.connect_to().into_iter().flat_map(|to| ["--connect-to".to_owned(), to]);
        let authority = self.authority.path().to_str().unwrap().to_owned();
        connect_to.chain(["--cacert".to_owned(), authority]).collect()
    }

    /// Runs the binary, led here, asking nothing again.
    pub(crate) fn playfast(&self, arguments: &[&str]) -> Ran {
        self.paced(&[arguments, &["--rate=none"]].concat())
    }

    /// The same at the pace that the arguments say.
    pub(crate) fn paced(&self, arguments: &[&str]) -> Ran {
        let options = self.options().into_iter().chain(["--retries=0".to_owned()]);
        run(arguments.iter().map(|argument| (*argument).to_owned()).chain(options))
    }

    /// Runs a command that doesn't use the network, and so takes no option that leads here.
    pub(crate) fn offline(&self, arguments: &[&str]) -> Ran {
        let ran = playfast(arguments);
        assert_eq!(self.store.stats().connections, 0, "{arguments:?}");
        ran
    }
}

/// A folder of files, which is gone with the test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with these files: names and contents.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self::empty();
        files.iter().for_each(|(name, content)| drop(folder.write(name, content)));
        folder
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The path of a file as an argument.
    pub(crate) fn name(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Writes a file, and returns its path as an argument.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.name(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names of its files, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// The variables that name proxies, as curl reads them.
const PROXY_VARIABLES: [&str; 6] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"];

/// The binary, to be run without the proxies of the environment in which the tests run.
pub(crate) fn binary() -> Command {
    without_proxies(Command::new(env!("CARGO_BIN_EXE_playfast")))
}

/// A command that doesn't see the proxies of the environment in which the tests run.
pub(crate) fn without_proxies(mut command: Command) -> Command {
    for name in PROXY_VARIABLES {
        command.env_remove(name);
    }
    command
}

/// Runs the binary.
pub(crate) fn playfast(arguments: &[&str]) -> Ran {
    run(arguments.iter().map(|argument| (*argument).to_owned()))
}

fn run(arguments: impl Iterator<Item = String>) -> Ran {
    let arguments: Vec<_> = arguments.collect();
    let names_parser = arguments.iter().any(|argument| argument.starts_with("--parser"));
    let mut command = binary();
    command.args(arguments);
    if let Some(component) = component().filter(|_| !names_parser) {
        command.arg("--parser").arg(component);
    }
    Ran(command.output().unwrap())
}

/// A row without the time when it was fetched, to be compared with one of another run.
pub(crate) fn timeless(mut row: Value) -> Value {
    row.as_object_mut().unwrap().remove("fetched_at").unwrap();
    row
}

/// A line of standard error without the time before it: `2026-11-26T16:35:33Z playfast: …`.
pub(crate) fn untimed(line: &str) -> &str {
    let is_time = |word: &str| word.len() == 20 && word.starts_with("20") && word.ends_with('Z');
    line.split_once(' ').filter(|(word, _)| is_time(word)).map_or(line, |(_, rest)| rest)
}

/// What the binary did.
#[derive(Debug)]
pub(crate) struct Ran(pub(crate) Output);

impl Ran {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// The rows of NDJSON, without the times when they were fetched.
    pub(crate) fn timeless_rows(&self) -> Vec<Value> {
        self.rows().into_iter().map(timeless).collect()
    }

    /// The rows of NDJSON.
    pub(crate) fn rows(&self) -> Vec<Value> {
        self.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What it said on standard error, without the times before lines of a run.
    pub(crate) fn said(&self) -> String {
        self.stderr().lines().map(|line| untimed(line).to_owned() + "\n").collect()
    }

    /// Fails unless the binary said one line with this in it, and ended with this code.
    pub(crate) fn refused(&self, code: i32, part: &str) {
        let stderr = self.stderr();
        assert_eq!(self.code(), code, "{stderr}");
        assert!(stderr.contains(part), "{part:?} is not in {stderr}");
        assert!(stderr.trim_end().lines().count() <= 1 || stderr.contains("--help"), "{stderr}");
    }
}
