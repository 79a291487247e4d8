//! `junit`: the proof, the findings and the gaps as test cases, for the test tab of a CI system.
//!
//! A finding is a failed case, a gap in the evidence is a skipped one.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::model::Report;
use super::visible::visible;
use super::words::count;
use super::{RenderError, Renderer};
use crate::audit::Finding;

/// Renders the test report.
#[derive(Debug)]
pub struct JunitRenderer;

impl Renderer for JunitRenderer {
    fn render(&self, report: &Report) -> Result<String, RenderError> {
        let mut junit = quick_junit::Report::new(report.tool.name);
        // An audit proves nothing of a policy of ours: it has none.
        let proof = (!report.policies.is_empty()).then(|| proof(report));
        junit.add_test_suites(proof.into_iter().chain([findings(report), coverage(report)]));
        let xml = junit.to_string().map_err(|error| RenderError::Junit(Box::new(error)))?;
        Ok(xml.trim_end().to_owned() + "\n")
    }
}

fn proof(report: &Report) -> TestSuite {
    let proof = &report.proof;
    let requests = format!("{} allowed", count(proof.requests as u64, "observed request"));
    let grants = format!("{} needed", count(proof.grants_tested as u64, "grant"));
    let cases = [(requests, proof.requests == proof.allowed), (grants, proof.removable == 0)];
    let mut suite = TestSuite::new("proof");
    suite.add_test_cases(cases.map(|(name, holds)| {
        let status =
            if holds { TestCaseStatus::success() } else { TestCaseStatus::non_success(NonSuccessKind::Failure) };
        case(&name, "proof", status)
    }));
    suite
}

fn findings(report: &Report) -> TestSuite {
    let mut suite = TestSuite::new("findings");
    suite.add_test_cases(report.findings.iter().map(failed));
    if report.policies.is_empty() && report.findings.is_empty() {
        suite.add_test_case(case("nothing to mend", "findings", TestCaseStatus::success()));
    }
    suite
}

fn failed(finding: &Finding) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(finding.kind.as_str()).set_message(visible(&finding.message));
    let facts: Vec<String> = finding.evidence.iter().map(|fact| visible(fact).into_owned()).collect();
    status.set_description(format!("{}\n{}", facts.join("\n"), visible(&finding.remedy)));
    case(&format!("{}: {}", finding.kind, finding.subject), finding.severity.as_str(), status)
}

fn coverage(report: &Report) -> TestSuite {
    let mut suite = TestSuite::new("coverage");
    let gaps = report.coverage.shortcomings(&report.records);
    suite.add_test_cases(gaps.iter().map(|gap| case(gap, "coverage", TestCaseStatus::skipped())));
    suite
}

fn case(name: &str, class: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(visible(name), status);
    case.set_classname(class.to_owned());
    case
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn findings_fail_gaps_are_skipped_and_markup_is_escaped() {
        let report = samples::hostile();
        let xml = JunitRenderer.render(&report).unwrap();
        assert_eq!(xml.matches("<failure").count(), report.findings.len());
        assert_eq!(xml.matches("<skipped").count(), report.coverage.shortcomings(&report.records).len());
        assert!(!xml.contains("<script"), "{xml}");
    }
}
