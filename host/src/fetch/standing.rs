//! When does a connection stand?
//!
//! The client doesn't know before whether it will be of HTTP/2, so of many exchanges at once each opens one, and all but the first are
//! thrown away. Here one opens it and the others wait until it stands: an exchange says in its task's scope whom to tell.

use std::future::Future;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use tokio::sync::watch;
use tower::{Layer, Service};

tokio::task_local! {
    /// Whom to tell that the connection stands which this exchange opens.
    static OPENS: watch::Sender<bool>;
}

/// From when a connection stands until the client's pool has it: some dozen microseconds, and as much again on a busy machine.
const POOLED: Duration = Duration::from_millis(2);

/// Does what may open a connection, for those that wait for it: told when it stands, or when it doesn't come to that.
pub(super) async fn opening<F: Future>(opens: watch::Sender<bool>, exchange: F) -> F::Output {
    OPENS.scope(opens, exchange).await
}

/// Waits until another exchange's connection stands, or that exchange is over.
pub(super) async fn opened(mut opens: watch::Receiver<bool>) {
    drop(opens.wait_for(|stands| *stands).await);
    tokio::time::sleep(POOLED).await;
}

/// Stands around what connects.
#[derive(Clone)]
pub(super) struct Standing;

/// What connects, and tells.
#[derive(Clone)]
pub(super) struct Telling<S>(S);

impl<S> Layer<S> for Standing {
    type Service = Telling<S>;

    fn layer(&self, connects: S) -> Telling<S> {
        Telling(connects)
    }
}

impl<S, R> Service<R> for Telling<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, target: R) -> Self::Future {
        // A connection may go on without the exchange that began it, so whom to tell is asked at once.
        let opens = OPENS.try_with(watch::Sender::clone);
        let connecting = self.0.call(target);
        async move {
            let connection = connecting.await;
            if let Ok(opens) = opens {
                opens.send_replace(true);
            }
            connection
        }
        .boxed()
    }
}
