//! The parsers of a host, and which of them answers a query.
//!
//! Each is in a slot of its own, in an order that stays. A kind that several declare is asked of the one that the query names; where they
//! are versions of one parser, of the first. Invariant: there is one at least, and none is ever taken away.

use std::sync::Arc;

use arc_swap::ArcSwap;
use futures::future::{BoxFuture, FutureExt};
use parking_lot::Mutex;
use tokio::sync::broadcast;

use super::candidate::Candidate;
use super::event::{Event, SwapError, Swapped};
use super::slot::{ParserSlot, check_hosts};
use crate::parser::Parser;
use crate::types::{chain, host_of};

/// Events that wait for a slow listener.
const EVENTS: usize = 64;

/// Why nobody here answers a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unresolved {
    /// There is no parser of that name; these are there.
    Parser(Vec<String>),
    /// None has that kind; these are there.
    Kind(Vec<String>),
    /// Several have it: it must be asked for by one of these names.
    Ambiguous(Vec<String>),
}

/// A host's parsers. Cloning it is cheap, and shares them.
#[derive(Clone, Debug)]
pub(crate) struct ParserRegistry(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    first: ParserSlot,
    /// All of them, the first too.
    slots: ArcSwap<Vec<ParserSlot>>,
    adding: Mutex<()>,
    events: broadcast::Sender<Event>,
    /// Hosts that any parser may ask.
    further: Vec<String>,
}

impl ParserRegistry {
    /// A host's parsers: the first, and others, each with a name or its own. Every one may ask the hosts that it declares, and later ones
    /// in its place may ask those and the `further` ones.
    pub(crate) fn new(
        first: (Option<String>, Parser),
        others: Vec<(Option<String>, Parser)>,
        further: Vec<String>,
    ) -> Self {
        let events = broadcast::Sender::new(EVENTS);
        let slot = |(name, parser): (Option<String>, Parser), slots: &[ParserSlot]| {
            let name = name.unwrap_or_else(|| parser.description().name.clone());
            ParserSlot::new(free(&name, slots).into(), parser, &further, events.clone())
        };
        let first = slot(first, &[]);
        let mut slots = vec![first.clone()];
        for other in others {
            slots.push(slot(other, &slots));
        }
        let slots = ArcSwap::from_pointee(slots);
        Self(Arc::new(Shared { first, slots, adding: Mutex::default(), events, further }))
    }

    /// The first parser's.
    pub(crate) fn first(&self) -> &ParserSlot {
        &self.0.first
    }

    /// All of them, in their order.
    pub(crate) fn all(&self) -> Arc<Vec<ParserSlot>> {
        self.0.slots.load_full()
    }

    /// What happens from now on.
    pub(crate) fn events(&self) -> broadcast::Receiver<Event> {
        self.0.events.subscribe()
    }

    /// The slot of this name, else the first whose parser calls itself so.
    pub(crate) fn named(&self, name: &str) -> Option<ParserSlot> {
        self.all_named(name).into_iter().next()
    }

    /// The slot of this name, else all whose parsers call themselves so.
    fn all_named(&self, name: &str) -> Vec<ParserSlot> {
        let slots = self.all();
        match slots.iter().find(|slot| slot.name() == name) {
            Some(slot) => vec![slot.clone()],
            None => slots.iter().filter(|slot| slot.description().name == name).cloned().collect(),
        }
    }

    /// The slot that answers queries of a kind, of the parser that is named or of any.
    pub(crate) fn resolve(&self, parser: Option<&str>, kind: &str) -> Result<ParserSlot, Unresolved> {
        let Some(parser) = parser else { return self.of_kind(kind) };
        let named = self.all_named(parser);
        if named.is_empty() {
            return Err(Unresolved::Parser(self.all().iter().map(|slot| slot.name().to_owned()).collect()));
        }
        let declares = |slot: &ParserSlot| slot.description().kind(kind).is_some();
        named.into_iter().find(declares).ok_or_else(|| self.no_kind())
    }

    fn of_kind(&self, kind: &str) -> Result<ParserSlot, Unresolved> {
        let slots = self.all();
        if let [only] = slots.as_slice() {
            return Ok(only.clone());
        }
        let declaring: Vec<_> = slots.iter().filter(|slot| slot.description().kind(kind).is_some()).collect();
        let Some(first) = declaring.first() else { return Err(self.no_kind()) };
        let name = &first.description().name;
        if declaring.iter().all(|slot| slot.description().name == *name) {
            return Ok((*first).clone());
        }
        Err(Unresolved::Ambiguous(declaring.iter().map(|slot| format!("{}:{kind}", slot.name())).collect()))
    }

