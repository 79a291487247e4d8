//! `markdown`: a comment for a pull request. The verdict first, details folded, within GitHub's limit.
//!
//! Everything from a log stands in code spans, where it is neither markup nor a mention.

use std::fmt::Write as _;

use super::condition_text::condition_lines;
use super::json::to_json;
use super::model::{DeniedCall, Grant, Policy, Report, UnmappedEvent, Widening, Withheld, resource_text, rule_name};
use super::overview::ChangedAccess;
use super::visible::visible;
use super::words::{count, denial_words, grouped, origin_name, place_text, reason_name, severities};
use super::{RenderError, Renderer};
use crate::aggregator::Origin;
use crate::audit::Finding;
use crate::iam::Action;

/// Renders the comment.
#[derive(Debug)]
pub struct MarkdownRenderer;

/// GitHub refuses a comment of more than 65,536 characters. Bytes are counted here, which are never fewer.
const LIMIT: usize = 65_536;

/// Kept free for what closes the sections that are still to come.
const RESERVE: usize = 1_536;

impl Renderer for MarkdownRenderer {
    fn render(&self, report: &Report) -> Result<String, RenderError> {
        let is_audit = report.policies.is_empty();
        let mut text = if is_audit { audit_verdict(report) } else { verdict(report) };
        let rows = report.findings.iter().map(finding_row);
        // A short list is read, a long one is opened.
        let open = is_audit && report.findings.len() <= SHORT;
        fold_as(&mut text, open, "Findings", FINDING_HEAD, rows);
        comparison(&mut text, report);
        not_shown(&mut text, report);
        let widenings = report.widenings.iter().map(widening_row);
        fold(&mut text, "Where the policy is wider than the evidence", WIDENING_HEAD, widenings);
        let withheld = report.withheld.iter().map(withheld_row);
        fold(&mut text, "Seen and withheld by the configuration file", WITHHELD_HEAD, withheld);
        fold(&mut text, "What is granted, and why", GRANT_HEAD, report.grants.iter().map(grant_row));
        for policy in &report.policies {
            policy_block(&mut text, policy)?;
        }
        Ok(text)
    }
}

const CHANGE_HEAD: &str = "| actions | on | for example |\n|---|---|---|\n";
const WIDENING_HEAD: &str = "| rule | action | resource | why |\n|---|---|---|---|\n";
const FINDING_HEAD: &str = "| severity | kind | where | what | remedy |\n|---|---|---|---|---|\n";
const WITHHELD_HEAD: &str = "| action | resource | rule | reason |\n|---|---|---|---|\n";
const GRANT_HEAD: &str = "| action | resource | events | last seen | remark |\n|---|---|--:|---|---|\n";

/// So many findings are shown unfolded.
const SHORT: usize = 15;

fn audit_verdict(report: &Report) -> String {
    let roles: Vec<String> = report.scope.roles.iter().map(|role| code(&role.to_string())).collect();
    let mut text = format!("## Audit of {}\n\n", roles.join(", "));
    let _ = match report.findings.len() {
        0 => writeln!(text, "**Nothing to mend**: what is granted was used, and what was used is granted.\n"),
        number => writeln!(text, "**{}**: {}.\n", count(number as u64, "finding"), severities(&report.findings)),
    };
    if let (Some(first), Some(last)) = (report.coverage.first_event, report.coverage.last_event) {
        let (first, last) = (first.strftime("%Y-%m-%d"), last.strftime("%Y-%m-%d"));
        let _ = writeln!(
            text,
            "Evidence from {first} to {last}; {} of the role used.",
            count(report.records.used, "record")
        );
    }
    text
}

fn verdict(report: &Report) -> String {
    let roles: Vec<String> = report.scope.roles.iter().map(|role| code(&role.to_string())).collect();
    let proof = &report.proof;
    let mut text = format!("## Policy for {}\n\n", roles.join(", "));
    let _ = writeln!(
        text,
        "**Proved**: all {} allowed; of {}, {} could go. {} where it is wider than the evidence.\n",
        count(proof.requests as u64, "observed request"),
        count(proof.grants_tested as u64, "grant"),
        proof.removable,
        count(report.widenings.len() as u64, "place"),
    );
    text.push_str("| policy | statements | characters |\n|---|--:|--:|\n");
    for policy in &report.policies {
        let statements = policy.document.statements.len();
        let (size, limit) = (grouped(policy.characters as u64), grouped(policy.limit as u64));
        let _ = writeln!(text, "| {} | {statements} | {size} of {limit} |", code(&policy.name));
    }
    let records = &report.records;
    let skipped = records.read.saturating_sub(records.used);
    let _ = write!(
        text,
        "\n{} read, {} used, {} skipped",
        count(records.read, "record"),
        grouped(records.used),
        grouped(skipped)
    );
    let reasons: Vec<String> = records
        .skipped
        .iter()
        .map(|(reason, number)| format!("{} {}", grouped(*number), reason_name(*reason)))
        .collect();
    let _ =
        writeln!(text, "{}.", if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) });
    text
}

