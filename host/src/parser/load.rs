//! Loading of components: compilation, the checks of imports and exports, and the description.
//!
//! A component becomes a [`Parser`] in steps, each with its own refusal: it is WebAssembly, a component, of the contract's world and
//! version, it links, it starts, and it describes itself in a document that fits the schema.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Notify;
use wasmtime::component::Component;

use super::bindings::{PlayfastParser, PlayfastParserPre};
use super::description::{Description, DescriptionError};
use super::digest::Digest;
use super::engine::Engine;
use super::sandbox::{Call, State};
use super::{cache, convert};
use crate::types::{Failure, FailureKind, Page, Query, Requests, Response};

/// The interface that a parser exports, and its version.
const CONTRACT_INTERFACE: &str = "playfast:parser/parser";
const CONTRACT_VERSION: &str = "0.1.0";

/// Why a component can't be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// It isn't WebAssembly.
    #[error("it is not WebAssembly: it starts with {start:?} instead of \"\\0asm\"; give a component (.wasm)")]
    NotWasm {
        /// Its first bytes.
        start: String,
    },
    /// It is a core module.
    #[error("it is a core WebAssembly module, not a component; convert it with `wasm-tools component new`")]
    CoreModule,
    /// Its digest isn't pinned.
    #[error("its digest is {found}, and only these are pinned: {pinned}")]
    Digest {
        /// Its digest.
        found: Digest,
        /// The pinned digests.
        pinned: String,
    },
    /// It can't be compiled, or exceeds the limit of instances, memories or tables.
    #[error("it is not valid WebAssembly, or too large for this host")]
    Compile(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It is a component of another world.
    #[error(
        "it is a component of another world: it exports {exports} instead of {CONTRACT_INTERFACE}@{CONTRACT_VERSION}"
    )]
    OtherWorld {
        /// What it exports.
        exports: String,
    },
    /// It implements another version of the contract.
    #[error("it implements version {found} of the contract, and this host version {CONTRACT_VERSION}")]
    OtherVersion {
        /// The version that it exports.
        found: String,
    },
    /// It has imports, and only parsers without any are allowed, or the host doesn't provide them.
    #[error("it imports {imports}, and {reason}")]
    Imports {
        /// What it imports.
        imports: String,
        /// Why they are refused.
        reason: &'static str,
    },
    /// Its types aren't the contract's, or it fails to start.
    #[error("it fails to start under the contract")]
    Start(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Its description is invalid.
    #[error("its description is invalid")]
    Description(#[from] DescriptionError),
}

/// A loaded component that implements the contract: [`Engine::load`]. Cloning it is cheap.
///
/// ```
/// # use playfast::{PLAY, Plan, parser::{Engine, EngineOptions}};
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let parser = Engine::new(EngineOptions::default())?.load(PLAY).await?;
/// let plan = Plan::new(parser.description(), "app", [("app_id", "com.spotify.music"), ("via", "page")])?;
/// let queries: Vec<_> = plan.queries().collect();
/// let requests = parser.request(&queries, 1).await?;
/// assert!(requests.exchanges[0].request.url.contains("id=com.spotify.music"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Parser(Arc<Inner>);

struct Inner {
    engine: Engine,
    component: PlayfastParserPre<State>,
    digest: Digest,
    size: usize,
    imports: Vec<String>,
    exports: Vec<String>,
    description: Arc<Description>,
}

impl fmt::Debug for Parser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Description { name, version, .. } = &*self.0.description;
        formatter
            .debug_struct("Parser")
            .field("name", name)
            .field("version", version)
            .field("digest", &self.0.digest)
            .finish()
    }
}

impl Engine {
    /// Loads the parser in a component's bytes.
    ///
    /// # Errors
    /// At the step that [`LoadError`] names.
    pub async fn load(&self, bytes: &[u8]) -> Result<Parser, LoadError> {
        self.load_hashed(bytes, Digest::compute(bytes)).await
    }

    /// As [`Engine::load`], of bytes whose digest is known.
    pub(crate) async fn load_hashed(&self, bytes: &[u8], digest: Digest) -> Result<Parser, LoadError> {
        check_header(bytes)?;
        let inner = &self.0;
        check_digest(digest, &inner.options.digests)?;
        let component = self.compiled(digest, bytes).await?;
        let (imports, exports) = names(&inner.wasmtime, &component);
        check_exports(&exports)?;
        check_imports(&imports, inner.options.pure_only)?;
        let linked = inner.linker.instantiate_pre(&component).map_err(|error| LoadError::Imports {
            imports: imports.join(", "),
            reason: if error.to_string().contains("import") {
                "this host does not provide all of them"
            } else {
                "it does not link"
            },
        })?;
        let component = PlayfastParserPre::new(linked).map_err(|error| LoadError::Start(error.into()))?;
        let description = describe(self, &component).await?;
        Ok(Parser(Arc::new(Inner {
            engine: self.clone(),
            component,
            digest,
            size: bytes.len(),
            imports,
            exports,
            description: Arc::new(description),
        })))
    }

