//! How far is a run, for a person who waits? One line on stderr, on a terminal alone; what is said meanwhile stands above it.

use std::fmt;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tokio::task::JoinSet;

use super::args::GeneralArgs;
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

/// How many queries there are, as soon as that is known, and about how many before.
#[derive(Clone, Debug)]
pub(super) struct Total(Arc<(AtomicU64, AtomicBool)>);

impl Default for Total {
    fn default() -> Self {
        Self(Arc::new((AtomicU64::new(UNKNOWN), AtomicBool::new(false))))
    }
}

impl Total {
    pub(super) fn set(&self, total: usize) {
        self.put(total as u64, true);
    }

    pub(super) fn guess(&self, total: u64) {
        self.put(total, false);
    }

    fn put(&self, total: u64, is_exact: bool) {
        self.0.0.store(total, Ordering::Relaxed);
        self.0.1.store(is_exact, Ordering::Relaxed);
    }

    /// Whether there are none.
    pub(super) fn is_zero(&self) -> bool {
        self.known() == Some((0, true))
    }

    /// The number, and whether it is more than a guess.
    fn known(&self) -> Option<(u64, bool)> {
        let (total, is_exact) = &*self.0;
        Some((total.load(Ordering::Relaxed), is_exact.load(Ordering::Relaxed))).filter(|(total, _)| *total != UNKNOWN)
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
pub(super) fn show(general: &GeneralArgs, host: &Host, control: &Control, total: &Total) -> Progress {
    if general.no_progress || general.quiet || general.verbose > 0 || !std::io::stderr().is_terminal() {
        return Progress { _task: None };
    }
    let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(line.clone());
    let (host, control, total) = (host.clone(), control.clone(), total.clone());
    let mut task = JoinSet::new();
    task.spawn(async move {
        loop {
            let stats = control.stats();
            let (total, done) = (total.known(), stats.answered + stats.failures() + stats.done_before);
            line.set_style(style(total));
            if let Some((total, _)) = total {
                line.set_length(total.max(done));
            }
            line.set_position(done);
            line.set_message(message(&stats, host.generation()));
            tokio::time::sleep(TICK).await;
        }
    });
    Progress { _task: Some(task) }
}

fn style(total: Option<(u64, bool)>) -> ProgressStyle {
    let template = match total {
        Some((_, true)) => "{bar:20} {pos} of {len}, {rate}{msg}{left}",
        Some((_, false)) => "{bar:20} {pos} of about {len}, {rate}{msg}{left}",
        None => "{pos} done, {rate}{msg}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("rate", rate).with_key("left", left)
}

fn rate(state: &ProgressState, line: &mut dyn fmt::Write) {
    // The line is there for a person: what can't be written isn't missed.
    let _ = write!(line, "{:.1}/s", state.per_sec());
}

/// Nothing before there is anything to go by.
fn left(state: &ProgressState, line: &mut dyn fmt::Write) {
    if state.pos() > 0 && state.per_sec() > 0.0 {
        let _ = write!(line, ", {:#} left", HumanDuration(state.eta()));
    }
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
    message.push_str(&format!(", parser generation {generation}"));
    let wait = stats.held_for.map(|wait| format!(" {}", HumanDuration(wait))).unwrap_or_default();
    message.push_str(&match stats.held_by {
        HeldBy::Pace => ", held by the pace (see --rate)".to_owned(),
        HeldBy::Limit => ", as fast as the site serves".to_owned(),
        HeldBy::Shut => format!(", waiting{wait} for a site that refuses everything"),
        HeldBy::RetryAfter => format!(", waiting{wait} as the site asked"),
        HeldBy::Nothing => String::new(),
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
        assert_eq!(message(&RunStats::default(), 1), ", parser generation 1");
        let stats =
            RunStats { held_by: HeldBy::RetryAfter, held_for: Some(Duration::from_secs(43)), ..RunStats::default() };
        assert_eq!(message(&stats, 1), ", parser generation 1, waiting 43 seconds as the site asked");
    }
}
