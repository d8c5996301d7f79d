//! What one call asks for: an article of the stock, a status, or nothing.

use super::exchange::Desk;
use super::inquiry::Inquiry;
use crate::batch::{Call, ReviewCall};
use crate::catalogue::{ClusterQuery, Listing, exists, listing};
use crate::faults::FaultKind;
use crate::stock::{Article, PageRange, topic_of_token};
use crate::token;
use crate::wire::Mask;

/// The gRPC statuses that the store uses.
const INVALID_ARGUMENT: u8 = 3;
const NOT_FOUND: u8 = 5;

/// The number of the field for ratings.
const RATINGS_FIELD: u64 = 52;

/// What a call is answered with.
#[derive(Clone, Debug)]
pub(crate) enum Resolved {
    /// A payload from the stock.
    Article(Article),
    /// A gRPC status.
    Status(u8),
    /// A null payload, with status OK.
    Nothing,
}

/// A call with the request that holds it.
pub(crate) struct Resolver<'a> {
    pub(crate) desk: &'a Desk<'a>,
    pub(crate) inquiry: &'a Inquiry,
    pub(crate) call: &'a Call,
    /// The call's place in its POST.
    pub(crate) index: usize,
}

impl Resolver<'_> {
    /// What the call asks for.
    pub(crate) fn resolve(&self) -> Resolved {
        let resolved = match self.call.rpc.as_str() {
            "vyAe2" => self.chart(),
            "Ws7gDc" => self.details(),
            "oCPfdb" | "UsvDTd" => self.reviews(),
            "xdSrCf" => self.permissions(),
            "IJ4APc" => self.suggestions(),
            "qnKhOb" => Some(self.continuation().unwrap_or(Resolved::Status(NOT_FOUND))),
            _ => None,
        };
        resolved.unwrap_or(Resolved::Status(INVALID_ARGUMENT))
    }

    fn strikes(&self, kind: FaultKind) -> bool {
        self.desk.strikes_app(kind, self.index, self.call.app_id())
    }

    fn chart(&self) -> Option<Resolved> {
        let unseen = self.call.is_long_chart() && self.strikes(FaultKind::LongFormEmpty);
        let mut query = self.call.chart(&self.inquiry.language(), &self.inquiry.country())?;
        if unseen || self.strikes(FaultKind::NotFound) {
            query.category = "NONE".to_owned();
        }
        Some(Resolved::Article(Article::Chart(query)))
    }

    fn details(&self) -> Option<Resolved> {
        let id = self.call.details_id()?;
        if self.strikes(FaultKind::NotFound) || !exists(id) {
            return Some(Resolved::Status(NOT_FOUND));
        }
        let (query, fields) = (self.inquiry.app(id), self.call.fields());
        Some(match listing(id, &query.country) {
            // Both answers for what isn't there are known: a status, and an empty frame.
            Listing::None => Resolved::Nothing,
            _ if fields == [RATINGS_FIELD] => Resolved::Article(Article::Ratings(query)),
            _ => Resolved::Article(Article::Details(query, Mask::new(fields))),
        })
    }

    fn permissions(&self) -> Option<Resolved> {
        let mut query = self.inquiry.app(self.call.app_id()?);
        if self.strikes(FaultKind::NotFound) {
            query.id = String::new();
        }
        Some(Resolved::Article(Article::Permissions(query)))
    }

    fn suggestions(&self) -> Option<Resolved> {
        Some(Resolved::Article(Article::Suggestions(self.call.term()?.to_owned(), self.inquiry.language())))
    }

    fn reviews(&self) -> Option<Resolved> {
        let call = ReviewCall::new(self.call, &self.inquiry.language())?;
        let mut query = call.query;
        if self.strikes(FaultKind::NotFound) {
            // An app that doesn't exist has no reviews.
            query.app_id = String::new();
        }
        let (skipped, null) = match &call.token {
            // A token that is unknown: no source says what the store does, so the argument counts as invalid.
            Some(token) => (token::verify(self.desk.state.seed(), &query, token)?, FaultKind::NullNextPage),
            None => (0, FaultKind::NullFirstPage),
        };
        if call.length > self.desk.lot.faults().largest_review_page || self.strikes(null) {
            return Some(Resolved::Nothing);
        }
        let (mut length, mut next) = (call.length, skipped.saturating_add(call.length));
        if self.strikes(FaultKind::EmptyPage) {
            (length, next) = (0, skipped);
        } else if call.token.is_some() && self.strikes(FaultKind::RepeatedToken) {
            next = skipped;
        }
        Some(Resolved::Article(Article::Reviews(PageRange { query, skipped, length, next })))
    }

    /// What continues a cluster; nothing for any other token, such as a search's, which the store refuses.
    fn continuation(&self) -> Option<Resolved> {
        let (token, length) = self.call.continuation()?;
        let (topic, skipped) = topic_of_token(self.desk.state.seed(), token)?;
        let query = ClusterQuery { topic, language: self.inquiry.language(), country: self.inquiry.country() };
        let (mut length, mut next) = (length, skipped.saturating_add(length));
        if self.strikes(FaultKind::NullNextPage) {
            return None;
        } else if self.strikes(FaultKind::EmptyPage) {
            (length, next) = (0, skipped);
        } else if self.strikes(FaultKind::RepeatedToken) {
            next = skipped;
        }
        Some(Resolved::Article(Article::Continuation(PageRange { query, skipped, length, next })))
    }
}
