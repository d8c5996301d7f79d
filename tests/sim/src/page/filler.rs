//! Style rules, markup and data that mean nothing and look like something.

use crate::catalogue::picture;
use crate::dice::Dice;
use crate::wire::{NULL, Node, icon, list, path};

const RULES: [&str; 16] = [
    "display:flex",
    "align-items:center",
    "color:rgb(95,99,104)",
    "padding:0 16px",
    "margin:0 0 8px",
    "position:absolute",
    "overflow:hidden",
    "font:500 .875rem/1.25rem Roboto,sans-serif",
    "letter-spacing:.0178571429em",
    "border-radius:8px",
    "background-color:var(--surface,#fff)",
    "transition:opacity 150ms cubic-bezier(.4,0,.2,1)",
    "box-sizing:border-box",
    "min-height:48px",
    "z-index:1",
    "text-overflow:ellipsis",
];

/// About so many bytes of style rules.
pub(crate) fn styles(dice: &mut Dice, bytes: usize) -> String {
    grow(bytes, |out| {
        out.push('.');
        out.push_str(&class(dice));
        out.push('{');
        for _ in 0..dice.between(2, 6) {
            out.push_str(dice.pick(&RULES));
            out.push(';');
        }
        out.push('}');
    })
}

/// About so many bytes of markup: rows of links, pictures and labels.
pub(crate) fn markup(dice: &mut Dice, bytes: usize) -> String {
    grow(bytes, |out| {
        let (outer, inner, picture) = (class(dice), class(dice), picture(dice));
        out.push_str(&format!("<div class=\"{outer}\" role=\"listitem\"><div class=\"{inner}\"><img src=\"{picture}=s64-rw\" alt=\"\" loading=\"lazy\">"));
        out.push_str(&format!("<span class=\"{}\">{}</span></div></div>", class(dice), dice.opaque(12)));
    })
}

/// About so many bytes of settings, as members of an object.
pub(crate) fn settings(dice: &mut Dice, bytes: usize) -> String {
    grow(bytes, |out| {
        out.push_str(&format!(
            "\"{}\":{},",
            dice.opaque(6),
            dice.pick(&["true", "false", "null", "\"%.@.[[null,1]]\"", "[]", "1500"])
        ))
    })
}

/// About so many bytes of data in lists of lists.
pub(crate) fn data(dice: &mut Dice, bytes: usize) -> Node {
    let rows = bytes / 330 + 1;
    (0..rows)
        .map(|_| {
            list![
                dice.opaque(24),
                NULL,
                icon(&picture(dice)),
                path(&format!("/store/apps/editorial?id={}", dice.opaque(40))),
                NULL,
                NULL,
                list![1, list![dice.opaque(60)]]
            ]
        })
        .collect()
}

fn class(dice: &mut Dice) -> String {
    dice.opaque(6)
}

fn grow(bytes: usize, mut add: impl FnMut(&mut String)) -> String {
    let mut out = String::with_capacity(bytes + 512);
    while out.len() < bytes {
        add(&mut out);
    }
    out
}
