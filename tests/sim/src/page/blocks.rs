//! Thirteen, each answering the rpc that `AF_dataServiceRequests` names for its number.
//!
//! Invariant: numbers follow from the seed and the app and are no sign of what a block holds; only the rpc is. Two blocks answer the
//! details rpc, the small one first.

use std::fmt::Write as _;

use super::filler;
use crate::catalogue::{App, picture, sentence};
use crate::config::Layout;
use crate::dice::Dice;
use crate::wire::{Mask, NULL, Node, app_key, details, icon, list, message, ratings_alone};

/// A block and the request it answers.
#[derive(Debug)]
pub(crate) struct Block {
    number: usize,
    rpc: &'static str,
    request: Node,
    data: Node,
}

/// The blocks in the order of the page.
pub(crate) fn blocks(seed: u64, app: &App, rows: Node, layout: Layout) -> Vec<Block> {
    let mut dice = Dice::of(seed, &["blocks", &app.id]);
    let mut numbers: Vec<usize> = (0..13).collect();
    dice.shuffle(&mut numbers);
    let key = || list![app_key(&app.id)];
    let changed = layout == Layout::Changed;
    let fields = Mask::page_fields(layout);
    let contents = [
        ("T6C6Se", list![], filler::data(&mut dice, 300)),
        ("Qu3lde", list![NULL, 1], filler::data(&mut dice, 3_500)),
        ("X5bnOb", list![], list![1]),
        ("jRco8", list![], filler::data(&mut dice, 300)),
        ("shGlA", list![NULL, 0], filler::data(&mut dice, 600)),
        ("A6yuRe", key(), list![]),
        ("Ws7gDc", details_request(app, &[52], list![message([(23, list![2])])]), ratings_alone(app, changed)),
        ("CLXjtf", key(), filler::data(&mut dice, 12_000)),
        ("oCPfdb", list![NULL, list![2, NULL, list![20]], app_key(&app.id)], reviews(&mut dice, app)),
        ("yowZ5", list![key()], filler::data(&mut dice, 600)),
        ("Ws7gDc", details_request(app, &fields, options()), details(app, &Mask::new(fields), changed)),
        ("ZittHe", list![key()], filler::data(&mut dice, 9_000)),
        ("ag2B9c", list![list![NULL, app_key(&app.id)]], rows),
    ];
    numbered(numbers, contents)
}

/// What an rpc is asked and answers.
pub(super) type Exchange = (&'static str, Node, Node);

/// The blocks of any other page: those around the data that every page has, and the page's own.
pub(super) fn page_blocks(dice: &mut Dice, own: Vec<Exchange>) -> Vec<Block> {
    let mut contents = vec![
        ("T6C6Se", list![], filler::data(dice, 300)),
        ("Qu3lde", list![NULL, 1], filler::data(dice, 3_500)),
        ("X5bnOb", list![], list![1]),
        ("jRco8", list![], filler::data(dice, 600)),
        ("shGlA", list![NULL, 0], filler::data(dice, 700)),
    ];
    contents.extend(own);
    let mut numbers: Vec<usize> = (0..contents.len()).collect();
    dice.shuffle(&mut numbers);
    numbered(numbers, contents)
}

fn numbered(numbers: Vec<usize>, contents: impl IntoIterator<Item = Exchange>) -> Vec<Block> {
    let contents = contents.into_iter().zip(numbers);
    contents.map(|((rpc, request, data), number)| Block { number, rpc, request, data }).collect()
}

fn details_request(app: &App, fields: &[u64], options: Node) -> Node {
    let fields: Node = fields.iter().map(|field| *field as i64).collect();
    list![NULL, NULL, list![fields], options, NULL, list![app_key(&app.id)]]
}

/// The options of the call for details, as on the pages of 2026-07.
fn options() -> Node {
    let nested = || list![list![list![]]];
    message([
        (0, message([(0, list![1, NULL, 1]), (2, nested()), (7, list![NULL, 2]), (22, list![1])])),
        (1, list![NULL, nested(), NULL, NULL, list![1]]),
        (2, list![NULL, nested(), NULL, list![1]]),
        (3, list![NULL, nested()]),
        (8, list![nested()]),
        (9, list![nested()]),
    ])
}

fn reviews(dice: &mut Dice, app: &App) -> Node {
    let reviews: Node = (0..20).map(|_| review(dice, app)).collect();
    list![reviews, list![NULL, list![NULL, dice.opaque(120)]]]
}

fn review(dice: &mut Dice, app: &App) -> Node {
    let text: Vec<_> = (0..dice.between(4, 14)).map(|_| sentence(dice, app.language)).collect();
    let face = picture(dice);
    message([
        (0, dice.opaque(36).into()),
        (1, list!["A user", icon(&face)]),
        (2, (dice.between(1, 5) as i64).into()),
        (4, text.join(" ").into()),
        (5, list![app.updated.seconds - dice.below(9_000_000) as i64, 0]),
        (6, (dice.below(4_000) as i64).into()),
        (10, Node::from(app.versions.name.as_ref())),
        (15, 1.into()),
    ])
}

/// The list of keys and the requests by number.
pub(crate) fn write_requests(out: &mut String, blocks: &[Block]) {
    let mut sorted: Vec<_> = blocks.iter().collect();
    sorted.sort_by_key(|block| block.number);
    let keys: Vec<_> = sorted.iter().map(|block| format!("\"ds:{}\"", block.number)).collect();
    let requests: Vec<_> = sorted.into_iter().map(request).collect();
    // Writing to a `String` cannot fail.
    let _ = write!(
        out,
        "var AF_initDataKeys = [{}]; var AF_dataServiceRequests = {{{}}};",
        keys.join(","),
        requests.join(",")
    );
}

/// One request; some rpcs have a number beside them, as on the real page.
fn request(block: &Block) -> String {
    let extra = if matches!(block.rpc, "X5bnOb" | "CLXjtf" | "ag2B9c") { "ext: 1.84915516E8 ," } else { "" };
    format!("'ds:{}' : {{id:'{}',{extra}request:{}}}", block.number, block.rpc, block.request.json())
}

/// The blocks as scripts.
pub(crate) fn write(out: &mut String, blocks: &[Block]) {
    for (hash, block) in blocks.iter().enumerate() {
        let key = block.number;
        let _ = write!(
            out,
            "<script class=\"ds:{key}\">AF_initDataCallback({{key: 'ds:{key}', hash: '{}', data:",
            hash + 1
        );
        block.data.write(out);
        out.push_str(", sideChannel: {}});</script>");
    }
}
