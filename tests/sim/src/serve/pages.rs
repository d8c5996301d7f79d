//! The pages of the store, each found by its path and parameters.

use super::exchange::Desk;
use super::inquiry::Inquiry;
use super::reply::Reply;
use crate::catalogue::{ClusterQuery, Listing, Price, SearchQuery, Topic, cluster, is_number, listing};
use crate::faults::FaultKind;
use crate::stock::{Article, topic_of_token};

/// A request for a page.
pub(crate) struct PageRequest<'a> {
    pub(crate) desk: &'a Desk<'a>,
    pub(crate) inquiry: &'a Inquiry,
}

impl PageRequest<'_> {
    /// The page's answer.
    pub(crate) async fn reply(&self) -> Reply {
        if let Some(refusal) = self.desk.poison(self.inquiry.param("id")) {
            return refusal;
        }
        let article = match self.inquiry.path.as_str() {
            "/store/apps/details" => self.app(),
            "/store/search" => self.search(),
            "/store/apps/collection/cluster" => self.similar(),
            "/store/apps/dev" => self.developer(true),
            "/store/apps/developer" => self.developer(false),
            "/store/apps/datasafety" => match self.inquiry.param("id") {
                Some(id) => Some(Article::DataSafety(self.inquiry.app(id))),
                None => return Reply::html(400, "<p>no id</p>".to_owned()),
            },
            _ => None,
        };
        let Some(article) = article.filter(|_| !self.desk.strikes(FaultKind::NotFound, 0)) else {
            return Reply::not_found();
        };
        match self.desk.take(article, self.inquiry.gzip).await {
            Some(page) => Reply::html(200, page),
            None => Reply::html(500, "<p>internal error</p>".to_owned()),
        }
    }

    fn app(&self) -> Option<Article> {
        let query = self.inquiry.app(self.inquiry.param("id").unwrap_or_default());
        (listing(&query.id, &query.country) != Listing::None).then_some(Article::Page(query))
    }

    fn similar(&self) -> Option<Article> {
        let (topic, _) = topic_of_token(self.desk.state.seed(), self.inquiry.param("gsr")?)?;
        self.cluster(topic)
    }

    fn developer(&self, numbered: bool) -> Option<Article> {
        let id = self.inquiry.param("id").filter(|id| is_number(id) == numbered)?;
        self.cluster(Topic::Developer(id.to_owned()))
    }

    /// A cluster, unless it has no apps.
    fn cluster(&self, topic: Topic) -> Option<Article> {
        let query = ClusterQuery { topic, language: self.inquiry.language(), country: self.inquiry.country() };
        cluster(&self.desk.state.stock.catalogue, &query, 1)?;
        Some(Article::Cluster(query))
    }

    fn search(&self) -> Option<Article> {
        let price = match self.inquiry.param("price") {
            Some("1") => Price::Free,
            Some("2") => Price::Paid,
            _ => Price::All,
        };
        let term = self.inquiry.param("q").unwrap_or_default();
        let query = SearchQuery::new(term, &self.inquiry.language(), &self.inquiry.country()).price(price);
        Some(Article::Search(query))
    }
}
