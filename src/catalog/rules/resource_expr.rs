//! How a rule names the resources of a permission.

use serde::Deserialize;

use super::path::FieldPath;

/// Alternatives, separated by ` or `: the first that yields a resource counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ResourceExpr {
    /// Tried in order.
    pub terms: Vec<ResourceTerm>,
    /// As the rule file has it.
    text: String,
}

impl std::fmt::Display for ResourceExpr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// One way to name resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceTerm {
    /// `*`: the action takes no resource.
    Any,
    /// `same`: what the call itself is checked on.
    Same,
    /// `created`: what the call creates.
    Created,
    /// `tagged`: what EC2's tag specifications name.
    Tagged,
    /// `type(nodegroup)`: a resource type of the rule's own service, filled as its rule says.
    Type(String),
    /// `whole(cluster)`: all of a type in the Region and account: AWS checks the call on the type.
    Whole(String),
    /// `profile_role(request.iamInstanceProfile)`: the role in the instance profile that the field names.
    ProfileRole(FieldPath),
    /// A whole ARN that stands in a field.
    Field(FieldPath),
    /// `arn:{partition}:iam::{account}:role/{request.roleName}`
    Template(Vec<TemplatePart>),
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplatePart {
    Literal(String),
    /// `{request.name}`; a hole where the record does not hold it.
    Field(FieldPath),
    /// `{request.path?/}`: what stands behind the `?` where the record does not hold it.
    Optional(FieldPath, String),
    /// `{?UUID}`: never in a record, so `*`; `{?suffix=-??????}` where the form of what is missing is known.
    Hole {
        name: String,
        form: String,
    },
}

impl TryFrom<String> for ResourceExpr {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // ` or ` inside braces or parentheses belongs to the field there.
        let mut depth = 0_i32;
        let mut terms = vec![String::new()];
        for word in text.split_inclusive(' ') {
            if depth == 0 && word.trim() == "or" {
                terms.push(String::new());
                continue;
            }
            depth += count(word, ['{', '(']) - count(word, ['}', ')']);
            if let Some(term) = terms.last_mut() {
                term.push_str(word);
            }
        }
        let terms = terms.iter().map(|one| term(one.trim())).collect::<Result<_, _>>()?;
        Ok(Self { terms, text })
    }
}

fn count(word: &str, brackets: [char; 2]) -> i32 {
    i32::try_from(word.matches(brackets).count()).unwrap_or(i32::MAX)
}

fn term(text: &str) -> Result<ResourceTerm, String> {
    let call = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')').map(str::to_owned);
    Ok(match text {
        "*" => ResourceTerm::Any,
        "same" => ResourceTerm::Same,
        "created" => ResourceTerm::Created,
        "tagged" => ResourceTerm::Tagged,
        _ if text.starts_with("arn:") => ResourceTerm::Template(template(text)?),
        _ => match (call("type"), call("whole"), call("profile_role")) {
            (Some(name), ..) => ResourceTerm::Type(name),
            (_, Some(name), _) => ResourceTerm::Whole(name),
            (.., Some(path)) => ResourceTerm::ProfileRole(FieldPath::try_from(path)?),
            _ => ResourceTerm::Field(FieldPath::try_from(text.to_owned())?),
        },
    })
}

fn template(text: &str) -> Result<Vec<TemplatePart>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, tail)) = rest.split_once('{') {
        let (inner, after) = tail.split_once('}').ok_or_else(|| format!("`{text}` has an open brace"))?;
        parts.push(TemplatePart::Literal(literal.to_owned()));
        parts.push(placeholder(inner)?);
        rest = after;
    }
    parts.push(TemplatePart::Literal(rest.to_owned()));
    Ok(parts)
}

fn placeholder(inner: &str) -> Result<TemplatePart, String> {
    let path = |text: &str| FieldPath::try_from(text.to_owned());
    if let Some(hole) = inner.strip_prefix('?') {
        let (name, form) = hole.split_once('=').unwrap_or((hole, "*"));
        return Ok(TemplatePart::Hole { name: name.to_owned(), form: form.to_owned() });
    }
    Ok(match inner {
        "partition" | "region" | "account" => TemplatePart::Field(path(&format!("event.{inner}"))?),
        _ => match default_at(inner).and_then(|at| inner.split_at_checked(at)) {
            Some((optional, default)) => {
                TemplatePart::Optional(path(optional)?, default.trim_start_matches('?').to_owned())
            }
            None => TemplatePart::Field(path(inner)?),
        },
    })
}

/// Where the `?` of a default stands, outside the arguments of transforms.
fn default_at(inner: &str) -> Option<usize> {
    let mut depth = 0_i32;
    inner.char_indices().find_map(|(at, c)| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        (c == '?' && depth == 0).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<TemplatePart> {
        let ResourceExpr { terms, .. } = ResourceExpr::try_from(text.to_owned()).unwrap();
        match terms.as_slice() {
            [ResourceTerm::Template(parts)] => parts.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_or_inside_braces_belongs_to_the_field_there() {
        let ResourceExpr { terms, .. } =
            ResourceExpr::try_from("request.arn or arn:aws:x:::{request.a or request.b}".to_owned()).unwrap();
        assert_eq!(terms.len(), 2);
    }

    #[test]
    fn a_question_mark_is_a_default_a_hole_or_a_transforms_own() {
        let has = |text: &str, wanted: fn(&TemplatePart) -> bool| parts(text).iter().any(wanted);
        assert!(has(
            "arn:a:b:::{request.path?/}",
            |part| matches!(part, TemplatePart::Optional(_, text) if text == "/")
        ));
        assert!(has("arn:a:b:::{?UUID}", |part| matches!(part, TemplatePart::Hole { form, .. } if form == "*")));
        assert!(has("arn:a:b:::x{?end=-??}", |part| matches!(part, TemplatePart::Hole { form, .. } if form == "-??")));
        assert!(has("arn:a:b:::{request.u|before(?v=)}", |part| matches!(part, TemplatePart::Field(_))));
    }

    #[test]
    fn an_open_brace_is_refused() {
        assert!(ResourceExpr::try_from("arn:a:b:::{request.a".to_owned()).is_err());
    }
}
