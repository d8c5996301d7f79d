//! Registry of a host's parsers: resolves which of them answers a query.
//!
//! Each parser has a slot, and slots keep their order. A query of a kind that several parsers declare must name one, unless they are versions
//! of one parser: then the first answers. Invariant: there is at least one slot, and none is removed.

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

/// Events that are held for a slow listener.
const MAX_HELD_EVENTS: usize = 64;

/// Why no parser answers a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unresolved {
    /// No parser has that name; these are the names.
    Parser(Vec<String>),
    /// No parser has that kind; these are the kinds.
    Kind(Vec<String>),
    /// Several parsers have it: a query must name one of these.
    Ambiguous(Vec<String>),
}

/// A host's parsers. Cloning it is cheap, and shares them.
#[derive(Clone, Debug)]
pub(crate) struct ParserRegistry(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    first: ParserSlot,
    /// All slots, with the first.
    slots: ArcSwap<Vec<ParserSlot>>,
    adding: Mutex<()>,
    events: broadcast::Sender<Event>,
    /// Hosts that any parser may ask.
    further: Vec<String>,
}

impl ParserRegistry {
    /// A registry of the first parser and others, each under the given name or its own. Each may ask the hosts that it declares; parsers that
    /// are swapped in later may ask those and the `further` ones.
    pub(crate) fn new(
        first: (Option<String>, Parser),
        others: Vec<(Option<String>, Parser)>,
        further: Vec<String>,
    ) -> Self {
        let events = broadcast::Sender::new(MAX_HELD_EVENTS);
        let slot = |(name, parser): (Option<String>, Parser), slots: &[ParserSlot]| {
            let name = name.unwrap_or_else(|| parser.description().name.clone());
            ParserSlot::new(unused_name(&name, slots).into(), parser, &further, events.clone())
        };
        let first = slot(first, &[]);
        let mut slots = vec![first.clone()];
        for other in others {
            slots.push(slot(other, &slots));
        }
        let slots = ArcSwap::from_pointee(slots);
        Self(Arc::new(Shared { first, slots, adding: Mutex::default(), events, further }))
    }

    /// The first parser's slot.
    pub(crate) fn first(&self) -> &ParserSlot {
        &self.0.first
    }

    /// All slots, in their order.
    pub(crate) fn all(&self) -> Arc<Vec<ParserSlot>> {
        self.0.slots.load_full()
    }

    /// Events from now on.
    pub(crate) fn events(&self) -> broadcast::Receiver<Event> {
        self.0.events.subscribe()
    }

    /// The slot of this name, else the first whose parser has it.
    pub(crate) fn named(&self, name: &str) -> Option<ParserSlot> {
        self.all_named(name).into_iter().next()
    }

    /// The slot of this name, else all whose parsers have it.
    fn all_named(&self, name: &str) -> Vec<ParserSlot> {
        let slots = self.all();
        match slots.iter().find(|slot| slot.name() == name) {
            Some(slot) => vec![slot.clone()],
            None => slots.iter().filter(|slot| slot.description().name == name).cloned().collect(),
        }
    }

    /// The slot that answers queries of a kind: the named parser's, or that of any which declares it.
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

    /// The slot whose parser has the candidate's name; the only slot if there is one.
    ///
    /// # Errors
    /// If the candidate is no parser, or none or several slots match. No event is sent, since no slot is concerned.
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

    /// The only slot.
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

    /// Adds a parser, which may ask only the hosts of the others and the further ones.
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
            // It fails if nobody listens.
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

/// The name, with a number if another slot has it.
fn unused_name(name: &str, slots: &[ParserSlot]) -> String {
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
