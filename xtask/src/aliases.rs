//! Names of countries and languages in the Play parser's sets of values, and groups, currencies and languages of countries, generated from CLDR.
//!
//! The names come from ICU4X, which carries CLDR; codes of three letters and further names of countries from the crate `celes`. They take a
//! while to build and nothing else needs them: a feature of this crate turns them on, and this program starts itself again with it.
//! Invariant: only the generated members of a set change, and a value's first name is CLDR's.

#[cfg(feature = "aliases")]
mod regions;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};

/// The folder of the sets of values.
const SETS: &str = "parser-component/src/sets";

/// The longest line of generated JSON, in characters.
const WIDTH: usize = 140;

/// Members up to which an object or a list stands on one line.
const MAX_SHORT: usize = 6;

/// Spaces before the members of an object.
const INDENT: usize = 2;

/// A name and the value that it stands for.
#[cfg_attr(not(feature = "aliases"), cfg(test))]
type Alias = (String, String);

/// Writes the names into the sets, or holds these against them.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let folder = root.join(SETS);
    let Some(tables) = tables(root)? else { return start_again(root, check) };
    for (name, members) in [("country.json", tables.countries), ("language.json", tables.languages)] {
        let file = folder.join(name);
        let text = std::fs::read_to_string(&file).with_context(|| format!("failed to read {}", file.display()))?;
        let generated = rewritten(&text, members)?;
        if !check {
            super::save(&file, generated.as_bytes())?;
        } else {
            ensure!(text == generated, "what {name} says is not CLDR's: run `cargo xtask aliases` and commit it");
        }
    }
    if check {
        super::say("the sets of countries and languages are CLDR's");
    }
    Ok(())
}

/// Runs this program with the crates that know the names.
fn start_again(root: &Path, check: bool) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let mut command = std::process::Command::new(cargo);
    command.args([
        "run",
        "--locked",
        "--profile",
        "quick",
        "--package",
        "xtask",
        "--features",
        "aliases",
        "--",
        "aliases",
    ]);
    let status = command.args(check.then_some("--check")).current_dir(root).status();
    ensure!(status.context("failed to run cargo")?.success(), "`cargo xtask aliases` failed");
    Ok(())
}

/// The members that are generated, of each set.
struct Tables {
    countries: Map<String, Value>,
    languages: Map<String, Value>,
}

#[cfg(not(feature = "aliases"))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature it may fail")]
const fn tables(_: &Path) -> Result<Option<Tables>> {
    Ok(None)
}

#[cfg(feature = "aliases")]
fn tables(root: &Path) -> Result<Option<Tables>> {
    let folder = root.join(SETS);
    let countries = cldr::countries(&folder.join("country.json"))?;
    let store_languages = cldr::store_languages(&folder.join("store_languages.json"))?;
    let mut tables = cldr::tables(&countries)?;
    tables.countries.extend(regions::members(root, &countries, &store_languages)?);
    Ok(Some(tables))
}

/// The member of the aliases.
#[cfg_attr(not(feature = "aliases"), cfg(test))]
fn aliases_member(aliases: Vec<Alias>) -> Map<String, Value> {
    let aliases: Map<_, _> = aliases.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
    Map::from_iter([("x-aliases".to_owned(), aliases.into())])
}

/// A set with the generated members.
fn rewritten(text: &str, members: Map<String, Value>) -> Result<String> {
    let mut schema: Map<String, Value> = serde_json::from_str(text).context("the set is not a JSON object")?;
    schema.extend(members);
    Ok(format!("{}\n", laid_out(&schema.into(), 0)))
}

