//! Which known name did the user mean?

/// The edit distance between two names without regard to case, where a swap of neighbours counts as one edit ("optimal
/// string alignment"; Boytsov, Indexing methods for approximate dictionary searching, 2011, section 2.1).
pub(crate) fn edit_distance(a: &str, b: &str) -> usize {
    let fold = |text: &str| text.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>();
    let (a, b) = (fold(a), fold(b));
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (row, &x) in a.iter().enumerate() {
        let mut line = Vec::with_capacity(b.len() + 1);
        line.push(row + 1);
        for (column, &y) in b.iter().enumerate() {
            let at = |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX - 1);
            let mut best = at(&above, column) + usize::from(x != y);
            best = best.min(at(&above, column + 1) + 1).min(at(&line, column) + 1);
            let left = column.checked_sub(1).and_then(|left| b.get(left));
            if previous == Some(y) && left == Some(&x) {
                best = best.min(at(&before, column - 1) + 1);
            }
            line.push(best);
        }
        previous = Some(x);
        before = std::mem::replace(&mut above, line);
    }
    above.last().copied().unwrap_or(0)
}

/// How far apart a typing error and the name it stands for may be: a third of the name's length.
pub(crate) fn is_near(distance: usize, name: &str) -> bool {
    distance <= (name.len() / 3).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        assert_eq!(edit_distance("CreateCluster", "createcluster"), 0);
        assert_eq!(edit_distance("CreateClutser", "CreateCluster"), 1);
        assert_eq!(edit_distance("CreateClusters", "CreateCluster"), 1);
        assert_eq!(edit_distance("CeateClustr", "CreateCluster"), 2);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("abc", ""), 3);
    }
}
