//! Through proxies: to the store, and to nowhere, with a line that says what to do.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use playfast::fetch::{EnvironmentProxies, FetchOptions, Route};
use playfast::{FailureKind, Host, Outcome, Plan};
use playfast_sim::StoreConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::examples::example;
use crate::scripted_servers::{Raw, ask, asking, head};
use crate::support::{Shop, playfast};

/// What a proxy speaks.
#[derive(Clone, Copy)]
enum Speaks {
    Http,
    Socks,
}

/// A proxy that leads all to one address, if it is told the user and the password where it wants some.
struct Proxy {
    address: SocketAddr,
    /// Whom it was asked for, as it was told.
    asked: Arc<Mutex<Vec<String>>>,
}

/// The user and the password.
const USER: &str = "me";
const PASSWORD: &str = "se:cret";

/// The same as HTTP has it.
const BASIC: &str = "Basic bWU6c2U6Y3JldA==";

impl Proxy {
    fn start(shop: &Shop, speaks: Speaks, guarded: bool) -> Self {
        let listener = shop.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let (address, to) = (listener.local_addr().unwrap(), shop.store.address());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&asked);
        shop.runtime.spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let seen = Arc::clone(&seen);
                tokio::spawn(async move {
                    let target = match speaks {
                        Speaks::Http => connect(&mut socket, guarded).await,
                        Speaks::Socks => socks(&mut socket, guarded).await,
                    };
                    let Some(target) = target else { return };
                    let leads = target.contains("play.google.com") || target.contains("127.0.0.1");
                    seen.lock().unwrap().push(target);
                    if leads {
                        let mut upstream = TcpStream::connect(to).await.unwrap();
                        let _ = tokio::io::copy_bidirectional(&mut socket, &mut upstream).await;
                    }
                });
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn connect(socket: &mut TcpStream, guarded: bool) -> Option<String> {
    let head = head(socket).await?;
    let authorized = head.to_ascii_lowercase().contains("proxy-authorization") && head.contains(BASIC);
    let answer = if guarded && !authorized { "407 Proxy Authentication Required" } else { "200 OK" };
    socket.write_all(format!("HTTP/1.1 {answer}\r\n\r\n").as_bytes()).await.ok()?;
    (answer == "200 OK").then(|| head.split(' ').nth(1).unwrap().to_owned())
}

/// RFC 1928 and RFC 1929.
async fn socks(socket: &mut TcpStream, guarded: bool) -> Option<String> {
    let text = async |socket: &mut TcpStream| {
        let mut bytes = vec![0; socket.read_u8().await.ok()?.into()];
        socket.read_exact(&mut bytes).await.ok()?;
        Some(bytes)
    };
    assert_eq!(socket.read_u8().await.ok()?, 5);
    let methods = text(socket).await?;
    let method = if guarded { 2 } else { 0 };
    if !methods.contains(&method) {
        socket.write_all(&[5, 0xff]).await.ok()?;
        return None;
    }
    socket.write_all(&[5, method]).await.ok()?;
    if guarded {
        socket.read_u8().await.ok()?;
        let right = text(socket).await? == USER.as_bytes() && text(socket).await? == PASSWORD.as_bytes();
        socket.write_all(&[1, u8::from(!right)]).await.ok()?;
        if !right {
            return None;
        }
    }
    let mut request = [0; 4];
    socket.read_exact(&mut request).await.ok()?;
    let host = match request[3] {
        1 => std::net::Ipv4Addr::from(socket.read_u32().await.ok()?).to_string(),
        _ => String::from_utf8(text(socket).await?).unwrap(),
    };
    let port = socket.read_u16().await.ok()?;
    socket.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    Some(format!("{host}:{port}"))
}

/// What one app's query comes to through a proxy, without the store's address.
fn through(shop: &Shop, proxy: &str, connect_to: Option<&str>) -> Outcome {
    let mut fetch = FetchOptions::default().with_proxy(proxy).with_certificate_authority(shop.store.ca_pem());
    if let Some(to) = connect_to {
        fetch = fetch.with_connect_to(to.parse().unwrap());
    }
    app(shop, fetch)
}

/// What one app's query comes to.
fn app(shop: &Shop, fetch: FetchOptions) -> Outcome {
    let host = shop
        .runtime
        .block_on(Host::builder().with_fetch_options(fetch).with_retry_policy(playfast::RetryPolicy::none()).build())
        .unwrap();
    let plan = Plan::new(&host.description(), "app", [("app_id", "com.brave.otter")]).unwrap();
    shop.runtime.block_on(host.batch(&plan)).remove(0)
}

#[test]
fn queries_go_through_http_and_socks_proxies() {
    let shop = Shop::open(StoreConfig::default());
    for (speaks, scheme, guarded) in [
        (Speaks::Http, "http", false),
        (Speaks::Http, "http", true),
        (Speaks::Socks, "socks5h", false),
        (Speaks::Socks, "socks5h", true),
    ] {
        let proxy = Proxy::start(&shop, speaks, guarded);
        let user = if guarded { format!("{USER}:se%3Acret@") } else { String::new() };
        // By its name, which leads to the own machine: so much is the user's to say.
        let url = format!("{scheme}://{user}localhost:{}", proxy.address.port());
        let outcome = through(&shop, &url, None);
        assert!(outcome.failure.is_none(), "{url}: {:?}", outcome.failure);
        assert_eq!(proxy.asked(), ["play.google.com:443"], "{url}");
    }
}

/// The proxies that these variables name.
fn environment(variables: &[(&str, &str)]) -> EnvironmentProxies {
    let value = |name| Some(variables.iter().find(|(key, _)| *key == name)?.1.into());
    EnvironmentProxies::from_variables(value).unwrap()
}

#[test]
fn the_environments_proxy_is_asked_as_curl_asks_it() {
    let shop = Shop::open(StoreConfig::default());
    for (name, scheme, speaks) in [
        ("HTTPS_PROXY", "", Speaks::Http),
        ("https_proxy", "http://", Speaks::Http),
        ("ALL_PROXY", "socks5h://", Speaks::Socks),
    ] {
        let proxy = Proxy::start(&shop, speaks, true);
        let url = format!("{scheme}{USER}:se%3Acret@localhost:{}", proxy.address.port());
        let variables = [(name, url.as_str()), ("NO_PROXY", "example.org,localhost")];
        let fetch = FetchOptions::default()
            .with_certificate_authority(shop.store.ca_pem())
            .with_environment_proxies(environment(&variables));
        let outcome = app(&shop, fetch);
        assert!(outcome.failure.is_none(), "{name}={url}: {:?}", outcome.failure);
        assert_eq!(proxy.asked(), ["play.google.com:443"], "{name}={url}");
    }
}

#[test]
fn a_program_that_reads_its_environment_asks_the_proxy_there() {
    let shop = Shop::open(StoreConfig::default());
    let proxy = Proxy::start(&shop, Speaks::Http, false);
    let run = |change: &dyn Fn(&mut Command)| {
        let mut charts = example(&shop, "charts");
        charts.env("HTTPS_PROXY", format!("localhost:{}", proxy.address.port()));
        change(&mut charts);
        let ran = charts.output().unwrap();
        assert_eq!(String::from_utf8(ran.stdout).unwrap().lines().count(), 6, "{:?}", String::from_utf8(ran.stderr));
    };
    run(&|_| {});
    assert!(proxy.asked().is_empty(), "the store's hosts have other addresses");
    run(&|charts| {
        charts.env_remove("PLAYFAST_CONNECT_TO").env("NO_PROXY", "example.org");
    });
    assert_eq!(proxy.asked(), ["play.google.com:443"]);
}

#[test]
fn what_goes_directly_asks_no_proxy() {
    let shop = Shop::open(StoreConfig::default());
    let proxy = Proxy::start(&shop, Speaks::Http, false);
    let url = format!("http://me:secret@{}", proxy.address);
    let led = || {
        let to = shop.store.connect_to().into_iter().map(|to| to.parse().unwrap());
        to.fold(FetchOptions::default().with_certificate_authority(shop.store.ca_pem()), FetchOptions::with_connect_to)
    };
    let both = environment(&[("HTTPS_PROXY", &url), ("no_proxy", ".google.com")]);
    for (fetch, route) in [
        (led().with_environment_proxies(environment(&[("HTTPS_PROXY", &url)])), Route::ConnectTo),
        (led().with_environment_proxies(both.clone()), Route::NoProxy("no_proxy")),
        (led().with_proxy(&url).with_environment_proxies(both.clone()), Route::NoProxy("no_proxy")),
        (led().with_proxy(&url).with_environment_proxies(both).without_proxy(), Route::Direct),
        (led(), Route::Direct),
    ] {
        let host = shop.runtime.block_on(Host::builder().with_fetch_options(fetch.clone()).build()).unwrap();
        assert_eq!(host.route("play.google.com"), route);
        let outcome = app(&shop, fetch);
        assert!(outcome.failure.is_none(), "{route:?}: {:?}", outcome.failure);
    }
    assert!(proxy.asked().is_empty(), "{:?}", proxy.asked());
}

#[test]
fn an_environments_proxy_that_fails_is_named_with_its_variable() {
    let shop = Shop::open(StoreConfig::default());
    let nobody = shop.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap().local_addr().unwrap();
    let guarded = Proxy::start(&shop, Speaks::Http, true);
    for (url, says) in [
        (nobody.to_string(), format!("the proxy http://{nobody} (from ALL_PROXY) can't be reached")),
        (
            format!("me:wrong@{}", guarded.address),
            format!("address: \"http://USER:PASSWORD@{}\", variable: Some(\"ALL_PROXY\")", guarded.address),
        ),
    ] {
        let fetch = FetchOptions::default().with_environment_proxies(environment(&[("ALL_PROXY", &url)]));
        let failure = app(&shop, fetch).failure.unwrap();
        let told = format!("{failure}; {:?}", failure.remedy);
        assert!(told.contains(&says) && !told.contains("wrong@"), "{url}: {told}");
    }
}

#[test]
fn a_proxy_may_be_asked_over_tls() {
    let shop = Shop::open(StoreConfig::default());
    let to = shop.store.address();
    let proxy = Raw::start(&shop.runtime, "127.0.0.1:0", "http/1.1", &["localhost"], move |mut asked| {
        async move {
            asked.send("HTTP/1.1 200 OK\r\n\r\n").await;
            let mut upstream = TcpStream::connect(to).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut asked.stream, &mut upstream).await;
        }
        .boxed()
    });
    let fetch = FetchOptions::default()
        .with_certificate_authority(proxy.ca_pem.as_str())
        .with_certificate_authority(shop.store.ca_pem());
    let fetch = fetch.with_proxy(format!("https://localhost:{}", proxy.address.port()));
    let outcome = app(&shop, fetch);
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    assert!(proxy.heads()[0].starts_with("CONNECT play.google.com:443 "), "{:?}", proxy.heads());
}

