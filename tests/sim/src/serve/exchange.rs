//! One request's answer: overrides first, then walls and limits, then faults, then saved pages, then the catalogue.
//!
//! Invariant: the time an answer takes to make is part of the latency, not on top of it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::{Request, Response};

use super::batch::batch;
use super::inquiry::{Inquiry, Site};
use super::pages::PageRequest;
use super::reply::Reply;
use super::robots::robots;
use super::state::{Settings, State};
use super::stream::Stream;
use super::walls;
use crate::body::Content;
use crate::config::Layout;
use crate::faults::{FaultKind, Lot};
use crate::stats::InFlight;
use crate::stock::Article;

/// Where batchexecute lives.
const BATCH: &str = "/_/PlayStoreUi/data/batchexecute";

/// Where pages live.
const PAGES: &str = "/store/";

/// Where the file for programs lives (RFC 9309).
const ROBOTS: &str = "/robots.txt";

/// Answers a request.
pub(crate) async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Stream>, Infallible> {
    let arrival = Instant::now();
    let mut guard = InFlight::enter(&state.counters);
    let settings = state.settings();
    let lot = state.next_lot(&settings.faults);
    let inquiry = Inquiry::read(request).await;
    let gzip = inquiry.as_ref().is_some_and(|inquiry| inquiry.gzip);
    let reply = match inquiry {
        Some(inquiry) => Desk { state: &state, settings: &settings, lot }.reply(&inquiry, &mut guard).await,
        None => Reply::html(400, "<p>unreadable request</p>".to_owned()),
    };
    state.wait_until(arrival + settings.latency + reply.stall).await;
    Ok(reply.response(gzip, guard))
}

/// One request's view of the store.
pub(crate) struct Desk<'a> {
    pub(crate) state: &'a State,
    pub(crate) settings: &'a Settings,
    pub(crate) lot: Lot,
}

impl Desk<'_> {
    async fn reply(&self, inquiry: &Inquiry, guard: &mut InFlight) -> Reply {
        if let Some(canned) = self.state.cans.find(&inquiry.host, &inquiry.path_and_query) {
            return Reply::canned(canned);
        }
        match inquiry.site() {
            Site::Search => walls::search_site(inquiry),
            Site::Consent => walls::consent_site(inquiry),
            Site::Play => match self.refusal(inquiry, guard) {
                Some(refusal) => refusal,
                None => self.spoiled(self.page(inquiry).await),
            },
        }
    }

    /// The answer of a store that won't serve this request.
    fn refusal(&self, inquiry: &Inquiry, guard: &mut InFlight) -> Option<Reply> {
        let (faults, counters) = (self.lot.faults(), &self.state.counters);
        let too_many = || Reply::html(429, "<p>too many requests</p>".to_owned()).retry_after(faults.retry_after);
        let unavailable = || Reply::html(503, "<p>unavailable</p>".to_owned()).retry_after(faults.retry_after);
        if !guard.admit(faults.max_in_flight) {
            counters.over_in_flight.fetch_add(1, Ordering::Relaxed);
            return Some(unavailable());
        }
        if !self.state.within_rate(faults.per_second) {
            counters.over_rate.fetch_add(1, Ordering::Relaxed);
            return Some(too_many());
        }
        if let Err(left) = self.state.within_window(faults.window) {
            counters.over_window.fetch_add(1, Ordering::Relaxed);
            let whole = Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0));
            return Some(Reply::html(429, "<p>too many requests</p>".to_owned()).retry_after(Some(whole)));
        }
        if self.strikes(FaultKind::TooManyRequests, 0) {
            return Some(too_many());
        }
        if self.strikes(FaultKind::Unavailable, 0) {
            return Some(unavailable());
        }
        if self.strikes(FaultKind::Captcha, 0) {
            return Some(walls::to_captcha(inquiry));
        }
        self.strikes(FaultKind::Consent, 0).then(|| walls::to_consent(inquiry))
    }

    /// The answer, if a fault strikes with a body that breaks off, is too short or comes late.
    fn spoiled(&self, reply: Reply) -> Reply {
        let mut reply = reply;
        if self.strikes(FaultKind::Stall, 0) {
            reply.stall = self.lot.faults().stall_for;
        }
        if self.strikes(FaultKind::Reset, 0) {
            return reply.reset();
        }
        if self.strikes(FaultKind::Truncate, 0) {
            return reply.truncated();
        }
        reply
    }

    async fn page(&self, inquiry: &Inquiry) -> Reply {
        if let Some(saved) = self.state.saved.find(inquiry) {
            return if inquiry.post { Reply::json(saved) } else { Reply::html(200, saved) };
        }
        match (inquiry.post, inquiry.path.as_str()) {
            (true, BATCH) => batch(self, inquiry).await,
            (false, path) if path.starts_with(PAGES) => PageRequest { desk: self, inquiry }.reply().await,
            (false, ROBOTS) => Reply::text(robots()),
            (false, "/") => {
                Reply::html(200, "<!doctype html><title>Simulated store</title><p>A simulated store.</p>".to_owned())
            }
            _ => Reply::not_found(),
        }
    }

    /// The refusal of a request that asks for these apps, if one of them is poisoned.
    pub(crate) fn poison<'i>(&self, app_ids: impl IntoIterator<Item = &'i str>) -> Option<Reply> {
        let status = app_ids.into_iter().find_map(|id| self.lot.faults().poison(id))?;
        self.state.counters.poisoned.fetch_add(1, Ordering::Relaxed);
        Some(Reply::html(status, format!("<p>status {status}</p>")))
    }

    /// An article; nothing only if the runtime is going down.
    pub(crate) async fn take(&self, article: Article, gzip: bool) -> Option<Content> {
        let layout: Layout = self.settings.layout;
        let (content, made) = self.state.stock.take(article, layout, gzip).await.ok()?;
        self.state.counters.generated.fetch_add(u64::from(made), Ordering::Relaxed);
        Some(content)
    }

    /// Whether a fault strikes; counted if so.
    pub(crate) fn strikes(&self, kind: FaultKind, call: usize) -> bool {
        self.strikes_app(kind, call, None)
    }

    /// Whether a fault strikes a call that may ask for an app; counted if so.
    pub(crate) fn strikes_app(&self, kind: FaultKind, call: usize, app_id: Option<&str>) -> bool {
        let struck =
            app_id.is_some_and(|id| self.lot.faults().is_set_for(kind, id)) || self.lot.falls_on_call(kind, call);
        if struck {
            self.state.counters.fault(kind);
        }
        struck
    }
}
