//! Distilled records: what is left of a record when everything is dropped that nobody reads.
//!
//! A distilled record is a record in CloudTrail's own shape, so that [`parse_record`] reads it. It has no `eventID`; how
//! often, when and under which ids the call was seen is [`Evidence`](super::Evidence) beside it. In two parts:
//!
//! - the **call**: what was asked of AWS and what came of it. `eventTime` is missing in it; two events with the same call
//!   are the same call.
//! - the **actor**: session, access key, address and program, which differ from run to run ([`Actor`]).
//!
//! [`record`] puts both and a time together. What is dropped of the payloads, [`payload`] says. Nothing is dropped on
//! trust: the distilled record must resolve to what the record itself resolves to, else its payloads are kept whole.

mod payload;

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Resolution, Resolver};
use crate::catalog::Catalog;
use crate::catalog::rules::Rules;
use crate::cloudtrail::{Caller, CallerKind, Event, HIDDEN, Outcome, Payload, parse_record};

/// Makes distilled records.
#[derive(Debug, Clone, Copy)]
pub struct Distiller<'c> {
    resolver: Resolver<'c>,
}

/// A record in its two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distilled {
    /// The call, as one line of JSON.
    pub call: String,
    pub actor: Actor,
    /// What the call resolves to.
    pub resolution: Resolution,
}

/// Who made a call, from where, with what.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Actor {
    /// The session's name.
    pub session: Option<String>,
    pub access_key_id: Option<String>,
    pub source_ip: Option<String>,
    pub user_agent: Option<String>,
    pub source_identity: Option<String>,
    pub vpc_endpoint: Option<String>,
}

impl<'c> Distiller<'c> {
    pub fn new(catalog: &'c Catalog) -> Self {
        Self { resolver: Resolver::new(catalog) }
    }

    /// The event without what nobody reads.
    pub fn distill(&self, event: &Event<'_>) -> Distilled {
        let resolution = self.resolver.resolve(event);
        let prefix = Rules::embedded().prefix_of(&event.source);
        let request = |payload: &Payload<'_>| payload::request(payload, prefix);
        let response = |payload: &Payload<'_>| payload::response(payload, prefix);
        let short = call(event, request(&event.request), response(&event.response), true).to_string();
        let call = match self.is_same(&short, event, &resolution) {
            true => short,
            false => call(event, payload::whole(&event.request), payload::whole(&event.response), false).to_string(),
        };
        Distilled { call, actor: Actor::of(event), resolution }
    }

    fn is_same(&self, call: &str, event: &Event<'_>, resolution: &Resolution) -> bool {
        let text = record(call, event.time, &Actor::of(event));
        parse_record(text.as_bytes()).is_ok_and(|again| {
            again.outcome == event.outcome
                && (again.hidden, again.truncated) == (event.hidden, event.truncated)
                && self.resolver.resolve(&again) == *resolution
        })
    }
}

/// A record of a call at a time by an actor. An actor without anything leaves no trace.
pub fn record(call: &str, time: Timestamp, actor: &Actor) -> String {
    let mut text = String::with_capacity(call.len() + 256);
    let _ = write!(text, "{{\"eventTime\":\"{time}\"");
    let mut member = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            let _ = write!(text, ",\"{name}\":{}", Value::from(value.as_str()));
        }
    };
    member("sourceIPAddress", &actor.source_ip);
    member("userAgent", &actor.user_agent);
    member("vpcEndpointId", &actor.vpc_endpoint);
    let Some((before, behind)) = call.split_once(IDENTITY_START) else {
        text.push(',');
        text.push_str(call.strip_prefix('{').unwrap_or(call));
        return text;
    };
    text.push(',');
    text.push_str(before.strip_prefix('{').unwrap_or(before));
    actor.write_identity(&mut text);
    text.push_str(behind);
    text
}

/// How `userIdentity` begins in a call. The first such text is it: what stands before is written by us and holds no quote.
const IDENTITY_START: &str = "\"userIdentity\":{\"sessionContext\":{";

impl Actor {
    /// The actor of an event.
    pub fn of(event: &Event<'_>) -> Self {
        let owned = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
        Self {
            session: owned(&event.caller.session_name),
            access_key_id: owned(&event.caller.access_key_id),
            source_ip: owned(&event.source_ip),
            user_agent: owned(&event.user_agent),
            source_identity: owned(&event.caller.source_identity),
            vpc_endpoint: owned(&event.vpc_endpoint),
        }
    }

