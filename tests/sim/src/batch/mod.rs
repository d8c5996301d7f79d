//! Batchexecute: the calls of a form, and the envelope of frames around the answers.

mod envelope;
mod form;
mod review_call;

pub(crate) use envelope::{Answer, Frame, Framing, envelope};
pub(crate) use form::{Call, calls};
pub(crate) use review_call::ReviewCall;
