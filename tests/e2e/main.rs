//! End to end: the real binary and library, the real component in the real sandbox, TLS and HTTP/2 to a store on loopback.
//!
//! With `PLAYFAST_TEST_COMPONENT=FILE` all of it runs on that component instead of the embedded one.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test's helpers may fail")]

mod authorities;
mod batches;
mod blocking;
mod bombs;
mod checkpoints;
mod command_line;
mod component;
mod delivery;
mod examples;
mod faulty;
mod files;
mod frames;
mod guest;
mod help;
mod inputs;
mod json_api;
mod little_space;
mod load;
mod loading;
mod memory;
mod outputs;
mod outside;
mod pages;
mod parsers;
mod play;
mod proxies;
mod raw;
mod readme;
mod real_pages;
mod reports;
mod robots;
mod rogue;
mod sandbox;
mod saved;
mod store;
mod strange;
mod structure;
mod support;
mod swap;
mod terminal;
mod transport;
mod watched;
