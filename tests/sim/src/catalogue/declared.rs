//! Its content rating, permissions and use of data.

use super::app::{ContentRating, DataType, DataUse, PermissionGroup, Permissions, Safety};
use super::media::{image, picture};
use super::speech::Language;
use crate::dice::Dice;

type Named = (&'static str, &'static str, &'static [&'static str]);

const GROUPS: [Named; 6] = [
    ("Camera", "photo_camera", &["take pictures and videos"]),
    ("Contacts", "contacts", &["find accounts on the device", "read your contacts"]),
    ("Location", "location_on", &["approximate location (network-based)", "precise location (GPS and network-based)"]),
    ("Microphone", "mic", &["record audio"]),
    (
        "Storage",
        "storage",
        &["read the contents of your USB storage", "modify or delete the contents of your USB storage"],
    ),
    ("Wi-Fi connection information", "signal_wifi_4_bar", &["view Wi-Fi connections"]),
];

const OTHER: [&str; 7] = [
    "view network connections",
    "full network access",
    "run at startup",
    "control vibration",
    "prevent device from sleeping",
    "pair with Bluetooth devices",
    "Google Play license check",
];

const DATA: [(&str, &[&str]); 6] = [
    ("Personal info", &["Name", "Email address", "User IDs"]),
    ("Location", &["Approximate location", "Precise location"]),
    ("App activity", &["App interactions", "In-app search history", "Other actions"]),
    ("App info and performance", &["Crash logs", "Diagnostics"]),
    ("Photos and videos", &["Photos"]),
    ("Device or other IDs", &["Device or other IDs"]),
];

const PURPOSES: [&str; 4] =
    ["App functionality", "Analytics", "App functionality, Analytics", "Advertising or marketing, Account management"];

/// Ids under this prefix ask for no permissions and declare that they collect and share nothing.
const BARE: &str = "bare.";

/// Ids under this prefix have no declaration on data.
const SILENT: &str = "silent.";

/// For whom the app is fit.
pub(crate) fn content(dice: &mut Dice, language: Language) -> ContentRating {
    let labels = language.labels();
    ContentRating {
        label: dice.pick(&labels.ratings),
        description: dice.chance(0.6).then(|| dice.pick(&labels.elements)),
        interaction: dice.pick(&labels.elements),
        icon: image(dice, 512, 512),
    }
}

/// What the app may do.
pub(crate) fn permissions(dice: &mut Dice, id: &str) -> Permissions {
    if id.starts_with(BARE) {
        return Permissions { groups: Vec::new(), other: Vec::new(), ungrouped: Vec::new() };
    }
    let kept: Vec<_> = GROUPS.into_iter().filter(|_| dice.chance(0.5)).collect();
    let groups =
        kept.into_iter().map(|(name, symbol, permissions)| group(dice, name, symbol, permissions.to_vec())).collect();
    let others = OTHER.into_iter().filter(|_| dice.chance(0.6)).collect();
    Permissions {
        groups,
        other: vec![group(dice, "Other", "quiz", others)],
        ungrouped: if dice.chance(0.5) { vec!["receive data from Internet"] } else { Vec::new() },
    }
}

fn group(dice: &mut Dice, name: &'static str, symbol: &'static str, permissions: Vec<&'static str>) -> PermissionGroup {
    PermissionGroup { name, permissions, icon: picture(dice), symbol }
}

/// What the app declares about data.
pub(crate) fn safety(dice: &mut Dice, id: &str, language: Language) -> Safety {
    let labels = language.labels();
    let practices = [labels.encrypted, labels.deletable];
    if id.starts_with(BARE) {
        return Safety { declared: true, shared: Vec::new(), collected: Vec::new(), practices: practices.to_vec() };
    }
    if id.starts_with(SILENT) {
        return Safety { declared: false, shared: Vec::new(), collected: Vec::new(), practices: Vec::new() };
    }
    Safety {
        declared: true,
        shared: if dice.chance(0.5) { data_types(dice, 0.3) } else { Vec::new() },
        collected: data_types(dice, 0.6),
        practices: practices.into_iter().filter(|_| dice.chance(0.8)).collect(),
    }
}

fn data_types(dice: &mut Dice, probability: f64) -> Vec<DataType> {
    let mut types = Vec::new();
    for (group, names) in DATA {
        if dice.chance(probability) {
            types.push(DataType { group, uses: names.iter().map(|data| data_use(dice, data)).collect() });
        }
    }
    types
}

fn data_use(dice: &mut Dice, data: &'static str) -> DataUse {
    DataUse { data, optional: dice.chance(0.4), purpose: dice.pick(&PURPOSES) }
}
