//! Which parts of an ARN are names, and which are AWS's own words: the templates of the catalogue tell.

use crate::catalog::{ArnTemplate, Catalog, Part, ResourceType};
use crate::iam::Arn;

/// Changes the names in an ARN, or in a pattern over ARNs. Wildcards and variables stay, and so do partition, service,
/// Region, what AWS itself owns (`arn:aws:iam::aws:policy/…`) and the words of the templates. `None` if it is no ARN.
pub fn visit(text: &str, name: &mut dyn FnMut(&str) -> String) -> Option<String> {
    let (masked, stars) = without_variables(text);
    Some(with_variables(&visit_masked(&masked, name)?, &stars))
}

fn visit_masked(text: &str, name: &mut dyn FnMut(&str) -> String) -> Option<String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let &[arn, partition, service, region, account, resource] = parts.as_slice() else { return None };
    if arn != "arn" {
        return None;
    }
    if is_of_aws(service, account, resource) {
        return Some(text.to_owned());
    }
    let new_account = masked_value(account, name);
    let new_resource = match matching(text, service) {
        Some(template) => filled(template, text, name)?,
        None => loose(service, resource, name),
    };
    Some(format!("{arn}:{partition}:{service}:{region}:{new_account}:{new_resource}"))
}

/// AWS's managed policies, service-linked roles, public parameters.
fn is_of_aws(service: &str, account: &str, resource: &str) -> bool {
    account == "aws" || service == "ssm" && account.is_empty() && resource.starts_with("parameter/aws/")
}

/// The template that tells most of it: the longest literal text.
fn matching(text: &str, service: &str) -> Option<&'static ArnTemplate> {
    let arn: Arn = text.parse().ok()?;
    let templates = Catalog::embedded().resource_types(service).iter().flat_map(ResourceType::templates);
    let literal = |template: &&ArnTemplate| -> usize {
        let length = |part: &Part| if let Part::Literal(text) = part { text.len() } else { 0 };
        template.resource().iter().map(length).sum()
    };
    templates.filter(|template| template.match_arn(&arn).is_some()).max_by_key(literal)
}

/// The resource with the template's words and other values.
fn filled(template: &ArnTemplate, text: &str, name: &mut dyn FnMut(&str) -> String) -> Option<String> {
    let arn: Arn = text.parse().ok()?;
    let mut values = template.match_arn(&arn)?.into_iter();
    let mut resource = String::new();
    for part in template.resource() {
        match part {
            Part::Literal(literal) => resource.push_str(literal),
            Part::Variable(_) => {
                let (_, found) = values.next()?;
                resource.push_str(&masked_value(found, name));
            }
        }
    }
    Some(resource)
}

/// A resource of no known shape: what no template of the service has as its own word, and no operation is called by, is a
/// name.
fn loose(service: &str, resource: &str, name: &mut dyn FnMut(&str) -> String) -> String {
    let catalog = Catalog::embedded();
    let in_template = |word: &str| {
        let templates = catalog.resource_types(service).iter().flat_map(ResourceType::templates);
        templates.flat_map(ArnTemplate::resource).any(|part| {
            matches!(part, Part::Literal(text) if text.split(['/', ':']).any(|own| !own.is_empty() && own == word))
        })
    };
    let is_operation =
        |word: &str| catalog.actions(service).iter().any(|entry| entry.action.name().eq_ignore_ascii_case(word));
    // A REST path names its types in the plural: `/clusters/NAME/addons`.
    let is_word =
        |word: &str| in_template(word) || is_operation(word) || word.strip_suffix('s').is_some_and(in_template);
    pieces(resource, &mut |piece| if is_word(piece) { piece.to_owned() } else { masked_value(piece, name) })
}

/// What fills a variable. Of a path each step is a name.
pub fn value(text: &str, name: &mut dyn FnMut(&str) -> String) -> String {
    let (masked, stars) = without_variables(text);
    with_variables(&masked_value(&masked, name), &stars)
}

