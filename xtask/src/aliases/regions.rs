//! Groups of countries, their currencies and their languages.
//!
//! From CLDR's supplemental data in `xtask/cldr`, and its likely subtags in ICU4X. CLDR has neither the G20 nor the Middle East and North Africa:
//! these two lists name their sources.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use icu_locale::{LanguageIdentifier, LocaleExpander};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// CLDR's supplemental data, reduced to what is needed.
const SUPPLEMENTAL: &str = "cldr/supplemental.json";

/// Groups that CLDR contains, by its codes of regions: the European Union, Asia, Latin America and the Caribbean, Africa.
const CONTAINED: [(&str, &str); 4] = [("africa", "002"), ("asia", "142"), ("eu", "EU"), ("latam", "419")];

/// The countries that are members of the G20, without its two unions (<https://g20.org>, 2025).
const G20: [&str; 19] =
    ["ar", "au", "br", "ca", "cn", "de", "fr", "gb", "id", "in", "it", "jp", "kr", "mx", "ru", "sa", "tr", "us", "za"];

/// The World Bank's region Middle East and North Africa, before Afghanistan and Pakistan joined it in July 2025
/// (<https://datahelpdesk.worldbank.org/knowledgebase/articles/906519>).
const MENA: [&str; 21] = [
    "ae", "bh", "dj", "dz", "eg", "il", "iq", "ir", "jo", "kw", "lb", "ly", "ma", "mt", "om", "ps", "qa", "sa", "sy",
    "tn", "ye",
];

/// The supplemental data. Codes of countries are in capitals.
#[derive(Deserialize)]
struct Supplemental {
    /// Countries and regions in a region.
    contains: BTreeMap<String, Vec<String>>,
    /// Today's legal tender, the preferred one first.
    currencies: BTreeMap<String, Vec<String>>,
    /// Official languages, those of most people first.
    languages: BTreeMap<String, Vec<String>>,
}

/// The members `x-groups` and `x-attributes` of the set of countries.
pub(super) fn members(
    root: &Path,
    countries: &[String],
    store_languages: &HashSet<String>,
) -> Result<Map<String, Value>> {
    let file = root.join("xtask").join(SUPPLEMENTAL);
    let text = std::fs::read(&file).with_context(|| format!("failed to read {}", file.display()))?;
    let supplemental: Supplemental = serde_json::from_slice(&text).context("CLDR's data have another form")?;
    let (mut currencies, mut languages) = (Map::new(), Map::new());
    for country in countries {
        let code = country.to_ascii_uppercase();
        let tender = supplemental.currencies.get(&code).and_then(|tender| tender.first());
        currencies.extend(tender.map(|currency| (country.clone(), json!(currency))));
        let language = language(&code, &supplemental, store_languages)?;
        languages.extend(language.map(|language| (country.clone(), json!(language))));
    }
    let mut members = Map::new();
    members.insert("x-groups".to_owned(), groups(countries, &supplemental)?);
    members.insert("x-attributes".to_owned(), json!({"currency": currencies, "language": languages}));
    Ok(members)
}

fn groups(countries: &[String], supplemental: &Supplemental) -> Result<Value> {
    let mut groups = BTreeMap::from([("all", countries.to_vec())]);
    for (name, codes) in [("g20", G20.as_slice()), ("mena", &MENA)] {
        groups.insert(name, codes.iter().map(|code| (*code).to_owned()).collect());
    }
    for (name, region) in CONTAINED {
        let mut codes = HashSet::new();
        contained(region, supplemental, &mut codes)?;
        let members = countries.iter().filter(|country| codes.contains(&country.to_ascii_uppercase()));
        groups.insert(name, members.cloned().collect());
    }
    Ok(json!(groups))
}

/// Adds the countries of a region, and those of the regions in it.
fn contained(region: &str, supplemental: &Supplemental, codes: &mut HashSet<String>) -> Result<()> {
    let parts = supplemental.contains.get(region).with_context(|| format!("CLDR has no region {region}"))?;
    for part in parts {
        if part.bytes().all(|digit| digit.is_ascii_digit()) {
            contained(part, supplemental, codes)?;
        } else {
            codes.insert(part.clone());
        }
    }
    Ok(())
}

/// The language that is likely in a country, else the official one of most people, of those that the store has.
fn language(country: &str, supplemental: &Supplemental, store: &HashSet<String>) -> Result<Option<String>> {
    let mut likely: LanguageIdentifier =
        format!("und-{country}").parse().map_err(|error| anyhow!("{country}: {error}"))?;
    LocaleExpander::new_extended().maximize(&mut likely);
    let official = supplemental.languages.get(country).into_iter().flatten();
    let official: Vec<LanguageIdentifier> =
        official.map(|tag| tag.replace('_', "-").parse()).collect::<Result<_, _>>().context("CLDR's languages")?;
    let tags = std::iter::once(likely).chain(official).map(|language| store_tag(&language, country));
    Ok(tags.into_iter().find(|tag| store.contains(tag) || store.contains(without_region(tag))))
}

/// A language as the store names it: with a region only in Chinese and Portuguese, which it has in several writings, and with the codes that
/// Google's sites have for Hebrew and Norwegian.
fn store_tag(language: &LanguageIdentifier, country: &str) -> String {
    let is_traditional = language.script.is_some_and(|script| script.as_str() == "Hant");
    match (language.language.as_str(), country) {
        ("zh", "HK" | "MO") if is_traditional => "zh-HK".to_owned(),
        ("zh", _) if is_traditional => "zh-TW".to_owned(),
        ("zh", _) => "zh-CN".to_owned(),
        ("pt", "BR") => "pt-BR".to_owned(),
        ("pt", _) => "pt-PT".to_owned(),
        ("he", _) => "iw".to_owned(),
        ("nb" | "nn", _) => "no".to_owned(),
        (other, _) => other.to_owned(),
    }
}

fn without_region(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}
