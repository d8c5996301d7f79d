//! Parsers: components that turn responses into records, in a sandbox. The only module that names wasmtime.
//!
//! An [`Engine`] compiles components and runs calls; a [`Parser`] is a component that implements the contract. Invariant: every call
//! runs in a new store, under all limits, and its result is checked before any other module sees it.

mod bindings;
mod cache;
mod convert;
mod cpu_slots;
mod description;
mod digest;
mod engine;
mod load;
mod param;
mod sandbox;
mod validator;
mod wasi;

pub use crate::types::{Exchange, Interval, Pace, PaceError, Page, Request, Requests, Response};
pub(crate) use description::typed_params;
pub use description::{Description, DescriptionError, Kind, Params, PerRequest};
pub use digest::{Digest, DigestError};
pub use engine::{Engine, EngineError, EngineOptions};
pub use load::{Live, LoadError, Parser};
pub(crate) use param::AUTO;
pub use param::{AnswerSize, Param, PerRequestValue};
pub use sandbox::Limits;
pub(crate) use validator::InvalidValue;
