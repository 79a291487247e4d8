//! `html`: one page for a reviewer. Works from disk without network, prints, follows light and dark.
//!
//! The template escapes markup; what a reader can't see is written out before it gets there. The one script filters and
//! opens; without it everything is there all the same. A policy in the page allows that script alone, by its hash.

mod bars;
mod changes;
mod documents;
mod findings;
mod grants;
mod graph;
mod heat;
mod verdict;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::model::{DeniedCall, Report, resource_text};
use super::overview::EscalationPath;
use super::visible::visible;
use super::words::{count, denial_words, grouped};
use super::{RenderError, Renderer};
use crate::audit::{FindingKind, Severity};
use crate::catalog::Catalog;

/// Renders the page.
#[derive(Debug)]
pub struct HtmlRenderer;

impl Renderer for HtmlRenderer {
    fn render(&self, report: &Report) -> Result<String, RenderError> {
        Ok(page(report)?.render()?.trim_end().to_owned() + "\n")
    }
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    script_hash: &'static str,
    script: &'static str,
    kind: &'static str,
    names: String,
    arns: String,
    verdict: verdict::Verdict,
    tiles: Vec<verdict::Tile>,
    window: String,
    asked: Option<String>,
    checks: Vec<verdict::Check>,
    sections: Vec<Section>,
    is_audit: bool,
    findings: Vec<findings::Group>,
    changes: Option<changes::Changes>,
    bars: bars::Bars,
    heat: Option<heat::Heat>,
    graphs: Vec<GraphView>,
    rules: Vec<grants::Rule>,
    withheld: Vec<Row>,
    services: Vec<grants::Service>,
    documents: Vec<documents::Document>,
    sizes: Vec<documents::Size>,
    denied: Vec<Row>,
    unmapped: Vec<String>,
    tool: String,
    catalog_date: String,
    sources: String,
    inputs: Vec<Input>,
    schema_version: u32,
}

/// An entry of the page's table of contents.
struct Section {
    id: &'static str,
    title: &'static str,
    /// How many there are of what it shows.
    number: String,
}

/// A call or an action, what it is on, and why it stands there.
struct Row {
    what: String,
    resource: String,
    why: String,
    times: String,
}

/// A text in parts, each with whether it stood between backticks.
type Rich = Vec<(bool, String)>;

struct GraphView {
    id: usize,
    drawing: graph::Graph,
    label: String,
    paths: Vec<PathView>,
}

struct PathView {
    goal: String,
    steps: Vec<(String, String)>,
    others: String,
    /// Every step is needed by the work itself.
    needed: bool,
}

struct Input {
    source: String,
    files: String,
    bytes: String,
    sha256: String,
}

static SCRIPT: &str = include_str!("../templates/page.js");

/// The script's hash as a browser's policy names it: of what stands between the tags.
fn script_hash() -> &'static str {
    static HASH: LazyLock<String> = LazyLock::new(|| STANDARD.encode(Sha256::digest(SCRIPT)));
    &HASH
}

fn page(report: &Report) -> Result<Page, RenderError> {
    let short = report.coverage.shortcomings(&report.records).len();
    let is_audit = report.policies.is_empty();
    let documents = if is_audit { documents::present(report)? } else { documents::generated(report)? };
    let mut page = Page {
        script_hash: script_hash(),
        script: SCRIPT,
        kind: if is_audit { "Audit of" } else { "Policy for" },
        names: names(report),
        arns: list(&report.scope.roles),
        verdict: verdict::verdict(report, short),
        tiles: verdict::tiles(report),
        window: verdict::window(report),
        asked: verdict::asked(report),
        checks: verdict::checks(report),
        sections: Vec::new(),
        is_audit,
        findings: findings::groups(&report.findings),
        changes: report.comparison.as_ref().map(changes::changes),
        bars: bars::bars(&report.services, Catalog::embedded()),
        heat: heat::heat(&report.activity),
        graphs: graphs(report),
        rules: grants::rules(report),
        withheld: report.withheld.iter().map(withheld).collect(),
        services: grants::services(report),
        documents,
        sizes: documents::sizes(report),
        denied: report.coverage.denied_alike().iter().map(denied).collect(),
        unmapped: unmapped(report),
        tool: format!("{} {}", report.tool.name, report.tool.version),
        catalog_date: text(&report.tool.catalog_date),
        sources: list(&report.scope.sources),
        inputs: inputs(report),
        schema_version: report.schema_version,
    };
    page.sections = sections(&page, report, short);
    Ok(page)
}

/// What the page holds, in its order.
fn sections(page: &Page, report: &Report, short: usize) -> Vec<Section> {
    let number = |number: usize| if number == 0 { String::new() } else { grouped(number as u64) };
    let all = [
        ("findings", "Findings", number(report.findings.len()), page.is_audit || !page.findings.is_empty()),
        ("evidence", "Evidence", number(short), true),
        ("changes", "Changes", String::new(), page.changes.is_some()),
        ("access", "Granted and used", String::new(), !page.bars.rows.is_empty()),
        ("calls", "Calls over time", String::new(), page.heat.is_some()),
        ("paths", "Paths to more", number(report.paths.len()), true),
        ("wider", "Wider than seen", number(report.widenings.len()), !page.is_audit),
        ("grants", "Grants", number(report.grants.len()), !page.services.is_empty()),
        ("documents", "Documents", number(page.documents.len()), !page.documents.is_empty()),
        ("sizes", "Sizes", String::new(), !page.documents.is_empty()),
    ];
    let held = all.into_iter().filter(|(_, _, _, held)| *held);
    held.map(|(id, title, number, _)| Section { id, title, number }).collect()
}

