//! Every kind of finding has its page, and the pages keep to the words of `findings.toml`.

use std::path::Path;

use trailtrim::audit::FindingKind;
use trailtrim::iam::PolicyDocument;

#[test]
fn every_kind_has_a_page_with_the_same_words() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    let index = std::fs::read_to_string(book.join("findings/index.md")).unwrap();
    for kind in FindingKind::ALL {
        let page = std::fs::read_to_string(book.join(kind.page())).unwrap();
        let text = kind.text();
        assert!(page.starts_with(&format!("# {kind}\n\n{}.\n", text.title)), "{kind}");
        assert!(page.contains(&text.explanation) && page.contains(&text.remediation), "{kind}");
        assert!(index.contains(&format!("| [{kind}]({kind}.md) | {} |", text.title)), "{kind}");
        for statements in page.split("```json\n").skip(1).filter_map(|rest| rest.split("\n```").next()) {
            let document = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statements}]}}");
            assert!(PolicyDocument::parse(&document).is_ok(), "{kind}: {statements}");
        }
    }
}
