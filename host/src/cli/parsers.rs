//! The parsers that a command starts with.
//!
//! The one in `--parser`, those in the folder of `--parsers`, or the built-in one. Naming a file allows the hosts that it declares; a file
//! in a folder may ask those of Play, and those that `--allow-host` or the configuration allow.

use std::path::{Path, PathBuf};

use crate::cli::exit::ExitStatus;
use crate::cli::settings::Settings;
use crate::host::{Host, HostBuilder, PLAY};
#[cfg(feature = "db")]
use crate::parser::Description;
use crate::parser::{Digest, Engine, EngineOptions, Kind, Parser};
use crate::swap::check_hosts;
use crate::types::chain;

/// The hosts of Play: who runs this program allows them.
const PLAY_HOSTS: [&str; 1] = ["play.google.com"];

/// Parsers that were loaded, each with its slot's name where that isn't its own.
#[derive(Debug)]
pub(in crate::cli) struct Parsers {
    parsers: Vec<(Option<String>, Parser)>,
    allowed: Vec<String>,
}

impl Parsers {
    /// The parsers that the settings name.
    pub(in crate::cli) async fn load(settings: &Settings) -> Result<Self, ExitStatus> {
        let engine = engine(settings)?;
        let (file, folder) = (path(settings, "parser"), path(settings, "parsers"));
        let mut allowed = settings.list("allow-host");
        let parsers = match (file, folder) {
            (Some(_), Some(_)) => {
                return Err(ExitStatus::config("--parser and --parsers can't both be given".to_owned()));
            }
            (None, Some(folder)) => {
                allowed.extend(PLAY_HOSTS.map(str::to_owned));
                load_folder(&engine, &folder, &allowed).await?
            }
            (file, None) => vec![(None, load_file(&engine, file.as_deref()).await?)],
        };
        Ok(Self { parsers, allowed })
    }

    /// The first of them.
    pub(in crate::cli) fn first(self) -> Result<Parser, ExitStatus> {
        self.parsers
            .into_iter()
            .next()
            .map(|(_, parser)| parser)
            .ok_or_else(|| ExitStatus::refused("no parser".to_owned()))
    }

    /// Their descriptions.
    #[cfg(feature = "db")]
    pub(in crate::cli) fn descriptions(&self) -> impl Iterator<Item = &Description> {
        self.parsers.iter().map(|(_, parser)| &**parser.description())
    }

    /// A host that has them.
    pub(in crate::cli) fn builder(self) -> HostBuilder {
        let builder = self.allowed.into_iter().fold(Host::builder(), HostBuilder::with_allowed_host);
        self.parsers.into_iter().fold(builder, |builder, (name, parser)| builder.loaded(name, parser))
    }

    /// What can be asked: the names of commands, of which the first is shown, and the kinds that they stand for. One that is of several
    /// parsers, or has the name of a command of the host, is there as `parser:kind` alone; any other may be asked for so, too.
    pub(in crate::cli) fn commands(&self, own: &[&str]) -> Vec<(Vec<String>, Kind)> {
        let kinds: Vec<_> = self
            .parsers
            .iter()
            .flat_map(|(name, parser)| {
                let description = parser.description();
                let slot = name.clone().unwrap_or_else(|| description.name.clone());
                description.kinds.iter().map(move |kind| (slot.clone(), &description.name, kind))
            })
            .collect();
        let mut commands: Vec<(Vec<String>, Kind)> = Vec::new();
        for (slot, parser, kind) in &kinds {
            let of_name: Vec<_> = kinds.iter().filter(|(_, _, other)| other.name == kind.name).collect();
            let is_plain = of_name.iter().all(|(_, other, _)| other == parser) && !own.contains(&kind.name.as_str());
            let full = format!("{slot}:{}", kind.name);
            if is_plain && of_name.len() == 1 {
                commands.push((vec![kind.name.clone(), full], (*kind).clone()));
                continue;
            }
            if is_plain && !commands.iter().any(|(names, _)| names.contains(&kind.name)) {
                commands.push((vec![kind.name.clone()], (*kind).clone()));
            }
            commands.push((vec![full], (*kind).clone()));
        }
        commands
    }
}

/// The parser in a file.
pub(in crate::cli) async fn load(file: &Path, settings: &Settings) -> Result<Parser, ExitStatus> {
    load_file(&engine(settings)?, Some(file)).await
}

/// The parser that comes along, whatever the settings say.
pub(in crate::cli) async fn built_in() -> Result<Parser, ExitStatus> {
    load_file(&engine(&Settings::default())?, None).await
}

fn engine(settings: &Settings) -> Result<Engine, ExitStatus> {
    let digests = settings.list("parser-digest").iter().map(|text| text.parse::<Digest>()).collect::<Result<_, _>>();
    let digests = digests.map_err(|error| ExitStatus::config(format!("--parser-digest: {error}")))?;
    let options = EngineOptions {
        cache: crate::cli::cache(),
        pure_only: settings.flag("pure"),
        digests,
        ..EngineOptions::default()
    };
    Engine::new(options).map_err(|error| ExitStatus::config(chain(&error)))
}

fn path(settings: &Settings, name: &str) -> Option<PathBuf> {
    settings.values(name).pop().map(PathBuf::from)
}

/// The parser in a file, or the one that comes along.
async fn load_file(engine: &Engine, file: Option<&Path>) -> Result<Parser, ExitStatus> {
    let bytes = match file {
        Some(file) => crate::cli::read(file)?,
        None => PLAY.to_vec(),
    };
    let name = file.map_or("the built-in parser".to_owned(), |file| file.display().to_string());
    engine.load(&bytes).await.map_err(|error| ExitStatus::refused(format!("{name} is refused: {}", chain(&error))))
}

/// The parsers in a folder's files. One that is refused is no hindrance to the others.
async fn load_folder(
    engine: &Engine,
    folder: &Path,
    allowed: &[String],
) -> Result<Vec<(Option<String>, Parser)>, ExitStatus> {
    let mut parsers = Vec::new();
    let files =
        files(folder).map_err(|error| ExitStatus::config(format!("failed to read {}: {error}", folder.display())))?;
    for (name, file) in files {
        let loaded = load_file(engine, Some(&file)).await.and_then(|parser| {
            let checked = check_hosts(&parser, allowed);
            checked.map_err(|error| {
                ExitStatus::refused(format!("{} is refused: {error} (--allow-host)", file.display()))
            })?;
            Ok(parser)
        });
        match loaded {
            Ok(parser) => parsers.push((Some(name), parser)),
            Err(refused) => refused.warn(),
        }
    }
    if parsers.is_empty() {
        return Err(ExitStatus::refused(format!("there is no parser (*.wasm) to be used in {}", folder.display())));
    }
    if let [_, _, ..] = parsers.as_slice() {
        let names: Vec<_> = parsers.iter().filter_map(|(name, _)| name.as_deref()).collect();
        tracing::info!("the parsers of {} are {}", folder.display(), names.join(", "));
    }
    Ok(parsers)
}

/// The components in a folder, by their names without `.wasm`, in the names' order.
pub(in crate::cli) fn files(folder: &Path) -> std::io::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".wasm"));
        if let Some(name) = name.filter(|name| !name.is_empty() && !name.starts_with('.')) {
            files.push((name.to_owned(), path.clone()));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_hosts_of_play_are_those_of_its_parser() {
        let engine = Engine::new(EngineOptions::default()).unwrap();
        assert_eq!(engine.load(PLAY).await.unwrap().description().hosts, PLAY_HOSTS);
    }
}
