//! General options in argv, found before clap reads it.

use std::ffi::{OsStr, OsString};

use super::Values;

/// General options with a value that have to be known first.
const VALUES: [&str; 7] = ["config", "parser", "parsers", "parser-digest", "allow-host", "workers", "color"];

/// General options without a value that have to be known first, with their short forms.
const FLAGS: [(&str, Option<char>); 3] = [("verbose", Some('v')), ("quiet", Some('q')), ("pure", None)];

/// The general options in argv. What clap refuses is passed over.
pub(super) fn scan(argv: &[OsString]) -> Values {
    let mut values = Values::new();
    let mut record = |name: &str, value: OsString| values.entry(name.to_owned()).or_default().push(value);
    let mut arguments = argv.iter().skip(1).take_while(|argument| *argument != "--");
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        let Some(long) = text.strip_prefix("--") else {
            short_flags(&text).for_each(|flag| record(flag, "true".into()));
            continue;
        };
        let (name, value) = split(argument, long);
        if FLAGS.iter().any(|(flag, _)| *flag == name) {
            record(name, "true".into());
        } else if VALUES.contains(&name)
            && let Some(value) = value.or_else(|| arguments.next().cloned())
        {
            record(name, value);
        }
    }
    values
}

/// The name and the value of `--NAME=VALUE`. A value that isn't Unicode stays whole.
fn split<'t>(argument: &OsStr, long: &'t str) -> (&'t str, Option<OsString>) {
    let Some((name, text)) = long.split_once('=') else { return (long, None) };
    let start = "--=".len() + name.len();
    // What stands before the value is ASCII, as the options' names are, or no such option.
    let bytes = argument.as_encoded_bytes().get(start..).filter(|_| name.is_ascii());
    (name, Some(bytes.and_then(os_string).unwrap_or_else(|| text.into())))
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> Option<OsString> {
    use std::os::unix::ffi::OsStrExt;
    Some(OsStr::from_bytes(bytes).to_owned())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> Option<OsString> {
    std::str::from_utf8(bytes).ok().map(OsString::from)
}

/// The flags of a cluster such as `-qvv`. One with another letter may be an option with its value.
fn short_flags(text: &str) -> impl Iterator<Item = &'static str> {
    let known = |letter: char| FLAGS.iter().find(|(_, short)| *short == Some(letter)).map(|(name, _)| *name);
    let letters = text.strip_prefix('-').unwrap_or_default();
    // The version and help may stand with them.
    let is_cluster = letters.chars().all(|letter| known(letter).is_some() || matches!(letter, 'V' | 'h'));
    let flags: Vec<_> = letters.chars().filter(|_| is_cluster).filter_map(known).collect();
    flags.into_iter()
}
