//! Proxies: where they are configured, which hosts are reached through one, and how it refuses.

pub(super) mod address;
pub(super) mod environment_proxies;
pub(super) mod no_proxy;
pub(super) mod route;
pub(super) mod tunnel;
