//! Laws over the compiled-in catalogue.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

use super::*;
use crate::iam::{AccessLevel, Action, ConditionKey};

/// What the reference says, without our corrections.
fn reference() -> &'static Catalog {
    static REFERENCE: LazyLock<Catalog> =
        LazyLock::new(|| Catalog::from_bytes(include_bytes!("data/catalog.bin").to_vec()).unwrap());
    &REFERENCE
}

fn action(text: &str) -> Action {
    text.parse().unwrap()
}

fn services() -> impl Iterator<Item = (&'static str, &'static Service)> {
    let catalog = Catalog::embedded();
    catalog.services().map(|prefix| (prefix, catalog.service(prefix).unwrap()))
}

#[test]
fn names_are_found_in_any_case() {
    let catalog = Catalog::embedded();
    let entry = catalog.action(&action("EKS:createnodegroup")).unwrap();
    assert_eq!(entry.action.to_string(), "eks:CreateNodegroup");
    assert_eq!(entry.resource_types.iter().map(|kind| kind.name.as_str()).collect::<Vec<_>>(), ["cluster"]);
    assert_eq!(catalog.service_name("EKS"), Some("Amazon Elastic Kubernetes Service"));
    assert!(catalog.resource_type("eks", "NodeGroup").is_some());
    assert!(!catalog.service_exists("eksx") && catalog.action(&action("eks:Nothing")).is_none());
}

#[test]
fn an_action_is_found_in_all_services() {
    let found = Catalog::embedded().actions_named("tagresource");
    assert!(found.len() > 100 && found.iter().all(|entry| entry.action.name() == "TagResource"));
}

#[test]
fn a_typing_error_leads_to_the_action_meant() {
    let nearest = |text| Catalog::embedded().nearest_action(&action(text)).map(|found| found.to_string());
    assert_eq!(nearest("eks:CreateNodeGruop").as_deref(), Some("eks:CreateNodegroup"));
    assert_eq!(nearest("s3:ListBuckets").as_deref(), Some("s3:ListBucket"));
    assert_eq!(nearest("eks:Xyzzy"), None);
    assert_eq!(nearest("nosuch:CreateCluster"), None);
}

#[test]
fn every_template_has_the_shape_of_an_arn() {
    for (prefix, service) in services() {
        for kind in &service.resource_types {
            assert!(!kind.arn_templates.is_empty(), "{prefix} {}", kind.name);
            for template in &kind.arn_templates {
                let segments: Vec<&str> = template.splitn(6, ':').collect();
                let whole = matches!(segments[..], ["arn", "${Partition}", service, _, _, resource]
                    if !service.is_empty() && !resource.is_empty());
                let closed = template.matches("${").count() == template.matches('}').count();
                assert!(whole && closed && !template.contains([' ', ',']), "{prefix} {}: {template}", kind.name);
            }
        }
    }
}

#[test]
fn actions_refer_to_what_the_service_defines() {
    for (prefix, service) in services() {
        let key_known = |key: &String| service.condition_keys.iter().any(|known| known.name == *key);
        for kind in &service.resource_types {
            assert!(kind.condition_keys.iter().all(key_known), "{prefix} {}", kind.name);
        }
        for entry in &service.actions {
            assert_eq!(entry.action.service(), prefix);
            assert!(entry.condition_keys.iter().all(key_known), "{}", entry.action);
            for kind in &entry.resource_types {
                assert!(service.resource_type(&kind.name).is_some(), "{} takes {}", entry.action, kind.name);
                assert!(kind.condition_keys.iter().all(key_known), "{}", entry.action);
            }
        }
    }
}

#[test]
fn lists_are_sorted_and_hold_no_name_twice() {
    use service::compare_names;
    for (prefix, service) in services() {
        let rising = |names: Vec<&str>| names.windows(2).all(|pair| compare_names(pair[0], pair[1]).is_lt());
        assert!(rising(service.actions.iter().map(|entry| entry.action.name()).collect()), "{prefix}");
        assert!(rising(service.resource_types.iter().map(|kind| kind.name.as_str()).collect()), "{prefix}");
        assert!(rising(service.condition_keys.iter().map(|key| key.name.as_str()).collect()), "{prefix}");
    }
}

#[test]
fn counts_are_those_of_the_source_page() {
    let page = include_str!("data/SOURCE.md");
    let catalog = Catalog::embedded();
    let row = |name: &str, value: String| {
        let row = format!("| {name} | {value} |");
        assert!(page.contains(&row), "SOURCE.md has no line `{row}`");
    };
    row("package", format!("{} (npm)", catalog.source()));
    row("data of", catalog.date().to_owned());
    row("services", catalog.services().count().to_string());
    row("actions", catalog.action_count().to_string());
    row("resource types", catalog.resource_type_count().to_string());
    row("global condition keys", catalog.global_condition_keys().len().to_string());
    let is_new = |correction: &&Correction| matches!(correction.change, Change::NewAction { .. });
    let new = catalog.corrections().iter().filter(is_new).count();
    assert_eq!(services().map(|(_, service)| service.actions.len()).sum::<usize>(), catalog.action_count() + new);
}

#[test]
fn nothing_of_the_package_is_lost() {
    let sample: Value = serde_json::from_str(include_str!("data/sample.json")).unwrap();
    for (prefix, entries) in sample.as_object().unwrap() {
        let service = reference().service(prefix).unwrap();
        for raw in entries["resourceTypes"].as_object().unwrap().values() {
            let kind = service.resource_type(raw["key"].as_str().unwrap().trim_end_matches('/')).unwrap();
            assert_eq!(kind.arn_templates.join(", "), raw["arn"].as_str().unwrap());
            assert_eq!(sorted(&kind.condition_keys), raw_keys(raw), "{prefix} {}", kind.name);
        }
        for raw in entries["actions"].as_object().unwrap().values() {
            assert_action_is(service.action(raw["name"].as_str().unwrap()).unwrap(), raw);
        }
    }
}

