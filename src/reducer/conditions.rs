//! Conditions that narrow a grant: only keys that the catalogue gives for the action on that resource type, and only
//! where every request of the grant meets them.
//!
//! A condition key that some requests of an (action, resource) carry and others do not parts them: each part becomes a
//! grant of its own, and where the part without the condition allows all, only that one is left.

#![expect(clippy::indexing_slicing, reason = "grants name samples by their place in the one list of samples")]

use std::collections::BTreeMap;

use super::ConditionLevel;
use super::generalize::Generalizer;
use super::kinds::Kinds;
use super::options::OwnerTag;
use super::sample::Sample;
use crate::aggregator::Few;
use crate::catalog::{Catalog, ConditionValueType};
use crate::iam::{
    AccessLevel, Action, ArnPattern, ConditionKey, ConditionOperator, Conditions, Context, ContextValue, Request,
    global_region,
};

mod keys;

/// Puts conditions on grants.
#[derive(Debug)]
pub(crate) struct Narrowing<'a> {
    pub level: ConditionLevel,
    pub catalog: &'a Catalog,
    pub kinds: &'a Kinds<'a>,
    pub generalizer: &'a Generalizer<'a>,
    pub owner_tags: &'a [OwnerTag],
}

/// Requests of one action and pattern that get the same condition.
#[derive(Debug)]
pub(crate) struct Part {
    pub conditions: Conditions,
    pub reasons: Few<&'static str>,
    pub samples: Vec<usize>,
}

/// One line that a request would meet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    operator: ConditionOperator,
    key: ConditionKey,
    reason: &'static str,
}

impl Narrowing<'_> {
    /// Parts requests by the condition keys that can narrow them.
    pub fn part(&self, action: &Action, pattern: &ArnPattern, members: &[usize], samples: &[Sample<'_>]) -> Vec<Part> {
        let mut parts: BTreeMap<Vec<Line>, (Conditions, Vec<usize>)> = BTreeMap::new();
        for member in members {
            let lines = self.lines(action, pattern, &samples[*member]);
            let signature: Vec<Line> = lines.keys().cloned().collect();
            let (conditions, of_part) = parts.entry(signature).or_default();
            for (line, values) in lines {
                conditions.add(line.operator, line.key, values);
            }
            of_part.push(*member);
        }
        let part = |(lines, (conditions, samples)): (Vec<Line>, (Conditions, Vec<usize>))| Part {
            conditions,
            samples,
            reasons: lines.iter().map(|line| line.reason).collect(),
        };
        parts.into_iter().map(part).collect()
    }

    /// The lines that may narrow a request, with the values that it meets them by.
    fn lines(&self, action: &Action, pattern: &ArnPattern, sample: &Sample<'_>) -> BTreeMap<Line, Vec<String>> {
        let mut lines = BTreeMap::new();
        if self.level == ConditionLevel::None {
            return lines;
        }
        for (key, value) in sample.request.context.iter() {
            let line = self
                .sound(action, pattern, key, value, sample)
                .or_else(|| self.owned(action, pattern, key, value))
                .or_else(|| self.strict(action, pattern, key, value));
            if let Some((line, values)) = line {
                lines.insert(line, values);
            }
        }
        lines
    }

    fn sound(
        &self,
        action: &Action,
        pattern: &ArnPattern,
        key: &ConditionKey,
        value: &ContextValue,
        sample: &Sample<'_>,
    ) -> Option<(Line, Vec<String>)> {
        let rule = keys::sound(key)?;
        if !rule.global && !self.kinds.takes_key(action, pattern, key) {
            return None;
        }
        let fits = match rule.only {
            keys::Only::Always => true,
            keys::Only::ThroughService => !sample.observation.via.is_empty(),
            keys::Only::WhereItStays => !value.values().iter().any(|value| self.generalizer.changes(value)),
        };
        let values: Vec<String> = value.values().iter().map(|value| self.generalizer.value(value)).collect();
        let operator = keys::operator(rule.operator, &values);
        (fits && !values.is_empty()).then(|| (Line { operator, key: key.clone(), reason: rule.reason }, values))
    }

    /// The owner's tag: demanded at creation, and on what is changed later where the id had to be generalised.
    fn owned(
        &self,
        action: &Action,
        pattern: &ArnPattern,
        key: &ConditionKey,
        value: &ContextValue,
    ) -> Option<(Line, Vec<String>)> {
        let (kind, tag) = key.as_str().split_once('/')?;
        let owned = self.owner_tags.iter().any(|owner| owner.key == tag && value.values() == [owner.value.as_str()]);
        if !owned || !self.kinds.takes_key(action, pattern, key) {
            return None;
        }
        let reason = match kind.to_ascii_lowercase().as_str() {
            "aws:requesttag" => keys::OWNER_AT_CREATION,
            "aws:resourcetag" if pattern.has_wildcard() && self.changes_something(action) => keys::OWNER_LATER,
            _ => return None,
        };
        Some((Line { operator: ConditionOperator::STRING_EQUALS, key: key.clone(), reason }, value.values().to_vec()))
    }

    fn changes_something(&self, action: &Action) -> bool {
        let level = self.catalog.action(action).map(|entry| entry.access_level);
        matches!(level, Some(AccessLevel::Write | AccessLevel::Tagging | AccessLevel::PermissionsManagement))
    }

    fn strict(
        &self,
        action: &Action,
        pattern: &ArnPattern,
        key: &ConditionKey,
        value: &ContextValue,
    ) -> Option<(Line, Vec<String>)> {
        if self.level < ConditionLevel::Strict || keys::never(key) {
            return None;
        }
        let region = key.folded() == "aws:requestedregion";
        let has_region = pattern.segment(3).is_some_and(|region| !region.is_empty() && region != "*");
        let resource_tag = key.folded().starts_with("aws:resourcetag/");
        if (region && has_region) || resource_tag || (!region && !self.kinds.takes_key(action, pattern, key)) {
            return None;
        }
        let values = value.values();
        let tokens = self.generalizer.tokens();
        let changing = |value: &String| {
            self.generalizer.changes(value) || tokens.everywhere().any(|(token, _)| value.contains(token))
        };
        // IAM is called in one Region. Where another one is told, a service asked it: what AWS compares then is not known.
        if region && action.service() == "iam" && values.iter().any(|region| region != global_region(region)) {
            return None;
        }
        if values.is_empty() || values.iter().any(|value| value.contains("${") || changing(value)) {
            return None;
        }
        let operator = self.operator_for(action, key, value);
        Some((Line { operator, key: key.clone(), reason: keys::AS_SEEN }, values.to_vec()))
    }

    fn operator_for(&self, action: &Action, key: &ConditionKey, value: &ContextValue) -> ConditionOperator {
        let known = self.catalog.condition_key(action.service(), key).map(|entry| entry.value_type);
        let operator = keys::for_type(known.unwrap_or(ConditionValueType::String));
        if matches!(value, ContextValue::Many(_)) { operator.for_all_values() } else { operator }
    }
}

/// The request with one key of its context left out.
pub(crate) fn without_key(request: &Request, key: &ConditionKey) -> Request {
    let kept = request.context.iter().filter(|(other, _)| *other != key);
    let context: Context = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
    Request { action: request.action.clone(), resource: request.resource.clone(), context }
}
