//! A summary in every details message, and the whole when field 138 is asked for.

use super::shapes::{html, link};
use super::{NULL, Node, list};
use crate::catalogue::{App, DataType, picture};
use crate::dice::Dice;

const HELP: &str = "https://support.google.com/googleplay?p=data-safety";

/// The summary, slot 136.
pub(crate) fn summary(app: &App) -> Node {
    let (labels, safety) = (app.language.labels(), &app.safety);
    let shared = if safety.shared.is_empty() { labels.shares_nothing } else { labels.shares };
    let mut rows = vec![row(app, shared, names(&safety.shared)), row(app, labels.collects, names(&safety.collected))];
    rows.extend(safety.practices.iter().map(|practice| row(app, practice, None)));
    list![list![NULL, list![1, 1]], rows, 1]
}

/// The whole declaration, slot 137.
pub(crate) fn declaration(app: &App) -> Node {
    let safety = &app.safety;
    let practices: Node =
        safety.practices.iter().map(|practice| list![badge(app, practice), *practice, html(practice)]).collect();
    list![
        list![232, 234, 237, 255],
        list![255, 255, 255, 255],
        link(HELP),
        list![NULL, list![1, 0]],
        list![section(app, &safety.shared), section(app, &safety.collected)],
        NULL,
        NULL,
        list![60, 64, 67, 255],
        list![95, 99, 104, 255],
        list![badge(app, "practices"), "Security practices", practices],
    ]
}

fn row(app: &App, label: &str, names: Option<String>) -> Node {
    list![badge(app, label), label, names.map(|names| html(&names))]
}

fn names(types: &[DataType]) -> Option<String> {
    (!types.is_empty()).then(|| types.iter().map(|kind| kind.group).collect::<Vec<_>>().join(", "))
}

fn section(app: &App, types: &[DataType]) -> Node {
    if types.is_empty() {
        return list![NULL, app.language.labels().shares_nothing, NULL, NULL, NULL, badge(app, "nothing")];
    }
    list![types.iter().map(|kind| data_type(app, kind)).collect::<Node>(), "Data and for what purpose"]
}

fn data_type(app: &App, kind: &DataType) -> Node {
    let names: Vec<_> = kind.uses.iter().map(|usage| usage.data).collect();
    let uses: Node =
        kind.uses.iter().map(|usage| list![usage.data, i64::from(usage.optional), usage.purpose]).collect();
    list![list![badge(app, kind.group), kind.group, html(&names.join(", "))], NULL, NULL, NULL, uses]
}

/// A picture beside a label, in a light and a dark variant.
fn badge(app: &App, label: &str) -> Node {
    let mut dice = Dice::of(1, &[&app.id, label]);
    let (light, dark) = (picture(&mut dice), picture(&mut dice));
    list![NULL, 2, NULL, list![NULL, NULL, light], NULL, NULL, NULL, NULL, NULL, NULL, list![NULL, NULL, dark]]
}
