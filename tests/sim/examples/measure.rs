//! x
#![allow(warnings)]
use playfast_sim::*;
use std::time::Instant;
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let store = Store::start(StoreConfig::default()).await.unwrap();
    let cert = reqwest::Certificate::from_pem(store.ca_pem().as_bytes()).unwrap();
    let client = |g: bool| {
        let mut b = reqwest::Client::builder().tls_certs_only([cert.clone()]).no_proxy();
        for h in ["play.google.com"] {
            b = b.resolve(h, store.address());
        }
        if !g {
            b = b.no_gzip().no_brotli().no_zstd();
        }
        b.build().unwrap()
    };
    let url =
        format!("https://play.google.com:{}/_/PlayStoreUi/data/batchexecute?hl=en&gl=us&rt=c", store.address().port());
    let body = |c: &str| {
        format!(
            "f.req={}",
            url::form_urlencoded::byte_serialize(
                serde_json::json!([[[
                    "vyAe2",
                    format!("[[null,[[8,[20,100]],true,null,[96,108]],[2,\"topselling_free\",\"{c}\"]]]"),
                    null,
                    "0"
                ]]])
                .to_string()
                .as_bytes()
            )
            .collect::<String>()
        )
    };
    let cats = [
        "GAME",
        "APPLICATION",
        "SOCIAL",
        "TOOLS",
        "FINANCE",
        "GAME_PUZZLE",
        "GAME_WORD",
        "GAME_ACTION",
        "SPORTS",
        "WEATHER",
        "COMICS",
        "DATING",
        "EVENTS",
        "BEAUTY",
        "MEDICAL",
    ];
    for c in cats {
        let q = ChartQuery::new("us", c, "topselling_free");
        let t = Instant::now();
        store.chart(&q);
        let warm = t.elapsed();
        let t = Instant::now();
        store.chart(&q);
        let apps = t.elapsed();
        let t = Instant::now();
        store.prepare(&[q], &[]).await.unwrap();
        println!("{c}: first {warm:?} apps+truth {apps:?} prepare(with gzip) {:?}", t.elapsed());
    }
    let a = AppQuery::new("com.whatsapp", "en", "us");
    let t = Instant::now();
    store.prepare(&[], &[a]).await.unwrap();
    println!("app first {:?}", t.elapsed());
    let a = AppQuery::new("com.whatsapp2", "en", "us");
    let t = Instant::now();
    store.prepare(&[], &[a]).await.unwrap();
    println!("app second {:?}", t.elapsed());
    for g in [true, false] {
        let cl = client(g);
        cl.get(format!("https://play.google.com:{}/", store.address().port())).send().await.unwrap();
        for round in 0..3 {
            let before = store.stats().bytes_sent;
            let cpu = || {
                let mut t = std::fs::read_to_string("/proc/self/stat").unwrap();
                let f: Vec<u64> = t
                    .rsplit(')')
                    .next()
                    .unwrap()
                    .split_whitespace()
                    .skip(11)
                    .take(2)
                    .map(|x| x.parse().unwrap())
                    .collect();
                (f[0] + f[1]) * 10
            };
            let c0 = cpu();
            let t = Instant::now();
            for _ in 0..10 {
                let hs: Vec<_> = cats
                    .iter()
                    .map(|c| {
                        tokio::spawn(
                            cl.post(&url)
                                .header("accept-encoding", if g { "gzip" } else { "identity" })
                                .header("content-type", "application/x-www-form-urlencoded")
                                .body(body(c))
                                .send(),
                        )
                    })
                    .collect();
                let mut n = 0;
                for h in hs {
                    n += h.await.unwrap().unwrap().bytes().await.unwrap().len();
                }
            }
            println!(
                "gzip {g} 150 charts: {:?} cpu {} ms (client and server), sent {}",
                t.elapsed(),
                cpu() - c0,
                (store.stats().bytes_sent - before) / 10
            );
        }
    }
}