#[test]
fn names_are_resolved_here_for_socks5_and_private_ones_refused() {
    let shop = Shop::open(StoreConfig::default());
    let proxy = Proxy::start(&shop, Speaks::Socks, false);
    let url = format!("socks5://{}", proxy.address);
    let outcome = through(&shop, &url, Some("play.google.com:443:127.0.0.1:443"));
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    assert_eq!(proxy.asked(), ["127.0.0.1:443"]);
}

#[test]
fn a_proxy_that_fails_is_named_with_what_to_do() {
    let shop = Shop::open(StoreConfig::default());
    let nobody = shop.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap().local_addr().unwrap();
    let guarded = [Speaks::Http, Speaks::Socks].map(|speaks| Proxy::start(&shop, speaks, true));
    for (url, says) in [
        (format!("http://{nobody}"), format!("the proxy http://{nobody} can't be reached")),
        (format!("socks5h://{nobody}"), format!("the proxy socks5h://{nobody} can't be reached")),
        (format!("http://{}", guarded[0].address), "address: \"http://USER:PASSWORD@127.0.0.1:".to_owned()),
        (format!("http://me:wrong@{}", guarded[0].address), "wants another user name and password".to_owned()),
        (format!("socks5h://{}", guarded[1].address), "address: \"socks5h://USER:PASSWORD@127.0.0.1:".to_owned()),
        (format!("socks5h://me:wrong@{}", guarded[1].address), "wants another user name and password".to_owned()),
    ] {
        let failure = through(&shop, &url, None).failure.unwrap();
        assert_eq!(failure.kind, FailureKind::Network, "{url}: {failure}");
        let told = format!("{failure}; {:?}", failure.remedy);
        assert!(told.contains(&says) && !told.contains("wrong@"), "{url}: {told}");
    }
    let url = format!("http://{}", guarded[0].address);
    let ran = playfast(&["app", "a.b", "--proxy", &url]);
    ran.refused(3, &format!("give them with --proxy http://USER:PASSWORD@{}", guarded[0].address));
    for proxy in
        ["ftp://me:secret@proxy", "http://me:secret#1@proxy", "http://me:1/secret@proxy", "http://me:se?cret@proxy"]
    {
        let ran = playfast(&["app", "a.b", "--proxy", proxy]);
        ran.refused(2, "proxy is not a proxy's address: give [http://");
        assert!(ran.stderr().contains("percent-encoded") && !ran.stderr().contains("cret@"), "{}", ran.stderr());
    }
}