/// Compares an entry with the words of the package.
fn assert_action_is(entry: &ActionEntry, raw: &Value) {
    let action = &entry.action;
    assert_eq!(action.name(), raw["name"].as_str().unwrap());
    let level = serde_json::to_value(entry.access_level).unwrap();
    assert_eq!(level.as_str().unwrap(), raw["accessLevel"].as_str().unwrap().trim_end_matches(", Write"), "{action}");
    assert_eq!(sorted(&entry.condition_keys), raw_keys(raw), "{action}");
    let types = raw["resourceTypes"].as_array().unwrap();
    assert_eq!(entry.resource_types.len(), types.len(), "{action}");
    for (kind, raw) in entry.resource_types.iter().zip(types) {
        assert_eq!(kind.name, raw["name"].as_str().unwrap().trim_end_matches('/'), "{action}");
        assert_eq!(kind.required, raw["required"].as_bool().unwrap(), "{action} {}", kind.name);
        assert_eq!(sorted(&kind.condition_keys), raw_keys(raw), "{action} {}", kind.name);
    }
}

fn sorted(keys: &[String]) -> BTreeSet<&str> {
    keys.iter().map(String::as_str).collect()
}

fn raw_keys(raw: &Value) -> BTreeSet<&str> {
    raw["conditionKeys"].as_array().into_iter().flatten().map(|key| key.as_str().unwrap()).collect()
}

#[test]
fn a_service_written_again_is_the_same_text() {
    for prefix in reference().services() {
        let service = reference().service(prefix).unwrap();
        let text = encoding::encode(service).unwrap();
        assert_eq!(encoding::decode(prefix, &text).unwrap(), *service, "{prefix}");
    }
}

#[test]
fn a_file_built_twice_has_the_same_bytes() {
    let build = |prefixes: &[&str]| {
        let info = CatalogInfo { date: "2026-09-26".to_owned(), source: "test".to_owned() };
        let mut builder = CatalogBuilder::new(info, reference().global_condition_keys().to_vec());
        for prefix in prefixes {
            builder.add(prefix, "Some service", reference().service(prefix).unwrap().clone());
        }
        builder.build().unwrap()
    };
    let file = build(&["eks", "sts", "ec2"]);
    assert_eq!(file, build(&["ec2", "eks", "sts"]));
    assert_eq!(Catalog::from_bytes(file).unwrap().service("ec2"), reference().service("ec2"));
}

#[test]
fn keys_are_told_by_service_then_globally() {
    let catalog = Catalog::embedded();
    let key = |service, text: &str| catalog.condition_key(service, &ConditionKey::new(text));
    assert_eq!(key("eks", "EKS:principalarn").unwrap().value_type, ConditionValueType::Arn);
    assert!(key("eks", "aws:TagKeys").unwrap().multivalued);
    assert_eq!(key("eks", "aws:SourceIp").unwrap().value_type, ConditionValueType::IpAddress);
    assert_eq!(key("eks", "aws:PrincipalTag/team").unwrap().name, "aws:PrincipalTag/${TagKey}");
    assert_eq!(key("eks", "eks:nothing"), None);

    let create = catalog.action(&action("eks:CreateCluster")).unwrap();
    assert!(create.takes_key(&ConditionKey::new("aws:RequestTag/Env"), None));
    assert!(!create.takes_key(&ConditionKey::new("eks:clientId"), Some("cluster")));
}

#[test]
fn a_damaged_file_is_refused() {
    let whole = include_bytes!("data/catalog.bin");
    assert!(Catalog::from_bytes(whole.to_vec()).is_ok());
    for length in [0, 7, 100, whole.len() - 1] {
        assert!(Catalog::from_bytes(whole[..length].to_vec()).is_err(), "{length} bytes");
    }
}

#[test]
fn every_correction_is_still_needed() {
    for correction in Catalog::embedded().corrections() {
        let service = reference().service(&correction.service).unwrap();
        let needed = match &correction.change {
            Change::Name(name) => reference().service_name(&correction.service) != Some(name),
            Change::ResourceType(kind) => service.resource_type(&kind.name) != Some(kind),
            Change::AlsoTakes { action, types, .. } => {
                let entry = service.action(action.name()).unwrap();
                types.iter().all(|name| entry.resource_type(name).is_none())
            }
            Change::NewAction { action, .. } => service.action(action.name()).is_none(),
        };
        assert!(needed, "the package now carries {:?}: remove the row", correction.change);
        assert!(correction.reason.ends_with('.') && correction.source.starts_with("https://"), "{correction:?}");
    }
}

#[test]
fn corrections_are_seen_in_what_an_action_takes() {
    let catalog = Catalog::embedded();
    let create = catalog.action(&action("eks:CreateCluster")).unwrap();
    assert!(create.resource_type("cluster").is_some_and(|kind| kind.corrected));
    let delete = catalog.action(&action("eks:DeleteCluster")).unwrap();
    assert!(delete.resource_type("cluster").is_some_and(|kind| !kind.corrected));
    let tag = catalog.action(&action("apigateway:tagresource")).unwrap();
    assert_eq!((tag.action.as_str(), tag.access_level), ("apigateway:TagResource", AccessLevel::Tagging));
    assert!(tag.resource_type("Stages").is_some_and(|kind| kind.corrected));
}
