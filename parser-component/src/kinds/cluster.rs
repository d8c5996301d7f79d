//! Clusters: pages of apps that have something in common, and calls that continue them.
//!
//! Invariant: a page after the first adds apps or fails. The store often refuses to continue, and what came before is kept then.

use std::ops::ControlFlow;

use playfast_guest::json::{Kind as Json, ReadError, Reader};
use playfast_guest::{Failure, FailureKind, Page, Query};

use super::app::is_empty;
use super::find_block::{Found, Said, find_block};
use super::item::Items;
use super::unknown_state;
use crate::request::{QueryRequest, STORE, string};
use crate::{PageResults, batchexecute, unreadable};

/// The few fields of a row that most people want.
pub(super) const COMPACT: &[&str] =
    &["country", "position", "title", "app_id", "developer", "score", "installs", "price", "currency"];

/// The rpc that continues a cluster.
const CONTINUATION_RPC: &str = "qnKhOb";

/// The apps that a call asks for at once, as many as the largest first page has.
const CONTINUATION_APPS: u32 = 50;

/// The kinds of clusters that the store's own pages of 2026-07 name.
const CLUSTER_KINDS: &str = "96,108,72,100,27,177,183,222,8,57,169,110,11,184,16,1,139,152,194,165,68,163,211,9,71,31,176,195,12,64,151,320,150,148,\
    113,104,55,56,145,32,34,10,122";

/// The clusters of a page.
const CLUSTERS: &[u16] = &[0, 1];

/// The slots of a cluster that hold a group of apps: those of a developer's name are in the second.
pub(super) const GROUPS: [u16; 2] = [21, 22];

/// A group's apps, its link, and the token that continues it.
const APPS: &[u16] = &[0];
pub(super) const LINK: &[u16] = &[1, 2, 4, 2];
const TOKEN: &[u16] = &[1, 3, 1];

/// The cluster of a continuation; its apps and their token in the message of 2022.
const CONTINUED: &[u16] = &[0];
const OLD_APPS: &[u16] = &[0, 0];
const OLD_TOKEN: &[u16] = &[0, 7, 1];

/// What messages call a cluster.
const APPS_OF: &str = "the list of apps";

/// Characters of the longest token. Those of the store have up to 400.
const MAX_TOKEN_CHARS: usize = 4000;

/// Whether a text may be a token, so that it may be asked with.
pub(super) fn is_token(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=:.+".contains(&byte);
    (1..=MAX_TOKEN_CHARS).contains(&text.len()) && text.bytes().all(is_part)
}

/// The call that continues a cluster after the page that gave this token.
pub(super) fn continuation_call(query: &Query, token: &str) -> Result<QueryRequest, Failure> {
    if !is_token(token) {
        return Err(unknown_state(query));
    }
    let layout = format!("[[10,[10,{CONTINUATION_APPS}]],true,null,[{CLUSTER_KINDS}]]");
    let argument = format!("[[null,{layout},null,{}]]", string(token));
    Ok(QueryRequest::Call { rpc: CONTINUATION_RPC, argument })
}

/// The further apps in the answers to such calls.
pub(super) fn continuations(queries: &[Query], body: &[u8]) -> PageResults {
    let pages = batchexecute::answers(queries, body, CONTINUATION_RPC, continuation);
    pages.into_iter().map(|page| page.map_err(refused)).collect()
}

/// The failure to continue, from which another try may recover: there is such a list, since its first page came.
fn refused(failure: Failure) -> Failure {
    match failure.kind {
        FailureKind::NotFound | FailureKind::InvalidQuery => Failure::unavailable(REFUSED),
        _ => failure,
    }
}

const REFUSED: &str = "the store refuses to continue the list";