#[test]
fn the_status_with_which_a_proxy_refuses_is_told() {
    let shop = Shop::open(StoreConfig::default());
    for (status, says) in [
        (502, "answered 502 Bad Gateway to CONNECT play.google.com:443"),
        (503, "answered 503 Service Unavailable to CONNECT"),
        (429, "answered 429 Too Many Requests to CONNECT"),
        (403, "answered 403 Forbidden to CONNECT play.google.com:443; may it be asked of this proxy?"),
    ] {
        let listener = shop.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        shop.runtime.spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                if head(&mut socket).await.is_some() {
                    let answer = format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n");
                    let _ = socket.write_all(answer.as_bytes()).await;
                }
            }
        });
        let failure = through(&shop, &format!("http://me:secret@{address}"), None).failure.unwrap();
        assert_eq!(failure.kind, FailureKind::Network, "{failure}");
        assert!(failure.message.contains(says) && !failure.message.contains("secret"), "{failure}");
    }
}

#[test]
fn a_certificate_is_refused_with_what_helps() {
    let file = |content: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        file
    };
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for content in ["", "nothing", bad] {
        let file = file(content);
        let path = file.path().to_str().unwrap();
        let ran = playfast(&["app", "a.b", "--cacert", path]);
        ran.refused(2, "it holds no certificate authority in PEM");
        assert!(ran.stderr().contains(path), "{}", ran.stderr());
    }
    let runtime = Runtime::new().unwrap();
    for (from, to, says) in [
        ((2020, 1, 1), (2021, 2, 3), "expired on 2021-02-03: is this machine's clock right?"),
        ((2097, 1, 1), (2098, 1, 1), "is valid only from 2097-01-01: is this machine's clock right?"),
    ] {
        let date = |(year, month, day)| rcgen::date_time_ymd(year, month, day);
        let server = Raw::start_at_times(&runtime, date(from), date(to));
        let host =
            runtime.block_on(server.led(Host::builder().with_parser(asking(&["play.google.com"]))).build()).unwrap();
        let failure = ask(&runtime, &host, &["x"]).remove(0).failure.unwrap();
        assert_eq!(failure.kind, FailureKind::Network, "{failure}");
        assert!(failure.message.contains(says) && !failure.message.contains("--cacert"), "{failure}");
    }
}
