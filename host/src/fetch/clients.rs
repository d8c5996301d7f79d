//! Over which client does an exchange go?
//!
//! A client opens one HTTP/2 connection to a host, so there is a list of them that grows where a host is worth more. They share names and
//! all that the user said.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::{Client, Version};
use tokio::sync::watch;

use super::ClientError;
use super::client::Recipe;
use super::connections::{Found, Load};
use super::standing;

/// The clients of a fetcher.
pub(super) struct Clients {
    recipe: Recipe,
    state: Mutex<State>,
}

struct State {
    clients: Vec<Client>,
    hosts: HashMap<String, Host>,
}

#[derive(Default)]
struct Host {
    load: Load,
    /// By connection: whether the one that was opened last stands.
    opening: HashMap<usize, watch::Receiver<bool>>,
}

/// An exchange's place on a connection, until it is dropped.
pub(super) struct Lane {
    client: Client,
    connection: Connection,
    clients: Arc<Clients>,
    host: String,
    index: usize,
    since: Instant,
}

/// What is known of the connection.
enum Connection {
    Stands,
    /// This exchange opens it.
    Own(watch::Sender<bool>),
    /// Another exchange opens it.
    Others(watch::Receiver<bool>),
}

impl Clients {
    pub(super) fn new(recipe: Recipe) -> Result<Self, ClientError> {
        let state = State { clients: vec![recipe.client()?], hosts: HashMap::new() };
        Ok(Self { recipe, state: Mutex::new(state) })
    }

    /// A place for an exchange with a host.
    pub(super) fn enter(self: &Arc<Self>, host: &str) -> Result<Lane, ClientError> {
        let (since, mut state) = (Instant::now(), self.state());
        let entered = state.hosts.entry(host.to_owned()).or_default();
        let (index, connection) = entered.enter(since, self.recipe.idle_timeout());
        let client = match state.clients.get(index) {
            Some(client) => Ok(client.clone()),
            None => self.another(&mut state.clients),
        };
        if client.is_err() {
            state.leave(host, index);
        }
        Ok(Lane { client: client?, connection, clients: Arc::clone(self), host: host.to_owned(), index, since })
    }

    /// An exchange's index is one of the clients', or that of the next.
    fn another(&self, clients: &mut Vec<Client>) -> Result<Client, ClientError> {
        let client = self.recipe.client()?;
        clients.push(client.clone());
        tracing::debug!(connections = clients.len(), "one more connection to a host");
        Ok(client)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn leave(&mut self, host: &str, index: usize) {
        if let Some(host) = self.hosts.get_mut(host) {
            host.load.leave(index, Instant::now());
        }
    }
}

impl Host {
    fn enter(&mut self, now: Instant, kept: Duration) -> (usize, Connection) {
        // Known before the first answer, which may never come.
        for (index, _) in self.opening.iter().filter(|(_, opened)| *opened.borrow()) {
            self.load.stands(*index);
        }
        let (index, found) = self.load.enter(now, kept);
        (index, self.connection(index, found))
    }

    fn connection(&mut self, index: usize, found: Found) -> Connection {
        match found {
            Found::Stands => Connection::Stands,
            Found::Nothing => {
                let (opens, opened) = watch::channel(false);
                self.opening.insert(index, opened);
                Connection::Own(opens)
            }
            Found::Opening => self.opening.get(&index).cloned().map_or(Connection::Stands, Connection::Others),
        }
    }
}

impl Lane {
    /// Sends a request, up to the head of its answer.
    pub(super) async fn execute(&mut self, request: reqwest::Request) -> reqwest::Result<reqwest::Response> {
        let response = match std::mem::replace(&mut self.connection, Connection::Stands) {
            Connection::Stands => self.client.execute(request).await?,
            Connection::Own(opens) => standing::opening(opens, self.client.execute(request)).await?,
            Connection::Others(opened) => {
                standing::opened(opened).await;
                self.since = Instant::now();
                self.client.execute(request).await?
            }
        };
        self.answered(response.version());
        Ok(response)
    }

    fn answered(&self, version: Version) {
        let took = (version == Version::HTTP_2).then(|| self.since.elapsed());
        if let Some(host) = self.clients.state().hosts.get_mut(&self.host) {
            host.load.answered(self.index, took);
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.clients.state().leave(&self.host, self.index);
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Clients").finish_non_exhaustive()
    }
}
