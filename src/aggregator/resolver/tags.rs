//! The tags that a request carries.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::fields::Fields;
use crate::catalog::rules::FieldPath;
use crate::cloudtrail::Json;

/// Tag keys, with their values where the request gives them: a call that takes tags away may name keys only.
pub type Tags = BTreeMap<String, Option<String>>;

/// Whether a request has a member that may hold tags: all places of tags have the word in their names.
pub fn may_hold_tags(node: &Json<'_>) -> bool {
    match node {
        Json::Array(items) => items.iter().any(may_hold_tags),
        Json::Object(members) => members.iter().any(|(name, child)| names_tags(name) || may_hold_tags(child)),
        _ => false,
    }
}

fn names_tags(name: &str) -> bool {
    name.as_bytes().windows(3).any(|letters| letters.eq_ignore_ascii_case(b"tag"))
}

/// The tags at the first of these places that has any.
pub fn tags_at(fields: &Fields<'_>, places: &[FieldPath]) -> Tags {
    places.iter().map(|place| read_all(&fields.nodes(place))).find(|tags| !tags.is_empty()).unwrap_or_default()
}

/// EC2's tag specifications: resource type to tags.
pub fn tag_specifications(fields: &Fields<'_>) -> BTreeMap<String, Tags> {
    let mut found: BTreeMap<String, Tags> = BTreeMap::new();
    static PLACES: OnceLock<Vec<FieldPath>> = OnceLock::new();
    let places = PLACES.get_or_init(|| {
        let places = ["request.tagSpecificationSet", "request.TagSpecification", "request.tagSpecifications"];
        places.iter().filter_map(|place| FieldPath::try_from((*place).to_owned()).ok()).collect()
    });
    for place in places {
        for node in fields.nodes(place) {
            specifications(node, &mut found);
        }
    }
    found
}

fn specifications(node: &Json<'_>, found: &mut BTreeMap<String, Tags>) {
    if let Json::Array(items) = node {
        items.iter().for_each(|item| specifications(item, found));
        return;
    }
    match text(node, &["resourceType"]) {
        Some(kind) => {
            let mut tags = Tags::new();
            for name in ["tags", "tag", "tagSet"] {
                child(node, name).into_iter().for_each(|inner| read(inner, &mut tags));
            }
            found.entry(kind.to_owned()).or_default().extend(tags);
        }
        None => {
            ["items", "item"]
                .iter()
                .filter_map(|name| child(node, name))
                .for_each(|inner| specifications(inner, found));
        }
    }
}

fn read_all(nodes: &[&Json<'_>]) -> Tags {
    let mut tags = Tags::new();
    nodes.iter().for_each(|node| read(node, &mut tags));
    tags
}

/// Reads `{"k": "v"}`, `[{"key": …, "value": …}]` in all of AWS's spellings, and EC2's `items` wrappers.
fn read(node: &Json<'_>, tags: &mut Tags) {
    match node {
        Json::Array(items) => items.iter().for_each(|item| read(item, tags)),
        Json::Object(members) => {
            if let Some(key) = text(node, &["key", "tagKey"]) {
                let value = text(node, &["value", "tagValue"]);
                tags.insert(key.to_owned(), value.map(str::to_owned));
            } else if let Some(inner) = ["items", "item", "member"].iter().find_map(|name| child(node, name)) {
                read(inner, tags);
            } else {
                let pairs =
                    members.iter().filter_map(|(key, value)| Some((key.to_owned(), Some(value.as_str()?.to_owned()))));
                tags.extend(pairs);
            }
        }
        _ => {}
    }
}

fn child<'n, 'e>(node: &'n Json<'e>, name: &str) -> Option<&'n Json<'e>> {
    let Json::Object(members) = node else { return None };
    // EC2's newer records number list items by a member `tag`, beside a `Tag` that holds the tags.
    let mut named = members
        .iter()
        .filter(|(key, value)| key.eq_ignore_ascii_case(name) && !(*key == "tag" && matches!(value, Json::Number(_))));
    named.next().map(|(_, value)| value)
}

fn text<'n>(node: &'n Json<'_>, names: &[&str]) -> Option<&'n str> {
    names.iter().find_map(|name| child(node, name)?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::rules::{Rules, Step};

    #[test]
    fn all_places_of_tags_have_the_word_in_their_names() {
        let rules = Rules::embedded();
        let own = rules.services().flat_map(|prefix| &rules.service(prefix).settings.tags);
        for place in rules.common().tags.iter().chain(own) {
            let named = |step: &Step| matches!(step, Step::Key(key) | Step::Deep(key) if names_tags(key));
            assert!(place.alternatives.iter().all(|path| path.steps.iter().any(named)), "{place:?}");
        }
    }
}
