//! Policy documents line by line, each line beside what speaks for it.

use std::collections::BTreeMap;

use super::text;
use crate::audit::Finding;
use crate::iam::{
    ActionPattern, ArnPattern, INLINE_POLICY_CHARACTERS_PER_ROLE, INLINE_POLICY_CHARACTERS_PER_USER,
    MANAGED_POLICY_CHARACTERS, PolicyDocument, PrincipalArn,
};
use crate::report::RenderError;
use crate::report::json::to_json;
use crate::report::model::{Grant, Report};
use crate::report::overview::PresentDocument;
use crate::report::words::{count, grouped};

/// A document.
#[derive(Debug)]
pub struct Document {
    pub name: String,
    /// What is said of it beside its name.
    pub about: String,
    pub lines: Vec<Line>,
}

/// One line of it.
#[derive(Debug, Default)]
pub struct Line {
    pub indent: String,
    pub text: String,
    /// Where its evidence is told: the id of an element of the page.
    pub link: Option<String>,
    pub note: String,
    /// The note is a finding.
    pub bad: bool,
}

/// How much of a quota is used.
#[derive(Debug)]
pub struct Size {
    pub name: String,
    pub characters: usize,
    pub limit: usize,
    pub text: String,
}

/// The documents of our own, with links to the grants in their order in the report.
pub fn generated(report: &Report) -> Result<Vec<Document>, RenderError> {
    let grants: Vec<(usize, &Grant)> = report.grants.iter().enumerate().collect();
    let documents = report.policies.iter().map(|policy| {
        let mut lines = lines(&policy.document)?;
        for (number, (statement, part)) in Parts::of(&lines).parts {
            let sid = policy.document.statements.get(statement).and_then(|one| one.sid.as_deref()).unwrap_or_default();
            let of_line = |grant: &&(usize, &Grant)| {
                let named = match &part {
                    Part::Action(pattern) => pattern.matches(&grant.1.action),
                    Part::Resource(pattern) => *pattern == grant.1.resource,
                };
                grant.1.role == policy.role && grant.1.sid == sid && named
            };
            let behind: Vec<&(usize, &Grant)> = grants.iter().filter(of_line).collect();
            if let (Some(line), Some((first, _))) = (lines.get_mut(number), behind.first()) {
                line.link = Some(format!("g{first}"));
                // Resources share their events with their actions, where they are told.
                if matches!(part, Part::Action(_)) {
                    line.note = note(&behind);
                }
            }
        }
        let about = format!(
            "{}, {} of {} characters",
            count(policy.document.statements.len() as u64, "statement"),
            grouped(policy.characters as u64),
            grouped(policy.limit as u64)
        );
        Ok(Document { name: format!("{}.json", text(&policy.name)), about, lines })
    });
    documents.collect()
}

impl Line {
    /// As text between tags, where quotation marks need no escape: JSON is full of them.
    pub fn html(&self) -> String {
        self.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    }
}

/// The documents that the role has, with links to the findings in their order in the report.
pub fn present(report: &Report) -> Result<Vec<Document>, RenderError> {
    let documents = report.present.iter().map(|policy| {
        let mut lines = lines(&policy.document)?;
        let parts = Parts::of(&lines);
        for (index, finding) in report.findings.iter().enumerate() {
            let Some(place) = finding.place.as_ref().filter(|place| place.policy == policy.name) else { continue };
            let number = parts.line_of(finding, place.statement);
            if let Some(line) = number.and_then(|number| lines.get_mut(number)) {
                if line.link.is_none() {
                    line.link = Some(format!("f{index}"));
                }
                let more = if line.note.is_empty() { "" } else { ", " };
                line.note.push_str(&format!("{more}{}", finding.kind));
                line.bad = true;
            }
        }
        let characters = format!("{} characters as IAM counts", grouped(policy.characters as u64));
        let about = format!("{}, {characters}", count(policy.document.statements.len() as u64, "statement"));
        Ok(Document { name: text(policy.file.as_deref().unwrap_or(&policy.name)), about, lines })
    });
    documents.collect()
}

