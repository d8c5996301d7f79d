//! End to end: the real binary and library, the real component in the real sandbox, TLS and HTTP/2 to a store on loopback.
//!
//! With `PLAYFAST_TEST_COMPONENT=FILE` all of it runs on that component instead of the embedded one.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test's helpers may fail")]

mod address_space;
mod authorities;
mod batches;
mod blocking;
mod body_memory;
mod checkpoints;
mod command_line;
mod component;
mod databases;
mod delivery;
mod examples;
mod files;
mod help;
mod history;
mod inputs;
mod json_api;
mod kinds;
mod load;
mod loading;
mod memory;
mod misbehaving_parsers;
mod outputs;
mod outside;
#[cfg(feature = "parquet")]
mod parquet;
mod parsers;
mod partial_batches;
mod play;
mod proxies;
mod readme;
mod real_pages;
mod refused_components;
mod reports;
mod retries_and_faults;
mod robots;
mod sandbox;
mod saved_pages;
mod saved_responses;
mod scripted_servers;
mod store;
mod structure;
mod support;
mod swap;
mod terminal;
mod texts;
mod transport;
mod wat_components;
mod watched;
