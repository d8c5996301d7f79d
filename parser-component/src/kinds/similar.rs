//! Kind `similar`: apps like an app.
//!
//! Two steps: the app's page has the link of a page with the similar apps, which is the state of the second step.

use std::ops::ControlFlow;

use playfast_guest::json::{ReadError, Reader};
use playfast_guest::{Failure, Page, url};

use super::cluster::{self, GROUPS, LINK, continuation_call, continuations, first_page, is_token};
use super::find_block::{Found, Said, find_block};
use super::{APP, COUNTRY, Kind, LANGUAGE, Param, PerRequest, app_id, item, unknown_state};
use crate::batchexecute;
use crate::request::{QueryRequest, STORE};
use crate::unreadable;

/// The rpc whose answer in an app's page has the links.
const LINKS_RPC: &str = "ag2B9c";

/// The rpc that the block of the page with the apps answers.
const RPC: &str = "CNT7ob";

/// The path of the pages with similar apps. Those of a developer have others.
const CLUSTER_PAGE: &str = "/store/apps/collection/cluster";

/// The parameter of such a page's link, which says whose apps it lists.
const LINK_PARAM: &str = "gsr";

pub(super) const KIND: Kind = Kind {
    name: "similar",
    summary: "Apps that the store shows as similar to an app",
    params: &[
        APP,
        COUNTRY,
        LANGUAGE,
        Param::new(
            "num",
            r#"{"type":"integer","minimum":1,"maximum":1000,"default":50,"x-limit":true,"x-bytes":28000,"description":"Number of apps; the store may refuse to give more than the first page of 50"}"#,
        ),
    ],
    required: &["app_id"],
    fields: item::FIELD_DOCS,
    required_fields: item::REQUIRED_FIELDS,
    compact: cluster::COMPACT,
    key: item::KEY,
    noisy: item::NOISY,
    feed: &[],
    per_request: PerRequest::new(1, 1),
    ask: |query| match query.state.as_deref() {
        None => Ok(QueryRequest::Page {
            address: format!("{STORE}/store/apps/details"),
            params: vec![("id", app_id(query)?.to_owned())],
        }),
        Some(state) if state.starts_with('/') => {
            let token = cluster_token(state).ok_or_else(|| unknown_state(query))?;
            Ok(QueryRequest::Page { address: format!("{STORE}{CLUSTER_PAGE}"), params: vec![(LINK_PARAM, token)] })
        }
        Some(token) => continuation_call(query, token),
    },
    read: |queries, body| match queries.first().and_then(|query| query.state.as_deref()) {
        // A saved continuation comes without the state that asked for it.
        None if batchexecute::is_answer(body) => continuations(queries, body),
        None => queries.iter().map(|_| link_page(body)).collect(),
        Some(state) if state.starts_with('/') => queries.iter().map(|_| apps_page(body)).collect(),
        Some(_) => continuations(queries, body),
    },
};

/// The apps in a page of similar apps.
fn apps_page(body: &[u8]) -> Result<Page, Failure> {
    first_page(body, RPC, |link: &str| Ok(cluster::path(link).starts_with(CLUSTER_PAGE)))
}

/// The token in the link of a page with similar apps. `None`: it is another link.
fn cluster_token(link: &str) -> Option<String> {
    let query = cluster::path(link).strip_prefix(CLUSTER_PAGE)?;
    let token = query.strip_prefix('?').and_then(|_| url::param(query, LINK_PARAM))?;
    is_token(&token).then_some(token)
}

/// The rows of an app's page.
const ROWS: &[u16] = &[1, 1];

/// What messages call the block with them.
const BLOCK: &str = "the rows of similar apps";

/// What an app's page says: the link to go on with, if it has one.
fn link_page(body: &[u8]) -> Result<Page, Failure> {
    let next = find_block(body, LINKS_RPC, BLOCK, |block, said| {
        let rows = Rows::read(block).map_err(|error| unreadable(BLOCK, error))?;
        match rows {
            Rows { similar: Some(link), .. } => Ok(Found::Answer(Some(link))),
            Rows { count: 1.., links: 0, .. } if said == Said::ByPage => {
                Err(Failure::layout_changed("the rows of apps have no links where they were"))
            }
            _ if said == Said::ByPage => Ok(Found::Empty(None)),
            // A row with the developer's apps only.
            Rows { links: 1.., .. } => Ok(Found::Empty(None)),
            _ => Ok(Found::Nothing),
        }
    })?;
    let notes = next.is_none().then(|| "the store shows no similar apps for this app".to_owned());
    Ok(Page { next, notes: notes.into_iter().collect(), ..Page::default() })
}

/// What the rows of an app's page are.
#[derive(Default)]
struct Rows {
    count: usize,
    /// How many have a link to a page of the store.
    links: usize,
    /// The link of the last one that leads to similar apps. The first may be of the developer's apps.
    similar: Option<String>,
}

impl Rows {
    fn read(block: Reader<'_>) -> Result<Self, ReadError> {
        let mut rows = Self::default();
        let Some(mut list) = block.get(ROWS)? else {
            return Ok(rows);
        };
        list.elements(|_, row| {
            rows.count += 1;
            for slot in GROUPS {
                let Some(link) = row.get(&[slot])?.map(|group| group.get(LINK)).transpose()?.flatten() else {
                    continue;
                };
                let link = link.text().unwrap_or_default();
                let link = cluster::path(&link);
                rows.links += usize::from(link.starts_with("/store/"));
                if cluster_token(link).is_some() {
                    rows.similar = Some(link.to_owned());
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_of_such_pages_are_followed() {
        let link = "/store/apps/collection/cluster?gsr=SnFq_-%3D%3D:S:ANO1ljIWKIw";
        assert_eq!(cluster_token(link).unwrap(), "SnFq_-==:S:ANO1ljIWKIw");
        assert_eq!(cluster_token(&format!("https://play.google.com{link}&hl=en")), cluster_token(link));
        for other in [
            "/store/apps/dev?id=5",
            "/store/apps/collection/cluster",
            "/store/apps/collection/cluster?gsr=",
            "/store/apps/collection/clusters?gsr=a",
            "/store/apps/collection/cluster?clp=a",
            "/store/apps/collection/cluster?gsr=a%20b",
            "//evil.example/store/apps/collection/cluster?gsr=a",
            "https://evil.example/store/apps/collection/cluster?gsr=a",
            "",
        ] {
            assert_eq!(cluster_token(other), None, "{other}");
        }
    }
}