/// The new policy beside the present one: numbers first, then each change.
fn comparison(text: &mut String, report: &Report) {
    let Some(comparison) = &report.comparison else { return };
    let counts: Vec<String> = comparison.counts().map(|(what, number)| format!("{number} {what}")).into();
    let policies: Vec<String> = comparison.policies.iter().map(|policy| code(policy)).collect();
    let _ = writeln!(text, "\nBeside {}, actions: {}.", policies.join(", "), counts.join(", "));
    for (title, meaning, changes) in comparison.sections() {
        fold(text, &format!("{title}: {meaning}"), CHANGE_HEAD, changes.iter().map(change_row));
    }
    let undecided = comparison.undecided.iter().map(|one| row([code(&action_list(&one.actions)), code(&one.reason)]));
    fold(text, "Can't be decided", "| actions | because of |\n|---|---|\n", undecided);
    let kept = comparison.kept.iter().map(|one| row([code(&one.action.to_string()), code(&one.resources.join(", "))]));
    fold(text, "Kept: allowed as before", "| action | resources |\n|---|---|\n", kept);
}

fn change_row(change: &ChangedAccess) -> String {
    let future = if change.future_actions { " and such as may come" } else { "" };
    row([
        code(&format!("{}{future}", action_list(&change.actions))),
        code(change.resource.as_deref().unwrap_or("all but some")),
        code(&change.example.to_string()),
    ])
}

