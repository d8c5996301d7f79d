//! `playfast completions`: scripts that complete commands, options and values.

use clap_complete::Shell;

use crate::cli::args::{CompletionsCommand, document};
use crate::cli::exit::{ExitStatus, print};
use crate::cli::parsers::Parsers;

/// What completes the last of several values that commas separate, which the generated script doesn't.
const BASH_LISTS: &str = r#"
_playfast_lists() {
    local last="${2##*,}"
    _playfast "$1" "$last" "$3"
    if [[ "$2" == *,* ]]; then
        COMPREPLY=("${COMPREPLY[@]/#/${2%,*},}")
    fi
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _playfast_lists -o nosort -o bashdefault -o default playfast
else
    complete -F _playfast_lists -o bashdefault -o default playfast
fi
"#;

pub(in crate::cli) fn run(command: &CompletionsCommand, parsers: Option<&Parsers>) -> Result<ExitStatus, ExitStatus> {
    print(&script(command.shell, parsers))?;
    Ok(ExitStatus::done())
}

fn script(shell: Shell, parsers: Option<&Parsers>) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut document(parsers), "playfast", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if shell == Shell::Bash {
        script.push_str(BASH_LISTS);
    }
    script
}
