//! The proof beyond the evidence: the next run is allowed, and what nobody asked for is denied.
//!
//! Renamed: each request with generated ids and names drawn anew must be allowed. Near misses: each grant's request in
//! another account or Region, under another name, for another service or policy, or without the tag must be denied, or a
//! grant that the report lists must allow it. That no statement holds a pair that is neither a grant nor free is checked
//! where the statements are made.

#![expect(clippy::indexing_slicing, reason = "grants name samples by their place in the one list of samples")]

use super::conditions::without_key;
use super::drafts::{Draft, Finders};
use super::pack::Packed;
use super::sample::Sample;
use super::tokens::{TokenRules, tokens};
use super::verify::{Judge, describe};
use super::{Proof, ReduceError};
use crate::iam::{Arn, ConditionKey, ContextValue, Request, Resource};

/// Adds to the proof, or says which request it fails on. `added` are grants that a size limit asked for.
pub(crate) fn prove(
    proof: &mut Proof,
    packed: &Packed,
    (drafts, added): (&[Draft], &[Draft]),
    samples: &[Sample<'_>],
    changing: &TokenRules,
) -> Result<(), ReduceError> {
    let judge = Judge::new(&packed.policies);
    for sample in samples {
        let Some(request) = renamed(&sample.request, changing) else { continue };
        if !judge.allows(&request) {
            return Err(ReduceError::ProofFailed(format!("it denies the next run {}", describe(&request))));
        }
        proof.renamed += 1;
    }
    let granted = Finders::new(drafts.iter().chain(added));
    for draft in drafts.iter().chain(added) {
        let Some(sample) = draft.samples.first().map(|at| &samples[*at]) else { continue };
        for request in near_misses(&sample.request, changing) {
            proof.near_misses += 1;
            match judge.allows(&request) {
                false => proof.near_misses_denied += 1,
                true if granted.allow(&request) => {}
                true => {
                    let what = describe(&request);
                    return Err(ReduceError::ProofFailed(format!("it allows {what}, which no grant does")));
                }
            }
        }
    }
    Ok(())
}

/// The request of the next run; `None` where nothing in it changes.
fn renamed(request: &Request, changing: &TokenRules) -> Option<Request> {
    let mut next = request.clone();
    let mut changed = false;
    if let Resource::Arn(arn) = &request.resource
        && let Some(other) = changing.renamed(arn)
    {
        next.resource = Resource::Arn(other);
        changed = true;
    }
    for (key, value) in request.context.iter() {
        let rename = |text: &String| text.parse::<Arn>().ok().and_then(|arn| changing.renamed(&arn));
        let ContextValue::One(text) = value else { continue };
        if let Some(other) = rename(text) {
            next.context.insert(key.clone(), ContextValue::One(other.to_string()));
            changed = true;
        }
    }
    changed.then_some(next)
}

/// Requests that differ from a seen one in one respect.
fn near_misses(request: &Request, changing: &TokenRules) -> Vec<Request> {
    let mut near = Vec::new();
    if let Resource::Arn(arn) = &request.resource {
        let others = [other_account(arn), other_region(arn), other_name(arn, changing)];
        let moved = |arn: Arn| Request { resource: Resource::Arn(arn), ..request.clone() };
        near.extend(others.into_iter().flatten().map(moved));
    }
    for (key, other) in OTHER_VALUES {
        if request.context.get(key).is_some() {
            let mut changed = request.clone();
            changed.context.insert(ConditionKey::new(key), ContextValue::One(other.to_owned()));
            near.push(changed);
        }
    }
    let tags: Vec<&ConditionKey> =
        request.context.iter().map(|(key, _)| key).filter(|key| key.folded().starts_with("aws:resourcetag/")).collect();
    near.extend(tags.into_iter().map(|key| without_key(request, key)));
    near
}

/// Values that no deployment needs.
const OTHER_VALUES: [(&str, &str); 3] = [
    ("iam:PassedToService", "glue.amazonaws.com"),
    ("iam:PolicyARN", "arn:aws:iam::aws:policy/AdministratorAccess"),
    ("ec2:CreateAction", "CreateNothing"),
];

fn other_account(arn: &Arn) -> Option<Arn> {
    let last = arn.account().chars().last().filter(char::is_ascii_digit)?;
    let stem = arn.account().strip_suffix(last)?;
    let other = if last == '9' { '0' } else { char::from_u32(u32::from(last) + 1)? };
    Some(Arn::from_parts(arn.partition(), arn.service(), arn.region(), &format!("{stem}{other}"), arn.resource()))
}

fn other_region(arn: &Arn) -> Option<Arn> {
    let other = match arn.region() {
        "" | "*" => return None,
        "us-west-2" => "eu-west-1",
        _ => "us-west-2",
    };
    Some(Arn::from_parts(arn.partition(), arn.service(), other, arn.account(), arn.resource()))
}

/// The last name that stays, with something behind it.
fn other_name(arn: &Arn, changing: &TokenRules) -> Option<Arn> {
    let resource = arn.resource();
    let names = tokens(resource).skip(usize::from(resource.contains(['/', ':'])));
    let name =
        names.filter(|token| token.len() > 2 && !token.contains(['*', '?']) && !changing.is_changing(token)).last()?;
    let at = resource.rfind(name)? + name.len();
    let (head, tail) = resource.split_at_checked(at)?;
    Some(Arn::from_parts(arn.partition(), arn.service(), arn.region(), arn.account(), &format!("{head}-other{tail}")))
}
