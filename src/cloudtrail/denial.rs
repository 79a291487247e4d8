//! What AWS says when it denies a call.
//!
//! Most texts read `User: P is not authorized to perform: ACTION on resource: RESOURCE because no TYPE policy allows the
//! ACTION action`, or end in `with an explicit deny in a TYPE policy`; services leave parts out or wrap the text in
//! their own (IAM user guide, "Troubleshoot access denied error messages").

use super::Caller;
use super::error_codes::ServiceLinkedRole;
use crate::iam::{Action, Arn, Resource};

/// What a denial's text names.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denial {
    pub action: Option<Action>,
    /// The resource that was checked, in AWS's own words.
    pub resource: Option<Resource>,
    /// The type of policy that denied; `None` where AWS does not tell.
    pub policy_type: Option<PolicyType>,
    /// The text speaks of an explicit deny.
    pub explicit: bool,
    /// `Encoded authorization failure message: …`, for `sts:DecodeAuthorizationMessage`. `None` where CloudTrail cut it.
    pub encoded_message: Option<String>,
    /// The id at the end of newer texts (IAM Access Troubleshooter).
    pub authorization_id: Option<String>,
}

/// Which kind of policy denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyType {
    IdentityBased,
    ResourceBased,
    PermissionsBoundary,
    Session,
    ServiceControl,
    ResourceControl,
    VpcEndpoint,
    RoleTrust,
}

/// Account and partition for resources that a text names without an ARN (`role NAME`).
pub(super) struct Place {
    partition: String,
    account: Option<String>,
}

impl Place {
    /// The account of the record, or else the caller's.
    pub fn of(account: Option<&str>, caller: &Caller<'_>) -> Self {
        let account = account.or(caller.account.as_deref()).map(str::to_owned);
        let partition = caller.principal.as_ref().map_or("aws", Arn::partition).to_owned();
        Self { partition, account }
    }

    fn iam(&self, kind: &str, name: &str) -> Option<Resource> {
        let resource = format!("{kind}/{name}");
        Some(Resource::Arn(Arn::from_parts(&self.partition, "iam", "", self.account.as_deref()?, &resource)))
    }
}

/// CloudTrail cuts `errorMessage` here (CloudTrail user guide, record contents).
const LONGEST_MESSAGE: usize = 1024;

/// Reads a denial's text.
pub(super) fn read(text: &str, place: &Place) -> Denial {
    let cut = text.len() >= LONGEST_MESSAGE;
    let (action, behind) = find_action(text).map_or((None, ""), |(action, behind)| (Some(action), behind));
    let resource_is_whole = |found: &&str| !cut || !behind.ends_with(*found);
    let resource = find_resource(behind).filter(resource_is_whole);
    let resource = resource.and_then(|resource| read_resource(resource, action.as_ref(), place));
    Denial {
        resource: resource.or_else(|| service_linked_role(text, action.as_ref(), place)),
        policy_type: policy_type(text),
        explicit: text.contains("explicit deny"),
        encoded_message: word_behind(text, ENCODED).filter(|_| !cut),
        authorization_id: authorization_id(text),
        action,
    }
}

/// Whether the text names a user (`User: ARN is not …`) that is not the caller.
pub(super) fn speaks_of_another(text: &str, caller: &Caller<'_>) -> bool {
    let Some(user) = word_behind(text, "User: ").and_then(|user| user.parse::<Arn>().ok()) else { return false };
    let Some(principal) = &caller.principal else { return false };
    let name = |arn: &Arn| match arn.resource().split_once('/') {
        Some(("assumed-role", session)) => session.split('/').next().map(str::to_owned),
        Some((_, path)) => path.rsplit('/').next().map(str::to_owned),
        None => None,
    };
    // A masked ARN (`arn:aws:sts::***:…`) decides nothing.
    let same_account = user.account() == principal.account() || user.account().contains('*');
    !(same_account && name(&user) == name(principal))
}

const ENCODED: &str = "Encoded authorization failure message: ";

/// The word behind `perform`, or else the first that reads `service:Name`, and what comes behind it.
fn find_action(text: &str) -> Option<(Action, &str)> {
    const INTRODUCTIONS: [&str; 2] = ["to perform: ", "to perform "];
    let introduced = INTRODUCTIONS.iter().find_map(|words| text.split_once(words)).map(|(_, behind)| behind);
    introduced.and_then(introduced_action).or_else(|| first_action(text))
}

