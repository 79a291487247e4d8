//! `--redact`: a report that can be shared. Account ids, names, addresses and ids are replaced, the same by the same
//! everywhere in a report; AWS's own words (services, actions, resource types, Regions, `aws:` keys, AWS's managed policies) stay.
//!
//! 1. everything in the report is looked through once, and the secrets are written down;
//! 2. they are numbered by form and alphabet, so that the same evidence gives the same pseudonyms;
//! 3. the report is gone through again the same way, and each secret gets its pseudonym.

mod arns;
mod forms;
mod programs;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::model::Report;
use crate::catalog::Catalog;
use crate::iam::Action;
use forms::Form;

/// Secrets and what stands for them.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    pseudonyms: BTreeMap<String, String>,
    /// Words that names are made of and AWS does not use, each with its number.
    name_words: BTreeMap<String, usize>,
}

impl Redactor {
    /// The report without its secrets, and what replaced them.
    pub fn report(report: &Report) -> (Report, Self) {
        let mut secrets = BTreeSet::new();
        let mut copy = report.clone();
        walk::report(&mut copy, &mut Visitor::Learning(&mut secrets));
        let redactor = Self::of(secrets);
        let mut redacted = report.clone();
        walk::report(&mut redacted, &mut Visitor::Replacing(&redactor));
        (redacted, redactor)
    }

    /// What replaces the secrets of a JSON document. Members of these names hold names; elsewhere names are those in ARNs.
    pub fn of_json(value: &Value, named: &[&str]) -> Self {
        let mut secrets = BTreeSet::new();
        learn_json("", value, named, &mut Visitor::Learning(&mut secrets));
        Self::of(secrets)
    }

    fn of(secrets: BTreeSet<String>) -> Self {
        let mut numbers: BTreeMap<Form, usize> = BTreeMap::new();
        let number = |secret: String| {
            let form = Form::of(&secret);
            let number = numbers.entry(form).or_default();
            *number += 1;
            let pseudonym = form.pseudonym(&secret, *number);
            (secret, pseudonym)
        };
        let name_words = words_of_names(&secrets);
        Self { pseudonyms: secrets.into_iter().map(number).collect(), name_words }
    }

    /// A text for people or programs without the secrets: ARNs part by part, and words that are secrets.
    pub fn text(&self, text: &str) -> String {
        Visitor::Replacing(self).text(text)
    }

    /// All texts of a JSON document.
    pub fn json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, member)| (self.text(name), self.json(member))).collect()
            }
            other => other.clone(),
        }
    }

    /// What stands for a word that begins with a name: prose tells in full what a pattern has in part.
    fn begun_by_a_name(&self, word: &str) -> Option<String> {
        let is_telling = |name: &str| name.len() >= 6 && name.contains(|c: char| c == '-' || c.is_ascii_digit());
        let begins = self.pseudonyms.iter().filter(|(name, _)| is_telling(name) && word.starts_with(name.as_str()));
        begins.max_by_key(|(name, _)| name.len()).map(|(_, pseudonym)| format!("{pseudonym}…"))
    }

    /// What stands for a word such as a Sid, `AcmeDeploy`, that is put together of others of which names are made.
    fn of_names(&self, word: &str) -> Option<String> {
        let parts = walk::words_of(word);
        let is_sid = parts.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let holds = is_sid && parts.iter().any(|part| self.holds_word(part));
        holds.then(|| parts.iter().map(|part| Visitor::Replacing(self).sid_word(part)).collect())
    }

    /// Whether a learned name has this word, and AWS has not.
    fn holds_word(&self, word: &str) -> bool {
        word.len() >= 3 && self.name_words.contains_key(&word.to_ascii_lowercase())
    }

    /// A rendering in which something may stand that the walk does not know: secrets that nobody takes for another word.
    pub fn sweep(&self, rendering: &str) -> String {
        words(rendering, |word| {
            let is_plain = |word: &str| {
                let joins = word.contains(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
                Form::of(word) == Form::Name && !(word.len() >= 6 && joins)
            };
            if is_plain(word) { None } else { self.pseudonyms.get(word).cloned() }
        })
    }
}

