//! Fall-back of apps from the rpc to their pages, for queries with `via=auto`.
//!
//! A page takes 70 times the bytes of an rpc's answer, so it is asked for only if the rpc fails to answer: its layout has changed, or it has
//! nothing for any of several apps. What a page answers too, such as a captcha or a fault of the store's, stays what it is.

use playfast_guest::{Failure, FailureKind, Page, Query};

use crate::PageResults;
use crate::kinds::BY_PAGE;

/// The answers of an exchange, with those that the rpc failed to give replaced by the state that asks for the page.
pub(crate) fn to_pages(queries: &[Query], answers: Result<PageResults, Failure>) -> Result<PageResults, Failure> {
    if !queries.iter().any(may_fall_back) {
        return answers;
    }
    let mut answers = match answers {
        Err(failure) if failure.kind == FailureKind::LayoutChanged => vec![Err(failure); queries.len()],
        answers => answers?,
    };
    let are_absent_doubtful = are_absent_doubtful(&answers);
    let falls_back = |query: &Query, answer: &Result<Page, Failure>| {
        may_fall_back(query)
            && match answer.as_ref().err().map(|failure| failure.kind) {
                Some(FailureKind::LayoutChanged) => true,
                Some(FailureKind::NotFound) => are_absent_doubtful && !is_masked(query),
                _ => false,
            }
    };
    let count = queries.iter().zip(&answers).filter(|(query, answer)| falls_back(query, answer)).count();
    let mut has_note = false;
    for (query, answer) in queries.iter().zip(&mut answers) {
        if falls_back(query, answer) {
            // One note for all: they have the same cause.
            let notes = answer.as_ref().err().filter(|_| !has_note).map(|failure| note(failure, count));
            has_note = true;
            *answer =
                Ok(Page { next: Some(BY_PAGE.to_owned()), notes: notes.into_iter().collect(), ..Page::default() });
        }
    }
    Ok(answers)
}

/// Whether a query was asked by the rpc and may be asked by its page.
fn may_fall_back(query: &Query) -> bool {
    query.kind == "app" && query.state.is_none() && query.param("via") == Some("auto")
}

/// Whether a query wants some fields only. A call for thousands of apps at once may well have none that is left, and their pages take 5,000 times
/// the bytes.
fn is_masked(query: &Query) -> bool {
    query.param("fields").is_some()
}

/// Whether "there is no such app" may be the rpc's fault: it said so, or what can't be read, to several queries and gave an app to none.
fn are_absent_doubtful(answers: &[Result<Page, Failure>]) -> bool {
    let failures = || answers.iter().filter_map(|answer| answer.as_ref().err());
    let of_rpc =
        failures().filter(|failure| matches!(failure.kind, FailureKind::NotFound | FailureKind::LayoutChanged));
    failures().count() == answers.len() && of_rpc.count() > 1
}

fn note(failure: &Failure, count: usize) -> String {
    let why = match failure.kind {
        FailureKind::NotFound => "the rpc has none of several apps",
        _ => &failure.message,
    };
    match count {
        1 => format!("{why}: the app's page is next"),
        count => format!("{why}: the pages of {count} apps are next"),
    }
}

#[cfg(test)]
mod tests {
    use FailureKind::{Blocked, InvalidQuery, LayoutChanged, NotFound, Unavailable};

    use super::*;

    /// What answers are: an app, or a failure of a kind.
    type Kinds = [Option<FailureKind>];

    fn query(via: &str, state: Option<&str>) -> Query {
        let params = vec![("via".to_owned(), via.to_owned())];
        Query { kind: "app".to_owned(), params, state: state.map(str::to_owned) }
    }

    /// What becomes of each answer: an app, a failure, or the page next.
    fn outcomes(queries: &[Query], answers: &[Option<FailureKind>]) -> Vec<Option<FailureKind>> {
        let answer = |kind: &Option<FailureKind>| match kind {
            Some(kind) => Err(Failure::new(*kind, "why")),
            None => Ok(Page { records: vec!["{}".to_owned()], ..Page::default() }),
        };
        let pages = to_pages(queries, Ok(answers.iter().map(answer).collect())).unwrap();
        let kind = |page: Result<Page, Failure>| match page {
            Ok(page) => {
                assert_eq!(page.next.is_some(), page.records.is_empty(), "no row is lost");
                None
            }
            Err(failure) => Some(failure.kind),
        };
        pages.into_iter().map(kind).collect()
    }

    fn auto(count: usize) -> Vec<Query> {
        vec![query("auto", None); count]
    }

    #[test]
    fn what_the_rpc_fails_to_answer_continues_by_page() {
        let cases: [(&Kinds, &Kinds); 9] = [
            (&[Some(NotFound)], &[Some(NotFound)]),
            (&[Some(NotFound), None], &[Some(NotFound), None]),
            (&[Some(NotFound), Some(NotFound)], &[None, None]),
            (&[Some(NotFound), Some(NotFound), Some(Unavailable)], &[None, None, Some(Unavailable)]),
            (&[Some(NotFound), Some(Unavailable)], &[Some(NotFound), Some(Unavailable)]),
            (&[Some(LayoutChanged)], &[None]),
            (&[Some(LayoutChanged), None, Some(NotFound)], &[None, None, Some(NotFound)]),
            (&[Some(LayoutChanged), Some(NotFound)], &[None, None]),
            (&[Some(Blocked), Some(InvalidQuery)], &[Some(Blocked), Some(InvalidQuery)]),
        ];
        for (answers, expected) in cases {
            assert_eq!(outcomes(&auto(answers.len()), answers), expected, "{answers:?}");
        }
    }

    #[test]
    fn only_auto_falls_back_and_only_once() {
        for via in ["rpc", "page"] {
            let both = [Some(NotFound), Some(LayoutChanged)];
            assert_eq!(outcomes(&[query(via, None), query(via, None)], &both), both, "{via}");
        }
        assert_eq!(outcomes(&[query("auto", Some(BY_PAGE))], &[Some(LayoutChanged)]), [Some(LayoutChanged)]);
        let list = Query { kind: "list".to_owned(), ..query("auto", None) };
        assert_eq!(outcomes(&[list], &[Some(LayoutChanged)]), [Some(LayoutChanged)]);
    }

    #[test]
    fn a_response_whose_layout_changed_as_a_whole_asks_for_pages() {
        let pages = to_pages(&auto(2), Err(Failure::layout_changed("no rpc"))).unwrap();
        let next: Vec<_> = pages.iter().map(|page| page.as_ref().unwrap().next.as_deref()).collect();
        assert_eq!(next, [Some(BY_PAGE); 2]);
        let notes: Vec<_> = pages.iter().flat_map(|page| page.as_ref().unwrap().notes.clone()).collect();
        assert_eq!(notes, ["no rpc: the pages of 2 apps are next"]);
        for kind in [Blocked, Unavailable, InvalidQuery] {
            assert_eq!(to_pages(&auto(2), Err(Failure::new(kind, "why"))).unwrap_err().kind, kind);
        }
    }
}