/// A value after `indent` spaces: what is long is wrapped, and an object that holds others has a line for each.
fn laid_out(value: &Value, indent: usize) -> String {
    let close = " ".repeat(indent);
    match value {
        Value::Array(values) if values.len() > MAX_SHORT => {
            let items: Vec<_> = values.iter().map(Value::to_string).collect();
            format!("[\n{}\n{close}]", wrap(&items, indent + INDENT))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")),
        Value::Object(members) if members.values().any(|value| value.is_object() || value.is_array()) => {
            let member = |(name, value): (&String, &Value)| {
                format!("{close}  {}: {}", Value::from(name.as_str()), laid_out(value, indent + INDENT))
            };
            format!("{{\n{}\n{close}}}", members.iter().map(member).collect::<Vec<_>>().join(",\n"))
        }
        Value::Object(members) if members.len() > MAX_SHORT => {
            let pair = |(name, value): (&String, &Value)| format!("{}: {value}", Value::from(name.as_str()));
            let items: Vec<_> = members.iter().map(pair).collect();
            format!("{{\n{}\n{close}}}", wrap(&items, indent + INDENT))
        }
        value => value.to_string(),
    }
}

/// Items on lines that are no longer than they may be, each after `indent` spaces.
fn wrap(items: &[String], indent: usize) -> String {
    let indent = " ".repeat(indent);
    let (mut lines, mut line) = (Vec::new(), indent.clone());
    for (index, item) in items.iter().enumerate() {
        let item = format!("{item}{}", if index + 1 == items.len() { "" } else { "," });
        let is_first = line.len() == indent.len();
        if !is_first && line.chars().count() + 1 + item.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, format!("{indent}{item}")));
        } else {
            line.push_str(if is_first { "" } else { " " });
            line.push_str(&item);
        }
    }
    lines.push(line);
    lines.join("\n")
}

#[cfg(feature = "aliases")]
mod cldr {
    //! The tables, from CLDR.

    use std::collections::{BTreeMap, HashSet};
    use std::path::Path;

    use anyhow::{Context, Result, anyhow};
    use celes::{Country, LookupTable};
    use icu_experimental::displaynames::multi::{LanguageDisplayNames, RegionDisplayNames};
    use icu_experimental::displaynames::{DisplayNamesOptions, Style};
    use icu_locale::locale;
    use icu_locale::subtags::Region;

    use super::{Alias, Tables, aliases_member};

    /// The country codes of the set.
    pub(super) fn countries(file: &Path) -> Result<Vec<String>> {
        let schema: serde_json::Value = serde_json::from_slice(&std::fs::read(file)?)?;
        let codes = schema.get("enum").and_then(serde_json::Value::as_array).context("the set has no countries")?;
        codes.iter().map(|code| code.as_str().map(str::to_owned).context("a code is not a string")).collect()
    }

    /// The languages of the store's pages.
    pub(super) fn store_languages(file: &Path) -> Result<HashSet<String>> {
        let groups: BTreeMap<String, HashSet<String>> = serde_json::from_slice(&std::fs::read(file)?)?;
        groups.into_values().next().context("the store has no languages")
    }

    pub(super) fn tables(countries: &[String]) -> Result<Tables> {
        let languages = languages()?;
        let codes: Vec<_> = languages.iter().map(|(_, code)| code.as_str()).chain(legacy_languages()).collect();
        let mut codes: Vec<_> = codes.into_iter().filter(|code| code.len() == 2).collect();
        codes.sort_unstable();
        codes.dedup();
        // Languages of three letters are too many to list.
        let language_pattern = format!("^({}|[a-z]{{3}})(-[A-Za-z0-9]{{2,8}})*$", codes.join("|"));
        let mut languages = aliases_member(languages);
        languages.insert("pattern".to_owned(), language_pattern.into());
        Ok(Tables { countries: aliases_member(country_aliases(countries)?), languages })
    }

    /// Codes that Google's sites still use (BCP 47's registry deprecates them), or that name a group.
    fn legacy_languages() -> [&'static str; 7] {
        ["in", "iw", "ji", "mo", "no", "sh", "tl"]
    }

    /// All pairs of letters.
    fn pairs() -> impl Iterator<Item = String> {
        ('a'..='z').flat_map(|left| ('a'..='z').map(move |right| [left, right].iter().collect()))
    }