fn action_list(actions: &[Action]) -> String {
    actions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn not_shown(text: &mut String, report: &Report) {
    let coverage = &report.coverage;
    let alike = coverage.denied_alike();
    let denied = alike.iter().map(denied_row);
    fold(text, "Calls that AWS denied", "| call | on | why | times |\n|---|---|---|--:|\n", denied);
    let unmapped = coverage.unmapped_events.iter().map(unmapped_row);
    fold(text, "Calls that no known action stands for", "| source | event | times |\n|---|---|--:|\n", unmapped);
    let mut remarks = Vec::new();
    if coverage.unknown_outcome > 0 {
        remarks.push(format!("{} of unknown outcome", count(coverage.unknown_outcome, "call")));
    }
    if coverage.truncated + coverage.hidden > 0 {
        remarks
            .push(format!("{} with a field left out or hidden", count(coverage.truncated + coverage.hidden, "record")));
    }
    if coverage.data_events == 0 {
        remarks.push("no data events: access to S3 objects, DynamoDB items and the like can't show".to_owned());
    }
    remarks.extend(coverage.gaps.iter().map(|gap| code(gap)));
    let rows = remarks.into_iter().map(|remark| format!("- {remark}\n"));
    fold(text, "What else the logs could not show", "", rows);
}

fn finding_row(finding: &Finding) -> String {
    row([
        finding.severity.to_string(),
        finding.kind.to_string(),
        finding.place.as_ref().map(|place| code(&place_text(place))).unwrap_or_default(),
        code(&finding.message),
        code(&finding.remedy),
    ])
}

fn widening_row(widening: &Widening) -> String {
    let cells =
        [&rule_name(&widening.rule), &widening.action.to_string(), &widening.resource.to_string(), &widening.detail];
    row(cells.map(|cell| code(cell)))
}

fn withheld_row(withheld: &Withheld) -> String {
    let resource = resource_text(&withheld.resource);
    let cells = [&withheld.action.to_string(), &resource, &withheld.rule, &withheld.reason];
    row(cells.map(|cell| code(cell)))
}

fn grant_row(grant: &Grant) -> String {
    let mut remarks: Vec<String> = Vec::new();
    if grant.origin != Origin::Observed {
        remarks.push(origin_name(grant.origin).to_owned());
    }
    remarks.extend(condition_lines(&grant.condition).iter().map(|line| format!("if {}", code(line))));
    remarks.extend(grant.note.iter().map(|note| code(note)));
    row([
        code(&grant.action.to_string()),
        code(&grant.resource.to_string()),
        grouped(grant.evidence.events),
        grant.evidence.last_seen.strftime("%Y-%m-%d").to_string(),
        remarks.join("; "),
    ])
}

fn denied_row(call: &DeniedCall) -> String {
    let named = call.action.as_ref().map(ToString::to_string);
    row([
        code(&named.unwrap_or_else(|| format!("{} {}", call.event_source, call.event_name))),
        call.resource.as_ref().map(|resource| code(&resource_text(resource))).unwrap_or_default(),
        denial_words(call.policy_type, call.explicit),
        grouped(call.count),
    ])
}

fn unmapped_row(event: &UnmappedEvent) -> String {
    row([code(&event.event_source), code(&event.event_name), grouped(event.count)])
}

pub(super) fn row<const N: usize>(cells: [String; N]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// A folded section with as many rows as there is room for, and the number of those there is none for.
fn fold(text: &mut String, title: &str, head: &str, rows: impl ExactSizeIterator<Item = String>) {
    fold_as(text, false, title, head, rows);
}

pub(super) fn fold_as(
    text: &mut String,
    open: bool,
    title: &str,
    head: &str,
    rows: impl ExactSizeIterator<Item = String>,
) {
    let total = rows.len();
    if total == 0 {
        return;
    }
    let _ = write!(
        text,
        "\n<details{}><summary>{title} ({})</summary>\n\n",
        if open { " open" } else { "" },
        grouped(total as u64)
    );
    let mut shown = 0;
    for row in rows {
        // No head stands without a row.
        let head = if shown == 0 { head } else { "" };
        if text.len() + head.len() + row.len() > LIMIT - RESERVE {
            break;
        }
        text.push_str(head);
        text.push_str(&row);
        shown += 1;
    }
    match shown {
        0 => text.push_str("There is no room for them here; `--format json` has them all.\n"),
        _ if shown < total => {
            let _ = write!(text, "\n{} more; `--format json` has them all.\n", grouped((total - shown) as u64));
        }
        _ => {}
    }
    text.push_str("\n</details>\n");
}

fn policy_block(text: &mut String, policy: &Policy) -> Result<(), RenderError> {
    let json = to_json(&policy.document)?;
    if text.len() + json.len() > LIMIT - RESERVE {
        let _ = writeln!(text, "\nThere is no room for the document {} here.", code(&policy.name));
    } else {
        let title = html_text(&policy.name);
        let _ = write!(text, "\n<details><summary>{title}.json</summary>\n\n```json\n{json}```\n\n</details>\n");
    }
    Ok(())
}

/// Text between HTML tags, where Markdown still looks for its own marks: all but plain letters as entities.
fn html_text(text: &str) -> String {
    let mut escaped = String::new();
    for character in visible(text).chars() {
        if character.is_alphanumeric() || matches!(character, '-' | '.' | ' ') {
            escaped.push(character);
        } else {
            let _ = write!(escaped, "&#{};", u32::from(character));
        }
    }
    escaped
}

/// A code span that is safe in a table: the fence is longer than any run of backticks inside.
pub(super) fn code(text: &str) -> String {
    let text = visible(text).replace('|', "\\|");
    if text.is_empty() {
        return String::new();
    }
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn markup_between_tags_becomes_entities() {
        assert_eq!(html_text("a<b@c`"), "a&#60;b&#64;c&#96;");
    }

    #[test]
    fn backticks_and_pipes_stay_inside_the_span() {
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("``x`"), "``` ``x` ```");
    }

    #[test]
    fn a_comment_never_exceeds_the_limit() {
        let text = MarkdownRenderer.render(&samples::large(5_000)).unwrap();
        assert!(text.len() <= LIMIT, "{}", text.len());
        assert!(text.contains("more; `--format json` has them all"));
        let lines: Vec<&str> = text.lines().collect();
        let bare = |pair: &&[&str]| pair[0].starts_with("|---") && !pair[1].starts_with('|');
        assert_eq!(lines.windows(2).find(bare), None, "a head without rows");
        assert_eq!(text.matches("<details").count(), text.matches("</details>").count());
    }
}
