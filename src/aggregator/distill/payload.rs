//! What is kept of `requestParameters` and `responseElements`.
//!
//! Of a request: everything but tokens. Of a response: ARNs, ids, names, and what the service's rules speak of. What is not
//! kept stays as a placeholder: that a member is there, and that an object has members, is read, too.

use serde_json::Value;

use crate::catalog::rules::{Rules, squeeze};
use crate::cloudtrail::{HIDDEN, Payload};

/// In place of a text.
const PLACEHOLDER: &str = "-";

/// The payload as it is.
pub fn whole(payload: &Payload<'_>) -> Value {
    match payload {
        Payload::Absent => Value::Null,
        Payload::Json(json) => json.into(),
        Payload::Omitted => serde_json::json!({"omitted": true}),
    }
}

/// The request of a service's call.
pub fn request(payload: &Payload<'_>, prefix: &str) -> Value {
    let mut value = whole(payload);
    visit("", &mut value, &|name, leaf| {
        if matches!(leaf, Value::String(_)) && is_token(name) && !Rules::embedded().mention(prefix, name) {
            *leaf = PLACEHOLDER.into();
        }
    });
    value
}

/// The response to a service's call.
pub fn response(payload: &Payload<'_>, prefix: &str) -> Value {
    let mut value = whole(payload);
    visit("", &mut value, &|name, leaf| {
        if Rules::embedded().mention(prefix, name) {
            return;
        }
        match leaf {
            Value::Number(number) => *number = 0.into(),
            Value::String(text) if is_token(name) || !tells(name, text) => *leaf = PLACEHOLDER.into(),
            _ => {}
        }
    });
    value
}

/// Whether a text in a response may name something: an ARN, an id that tells its type, a member for names or ids.
fn tells(name: &str, text: &str) -> bool {
    const ENDS: [&str; 9] = ["name", "id", "ids", "arn", "identifier", "key", "alias", "message", "url"];
    let is_arn = text.contains("arn:") || text.get(..6).is_some_and(|head| head.eq_ignore_ascii_case("arn%3a"));
    let is_id = || text.rsplit_once('-').is_some_and(|(_, rest)| is_made_up(rest));
    let member = squeeze(name);
    is_arn || ENDS.iter().any(|end| member.ends_with(end)) || is_id() || [HIDDEN, ""].contains(&text)
}

fn is_made_up(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && text.bytes().any(|byte| byte.is_ascii_digit())
}

fn is_token(name: &str) -> bool {
    Rules::embedded().common().tokens.iter().any(|token| token.eq_ignore_ascii_case(name))
}

/// All leaves with the name of the member that holds them.
fn visit(name: &str, value: &mut Value, change: &impl Fn(&str, &mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| visit(name, item, change)),
        Value::Object(members) => members.iter_mut().for_each(|(name, member)| visit(name, member, change)),
        leaf => change(name, leaf),
    }
}
