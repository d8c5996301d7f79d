//! Needs the folder of real pages, which is no part of the project.

use std::path::PathBuf;

use playfast_sim::{Error, StoreConfig};

use crate::support::{Shop, chart_call, details_call};

/// The folder, from `PLAYFAST_PAGES` or beside the workspace.
fn folder() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/pages");
    let folder = std::env::var_os("PLAYFAST_PAGES").map_or(beside, PathBuf::from);
    let found = folder.join("INDEX.tsv").exists();
    if !found {
        // Not `println!`, which the test harness swallows where a test passes.
        let line = format!("SKIPPED: no saved pages in {} (set PLAYFAST_PAGES)\n", folder.display());
        drop(std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()));
    }
    found.then_some(folder)
}

fn saved(folder: &std::path::Path, file: &str) -> String {
    std::fs::read_to_string(folder.join(file)).unwrap()
}

#[tokio::test]
async fn pages_are_served_at_their_addresses() {
    let Some(folder) = folder() else { return };
    let shop = Shop::open(StoreConfig::default().pages(&folder)).await;
    for (path, file) in [
        ("/store/apps/details?id=com.mojang.minecraftpe&hl=en&gl=us", "app/2026-07_minecraft_en-us.html"),
        (
            "/store/apps/details?id=com.mojang.minecraftpe&hl=en&gl=us&page=2022-08_minecraft_en-us",
            "app/2022-08_minecraft_en-us.html",
        ),
        ("/store/apps/details?id=com.whatsapp&hl=de&gl=DE", "app/2026-10_whatsapp_de-de_blocks.html"),
        ("/store/apps/details?id=org.zooper.zwpro&hl=de&gl=de", "app-old/2018-06_zooper_de_oldlayout.html"),
        ("/store/search?c=apps&q=panda&hl=en&gl=us&price=0", "search/2026-07_panda_en-us.html"),
        ("/store/apps/dev?id=5700313618786177705&hl=en&gl=us", "developer/2026-07_google_numeric-id_en-us.html"),
        ("/store/apps/datasafety?id=com.google.android.apps.translate&hl=en", "datasafety/2026-07_translate_en.html"),
        ("/store/apps/collection/cluster?gsr=opaque&hl=en&gl=us", "similar/2026-07_translate_cluster_en-us.html"),
    ] {
        let response = shop.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert!(response.text().await.unwrap() == saved(&folder, file), "{path}");
    }
}

#[tokio::test]
async fn calls_are_answered_with_the_saved_bodies() {
    let Some(folder) = folder() else { return };
    let shop = Shop::open(StoreConfig::default().pages(&folder)).await;
    let translate = "com.google.android.apps.translate";
    for (query, call, file) in [
        ("hl=en&gl=us&rt=c", chart_call("GAME", "topselling_free", 100), "list/2026-07_topfree_GAME_en-us_vyAe2.txt"),
        ("hl=fr&gl=fr", details_call("fr.reliefmaps.app", "1"), "app-batch/2022-08_reliefmaps_fr_Ws7gDc.txt"),
        (
            "hl=en&gl=us",
            ("UsvDTd", format!("[null,null,[2,2,[150,null,null],null,[]],[\"{translate}\",7]]")),
            "reviews/2026-07_translate_en-us_UsvDTd_page1.txt",
        ),
        (
            "hl=en&gl=us",
            ("IJ4APc", "[[null,[\"pand\"],[10],[2],4]]".to_owned()),
            "suggest/2026-07_pand_en-us_IJ4APc.txt",
        ),
        (
            "hl=en&gl=us",
            ("xdSrCf", format!("[[null,[\"{translate}\",7],[]]]")),
            "permissions/2026-07_translate_en-us_xdSrCf.txt",
        ),
    ] {
        let body = shop.post(query, &[call]).await.text().await.unwrap();
        assert!(body == saved(&folder, file), "{file}");
    }
}

#[tokio::test]
async fn what_is_not_saved_is_generated() {
    let Some(folder) = folder() else { return };
    let shop = Shop::open(StoreConfig::default().pages(&folder)).await;
    let page = shop.get("/store/apps/details?id=com.whatsapp&hl=fr&gl=fr").await.text().await.unwrap();
    assert!(page.contains("simulated.css"));
    assert!(shop.chart("SOCIAL", 5).await.contains("vyAe2"));
    shop.store.serve_page("app_id=com.whatsapp&language=fr&country=fr", "2018-06_zooper_de_oldlayout").unwrap();
    let chosen = shop.get("/store/apps/details?id=com.whatsapp&hl=fr&gl=fr").await.text().await.unwrap();
    assert!(chosen == saved(&folder, "app-old/2018-06_zooper_de_oldlayout.html"));
    assert!(matches!(shop.store.serve_page("app_id=a.b", "none.html"), Err(Error::UnknownPage { .. })));
}
