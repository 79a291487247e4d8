//! Random cases over real actions: a request, and policies made from it so that about half of them speak of it.

use serde_json::{Map, Value, json};
use trailtrim::catalog::{ActionEntry, Catalog, Place, ResourceType};

use crate::conditions::{Key, condition, keys, value};
use crate::random::Random;

const SERVICES: &[&str] = &["eks", "ec2", "iam", "s3", "kms"];
const NAMES: &[&str] = &["blue", "green", "ci-1", "state.a"];

/// A case: `{policies, request: {action, resource, context}}`.
pub fn case(random: &mut Random) -> Value {
    let service = *random.pick(SERVICES);
    let entry = random.pick(Catalog::embedded().actions(service));
    let (resource, kind) = resource(random, service, entry);
    let keys = keys(random, service, entry, kind.as_deref());
    let policies: Vec<Value> =
        (0..=random.below(2)).map(|_| policy(random, &entry.action.to_string(), &resource, &keys)).collect();
    let mut context = Map::new();
    for key in &keys {
        if random.chance(65) {
            context.insert(key.name.clone(), value(random, key));
        }
    }
    json!({
        "policies": policies,
        "request": { "action": entry.action.to_string(), "resource": resource, "context": context },
    })
}

/// An ARN that fits a type of the action, with the type; `*` where it takes none.
fn resource(random: &mut Random, service: &str, entry: &ActionEntry) -> (String, Option<String>) {
    if entry.resource_types.is_empty() {
        return ("*".to_owned(), None);
    }
    let kind = &random.pick(&entry.resource_types).name;
    let templates = Catalog::embedded().resource_type(service, kind).map(ResourceType::templates).unwrap_or_default();
    if templates.is_empty() {
        return ("*".to_owned(), None);
    }
    let template = random.pick(templates);
    let region: &str = if random.chance(50) { "eu-west-1" } else { "us-east-1" };
    let place = Place { partition: "aws", service, region, account: "111122223333" };
    let arn = template.fill(place, |_| (*random.pick(NAMES)).to_owned());
    (arn.to_string(), Some(kind.clone()))
}

fn policy(random: &mut Random, action: &str, resource: &str, keys: &[Key]) -> Value {
    let statements: Vec<Value> = (0..=random.below(2)).map(|_| statement(random, action, resource, keys)).collect();
    let version = if random.chance(90) { "2012-10-17" } else { "2008-10-17" };
    json!({ "Version": version, "Statement": statements })
}

fn statement(random: &mut Random, action: &str, resource: &str, keys: &[Key]) -> Value {
    let effect = if random.chance(75) { "Allow" } else { "Deny" };
    let (actions, not_actions) = if random.chance(85) { ("Action", 0) } else { ("NotAction", 1) };
    let (resources, not_resources) = if random.chance(85) { ("Resource", 0) } else { ("NotResource", 1) };
    // What is negated gets patterns that miss more often than not.
    let hit = |negated: usize| if negated == 0 { 80 } else { 25 };
    let actions_of = list(random, |random| action_pattern(random, action, hit(not_actions)));
    let resources_of = list(random, |random| resource_pattern(random, resource, hit(not_resources)));
    let mut statement = json!({ "Effect": effect, actions: actions_of, resources: resources_of });
    if !keys.is_empty() && random.chance(70) {
        statement["Condition"] = condition(random, keys);
    }
    statement
}

/// One to three different texts; one alone with or without a list around it.
pub fn list(random: &mut Random, mut make: impl FnMut(&mut Random) -> String) -> Value {
    let mut texts: Vec<String> = (0..=random.below(3)).map(|_| make(random)).collect();
    texts.sort();
    texts.dedup();
    match texts.as_slice() {
        [text] if random.chance(50) => json!(text),
        _ => json!(texts),
    }
}

fn action_pattern(random: &mut Random, action: &str, hit: usize) -> String {
    let (service, name) = action.split_once(':').unwrap();
    if !random.chance(hit) {
        let service = random.pick(SERVICES);
        let other = random.pick(Catalog::embedded().actions(service)).action.to_string();
        return if random.chance(50) { other } else { format!("{}*", &other[..other.len() - 2]) };
    }
    let cut = 1 + random.below(name.len());
    match random.below(7) {
        0 => "*".to_owned(),
        1 => format!("{service}:*"),
        2 => format!("{service}:{}*", &name[..cut]),
        3 => format!("{service}:*{}", &name[cut..]),
        4 => format!("{service}:{}?{}", &name[..cut - 1], &name[cut..]),
        5 => action.to_lowercase(),
        _ => action.to_owned(),
    }
}

fn resource_pattern(random: &mut Random, resource: &str, hit: usize) -> String {
    if resource == "*" {
        return if random.chance(hit) { "*".to_owned() } else { "arn:aws:s3:::blue".to_owned() };
    }
    let mut segments: Vec<String> = resource.splitn(6, ':').map(str::to_owned).collect();
    let name = *random.pick(NAMES);
    if !random.chance(hit) {
        return match random.below(3) {
            0 => "arn:aws:eks:eu-west-1:111122223333:cluster/green".to_owned(),
            1 => resource.replace(name, "other"),
            _ => resource.replace("111122223333", "444455556666"),
        };
    }
    let tail = segments[5].clone();
    match random.below(11) {
        0 => return "*".to_owned(),
        1 => return format!("arn:aws:{}:*", segments[2]),
        2 => segments[3] = "*".to_owned(),
        3 => segments[4] = "*".to_owned(),
        4 => segments[5] = tail.replace(name, "*"),
        5 => segments[5] = tail.replace("blue", "${aws:username}"),
        6 => segments[5] = tail.replace("green", "${aws:PrincipalTag/Team, 'green'}"),
        7 => segments[5] = tail.replace('l', "?"),
        8 => segments[5] = format!("{}*", &tail[..random.below(tail.len())]),
        9 => segments[5] = tail.replace(name, &format!("{name}${{*}}")),
        _ => {}
    }
    segments.join(":")
}
