//! Options of all groups, as one struct.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use super::global::GlobalArgs;
use super::input::InputArgs;
use super::output::OutputArgs;
use super::run::RunArgs;
use super::speed::SpeedArgs;
use crate::cli::exit::ExitStatus;
use crate::cli::parsers::Parsers;
use crate::host::{Host, HostBuilder};

/// The options of all groups.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    pub(in crate::cli) global: GlobalArgs,
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,
    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
    #[command(flatten)]
    pub(in crate::cli) speed: SpeedArgs,
    #[command(flatten)]
    pub(in crate::cli) run: RunArgs,
}

impl Options {
    /// Applies the options to a host.
    ///
    /// # Errors
    /// When a file can't be read or a value has another form.
    pub(in crate::cli) fn apply(&self, builder: HostBuilder) -> Result<HostBuilder, ExitStatus> {
        let builder = self.run.apply(self.speed.apply(self.global.network.apply(builder)?));
        Ok(builder.with_source(self.output.source))
    }

    /// The host that the options describe.
    ///
    /// # Errors
    /// When it can't be built.
    pub(in crate::cli) async fn host(&self, parsers: Parsers) -> Result<Host, ExitStatus> {
        let builder = self.apply(parsers.builder())?;
        builder.build().await.map_err(|error| ExitStatus::config(crate::types::chain(&error)))
    }

    /// Records which options were typed, and has them win over those that mean the contrary and that the environment or the configuration file
    /// sets.
    pub(super) fn prefer_typed(&mut self, matches: &ArgMatches) {
        let is_typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        self.output.rows.typed =
            matches.ids().map(clap::Id::as_str).filter(|id| is_typed(id)).map(str::to_owned).collect();
        let output = &mut self.output;
        if is_typed("existing") {
            (output.resume, output.overwrite) = (false, false);
        } else if is_typed("resume") || is_typed("overwrite") {
            (output.resume, output.overwrite) = (is_typed("resume"), is_typed("overwrite"));
            output.existing = None;
        }
        let network = &mut self.global.network;
        if is_typed("no_proxy") {
            network.proxy = None;
        } else if is_typed("proxy") {
            network.no_proxy = false;
        }
    }
}
