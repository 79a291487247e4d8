//! Grants that the configuration file asks for, as requests of their own.

use super::WideningRule;
use super::generalize::Generalized;
use super::sample::{Known, Sample};
use super::user_rules::UserRules;
use crate::aggregator::{Certainty, Evidence, Few, Observation, Origin, Usage};
use crate::iam::{Action, Arn, ArnPattern, Context, Request, Resource};

/// A request for each action and resource that a rule always grants.
pub(crate) fn samples(usage: &Usage, rules: &UserRules) -> Vec<Sample<'static>> {
    let times = usage.requests.values().map(|observation| observation.evidence.first_seen);
    let Some(time) = times.min() else { return Vec::new() };
    rules
        .always()
        .filter_map(|(rule, action, pattern)| sample(&rule.name, &rule.reason, action, pattern, time))
        .collect()
}

fn sample(
    name: &str,
    reason: &str,
    action: &Action,
    pattern: &ArnPattern,
    time: jiff::Timestamp,
) -> Option<Sample<'static>> {
    // The pattern's own text is a name that it stands for: a `*` in a name is itself.
    let resource = match pattern.is_any() {
        true => Resource::Any,
        false => Resource::Arn(pattern.as_str().parse::<Arn>().ok()?),
    };
    let mut evidence = Evidence::of(time, None);
    evidence.events = 0;
    let observation = Observation {
        evidence,
        origin: Origin::User,
        certainty: Certainty::Sometimes(reason.to_owned()),
        holes: Few::new(),
        operations: Few::new(),
        via: Few::new(),
        sources: Few::new(),
        notes: Few::new(),
    };
    let widening = (WideningRule::User(name.to_owned()), reason.into());
    Some(Sample {
        request: Request { action: action.clone(), resource, context: Context::new() },
        observation: Known::Added(Box::new(observation)),
        generalized: Generalized { pattern: pattern.clone(), widenings: [widening].into() },
    })
}