/// Services write their own names there as they like: `SNS:CreateTopic`, `sqs:createqueue`.
fn introduced_action(text: &str) -> Option<(Action, &str)> {
    let text = text.trim_start_matches(['\'', '"']);
    let (word, behind) = text.split_at(text.find(|c: char| !in_word(c)).unwrap_or(text.len()));
    let action: Action = word.parse().ok()?;
    (action.service() != "arn" && action.service().starts_with(|c: char| c.is_ascii_lowercase()))
        .then_some((action, behind))
}

fn first_action(text: &str) -> Option<(Action, &str)> {
    let mut rest = text;
    loop {
        let start = rest.find(in_word)?;
        let word_on = rest.get(start..)?;
        let (word, behind) = word_on.split_at(word_on.find(|c| !in_word(c)).unwrap_or(word_on.len()));
        if let Some(action) = read_action(word) {
            return Some((action, behind));
        }
        rest = behind;
    }
}

fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_')
}

/// Reads `ec2:RunInstances`, but no part of an ARN or of a heading such as `User:`.
fn read_action(word: &str) -> Option<Action> {
    let (service, name) = word.split_once(':')?;
    let is_service = service.starts_with(|c: char| c.is_ascii_lowercase()) && !service.contains(char::is_uppercase);
    (is_service && name.starts_with(char::is_uppercase)).then(|| word.parse().ok())?
}

/// The resource named right behind the action.
fn find_resource(behind: &str) -> Option<&str> {
    const INTRODUCTIONS: [&str; 5] = ["on resource: ", "on the resource: ", "on resource ", "on the resource ", "on "];
    let behind = behind.trim_start_matches(['\'', '"', ' ']);
    let named = INTRODUCTIONS.iter().find_map(|introduction| behind.strip_prefix(introduction))?.trim_start();
    // S3 quotes its names, which may hold anything.
    if let Some(quoted) = named.strip_prefix('"') {
        return quoted.split('"').next();
    }
    const ENDS: [&str; 9] =
        [" because ", " with an explicit", " (Service:", " Encoded ", " Authorization ", ". ", ", ", "; ", "\n"];
    let end = ENDS.iter().filter_map(|end| named.find(end)).min().unwrap_or(named.len());
    let named = named.get(..end)?;
    let named = if named.starts_with("arn:") { named.split_whitespace().next()? } else { named };
    let named = named.trim_end_matches(['.', ',', ';', '\'', ' ']);
    (!named.is_empty()).then_some(named)
}

/// Reads an ARN, `*`, or what IAM writes for its own: `role NAME`, `policy ARN`.
fn read_resource(text: &str, action: Option<&Action>, place: &Place) -> Option<Resource> {
    if text == "*" {
        return Some(Resource::Any);
    }
    if text.starts_with("arn:") {
        return text.parse().ok().map(Resource::Arn);
    }
    if let Some((kind, name)) = text.rsplit_once(' ') {
        return match kind.to_ascii_lowercase().as_str() {
            _ if name.starts_with("arn:") => name.parse().ok().map(Resource::Arn),
            kind @ ("role" | "user" | "group" | "policy") => place.iam(kind, name),
            "instance profile" => place.iam("instance-profile", name),
            _ => None,
        };
    }
    let is_pass_role = action.is_some_and(|action| action.service() == "iam" && action.name() == "PassRole");
    is_pass_role.then(|| place.iam("role", text))?
}

/// EKS names the service-linked role that it looks for, but no ARN.
fn service_linked_role(text: &str, action: Option<&Action>, place: &Place) -> Option<Resource> {
    action.filter(|action| action.service() == "iam")?;
    place.iam("role", &ServiceLinkedRole::named_in(text)?.path_and_name())
}

fn policy_type(text: &str) -> Option<PolicyType> {
    const TYPES: [(&str, PolicyType); 9] = [
        ("identity-based", PolicyType::IdentityBased),
        ("resource-based", PolicyType::ResourceBased),
        ("permissions boundary", PolicyType::PermissionsBoundary),
        ("permission boundary", PolicyType::PermissionsBoundary),
        ("session polic", PolicyType::Session),
        ("service control polic", PolicyType::ServiceControl),
        ("resource control polic", PolicyType::ResourceControl),
        ("vpc endpoint polic", PolicyType::VpcEndpoint),
        ("trust polic", PolicyType::RoleTrust),
    ];
    let reason = ["because no ", "because the ", "explicit deny in "].iter().find_map(|start| {
        let at = text.find(start)?;
        text.get(at + start.len()..)
    })?;
    let reason = reason.to_ascii_lowercase();
    let first = TYPES.iter().filter_map(|(words, kind)| Some((reason.find(words)?, *kind))).min_by_key(|(at, _)| *at);
    first.map(|(_, kind)| kind)
}

