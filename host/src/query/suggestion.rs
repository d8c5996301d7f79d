//! Refusals of values: why a text is no value of a parameter, and what to write instead.
//!
//! No regular expressions, and no guesses for codes: of two letters any code is near, and a wrong country is worse than none.

use std::cmp::Reverse;

use crate::parser::{InvalidValue, Param};

/// Letters of the longest code: those of ISO 3166-1 and ISO 639 have two or three.
const MAX_CODE_CHARS: usize = 3;

/// Values that are named as examples, or as what may be meant.
const MAX_NAMED_VALUES: usize = 3;

/// Values of which all are named.
const MAX_LISTED_VALUES: usize = 6;

/// How near a value or its name must be to be taken for what is meant, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.8;

/// How near a text is to a value that it misspells in a letter or two.
const MIN_MISSPELLING_SIMILARITY: f64 = 0.93;

/// Letters from which on a text says something as part of a value.
const MIN_PART_CHARS: usize = 3;

/// The cause and the cure.
pub(crate) fn refusal(param: &Param, text: &str, invalid: InvalidValue) -> String {
    if let Some(value) = param.aliased(text) {
        return aliased(param, text, value);
    }
    match invalid {
        InvalidValue::OutOfRange => match range(param) {
            Some(range) => format!("give a number {range}"),
            None => invalid.to_string(),
        },
        InvalidValue::NotInteger => format!("give a whole number{}", space(range(param))),
        InvalidValue::NotNumber => format!("give a number{}", space(range(param))),
        InvalidValue::NotChoice => choice(param, text),
        InvalidValue::Malformed => match respelled(param, text) {
            Some(value) => format!("write it as {value}"),
            None => form(param),
        },
        InvalidValue::NotBoolean | InvalidValue::Other(_) => invalid.to_string(),
    }
}

/// That a text names a value without being one.
fn aliased(param: &Param, text: &str, value: &str) -> String {
    let what = if is_code(value) { "code" } else { "value" };
    match param.name_of(value).filter(|name| !name.eq_ignore_ascii_case(text)) {
        Some(name) => format!("the {what} of {name} is {value}"),
        None => format!("its {what} is {value}"),
    }
}

fn is_code(value: &str) -> bool {
    value.chars().count() <= MAX_CODE_CHARS
}

/// The bounds of a number, as far as the schema has any.
fn range(param: &Param) -> Option<String> {
    let bound = |name: &str| param.schema.get(name).map(ToString::to_string);
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(greatest)) => Some(format!("from {least} to {greatest}")),
        (Some(least), None) => Some(format!("from {least} on")),
        (None, Some(greatest)) => Some(format!("up to {greatest}")),
        (None, None) => None,
    }
}

fn space(text: Option<String>) -> String {
    text.map(|text| format!(" {text}")).unwrap_or_default()
}

/// What a text is likely to mean that is none of the values, and which there are.
fn choice(param: &Param, text: &str) -> String {
    let choices: Vec<_> = param.choices().collect();
    let are_codes = choices.iter().all(|choice| is_code(choice));
    let meant = if are_codes { named(param, text) } else { near(param, text) };
    let all = match (choices.len(), such_as(param)) {
        (count, _) if count <= MAX_LISTED_VALUES => return few(meant, param.choices().chain(groups(param)).collect()),
        (count, Some(examples)) => format!("there are {count}, such as {examples}"),
        (count, None) => format!("there are {count}"),
    };
    let what = if are_codes { "code" } else { "value" };
    match meant {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("there is no such {what}; {all}"),
    }
}

fn groups(param: &Param) -> impl Iterator<Item = String> {
    param.groups.keys().cloned()
}

/// What to give instead, of a few values.
fn few(meant: Option<String>, values: Vec<String>) -> String {
    let all = match values.split_last() {
        Some((last, others)) if !others.is_empty() => format!("give {} or {last}", others.join(", ")),
        _ => format!("give {}", values.join("")),
    };
    meant.map_or_else(|| all.clone(), |meant| format!("did you mean {meant}? ({all})"))
}

/// The schema's examples, else the first values.
fn such_as(param: &Param) -> Option<String> {
    let examples: Vec<_> = param.examples().take(MAX_NAMED_VALUES).collect();
    let named = if examples.is_empty() { param.choices().take(MAX_NAMED_VALUES).collect() } else { examples };
    (!named.is_empty()).then(|| named.join(", "))
}

