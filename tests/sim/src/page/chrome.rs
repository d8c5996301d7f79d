//! Everything around the data: made once for a seed, and compressed once.

use std::sync::Arc;

use super::{filler, shared};
use crate::body::Part;
use crate::catalogue::App;
use crate::dice::Dice;
use crate::wire::quoted;

/// Bytes of style, settings and markup, so that a page is 1.2 MB and its parts stand where they do on the real one.
const SETTINGS: usize = 66_000;
const STYLES: usize = 797_000;
const FONTS: usize = 43_000;
const MARKUP: usize = 136_000;
const VALUES: usize = 11_000;

const LANGUAGES: [&str; 80] = [
    "af", "am", "ar", "as", "az", "be", "bg", "bn", "bs", "ca", "cs", "da", "de", "el", "en", "en_AU", "en_CA",
    "en_GB", "en_IN", "en_ZA", "es", "es_419", "et", "eu", "fa", "fi", "fil", "fr", "fr_CA", "gl", "gu", "hi", "hr",
    "hu", "hy", "id", "is", "it", "iw", "ja", "ka", "kk", "km", "kn", "ko", "ky", "lo", "lt", "lv", "mk", "ml", "mn",
    "mr", "ms", "my", "nb", "ne", "nl", "or", "pa", "pl", "pt", "pt_PT", "ro", "ru", "si", "sk", "sl", "sq", "sr",
    "sv", "sw", "ta", "te", "th", "tr", "uk", "ur", "vi", "zu",
];

/// What follows the requests: the page's queue of blocks.
pub(crate) const CALLBACKS: &str = " var AF_initDataChunkQueue = []; var AF_initDataCallback; var AF_initDataInitializeCallback; if \
    (AF_initDataInitializeCallback) {AF_initDataInitializeCallback(AF_initDataKeys, AF_initDataChunkQueue, AF_dataServiceRequests);}if \
    (!AF_initDataCallback) {AF_initDataCallback = function(chunk) {AF_initDataChunkQueue.push(chunk);};}";

/// What follows the blocks.
pub(crate) const END: &str = "<script id=\"wiz_jd\">if (window['_wjdc']) {const wjd = {}; window['_wjdc'](wjd); delete window['_wjdc'];}</script></body></html>";

/// The shared parts of pages.
#[derive(Debug)]
pub(crate) struct Chrome {
    head: Arc<Part>,
    body: Arc<Part>,
    length: usize,
}

impl Chrome {
    /// The chrome of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::of(seed, &["chrome"]);
        let (head, body) = (head(&mut dice), body(&mut dice));
        Self { length: head.len() + body.len(), head: shared(head), body: shared(body) }
    }

    /// What stands before an app's own head.
    pub(crate) fn head(&self) -> &Arc<Part> {
        &self.head
    }

    /// What stands between the head and an app's own data.
    pub(crate) fn body(&self) -> &Arc<Part> {
        &self.body
    }

    /// How long both are.
    pub(crate) fn len(&self) -> usize {
        self.length
    }
}

fn head(dice: &mut Dice) -> String {
    let (settings, styles, fonts) =
        (filler::settings(dice, SETTINGS), filler::styles(dice, STYLES), filler::styles(dice, FONTS));
    [
        "<base href=\"https://play.google.com/\"><meta name=\"referrer\" content=\"origin\"><script data-id=\"_gd\">window.WIZ_global_data = {",
        &settings,
        "\"zChJod\":\"%.@.]\"};</script><style data-href=\"https://www.gstatic.com/_/boq-play/simulated.css\">",
        &styles,
        "</style><script>onCssLoad();</script><style data-font-stylesheet>",
        &fonts,
        "</style><script>window['_wjdc'] = function (d) {window['_wjdd'] = d};</script>",
    ]
    .concat()
}

fn body(dice: &mut Dice) -> String {
    [
        "<body id=\"yDmH0d\"><script>window.wiz_progress&&window.wiz_progress();</script><c-wiz>",
        &filler::markup(dice, MARKUP),
        "</c-wiz>",
    ]
    .concat()
}

/// Links to the page in other languages.
pub(crate) fn alternates(id: &str) -> String {
    let link = |language: &str| {
        format!(
            "<link rel=\"alternate\" href=\"https://play.google.com/store/apps/details?id={id}&amp;hl={language}\" hreflang=\"{language}\">"
        )
    };
    LANGUAGES.into_iter().map(link).collect()
}

/// The app for search engines.
pub(crate) fn structured_data(app: &App) -> String {
    let mut name = String::new();
    quoted(&mut name, &app.title);
    format!(
        "<script type=\"application/ld+json\">{{\"@context\":\"https://schema.org\",\"@type\":\"SoftwareApplication\",\"name\":{name}}}</script>"
    )
}

/// The page's own values, a script without meaning.
pub(crate) fn values(seed: u64, app: &App) -> String {
    let filler = filler::data(&mut Dice::of(seed, &["values", &app.id]), VALUES).json();
    format!("<script id=\"_ij\">window.IJ_values = [[null,null,\"\",false],'0',{filler}];</script>")
}