    /// Compiles the component on a blocking thread, since it takes up to a second.
    async fn compiled(&self, digest: Digest, bytes: &[u8]) -> Result<Component, LoadError> {
        let (engine, bytes) = (self.clone(), bytes.to_vec());
        let compiled = tokio::task::spawn_blocking(move || {
            let inner = &engine.0;
            cache::compiled(&inner.wasmtime, inner.options.cache.as_deref(), &digest, &bytes)
        });
        let compiled = compiled.await.map_err(|error| LoadError::Compile(error.into()))?;
        compiled.map_err(|error| LoadError::Compile(error.into()))
    }
}

async fn describe(engine: &Engine, component: &PlayfastParserPre<State>) -> Result<Description, LoadError> {
    let guest = async |store: &mut wasmtime::Store<State>| {
        let instance = component.instantiate_async(&mut *store).await?;
        instance.playfast_parser_parser().call_describe(&mut *store).await
    };
    let call = Call { parser: "being loaded", name: "describe", kind: "", slow: None };
    let text = engine.0.call(call, guest).await;
    let text = text.map_err(|failure| LoadError::Start(failure.into()))?;
    Ok(Description::parse(&text)?)
}

/// WebAssembly's magic number, and the layers of its version field: 0 is a core module, 1 a component.
fn check_header(bytes: &[u8]) -> Result<(), LoadError> {
    match bytes {
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => Ok(()),
        [0, b'a', b's', b'm', _, _, 0, 0, ..] => Err(LoadError::CoreModule),
        _ => {
            let start = bytes.get(..bytes.len().min(8)).unwrap_or_default();
            Err(LoadError::NotWasm { start: String::from_utf8_lossy(start).into_owned() })
        }
    }
}

fn check_digest(found: Digest, pinned: &[Digest]) -> Result<(), LoadError> {
    if pinned.is_empty() || pinned.contains(&found) {
        return Ok(());
    }
    let pinned: Vec<_> = pinned.iter().map(ToString::to_string).collect();
    Err(LoadError::Digest { found, pinned: pinned.join(", ") })
}

fn names(engine: &wasmtime::Engine, component: &Component) -> (Vec<String>, Vec<String>) {
    let kind = component.component_type();
    let imports = kind.imports(engine).map(|(name, _)| name.to_owned()).collect();
    let exports = kind.exports(engine).map(|(name, _)| name.to_owned()).collect();
    (imports, exports)
}

fn check_exports(exports: &[String]) -> Result<(), LoadError> {
    let version = exports.iter().find_map(|name| name.strip_prefix(CONTRACT_INTERFACE)?.strip_prefix('@'));
    match version {
        Some(CONTRACT_VERSION) => Ok(()),
        Some(found) => Err(LoadError::OtherVersion { found: found.to_owned() }),
        None if exports.is_empty() => Err(LoadError::OtherWorld { exports: "nothing".to_owned() }),
        None => Err(LoadError::OtherWorld { exports: exports.join(", ") }),
    }
}

fn check_imports(imports: &[String], pure_only: bool) -> Result<(), LoadError> {
    let refuse = |reason| Err(LoadError::Imports { imports: imports.join(", "), reason });
    match imports {
        [] => Ok(()),
        _ if pure_only => refuse("only parsers without imports are allowed"),
        _ if !imports.iter().all(|name| name.starts_with("wasi:")) => refuse("a parser may only import WASI"),
        _ => Ok(()),
    }
}

impl Parser {
    /// Its description.
    #[must_use]
    pub fn description(&self) -> &Arc<Description> {
        &self.0.description
    }

