//! What to ask of the event history: Regions, window, attribute.

use aws_sdk_cloudtrail::types::LookupAttributeKey;
use jiff::{SignedDuration, Timestamp};

use crate::aggregator::Selection;
use crate::collector::remote_error::RemoteErrorKind;
use crate::iam::{PrincipalSelector, global_region};

/// How far event history reaches back, in words and in hours.
pub const HISTORY: &str = "90 days";
const HISTORY_HOURS: i64 = 90 * 24;

/// What is asked, the same for each Region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub regions: Vec<String>,
    /// The Region that was not asked for and is read for the global services.
    pub added: Option<String>,
    pub since: Timestamp,
    pub until: Timestamp,
    /// The beginning that was asked for, where history does not reach back so far.
    pub too_old: Option<Timestamp>,
    /// History takes one attribute, and the role is none.
    pub attribute: Option<(LookupAttributeKey, String)>,
}

impl Plan {
    /// Makes the plan. `home` is the Region of the profile.
    pub fn new(wanted: &Selection, home: Option<&str>, now: Timestamp) -> Result<Self, RemoteErrorKind> {
        let mut regions = wanted.regions.clone();
        if regions.is_empty() {
            regions.push(home.ok_or(RemoteErrorKind::NoRegion)?.to_owned());
        }
        let global = regions.first().map_or("us-east-1", |region| global_region(region)).to_owned();
        let added = (!regions.contains(&global)).then_some(global);
        regions.extend(added.clone());
        regions.sort();
        regions.dedup();
        let reach = now.checked_sub(SignedDuration::from_hours(HISTORY_HOURS)).unwrap_or(Timestamp::MIN);
        let until = wanted.until.unwrap_or(now).min(now);
        let asked = wanted.since.unwrap_or(reach);
        let since = asked.max(reach);
        if until <= since {
            return Err(RemoteErrorKind::Other(format!(
                "event history reaches from {reach} to {now}, and the window that was asked for lies outside"
            )));
        }
        let too_old = (asked < reach).then_some(asked);
        Ok(Self { regions, added, since, until, too_old, attribute: attribute(wanted) })
    }
}

/// The one attribute that leaves out most of what does not count.
///
/// For a role, history knows its sessions' names as user names, so one session can be asked for, not one role. A user can
/// be asked for by name, and a single access key by its id.
fn attribute(wanted: &Selection) -> Option<(LookupAttributeKey, String)> {
    let keys: Vec<&String> = wanted.access_keys.iter().collect();
    match (keys.as_slice(), wanted.sessions.as_slice(), wanted.principals.as_slice()) {
        ([key], _, _) => Some((LookupAttributeKey::AccessKeyId, (*key).clone())),
        ([], [session], _) => Some((LookupAttributeKey::Username, session.clone())),
        ([], [], [PrincipalSelector::Exact(principal)]) if principal.is_user() => {
            Some((LookupAttributeKey::Username, principal.name().to_owned()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const NOW: &str = "2026-11-20T12:00:00Z";

    #[test]
    fn the_region_of_global_services_is_always_there() {
        let wanted = Selection { regions: vec!["eu-west-1".into()], ..Selection::default() };
        let plan = Plan::new(&wanted, Some("eu-north-1"), time(NOW)).unwrap();
        assert_eq!(plan.regions, ["eu-west-1", "us-east-1"]);
        assert_eq!(plan.added.as_deref(), Some("us-east-1"));
        let plan = Plan::new(&Selection::default(), Some("cn-northwest-1"), time(NOW)).unwrap();
        assert_eq!(plan.regions, ["cn-north-1", "cn-northwest-1"]);
        let plan = Plan::new(&Selection::default(), Some("us-east-1"), time(NOW)).unwrap();
        assert_eq!((plan.regions.as_slice(), plan.added), (&["us-east-1".to_owned()][..], None));
        assert_eq!(Plan::new(&Selection::default(), None, time(NOW)), Err(RemoteErrorKind::NoRegion));
    }

    #[test]
    fn history_ends_after_ninety_days() {
        let wanted = Selection { since: Some(time("2026-01-01T00:00:00Z")), ..Selection::default() };
        let plan = Plan::new(&wanted, Some("eu-west-1"), time(NOW)).unwrap();
        assert_eq!(plan.since, time("2026-08-22T12:00:00Z"));
        assert_eq!(plan.too_old, wanted.since);
        let old = Selection { until: Some(time("2026-02-01T00:00:00Z")), ..wanted };
        assert!(Plan::new(&old, Some("eu-west-1"), time(NOW)).is_err());
        let open = Plan::new(&Selection::default(), Some("eu-west-1"), time(NOW)).unwrap();
        assert_eq!((open.until, open.too_old), (time(NOW), None));
    }

    #[test]
    fn one_session_a_user_or_a_key_can_be_asked_for() {
        let role: PrincipalSelector = "arn:aws:iam::111122223333:role/ci".parse().unwrap();
        let user: PrincipalSelector = "arn:aws:iam::111122223333:user/team/anna".parse().unwrap();
        let of = |principals: &[&PrincipalSelector], sessions: &[&str], keys: &[&str]| {
            let wanted = Selection {
                principals: principals.iter().map(|one| (*one).clone()).collect(),
                sessions: sessions.iter().map(ToString::to_string).collect(),
                access_keys: keys.iter().map(ToString::to_string).collect(),
                ..Selection::default()
            };
            attribute(&wanted).map(|(key, value)| format!("{}={value}", key.as_str()))
        };
        assert_eq!(of(&[&role], &[], &[]), None);
        assert_eq!(of(&[&role], &["run-7"], &[]).as_deref(), Some("Username=run-7"));
        assert_eq!(of(&[&role], &["run-7", "run-8"], &[]), None);
        assert_eq!(of(&[&user], &[], &[]).as_deref(), Some("Username=anna"));
        assert_eq!(of(&[&user, &role], &[], &[]), None);
        assert_eq!(of(&[&role], &[], &["ASIA1"]).as_deref(), Some("AccessKeyId=ASIA1"));
    }
}
