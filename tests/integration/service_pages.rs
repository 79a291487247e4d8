//! The pages on services are what the rule files say: `TRAILTRIM_UPDATE_DOCS=1` writes them anew.

use std::fmt::Write;
use std::fs;

use trailtrim::catalog::Catalog;
use trailtrim::catalog::rules::{Rules, ServicePage};

use crate::support::repository;

fn page(prefix: &str) -> String {
    let name = Catalog::embedded().service_name(prefix).unwrap();
    ServicePage { rules: Rules::embedded().service(prefix), name }.to_string()
}

fn index() -> String {
    let mut text = String::from(
        "# Services\n\nWhat trailtrim knows of each service beyond AWS's service reference. Services without a page are read as the\nreference has them.\n\n",
    );
    for prefix in Rules::embedded().services() {
        let name = Catalog::embedded().service_name(prefix).unwrap();
        writeln!(text, "- [{name}]({prefix}.md)").unwrap();
    }
    text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the environment says whether the pages are written or compared")]
fn every_service_has_the_page_that_its_rules_make() {
    let folder = repository().join("docs/src/services");
    let pages = Rules::embedded().services().map(|prefix| (format!("{prefix}.md"), page(prefix)));
    let pages: Vec<(String, String)> = pages.chain([("index.md".to_owned(), index())]).collect();
    if std::env::var_os("TRAILTRIM_UPDATE_DOCS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        pages.iter().for_each(|(file, text)| fs::write(folder.join(file), text).unwrap());
    }
    let summary = fs::read_to_string(repository().join("docs/src/SUMMARY.md")).unwrap();
    assert!(summary.contains("(services/index.md)"));
    for (file, text) in &pages {
        let written = fs::read_to_string(folder.join(file)).unwrap_or_default();
        assert_eq!(&written, text, "docs/src/services/{file} is old: run with TRAILTRIM_UPDATE_DOCS=1");
        assert!(summary.contains(&format!("(services/{file})")), "{file} is not in the summary");
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), pages.len(), "a page without rules");
}
