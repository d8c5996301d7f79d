//! The best of each country and category: `cargo run --profile quick --example top_apps_by_country`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use playfast::play::fetch_top_apps;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let charts = fetch_top_apps(["us", "kr", "jp"], ["GAME_ACTION", "SOCIAL"], 3).await?;
    for (country, categories) in &charts {
        for (category, chart) in categories {
            let titles: Vec<_> = chart.apps.iter().map(|app| app.title.as_str()).collect();
            println!("{country} {category}: {}", titles.join(", "));
            chart.failure.iter().for_each(|failure| eprintln!("{country} {category}: {failure}"));
        }
    }
    Ok(())
}
