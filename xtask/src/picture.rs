//! Picture of a terminal for the README: a session of the real program with the demo's store, drawn as SVG.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Where the picture is.
const PICTURE: &str = "host/session.svg";

/// Columns of the terminal.
const COLUMNS: u16 = 88;

/// What is typed. `@ids.txt` has some apps of the store's charts.
const SESSION: [&[&str]; 2] = [
    &["list", "--country", "us,kr,jp", "--category", "GAME_ACTION", "--num", "6"],
    &["app", "@ids.txt", "-o", "apps.csv", "--fields", "compact"],
];

/// Runs the session and writes the picture.
pub(crate) fn run(root: &Path) -> Result<()> {
    let program = root.join("target/quick/playfast");
    ensure!(program.exists(), "{} is not there: run `cargo build --profile quick`", program.display());
    let store = DemoStore::start(&program)?;
    let folder = root.join("target/picture");
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("ids.txt"), ids(&program, &store)?)?;
    let mut session = String::new();
    for arguments in SESSION {
        session.push_str(&format!("\x1b[1;32m$\x1b[0m \x1b[1mplayfast {}\x1b[0m\n", arguments.join(" ")));
        session.push_str(&in_terminal(&program, arguments, &store, &folder)?);
        session.push('\n');
    }
    let svg = anstyle_svg::Term::new().render_svg(&session);
    super::save(&root.join(PICTURE), svg.as_bytes())
}

/// The apps of a chart, one id a line.
fn ids(program: &Path, store: &DemoStore) -> Result<Vec<u8>> {
    let mut command = Command::new(program);
    command.args(["list", "--num=500", "--limit=500", "--category=all-games", "--fields=app_id", "--format=csv"]);
    let output = command.args(&store.options).output().context("failed to run playfast")?;
    ensure!(output.status.success(), "playfast failed: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().skip(1).take(500).flat_map(|id| [id, "\n"]).collect::<String>().into_bytes())
}

/// What a command writes to a terminal, in its last state.
fn in_terminal(program: &Path, arguments: &[&str], store: &DemoStore, folder: &Path) -> Result<String> {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).context("failed to open a terminal")?;
    grantpt(&terminal)?;
    unlockpt(&terminal)?;
    let size = Winsize { ws_row: 50, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal, size)?;
    let name = ptsname(&terminal, Vec::new())?.into_string()?;
    let open = || std::fs::OpenOptions::new().read(true).write(true).open(&name);
    let mut command = Command::new(program);
    command
        .args(arguments)
        .args(&store.options)
        .current_dir(folder)
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR");
    let mut child = command.stdin(open()?).stdout(open()?).stderr(open()?).spawn()?;
    drop(command);
    let mut written = Vec::new();
    // Reading ends with an error once nobody has the terminal open any more.
    drop(std::fs::File::from(terminal).read_to_end(&mut written));
    ensure!(child.wait()?.success(), "playfast {arguments:?} failed: {}", String::from_utf8_lossy(&written));
    Ok(settled(&String::from_utf8(written)?))
}

/// Lines as they stay: what a carriage return and an erased line took away is left out.
fn settled(written: &str) -> String {
    let line = |line: &str| line.rsplit(['\r']).next().unwrap_or_default().replace("\x1b[2K", "");
    written.replace("\r\n", "\n").lines().map(|text| line(text) + "\n").collect()
}

/// `playfast demo --serve`, which ends with this value.
struct DemoStore {
    process: Child,
    options: Vec<String>,
}

impl DemoStore {
    fn start(program: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["demo", "--serve", "--latency", "60"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().context("failed to start the store")?;
        let Some(stdout) = process.stdout.take() else { bail!("the store has no output") };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let options = line.split_whitespace().map(str::to_owned).collect();
        Ok(Self { process, options })
    }
}

impl Drop for DemoStore {
    fn drop(&mut self) {
        // Killed, it would leave its folder behind.
        kill_process(Pid::from_child(&self.process), Signal::TERM).ok();
        drop(self.process.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_erased_is_left_out() {
        assert_eq!(settled("progress 1\r\x1b[2Kprogress 2\r\x1b[2Krow\r\nlast\r\n"), "row\nlast\n");
    }
}
