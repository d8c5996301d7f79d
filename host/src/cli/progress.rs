//! How far is a run, for a person who waits? One line on stderr, on a terminal alone; what is said meanwhile stands above it.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::ArgMatches;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinSet;

use crate::{Control, HeldBy, Host, RunStats};

/// How often the line is written anew.
const TICK: Duration = Duration::from_millis(250);

/// What a total is that isn't known.
const UNKNOWN: u64 = u64::MAX;

/// The line that is shown, if one is.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Writes to stderr beside the line.
pub(super) fn aside(write: impl FnOnce()) {
    let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match shown {
        Some(line) => line.suspend(write),
        None => write(),
    }
}

/// How many queries there are, as soon as that is known.
#[derive(Clone, Debug)]
pub(super) struct Total(Arc<AtomicU64>);

impl Default for Total {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(UNKNOWN)))
    }
}

impl Total {
    pub(super) fn set(&self, total: usize) {
        self.0.store(total as u64, Ordering::Relaxed);
    }

    fn known(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|total| *total != UNKNOWN)
    }
}

/// The line, as long as this lives.
pub(super) struct Progress {
    _task: Option<JoinSet<()>>,
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(line) = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).take() {
            line.finish_and_clear();
        }
    }
}

/// Shows the line, unless the general options or the lack of a terminal say otherwise. What is logged would stand in its way.
pub(super) fn show(matches: &ArgMatches, host: &Host, control: &Control, total: &Total) -> Progress {
    if matches.get_flag("no-progress") || matches.get_count("verbose") > 0 || !std::io::stderr().is_terminal() {
        return Progress { _task: None };
    }
    let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(line.clone());
    let (host, control, total) = (host.clone(), control.clone(), total.clone());
    let mut task = JoinSet::new();
    task.spawn(async move {
        loop {
            let stats = control.stats();
            line.set_style(style(total.known().is_some()));
            if let Some(total) = total.known() {
                line.set_length(total);
            }
            line.set_position(stats.answered + stats.failures() + stats.done_before);
            line.set_message(message(&stats, host.generation()));
            tokio::time::sleep(TICK).await;
        }
    });
    Progress { _task: Some(task) }
}

fn style(knows_total: bool) -> ProgressStyle {
    let template =
        if knows_total { "{bar:20} {pos} of {len}, {per_sec}{msg}, {eta} left" } else { "{pos} done, {per_sec}{msg}" };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// What the line says beside counts and times.
fn message(stats: &RunStats, generation: u64) -> String {
    let mut message = String::new();
    if stats.failures() > 0 {
        message.push_str(&format!(", {} failed ({})", stats.failures(), super::summary::by_kind(&stats.failed)));
    }
    if stats.retries > 0 {
        message.push_str(&format!(", {} asked again", stats.retries));
    }
    if generation > 1 {
        message.push_str(&format!(", parser generation {generation}"));
    }
    message.push_str(match stats.held_by {
        HeldBy::Pace => ", held by the pace (see --rate)",
        HeldBy::Limit => ", as fast as the site bears",
        HeldBy::Shut => ", waiting for a site that refuses everything",
        HeldBy::Nothing => "",
    });
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureKind;

    #[test]
    fn the_line_says_what_fails_and_what_holds_it_up() {
        let mut stats = RunStats { held_by: HeldBy::Pace, retries: 3, ..RunStats::default() };
        stats.failed.insert(FailureKind::Blocked, 2);
        let expected = ", 2 failed (2 blocked), 3 asked again, parser generation 2, held by the pace (see --rate)";
        assert_eq!(message(&stats, 2), expected);
        assert_eq!(message(&RunStats::default(), 1), "");
    }
}
