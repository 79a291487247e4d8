//! The known disagreements: how each is recognised in a smallest case. What it is and why we differ stands in
//! `disagreements.toml` under the same name.

use serde::Deserialize;
use serde_json::Value;

use crate::oracle::texts;

/// A case on which the two disagree, shrunk.
#[derive(Debug)]
pub struct Disagreement {
    pub case: Value,
    pub ours: String,
    pub theirs: String,
    /// Context keys that the other left out of account.
    pub ignored: Vec<String>,
}

/// An entry of `disagreements.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub name: String,
    /// On what they disagree.
    pub what: String,
    /// Why we decide as we do.
    pub why: String,
    /// Where AWS says so, or leaves it open.
    pub source: String,
}

#[derive(Deserialize)]
struct List {
    disagreement: Vec<Listed>,
}

type Mark = fn(&Disagreement) -> bool;

/// The disagreements by name, each with its mark.
const CAUSES: &[(&str, Mark)] = &[
    ("resource-types-corrected", |found| {
        let corrected = ["eks:CreateCluster", "eks:ListClusters", "eks:ListTagsForResource"];
        let reasons = ["refused: must.use.wildcard", "refused: no.resource.types"];
        let action = found.case["request"]["action"].as_str().unwrap();
        corrected.contains(&action) && reasons.contains(&found.theirs.as_str())
    }),
    ("old-version-has-no-variables", |found| {
        found.policies().any(|policy| policy["Version"] == "2008-10-17" && policy.to_string().contains("${"))
    }),
    ("wildcard-in-type-of-resource", |found| found.patterns().any(|pattern| has_wildcard_in_type(&pattern))),
    ("several-values-without-set-operator", |found| {
        found.any_line(|line| !line.operator.starts_with("For") && line.given.is_some_and(Value::is_array))
    }),
    ("variable-without-value-when-negated", |found| {
        found.any_line(|line| {
            line.given.is_none() && line.operator.contains("Not") && line.wanted.iter().any(|text| line.is_open(text))
        })
    }),
    ("escape-in-equals", |found| {
        found.any_line(|line| line.operator.contains("Equals") && line.wanted.iter().any(|text| text.contains("${*}")))
    }),
    ("any-arn", |found| {
        found.any_line(|line| line.operator.contains("Arn") && line.wanted.iter().any(|text| text == "*"))
    }),
    ("seconds-since-1970", |found| {
        let seconds = |text: &String| text.len() > 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        found.any_line(|line| line.operator.contains("Date") && line.wanted.iter().any(seconds))
    }),
    ("range-of-all-addresses", |found| {
        found.any_line(|line| line.operator.contains("IpAddress") && line.wanted.iter().any(|text| text == "0.0.0.0/0"))
    }),
    ("other-family-of-addresses", |found| {
        found
            .any_line(|line| line.operator.contains("NotIpAddress") && line.given.is_some_and(|ip| ip == "2001:db8::1"))
    }),
    ("text-that-is-no-number", |found| {
        let no_number = |text: &String| text.parse::<f64>().is_err();
        found.any_line(|line| {
            line.operator.contains("Numeric") && line.given.is_some_and(|given| texts(given).iter().any(no_number))
        })
    }),
];

/// One line of a Condition, with what the request carries for its key.
struct Line<'a> {
    operator: &'a str,
    wanted: Vec<String>,
    given: Option<&'a Value>,
    context: &'a Value,
}

impl Line<'_> {
    /// Whether the text holds a variable of a key that the request lacks.
    fn is_open(&self, text: &str) -> bool {
        let variable = text.split_once("${").and_then(|(_, rest)| rest.split_once('}'));
        variable.is_some_and(|(name, _)| name.contains(':') && !name.contains(',') && self.context.get(name).is_none())
    }
}

impl Disagreement {
    fn policies(&self) -> impl Iterator<Item = &Value> {
        self.case["policies"].as_array().unwrap().iter()
    }

    fn statements(&self) -> impl Iterator<Item = &Value> {
        self.policies().flat_map(|policy| policy["Statement"].as_array().unwrap())
    }

    fn patterns(&self) -> impl Iterator<Item = String> {
        self.statements().flat_map(|statement| [&statement["Resource"], &statement["NotResource"]]).flat_map(texts)
    }

    fn any_line(&self, test: impl Fn(&Line<'_>) -> bool) -> bool {
        let context = &self.case["request"]["context"];
        let blocks = self.statements().filter_map(|statement| statement["Condition"].as_object());
        blocks.flatten().any(|(operator, lines)| {
            lines
                .as_object()
                .unwrap()
                .iter()
                .any(|(key, wanted)| test(&Line { operator, wanted: texts(wanted), given: context.get(key), context }))
        })
    }
}

/// Whether a wildcard stands in what comes before the first `/` of the resource.
fn has_wildcard_in_type(pattern: &str) -> bool {
    let resource = pattern.splitn(6, ':').nth(5).unwrap_or_default();
    !pattern.contains(":s3:::") && resource.split_once('/').is_some_and(|(kind, _)| kind.contains(['*', '?']))
}

/// The listed disagreement that this is; the first that fits.
pub fn cause(found: &Disagreement) -> Option<&'static str> {
    CAUSES.iter().find(|(_, test)| test(found)).map(|(name, _)| *name)
}

/// The entries of `disagreements.toml`.
pub fn listed() -> Vec<Listed> {
    toml::from_str::<List>(include_str!("disagreements.toml")).unwrap().disagreement
}

/// The first few, one per line.
pub fn lines(found: &[Disagreement]) -> String {
    let line = |d: &Disagreement| format!("ours {}, theirs {}, ignored {:?}: {}", d.ours, d.theirs, d.ignored, d.case);
    found.iter().take(10).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_disagreement_is_listed_and_every_entry_has_its_mark() {
    let mut marks: Vec<&str> = CAUSES.iter().map(|(name, _)| *name).collect();
    let listed = listed();
    let mut names: Vec<&str> = listed.iter().map(|entry| entry.name.as_str()).collect();
    marks.sort_unstable();
    names.sort_unstable();
    assert_eq!(marks, names);
    for entry in &listed {
        assert!(!entry.what.is_empty() && !entry.why.is_empty() && entry.source.starts_with("https://"), "{entry:?}");
    }
}
