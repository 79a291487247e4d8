//! A text falls into the same records whatever window goes over it, and every byte of it ends somewhere.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trailtrim::cloudtrail::{Found, Splitter, Step, visit_records};

fuzz_target!(|input: (u8, &[u8])| {
    let (step, text) = input;
    assert_eq!(split(text, usize::from(step) + 1), split(text, text.len().max(1)));
});

/// What the text falls into, with a window that grows by so many bytes.
fn split(text: &[u8], step: usize) -> Vec<String> {
    let (mut splitter, mut found) = (Splitter::default(), Vec::new());
    let (mut start, mut end) = (0, 0);
    loop {
        let mut rest = &text[start..end];
        let next = splitter.next(&mut rest, end == text.len());
        start = end - rest.len();
        match next {
            Step::Item { text: item, escapes } => {
                assert!(escapes || !item.contains(&b'\\'));
                assert!(!item.is_empty());
                let mut records = 0;
                visit_records(item, &mut |found| records += u64::from(matches!(found, Found::Record(_))));
                found.push(format!("{} with {records}", item.escape_ascii()));
            }
            Step::Broken { breakage, length } => {
                assert!(length <= start);
                found.push(format!("{breakage:?} {length}"));
            }
            Step::More => {
                assert!(end < text.len(), "asks for more at the end");
                end = (end + step).min(text.len());
            }
            Step::End => return found,
        }
    }
}
