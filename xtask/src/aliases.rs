//! Names of countries and languages in the description of the parser, generated from CLDR.
//!
//! The names come from ICU4X, which carries CLDR; codes of three letters and further names of countries from the crate `celes`. They take a
//! while to build and nothing else needs them: a feature of this crate turns them on, and this program starts itself again with it.
//! Invariant: only the generated members of the description change, and a value's first name is CLDR's.

use std::path::Path;

use anyhow::{Context, Result, ensure};

/// The description of the parser.
const DESCRIPTION: &str = "parser-component/src/description.json";

/// The longest line of generated JSON, in characters.
const WIDTH: usize = 140;

/// The place of a parameter's members in the description, which is indented by hand.
const PARAM: &str = "          ";
const MEMBER: &str = "            ";
const ELEMENT: &str = "              ";

/// A name and the value that it stands for.
type Alias = (String, String);

/// Writes the names into the description, or holds it against them.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let Some(tables) = tables(root)? else { return start_again(root, check) };
    let file = root.join(DESCRIPTION);
    let text = std::fs::read_to_string(&file).with_context(|| format!("failed to read {}", file.display()))?;
    let generated = rewritten(&text, &tables);
    if check {
        ensure!(
            text == generated,
            "the names in {DESCRIPTION} are not CLDR's: run `cargo xtask aliases` and commit it"
        );
        super::say("the names of countries and languages are CLDR's");
        return Ok(());
    }
    super::save(&file, generated.as_bytes())
}

/// Runs this program with the crates that know the names.
fn start_again(root: &Path, check: bool) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let mut command = std::process::Command::new(cargo);
    command.args(["run", "--locked", "--release", "--package", "xtask", "--features", "aliases", "--", "aliases"]);
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
fn tables(root: &Path) -> Result<Option<Tables>> {
    cldr::tables(&cldr::described_countries(&root.join(DESCRIPTION))?).map(Some)
}

/// The description with the generated members of its parameters `country` and `language`.
fn rewritten(text: &str, tables: &Tables) -> String {
    let (mut lines, mut param, mut is_within) = (Vec::new(), "", false);
    for line in text.lines() {
        if let Some(name) = opened_param(line) {
            param = name;
        }
        let aliases = match param {
            "country" => &tables.countries,
            "language" => &tables.languages,
            _ => &Vec::new(),
        };
        if is_within || (!aliases.is_empty() && line == format!("{MEMBER}\"x-aliases\": {{")) {
            is_within = line != format!("{MEMBER}}},");
            continue;
        }
        if !aliases.is_empty() && line.starts_with(&format!("{MEMBER}\"description\": ")) {
            lines.extend(alias_lines(aliases));
        }
        let is_pattern = param == "language" && line.starts_with(&format!("{MEMBER}\"pattern\": "));
        lines.push(if is_pattern {
            format!("{MEMBER}\"pattern\": {},", quoted(&tables.language_pattern))
        } else {
            line.to_owned()
        });
        if line.starts_with(&format!("{PARAM}}}")) {
            param = "";
        }
    }
    lines.join("\n") + "\n"
}

/// The name of the parameter that a line opens.
fn opened_param(line: &str) -> Option<&str> {
    line.strip_prefix(PARAM)?.strip_prefix('"')?.strip_suffix("\": {")
}

/// The member `x-aliases`, on lines that are no longer than they may be.
fn alias_lines(aliases: &[Alias]) -> Vec<String> {
    let mut lines = vec![format!("{MEMBER}\"x-aliases\": {{")];
    let mut line = ELEMENT.to_owned();
    for (index, (name, value)) in aliases.iter().enumerate() {
        let comma = if index + 1 == aliases.len() { "" } else { "," };
        let pair = format!("{}: {}{comma}", quoted(name), quoted(value));
        let is_first = line.len() == ELEMENT.len();
        if !is_first && line.chars().count() + 1 + pair.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, format!("{ELEMENT}{pair}")));
        } else {
            line.push_str(if is_first { "" } else { " " });
            line.push_str(&pair);
        }
    }
    lines.extend([line, format!("{MEMBER}}},")]);
    lines
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
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

    /// The country codes that the description has.
    pub(super) fn described_countries(file: &Path) -> Result<Vec<String>> {
        let description: serde_json::Value = serde_json::from_slice(&std::fs::read(file)?)?;
        let country = description.pointer("/kinds/0/params/properties/country/enum");
        let codes = country.and_then(serde_json::Value::as_array).context("the first kind has no countries")?;
        codes.iter().map(|code| code.as_str().map(str::to_owned).context("a code is no string")).collect()
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
        let text = "{\n          \"country\": {\n            \"enum\": [\"gb\"],\n            \"description\": \"Country\"\n          },\n          \"num\": {\"type\": \"integer\"}\n}\n";
        let tables = Tables {
            countries: vec![("United Kingdom".to_owned(), "gb".to_owned()); 30],
            languages: Vec::new(),
            language_pattern: String::new(),
        };
        let once = rewritten(text, &tables);
        assert_eq!(rewritten(&once, &tables), once, "written twice it is the same");
        assert!(once.lines().all(|line| line.chars().count() <= WIDTH));
        let without = Tables { countries: Vec::new(), ..tables };
        assert_eq!(rewritten(text, &without), text);
        let added: Vec<_> = once.lines().filter(|line| !text.contains(line)).collect();
        assert!(
            added[0].ends_with("\"x-aliases\": {") && added[1].contains("\"United Kingdom\": \"gb\", "),
            "{added:?}"
        );
    }
}
