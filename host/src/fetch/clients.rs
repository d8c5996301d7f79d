//! Over which client does an exchange go?
//!
//! A client opens one HTTP/2 connection to a host, so there is a list of them that grows where a host is worth more. They share names and
//! all that the user said.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use reqwest::{Client, Version};

use super::ClientError;
use super::client::Recipe;
use super::connections::Load;

/// The clients of a fetcher.
pub(super) struct Clients {
    recipe: Recipe,
    state: Mutex<State>,
}

struct State {
    clients: Vec<Client>,
    /// By host.
    loads: HashMap<String, Load>,
}

/// An exchange's place on a connection, until it is dropped.
pub(super) struct Lane {
    pub(super) client: Client,
    clients: Arc<Clients>,
    host: String,
    index: usize,
    since: Instant,
}

impl Clients {
    pub(super) fn new(recipe: Recipe) -> Result<Self, ClientError> {
        let state = State { clients: vec![recipe.client()?], loads: HashMap::new() };
        Ok(Self { recipe, state: Mutex::new(state) })
    }

    /// A place for an exchange with a host.
    pub(super) fn enter(self: &Arc<Self>, host: &str) -> Result<Lane, ClientError> {
        let mut state = self.state();
        let index = state.loads.entry(host.to_owned()).or_default().enter();
        let client = match state.clients.get(index) {
            Some(client) => Ok(client.clone()),
            None => self.another(&mut state.clients),
        };
        if client.is_err() {
            state.leave(host, index);
        }
        Ok(Lane { client: client?, clients: Arc::clone(self), host: host.to_owned(), index, since: Instant::now() })
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
        if let Some(load) = self.loads.get_mut(host) {
            load.leave(index);
        }
    }
}

impl Lane {
    /// The head of the answer came.
    pub(super) fn answered(&self, version: Version) {
        let took = (version == Version::HTTP_2).then(|| self.since.elapsed());
        if let Some(load) = self.clients.state().loads.get_mut(&self.host) {
            load.answered(self.index, took);
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
