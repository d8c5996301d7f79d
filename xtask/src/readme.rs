//! Tables of commands and options in the README, made from the argument parser.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

const README: &str = "README.md";

/// What stands around the tables.
const START: &str = "<!-- options: written by `cargo xtask readme` -->\n";
const END: &str = "<!-- end of options -->\n";

/// Writes the tables into the README, or holds it against them.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let file = root.join(README);
    let text = std::fs::read_to_string(&file).with_context(|| format!("failed to read {}", file.display()))?;
    let generated = replaced(&text, &tables(root)?)?;
    if check {
        ensure!(text == generated, "the options in {README} are not the program's: run `cargo xtask readme`");
        super::say("the options in the README are the program's");
        return Ok(());
    }
    super::save(&file, generated.as_bytes())
}

/// The program's own tables.
fn tables(root: &Path) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--profile", "quick", "--", "help", "--markdown"]);
    // What is set in the environment is not what the README says.
    let output = command.env("XDG_CONFIG_HOME", root.join("target")).current_dir(root).output();
    let output = output.context("failed to run playfast")?;
    ensure!(output.status.success(), "playfast help failed: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).context("the tables are not UTF-8")
}

/// The README with other tables.
fn replaced(text: &str, tables: &str) -> Result<String> {
    let (before, rest) = text.split_once(START).with_context(|| format!("{README} has no line {START}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{README} has no line {END}"))?;
    Ok([before, START, tables, END, after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_changes() {
        let text = format!("a\n{START}old\n{END}b\n");
        assert_eq!(replaced(&text, "new\n").unwrap(), format!("a\n{START}new\n{END}b\n"));
        assert!(replaced("a\n", "new\n").is_err());
    }
}
