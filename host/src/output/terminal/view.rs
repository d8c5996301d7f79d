//! Settings of a terminal view.

/// The columns of a window that doesn't say how wide it is.
const UNKNOWN_WIDTH: usize = 80;

/// How rows are shown at a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct View {
    /// Columns of the window. 0 means unknown, and is taken as 80.
    pub width: usize,
    /// Whether text is coloured, by ANSI escape sequences. Off by default.
    pub is_colored: bool,
    /// The names of the queries' parameters, in their order. Empty by default.
    pub params: Vec<String>,
    /// The field whose values stand side by side. `None` takes the first parameter that has two to eight values.
    pub pivot: Option<String>,
    /// The fields that are shown, in their order. `None` takes those that tell most.
    pub fields: Option<Vec<String>>,
    /// How the reader gets at what isn't shown, such as `--format json`: it follows "+ 31 more fields". `None` by default.
    pub hint: Option<String>,
}

impl View {
    /// A view without colour for a window of this width.
    #[must_use]
    pub const fn new(width: usize) -> Self {
        Self { width, is_colored: false, params: Vec::new(), pivot: None, fields: None, hint: None }
    }

    pub(super) const fn columns(&self) -> usize {
        if self.width == 0 { UNKNOWN_WIDTH } else { self.width }
    }
}
