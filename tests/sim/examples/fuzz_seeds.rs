//! Writes seeds for the fuzz targets, from the store's own answers: `cargo run --profile quick -p playfast-sim --example fuzz_seeds`.

use std::path::Path;

use playfast_sim::{Store, StoreConfig};
use reqwest::{Certificate, Client};

/// App of the seeds, which the store makes up.
const APP_ID: &str = "com.brave.otter";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let store = Store::start(StoreConfig::default()).await?;
    let client = Client::builder()
        .tls_certs_only([Certificate::from_pem(store.ca_pem().as_bytes())?])
        .no_proxy()
        .resolve("play.google.com", store.address())
        .build()?;
    let url = |path: &str| format!("https://play.google.com:{}{path}", store.address().port());
    let page = client.get(url(&format!("/store/apps/details?id={APP_ID}&hl=en&gl=us"))).send().await?.text().await?;
    let chart = r#"[[null,[[8,[20,3]],true,null,[96,108]],[2,"topselling_free","SOCIAL"]]]"#;
    let details = format!(r#"[null,null,[[1,9,10,52,138]],[[1]],null,[["{APP_ID}",7]]]"#);
    let mut bodies = Vec::new();
    for (rpc, argument) in [("vyAe2", chart), ("Ws7gDc", details.as_str())] {
        let calls = serde_json::json!([[[rpc, argument, null, "0"]]]).to_string();
        let form = format!("f.req={}", url::form_urlencoded::byte_serialize(calls.as_bytes()).collect::<String>());
        let request = client.post(url("/_/PlayStoreUi/data/batchexecute?hl=en&gl=us"));
        let request = request.header("content-type", "application/x-www-form-urlencoded;charset=UTF-8").body(form);
        // The target adds the prefix itself.
        bodies.push(request.send().await?.text().await?.trim_start_matches(")]}'").trim_start().to_owned());
    }
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    write(&corpus.join("page"), [data_scripts(&page)])?;
    write(&corpus.join("json"), bodies.clone())?;
    write(&corpus.join("batchexecute"), bodies)?;
    Ok(())
}

/// The scripts of a page that hold its data. A fuzzer is slow with the megabyte around them.
fn data_scripts(page: &str) -> String {
    let scripts = page.split_inclusive("</script>").filter_map(|text| text.get(text.find("<script")?..));
    scripts.filter(|script| script.contains("AF_")).collect()
}

fn write(folder: &Path, seeds: impl IntoIterator<Item = String>) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (number, seed) in seeds.into_iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), seed)?;
    }
    Ok(())
}
