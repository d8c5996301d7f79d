//! Field masks: which fields of a details message a call asks for.

use super::Node;
use super::node::sparse;
use crate::config::Layout;

/// The fields that the app page asks for.
const PAGE_FIELDS: [u64; 49] = [
    1, 9, 10, 11, 13, 14, 19, 20, 38, 43, 47, 49, 52, 58, 59, 63, 69, 70, 73, 74, 75, 78, 79, 80, 91, 92, 95, 96, 97,
    100, 101, 103, 106, 112, 119, 129, 137, 140, 139, 141, 145, 146, 149, 151, 155, 169, 183, 187, 193,
];

/// The fields that the app page of a grown layout asks for besides, and the one that it leaves out: the place in a chart.
const GROWN_FIELDS: [u64; 2] = [201, 207];
const FIELD_LEFT_OUT: u64 = 59;

/// The field that pages don't ask for: the declaration on data.
pub(super) const SAFETY_FIELD: u64 = 138;

/// The fields that a page on data safety asks for.
pub(crate) const SAFETY_PAGE_FIELDS: [u64; 6] = [1, 69, 70, 96, 100, SAFETY_FIELD];

/// A mask of fewer fields may be answered by a trailing object alone.
const SHORT: usize = 10;

/// The numbers of the fields that are asked for, sorted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mask(Vec<u64>);

impl Mask {
    /// A mask of these fields.
    pub(crate) fn new(mut fields: Vec<u64>) -> Self {
        fields.sort_unstable();
        fields.dedup();
        Self(fields)
    }

    /// What the app page asks for.
    pub(crate) fn page() -> Self {
        Self::new(PAGE_FIELDS.to_vec())
    }

    /// The fields that the app page asks for, in its order.
    pub(crate) fn page_fields(layout: Layout) -> Vec<u64> {
        let fields = PAGE_FIELDS.into_iter();
        match layout {
            Layout::Current | Layout::Changed => fields.collect(),
            Layout::Grown => fields.filter(|field| *field != FIELD_LEFT_OUT).chain(GROWN_FIELDS).collect(),
        }
    }

    /// What the app page asks for, and the declaration on data.
    pub(crate) fn page_with_safety() -> Self {
        Self::new(PAGE_FIELDS.into_iter().chain([SAFETY_FIELD]).collect())
    }

    /// Whether a field is asked for.
    pub(crate) fn has(&self, field: u64) -> bool {
        self.0.binary_search(&field).is_ok()
    }

    /// Whether few fields are asked for.
    pub(crate) fn is_short(&self) -> bool {
        self.0.len() < SHORT
    }

    /// A message of the slots that are asked for; a slot's field number is one more than its index.
    pub(crate) fn select<const N: usize>(&self, slots: [(usize, Node); N], sparse_from: usize) -> Node {
        let selected =
            slots.map(|(slot, node)| if self.has(slot as u64 + 1) { (slot, node) } else { (slot, Node::Null) });
        sparse(selected, sparse_from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_field_comes_sparse_or_among_nulls() {
        let slots = || [(0, "title".into()), (3, 7.into())];
        let mask = Mask::new(vec![4]);
        assert_eq!(mask.select(slots(), 0).json(), r#"[{"4":7}]"#);
        assert_eq!(mask.select(slots(), usize::MAX).json(), "[null,null,null,7]");
    }
}
