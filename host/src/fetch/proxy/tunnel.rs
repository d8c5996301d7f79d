//! Status of an HTTP proxy that refuses a tunnel, which the client's error doesn't have.
//!
//! After a refusal a further CONNECT is sent by hand, and its status line is read. Requests that fail together share the result.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::fetch::dns::resolver::Resolver;

/// Time for the proxy to refuse again.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// Time for which a status is kept, so that a busy proxy is hardly asked more.
const STATUS_LIFETIME: Duration = Duration::from_secs(5);

/// Bytes of a response within which its status line ends.
const STATUS_LINE: usize = 256;

/// Probe of an HTTP proxy that refuses tunnels.
#[derive(Debug)]
pub(in crate::fetch) struct TunnelProbe {
    proxy: Url,
    last: Mutex<Option<(Instant, Option<u16>)>>,
}

impl TunnelProbe {
    /// A probe, if the proxy opens tunnels and isn't reached over TLS.
    pub(in crate::fetch) fn new(proxy: Option<&Url>) -> Option<Self> {
        let proxy = proxy.filter(|proxy| proxy.scheme() == "http")?.clone();
        Some(Self { proxy, last: Mutex::default() })
    }

    /// The status with which the proxy refuses a tunnel to a host; `None` if it doesn't refuse or doesn't answer.
    pub(in crate::fetch) async fn status(&self, resolver: &Resolver, host: &str) -> Option<u16> {
        let mut last = self.last.lock().await;
        if let Some((at, status)) = *last
            && at.elapsed() < STATUS_LIFETIME
        {
            return status;
        }
        let asked = tokio::time::timeout(PROBE_TIMEOUT, self.ask(resolver, host)).await;
        let status = asked.ok().flatten().filter(|status| !(200..300).contains(status));
        *last = Some((Instant::now(), status));
        status
    }

    async fn ask(&self, resolver: &Resolver, host: &str) -> Option<u16> {
        let mut address = resolver.addresses(self.proxy.host_str()?).await.ok()?.into_iter().next()?;
        if address.port() == 0 {
            address.set_port(self.proxy.port_or_known_default()?);
        }
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(self.request(host).as_bytes()).await.ok()?;
        let mut line = Vec::new();
        while !line.contains(&b'\n') && line.len() < STATUS_LINE {
            line.push(stream.read_u8().await.ok()?);
        }
        let line = String::from_utf8_lossy(&line);
        line.strip_prefix("HTTP/1.").and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
    }

    fn request(&self, host: &str) -> String {
        let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) = (decoded(self.proxy.username()), self.proxy.password().map(decoded));
        let credentials = match (user.as_str(), password) {
            ("", None) => String::new(),
            (user, password) => {
                let pair = format!("{user}:{}", password.unwrap_or_default());
                format!("Proxy-Authorization: Basic {}\r\n", BASE64_STANDARD.encode(pair))
            }
        };
        format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n{credentials}\r\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_as_the_client_does() {
        let request = |proxy| TunnelProbe::new(Some(&Url::parse(proxy).unwrap())).unwrap().request("a.example");
        assert_eq!(request("http://p:1"), "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n");
        assert!(request("http://me:se%3Acret@p").contains("Basic bWU6c2U6Y3JldA==\r\n"));
        assert!(TunnelProbe::new(Some(&Url::parse("socks5://p").unwrap())).is_none());
    }
}
