//! Styles of text, as ANSI escape sequences (ECMA-48, SGR).

/// How a piece of text looks on a terminal with colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Style {
    #[default]
    Plain,
    Bold,
    Dim,
    Green,
    Yellow,
    Red,
}

impl Style {
    /// Green for four stars and more, yellow for three, red below.
    pub(super) fn from_score(score: f64) -> Self {
        match score {
            score if score >= 4.0 => Self::Green,
            score if score >= 3.0 => Self::Yellow,
            _ => Self::Red,
        }
    }

    /// The sequence that turns the style on. `\x1b[0m` turns each off.
    pub(super) const fn sequence(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Bold => Some("\x1b[1m"),
            Self::Dim => Some("\x1b[2m"),
            Self::Green => Some("\x1b[32m"),
            Self::Yellow => Some("\x1b[33m"),
            Self::Red => Some("\x1b[31m"),
        }
    }
}