fn continuation(payload: &mut Reader<'_>, query: Option<&Query>) -> Result<Page, Failure> {
    let unreadable = |error| unreadable(APPS_OF, error);
    let cluster = payload.get(CONTINUED).map_err(unreadable)?;
    let group = match cluster {
        Some(cluster) => Group::find(cluster).map_err(unreadable)?.or(Group::old(cluster).map_err(unreadable)?),
        None => None,
    };
    let Some(group) = group else {
        return Err(match is_empty(*payload).map_err(unreadable)? {
            true => Failure::unavailable(REFUSED),
            false => Failure::layout_changed("the further apps are not where they were"),
        });
    };
    let mut page = group.page()?;
    if page.records.is_empty() && page.next.is_some() {
        return Err(Failure::unavailable("the store sent no apps and a token for more"));
    }
    if page.next.is_some() && page.next == query.and_then(|query| query.state.clone()) {
        page.next = None;
        page.notes.push("the store gave the token of this page once more: the list ends here".to_owned());
    }
    Ok(page)
}

/// The apps of a cluster's own page. `rpc` is what its block answers; `is_own` says whether the link of a group is the one asked for.
pub(super) fn first_page(
    body: &[u8],
    rpc: &str,
    is_own: impl Fn(&str) -> Result<bool, Failure>,
) -> Result<Page, Failure> {
    find_block(body, rpc, APPS_OF, |block, said| {
        let unreadable = |error| unreadable(APPS_OF, error);
        let mut group = None;
        if let Some(mut clusters) = block.get(CLUSTERS).map_err(unreadable)? {
            clusters
                .elements(|_, cluster| {
                    group = Group::find(*cluster)?;
                    Ok(if group.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                })
                .map_err(unreadable)?;
        }
        match group {
            Some(group) => match group.link.and_then(Reader::text) {
                Some(link) if !is_own(&link)? => Ok(Found::Nothing),
                _ => group.page().map(Found::Answer),
            },
            None if said == Said::ByPage && is_empty(block).map_err(unreadable)? => {
                Err(Failure::not_found("the store lists no apps here, at least in this country"))
            }
            None if said == Said::ByPage => {
                Err(Failure::layout_changed("the apps of the page are not where they were"))
            }
            None => Ok(Found::Nothing),
        }
    })
}

/// The path of a link, which may be an address of the store's.
pub(super) fn path(link: &str) -> &str {
    link.strip_prefix(STORE).unwrap_or(link)
}

/// A group of apps.
struct Group<'a> {
    apps: Reader<'a>,
    link: Option<Reader<'a>>,
    token: Option<Reader<'a>>,
}

impl<'a> Group<'a> {
    /// The group of a cluster, if it has one.
    fn find(cluster: Reader<'a>) -> Result<Option<Self>, ReadError> {
        for slot in GROUPS {
            if let Some(group) = cluster.get(&[slot])?
                && let Some(mut apps) = group.get(APPS)?
                && apps.kind()? == Json::Array
            {
                return Ok(Some(Self { apps, link: group.get(LINK)?, token: group.get(TOKEN)? }));
            }
        }
        Ok(None)
    }

    /// The group in a continuation of 2022.
    fn old(cluster: Reader<'a>) -> Result<Option<Self>, ReadError> {
        let Some(mut apps) = cluster.get(OLD_APPS)? else {
            return Ok(None);
        };
        Ok((apps.kind()? == Json::Array).then_some(Self { apps, link: None, token: cluster.get(OLD_TOKEN)? }))
    }

    fn page(mut self) -> Result<Page, Failure> {
        let mut items = Items::new();
        items.read_list(&mut self.apps).map_err(|error| unreadable(APPS_OF, error))?;
        items.check("the apps of the page")?;
        let next = self.token.and_then(Reader::text).filter(|token| !token.is_empty()).map(|token| token.into_owned());
        let mut notes: Vec<_> = items.notes().collect();
        // A token of another form can't be asked with.
        let unknown = next.as_deref().is_some_and(|token| !is_token(token));
        notes.extend(
            unknown.then(|| "the token for more apps has another form than it had: the list ends here".to_owned()),
        );
        Ok(Page { records: items.into_records(), next: next.filter(|_| !unknown), notes, ..Page::default() })
    }
}