/// The code whose name is nearest to a text that is longer than a code.
fn named(param: &Param, text: &str) -> Option<String> {
    if is_code(text) {
        return None;
    }
    let aliases = param.aliases.iter().filter(|(name, _)| !is_code(name));
    let (_, (name, value)) = nearest(aliases, |(name, _)| similarity(text, name))?;
    Some(format!("{name} ({value})"))
}

/// The values that a text may mean: those of which it is a word or a part, else the one that it is nearest to; groups after values, unless a
/// text is misspelled rather than shortened.
fn near(param: &Param, text: &str) -> Option<String> {
    let (choices, groups): (Vec<_>, Vec<_>) = (param.choices().collect(), groups(param).collect());
    let text = text.to_lowercase();
    let likest = |near: f64| {
        let (similarity, value) = nearest(choices.iter().chain(&groups), |value| similarity(&text, value))?;
        (similarity >= near).then(|| value.clone())
    };
    containing(&choices, &text)
        .or_else(|| likest(MIN_MISSPELLING_SIMILARITY))
        .or_else(|| containing(&groups, &text))
        .or_else(|| likest(MIN_SIMILARITY))
}

/// The values of which a text is a word, else those that it is a part of.
fn containing(values: &[String], text: &str) -> Option<String> {
    let is_word = |value: &&String| value.to_lowercase().split(['_', '-', ' ']).any(|word| word == text);
    let is_part = |value: &&String| text.len() >= MIN_PART_CHARS && value.to_lowercase().contains(text);
    let words: Vec<_> = values.iter().filter(is_word).take(MAX_NAMED_VALUES).collect();
    let found = if words.is_empty() { values.iter().filter(is_part).take(MAX_NAMED_VALUES).collect() } else { words };
    (!found.is_empty()).then(|| joined(&found))
}

fn joined(values: &[&String]) -> String {
    match values {
        [first @ .., last] if !first.is_empty() => {
            let first: Vec<_> = first.iter().map(|value| value.as_str()).collect();
            format!("{} or {last}", first.join(", "))
        }
        values => values.iter().map(|value| value.as_str()).collect(),
    }
}

/// The item of greatest similarity, the first of equal ones, if it is near.
fn nearest<T>(items: impl Iterator<Item = T>, similarity: impl Fn(&T) -> f64) -> Option<(f64, T)> {
    let near = items.map(|item| (similarity(&item), item)).filter(|(similarity, _)| *similarity >= MIN_SIMILARITY);
    near.enumerate()
        .max_by(|(left_at, (left, _)), (right_at, (right, _))| {
            left.total_cmp(right).then_with(|| Reverse(left_at).cmp(&Reverse(right_at)))
        })
        .map(|(_, item)| item)
}

fn similarity(text: &str, other: &str) -> f64 {
    strsim::jaro_winkler(&text.to_lowercase(), &other.to_lowercase())
}

/// The value that a text is in another spelling: with `-` for `_`, and in the case of a language tag (RFC 5646 §2.1.1).
fn respelled(param: &Param, text: &str) -> Option<String> {
    let hyphened = text.trim().replace('_', "-");
    let tag = tag_case(&hyphened);
    [hyphened, tag].into_iter().find(|spelling| spelling != text && param.canonical(spelling).is_ok())
}

/// A language tag in its usual case: the language in small letters, a script with a capital, a region in capitals.
fn tag_case(tag: &str) -> String {
    let subtags = tag.split('-').enumerate().map(|(index, subtag)| match (index, subtag.len()) {
        (0, _) => subtag.to_ascii_lowercase(),
        (_, 2) => subtag.to_ascii_uppercase(),
        (_, 4) => {
            let (first, rest) = subtag.split_at_checked(1).unwrap_or((subtag, ""));
            format!("{}{}", first.to_ascii_uppercase(), rest.to_ascii_lowercase())
        }
        _ => subtag.to_ascii_lowercase(),
    });
    subtags.collect::<Vec<_>>().join("-")
}

