//! Charts into a file that a later run continues if this one is stopped: `cargo run --profile quick --example resume FILE.ndjson`.
#![expect(clippy::print_stderr, reason = "a program for the terminal")]

use futures::StreamExt;
use playfast::Host;
use playfast::output::{Checkpoint, CheckpointWriter, FileCheckpoint, OpenMode};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("give a FILE to write, such as charts.ndjson")?;
    let host = Host::builder().environment()?.build().await?;
    let plan = host.plan("list", [("country", "us,kr,jp"), ("category", "GAME_ACTION,SOCIAL"), ("num", "10")])?;
    let checkpoint = FileCheckpoint::open(&file, OpenMode::Resume)?;
    let mut pages = host.resume(plan.queries(), checkpoint.resume_filter());
    let mut writer = CheckpointWriter::new(checkpoint);
    while let Some(page) = pages.next().await {
        if let Some(failure) = &page.failure {
            eprintln!("{}: {failure}", page.query);
        }
        writer.write(page)?;
    }
    writer.finish()?;
    Ok(())
}
