//! Write a Playfast parser in Rust: a trait, a description and two functions.
//!
//! A parser is a type that implements [`Parser`]; [`export!`] makes a WebAssembly component of it where the target is WebAssembly, and
//! nothing elsewhere, so that the same crate is tested natively, without wasm.
//!
//! ```
//! use playfast_guest::{Exchange, Failure, HttpRequest, HttpResponse, Page, Parser, Query, Requests, url};
//!
//! struct Words;
//!
//! impl Parser for Words {
//!     fn describe() -> String {
//!         r#"{"name": "words", "version": "1.0.0", "summary": "Words of example.org", "hosts": ["example.org"],
//!             "pace": {"burst": 10, "per_minute": 60},
//!             "kinds": [{"name": "word", "summary": "One word",
//!                 "params": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
//!                 "record": {"type": "object", "properties": {"text": {"type": "string"}}},
//!                 "per_request": {"default": 1, "max": 1}}]}"#.into()
//!     }
//!
//!     fn request(queries: &[Query], _per_request: u32) -> Requests {
//!         Requests::one_each(queries, |query| {
//!             let id = query.param("id").ok_or_else(|| Failure::invalid_query("which word? give its id"))?;
//!             Ok(HttpRequest::get(url::with_query("https://example.org/word", [("id", id)])))
//!         })
//!     }
//!
//!     fn parse(queries: &[Query], response: &HttpResponse) -> Result<Vec<Result<Page, Failure>>, Failure> {
//!         let text = String::from_utf8_lossy(&response.body);
//!         let mut record = playfast_guest::json::Writer::new();
//!         record.key("text").string(text.trim());
//!         let page = Page { records: vec![record.finish()], ..Page::default() };
//!         Ok(queries.iter().map(|_| Ok(page.clone())).collect())
//!     }
//! }
//!
//! playfast_guest::export!(Words);
//! # fn main() {}
//! ```
//!
//! # From a crate to a component
//! The crate is a `cdylib`, and an `rlib` too where tests outside it use it. Built for `wasm32-unknown-unknown`, which has nothing that a
//! parser could import, it is a module, and `wasm-tools component new MODULE.wasm -o COMPONENT.wasm` makes the component of it. In the
//! project's own folder `cargo xtask component --example NAME --out FILE` does both for an example of this crate; `json_api` is one.

#[cfg(target_arch = "wasm32")]
mod bump_allocator;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod component;
pub mod group;
pub mod html;
pub mod json;
mod types;
pub mod url;

#[cfg(target_arch = "wasm32")]
pub use bump_allocator::BumpAllocator;

pub use types::{Exchange, Failure, FailureKind, HttpRequest, HttpResponse, Method, Page, Parser, Query, Requests};

/// Makes a component of a [`Parser`], once a crate. Does nothing where the target isn't WebAssembly.
#[macro_export]
macro_rules! export {
    ($parser:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Exported;
            impl $crate::component::Component for Exported {
                type Parser = $parser;
            }
    $crate::component::export_component!(Exported with_types_in $crate::component);
        };
    };
}
