//! Bodies of responses: decoding and the limits of memory and time.

pub(super) mod body;
pub(super) mod decode;
pub(super) mod memory_budget;
pub(super) mod timeout;
