//! IAM and STS as they answer: the query protocol, documents percent-encoded, one item a page.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::server::{Answer, Call, form, xml_error};

/// An account with one role.
pub struct Account {
    pub role: Role,
    /// Managed policies by ARN.
    pub managed: Vec<Policy>,
    pub accessed: Vec<Accessed>,
    asked: AtomicUsize,
}

/// A service, when it was last called, and its tracked actions: name and when.
pub type Accessed = (&'static str, Option<String>, Vec<(&'static str, Option<String>)>);

/// A role and its policies.
pub struct Role {
    pub arn: String,
    pub inline: Vec<Policy>,
    pub attached: Vec<String>,
    pub boundary: Option<String>,
    pub last_used: Option<String>,
}

/// A policy; managed ones have another document in their first version.
pub struct Policy {
    pub name: String,
    pub document: String,
}

impl Account {
    pub fn new(role: Role, managed: Vec<Policy>) -> Self {
        Self { role, managed, accessed: Vec::new(), asked: AtomicUsize::new(0) }
    }

    /// What IAM answers.
    pub fn answer(&self, call: &Call) -> Answer {
        let asked = form(&call.body);
        let field = |name: &str| asked.get(name).cloned().unwrap_or_default();
        let name = self.role.arn.rsplit('/').next().unwrap();
        if asked.get("RoleName").is_some_and(|asked| asked != name) {
            let said = format!("The role with name {} cannot be found.", field("RoleName"));
            return xml_error(404, "NoSuchEntity", &said);
        }
        let result = match call.operation.as_str() {
            "GetRole" => self.role.shown(name),
            "ListRolePolicies" => {
                let names: Vec<String> =
                    self.role.inline.iter().map(|policy| format!("<member>{}</member>", policy.name)).collect();
                page("PolicyNames", &names, &field("Marker"))
            }
            "ListAttachedRolePolicies" => {
                let shown = |arn: &String| {
                    format!("<member><PolicyName>{}</PolicyName><PolicyArn>{arn}</PolicyArn></member>", last(arn))
                };
                page("AttachedPolicies", &self.role.attached.iter().map(shown).collect::<Vec<_>>(), &field("Marker"))
            }
            "GetRolePolicy" => {
                let policy = self.role.inline.iter().find(|policy| policy.name == field("PolicyName")).unwrap();
                format!(
                    "<RoleName>{name}</RoleName><PolicyName>{}</PolicyName><PolicyDocument>{}</PolicyDocument>",
                    policy.name,
                    encoded(&policy.document)
                )
            }
            "GetPolicy" => {
                let arn = field("PolicyArn");
                format!(
                    "<Policy><PolicyName>{}</PolicyName><Arn>{arn}</Arn><DefaultVersionId>v2</DefaultVersionId></Policy>",
                    last(&arn)
                )
            }
            "GetPolicyVersion" => {
                let arn = field("PolicyArn");
                let policy = self.managed.iter().find(|policy| policy.name == last(&arn)).unwrap();
                let document = if field("VersionId") == "v2" { policy.document.as_str() } else { "{}" };
                format!(
                    "<PolicyVersion><Document>{}</Document><VersionId>v2</VersionId></PolicyVersion>",
                    encoded(document)
                )
            }
            "GenerateServiceLastAccessedDetails" => "<JobId>11111111-2222-3333-4444-555555555555</JobId>".to_owned(),
            "GetServiceLastAccessedDetails" => self.accessed(&field("Marker")),
            other => return xml_error(403, "AccessDenied", &format!("not expected: {other}")),
        };
        result_of(&call.operation, &result)
    }

    /// First the report is not ready, then it comes a service a page.
    fn accessed(&self, marker: &str) -> String {
        const DATES: &str = "<JobCreationDate>2026-01-01T00:00:00Z</JobCreationDate>\
                             <JobCompletionDate>2026-01-01T00:00:00Z</JobCompletionDate>";
        if self.asked.fetch_add(1, Ordering::SeqCst) == 0 {
            return format!("<JobStatus>IN_PROGRESS</JobStatus>{DATES}<ServicesLastAccessed/>");
        }
        let service = |(service, when, actions): &Accessed| {
            let mut text =
                format!("<member><ServiceName>S</ServiceName><ServiceNamespace>{service}</ServiceNamespace>");
            if let Some(when) = when {
                let _ = write!(text, "<LastAuthenticated>{when}</LastAuthenticated>");
            }
            text += "<TrackedActionsLastAccessed>";
            for (action, when) in actions {
                let when = when.as_ref().map(|when| format!("<LastAccessedTime>{when}</LastAccessedTime>"));
                let _ = write!(text, "<member><ActionName>{action}</ActionName>{}</member>", when.unwrap_or_default());
            }
            text + "</TrackedActionsLastAccessed></member>"
        };
        let services: Vec<String> = self.accessed.iter().map(service).collect();
        format!("<JobStatus>COMPLETED</JobStatus>{DATES}{}", page("ServicesLastAccessed", &services, marker))
    }
}

impl Role {
    fn shown(&self, name: &str) -> String {
        let trust = r#"{"Version":"2012-10-17","Statement":[]}"#;
        let boundary = self.boundary.as_ref().map(|arn| {
            format!(
                "<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>\
                 <PermissionsBoundaryArn>{arn}</PermissionsBoundaryArn></PermissionsBoundary>"
            )
        });
        let used = self
            .last_used
            .as_ref()
            .map(|when| format!("<RoleLastUsed><LastUsedDate>{when}</LastUsedDate></RoleLastUsed>"));
        format!(
            "<Role><Path>/ci/</Path><RoleName>{name}</RoleName><RoleId>AROA1</RoleId><Arn>{}</Arn>\
             <CreateDate>2026-01-01T00:00:00Z</CreateDate><AssumeRolePolicyDocument>{}</AssumeRolePolicyDocument>\
             <Tags><member><Key>team</Key><Value>ci</Value></member></Tags>{}{}</Role>",
            self.arn,
            encoded(trust),
            boundary.unwrap_or_default(),
            used.unwrap_or_default()
        )
    }
}

/// What STS answers to `DecodeAuthorizationMessage`: the message that belongs to the encoded one.
pub fn decode(call: &Call, messages: &[(&str, String)]) -> Answer {
    let asked = form(&call.body).remove("EncodedMessage").unwrap();
    match messages.iter().find(|(encoded, _)| *encoded == asked) {
        Some((_, message)) => {
            let message = message.replace('&', "&amp;").replace('<', "&lt;");
            result_of("DecodeAuthorizationMessage", &format!("<DecodedMessage>{message}</DecodedMessage>"))
        }
        None => xml_error(400, "InvalidAuthorizationMessageException", "Message is not valid"),
    }
}

fn result_of(operation: &str, result: &str) -> Answer {
    Answer::xml(format!("<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"))
}

fn page(name: &str, items: &[String], marker: &str) -> String {
    let at: usize = marker.parse().unwrap_or(0);
    let item = items.get(at).cloned().unwrap_or_default();
    let more = at + 1 < items.len();
    let marker = if more { format!("<Marker>{}</Marker>", at + 1) } else { String::new() };
    format!("<{name}>{item}</{name}><IsTruncated>{more}</IsTruncated>{marker}")
}

fn last(arn: &str) -> String {
    arn.rsplit('/').next().unwrap().to_owned()
}

fn encoded(document: &str) -> String {
    utf8_percent_encode(document, NON_ALPHANUMERIC).to_string()
}