fn names(report: &Report) -> String {
    let names: Vec<&str> = report.scope.roles.iter().map(crate::iam::PrincipalArn::name).collect();
    list(&names)
}

fn tone(severity: Severity) -> verdict::Tone {
    match severity {
        Severity::High => "bad",
        Severity::Medium => "warn",
        Severity::Low | Severity::Informational => "plain",
    }
}

/// One drawing for each role.
fn graphs(report: &Report) -> Vec<GraphView> {
    let roles: BTreeSet<_> = report.paths.iter().map(|path| &path.role).collect();
    let told: BTreeSet<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.kind == FindingKind::PrivilegeEscalation && !finding.needed)
        .map(|finding| finding.subject.as_str())
        .collect();
    let graph = |(id, role): (usize, &crate::iam::PrincipalArn)| {
        let paths: Vec<&EscalationPath> = report.paths.iter().filter(|path| path.role == *role).collect();
        let drawing = graph::graph(role.name(), &paths)?;
        let label = text(&format!("Paths from {} to more permissions; told in words below", role.name()));
        let path = |path: &&EscalationPath| PathView {
            goal: text(&path.goal),
            steps: path.steps.iter().map(|step| (step.action.to_string(), text(&step.resource))).collect(),
            others: text(&path.others.join(", ")),
            needed: !told.contains(path.family.as_str()),
        };
        Some(GraphView { id, drawing, label, paths: paths.iter().map(path).collect() })
    };
    roles.into_iter().enumerate().filter_map(graph).collect()
}

fn withheld(withheld: &super::model::Withheld) -> Row {
    Row {
        what: text(&withheld.action.to_string()),
        resource: text(&resource_text(&withheld.resource)),
        why: text(&format!("rule `{}`: {}", withheld.rule, withheld.reason)),
        times: String::new(),
    }
}

fn denied(call: &DeniedCall) -> Row {
    let named = call.action.as_ref().map(ToString::to_string);
    let granted = if call.granted { "granted on request" } else { "not granted" };
    Row {
        what: text(&named.unwrap_or_else(|| format!("{} {}", call.event_source, call.event_name))),
        resource: call.resource.as_ref().map(|resource| text(&resource_text(resource))).unwrap_or_default(),
        why: format!("{}; {granted}", denial_words(call.policy_type, call.explicit)),
        times: grouped(call.count),
    }
}

fn unmapped(report: &Report) -> Vec<String> {
    let events = report.coverage.unmapped_events.iter();
    let line = |event: &super::model::UnmappedEvent| {
        text(&format!("{} {}, {}", event.event_source, event.event_name, count(event.count, "event")))
    };
    events.map(line).collect()
}

fn inputs(report: &Report) -> Vec<Input> {
    let input = |input: &super::overview::InputDigest| Input {
        source: text(&input.source),
        files: grouped(input.files),
        bytes: grouped(input.bytes),
        sha256: input.sha256.clone(),
    };
    report.inputs.iter().map(input).collect()
}

fn list(items: &[impl ToString]) -> String {
    items.iter().map(|item| text(&item.to_string())).collect::<Vec<_>>().join(", ")
}

fn text(text: &str) -> String {
    visible(text).into_owned()
}

/// What stands between backticks is set as code. A lone backtick is text.
fn rich(plain: &str) -> Rich {
    let plain = text(plain);
    if plain.matches('`').count() % 2 == 1 {
        return vec![(false, plain)];
    }
    let parts = plain.split('`').enumerate().map(|(at, part)| (at % 2 == 1, part.to_owned()));
    parts.filter(|(_, part)| !part.is_empty()).collect()
}

fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn markup_from_a_log_is_never_markup() {
        for report in [samples::hostile(), samples::hostile_audit()] {
            let page = HtmlRenderer.render(&report).unwrap();
            assert_eq!(page.matches("<script").count(), 1);
            assert!(page.contains("&#60;script"), "{page}");
            assert_eq!(page.matches("</style>").count(), 1);
        }
    }

    #[test]
    fn the_page_asks_for_nothing_from_outside() {
        let page = HtmlRenderer.render(&samples::large(3)).unwrap();
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="), "{page}");
    }

    #[test]
    fn the_policy_of_the_page_allows_its_script_and_no_other() {
        let page = HtmlRenderer.render(&samples::large(1)).unwrap();
        let (_, script) = page.split_once("<script>").unwrap();
        let (script, _) = script.split_once("</script>").unwrap();
        let hash = STANDARD.encode(Sha256::digest(script));
        assert!(page.contains(&format!("script-src 'sha256-{hash}'")), "{hash}");
    }

    #[test]
    fn backticks_set_code_in_pairs() {
        assert_eq!(
            rich("no `a:B` on"),
            [(false, "no ".to_owned()), (true, "a:B".to_owned()), (false, " on".to_owned())]
        );
        assert_eq!(rich("a ` b"), [(false, "a ` b".to_owned())]);
    }

    #[test]
    fn two_thousand_grants_stay_under_a_megabyte() {
        let size = HtmlRenderer.render(&samples::crowded(2_000)).unwrap().len();
        assert!(size < 1_000_000, "{size}");
    }

    #[test]
    fn every_link_leads_to_an_element() {
        for report in [samples::hostile(), samples::large(30), samples::audited()] {
            let page = HtmlRenderer.render(&report).unwrap();
            let ids: BTreeSet<&str> =
                page.split(" id=").skip(1).filter_map(|rest| rest.split([' ', '>']).next()).collect();
            let ids: BTreeSet<&str> = ids.into_iter().map(|id| id.trim_matches('"')).collect();
            for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(ids.contains(link), "{link}");
            }
        }
    }
}