    /// Names and codes of three letters. Codes of two letters that are no country's any more are left out: whoever types one more likely means
    /// something else. UK is the short name that CLDR has.
    fn country_aliases(countries: &[String]) -> Result<Vec<Alias>> {
        let (english, short) = (region_names(None)?, region_names(Some(Style::Short))?);
        let (mut aliases, mut seen) = (Vec::new(), HashSet::new());
        let mut add = |name: String, code: &str| {
            if !name.is_empty() && seen.insert(folded(&name)) {
                aliases.push((name, code.to_owned()));
            }
        };
        for code in countries {
            let upper = code.to_ascii_uppercase();
            let region: Region = upper.parse().map_err(|error| anyhow!("{code}: {error}"))?;
            let name = english.of(region).with_context(|| format!("CLDR has no name of {code}"))?;
            add(name.to_owned(), code);
            add(short.of(region).unwrap_or_default().to_owned(), code);
            add(ascii(name), code);
            if let Some(country) = Country::get_countries().iter().find(|country| country.alpha2 == upper) {
                add(country.alpha3.to_owned(), code);
                country.aliases.iter().for_each(|name| add(spaced(name), code));
            }
        }
        Ok(aliases)
    }

    fn region_names(style: Option<Style>) -> Result<RegionDisplayNames> {
        let mut options = DisplayNamesOptions::default();
        options.style = style;
        RegionDisplayNames::try_new(locale!("en").into(), options).map_err(|error| anyhow!("CLDR's regions: {error}"))
    }

    /// The languages of two letters, and Filipino.
    fn languages() -> Result<Vec<Alias>> {
        let names = LanguageDisplayNames::try_new(locale!("en").into(), DisplayNamesOptions::default());
        let names = names.map_err(|error| anyhow!("CLDR's languages: {error}"))?;
        let named = |code: String| Some((names.of(code.parse().ok()?)?.to_owned(), code));
        Ok(pairs().chain(["fil".to_owned()]).filter_map(named).collect())
    }

    /// A name as the host compares it.
    fn folded(name: &str) -> String {
        name.replace('&', "and")
            .chars()
            .filter(|letter| letter.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    }

    /// The name in ASCII letters.
    fn ascii(name: &str) -> String {
        let letter = |letter: char| match letter {
            'Å' => 'A',
            'ã' | 'å' | 'á' => 'a',
            'ç' => 'c',
            'é' | 'è' => 'e',
            'í' => 'i',
            'ô' | 'ó' => 'o',
            'ü' => 'u',
            letter => letter,
        };
        name.chars().map(letter).collect()
    }

    /// `GreatBritain` as it is written.
    fn spaced(name: &str) -> String {
        let mut spaced = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !spaced.is_empty() {
                spaced.push(' ');
            }
            spaced.push(letter);
        }
        spaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_generated_members_change() {
        let text =
            "{\n  \"type\": \"string\",\n  \"enum\": [\"gb\"],\n  \"x-aliases\": {},\n  \"pattern\": \"old\"\n}\n";
        let aliases = || {
            let aliases = (0..30).map(|number| (format!("United Kingdom {number}"), "gb".to_owned()));
            aliases_member(aliases.collect())
        };
        let once = rewritten(text, aliases()).unwrap();
        assert_eq!(rewritten(&once, aliases()).unwrap(), once, "written twice it is the same");
        assert!(once.lines().all(|line| line.chars().count() <= WIDTH), "{once}");
        let mut others = aliases_member(Vec::new());
        others.insert("pattern".to_owned(), "new".into());
        assert_eq!(rewritten(&once, others).unwrap(), text.replace("old", "new"));
    }

    #[test]
    fn an_object_of_lists_has_a_line_for_each_and_wraps_what_is_long() {
        let members = serde_json::json!({"x-groups": {"all": vec!["gb"; 40], "few": ["gb", "us"]}});
        let text = rewritten("{}", members.as_object().unwrap().clone()).unwrap();
        assert!(text.starts_with("{\n  \"x-groups\": {\n    \"all\": [\n      \"gb\","), "{text}");
        assert!(text.ends_with("\n    ],\n    \"few\": [\"gb\", \"us\"]\n  }\n}\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }
}