/// One of the two ways through a report.
enum Visitor<'v> {
    Learning(&'v mut BTreeSet<String>),
    Replacing(&'v Redactor),
}

impl Visitor<'_> {
    /// A text that is a secret as a whole.
    fn name(&mut self, text: &str) -> String {
        match self {
            Self::Learning(secrets) => {
                if !text.is_empty() {
                    secrets.insert(text.to_owned());
                }
                text.to_owned()
            }
            Self::Replacing(redactor) => redactor.pseudonyms.get(text).cloned().unwrap_or_else(|| text.to_owned()),
        }
    }

    /// A word of a Sid.
    fn sid_word(&self, word: &str) -> String {
        match self {
            Self::Replacing(redactor) if redactor.holds_word(word) => {
                let number = redactor.name_words.get(&word.to_ascii_lowercase()).copied().unwrap_or_default();
                format!("Name{number}")
            }
            _ => word.to_owned(),
        }
    }

    /// An ARN or a pattern over ARNs; what is none is left.
    fn arn(&mut self, text: &str) -> String {
        arns::visit(text, &mut |name| self.name(name)).unwrap_or_else(|| text.to_owned())
    }

    /// A value: an ARN, or something whose form tells what it is, or a name, unless AWS has that word.
    fn value(&mut self, text: &str) -> String {
        if text.starts_with("arn:") {
            return self.arn(text);
        }
        if is_aws_word(text) { text.to_owned() } else { arns::value(text, &mut |name| self.name(name)) }
    }

    /// Prose: ARNs in it, what has the form of a secret, and words that were learned as names.
    fn text(&mut self, text: &str) -> String {
        words(text, |word| {
            if word.starts_with("arn:") {
                return Some(self.arn(word));
            }
            match (Form::of(word), &*self) {
                (Form::Name, Self::Replacing(redactor)) => {
                    let whole = redactor.pseudonyms.get(word).cloned();
                    let named = || redactor.begun_by_a_name(word).or_else(|| redactor.of_names(word));
                    whole.or_else(named).filter(|_| !is_aws_word(word))
                }
                (Form::Name, _) => None,
                _ => Some(self.name(word)),
            }
        })
    }
}

/// Whether AWS has the word: a service, an action or its name, a host, a Region, a resource type, a condition key, a number.
fn is_aws_word(text: &str) -> bool {
    let catalog = Catalog::embedded();
    let is_region = || {
        let parts: Vec<&str> = text.split('-').collect();
        let number = parts.last().is_some_and(|last| last.len() <= 2 && last.bytes().all(|byte| byte.is_ascii_digit()));
        parts.len() >= 3
            && number
            && parts.iter().rev().skip(1).all(|part| part.bytes().all(|b| b.is_ascii_lowercase()))
    };
    let is_type = || catalog.services().any(|service| catalog.resource_type(service, text).is_some());
    matches!(text, "true" | "false" | "*" | "")
        || text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() != 12
        || text.contains("amazonaws.com")
        || text.starts_with("aws:")
        || text.parse::<Action>().is_ok_and(|action| catalog.action(&action).is_some())
        || !catalog.actions_named(text).is_empty()
        || catalog.service_exists(text)
        || is_region()
        || is_type()
}

/// The words of all names, in lower case, numbered by alphabet.
fn words_of_names(secrets: &BTreeSet<String>) -> BTreeMap<String, usize> {
    let parts = secrets.iter().flat_map(|secret| secret.split(|c: char| !c.is_ascii_alphanumeric()));
    let words: BTreeSet<String> =
        parts.filter(|word| word.len() >= 3 && !is_aws_word(word)).map(str::to_ascii_lowercase).collect();
    words.into_iter().zip(1..).collect()
}

/// Changes the words of a text. A word is an ARN, or what is between white space, quotes and brackets; of a path or a pair
/// each part by itself if the whole is no word.
fn words(text: &str, mut change: impl FnMut(&str) -> Option<String>) -> String {
    let ends = |c: char| c.is_whitespace() || "\"'`,;()<>[]{}=|&".contains(c);
    let mut whole = String::with_capacity(text.len());
    for run in text.split_inclusive(ends) {
        let word = run.trim_end_matches(ends);
        let bare = without_line(word.trim_end_matches(['.', ':']));
        let tail = run.get(bare.len()..).unwrap_or_default();
        match change(bare) {
            Some(new) => whole.push_str(&new),
            None => {
                for part in bare.split_inclusive(['/', ':']) {
                    let piece = part.trim_end_matches(['/', ':']);
                    whole.push_str(&change(piece).unwrap_or_else(|| piece.to_owned()));
                    whole.push_str(part.get(piece.len()..).unwrap_or_default());
                }
            }
        }
        whole.push_str(tail);
    }
    whole
}

