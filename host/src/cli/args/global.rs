//! Options of every command: parser, network, configuration, and messages on stderr.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};

use super::value::{cookie, duration, host_name, text};
use crate::cli::exit::ExitStatus;
use crate::fetch::{ConnectTo, EnvironmentProxies, FetchOptions, check_authority};
use crate::host::HostBuilder;
use crate::parser::Digest;
use crate::types::chain;

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct GlobalArgs {
    #[command(flatten)]
    pub(in crate::cli) parser: ParserArgs,
    #[command(flatten)]
    pub(in crate::cli) network: NetworkArgs,
    #[command(flatten)]
    pub(in crate::cli) general: GeneralArgs,
}

/// Which parsers are loaded, and what they may do.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct ParserArgs {
    /// Parser component to use [default: for Google Play]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) parser: Option<PathBuf>,
    /// Folder of parser components to use
    ///
    /// Each has its file's name: a kind that several have is asked for as parser:kind.
    #[arg(long, value_name = "FOLDER")]
    pub(in crate::cli) parsers: Option<PathBuf>,
    /// Refuse every parser except the one with this digest
    ///
    /// May be repeated. playfast inspect shows a parser's digest.
    #[arg(long, value_name = "sha256:DIGEST", value_delimiter = ',')]
    pub(in crate::cli) parser_digest: Vec<Digest>,
    /// Host that parsers of --parsers and --watch may ask
    ///
    /// In addition to play.google.com. A parser that --parser names may ask all hosts that it declares.
    #[arg(long, value_name = "HOST", value_delimiter = ',', value_parser = host_name)]
    pub(in crate::cli) allow_host: Vec<String>,
    /// Refuse a parser that imports anything, WASI included
    #[arg(long)]
    pub(in crate::cli) pure: bool,
}

/// How hosts are reached, and what each request carries.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct NetworkArgs {
    /// Proxy: http, https, socks5 or socks5h, as a URL
    ///
    /// With USER:PASSWORD@ before the host if it needs them. Without it, HTTPS_PROXY, ALL_PROXY and NO_PROXY are read as curl does.
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) proxy: Option<String>,
    /// Use no proxy, whatever the environment says
    #[arg(long, conflicts_with = "proxy")]
    pub(in crate::cli) no_proxy: bool,
    /// Connect to another address instead of a host's own
    ///
    /// As in curl. Several: separated by commas.
    #[arg(long, value_name = "HOST:PORT:ADDR:PORT", value_delimiter = ',')]
    pub(in crate::cli) connect_to: Vec<ConnectTo>,
    /// Trust the certificate authorities in FILE (PEM) as well
    ///
    /// SSL_CERT_FILE replaces those of the system.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) cacert: Vec<PathBuf>,
    /// Header for every request
    ///
    /// A header of that name that the parser sets goes before it.
    #[arg(long, value_name = "NAME: VALUE")]
    pub(in crate::cli) request_header: Vec<String>,
    /// Cookie for every host that the parser asks
    #[arg(long, value_name = "NAME=VALUE", value_parser = cookie)]
    pub(in crate::cli) cookie: Vec<String>,
    /// Send the cookies that hosts set back to them
    #[arg(long)]
    pub(in crate::cli) keep_cookies: bool,
    /// User agent, if the parser sets none [default: playfast and its version]
    #[arg(long, value_name = "TEXT", value_parser = text)]
    pub(in crate::cli) user_agent: Option<String>,
    /// Time limit for a whole answer, such as 500ms or 2m [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = duration, allow_negative_numbers = true)]
    pub(in crate::cli) timeout: Option<Duration>,
    /// Time limit to open a connection [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = duration, allow_negative_numbers = true)]
    pub(in crate::cli) connect_timeout: Option<Duration>,
    /// Time after which an unused connection is closed [default: 50s]
    #[arg(long, value_name = "DURATION", value_parser = duration, allow_negative_numbers = true)]
    pub(in crate::cli) idle_timeout: Option<Duration>,
}

/// Configuration, and what is said on stderr.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct GeneralArgs {
    /// Configuration file
    ///
    /// Options by their names, in TOML. Without it, playfast/playfast.toml in the folder for configuration files is read. See playfast config.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) config: Option<PathBuf>,
    /// When to use colors
    ///
    /// auto uses them on a terminal, as NO_COLOR, CLICOLOR and CLICOLOR_FORCE say.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, ignore_case = true)]
    pub(in crate::cli) color: Color,
    /// Show no progress line
    #[arg(long)]
    pub(in crate::cli) no_progress: bool,
    /// Print errors only
    #[arg(short, long)]
    pub(in crate::cli) quiet: bool,
    /// Print more on stderr; -vv prints still more
    #[arg(short, long, action = ArgAction::Count)]
    pub(in crate::cli) verbose: u8,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Color {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl NetworkArgs {
    /// Applies the options to a host.
    ///
    /// # Errors
    /// When a file can't be read or a value has another form.
    pub(in crate::cli) fn apply(&self, builder: HostBuilder) -> Result<HostBuilder, ExitStatus> {
        let mut builder = self
            .connect_to
            .iter()
            .cloned()
            .fold(builder.with_fetch_options(self.fetch()?), HostBuilder::with_connect_to);
        for file in &self.cacert {
            let pem = crate::cli::read(file)?;
            check_authority(&pem)
                .map_err(|error| ExitStatus::config(format!("{}: {}", file.display(), chain(&error))))?;
            builder = builder.with_certificate_authority(pem);
        }
        Ok(builder)
    }

    fn fetch(&self) -> Result<FetchOptions, ExitStatus> {
        let mut fetch = FetchOptions::default().with_cookie_store(self.keep_cookies);
        if !self.no_proxy {
            let proxies = EnvironmentProxies::from_environment();
            fetch = fetch.with_environment_proxies(proxies.map_err(|error| ExitStatus::config(chain(&error)))?);
        }
        if let Some(proxy) = &self.proxy {
            fetch = fetch.with_proxy(proxy);
        }
        if let Some(name) = &self.user_agent {
            fetch = fetch.with_user_agent(name);
        }
        for header in &self.request_header {
            let (name, value) = header.split_once(':').ok_or_else(|| {
                ExitStatus::config(format!("--request-header can't be {header:?}: give 'NAME: VALUE'"))
            })?;
            fetch = fetch.with_header(name.trim(), value.trim());
        }
        fetch = self.cookie.iter().fold(fetch, FetchOptions::with_cookie);
        if let Some(timeout) = self.timeout {
            fetch = fetch.with_timeout(timeout);
        }
        if let Some(timeout) = self.connect_timeout {
            fetch = fetch.with_connect_timeout(timeout);
        }
        if let Some(timeout) = self.idle_timeout {
            fetch = fetch.with_idle_timeout(timeout);
        }
        Ok(fetch)
    }
}
