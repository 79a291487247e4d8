//! ARN templates of the service reference: literal text and `${Variables}`.

use crate::iam::Arn;

/// A template such as `arn:${Partition}:eks:${Region}:${Account}:cluster/${ClusterName}`, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArnTemplate {
    service: Vec<Part>,
    region: Vec<Part>,
    account: Vec<Part>,
    resource: Vec<Part>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Literal(String),
    /// A variable's name, without `${}`.
    Variable(String),
}

impl ArnTemplate {
    /// Parses a template; `None` if it has not the six segments of an ARN.
    pub fn parse(text: &str) -> Option<Self> {
        let mut segments = text.splitn(6, ':');
        let (arn, _partition) = (segments.next()?, segments.next()?);
        let mut next = || segments.next().map(parts);
        let template = Self { service: next()?, region: next()?, account: next()?, resource: next()? };
        (arn == "arn").then_some(template)
    }

    /// The resource part.
    pub fn resource(&self) -> &[Part] {
        &self.resource
    }

    /// The service segment, unless the template leaves it open.
    pub fn service(&self) -> Option<&str> {
        match self.service.as_slice() {
            [Part::Literal(service)] => Some(service),
            _ => None,
        }
    }

    /// Names of the variables of the resource part, in order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.resource.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// The ARN with each variable of the resource part replaced by `value`. A template that leaves the service open
    /// takes `service`; one that leaves out Region or account keeps them empty.
    pub fn fill(&self, place: Place<'_>, mut value: impl FnMut(&str) -> String) -> Arn {
        let segment = |parts: &[Part], given: &str| match parts {
            [] => String::new(),
            [Part::Literal(text)] => text.clone(),
            _ => given.to_owned(),
        };
        let resource: String = self
            .resource
            .iter()
            .map(|part| match part {
                Part::Literal(text) => text.clone(),
                Part::Variable(name) => value(name),
            })
            .collect();
        let service = segment(&self.service, place.service);
        let region = segment(&self.region, place.region);
        let account = segment(&self.account, place.account);
        Arn::from_parts(place.partition, &service, &region, &account, &resource)
    }

    /// The variables of the resource part as `arn` fills them; `None` if the ARN is not of this shape.
    pub fn match_arn<'t, 'a>(&'t self, arn: &'a Arn) -> Option<Vec<(&'t str, &'a str)>> {
        let fits = |parts: &[Part], segment: &str| match parts {
            [] => segment.is_empty(),
            [Part::Literal(text)] => text == segment || text == "*",
            _ => true,
        };
        let shape = fits(&self.service, arn.service())
            && fits(&self.region, arn.region())
            && fits(&self.account, arn.account());
        if !shape {
            return None;
        }
        let mut found = Vec::new();
        match_parts(&self.resource, arn.resource(), true, &mut found).then_some(found)
    }
}

/// Where an ARN lives: what fills the first segments of a template.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub partition: &'a str,
    /// For templates that leave the service open.
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, tail)) = rest.split_once("${") {
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        let (name, after) = tail.split_once('}').unwrap_or((tail, ""));
        parts.push(Part::Variable(name.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    parts
}

/// Matches from the left, shortest variable first. A variable does not cross `/` or `:`, but the last one behind some
/// literal text may cross `/` (paths of roles, log groups, parameters).
fn match_parts<'t, 'a>(parts: &'t [Part], text: &'a str, first: bool, found: &mut Vec<(&'t str, &'a str)>) -> bool {
    let Some((part, rest)) = parts.split_first() else { return text.is_empty() };
    match part {
        Part::Literal(literal) => {
            let Some(head) = text.get(..literal.len()) else { return false };
            head.eq_ignore_ascii_case(literal)
                && match_parts(rest, text.get(literal.len()..).unwrap_or(""), false, found)
        }
        Part::Variable(name) if rest.is_empty() => {
            let crosses = text.contains(':') || (first && text.contains('/'));
            let legal = !text.is_empty() && !crosses;
            if legal {
                found.push((name, text));
            }
            legal
        }
        Part::Variable(name) => {
            let limit = text.find(['/', ':']).unwrap_or(text.len());
            for end in text.char_indices().map(|(i, c)| i + c.len_utf8()).take_while(|end| *end <= limit) {
                let (value, tail) = text.split_at(end);
                let mark = found.len();
                found.push((name, value));
                if match_parts(rest, tail, false, found) {
                    return true;
                }
                found.truncate(mark);
            }
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(template: &str, arn: &str) -> Option<Vec<(String, String)>> {
        let template = ArnTemplate::parse(template).unwrap();
        let arn: Arn = arn.parse().unwrap();
        let found = template.match_arn(&arn)?;
        Some(found.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn variables_are_read_from_an_arn() {
        let found = variables(
            "arn:${Partition}:eks:${Region}:${Account}:nodegroup/${ClusterName}/${NodegroupName}/${UUID}",
            "arn:aws:eks:eu-central-1:111122223333:nodegroup/blue/default/8cc0",
        );
        let expected = [("ClusterName", "blue"), ("NodegroupName", "default"), ("UUID", "8cc0")];
        assert_eq!(found.unwrap(), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn a_path_belongs_to_the_last_variable_but_an_object_is_no_bucket() {
        assert!(
            variables(
                "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}",
                "arn:aws:iam::111122223333:role/ci/x"
            )
            .is_some()
        );
        assert!(variables("arn:${Partition}:s3:::${BucketName}", "arn:aws:s3:::bucket/key").is_none());
    }

    #[test]
    fn a_template_without_region_refuses_an_arn_with_one() {
        assert!(
            variables("arn:${Partition}:iam::${Account}:role/${Name}", "arn:aws:iam:eu-west-1:111122223333:role/x")
                .is_none()
        );
    }
}
