//! Which responses are kept whole.
//!
//! A response tells what a call made. Of calls that make nothing, the resolver takes ARNs from it and nothing else, unless
//! a row reads a field of it, or the service's ids tell their types.

use std::collections::BTreeSet;

use super::words::{among, any_of, text};
use crate::catalog::rules::{Rules, ServiceRules};

/// Members by which services tell of a failure in the response, or CloudTrail of what it left out.
const ALWAYS: &str = r#""(message|Message|errorMessage|omitted)""#;

/// The condition under which a response is kept whole.
pub fn kept_whole() -> String {
    let rules = Rules::embedded();
    let verbs = any_of(rules.common().create_verbs.iter().map(String::as_str));
    let services: BTreeSet<String> =
        rules.services().filter(|prefix| reads_answers(rules.service(prefix))).map(source_of).collect();
    let makers: BTreeSet<String> = rules.services().flat_map(|prefix| makers(rules.service(prefix))).collect();
    let mut tests = vec![
        format!("regexp_like(eventname, {})", text(&format!("^({verbs})"))),
        among("eventsource", services.iter().map(String::as_str)),
        format!("regexp_like(responseelements, {})", text(ALWAYS)),
    ];
    let (globs, names): (Vec<String>, Vec<String>) = makers.into_iter().partition(|name| name.contains('*'));
    if !names.is_empty() {
        tests.push(among("eventname", names.iter().map(String::as_str)));
    }
    for glob in globs {
        tests.push(format!("regexp_like(eventname, {})", text(&format!("^{}$", glob.replace('*', ".*")))));
    }
    tests.join(" OR ")
}

/// Operations that the rows name as makers of something.
fn makers(rules: &ServiceRules) -> Vec<String> {
    rules.types.values().flat_map(|rule| rule.created_by.iter().cloned()).collect()
}

/// Whether a row of the service reads a field of a response, or ids in it.
fn reads_answers(rules: &ServiceRules) -> bool {
    let when = |predicates: &[crate::catalog::rules::Predicate]| {
        predicates.iter().any(|one| one.to_string().contains("response."))
    };
    !rules.settings.id_prefixes.is_empty()
        || rules.types.values().any(|rule| {
            rule.arns.iter().chain(rule.vars.values()).any(|path| path.to_string().contains("response."))
                || rule.template.iter().any(|expression| expression.to_string().contains("response."))
                || when(&rule.when)
        })
        || rules.calls.iter().any(|row| {
            when(&row.when) || row.resources.iter().flatten().any(|one| one.to_string().contains("response."))
        })
        || rules.extra.iter().any(|row| {
            when(&row.when)
                || row.resources.iter().any(|one| one.to_string().contains("response."))
                || row.context.values().any(|value| value.contains("response."))
        })
        || rules.context.iter().any(|row| row.value.to_string().contains("response."))
}

/// The event source of a service with a rule file.
fn source_of(prefix: &str) -> String {
    let rules = Rules::embedded();
    let renamed = rules.common().event_sources.iter().find(|(_, known)| *known == prefix);
    let own = format!("{prefix}.amazonaws.com");
    if rules.prefix_of(&own) == prefix {
        own
    } else {
        renamed.map_or(own, |(source, _)| format!("{source}.amazonaws.com"))
    }
}
