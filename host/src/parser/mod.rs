//! Parsers: components that turn responses into records, in a sandbox. The only module that names wasmtime.
//!
//! An [`Engine`] compiles components and runs calls; a [`Parser`] is a component that was checked to keep the contract. Invariant: every
//! call runs in a store of its own, under all limits, and what it returns is checked before anybody else sees it.

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
pub use description::{Description, DescriptionError, Kind, Params, PerRequest};
pub use digest::{Digest, DigestError};
pub use engine::{Engine, EngineError, EngineOptions};
pub use load::{Live, LoadError, Parser};
pub use param::{AnswerSize, Param, PerRequestValue};
pub use sandbox::Limits;
pub(crate) use validator::InvalidValue;
