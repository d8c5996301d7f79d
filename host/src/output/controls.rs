//! Control characters in texts of rows.
//!
//! Pages hold them by mistake or malice; JSON would carry them as escapes, CSV raw, a terminal would obey them. Every format drops them, so that
//! all formats hold equal texts.

use serde_json::Value;

use crate::types::Row;

/// Bytes that are looked at together: a loop without an exit in its midst compiles to vector instructions.
const SCANNED_BYTES: usize = 64;

/// Drops the C0 controls except tab and newline, and DEL, from each text of the row. A carriage return is dropped too: lines end with a newline
/// alone.
pub(super) fn drop_controls(row: &mut Row) {
    row.values_mut().for_each(drop_from_value);
}

fn drop_from_value(value: &mut Value) {
    match value {
        Value::String(text) if has_control(text) => text.retain(|character| !is_dropped(character)),
        Value::Array(values) => values.iter_mut().for_each(drop_from_value),
        Value::Object(values) => values.values_mut().for_each(drop_from_value),
        _ => {}
    }
}

fn has_control(text: &str) -> bool {
    let mut chunks = text.as_bytes().chunks(SCANNED_BYTES);
    chunks.any(|chunk| chunk.iter().fold(false, |found, byte| found | is_dropped(char::from(*byte))))
}

/// True for ASCII only: bytes of longer characters are 0x80 and above.
const fn is_dropped(character: char) -> bool {
    matches!(character, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn controls_but_tab_and_newline_are_dropped_at_any_depth() {
        let all: String = ('\0'..='\u{a0}').collect();
        let mut row: Row = serde_json::from_value(
            json!({"all": all, "crlf": "a\r\nb", "list": ["x\u{1b}[2J", {"deep": "\u{7}é\u{0}"}], "number": 1}),
        )
        .unwrap();
        drop_controls(&mut row);
        let kept: String = "\t\n".chars().chain(' '..='~').chain('\u{80}'..='\u{a0}').collect();
        let expected = json!({"all": kept, "crlf": "a\nb", "list": ["x[2J", {"deep": "é"}], "number": 1});
        assert_eq!(Value::from(row), expected);
    }

    #[test]
    fn a_control_is_found_wherever_it_stands() {
        for length in [0, 1, 63, 64, 65, 200] {
            let text = "é".repeat(length);
            assert!(!has_control(&text));
            assert!(has_control(&format!("{text}\u{1}")));
            assert!(has_control(&format!("\u{7f}{text}")));
        }
    }
}