/// A file without the line behind it: `dir/policy.json:12`. What may be an account is no line.
fn without_line(word: &str) -> &str {
    let is_line = |line: &str| (1..8).contains(&line.len()) && line.bytes().all(|byte| byte.is_ascii_digit());
    match word.rsplit_once(':') {
        Some((file, line)) if file.contains('/') && !file.starts_with("arn:") && is_line(line) => file,
        _ => word,
    }
}

fn learn_json(name: &str, value: &Value, named: &[&str], visitor: &mut Visitor<'_>) {
    match value {
        Value::String(text) if name == "user_agent" => programs::visit(text, visitor),
        Value::String(text) if named.contains(&name) && !text.starts_with("arn:") => {
            visitor.name(text);
        }
        Value::String(text) => {
            visitor.text(text);
        }
        Value::Array(items) => items.iter().for_each(|item| learn_json(name, item, named, visitor)),
        Value::Object(members) => {
            for (name, member) in members {
                // A condition on a tag: the tag's key, and what it must be.
                let tag = name.split_once("Tag/").filter(|_| name.contains(':')).map(|(_, tag)| tag);
                match tag {
                    Some(tag) => {
                        visitor.name(tag);
                        learn_values(member, visitor);
                    }
                    None => learn_json(name, member, named, visitor),
                }
            }
        }
        _ => {}
    }
}

fn learn_values(value: &Value, visitor: &mut Visitor<'_>) {
    match value {
        Value::String(text) => {
            visitor.value(text);
        }
        Value::Array(items) => items.iter().for_each(|item| learn_values(item, visitor)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_consistent_and_keeps_the_words_of_aws() {
        let document = json!({
            "role": "arn:aws:iam::111122223333:role/ci/blue-runner",
            "session": "gha-1017",
            "text": "blue-runner called eks:CreateCluster from 198.51.100.7 as gha-1017, on arn:aws:eks:eu-central-1:111122223333:cluster/blue.",
        });
        let redacted = Redactor::of_json(&document, &["session"]).json(&document).to_string();
        for secret in ["111122223333", "blue", "gha-1017", "198.51.100.7", "/ci/"] {
            assert!(!redacted.contains(secret), "{secret} in {redacted}");
        }
        for word in ["eks:CreateCluster", "eu-central-1", ":cluster/name-", "192.0.2.1", "000000000001"] {
            assert!(redacted.contains(word), "{word} not in {redacted}");
        }
    }

    #[test]
    fn programs_of_ones_own_go_and_those_of_everybody_stay() {
        let agent = "acmebuilder/7.1 (buildhost; ci.acme.example) app/acme aws-sdk-go-v2/1.39 os/linux lang/go#1.25 Terraform/1.11.0 \
                     Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)";
        let document = json!({"user_agent": agent, "text": format!("with {agent}, nothing like it")});
        let redacted = Redactor::of_json(&document, &[]).json(&document).to_string();
        for secret in ["acme", "buildhost"] {
            assert!(!redacted.contains(secret), "{secret} in {redacted}");
        }
        for word in ["aws-sdk-go-v2/1.39", "Terraform/1.11.0", "(KHTML, like Gecko)", "nothing like it", "os/linux"] {
            assert_eq!(
                redacted.matches(word).count(),
                if word == "nothing like it" { 1 } else { 2 },
                "{word}: {redacted}"
            );
        }
    }

    #[test]
    fn a_path_goes_as_a_whole_whatever_line_of_it_is_meant() {
        let document = json!({"file": "/home/ann/acme/policy.json", "text": "by /home/ann/acme/policy.json:12."});
        let redacted = Redactor::of_json(&document, &["file"]).json(&document);
        assert_eq!(redacted["text"], "by name-1:12.");
    }

    #[test]
    fn a_sid_of_a_name_goes_in_prose_too() {
        let document = json!(["arn:aws:iam::111122223333:role/blue-runner", "Sid BlueAccess, PassRole, CreateCluster"]);
        let redacted = Redactor::of_json(&document, &[]).json(&document);
        assert_eq!(redacted[1], "Sid Name2Access, PassRole, CreateCluster");
    }

    #[test]
    fn a_name_that_is_a_word_of_aws_is_kept_in_prose() {
        let document =
            json!(["arn:aws:eks:eu-central-1:111122223333:cluster/CreateCluster", "eks:CreateCluster of eks"]);
        let redacted = Redactor::of_json(&document, &[]).json(&document);
        assert_eq!(redacted[0], "arn:aws:eks:eu-central-1:000000000001:cluster/name-1");
        assert_eq!(redacted[1], "eks:CreateCluster of eks");
    }
}
