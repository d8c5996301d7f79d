//! A host within a web service: `cargo run --profile quick --example axum_handler 127.0.0.1:8080`, then `GET /top/us/GAME_ACTION`.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::{Router, routing};
use playfast::Host;
use playfast::play::BatchFetcher;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = Host::builder().environment()?.build().await?;
    let service = Router::new().route("/top/{country}/{category}", routing::get(top));
    let listener = tokio::net::TcpListener::bind(std::env::args().nth(1).ok_or("which ADDRESS:PORT?")?).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, service.with_state(BatchFetcher::with_host(host).with_num(10))).await?)
}

/// The apps of a chart as JSON. All requests share one host: its connections, its pace and its parser.
async fn top(
    State(fetcher): State<BatchFetcher>,
    Path((country, category)): Path<(String, String)>,
) -> Result<impl IntoResponse, (StatusCode, String)> {
    let charts = fetcher.category_lists([country], [category]).await;
    let charts = charts.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    if let Some(failure) = charts.iter().find_map(|chart| chart.failure.as_ref()) {
        return Err((StatusCode::BAD_GATEWAY, failure.to_string()));
    }
    let apps: Vec<_> = charts.into_iter().flat_map(|chart| chart.apps).collect();
    let json = serde_json::to_string(&apps);
    let json = json.map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json))
}
