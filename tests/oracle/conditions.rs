//! Random condition keys, operators and values that fit each other most of the time.

use serde_json::{Map, Value, json};
use trailtrim::catalog::{ActionEntry, Catalog, ConditionValueType as Type};
use trailtrim::iam::ConditionKey;

use crate::generate::list;
use crate::random::Random;

/// Keys that AWS fills for requests of any action.
const GLOBAL: &[&str] = &[
    "aws:CalledVia",
    "aws:CurrentTime",
    "aws:MultiFactorAuthAge",
    "aws:PrincipalArn",
    "aws:PrincipalTag/Team",
    "aws:RequestedRegion",
    "aws:SecureTransport",
    "aws:SourceIp",
    "aws:TagKeys",
    "aws:userid",
    "aws:username",
];

/// A condition key with the type of its values.
pub struct Key {
    pub name: String,
    kind: Type,
    multivalued: bool,
}

/// A few keys that the action takes.
pub fn keys(random: &mut Random, service: &str, entry: &ActionEntry, kind: Option<&str>) -> Vec<Key> {
    let on_type = kind.and_then(|kind| entry.resource_type(kind)).into_iter().flat_map(|kind| &kind.condition_keys);
    let own: Vec<String> =
        entry.condition_keys.iter().chain(on_type).map(|key| key.replace("${TagKey}", "Env")).collect();
    let mut names: Vec<String> = vec!["aws:username".to_owned()];
    for _ in 0..3 {
        let global = own.is_empty() || random.chance(60);
        names.push(if global { (*random.pick(GLOBAL)).to_owned() } else { random.pick(&own).clone() });
    }
    names.sort();
    names.dedup();
    names.into_iter().filter_map(|name| typed(service, name)).collect()
}

/// `None` for keys with variables of other kinds.
fn typed(service: &str, name: String) -> Option<Key> {
    let entry = Catalog::embedded().condition_key(service, &ConditionKey::new(name.as_str()))?;
    (!name.contains("${")).then_some(Key { name, kind: entry.value_type, multivalued: entry.multivalued })
}

/// What a request carries for the key.
pub fn value(random: &mut Random, key: &Key) -> Value {
    let given = given(key.kind);
    if !key.multivalued {
        return json!(random.pick(given));
    }
    let mut values: Vec<_> = (0..=random.below(2)).map(|_| *random.pick(given)).collect();
    values.sort_unstable();
    values.dedup();
    json!(values)
}

/// A block of one or two operators.
pub fn condition(random: &mut Random, keys: &[Key]) -> Value {
    let mut block = Map::new();
    for _ in 0..=random.below(2) {
        let key = random.pick(keys);
        let (operator, wanted) = line(random, key);
        block.insert(operator, json!({ (key.name.clone()): wanted }));
    }
    Value::Object(block)
}

fn line(random: &mut Random, key: &Key) -> (String, Value) {
    if random.chance(10) {
        return ("Null".to_owned(), json!(random.pick(&["true", "false"])));
    }
    // Now and then an operator that does not go with the key.
    let kind = if random.chance(94) { key.kind } else { *random.pick(&[Type::String, Type::Numeric, Type::Bool]) };
    let base = random.pick(operators(kind));
    let set = match random.below(10) {
        0 => "ForAllValues:",
        1 => "ForAnyValue:",
        _ if key.multivalued && random.chance(80) => random.pick(&["ForAllValues:", "ForAnyValue:"]),
        _ => "",
    };
    let if_exists = if random.chance(25) { "IfExists" } else { "" };
    (format!("{set}{base}{if_exists}"), list(random, |random| (*random.pick(wanted(kind))).to_owned()))
}

fn operators(kind: Type) -> &'static [&'static str] {
    match kind {
        Type::String => &[
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
        Type::Arn => &["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "StringLike", "StringEquals"],
        Type::Bool => &["Bool"],
        Type::Numeric => &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
        Type::Date => &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        Type::IpAddress => &["IpAddress", "NotIpAddress"],
    }
}

fn given(kind: Type) -> &'static [&'static str] {
    match kind {
        Type::String => &["blue", "green", "Blue", "b*", "eks.amazonaws.com"],
        Type::Arn => &["arn:aws:iam::111122223333:role/ci", "arn:aws:iam::111122223333:role/a:b", "arn:aws:s3:::blue"],
        Type::Bool => &["true", "false"],
        Type::Numeric => &["5", "10", "9.5", "-1"],
        Type::Date => &["2020-01-01T00:00:00Z", "2026-03-04T05:06:07Z", "2019-12-31T23:59:59+01:00"],
        Type::IpAddress => &["10.1.2.3", "203.0.113.9", "2001:db8::1"],
    }
}

fn wanted(kind: Type) -> &'static [&'static str] {
    match kind {
        Type::String => &[
            "blue",
            "b*",
            "BLUE",
            "?lue",
            "*",
            "eks.*.com",
            "b${*}",
            "${aws:username}",
            "${aws:userid}*",
            "${aws:PrincipalTag/Team, 'blue'}",
        ],
        Type::Arn => &[
            "arn:aws:iam::111122223333:role/ci",
            "arn:aws:iam::*:role/*",
            "arn:aws:iam::111122223333:role/?i",
            "arn:*:*:*:*:blue",
            "arn:aws:s3:::${aws:username}",
            "*",
        ],
        Type::Bool => &["true", "false", "True"],
        Type::Numeric => &["5", "10", "10.0", "9.5", "-2"],
        Type::Date => &["2020-01-01T00:00:00Z", "2026-01-01", "2019", "1577836800"],
        Type::IpAddress => &["10.0.0.0/8", "203.0.113.9", "203.0.113.0/24", "2001:db8::/32", "0.0.0.0/0"],
    }
}
