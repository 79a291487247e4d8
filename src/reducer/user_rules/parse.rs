//! The rules as the configuration file holds them, to valid rules in one step.

use std::str::FromStr;

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;

use super::{UserRule, UserRuleKind, UserRules};
use crate::reducer::options::OwnerTag;

/// Why the rules can't be used: which key, on which line, and what is wrong.
#[derive(Debug, thiserror::Error)]
pub enum UserRulesError {
    #[error("{0}")]
    Toml(Box<toml::de::Error>),
    #[error("line {line}, `{key}`: {problem}")]
    Invalid { line: usize, key: &'static str, problem: String },
}

/// The part of the file that is ours; the rest is read elsewhere.
#[derive(Debug, Default, Deserialize)]
struct File {
    #[serde(default)]
    rules: Section,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Section {
    #[serde(default)]
    generalize: Vec<Generalize>,
    #[serde(default)]
    never_widen: Vec<NeverWiden>,
    #[serde(default)]
    always_grant: Vec<AlwaysGrant>,
    #[serde(default)]
    never_grant: Vec<NeverGrant>,
    #[serde(default)]
    owner_tags: Vec<RawTag>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Generalize {
    name: Spanned<String>,
    pattern: Spanned<String>,
    #[serde(default)]
    actions: Vec<Spanned<String>>,
    reason: Spanned<String>,
    expires: Option<Spanned<toml::value::Datetime>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NeverWiden {
    name: Spanned<String>,
    names: Vec<Spanned<String>>,
    reason: Spanned<String>,
    expires: Option<Spanned<toml::value::Datetime>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AlwaysGrant {
    name: Spanned<String>,
    actions: Vec<Spanned<String>>,
    resources: Vec<Spanned<String>>,
    reason: Spanned<String>,
    expires: Option<Spanned<toml::value::Datetime>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NeverGrant {
    name: Spanned<String>,
    actions: Vec<Spanned<String>>,
    #[serde(default)]
    resources: Vec<Spanned<String>>,
    reason: Spanned<String>,
    expires: Option<Spanned<toml::value::Datetime>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTag {
    key: Spanned<String>,
    value: String,
}

impl FromStr for UserRules {
    type Err = UserRulesError;

    /// Reads the `[rules]` section out of the text of a whole configuration file.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let file: File = toml::from_str(text).map_err(|error| UserRulesError::Toml(Box::new(error)))?;
        let reader = Reader { text };
        let section = file.rules;
        let mut rules = Vec::new();
        for raw in &section.generalize {
            let kind = UserRuleKind::Generalize {
                pattern: reader.value("pattern", &raw.pattern)?,
                actions: reader.values("actions", &raw.actions)?,
            };
            rules.push(reader.rule(&raw.name, &raw.reason, raw.expires.as_ref(), kind)?);
        }
        for raw in &section.never_widen {
            let names = raw.names.iter().map(|name| reader.filled("names", name)).collect::<Result<_, _>>()?;
            rules.push(reader.rule(
                &raw.name,
                &raw.reason,
                raw.expires.as_ref(),
                UserRuleKind::NeverWiden { names },
            )?);
        }
        for raw in &section.always_grant {
            let kind = UserRuleKind::AlwaysGrant {
                actions: reader.values("actions", &raw.actions)?,
                resources: reader.values("resources", &raw.resources)?,
            };
            rules.push(reader.rule(&raw.name, &raw.reason, raw.expires.as_ref(), kind)?);
        }
        for raw in &section.never_grant {
            let kind = UserRuleKind::NeverGrant {
                actions: reader.some("actions", &raw.actions, &raw.name)?,
                resources: reader.values("resources", &raw.resources)?,
            };
            rules.push(reader.rule(&raw.name, &raw.reason, raw.expires.as_ref(), kind)?);
        }
        let tag = |raw: &RawTag| Ok(OwnerTag { key: reader.filled("key", &raw.key)?, value: raw.value.clone() });
        let owner_tags = section.owner_tags.iter().map(tag).collect::<Result<_, _>>()?;
        Ok(Self { rules, owner_tags })
    }
}

/// Turns texts into values; an error names the line.
struct Reader<'t> {
    text: &'t str,
}

impl Reader<'_> {
    fn invalid<T>(&self, key: &'static str, at: &Spanned<T>, problem: impl ToString) -> UserRulesError {
        let before = self.text.get(..at.span().start).unwrap_or_default();
        UserRulesError::Invalid { line: before.matches('\n').count() + 1, key, problem: problem.to_string() }
    }

    fn value<V: FromStr<Err: ToString>>(&self, key: &'static str, raw: &Spanned<String>) -> Result<V, UserRulesError> {
        raw.get_ref().parse().map_err(|error: V::Err| self.invalid(key, raw, error.to_string()))
    }

    fn values<V: FromStr<Err: ToString>>(
        &self,
        key: &'static str,
        raw: &[Spanned<String>],
    ) -> Result<Vec<V>, UserRulesError> {
        raw.iter().map(|one| self.value(key, one)).collect()
    }

    /// Like `values`, and there must be one.
    fn some<V: FromStr<Err: ToString>>(
        &self,
        key: &'static str,
        raw: &[Spanned<String>],
        at: &Spanned<String>,
    ) -> Result<Vec<V>, UserRulesError> {
        match raw.is_empty() {
            true => Err(self.invalid(key, at, "is empty: name at least one")),
            false => self.values(key, raw),
        }
    }

    fn filled(&self, key: &'static str, raw: &Spanned<String>) -> Result<String, UserRulesError> {
        match raw.get_ref().trim() {
            "" => Err(self.invalid(key, raw, "is empty")),
            text => Ok(text.to_owned()),
        }
    }

    fn rule(
        &self,
        name: &Spanned<String>,
        reason: &Spanned<String>,
        expires: Option<&Spanned<toml::value::Datetime>>,
        kind: UserRuleKind,
    ) -> Result<UserRule, UserRulesError> {
        let date = |raw: &Spanned<toml::value::Datetime>| {
            let text = raw.get_ref().to_string();
            let day: Result<Date, _> = text.get(..10).unwrap_or(&text).parse();
            day.map_err(|_| self.invalid("expires", raw, "is no day; write it as `2027-01-31`"))
        };
        Ok(UserRule {
            name: self.filled("name", name)?,
            reason: self.filled("reason", reason)?,
            expires: expires.map(date).transpose()?,
            kind,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_in_one_step() {
        let rules: UserRules = r#"
            [rules]
            owner-tags = [{ key = "team", value = "platform" }]
            [[rules.generalize]]
            name = "feature-branches"
            pattern = "arn:aws:eks:*:*:cluster/feature-*"
            reason = "every branch gets a cluster"
            expires = 2027-01-31
            [[rules.never-grant]]
            name = "no-users"
            actions = ["iam:CreateUser"]
            reason = "people come from the identity provider"
        "#
        .parse()
        .unwrap();
        assert_eq!(rules.rules().len(), 2);
        let (left, gone) = rules.on("2027-02-01".parse().unwrap());
        assert_eq!((left.rules().len(), gone), (1, vec!["feature-branches".to_owned()]));
    }

    #[test]
    fn an_error_names_line_and_key() {
        let text = "[rules]\n[[rules.generalize]]\nname = \"x\"\npattern = \"cluster/*\"\nreason = \"y\"\n";
        let error = text.parse::<UserRules>().unwrap_err().to_string();
        assert!(error.starts_with("line 4, `pattern`: "), "{error}");
        let error = "[rules]\nsurprise = 1\n".parse::<UserRules>().unwrap_err().to_string();
        assert!(error.contains("surprise") && error.contains("line 2"), "{error}");
    }
}