/// What a line of a statement holds.
enum Part {
    Action(ActionPattern),
    Resource(ArnPattern),
}

/// Which lines, from 0, hold what of which statement.
#[derive(Default)]
struct Parts {
    parts: BTreeMap<usize, (usize, Part)>,
    /// The first line of each statement.
    starts: Vec<usize>,
}

impl Parts {
    /// The places in the text that the lines make. It was written by us, so it reads back.
    fn of(lines: &[Line]) -> Self {
        let whole: Vec<String> = lines.iter().map(|line| format!("{}{}", line.indent, line.text)).collect();
        let read = PolicyDocument::parse_with_lines(&whole.join("\n"));
        let places = read.map(|(_, places)| places.statements).unwrap_or_default();
        let mut found = Self::default();
        for (statement, places) in places.into_iter().enumerate() {
            found.starts.push(places.line.saturating_sub(1));
            let actions = places.actions.into_iter().map(|(pattern, line)| (line, Part::Action(pattern)));
            let resources = places.resources.into_iter().map(|(pattern, line)| (line, Part::Resource(pattern)));
            let parts = actions.chain(resources).map(|(line, part)| (line.saturating_sub(1), (statement, part)));
            found.parts.extend(parts);
        }
        found
    }

    /// The line that holds what the finding is about; the first of its statement where none does.
    fn line_of(&self, finding: &Finding, statement: usize) -> Option<usize> {
        let about = |part: &Part| match part {
            Part::Action(pattern) => pattern.as_str() == finding.subject,
            Part::Resource(pattern) => finding.subject.ends_with(pattern.as_str()),
        };
        let exact = self.parts.iter().find(|(_, (of, part))| *of == statement && about(part));
        exact.map(|(number, _)| *number).or_else(|| self.starts.get(statement).copied())
    }
}

fn lines(document: &PolicyDocument) -> Result<Vec<Line>, RenderError> {
    let json = to_json(document)?;
    let line = |line: &str| {
        let text = line.trim_start();
        Line { indent: " ".repeat(line.len() - text.len()), text: text.to_owned(), ..Line::default() }
    };
    Ok(json.trim_end().lines().map(line).collect())
}

fn note(behind: &[&(usize, &Grant)]) -> String {
    // The same event may speak for several grants: the largest count is the honest lower bound.
    let events = behind.iter().map(|(_, grant)| grant.evidence.events).max().unwrap_or_default();
    let last = behind.iter().map(|(_, grant)| grant.evidence.last_seen).max();
    let day = last.map(|last| last.strftime(", last %Y-%m-%d").to_string()).unwrap_or_default();
    format!("{}{day}", count(events, "event"))
}

/// Each policy against its own quota, and those that a role may hold inline together.
pub fn sizes(report: &Report) -> Vec<Size> {
    let size = |name: &str, characters: usize, limit: usize| Size {
        name: text(name),
        characters,
        limit,
        text: format!("{} of {}", grouped(characters as u64), grouped(limit as u64)),
    };
    let own = report.policies.iter().map(|policy| size(&policy.name, policy.characters, policy.limit));
    let mut sizes: Vec<Size> = own.collect();
    let of_all = |documents: &[PresentDocument]| documents.iter().map(|one| one.characters).sum::<usize>();
    let (what, all) = match report.policies.is_empty() {
        true => ("present policies", of_all(&report.present)),
        false => ("all of it", report.policies.iter().map(|policy| policy.characters).sum()),
    };
    if report.policies.is_empty() {
        let each = report
            .present
            .iter()
            .map(|one| size(&format!("{}, as a managed policy", one.name), one.characters, MANAGED_POLICY_CHARACTERS));
        sizes.extend(each);
    }
    let is_role = report.scope.roles.first().is_none_or(PrincipalArn::is_role);
    let (holder, limit) = match is_role {
        true => ("a role", INLINE_POLICY_CHARACTERS_PER_ROLE),
        false => ("a user", INLINE_POLICY_CHARACTERS_PER_USER),
    };
    sizes.push(size(&format!("{what}, inline in {holder}"), all, limit));
    sizes
}