    /// The digest of its component.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// The size of its component, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.size
    }

    /// Names of its component's imports.
    #[must_use]
    pub fn imports(&self) -> &[String] {
        &self.0.imports
    }

    /// Names of its component's exports.
    #[must_use]
    pub fn exports(&self) -> &[String] {
        &self.0.exports
    }

    /// Builds the requests of `queries`, with at most `per_request` of them in each.
    ///
    /// # Errors
    /// If the sandbox stops the call, or its result breaks the contract.
    pub async fn request(&self, queries: &[Query], per_request: u32) -> Result<Requests, Failure> {
        let selections = convert::selections(queries, &self.0.description);
        let params = convert::params(queries, &selections);
        let arguments = convert::to_wit_queries(queries, &params);
        let guest = async |parser: &PlayfastParser, store: &mut wasmtime::Store<State>| {
            parser.playfast_parser_parser().call_request(store, &arguments, per_request).await
        };
        let call = self.call_of("request", queries);
        convert::requests(self.call(call, guest).await?, queries.len(), call)
    }

    /// Parses a response into a page for each of `queries`.
    ///
    /// # Errors
    /// A failure of the response as a whole: the parser's own, or the sandbox's.
    pub async fn parse(&self, queries: &[Query], response: &Response) -> Result<Vec<Result<Page, Failure>>, Failure> {
        self.parse_or_notify(queries, response, None).await
    }

    /// As [`Parser::parse`]. Notifies `slow` if it takes long.
    pub(crate) async fn parse_or_notify(
        &self,
        queries: &[Query],
        response: &Response,
        slow: Option<&Notify>,
    ) -> Result<Vec<Result<Page, Failure>>, Failure> {
        let selections = convert::selections(queries, &self.0.description);
        let (params, headers) = (convert::params(queries, &selections), convert::headers(response));
        let arguments = convert::to_wit_queries(queries, &params);
        let headers = convert::pairs(&headers);
        let response = convert::to_wit_response(response, &headers);
        let guest = async |parser: &PlayfastParser, store: &mut wasmtime::Store<State>| {
            parser.playfast_parser_parser().call_parse(store, &arguments, response).await
        };
        let call = Call { slow, ..self.call_of("parse", queries) };
        let returned = self.call(call, guest).await;
        let items = self.0.engine.limits().items;
        let pages = returned.and_then(|pages| convert::pages(pages, queries.len(), items, call));
        pages.and_then(|pages| self.check_follows(pages, call))
    }

    /// The engine that loaded it.
    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// An instance that is reused, for benchmarks: the cost of a fresh sandbox for each response is measured against it.
    ///
    /// # Errors
    /// If it fails to start.
    #[doc(hidden)]
    pub async fn live(&self) -> Result<Live, Failure> {
        let mut store = self.0.engine.0.unscheduled_store();
        let instance = self.0.component.instantiate_async(&mut store).await;
        let instance = instance.map_err(|error| store.data().failure(self.call_of("instantiate", &[]), &error))?;
        Ok(Live { store, instance, items: self.0.engine.limits().items })
    }

    /// The call that failures name.
    fn call_of<'a>(&'a self, name: &'static str, queries: &'a [Query]) -> Call<'a> {
        let kind = queries.first().map(Query::kind).unwrap_or_default();
        Call { parser: &self.0.description.name, name, kind, slow: None }
    }

    /// Returns the pages if the parser describes the kinds and parameters of all further queries.
    fn check_follows(
        &self,
        pages: Vec<Result<Page, Failure>>,
        call: Call<'_>,
    ) -> Result<Vec<Result<Page, Failure>>, Failure> {
        let is_unknown = |query: &Query| {
            let kind = self.0.description.kind(query.kind());
            kind.is_none_or(|kind| query.params().any(|(name, _)| kind.params.get(name).is_none()))
        };
        let mut follows = pages.iter().flatten().flat_map(|page| &page.follow);
        match follows.find(|query| is_unknown(query)) {
            Some(query) => {
                Err(call.failure(FailureKind::ParserInvalid, format!("raises {query}, which it does not describe")))
            }
            None => Ok(pages),
        }
    }

    async fn call<R>(
        &self,
        call: Call<'_>,
        guest: impl AsyncFnOnce(&PlayfastParser, &mut wasmtime::Store<State>) -> wasmtime::Result<R>,
    ) -> Result<R, Failure> {
        let inner = &self.0;
        let instance = async |store: &mut wasmtime::Store<State>| {
            let parser = inner.component.instantiate_async(&mut *store).await?;
            guest(&parser, store).await
        };
        inner.engine.0.call(call, instance).await
    }
}

/// A reused instance: [`Parser::live`].
#[doc(hidden)]
pub struct Live {
    store: wasmtime::Store<State>,
    instance: PlayfastParser,
    items: usize,
}

impl fmt::Debug for Live {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Live").finish_non_exhaustive()
    }
}

impl Live {
    /// As [`Parser::parse`], in the same instance.
    ///
    /// # Errors
    /// As [`Parser::parse`].
    pub async fn parse(
        &mut self,
        queries: &[Query],
        response: &Response,
    ) -> Result<Vec<Result<Page, Failure>>, Failure> {
        // No description is at hand: all fields are wanted.
        let selections = vec![None; queries.len()];
        let (params, headers) = (convert::params(queries, &selections), convert::headers(response));
        let arguments = convert::to_wit_queries(queries, &params);
        let headers = convert::pairs(&headers);
        let response = convert::to_wit_response(response, &headers);
        self.store.data_mut().restart();
        let guest = self.instance.playfast_parser_parser();
        let pages = guest.call_parse(&mut self.store, &arguments, response).await;
        let call = Call { parser: "live", name: "parse", kind: "", slow: None };
        let pages = pages.map_err(|error| self.store.data().failure(call, &error))?;
        convert::pages(pages, queries.len(), self.items, call)
    }
}