    fn no_kind(&self) -> Unresolved {
        let mut kinds: Vec<String> = Vec::new();
        for slot in self.all().iter() {
            kinds.extend(slot.description().kinds.iter().map(|kind| kind.name.clone()));
        }
        kinds.sort();
        kinds.dedup();
        Unresolved::Kind(kinds)
    }

    /// The other slots whose parsers declare this kind and the host of this address, from the one after `slot` on.
    pub(crate) fn others(&self, slot: &ParserSlot, kind: &str, url: &str) -> Vec<ParserSlot> {
        let slots = self.all();
        let at = slots.iter().position(|other| other.name() == slot.name()).unwrap_or_default();
        let (before, after) = slots.split_at(at);
        let others = after.iter().skip(1).chain(before);
        let knows = |slot: &&ParserSlot| {
            let description = slot.description();
            description.kind(kind).is_some() && description.hosts.iter().any(|host| is_at(url, host))
        };
        others.filter(knows).cloned().collect()
    }

    /// The slot whose parser has the candidate's name; where there is one slot, that.
    ///
    /// # Errors
    /// If the candidate is no parser, or it isn't plain which slot is meant. No event tells of it, since it concerns no slot.
    pub(crate) async fn slot_of(&self, candidate: &mut Candidate<'_>) -> Result<ParserSlot, SwapError> {
        if let Ok(only) = self.only() {
            return Ok(only);
        }
        let parser = candidate.load(self.0.first.load().parser.engine()).await?;
        let slots = self.all();
        let mut same_name = slots.iter().filter(|slot| slot.description().name == parser.description().name);
        match (same_name.next(), same_name.next()) {
            (Some(slot), None) => Ok(slot.clone()),
            _ => Err(self.ambiguous()),
        }
    }

    /// The slot, where there is one.
    pub(crate) fn only(&self) -> Result<ParserSlot, SwapError> {
        match self.all().as_slice() {
            [only] => Ok(only.clone()),
            _ => Err(self.ambiguous()),
        }
    }

    fn ambiguous(&self) -> SwapError {
        let names: Vec<_> = self.all().iter().map(|slot| slot.name().to_owned()).collect();
        SwapError::AmbiguousSlot { slots: names.join(", ") }
    }

    /// Adds a parser beside the others, which may ask no hosts but theirs and the further ones.
    pub(crate) fn add<'a>(
        &'a self,
        name: &'a str,
        mut candidate: Candidate<'a>,
    ) -> BoxFuture<'a, Result<Swapped, SwapError>> {
        async move {
            let added = self.try_add(name, &mut candidate).await;
            let event = match &added {
                Ok(swapped) => Event::Added(swapped.clone()),
                Err(error) => Event::AddRefused { slot: name.into(), digest: candidate.digest(), reason: chain(error) },
            };
            tracing::info!("{event}");
            // Nobody may be listening.
            drop(self.0.events.send(event));
            added
        }
        .boxed()
    }

    async fn try_add(&self, name: &str, candidate: &mut Candidate<'_>) -> Result<Swapped, SwapError> {
        let parser = candidate.load(self.0.first.load().parser.engine()).await?;
        let mut allowed = self.0.further.clone();
        self.all().iter().for_each(|slot| allowed.extend(slot.hosts().iter().cloned()));
        allowed.sort();
        allowed.dedup();
        check_hosts(&parser, &allowed)?;
        let _adding = self.0.adding.lock();
        let slots = self.all();
        if slots.iter().any(|slot| slot.name() == name) {
            return Err(SwapError::NameTaken(name.to_owned()));
        }
        let slot = ParserSlot::new(name.into(), parser.clone(), &self.0.further, self.0.events.clone());
        let swapped = slot.swapped(&parser, 1);
        self.0.slots.store(Arc::new(slots.iter().cloned().chain([slot]).collect()));
        Ok(swapped)
    }
}

/// Whether an address is this host's.
fn is_at(url: &str, host: &str) -> bool {
    url.starts_with("https://") && host_of(url) == host
}

/// The name, or with a number where it is taken.
fn free(name: &str, slots: &[ParserSlot]) -> String {
    let is_free = |name: &String| slots.iter().all(|slot| slot.name() != name);
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_its_own_hosts_alone() {
        for url in ["https://example.org", "https://example.org/", "https://example.org:443/a", "https://example.org?a"]
        {
            assert!(is_at(url, "example.org"), "{url}");
        }
        for url in ["https://example.org.evil.example/", "http://example.org/", "https://www.example.org/", ""] {
            assert!(!is_at(url, "example.org"), "{url}");
        }
    }
}
