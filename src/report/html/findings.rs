//! Findings, the most severe first. Where many are alike they are folded into one line, and what all of them say is said
//! once: a reviewer wants to see twelve kinds of trouble, not one kind twelve hundred times.

use std::collections::BTreeSet;

use super::verdict::Tone;
use super::{Rich, rich, text, tone};
use crate::audit::Finding;
use crate::report::words::{grouped, place_text};

/// More of one kind and severity than this are folded.
const MOST_OPEN: usize = 40;

/// Findings that stand together.
pub struct Group {
    /// Kind, severity and number, where they are folded.
    pub title: Option<(&'static str, String)>,
    /// Evidence that all of a folded group share.
    pub shared: Vec<Rich>,
    /// The remedy that all of a folded group share.
    pub remedy: Option<Rich>,
    pub findings: Vec<View>,
}

/// One finding.
pub struct View {
    pub index: usize,
    pub tone: Tone,
    pub severity: &'static str,
    pub confidence: String,
    pub kind: &'static str,
    pub message: Rich,
    pub place: String,
    pub evidence: Vec<Rich>,
    /// Empty where the group has it.
    pub remedy: Rich,
    pub id: String,
}

/// All findings in their order.
pub fn groups(findings: &[Finding]) -> Vec<Group> {
    let numbered: Vec<(usize, &Finding)> = findings.iter().enumerate().collect();
    let alike = |left: &(usize, &Finding), right: &(usize, &Finding)| {
        (left.1.severity, left.1.kind) == (right.1.severity, right.1.kind)
    };
    let mut groups: Vec<Group> = Vec::new();
    for run in numbered.chunk_by(alike) {
        if run.len() > MOST_OPEN {
            groups.extend(folded(run));
            continue;
        }
        let views = run.iter().map(|(index, finding)| view(*index, finding, &BTreeSet::new(), false));
        match groups.last_mut().filter(|group| group.title.is_none()) {
            Some(open) => open.findings.extend(views),
            None => groups.push(Group { title: None, shared: Vec::new(), remedy: None, findings: views.collect() }),
        }
    }
    groups
}

fn folded(run: &[(usize, &Finding)]) -> Option<Group> {
    let (_, first) = run.first()?;
    let by_all = |fact: &&String| run.iter().all(|(_, finding)| finding.evidence.contains(fact));
    let shared: BTreeSet<&str> = first.evidence.iter().filter(by_all).map(String::as_str).collect();
    let one_remedy = run.iter().all(|(_, finding)| finding.remedy == first.remedy);
    Some(Group {
        title: Some((first.kind.as_str(), format!("{} ({})", first.severity.as_str(), grouped(run.len() as u64)))),
        shared: shared.iter().map(|fact| rich(fact)).collect(),
        remedy: one_remedy.then(|| rich(&first.remedy)),
        findings: run.iter().map(|(index, finding)| view(*index, finding, &shared, one_remedy)).collect(),
    })
}

fn view(index: usize, finding: &Finding, shared: &BTreeSet<&str>, without_remedy: bool) -> View {
    View {
        index,
        tone: tone(finding.severity),
        severity: finding.severity.as_str(),
        confidence: finding.confidence.to_string(),
        kind: finding.kind.as_str(),
        message: rich(&finding.message),
        place: finding.place.as_ref().map(|place| text(&place_text(place))).unwrap_or_default(),
        evidence: finding
            .evidence
            .iter()
            .filter(|fact| !shared.contains(fact.as_str()))
            .map(|fact| rich(fact))
            .collect(),
        remedy: if without_remedy { Rich::new() } else { rich(&finding.remedy) },
        id: text(&finding.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn many_alike_are_folded_and_say_once_what_all_say() {
        let sample = samples::audited();
        let first = sample.findings.first().unwrap();
        let mut many: Vec<Finding> = Vec::new();
        for number in 0..=MOST_OPEN {
            let mut one = first.clone();
            one.evidence = vec!["seen by all".into(), format!("on {number}")];
            many.push(one);
        }
        let [folded] = groups(&many).try_into().ok().unwrap();
        assert_eq!(folded.findings.len(), many.len());
        assert!(folded.title.is_some() && folded.remedy.is_some() && folded.shared.len() == 1);
        assert!(folded.findings.iter().all(|one| one.evidence.len() == 1 && one.remedy.is_empty()));
        many.pop();
        let [open] = groups(&many).try_into().ok().unwrap();
        assert!(open.title.is_none() && open.findings.iter().all(|one| one.evidence.len() == 2));
    }
}
