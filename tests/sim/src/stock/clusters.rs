//! Rows of apps: on an app's page, on pages of their own, and page by page.

use super::{PageRange, Stock};
use crate::body::Content;
use crate::catalogue::{App, AppQuery, ClusterQuery, Topic, cluster, is_number};
use crate::page::DataPage;
use crate::token;
use crate::wire::{self, NULL, Node, Row, list};

/// How many apps the rows on an app's page have together, and the one of its developer: so that a page is as large as a real one.
const ROWS: usize = 7;
const DEVELOPER_ROW: usize = 2;

/// How many apps the first page of similar apps has, and that of a developer.
const FIRST_SIMILAR: usize = 50;
const FIRST_OF_DEVELOPER: usize = 10;

/// How many apps a cluster's own page has.
fn first_length(topic: &Topic) -> usize {
    match topic {
        Topic::Similar(_) => FIRST_SIMILAR,
        Topic::Developer(_) => FIRST_OF_DEVELOPER,
    }
}

/// What a token continues, and how many apps come before; nothing if it isn't a cluster's.
pub(crate) fn topic_of_token(seed: u64, token: &str) -> Option<(Topic, usize)> {
    let subject = token::decode(seed, token)?;
    let mut parts = subject.split('\t');
    let topic = match (parts.next()?, parts.next()?.to_owned()) {
        ("similar", id) => Topic::Similar(id),
        (_, id) => Topic::Developer(id),
    };
    Some((topic, parts.next()?.parse().ok()?))
}

impl Stock {
    /// The rows on an app's page: in half of them, what else the developer has; at last, similar apps.
    pub(super) fn rows(&self, app: &App, query: &AppQuery) -> Node {
        let row = |topic, length| {
            let query = ClusterQuery { topic, language: query.language.clone(), country: query.country.clone() };
            ClusterRow::new(self, &PageRange { query, skipped: 0, length, next: length })
        };
        let developer =
            (app.updated.seconds % 2 == 1).then(|| row(Topic::Developer(app.developer.id.clone()), DEVELOPER_ROW));
        // An id that isn't made of the catalogue's words may have a developer whose apps can't be found by name.
        let developer = developer.filter(|row| !row.apps.is_empty());
        let taken = developer.as_ref().map_or(0, |_| DEVELOPER_ROW);
        let similar = row(Topic::Similar(app.id.clone()), ROWS - taken);
        wire::rows(&developer.iter().chain([&similar]).map(ClusterRow::borrowed).collect::<Vec<_>>())
    }

    /// The page of a cluster; which rpc answers for a developer's name isn't known, so that it is the one for numbers.
    pub(super) fn cluster_page(&self, query: &ClusterQuery, changed: bool) -> Content {
        let length = first_length(&query.topic);
        let row = ClusterRow::new(self, &PageRange { query: query.clone(), skipped: 0, length, next: length });
        let (rpc, id) = match &query.topic {
            Topic::Similar(id) => ("CNT7ob", id),
            Topic::Developer(id) => ("MRTdke", id),
        };
        let numbered = rpc == "MRTdke" && is_number(id);
        let data = wire::row_page(&row.borrowed(), rpc == "MRTdke" && !numbered);
        let mut own = vec![(rpc, list![list![NULL, id]], if changed { data.moved() } else { data })];
        if numbered {
            own.push(("Ws7gDc", list![list![list![id, 8]]], wire::developer(id)));
        }
        self.data_page(DataPage { subject: id, title: &row.title, language: &query.language, own })
    }

    /// A page of a cluster after the first.
    pub(super) fn continuation(&self, range: &PageRange<ClusterQuery>) -> Node {
        wire::continuation(&ClusterRow::new(self, range).borrowed())
    }
}

/// A row with what it is made of.
struct ClusterRow {
    title: String,
    link: String,
    apps: Vec<App>,
    next: Option<String>,
}

impl ClusterRow {
    fn new(stock: &Stock, range: &PageRange<ClusterQuery>) -> Self {
        let (seed, topic) = (stock.catalogue.seed(), &range.query.topic);
        // One app more than the page needs says whether there is another page.
        let limit = (range.skipped + range.length).max(range.next) + 1;
        let all = cluster(&stock.catalogue, &range.query, limit).unwrap_or_default();
        let (kind, id) = match topic {
            Topic::Similar(id) => ("similar", id),
            Topic::Developer(id) => ("developer", id),
        };
        let token = |skipped: usize| token::encode(seed, &format!("{kind}\t{id}\t{skipped}"));
        let title = all.first().map_or_else(String::new, |app| format!("More by {}", app.developer.name));
        let (title, link) = match topic {
            Topic::Similar(_) => (
                "Similar apps".to_owned(),
                format!("/store/apps/collection/cluster?gsr={}", token(0).replace('=', "%3D")),
            ),
            Topic::Developer(id) => (title, developer_link(id)),
        };
        let next = (range.next < all.len()).then(|| token(range.next));
        let apps = all.into_iter().skip(range.skipped).take(range.length).collect();
        Self { title, link, apps, next }
    }

    fn borrowed(&self) -> Row<'_> {
        Row { title: &self.title, link: &self.link, apps: &self.apps, next: self.next.as_deref() }
    }
}

fn developer_link(id: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    let page = if is_number(id) { "dev" } else { "developer" };
    format!("/store/apps/{page}?id={encoded}")
}
