//! Resources that are no ARN of anything.

use super::Dead;
use crate::audit::case::{Case, Spoken, StatementCase};
use crate::audit::{Confidence, Finding};
use crate::iam::ArnPattern;

/// One finding for each resource that AWS never checks, whatever the action.
pub(super) fn find(case: &Case<'_>, spoken: &mut Spoken, at: usize) -> Vec<Finding> {
    let Some(one) = case.statements.get(at) else { return Vec::new() };
    let mut findings = Vec::new();
    for pattern in one.statement.resources.patterns() {
        if pattern.is_any() || super::resource_was_met(case, one, pattern) {
            continue;
        }
        let Some(Fault { because, remedy, confidence }) = fault(case, one, pattern) else { continue };
        spoken.resources.insert((at, pattern.clone()));
        let dead = Dead {
            place: one.place_of_resource(pattern),
            subject: pattern.to_string(),
            message: format!("`{pattern}` never matches"),
            because,
            more: Vec::new(),
            remedy,
            confidence,
        };
        findings.push(dead.finish(case, one.statement.effect));
    }
    findings
}

struct Fault {
    because: String,
    remedy: String,
    confidence: Confidence,
}

impl Fault {
    fn new(because: impl Into<String>, remedy: impl Into<String>) -> Option<Self> {
        Some(Self { because: because.into(), remedy: remedy.into(), confidence: Confidence::High })
    }
}

fn fault(case: &Case<'_>, one: &StatementCase<'_>, pattern: &ArnPattern) -> Option<Fault> {
    let segment = |index| pattern.segment(index).unwrap_or_default();
    let (partition, service, region, account) = (segment(1), segment(2), segment(3), segment(4));
    if pattern.has_variable() {
        return None;
    }
    if pattern.as_str().trim() != pattern.as_str() {
        return Fault::new("there is a space before or behind it", "take the space away");
    }
    if !is_partition(partition) {
        return Fault::new(
            format!("`{partition}` is no partition: AWS has `aws`, `aws-cn`, `aws-us-gov` and a few more"),
            "correct the partition",
        );
    }
    if service.contains(['*', '?']) {
        return Fault::new(
            "a wildcard can't stand for the service segment of an ARN",
            "name the service, one ARN for each, or write `*`",
        );
    }
    if account.contains('/') {
        return Fault::new(
            format!("the account segment is `{account}`: the ARN has too few colons"),
            "write `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`, with empty segments where the service has none",
        );
    }
    if !is_account(account) && !case.shapes.has_account(service, account) {
        return Fault::new(format!("`{account}` is no account id: these have twelve digits"), "correct the account");
    }
    if !is_region(region) {
        return Fault::new(format!("`{region}` is no Region"), "correct the Region");
    }
    shape_fault(case, one, pattern, service)
}

fn shape_fault(case: &Case<'_>, one: &StatementCase<'_>, pattern: &ArnPattern, service: &str) -> Option<Fault> {
    // ARNs of a service may be listed under another prefix (`execute-api` under `apigateway`): all that are named count.
    let of_actions = one.statement.actions.patterns().iter().filter_map(|action| action.service());
    let known: Vec<&str> = std::iter::once(service)
        .chain(of_actions)
        .filter(|prefix| case.catalog.service_exists(prefix) && case.shapes.has_shapes(prefix))
        .collect();
    if !case.shapes.has_shapes(service) || known.iter().any(|prefix| case.shapes.is_known(prefix, pattern)) {
        return type_wildcard(case, pattern, service);
    }
    let resource = pattern.resource().unwrap_or_default();
    let word = resource.split(['/', ':']).next().unwrap_or_default();
    let kind = case.catalog.resource_types(service).iter().find(|kind| {
        let starts = |template: &String| template.splitn(6, ':').last().is_some_and(|text| starts_with(text, word));
        kind.arn_templates.iter().any(starts)
    });
    match kind {
        Some(kind) => Fault::new(
            format!("a {} is `{}`", kind.name, kind.arn_templates.first().map_or("", String::as_str)),
            "write an ARN of that shape",
        ),
        None => Fault::new(
            format!("`{service}` has no resource of that shape (reference of {})", case.catalog.date()),
            format!("see `trailtrim catalog lookup` for what the actions of `{service}` take"),
        ),
    }
}

/// `*/i-1`: the wildcard would have to stand for the type.
fn type_wildcard(case: &Case<'_>, pattern: &ArnPattern, service: &str) -> Option<Fault> {
    let resource = pattern.resource().unwrap_or_default();
    let (word, _) = resource.split_once(['/', ':'])?;
    if !word.contains(['*', '?']) || !case.catalog.service_exists(service) || !case.shapes.is_typed(service) {
        return None;
    }
    // `*/*` is a long way to write `*`, and AWS's own pages have it. A word inside tells the type as well as the first.
    let open = resource.chars().all(|character| matches!(character, '*' | '/' | ':'));
    if open || case.shapes.has_inner_word(service, resource) {
        return None;
    }
    // AWS says so of all services, and some take it all the same.
    Fault::new(
        format!("`{word}` would have to stand for the type of the resource, which AWS does not take"),
        "name the types, one ARN for each",
    )
    .map(|fault| Fault { confidence: Confidence::Medium, ..fault })
}

/// Whether the resource part of a template begins with this type word.
fn starts_with(template: &str, word: &str) -> bool {
    !word.is_empty() && template.strip_prefix(word).is_some_and(|rest| rest.starts_with(['/', ':']))
}

/// With a wildcard, or `aws` with or without more: `aws-cn`, `aws-iso-b`.
fn is_partition(text: &str) -> bool {
    text.contains(['*', '?']) || text == "aws" || text.starts_with("aws-")
}

/// Empty, with a wildcard, twelve digits, or the word that stands for AWS itself.
fn is_account(text: &str) -> bool {
    let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits || text.is_empty() || text.contains(['*', '?']) || text.starts_with("aws") || text == "amazon"
}

/// Directions in the names of Regions.
const DIRECTIONS: [&str; 9] =
    ["central", "east", "north", "northeast", "northwest", "south", "southeast", "southwest", "west"];

/// Empty, with a wildcard, or as AWS names Regions: `eu-central-1`, `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    if text.is_empty() || text.contains(['*', '?']) {
        return true;
    }
    let parts: Vec<&str> = text.split('-').collect();
    let [place @ .., direction, number] = parts.as_slice() else { return false };
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    !place.is_empty() && place.iter().all(letters) && DIRECTIONS.contains(direction) && numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_have_a_place_a_direction_and_a_number() {
        for region in ["", "*", "eu-*", "eu-central-1", "us-gov-west-1", "ap-southeast-5"] {
            assert!(is_region(region), "{region}");
        }
        for region in ["cluster", "eu", "eu-central", "EU-central-1", "111122223333", "eu-centrl-1", "central-1"] {
            assert!(!is_region(region), "{region}");
        }
    }

    #[test]
    fn accounts_have_twelve_digits() {
        for account in ["", "*", "111122223333", "1111*", "aws"] {
            assert!(is_account(account), "{account}");
        }
        for account in ["11112222333", "1111-2222-3333", "ACCOUNT_ID", "demo"] {
            assert!(!is_account(account), "{account}");
        }
        assert!(is_partition("aws-us-gov") && !is_partition("amazon") && !is_partition("awss"));
    }
}
