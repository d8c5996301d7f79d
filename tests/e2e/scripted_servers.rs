//! Servers made by hand, which may do what no real one does, and a parser that asks them for any path.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use playfast::{Host, HostBuilder, Outcome, Query, Rate, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::wat_components::{self, Guest};

/// A connection whose first request was read.
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) stream: TlsStream<TcpStream>,
}

impl Asked {
    /// Sends this; a client that is gone doesn't matter.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok() && self.stream.flush().await.is_ok()
    }

    /// A whole answer, and the end of the connection.
    pub(crate) async fn answer(&mut self, head: &str, body: &str) {
        let length = body.len();
        self.send(format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")).await;
        let _ = self.stream.shutdown().await;
    }
}

/// A server that does with each connection what it was told to.
pub(crate) struct Raw {
    pub(crate) address: SocketAddr,
    pub(crate) ca_pem: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Raw {
    /// Runs as long as the runtime, for `play.google.com` and further names.
    pub(crate) fn start<F>(runtime: &Runtime, at: &str, protocol: &str, names: &[&str], answer: F) -> Self
    where
        F: Fn(Asked) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    {
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let (seen, answer) = (Arc::clone(&heads), Arc::new(answer));
        let (address, ca_pem) = listen(runtime, at, protocol, certificate(names), move |mut stream| {
            let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
            async move {
                let Some(head) = head(&mut stream).await else { return };
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                seen.lock().unwrap().push(head);
                answer(Asked { path, stream }).await;
            }
            .boxed()
        });
        Self { address, ca_pem, heads }
    }

    /// One that shows a certificate of this time, and never answers.
    pub(crate) fn start_at_times(runtime: &Runtime, from: time::OffsetDateTime, to: time::OffsetDateTime) -> Self {
        let mut params = certificate(&[]);
        (params.not_before, params.not_after) = (from, to);
        let (address, ca_pem) = listen(runtime, "127.0.0.1:0", "http/1.1", params, |_| async {}.boxed());
        Self { address, ca_pem, heads: Arc::default() }
    }

    /// The heads of the requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// A builder that leads here, with the parser of [`asking`].
    pub(crate) fn led(&self, builder: HostBuilder) -> HostBuilder {
        let to = format!("play.google.com:443:{}", self.address).parse().unwrap();
        builder
            .with_certificate_authority(self.ca_pem.as_str())
            .with_connect_to(to)
            .with_rate(Rate::Unlimited)
            .with_retry_policy(RetryPolicy::none().with_give_up_after(std::time::Duration::from_secs(1)))
    }
}

/// A certificate for `play.google.com` and further names.
fn certificate(names: &[&str]) -> rcgen::CertificateParams {
    let names = ["play.google.com"].iter().chain(names).map(ToString::to_string);
    rcgen::CertificateParams::new(names.collect::<Vec<_>>()).unwrap()
}

/// Accepts connections over TLS for as long as the runtime runs. Gives the address, and the authority to trust.
fn listen<F>(
    runtime: &Runtime,
    at: &str,
    protocol: &str,
    certificate: rcgen::CertificateParams,
    serve: F,
) -> (SocketAddr, String)
where
    F: Fn(TlsStream<TcpStream>) -> BoxFuture<'static, ()> + Send + Sync + 'static,
{
    let signing_key = rcgen::KeyPair::generate().unwrap();
    let made = certificate.self_signed(&signing_key).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config =
        builder.unwrap().with_no_client_auth().with_single_cert(vec![made.der().clone()], key.into()).unwrap();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let listener = runtime.block_on(TcpListener::bind(at)).unwrap();
    let address = listener.local_addr().unwrap();
    let (serve, acceptor) = (Arc::new(serve), TlsAcceptor::from(Arc::new(config)));
    runtime.spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (serve, acceptor) = (Arc::clone(&serve), acceptor.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(socket).await {
                    serve(stream).await;
                }
            });
        }
    });
    (address, made.pem())
}

/// What a server of HTTP/2 does with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reaction {
    Answer,
    /// Answers, and closes the connection once what is under way is answered.
    AnswerAndClose,
    /// Resets the stream.
    Reset(h2::Reason),
    /// Closes the connection, saying that no further stream was processed.
    GoAway(h2::Reason),
}

