//! Grouping of queries that share a request.

/// Groups indices of items with the same key, at most `size` a group, in the order of their first items. A `size` of 0 counts as 1.
pub fn by_key<T, K: PartialEq>(items: &[T], size: u32, key: impl Fn(&T) -> K) -> Vec<(K, Vec<u32>)> {
    let size = size.max(1) as usize;
    let mut groups: Vec<(K, Vec<u32>)> = Vec::new();
    for (index, item) in (0..).zip(items) {
        let key = key(item);
        match groups.iter_mut().rev().find(|(other, _)| *other == key).filter(|(_, group)| group.len() < size) {
            Some((_, group)) => group.push(index),
            None => groups.push((key, vec![index])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::by_key;

    #[test]
    fn groups_hold_one_key_and_no_more_than_asked() {
        let groups = by_key(&["us", "kr", "us", "us", "kr"], 2, |item| *item);
        assert_eq!(groups, [("us", vec![0, 2]), ("kr", vec![1, 4]), ("us", vec![3])]);
        assert_eq!(by_key(&[1, 1], 0, |item| *item).len(), 2);
    }
}
