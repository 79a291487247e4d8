//! Resources that an action is likely to be asked about, so that an example looks like one.

use std::collections::BTreeSet;

use crate::catalog::Catalog;
use crate::iam::automaton::{Class, Language};
use crate::iam::{Action, PolicyDocument};

/// Account and Region of the examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExamplePlace {
    pub partition: String,
    pub region: String,
    pub account: String,
}

impl Default for ExamplePlace {
    fn default() -> Self {
        Self { partition: "aws".into(), region: "eu-central-1".into(), account: "111122223333".into() }
    }
}

impl ExamplePlace {
    /// The first partition, Region and account that the policies name.
    pub fn of<'p>(policies: impl IntoIterator<Item = &'p PolicyDocument>) -> Self {
        let mut place = Self::default();
        let mut seen = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
        for document in policies {
            for pattern in document.statements.iter().flat_map(|statement| statement.resources.patterns()) {
                for (index, segment) in [1, 3, 4].into_iter().enumerate() {
                    let text = pattern.segment(segment).unwrap_or_default();
                    let plain = !text.is_empty() && !text.contains(['*', '?', '$']) && text != "aws";
                    if let Some(set) = seen.get_mut(index).filter(|_| plain) {
                        set.insert(text.to_owned());
                    }
                }
            }
        }
        let [partition, region, account] = seen.map(|set| set.into_iter().next());
        place.partition = partition.unwrap_or(place.partition);
        place.region = region.unwrap_or(place.region);
        place.account = account.unwrap_or(place.account);
        place
    }

    /// The ARNs that the action is checked on by the reference: first in this place, then anywhere.
    pub fn likely(&self, catalog: &Catalog, action: &Action) -> Vec<Language> {
        let Some(entry) = catalog.action(action) else { return Vec::new() };
        let types = entry.resource_types.iter();
        let kinds = types.filter_map(|kind| catalog.resource_type(action.service(), &kind.name));
        let templates: Vec<&String> = kinds.flat_map(|kind| &kind.arn_templates).collect();
        let here = templates.iter().map(|template| self.fill(template, true));
        here.chain(templates.iter().map(|template| self.fill(template, false))).collect()
    }

    fn fill(&self, template: &str, here: bool) -> Language {
        let mut language = Language::default();
        let mut rest = template;
        while let Some((literal, tail)) = rest.split_once("${") {
            let (name, behind) = tail.split_once('}').unwrap_or((tail, ""));
            language = language.then_text(literal);
            language = match name {
                "Partition" if here => language.then_text(&self.partition),
                "Region" if here => language.then_text(&self.region),
                "Account" if here => language.then_text(&self.account),
                _ => language.then_some(Class::Name),
            };
            rest = behind;
        }
        language.then_text(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_stand_where_the_policies_do() {
        let text = r#"{"Statement": {"Effect": "Allow", "Action": "*",
            "Resource": ["*", "arn:aws:eks:eu-west-1:444455556666:cluster/*"]}}"#;
        let place = ExamplePlace::of([&text.parse().unwrap()]);
        assert_eq!((place.region.as_str(), place.account.as_str()), ("eu-west-1", "444455556666"));
        let likely = place.likely(Catalog::embedded(), &"eks:DescribeCluster".parse().unwrap());
        assert!(likely[0].holds("arn:aws:eks:eu-west-1:444455556666:cluster/x"));
        assert!(!likely[0].holds("arn:aws:eks:eu-west-1:111122223333:cluster/x"));
    }
}
