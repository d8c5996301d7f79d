//! Requests, from the socket to the answer.

mod batch;
mod exchange;
mod inquiry;
mod listen;
mod pages;
mod reply;
mod resolve;
mod robots;
mod state;
mod stream;
mod walls;

pub(crate) use inquiry::{Inquiry, pairs};
pub(crate) use listen::{accept, bind, builder, listen};
pub(crate) use state::State;
