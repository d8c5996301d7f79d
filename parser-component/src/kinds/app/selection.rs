//! Selection of an app's fields: which of them a query wants, and the mask that asks for them.

use std::borrow::Cow;

use playfast_guest::json::{Field, ReadError, Reader};
use playfast_guest::{Failure, Query};

use super::FIELDS;

/// The parameter in which the host names the fields that are wanted.
pub(super) const SELECTED_FIELDS: &str = "fields";

/// The field that every record has: answers repeat it without being asked.
const APP_ID: &str = "app_id";

/// Slots that the message of every app has: title, availability, developer, genre. Without one of them a removed app can't be told from one that
/// lacks the fields that are asked for.
const SLOTS_OF_EVERY_APP: [u16; 4] = [0, AVAILABILITY_SLOT, 68, 79];

/// The smallest of them. It is an empty array if the app can't be had in the country.
pub(in super::super) const AVAILABILITY_SLOT: u16 = 18;

/// Which fields a query wants.
pub(super) enum Selection {
    All,
    /// These, and the app's id.
    Some(Vec<Field>),
}

impl Selection {
    /// The fields that a query names.
    ///
    /// # Errors
    /// If an app has no such field.
    pub(super) fn new(query: &Query) -> Result<Self, Failure> {
        let Some(names) = query.param(SELECTED_FIELDS) else { return Ok(Self::All) };
        let names: Vec<_> = names.split(',').filter(|name| !name.is_empty()).collect();
        if let Some(name) = names.iter().find(|name| FIELDS.iter().all(|field| field.name != **name)) {
            let name: String = name.chars().take(MAX_NAME_CHARS).collect();
            return Err(Failure::invalid_query(format!("an app has no field {name:?}")));
        }
        let is_wanted = |field: &&Field| field.name == APP_ID || names.contains(&field.name);
        Ok(Self::Some(FIELDS.iter().filter(is_wanted).copied().collect()))
    }

    /// The fields of its records.
    pub(super) fn fields(&self) -> Cow<'static, [Field]> {
        match self {
            Self::All => FIELDS.into(),
            Self::Some(fields) => fields.clone().into(),
        }
    }

    /// Whether a field is wanted.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(fields) => fields.iter().any(|field| field.name == name),
        }
    }

    /// The numbers of the message's fields to ask for, ascending: a slot's number is its index and 1.
    pub(super) fn mask(&self) -> Vec<u16> {
        self.slots().into_iter().map(|slot| slot + 1).collect()
    }

    /// Whether a message has a field of those that every app has. Which they are depends on what is asked for.
    pub(super) fn is_answered_by(&self, details: Reader<'_>) -> Result<bool, ReadError> {
        let Self::Some(_) = self else { return Ok(true) };
        for slot in self.slots().into_iter().filter(|slot| SLOTS_OF_EVERY_APP.contains(slot)) {
            if details.get(&[slot])?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The slots in which the fields lie, and one at least that every app has.
    fn slots(&self) -> Vec<u16> {
        let fields = self.fields();
        let paths = fields.iter().filter(|field| field.name != APP_ID).flat_map(|field| field.paths);
        let mut slots: Vec<_> = paths.filter_map(|path| path.first().copied()).collect();
        if !slots.iter().any(|slot| SLOTS_OF_EVERY_APP.contains(slot)) {
            slots.push(AVAILABILITY_SLOT);
        }
        slots.sort_unstable();
        slots.dedup();
        slots
    }
}

/// Characters of a field's name in a message.
const MAX_NAME_CHARS: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(fields: &str) -> Result<Selection, Failure> {
        let params = vec![(SELECTED_FIELDS.to_owned(), fields.to_owned())];
        Selection::new(&Query { kind: "app".to_owned(), params, state: None })
    }

    #[test]
    fn a_mask_names_the_slots_of_the_fields() {
        let mask = |fields| selection(fields).unwrap().mask();
        assert_eq!(mask("app_id,genre_id"), [80]);
        assert_eq!(mask("description,title"), [1, 13, 73]);
        assert_eq!(mask("categories"), [80, 119]);
        assert_eq!(mask("price,currency,score,score_text"), [19, 52, 58]);
    }

    #[test]
    fn something_is_asked_for_that_every_app_has() {
        let mask = |fields| selection(fields).unwrap().mask();
        assert_eq!(mask("app_id"), [19]);
        assert_eq!(mask(""), [19]);
        assert_eq!(mask("changelog"), [19, 145]);
        assert_eq!(mask("available"), [19]);
    }

    #[test]
    fn an_unknown_field_is_refused() {
        assert!(selection("app_id,titel").err().unwrap().message.contains("titel"));
    }
}
