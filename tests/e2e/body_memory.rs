//! Bodies that are larger than they look, and many at once: how much memory they cost, watched from outside.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};

use playfast_sim::{Canned, StoreConfig};

use crate::scripted_servers::asking;
use crate::support::Shop;
use crate::watched::Watched;

/// Gigabytes of nothing, as far as anybody unpacks them: blocks that stand for themselves, again and again.
fn gzip_bomb() -> Vec<u8> {
    let mut deflate = flate2::Compress::new(flate2::Compression::best(), false);
    let mut block = Vec::with_capacity(1 << 16);
    deflate.compress_vec(&vec![0; 1 << 20], &mut block, flate2::FlushCompress::Full).unwrap();
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];
    [&head[..], &block.repeat(4 << 10)].concat()
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zstd_bomb() -> Vec<u8> {
    zstd::encode_all(std::io::repeat(0).take(1 << 30), 1).unwrap()
}

#[test]
fn bombs_cost_their_own_query_and_little_memory() {
    let shop = Shop::open(StoreConfig::default());
    let canned = |body: Vec<u8>, coding: &str| Canned::new(200, body).header("content-encoding", coding);
    shop.store.respond_with("/gzip", canned(gzip_bomb(), "gzip")).unwrap();
    shop.store.respond_with("/zstd", canned(zstd_bomb(), "zstd")).unwrap();
    // Those that the client leaves packed.
    shop.store.respond_with("/twice", canned(packed(&gzip_bomb()), "gzip, gzip")).unwrap();
    shop.store.respond_with("/unlabelled", Canned::new(200, gzip_bomb())).unwrap();
    shop.store.respond_with("/good", Canned::new(200, vec![b'x'; 100_000])).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let mut watched = Watched::start(&shop, &asking(&["play.google.com"]), &cache);
    let ask = |watched: &mut Watched, id: &str| {
        watched.ask(&format!(r#"{{"kind": "list", "id": "{id}"}}"#));
    };
    for _ in 0..64 {
        ask(&mut watched, "good");
    }
    watched.until("warm", |watched| watched.rows() >= 64);
    let before = watched.mebibytes("VmHWM");
    for _ in 0..20 {
        for id in ["gzip", "zstd", "twice", "unlabelled", "good"] {
            ask(&mut watched, id);
        }
    }
    let is_answered = || shop.store.stats().requests >= 164 && shop.store.stats().in_flight == 0;
    watched.until("all of them", |watched| watched.rows() >= 84 && is_answered());
    let grown = watched.mebibytes("VmHWM") - before;
    eprintln!("80 bombs at once: {grown} MiB above {before}");
    // Sixteen for all, thirty-two for the one that has its turn, and what waits in the windows: not eighty times thirty-two.
    assert!(grown < 128, "{grown} MiB");
    watched.close();
    watched.until_it_says("84 queries answered, 80 failed (80 too-large)");
}

#[test]
fn bodies_take_no_more_memory_however_many_come_at_once() {
    let shop = Shop::open(StoreConfig::default());
    // A chart's size, of what can't be packed to nothing.
    let body: String =
        (0..106_000_u64).map(|number| format!("{:08x}", number.wrapping_mul(2_654_435_761) % (1 << 32))).collect();
    let canned = Canned::new(200, packed(body.as_bytes())).header("content-encoding", "gzip");
    shop.store.respond_with("/chart", canned).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let mut watched = Watched::start(&shop, &asking(&["play.google.com"]), &cache);
    for _ in 0..2000 {
        watched.ask(r#"{"kind": "list", "id": "chart"}"#);
    }
    watched.until("all of them", |watched| watched.rows() >= 2000);
    // The program's code, which the system may drop at any time, is not counted.
    let most = watched.mebibytes("VmHWM") - watched.mebibytes("RssFile");
    eprintln!("2000 bodies of {} KB, 64 at once: {most} MiB", body.len() / 1000);
    assert!(most < 48, "{most} MiB");
}
