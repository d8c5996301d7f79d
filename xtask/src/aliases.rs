//! Names of countries and languages in the Play parser's sets of values, generated from CLDR.
//!
//! The names come from ICU4X, which carries CLDR; codes of three letters and further names of countries from the crate `celes`. They take a
//! while to build and nothing else needs them: a feature of this crate turns them on, and this program starts itself again with it.
//! Invariant: only the generated members of a set change, and a value's first name is CLDR's.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};

/// The folder of the sets of values.
const SETS: &str = "parser-component/src/sets";

/// The longest line of generated JSON, in characters.
const WIDTH: usize = 140;

/// Members up to which an object or a list stands on one line.
const MAX_SHORT: usize = 6;

/// A name and the value that it stands for.
type Alias = (String, String);

/// Writes the names into the sets, or holds these against them.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let folder = root.join(SETS);
    let Some(tables) = tables(&folder)? else { return start_again(root, check) };
    for (name, aliases, pattern) in
        [("country.json", tables.countries, None), ("language.json", tables.languages, Some(tables.language_pattern))]
    {
        let file = folder.join(name);
        let text = std::fs::read_to_string(&file).with_context(|| format!("failed to read {}", file.display()))?;
        let generated = rewritten(&text, aliases, pattern)?;
        if !check {
            super::save(&file, generated.as_bytes())?;
        } else {
            ensure!(text == generated, "the names in {name} are not CLDR's: run `cargo xtask aliases` and commit it");
        }
    }
    if check {
        super::say("the names of countries and languages are CLDR's");
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

/// What is generated.
struct Tables {
    countries: Vec<Alias>,
    languages: Vec<Alias>,
    /// The pattern of language tags whose language there is.
    language_pattern: String,
}

#[cfg(not(feature = "aliases"))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature it may fail")]
const fn tables(_: &Path) -> Result<Option<Tables>> {
    Ok(None)
}

#[cfg(feature = "aliases")]
fn tables(folder: &Path) -> Result<Option<Tables>> {
    cldr::tables(&cldr::countries(&folder.join("country.json"))?).map(Some)
}

/// A set with the generated members.
fn rewritten(text: &str, aliases: Vec<Alias>, pattern: Option<String>) -> Result<String> {
    let mut schema: Map<String, Value> = serde_json::from_str(text).context("the set is not a JSON object")?;
    let aliases: Map<_, _> = aliases.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
    schema.insert("x-aliases".to_owned(), aliases.into());
    if let Some(pattern) = pattern {
        schema.insert("pattern".to_owned(), pattern.into());
    }
    let members: Vec<_> = schema.iter().map(|(name, value)| member(name, value)).collect();
    Ok(format!("{{\n{}\n}}\n", members.join(",\n")))
}

/// A member of a schema: what is long is wrapped below its name.
fn member(name: &str, value: &Value) -> String {
    let wrapped = match value {
        Value::Array(values) if values.len() > MAX_SHORT => {
            ("[", values.iter().map(Value::to_string).collect::<Vec<_>>(), "]")
        }
        Value::Object(values) if values.len() > MAX_SHORT => {
            let pair = |(name, value): (&String, &Value)| format!("{}: {value}", Value::from(name.as_str()));
            ("{", values.iter().map(pair).collect(), "}")
        }
        Value::Array(values) => {
            let values: Vec<_> = values.iter().map(Value::to_string).collect();
            return format!("  {}: [{}]", Value::from(name), values.join(", "));
        }
        value => return format!("  {}: {value}", Value::from(name)),
    };
    let (opening, items, closing) = wrapped;
    format!("  {}: {opening}\n{}\n  {closing}", Value::from(name), wrap(&items))
}

/// Items on lines that are no longer than they may be.
fn wrap(items: &[String]) -> String {
    const INDENT: &str = "    ";
    let (mut lines, mut line) = (Vec::new(), INDENT.to_owned());
    for (index, item) in items.iter().enumerate() {
        let item = format!("{item}{}", if index + 1 == items.len() { "" } else { "," });
        let is_first = line.len() == INDENT.len();
        if !is_first && line.chars().count() + 1 + item.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, format!("{INDENT}{item}")));
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

    use std::collections::HashSet;
    use std::path::Path;

    use anyhow::{Context, Result, anyhow};
    use celes::{Country, LookupTable};
    use icu_experimental::displaynames::multi::{LanguageDisplayNames, RegionDisplayNames};
    use icu_experimental::displaynames::{DisplayNamesOptions, Style};
    use icu_locale::locale;
    use icu_locale::subtags::Region;

    use super::{Alias, Tables};

    /// The country codes of the set.
    pub(super) fn countries(file: &Path) -> Result<Vec<String>> {
        let schema: serde_json::Value = serde_json::from_slice(&std::fs::read(file)?)?;
        let codes = schema.get("enum").and_then(serde_json::Value::as_array).context("the set has no countries")?;
        codes.iter().map(|code| code.as_str().map(str::to_owned).context("a code is not a string")).collect()
    }

    pub(super) fn tables(countries: &[String]) -> Result<Tables> {
        let languages = languages()?;
        let codes: Vec<_> = languages.iter().map(|(_, code)| code.as_str()).chain(legacy_languages()).collect();
        let mut codes: Vec<_> = codes.into_iter().filter(|code| code.len() == 2).collect();
        codes.sort_unstable();
        codes.dedup();
        // Languages of three letters are too many to list.
        let language_pattern = format!("^({}|[a-z]{{3}})(-[A-Za-z0-9]{{2,8}})*$", codes.join("|"));
        Ok(Tables { countries: country_aliases(countries)?, languages, language_pattern })
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
        let aliases: Vec<_> = (0..30).map(|number| (format!("United Kingdom {number}"), "gb".to_owned())).collect();
        let once = rewritten(text, aliases.clone(), None).unwrap();
        assert_eq!(rewritten(&once, aliases, None).unwrap(), once, "written twice it is the same");
        assert!(once.lines().all(|line| line.chars().count() <= WIDTH), "{once}");
        let without = rewritten(&once, Vec::new(), Some("new".to_owned())).unwrap();
        assert_eq!(without, text.replace("old", "new"));
    }
}
