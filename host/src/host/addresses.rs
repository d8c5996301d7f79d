//! Addresses that a kind asks, as its parser names them for sample queries. Nothing is sent.

use std::fmt;

use futures::future::{BoxFuture, FutureExt};

use super::Host;
use crate::parser::{Description, Kind, Parser};
use crate::query::{KindName, Plan, PlanError};
use crate::robots::RobotsVerdict;
use http::Method;

use crate::types::{Failure, FailureKind, Query, host_of, path_of};

/// Choices up to which each value of a parameter is sampled. A parameter with more, such as a country, hardly changes the path.
const MAX_TRIED_CHOICES: usize = 8;

/// An address that a kind asks. Shown, it is `GET play.google.com/store/apps/details (via=page)`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AskedAddress {
    /// The HTTP method.
    pub method: Method,
    /// The host, in lower case.
    pub host: String,
    /// The path, without the query string.
    pub path: String,
    /// The parameter and the value that lead to it; `None` if the defaults do.
    pub choice: Option<(String, String)>,
    url: String,
    /// The hosts that its parser declares.
    hosts: Vec<String>,
}

impl fmt::Display for AskedAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}{}", self.method, self.host, self.path)?;
        match &self.choice {
            Some((name, value)) => write!(formatter, " ({name}={value})"),
            None => Ok(()),
        }
    }
}

impl Host {
    /// The addresses that a kind asks: those of the requests that its parser builds for the parameters' defaults and first examples, and for
    /// each choice of a parameter with few. Each path is listed once. Nothing is sent.
    ///
    /// # Errors
    /// If no parser or no single one has the kind, a required parameter has neither a default nor an example, or the parser fails.
    pub async fn addresses(&self, kind: impl Into<KindName>) -> Result<Vec<AskedAddress>, Failure> {
        self.sampled(kind.into()).await
    }

    fn sampled(&self, kind: KindName) -> BoxFuture<'_, Result<Vec<AskedAddress>, Failure>> {
        async move {
            let slot = self.slot_of(&kind).map_err(invalid)?;
            sample_addresses(&slot.parser(), kind.kind()).await
        }
        .boxed()
    }

    /// The verdict of robots.txt on an address, for this host's `User-Agent`. The file is fetched unless it is known, even if the host doesn't
    /// obey it.
    pub async fn robots_verdict(&self, address: &AskedAddress) -> RobotsVerdict {
        self.verdict(address).await
    }

    fn verdict<'a>(&'a self, address: &'a AskedAddress) -> BoxFuture<'a, RobotsVerdict> {
        async move {
            let (verdict, _) = self.context.robots.verdict(&self.context.fetcher, &address.hosts, &address.url).await;
            verdict.unwrap_or_else(|| RobotsVerdict::Unknown(format!("the parser does not declare {}", address.host)))
        }
        .boxed()
    }
}

/// The addresses that a parser asks for a kind, as [`Host::addresses`].
pub(crate) async fn sample_addresses(parser: &Parser, kind: &str) -> Result<Vec<AskedAddress>, Failure> {
    let description = parser.description();
    let mut addresses: Vec<AskedAddress> = Vec::new();
    for (choice, query) in samples(description, kind)? {
        let requests = parser.request(&[query], 1).await?;
        for request in requests.exchanges.into_iter().map(|exchange| exchange.request) {
            let address = AskedAddress {
                method: request.method,
                host: host_of(&request.url),
                path: path_of(&request.url).to_owned(),
                choice: choice.clone(),
                url: request.url,
                hosts: description.hosts.clone(),
            };
            let is_known = |known: &AskedAddress| {
                (&known.method, &known.host, &known.path) == (&address.method, &address.host, &address.path)
            };
            if !addresses.iter().any(is_known) {
                addresses.push(address);
            }
        }
    }
    Ok(addresses)
}

/// A parameter and the value that a sample gives it, if it isn't one of the defaults.
type Choice = Option<(String, String)>;

/// The query of the defaults, and one for each choice of a parameter that has few.
fn samples(description: &Description, name: &str) -> Result<Vec<(Choice, Query)>, Failure> {
    let kind = description.kind(name);
    let kind = kind.ok_or_else(|| Failure::new(FailureKind::InvalidQuery, format!("the parser has no kind {name}")))?;
    let params = kind.params.properties.iter();
    let few = params.map(|(name, param)| (name, param.choices().collect::<Vec<_>>()));
    let few = few.filter(|(_, choices)| (2..=MAX_TRIED_CHOICES).contains(&choices.len()));
    let choices = few.flat_map(|(name, choices)| choices.into_iter().map(move |value| Some((name.clone(), value))));
    let sample = |choice: Choice| Ok((choice.clone(), query(description, kind, choice.as_ref())?));
    std::iter::once(None).chain(choices).map(sample).collect()
}

/// One query of a kind: the choice, else the parameters' defaults, else their first examples.
fn query(description: &Description, kind: &Kind, choice: Option<&(String, String)>) -> Result<Query, Failure> {
    let is_chosen = |name: &str| choice.is_some_and(|(chosen, _)| chosen == name);
    let required = kind.params.required.iter().filter(|name| !is_chosen(name));
    let examples = required.filter_map(|name| {
        let param = kind.params.get(name).filter(|param| param.default().is_none())?;
        Some((name.clone(), param.example()?))
    });
    let given: Vec<_> = examples.chain(choice.cloned()).collect();
    let params = given.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let plan = Plan::new(description, &kind.name, params).map_err(invalid)?;
    // A plan has at least one query.
    Ok(plan.query(0).unwrap_or_else(|| Query::new(kind.name.as_str(), [])))
}

fn invalid(error: PlanError) -> Failure {
    Failure::new(FailureKind::InvalidQuery, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_path_of_a_kind_is_named_once() {
        let host = Host::builder().build().await.unwrap();
        let shown = async |kind| {
            let addresses = host.addresses(kind).await.unwrap();
            addresses.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(shown("list").await, ["POST play.google.com/_/PlayStoreUi/data/batchexecute"]);
        let page = "GET play.google.com/store/apps/details";
        let call = "POST play.google.com/_/PlayStoreUi/data/batchexecute";
        let app = shown("app").await;
        assert_eq!(app.len(), 2, "{app:?}");
        assert!([page, call].iter().all(|path| app.iter().any(|shown| shown.starts_with(path))), "{app:?}");
        assert_eq!(host.addresses("nothing").await.unwrap_err().kind, FailureKind::InvalidQuery);
    }
}
