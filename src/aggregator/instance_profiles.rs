//! Which role an instance profile holds: EC2's records name the profile, and IAM checks the role in it.
//!
//! A call that names a profile is resolved to any role of the account, with a hole that names the profile. Where the same
//! log shows which role was put into the profile, or taken out of it, the hole is filled.

use std::collections::{BTreeMap, BTreeSet};

use super::{Few, Fields, Hole, HoleCause, Observation, UsedRequest};
use crate::cloudtrail::Event;
use crate::iam::{Arn, Resource};

/// How the hole's detail begins; the profile's name follows.
const DETAIL: &str = "role in the instance profile ";

/// The hole that stands for the role in a profile.
pub fn role_in(profile: &str) -> Hole {
    Hole { cause: HoleCause::UnresolvedField, detail: format!("{DETAIL}{profile}") }
}

/// Roles by account and instance profile.
#[derive(Debug, Default)]
pub struct InstanceProfiles(BTreeMap<(String, String), BTreeSet<String>>);

impl InstanceProfiles {
    /// Notes the role that a call put into a profile or took out of it.
    pub fn learn(&mut self, event: &Event<'_>) {
        let tells = matches!(&*event.name, "AddRoleToInstanceProfile" | "RemoveRoleFromInstanceProfile");
        if event.source != "iam.amazonaws.com" || !tells {
            return;
        }
        let fields = Fields::new(event);
        let named = fields.text("request.instanceProfileName").zip(fields.text("request.roleName"));
        if let Some((profile, role)) = named {
            self.0.entry((fields.account().to_owned(), profile)).or_default().insert(role);
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (profile, roles) in other.0 {
            self.0.entry(profile).or_default().extend(roles);
        }
    }

    /// The request with the roles of its profiles in place of any role, as far as they are known.
    pub fn fill(&self, request: UsedRequest, observation: Observation) -> Vec<(UsedRequest, Observation)> {
        let Resource::Arn(any) = &request.resource else { return vec![(request, observation)] };
        let known = |hole: &Hole| {
            let profile = hole.detail.strip_prefix(DETAIL)?;
            self.0.get(&(any.account().to_owned(), profile.to_owned()))
        };
        let (filled, open): (Few<Hole>, Few<Hole>) =
            observation.holes.iter().cloned().partition(|hole| known(hole).is_some());
        if filled.is_empty() {
            return vec![(request, observation)];
        }
        let roles: BTreeSet<&String> = filled.iter().filter_map(known).flatten().collect();
        let with = |resource: Arn, holes: Few<Hole>| {
            let request = UsedRequest { resource: Resource::Arn(resource), ..request.clone() };
            (request, Observation { holes, ..observation.clone() })
        };
        let exact = roles.into_iter().filter_map(|role| {
            let start = any.as_str().strip_suffix('*')?;
            format!("{start}{role}").parse().ok()
        });
        let mut requests: Vec<_> = exact.map(|arn| with(arn, Few::new())).collect();
        if !open.is_empty() {
            requests.push(with(any.clone(), open));
        }
        requests
    }
}