    fn write_identity(&self, text: &mut String) {
        text.push_str("\"userIdentity\":{");
        if let Some(session) = &self.session {
            let id = Value::from(format!("{ROLE_ID}:{session}"));
            let _ = write!(text, "\"principalId\":{id},");
        }
        if let Some(key) = &self.access_key_id {
            let _ = write!(text, "\"accessKeyId\":{},", Value::from(key.as_str()));
        }
        text.push_str("\"sessionContext\":{");
        if let Some(identity) = &self.source_identity {
            let _ = write!(text, "\"sourceIdentity\":{},", Value::from(identity.as_str()));
        }
    }
}

/// The unique id of a role, which nobody reads and whose form tells a session's name behind it.
const ROLE_ID: &str = "AROA";

/// The call in CloudTrail's shape. `short`: the message only as far as it decides the outcome.
fn call(event: &Event<'_>, request: Value, response: Value, short: bool) -> Value {
    let mut call = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            call.insert(name.to_owned(), value);
        }
    };
    set("eventType", "AwsApiCall".into());
    set("userIdentity", identity(&event.caller));
    set("eventSource", (*event.source).into());
    set("eventName", (*event.name).into());
    set("apiVersion", event.api_version.as_deref().into());
    set("awsRegion", (*event.region).into());
    set("recipientAccountId", event.account.as_deref().into());
    set("errorCode", event.error_code.as_deref().into());
    set("errorMessage", message(event, short));
    set("readOnly", event.read_only.into());
    set("eventCategory", if event.data_event { "Data".into() } else { Value::Null });
    let resources: Vec<Value> = event.resources.iter().map(|one| json!({"ARN": one.arn, "type": one.kind})).collect();
    set("resources", if resources.is_empty() { Value::Null } else { resources.into() });
    // Wherever it stood: a record is told from others by that something in it is hidden.
    set("additionalEventData", if event.hidden { HIDDEN.into() } else { Value::Null });
    set("requestParameters", request);
    set("responseElements", response);
    Value::Object(call)
}

/// The caller without what differs from run to run, in CloudTrail's shape.
pub(crate) fn identity(caller: &Caller<'_>) -> Value {
    let kind = match caller.kind {
        CallerKind::Role => "AssumedRole",
        CallerKind::User => "IAMUser",
        CallerKind::Root => "Root",
        CallerKind::FederatedUser => "FederatedUser",
        CallerKind::WebIdentity => "WebIdentityUser",
        CallerKind::Saml => "SAMLUser",
        CallerKind::AwsService => "AWSService",
        CallerKind::AwsAccount => "AWSAccount",
        CallerKind::IdentityCenterUser => "IdentityCenterUser",
        CallerKind::Unknown => "Unknown",
    };
    let issuer = caller.principal.as_ref().map_or(json!({}), |principal| json!({"arn": principal.as_str()}));
    let mut identity = Map::new();
    identity.insert("sessionContext".to_owned(), json!({"sessionIssuer": issuer}));
    identity.insert("type".to_owned(), kind.into());
    if let Some(account) = &caller.account {
        identity.insert("accountId".to_owned(), (**account).into());
    }
    if let Some(service) = &caller.invoked_by {
        identity.insert("invokedBy".to_owned(), (**service).into());
    }
    Value::Object(identity)
}

/// The message, unless the outcome is the same without it. The session's name in a denial differs from run to run.
fn message(event: &Event<'_>, short: bool) -> Value {
    let Some(text) = event.error_message.as_deref() else { return Value::Null };
    let in_response = message_in_response(event) == Some(text);
    if in_response && !(event.error_code.is_none() && event.outcome == Outcome::Unknown) {
        return Value::Null;
    }
    match (&event.outcome, event.caller.session_name.as_deref()) {
        (Outcome::Denied(_), Some(session)) if short && !session.is_empty() => {
            Value::from(text.replacen(&format!("/{session} is not"), "/* is not", 1))
        }
        _ => Value::from(text),
    }
}

/// The message that a service put into `responseElements`.
fn message_in_response<'e>(event: &'e Event<'_>) -> Option<&'e str> {
    let object = event.response.json()?.as_object()?;
    ["message", "Message", "errorMessage"].iter().find_map(|key| object.get(key)?.as_str())
}
