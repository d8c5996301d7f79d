//! HTTP clients, and the connections over which their exchanges go.

pub(super) mod client;
pub(super) mod connection_pool;
pub(super) mod connections;
pub(super) mod open_files;
pub(super) mod single_flight;
pub(super) mod tls;