/// A server of HTTP/2 that is told what to do with each request of a connection, by its number from 1.
pub(crate) struct Http2 {
    server: Raw,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Http2 {
    pub(crate) fn start(runtime: &Runtime, react: impl Fn(usize) -> Reaction + Send + Sync + 'static) -> Self {
        let (connections, requests) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (opened, asked, react) = (Arc::clone(&connections), Arc::clone(&requests), Arc::new(react));
        let (address, ca_pem) = listen(runtime, "127.0.0.1:0", "h2", certificate(&[]), move |stream| {
            opened.fetch_add(1, Ordering::Relaxed);
            let (asked, react) = (Arc::clone(&asked), Arc::clone(&react));
            async move {
                // A client that goes away doesn't matter.
                let _ = serve_http2(stream, &asked, &*react).await;
            }
            .boxed()
        });
        Self { server: Raw { address, ca_pem, heads: Arc::default() }, connections, requests }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// As [`Raw::led`].
    pub(crate) fn led(&self, builder: HostBuilder) -> HostBuilder {
        self.server.led(builder)
    }
}

async fn serve_http2(
    stream: TlsStream<TcpStream>,
    asked: &AtomicUsize,
    react: &(dyn Fn(usize) -> Reaction + Send + Sync),
) -> Result<(), h2::Error> {
    let mut connection = h2::server::handshake(stream).await?;
    let mut number = 0;
    while let Some(accepted) = connection.accept().await {
        let (_, mut respond) = accepted?;
        asked.fetch_add(1, Ordering::Relaxed);
        number += 1;
        let reaction = react(number);
        match reaction {
            Reaction::Reset(reason) => respond.send_reset(reason),
            Reaction::GoAway(reason) => connection.abrupt_shutdown(reason),
            Reaction::Answer | Reaction::AnswerAndClose => {
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    if let Ok(mut body) = respond.send_response(axum::http::Response::new(()), false) {
                        let _ = body.send_data(axum::body::Bytes::from_static(b"ok"), true);
                    }
                });
            }
        }
        if matches!(reaction, Reaction::AnswerAndClose) {
            connection.graceful_shutdown();
        }
    }
    Ok(())
}

/// What comes up to an empty line, or the first that HTTP/2 says, which has one too.
pub(crate) async fn head(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

/// A parser that asks `https://play.google.com/ID`, declares these hosts, and gives a row of every answer.
pub(crate) fn asking(hosts: &[&str]) -> Vec<u8> {
    const PREFIX: &str = "https://play.google.com/";
    // Queries lie 28 bytes apart, and exchanges 40; each has an index and an address of its own.
    let request = r#"(local $i i32) (local $param i32) (local $at i32) (local $url i32)
        (loop $l
            (local.set $param (i32.load offset=8 (i32.add (local.get 0) (i32.mul (local.get $i) (i32.const 28)))))
            (local.set $at (i32.add (global.get $scratch) (i32.mul (local.get $i) (i32.const 40))))
            (local.set $url (i32.add (i32.const 2000000) (i32.mul (local.get $i) (i32.const 256))))
            (memory.copy (local.get $url) (global.get $url) (i32.const 24))
            (memory.copy (i32.add (local.get $url) (i32.const 24))
                (i32.load offset=8 (local.get $param)) (i32.load offset=12 (local.get $param)))
            (i32.store offset=4 (local.get $at) (local.get $url))
            (i32.store offset=8 (local.get $at) (i32.add (i32.const 24) (i32.load offset=12 (local.get $param))))
            (i32.store offset=32 (local.get $at) (i32.add (i32.const 2900000) (i32.mul (local.get $i) (i32.const 4))))
            (i32.store offset=36 (local.get $at) (i32.const 1))
            (i32.store (i32.load offset=32 (local.get $at)) (local.get $i))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (local.get 1))))
        (i32.store (global.get $requests) (global.get $scratch)) (i32.store offset=4 (global.get $requests) (local.get 1)) (global.get $requests)"#;
    let hosts = serde_json::to_string(hosts).unwrap();
    let description = wat_components::charts().replace(r#"["play.google.com"]"#, &hosts);
    let description = description.replace(r#", "pattern": "^[a-z]*$""#, "");
    let parse = "(call $page (global.get $record) (i32.const 7))";
    Guest { description: &description, request, url: PREFIX, parse, ..Guest::default() }.build()
}

/// A query of such a parser.
pub(crate) fn query(id: &str) -> Query {
    Query::new("list", [("id".into(), id.into())])
}

/// The outcomes of such queries, all at once.
pub(crate) fn ask(runtime: &Runtime, host: &Host, ids: &[&str]) -> Vec<Outcome> {
    use futures::StreamExt;
    let queries: Vec<_> = ids.iter().map(|id| query(id)).collect();
    runtime.block_on(host.run(queries).collect())
}
