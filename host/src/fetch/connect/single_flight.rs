//! Single flight for connections: of the exchanges that need one, one opens it and the others wait.
//!
//! The client doesn't know before TLS whether a connection will carry HTTP/2. So each exchange would open one, of which all but the first would be
//! discarded: at the start, and whenever a server closes a connection gracefully. The layer around the connector sees every attempt. It doesn't
//! know the host, so an exchange carries its [`SingleFlight`] in a task-local.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use hyper_util::client::legacy::connect::Connection;
use tokio::sync::watch;
use tokio::time::Instant;
use tower::{Layer, Service};

type BoxError = Box<dyn Error + Send + Sync>;

tokio::task_local! {
    /// The exchange for which the current task may open a connection. If the pool serves the exchange meanwhile, the client continues the attempt
    /// in another task, without this.
    static EXCHANGE: Exchange;
}

/// Time in which the pool hands a new HTTP/2 connection to waiting exchanges: dozens of microseconds, and more on a busy machine. After it one of
/// them tries again, so a connection that failed delays them no longer.
const POOL_HANDOVER_TIME: Duration = Duration::from_millis(50);

/// The connections of one client to one host.
#[derive(Clone, Debug, Default)]
pub(in crate::fetch) struct SingleFlight(Arc<watch::Sender<State>>);

#[derive(Clone, Debug, Default)]
enum State {
    /// There is no connection: an exchange that needs one opens it.
    #[default]
    Closed,
    /// The attempt of this number is under way.
    Opening(u64),
    /// The attempt of this number failed.
    Failed(u64, SharedError),
    /// An HTTP/2 connection was opened then, and the pool may not have it yet.
    Fresh(Instant),
    /// The pool has or had an HTTP/2 connection. An exchange that needs another found it closed.
    Pooled,
    /// The host speaks HTTP/1.1: each exchange needs its own connection.
    Separate,
}

/// An exchange in the client.
#[derive(Clone, Debug)]
struct Exchange {
    flight: SingleFlight,
    progress: Arc<Progress>,
}

/// Role of an exchange in opening connections.
#[derive(Debug, Default)]
struct Progress {
    has_asked: AtomicBool,
    has_opened: AtomicBool,
}

/// Result of [`SingleFlight::exchange`].
pub(in crate::fetch) struct Exchanged<T> {
    pub(in crate::fetch) output: T,
    /// Whether the exchange reused a connection.
    pub(in crate::fetch) is_reused: bool,
}

/// Next step of an exchange that needs a connection.
enum Turn {
    Open(Attempt),
    OpenSeparately,
    Fail(SharedError),
    Wait(Option<Instant>),
}

/// Attempt to open a connection. If it is dropped, another exchange tries.
struct Attempt {
    flight: SingleFlight,
    number: u64,
}

/// Error of an attempt, shared by all that waited for it.
#[derive(Clone, Debug)]
struct SharedError(Arc<dyn Error + Send + Sync>);

/// Error of an attempt that isn't needed: the pool served the exchange by another connection.
#[derive(Debug)]
struct Superseded;

impl SingleFlight {
    /// Whether a connection is open, as far as is known.
    pub(in crate::fetch) fn is_open(&self) -> bool {
        matches!(*self.0.borrow(), State::Fresh(_) | State::Pooled | State::Separate)
    }

    /// Runs an exchange through the client.
    pub(in crate::fetch) async fn exchange<F: Future>(&self, exchange: F) -> Exchanged<F::Output> {
        let progress = Arc::<Progress>::default();
        let scope = Exchange { flight: self.clone(), progress: Arc::clone(&progress) };
        let output = EXCHANGE.scope(scope, exchange).await;
        if progress.has_opened.load(Ordering::Relaxed) {
            self.settle();
        }
        Exchanged { output, is_reused: !progress.has_asked.load(Ordering::Relaxed) }
    }

    /// Records that the exchange which opened a connection ended, so that the pool has it.
    fn settle(&self) {
        self.0.send_if_modified(|state| {
            let is_fresh = matches!(state, State::Fresh(_));
            if is_fresh {
                *state = State::Pooled;
            }
            is_fresh
        });
    }

    /// Waits for the turn to open a connection; `None` if each exchange opens its own.
    async fn acquire(&self) -> Result<Option<Attempt>, BoxError> {
        let mut states = self.0.subscribe();
        let mut awaited = None;
        loop {
            states.mark_unchanged();
            let until = match self.turn(&mut awaited, Instant::now()) {
                Turn::Open(attempt) => return Ok(Some(attempt)),
                Turn::OpenSeparately => return Ok(None),
                Turn::Fail(error) => return Err(error.into()),
                Turn::Wait(until) => until,
            };
            match until {
                Some(until) => drop(while_wanted(tokio::time::timeout_at(until, states.changed())).await?),
                None => drop(while_wanted(states.changed()).await?),
            }
        }
    }

    /// `awaited` is the number of the attempt that the exchange waits for.
    fn turn(&self, awaited: &mut Option<u64>, now: Instant) -> Turn {
        let mut turn = Turn::OpenSeparately;
        self.0.send_if_modified(|state| {
            turn = match &*state {
                State::Separate => return false,
                State::Opening(number) => {
                    *awaited = Some(*number);
                    Turn::Wait(None)
                }
                State::Failed(number, error) if *awaited == Some(*number) => Turn::Fail(error.clone()),
                State::Fresh(since) if now < *since + POOL_HANDOVER_TIME => {
                    Turn::Wait(Some(*since + POOL_HANDOVER_TIME))
                }
                State::Failed(..) | State::Closed | State::Fresh(_) | State::Pooled => {
                    let number = next_number();
                    *state = State::Opening(number);
                    turn = Turn::Open(Attempt { flight: self.clone(), number });
                    return true;
                }
            };
            false
        });
        turn
    }