fn masked_value(text: &str, name: &mut dyn FnMut(&str) -> String) -> String {
    if text.starts_with("aws-service-role/") || text.starts_with("aws-reserved/") {
        return text.to_owned();
    }
    pieces(text, &mut |piece| between_wildcards(piece, name))
}

fn pieces(text: &str, change: &mut dyn FnMut(&str) -> String) -> String {
    let parts = text.split_inclusive(['/', ':']);
    parts
        .map(|part| {
            let piece = part.trim_end_matches(['/', ':']);
            format!("{}{}", change(piece), part.get(piece.len()..).unwrap_or_default())
        })
        .collect()
}

/// What stands between `*` and `?`.
fn between_wildcards(text: &str, name: &mut dyn FnMut(&str) -> String) -> String {
    let parts = text.split_inclusive(['*', '?']);
    parts
        .map(|part| {
            let piece = part.trim_end_matches(['*', '?']);
            let new = if is_kept(piece) { piece.to_owned() } else { name(piece) };
            format!("{new}{}", part.get(piece.len()..).unwrap_or_default())
        })
        .collect()
}

/// The text with `*` in place of each variable (`${aws:PrincipalAccount}`), which may hold what separates the parts of an
/// ARN; and for each `*` the variable that it stands for. Wildcards keep their order, so that they can be put back.
fn without_variables(text: &str) -> (String, Vec<Option<&str>>) {
    let (mut masked, mut stars) = (String::new(), Vec::new());
    let mut rest = text;
    loop {
        let variable = rest.find("${").and_then(|start| Some((start, start + rest.get(start..)?.find('}')? + 1)));
        let (start, end) = variable.unwrap_or((rest.len(), rest.len()));
        let plain = rest.get(..start).unwrap_or_default();
        masked.push_str(plain);
        stars.extend(plain.matches('*').map(|_| None));
        if variable.is_none() {
            return (masked, stars);
        }
        masked.push('*');
        stars.push(rest.get(start..end));
        rest = rest.get(end..).unwrap_or_default();
    }
}

fn with_variables(masked: &str, stars: &[Option<&str>]) -> String {
    let mut stars = stars.iter();
    let mut text = String::with_capacity(masked.len());
    for c in masked.chars() {
        match c {
            '*' => text.push_str(stars.next().copied().flatten().unwrap_or("*")),
            c => text.push(c),
        }
    }
    text
}

/// Hosts of AWS, and what tells nothing: separators, the `id` of an identity provider's address.
fn is_kept(piece: &str) -> bool {
    piece.contains("amazonaws.com")
        || piece == "id"
        || !piece.contains(|c: char| c.is_alphanumeric())
        || Catalog::embedded().service_exists(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        visit(text, &mut |_| "N".to_owned()).unwrap()
    }

    #[test]
    fn names_go_and_words_stay() {
        for (text, expected) in [
            ("arn:aws:eks:eu-central-1:111122223333:cluster/blue", "arn:aws:eks:eu-central-1:N:cluster/N"),
            ("arn:aws:eks:eu-central-1:111122223333:/createaddon", "arn:aws:eks:eu-central-1:N:/createaddon"),
            ("arn:aws:eks:*:*:nodegroup/blue/default/*", "arn:aws:eks:*:*:nodegroup/N/N/*"),
            ("arn:aws:iam::111122223333:role/ci/runner-*", "arn:aws:iam::N:role/N/N*"),
            ("arn:aws:iam::aws:policy/AmazonEKSClusterPolicy", "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"),
            (
                "arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS",
                "arn:aws:iam::N:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS",
            ),
            ("arn:aws:s3:::state/env/dev.tfstate", "arn:aws:s3:::N/N/N"),
            ("arn:aws:ssm:eu-central-1::parameter/aws/service/x", "arn:aws:ssm:eu-central-1::parameter/aws/service/x"),
            (
                "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/*",
                "arn:aws:iam::N:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/*",
            ),
            (
                "arn:aws:ec2:eu-central-1:${aws:PrincipalAccount}:vpc/vpc-1",
                "arn:aws:ec2:eu-central-1:${aws:PrincipalAccount}:vpc/N",
            ),
        ] {
            assert_eq!(redacted(text), expected);
        }
    }
}
