//! Rows into a file as they come, without async and without holding them: `cargo run --profile quick --example stream_to_file FILE`.
#![expect(clippy::print_stderr, reason = "a program for the terminal")]

use std::fs::File;
use std::io::{BufWriter, Write};

use playfast::Host;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut file = BufWriter::new(File::create(std::env::args().nth(1).ok_or("which FILE?")?)?);
    let host = Host::builder().environment()?.blocking().build()?;
    let plan = host.plan("list", [("category", "all-games"), ("country", "us,kr"), ("num", "20")])?;
    for outcome in host.run(plan.queries())? {
        for row in &outcome.rows {
            serde_json::to_writer(&mut file, row)?;
            writeln!(file)?;
        }
        outcome.failure.iter().for_each(|failure| eprintln!("{}: {failure}", outcome.query));
    }
    Ok(file.flush()?)
}