    /// Records an open connection.
    fn opened(&self, is_http2: bool) {
        let state = if is_http2 { State::Fresh(Instant::now()) } else { State::Separate };
        self.0.send_if_modified(|old| {
            // Those that are opened separately are many, and nobody waits.
            let is_new = is_http2 || !matches!(old, State::Separate);
            *old = state;
            is_new
        });
    }
}

/// Numbers only have to differ.
fn next_number() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Attempt {
    fn fail(self, error: SharedError) {
        self.end(State::Failed(self.number, error));
    }

    fn end(&self, next: State) {
        self.flight.0.send_if_modified(|state| {
            let is_current = matches!(state, State::Opening(number) if *number == self.number);
            if is_current {
                *state = next;
            }
            is_current
        });
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.end(State::Closed);
    }
}

/// Runs `waiting`, unless the pool serves the exchange meanwhile.
async fn while_wanted<F: Future>(waiting: F) -> Result<F::Output, Superseded> {
    let mut waiting = std::pin::pin!(waiting);
    std::future::poll_fn(|context| match EXCHANGE.try_with(|_| ()) {
        Ok(()) => waiting.as_mut().poll(context).map(Ok),
        Err(_) => Poll::Ready(Err(Superseded)),
    })
    .await
}

/// The layer around the connector.
#[derive(Clone, Debug)]
pub(in crate::fetch) struct SingleFlightLayer;

/// A connector that opens one connection at a time to each host that speaks HTTP/2.
#[derive(Clone, Debug)]
pub(in crate::fetch) struct SingleFlightConnector<S>(S);

impl<S> Layer<S> for SingleFlightLayer {
    type Service = SingleFlightConnector<S>;

    fn layer(&self, connector: S) -> Self::Service {
        SingleFlightConnector(connector)
    }
}

impl<S, R> Service<R> for SingleFlightConnector<S>
where
    S: Service<R, Error = BoxError> + Clone + Send + 'static,
    S::Response: Connection + Send,
    S::Future: Send + 'static,
    R: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let Ok(exchange) = EXCHANGE.try_with(Clone::clone) else { return self.0.call(target).boxed() };
        exchange.progress.has_asked.store(true, Ordering::Relaxed);
        // The one that is ready is called, as tower demands.
        let next = self.0.clone();
        let mut connector = std::mem::replace(&mut self.0, next);
        async move {
            let attempt = exchange.flight.acquire().await?;
            match connector.call(target).await {
                Ok(connection) => {
                    let is_http2 = connection.connected().is_negotiated_h2();
                    exchange.progress.has_opened.store(true, Ordering::Relaxed);
                    exchange.flight.opened(is_http2);
                    Ok(connection)
                }
                Err(error) => {
                    let error = SharedError(error.into());
                    if let Some(attempt) = attempt {
                        attempt.fail(error.clone());
                    }
                    Err(error.into())
                }
            }
        }
        .boxed()
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Error for SharedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

impl fmt::Display for Superseded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("another connection serves the exchange")
    }
}

impl Error for Superseded {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks for a connection as the layer does.
    async fn acquire(flight: &SingleFlight) -> Result<Option<Attempt>, BoxError> {
        flight.exchange(flight.acquire()).await.output
    }

    #[tokio::test]
    async fn one_exchange_opens_a_connection_and_the_others_share_its_failure() {
        let flight = SingleFlight::default();
        let first = acquire(&flight).await.unwrap().unwrap();
        let mut second = std::pin::pin!(acquire(&flight));
        assert!(second.as_mut().now_or_never().is_none(), "it waits");
        first.fail(SharedError(Arc::from(BoxError::from("no route"))));
        assert_eq!(second.await.err().unwrap().to_string(), "no route");
        assert!(acquire(&flight).await.unwrap().is_some(), "who comes later tries again");
    }

    #[tokio::test]
    async fn an_attempt_that_is_given_up_is_anothers() {
        let flight = SingleFlight::default();
        let first = acquire(&flight).await.unwrap();
        let mut second = std::pin::pin!(acquire(&flight));
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        assert!(second.await.unwrap().is_some());
    }

    #[tokio::test]
    async fn exchanges_wait_for_the_pool_to_hand_out_a_fresh_connection() {
        let flight = SingleFlight::default();
        let first = acquire(&flight).await.unwrap();
        flight.opened(true);
        drop(first);
        assert!(flight.is_open());
        assert!(acquire(&flight).now_or_never().is_none(), "the pool may not have it yet");
        flight.settle();
        assert!(acquire(&flight).now_or_never().is_some(), "it is gone, if the pool doesn't give it");
    }

    #[tokio::test]
    async fn an_exchange_that_the_pool_serves_opens_nothing() {
        let flight = SingleFlight::default();
        let _first = acquire(&flight).await.unwrap();
        // The client goes on with it in a task of its own.
        let waiting = flight.clone();
        let superseded = tokio::spawn(async move { waiting.acquire().await.map(|_| ()) }).await.unwrap();
        assert!(superseded.unwrap_err().to_string().contains("another connection"));
    }

    #[tokio::test]
    async fn over_http1_each_exchange_opens_its_own() {
        let flight = SingleFlight::default();
        let _first = acquire(&flight).await.unwrap();
        flight.opened(false);
        for _ in 0..3 {
            assert!(acquire(&flight).now_or_never().unwrap().unwrap().is_none());
        }
    }
}
