//! What the program calls is what `docs/policies/` grants it: nothing else, and nothing for nothing.

use crate::granted::granted;

#[test]
fn every_policy_is_sound_and_known_to_the_catalogue() {
    let folder = format!("{}/docs/policies", env!("CARGO_MANIFEST_DIR"));
    let page =
        std::fs::read_to_string(format!("{}/docs/src/reference/permissions.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let catalog = trailtrim::catalog::Catalog::embedded();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(trailtrim::iam::PolicyDocument::parse(&text).is_ok(), "{}", path.display());
        let name = path.file_stem().unwrap().to_str().unwrap();
        for action in granted(name) {
            assert!(catalog.action(&action.parse().unwrap()).is_some(), "{name}: {action}");
        }
        assert!(page.contains(&format!("policies/{name}.json")), "the page does not show {name}");
        count += 1;
    }
    assert!(count >= 5);
}
