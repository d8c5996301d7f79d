//! Whether output is coloured.

use std::io::IsTerminal;

/// Whether text on stdout is coloured.
pub(super) fn is_stdout_colored() -> bool {
    std::io::stdout().is_terminal()
}
