//! Conditions on a record, under which a rule applies.

use serde::Deserialize;

use super::path::FieldPath;

/// `request.tags` (present and not empty), `!request.tags`, `request.type = EC2|FARGATE`, `request.name ~ arn:*`,
/// `request.type != EC2`, or `tags` (the request carries tags, by the service's tag fields).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Predicate {
    pub negated: bool,
    pub test: Test,
    /// As the rule file has it.
    text: String,
}

impl std::fmt::Display for Predicate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// What is asked of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    Present(FieldPath),
    /// One of the values is among these, whatever the case.
    Among(FieldPath, Vec<String>),
    /// One of the values matches the glob.
    Like(FieldPath, String),
    Tags,
}

impl TryFrom<String> for Predicate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (negated, test) = parse(&text)?;
        Ok(Self { negated, test, text })
    }
}

fn parse(text: &str) -> Result<(bool, Test), String> {
    let path = |text: &str| FieldPath::try_from(text.trim().to_owned());
    if let Some((left, right)) = text.split_once(" != ") {
        return Ok((true, Test::Among(path(left)?, words(right))));
    }
    if let Some((left, right)) = text.split_once(" = ") {
        return Ok((false, Test::Among(path(left)?, words(right))));
    }
    if let Some((left, right)) = text.split_once(" ~ ") {
        return Ok((false, Test::Like(path(left)?, right.trim().to_owned())));
    }
    let (negated, rest) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
    let test = if rest.trim() == "tags" { Test::Tags } else { Test::Present(path(rest)?) };
    Ok((negated, test))
}

fn words(text: &str) -> Vec<String> {
    text.split('|').map(|word| word.trim().to_owned()).collect()
}
