//! Connections: accepted on 127.0.0.1 only, each in a task of its own that ends with the store.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::exchange::answer;
use super::state::State;
use crate::error::Error;

/// Flow control windows, in bytes: uploads never wait.
const WINDOW: u32 = 4 << 20;

/// How much of a stream's body hyper may hold before the socket takes it, in bytes: more than any page has.
const SEND_BUFFER: usize = 4 << 20;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A port that is bound and where nobody listens yet: connections to it are refused. If it stays so for a while, no other may bind it.
pub(crate) fn bind(port: u16, stays: bool) -> Result<(TcpSocket, SocketAddr), Error> {
    let failed = |source| Error::Bind { port, source };
    let socket = TcpSocket::new_v4().map_err(failed)?;
    // As the standard library has it: a port is free again as soon as its store has closed.
    socket.set_reuseaddr(cfg!(unix) && !(stays && port == 0)).map_err(failed)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into()).map_err(failed)?;
    let address = socket.local_addr().map_err(failed)?;
    Ok((socket, address))
}

/// The builder that serves a connection.
pub(crate) fn builder(max_concurrent_streams: u32) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http2()
        .max_concurrent_streams(max_concurrent_streams)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buf_size(SEND_BUFFER);
    builder
}

/// Listens, at once or after a time.
pub(crate) async fn listen(socket: TcpSocket, port: u16, after: Duration) -> Result<TcpListener, Error> {
    tokio::time::sleep(after).await;
    socket.listen(BACKLOG).map_err(|source| Error::Bind { port, source })
}

/// Accepts connections until it is dropped, and their tasks with it.
pub(crate) async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    builder: Arc<Builder<TokioExecutor>>,
    state: Arc<State>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A failed accept (too many open files, a client gone again) says nothing about the next.
                if let Ok((socket, _)) = accepted {
                    state.counters.connections.fetch_add(1, Ordering::Relaxed);
                    connections.spawn(serve(socket, acceptor.clone(), Arc::clone(&builder), Arc::clone(&state)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection to its end, or until the store can't be reached; a client that breaks it is none of ours to report.
async fn serve(socket: TcpStream, acceptor: TlsAcceptor, builder: Arc<Builder<TokioExecutor>>, state: Arc<State>) {
    let mut reachable = state.reachable();
    let served = async {
        let _ = socket.set_nodelay(true);
        let Ok(secured) = acceptor.accept(socket).await else { return };
        let service = service_fn(move |request| answer(Arc::clone(&state), request));
        let _ = builder.serve_connection(TokioIo::new(secured), service).await;
    };
    tokio::select! {
        biased;
        _ = reachable.wait_for(|reachable| !reachable) => {}
        () = served => {}
    }
}