/// The id at the very end, as `authorization id: …` or `authorization ID …`.
fn authorization_id(text: &str) -> Option<String> {
    let at = text.to_ascii_lowercase().rfind("authorization id")?;
    let behind = text.get(at + "authorization id".len()..)?.trim_start_matches([':', ' ', '=']);
    let behind = behind.strip_prefix("is ").unwrap_or(behind);
    let id: String = behind.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    (!id.is_empty()).then_some(id)
}

/// The word right behind `start`, without punctuation at its end.
fn word_behind(text: &str, start: &str) -> Option<String> {
    let behind = text.get(text.find(start)? + start.len()..)?;
    let word = behind.split_whitespace().next()?.trim_end_matches(['.', ',', ';']);
    (!word.is_empty()).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::caller::read_caller;
    use super::*;

    const CALLER: &str = r#"{"type":"AssumedRole","accountId":"111122223333","sessionContext":{"sessionIssuer":
        {"arn":"arn:aws:iam::111122223333:role/ci/runner"}}}"#;

    fn read_text(text: &str) -> Denial {
        let caller = read_caller(CALLER.as_bytes()).unwrap();
        read(text, &Place::of(Some("111122223333"), &caller))
    }

    fn named(text: &str) -> (String, String) {
        let denial = read_text(text);
        let resource = match denial.resource {
            None => String::new(),
            Some(Resource::Any) => "*".to_owned(),
            Some(Resource::Arn(arn)) => arn.to_string(),
        };
        (denial.action.map(|action| action.to_string()).unwrap_or_default(), resource)
    }

    #[test]
    fn action_and_resource_are_found_in_every_wording() {
        let user = "User: arn:aws:sts::111122223333:assumed-role/runner/ci is not authorized to perform:";
        let addon = "arn:aws:eks:eu-central-1:111122223333:/createaddon";
        let node = "arn:aws:iam::111122223333:role/node";
        let because = "because no identity-based policy allows the eks:TagResource action";
        for (text, action, resource) in [
            (format!("{user} eks:TagResource on resource: {addon} {because}"), "eks:TagResource", addon),
            (format!("{user} eks:TagResource on resource: {addon} with an explicit deny"), "eks:TagResource", addon),
            (format!("{user} eks:TagResource on resource: {addon}"), "eks:TagResource", addon),
            (format!("{user} eks:TagResource on resource: {addon}."), "eks:TagResource", addon),
            (format!("{user} eks:TagResource on resource: {addon}, ask your admin"), "eks:TagResource", addon),
            (
                format!("{user} eks:TagResource on resource: {addon} (Service: AmazonEKS; Status Code: 403; Error Code: X)"),
                "eks:TagResource",
                addon,
            ),
            (format!("{user} eks:TagResource {because}"), "eks:TagResource", ""),
            (format!("{user} eks:ListClusters on resource: *"), "eks:ListClusters", "*"),
            (format!("{user} iam:ListAttachedRolePolicies on resource: role node {because}"), "iam:ListAttachedRolePolicies", node),
            (format!("{user} iam:GetPolicy on resource: policy arn:aws:iam::aws:policy/X"), "iam:GetPolicy", "arn:aws:iam::aws:policy/X"),
            (
                format!("{user} iam:AddRoleToInstanceProfile on resource: instance profile node {because}"),
                "iam:AddRoleToInstanceProfile",
                "arn:aws:iam::111122223333:instance-profile/node",
            ),
            (format!("{user} iam:PassRole on node"), "iam:PassRole", node),
            (
                format!(r#"{user} s3:GetObject on resource: "arn:aws:s3:::b/a key, with. all" {because}"#),
                "s3:GetObject",
                "arn:aws:s3:::b/a key, with. all",
            ),
            (
                format!("You are not authorized to perform this operation. {user} ec2:RunInstances on resource: {node}. Encoded authorization failure message: abc"),
                "ec2:RunInstances",
                node,
            ),
            (format!("You are not authorized to perform ec2:DescribeSubnets. {user} x"), "ec2:DescribeSubnets", ""),
            ("User not authorized to perform kms:CreateGrant operation".to_owned(), "kms:CreateGrant", ""),
            (format!("{user} SNS:CreateTopic on resource: arn:aws:sns:r:1:t {because}"), "sns:CreateTopic", "arn:aws:sns:r:1:t"),
            (format!("{user} sqs:createqueue on resource: arn:aws:sqs:r:1:q {because}"), "sqs:createqueue", "arn:aws:sqs:r:1:q"),
            ("User: u is not authorized to perform: the action, iam:GetRole is missing".to_owned(), "iam:GetRole", ""),
            (
                "Failed to validate if SLR: AWSServiceRoleForAmazonEKSNodegroup already exists due to missing permissions for 'iam:GetRole'".to_owned(),
                "iam:GetRole",
                "arn:aws:iam::111122223333:role/aws-service-role/eks-nodegroup.amazonaws.com/AWSServiceRoleForAmazonEKSNodegroup",
            ),
            ("User is not authorized to perform this action".to_owned(), "", ""),
            ("Access Denied".to_owned(), "", ""),
        ] {
            assert_eq!(named(&text), (action.to_owned(), resource.to_owned()), "{text}");
        }
    }

    #[test]
    fn the_policy_type_is_the_one_that_the_reason_names() {
        use PolicyType::{
            IdentityBased, PermissionsBoundary, ResourceBased, ResourceControl, RoleTrust, ServiceControl, Session,
            VpcEndpoint,
        };
        for (reason, kind, explicit) in [
            ("because no identity-based policy allows the a:B action", Some(IdentityBased), false),
            ("because no resource-based policy allows the a:B action", Some(ResourceBased), false),
            ("because no permissions boundary allows the a:B action", Some(PermissionsBoundary), false),
            ("because no session policy allows the a:B action", Some(Session), false),
            ("because no service control policy allows the a:B action", Some(ServiceControl), false),
            ("because no VPC endpoint policy allows the a:B action", Some(VpcEndpoint), false),
            ("because no role trust policy allows the sts:AssumeRole action", Some(RoleTrust), false),
            ("with an explicit deny in an identity-based policy: arn:aws:iam::1:policy/P", Some(IdentityBased), true),
            ("with an explicit deny in a service control policy", Some(ServiceControl), true),
            ("with an explicit deny in a resource control policy", Some(ResourceControl), true),
            ("with an explicit deny in a permissions boundary", Some(PermissionsBoundary), true),
            ("with an explicit deny", None, true),
            ("", None, false),
        ] {
            let text =
                format!("User: u is not authorized to perform: a:B on resource: arn:aws:a:::session-policy {reason}");
            let denial = read_text(&text);
            assert_eq!((denial.policy_type, denial.explicit), (kind, explicit), "{reason}");
        }
    }

    #[test]
    fn encoded_messages_and_authorization_ids_are_kept() {
        let denial = read_text("You are not authorized. Encoded authorization failure message: AbC-_d (Service: Ec2)");
        assert_eq!(denial.encoded_message.as_deref(), Some("AbC-_d"));
        let denial =
            read_text("User: u is not authorized to perform: a:B on resource: arn:aws:a:::b. Authorization ID: 0a-1b");
        assert_eq!(denial.authorization_id.as_deref(), Some("0a-1b"));
        assert!(matches!(denial.resource, Some(Resource::Arn(arn)) if arn.as_str() == "arn:aws:a:::b"));
    }

    #[test]
    fn what_cloudtrail_cut_off_is_not_believed() {
        let mut text = "User: u is not authorized to perform: a:B on resource: arn:aws:a:::".to_owned();
        text.push_str(&"x".repeat(LONGEST_MESSAGE - text.len()));
        let denial = read_text(&text);
        assert!(denial.action.is_some());
        assert_eq!(denial.resource, None);
    }

    #[test]
    fn somebody_else_in_the_text_is_told_from_the_caller() {
        let caller = read_caller(CALLER.as_bytes()).unwrap();
        for (user, other) in [
            ("arn:aws:sts::111122223333:assumed-role/runner/ci", false),
            ("arn:aws:sts::***:assumed-role/runner/ci", false),
            ("***", false),
            ("arn:aws:sts::111122223333:assumed-role/pipeline/x", true),
            ("arn:aws:iam::111122223333:role/ci/runner", false),
            ("arn:aws:sts::444455556666:assumed-role/runner/ci", true),
        ] {
            let text = format!("User: {user} is not authorized to perform: a:B");
            assert_eq!(speaks_of_another(&text, &caller), other, "{user}");
        }
    }
}
