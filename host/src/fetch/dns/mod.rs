//! Name resolution: from a host to addresses that may be connected to.

pub(super) mod address_registry;
pub(super) mod connect_to;
pub(super) mod dns_cache;
pub(super) mod resolver;
