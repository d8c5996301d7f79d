//! The same bytes, read with trees.

use serde_json::{Value, json};

/// The value at a path of slots, `null` where there is none: an element, else a member of the object that ends the array.
pub(crate) fn at(value: &Value, path: &[usize]) -> Value {
    let Some((slot, rest)) = path.split_first() else { return value.clone() };
    let Some(array) = value.as_array() else { return Value::Null };
    let tail = array.last().filter(|last| last.is_object());
    let positional = array.len() - usize::from(tail.is_some());
    match array.get(*slot).filter(|_| *slot < positional) {
        Some(element) => at(element, rest),
        None => tail.and_then(|tail| tail.get((slot + 1).to_string())).map_or(Value::Null, |member| at(member, rest)),
    }
}

/// The data of every block of a page.
pub(crate) fn blocks(page: &str) -> Vec<(usize, usize, Value)> {
    let starts = page.match_indices("AF_initDataCallback({").filter_map(|(start, _)| {
        let data = start + page[start..].find("data:")? + 5;
        let mut values = serde_json::Deserializer::from_str(&page[data..]).into_iter::<Value>();
        let value = values.next()?.ok()?;
        Some((data, data + values.byte_offset(), value))
    });
    starts.collect()
}

/// The block that holds an app: where its data starts and ends, and what it is.
pub(crate) fn app_block(page: &str) -> (usize, usize, Value) {
    let holds_app = |(_, _, value): &(usize, usize, Value)| {
        at(value, &[1, 2, 0, 0]).is_string() && at(value, &[1, 2, 79, 0, 0, 0]).is_string()
    };
    blocks(page).into_iter().find(holds_app).expect("the page holds an app")
}

/// The payload of the first frame that answers `rpc`.
pub(crate) fn payload(body: &str, rpc: &str) -> Value {
    let frames = body.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter(Value::is_array);
    let mut frames = frames.flat_map(|frames| frames.as_array().unwrap().clone());
    let frame = frames.find(|frame| frame[0] == "wrb.fr" && frame[1] == rpc).expect("a frame");
    serde_json::from_str(frame[2].as_str().unwrap()).unwrap()
}

/// A page of one block that holds `message`.
pub(crate) fn in_a_page(message: &Value) -> Vec<u8> {
    format!("<script>AF_initDataCallback({{key: 'ds:5', hash: '8', data:{message}, sideChannel: {{}}}});</script>")
        .into_bytes()
}

/// A body of batchexecute whose one frame for `rpc` holds `message`.
pub(crate) fn in_a_frame(rpc: &str, message: &Value) -> Vec<u8> {
    format!(")]}}'\n\n{}", json!([["wrb.fr", rpc, message.to_string(), null, null, null, "generic"], ["di", 5]]))
        .into_bytes()
}
