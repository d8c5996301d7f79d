//! Pool of HTTP clients, one for each HTTP/2 connection to a host.
//!
//! A client opens one HTTP/2 connection to a host, so more connections need more clients. They share the resolver and the configuration.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use reqwest::{Client, Version};

use super::client::ClientConfig;
use super::connections::ConnectionLoad;
use super::single_flight::{Exchanged, SingleFlight};
use crate::fetch::ClientError;

/// Pool of clients.
pub(in crate::fetch) struct ConnectionPool {
    recipe: ClientConfig,
    state: Mutex<State>,
}

struct State {
    clients: Vec<Client>,
    hosts: HashMap<String, Host>,
}

#[derive(Default)]
struct Host {
    load: ConnectionLoad,
    /// By connection.
    flights: HashMap<usize, SingleFlight>,
}

/// Place of an exchange on a connection, until it is dropped.
pub(in crate::fetch) struct PooledConnection {
    client: Client,
    flight: SingleFlight,
    clients: Arc<ConnectionPool>,
    host: String,
    index: usize,
}

impl ConnectionPool {
    pub(in crate::fetch) fn new(recipe: ClientConfig) -> Result<Self, ClientError> {
        let state = State { clients: vec![recipe.client()?], hosts: HashMap::new() };
        Ok(Self { recipe, state: Mutex::new(state) })
    }

    /// A place for an exchange with a host.
    pub(in crate::fetch) fn enter(self: &Arc<Self>, host: &str) -> Result<PooledConnection, ClientError> {
        let mut state = self.state();
        let (index, flight) = state.hosts.entry(host.to_owned()).or_default().enter();
        let client = match state.clients.get(index) {
            Some(client) => Ok(client.clone()),
            None => self.another(&mut state.clients),
        };
        if client.is_err() {
            state.release(host, index);
        }
        Ok(PooledConnection { client: client?, flight, clients: Arc::clone(self), host: host.to_owned(), index })
    }

    /// An exchange's index is one of the clients', or that of the next.
    fn another(&self, clients: &mut Vec<Client>) -> Result<Client, ClientError> {
        let client = self.recipe.client()?;
        clients.push(client.clone());
        tracing::debug!(connections = clients.len(), "one more connection to a host");
        Ok(client)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl State {
    fn release(&mut self, host: &str, index: usize) {
        if let Some(host) = self.hosts.get_mut(host) {
            host.load.release(index);
        }
    }
}

impl Host {
    fn enter(&mut self) -> (usize, SingleFlight) {
        for (index, flight) in &self.flights {
            self.load.set_open(*index, flight.is_open());
        }
        let index = self.load.enter();
        (index, self.flights.entry(index).or_default().clone())
    }
}

impl PooledConnection {
    /// Sends a request, and returns the head of its response.
    pub(in crate::fetch) async fn execute(
        &self,
        request: reqwest::Request,
    ) -> Exchanged<reqwest::Result<reqwest::Response>> {
        let since = Instant::now();
        let exchanged = self.flight.exchange(self.client.execute(request)).await;
        if let Ok(response) = &exchanged.output {
            // What an exchange waited for its connection says nothing of the server.
            let is_telling = exchanged.is_reused && response.version() == Version::HTTP_2;
            self.record(is_telling.then(|| since.elapsed()));
        }
        exchanged
    }

    fn record(&self, took: Option<Duration>) {
        if let Some(host) = self.clients.state().hosts.get_mut(&self.host) {
            host.load.answered(self.index, took);
        }
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        self.clients.state().release(&self.host, self.index);
    }
}

impl fmt::Debug for ConnectionPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Clients").finish_non_exhaustive()
    }
}
