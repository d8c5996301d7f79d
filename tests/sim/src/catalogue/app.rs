//! One struct in plain words: the truth from which both the wire messages and the records for tests are made.

use super::genres::Genre;
use super::prose::Prose;
use super::speech::Language;

/// An app as the store shows it in one language and country.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) language: Language,
    pub(crate) title: String,
    pub(crate) summary: Prose,
    pub(crate) description: Prose,
    /// Whether the description is a translation, which the store keeps in another slot.
    pub(crate) translated: bool,
    pub(crate) developer: Developer,
    pub(crate) genre: Genre,
    pub(crate) tags: Vec<Tag>,
    pub(crate) installs: Installs,
    pub(crate) rating: Option<Rating>,
    pub(crate) offer: Offer,
    pub(crate) availability: Availability,
    pub(crate) iap: Option<String>,
    pub(crate) versions: Versions,
    pub(crate) media: Media,
    pub(crate) content: ContentRating,
    pub(crate) contains_ads: bool,
    pub(crate) play_pass: bool,
    pub(crate) released: Option<Stamp>,
    pub(crate) updated: Stamp,
    pub(crate) changelog: Option<Prose>,
    pub(crate) standing: Option<Standing>,
    pub(crate) permissions: Permissions,
    pub(crate) safety: Safety,
}

/// Who made the app and who sells it.
#[derive(Clone, Debug)]
pub(crate) struct Developer {
    pub(crate) name: String,
    /// What stands after `id=` in the developer's link, decoded: a number or the name.
    pub(crate) id: String,
    /// The link, relative to the store.
    pub(crate) link: String,
    pub(crate) number: String,
    pub(crate) email: String,
    pub(crate) website: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) legal: Option<Legal>,
    pub(crate) seller: String,
    pub(crate) privacy_policy: Option<String>,
}

/// The company behind the developer.
#[derive(Clone, Debug)]
pub(crate) struct Legal {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) address: String,
    pub(crate) phone: String,
}

/// A tag that counts as a category: with an id when it is a genre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) id: Option<&'static str>,
    pub(crate) topic: String,
}

/// How often the app was installed.
#[derive(Clone, Debug)]
pub(crate) struct Installs {
    pub(crate) text: String,
    pub(crate) short: String,
    pub(crate) least: u64,
    pub(crate) real: u64,
}

/// What users gave.
#[derive(Clone, Debug)]
pub(crate) struct Rating {
    pub(crate) score: f64,
    pub(crate) text: String,
    pub(crate) ratings: u64,
    pub(crate) reviews: u64,
    /// From one star to five.
    pub(crate) histogram: [u64; 5],
}

/// What the app costs, in millionths of the currency's unit.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) micros: i64,
    pub(crate) currency: &'static str,
    /// Empty when the app is free.
    pub(crate) text: String,
    pub(crate) discount: Option<Discount>,
}

/// A price cut for a time.
#[derive(Clone, Debug)]
pub(crate) struct Discount {
    pub(crate) original_micros: i64,
    pub(crate) original_text: String,
    pub(crate) ends_at: i64,
}

/// Whether one can have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Availability {
    Available,
    EarlyAccess,
    Preregister,
    NotInCountry,
}

/// Which Android it needs; an app that varies with the device has no version of its own.
#[derive(Clone, Debug)]
pub(crate) struct Versions {
    pub(crate) name: Option<String>,
    pub(crate) least: Option<(i64, &'static str)>,
    pub(crate) most: Option<&'static str>,
    pub(crate) target: Option<i64>,
}

/// A picture and its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) url: String,
    pub(crate) width: i64,
    pub(crate) height: i64,
    pub(crate) colour: Option<[u8; 3]>,
}

/// A film and the picture in front of it.
#[derive(Clone, Debug)]
pub(crate) struct Video {
    pub(crate) key: String,
    pub(crate) url: String,
    pub(crate) poster: String,
    pub(crate) ticket: String,
}

/// Everything to look at.
#[derive(Clone, Debug)]
pub(crate) struct Media {
    pub(crate) icon: Image,
    pub(crate) header: Option<Image>,
    pub(crate) screenshots: Vec<Image>,
    pub(crate) video: Option<Video>,
}

/// For whom it is fit.
#[derive(Clone, Debug)]
pub(crate) struct ContentRating {
    pub(crate) label: &'static str,
    pub(crate) description: Option<&'static str>,
    pub(crate) interaction: &'static str,
    pub(crate) icon: Image,
}

/// A time, and its day as people read it.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    pub(crate) seconds: i64,
    pub(crate) text: String,
}

/// Its place in a chart.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) label: String,
    pub(crate) rank: String,
}

/// What it may do: named groups, other groups, and permissions without a group.
#[derive(Clone, Debug)]
pub(crate) struct Permissions {
    pub(crate) groups: Vec<PermissionGroup>,
    pub(crate) other: Vec<PermissionGroup>,
    pub(crate) ungrouped: Vec<&'static str>,
}

/// A group of permissions.
#[derive(Clone, Debug)]
pub(crate) struct PermissionGroup {
    pub(crate) name: &'static str,
    pub(crate) permissions: Vec<&'static str>,
    pub(crate) icon: String,
    pub(crate) symbol: &'static str,
}

/// What the developer declares about data.
#[derive(Clone, Debug)]
pub(crate) struct Safety {
    /// Whether there is a declaration; without one, the rest is empty.
    pub(crate) declared: bool,
    pub(crate) shared: Vec<DataType>,
    pub(crate) collected: Vec<DataType>,
    pub(crate) practices: Vec<&'static str>,
}

/// A kind of data with what it is used for.
#[derive(Clone, Debug)]
pub(crate) struct DataType {
    pub(crate) group: &'static str,
    pub(crate) uses: Vec<DataUse>,
}

/// One use of data.
#[derive(Clone, Debug)]
pub(crate) struct DataUse {
    pub(crate) data: &'static str,
    pub(crate) optional: bool,
    pub(crate) purpose: &'static str,
}