/// What form values have.
fn form(param: &Param) -> String {
    let title = param.schema.get("title").and_then(serde_json::Value::as_str);
    let title = title.map(|title| format!("give {} {title}", article(title)));
    match (title, such_as(param)) {
        (Some(title), Some(examples)) => format!("{title} such as {examples}"),
        (Some(title), None) => title,
        (None, Some(examples)) => format!("give one such as {examples}"),
        (None, None) => InvalidValue::Malformed.to_string(),
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refused(schema: Value, text: &str) -> String {
        let param: Param = serde_json::from_value(schema).unwrap();
        let invalid = param.canonical(text).unwrap_err();
        refusal(&param, text, invalid)
    }

    fn codes() -> Value {
        let codes = ["us", "gb", "de", "ge", "sx", "uz", "al", "vu", "at", "au"];
        json!({"type": "string", "enum": codes, "examples": ["us", "gb", "de"], "x-aliases": {
            "United Kingdom": "gb", "UK": "gb", "GBR": "gb", "Germany": "de", "DEU": "de", "Georgia": "ge", "Austria": "at", "Australia": "au"}})
    }

    #[test]
    fn of_codes_the_one_of_a_name_is_told_and_none_is_guessed() {
        let all = "there is no such code; there are 10, such as us, gb, de";
        for (text, expected) in [
            ("uk", "the code of United Kingdom is gb"),
            ("GBR", "the code of United Kingdom is gb"),
            ("united kingdom", "its code is gb"),
            ("Germany", "its code is de"),
            ("Germny", "did you mean Germany (de)?"),
            ("xx", all),
            ("XX", all),
            ("eu", all),
            ("all", all),
            ("Mordor", all),
        ] {
            assert_eq!(refused(codes(), text), expected, "{text}");
        }
    }

    #[test]
    fn words_of_a_value_count_more_than_likeness() {
        let values =
            ["EDUCATION", "GAME", "GAME_ACTION", "GAME_MUSIC", "MUSIC_AND_AUDIO", "BOOKS_AND_REFERENCE", "SOCIAL"];
        let schema =
            json!({"type": "string", "enum": values, "x-groups": {"all-games": ["GAME_ACTION", "GAME_MUSIC"]}});
        for (text, expected) in [
            ("action", "did you mean GAME_ACTION?"),
            ("music", "did you mean GAME_MUSIC or MUSIC_AND_AUDIO?"),
            ("book", "did you mean BOOKS_AND_REFERENCE?"),
            ("all", "did you mean all-games?"),
            ("GAMES", "did you mean GAME?"),
            ("GAME_ACTON", "did you mean GAME_ACTION?"),
            ("socail", "did you mean SOCIAL?"),
            ("zzz", "there is no such value; there are 7, such as EDUCATION, GAME, GAME_ACTION"),
        ] {
            assert_eq!(refused(schema.clone(), text), expected, "{text}");
        }
        let few = json!({"type": "string", "enum": ["topselling_free", "topselling_paid", "topgrossing"]});
        let all = "give topselling_free, topselling_paid or topgrossing";
        assert_eq!(refused(few.clone(), "free"), format!("did you mean topselling_free? ({all})"));
        assert_eq!(refused(few, "new"), all);
    }

    #[test]
    fn numbers_have_a_range() {
        let num = json!({"type": "integer", "minimum": 1, "maximum": 660});
        for (text, expected) in [
            ("661", "give a number from 1 to 660"),
            ("99999999999999999999", "give a number from 1 to 660"),
            ("many", "give a whole number from 1 to 660"),
            ("1.5", "give a whole number from 1 to 660"),
        ] {
            assert_eq!(refused(num.clone(), text), expected, "{text}");
        }
        assert_eq!(refused(json!({"type": "number", "minimum": 0}), "-1"), "give a number from 0 on");
        assert_eq!(refused(json!({"type": "number"}), "x"), "give a number");
        assert_eq!(refused(json!({"type": "boolean"}), "x"), "it must be true or false");
    }

    #[test]
    fn a_form_is_shown_and_never_its_pattern() {
        let language = json!({"type": "string", "pattern": "^(en|de|zh)(-[A-Za-z0-9]{2,8})*$", "title": "language tag",
            "examples": ["en", "pt-BR"], "x-aliases": {"English": "en"}});
        for (text, expected) in [
            ("en_US", "write it as en-US"),
            ("EN-us", "write it as en-US"),
            ("zh_hant_tw", "write it as zh-hant-tw"),
            ("EN", "write it as en"),
            ("english", "its code is en"),
            ("us", "give a language tag such as en, pt-BR"),
        ] {
            assert_eq!(refused(language.clone(), text), expected, "{text}");
        }
        assert_eq!(refused(json!({"type": "string", "pattern": "^a$", "examples": ["a"]}), "b"), "give one such as a");
        assert_eq!(refused(json!({"type": "string", "pattern": "^a$", "title": "id"}), "b"), "give an id");
    }
}
