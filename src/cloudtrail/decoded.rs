//! What `sts:DecodeAuthorizationMessage` tells of an encoded denial.

use serde::Deserialize;

use super::Denial;
use crate::iam::{Action, Resource};

/// An encoded message, decoded: what was checked, in AWS's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedDenial {
    pub action: Option<Action>,
    pub resource: Option<Resource>,
    pub explicit: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    #[serde(default)]
    explicit_deny: bool,
    context: Context,
}

#[derive(Deserialize)]
struct Context {
    action: Option<String>,
    resource: Option<String>,
}

impl DecodedDenial {
    /// Reads the JSON of a decoded message.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let message: Message = serde_json::from_str(text)?;
        let resource = message.context.resource.and_then(|resource| match resource.as_str() {
            "*" => Some(Resource::Any),
            arn => arn.parse().ok().map(Resource::Arn),
        });
        let action = message.context.action.and_then(|action| action.parse().ok());
        Ok(Self { action, resource, explicit: message.explicit_deny })
    }

    /// The denial with what it did not tell. What was encoded is told now, so calls that say the same become one.
    pub fn complete(&self, denial: &Denial) -> Denial {
        Denial {
            action: self.action.clone().or_else(|| denial.action.clone()),
            resource: self.resource.clone().or_else(|| denial.resource.clone()),
            explicit: self.explicit || denial.explicit,
            encoded_message: None,
            ..denial.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_tells_what_was_checked() {
        let text = r#"{"allowed": false, "explicitDeny": true, "matchedStatements": {"items": []}, "context": {"principal":
            {"id": "AROA1:run", "arn": "arn:aws:sts::111122223333:assumed-role/ci/run"}, "action": "ec2:RunInstances",
            "resource": "arn:aws:ec2:eu-west-1:111122223333:instance/*", "conditions": {"items": []}}}"#;
        let decoded = DecodedDenial::parse(text).unwrap();
        let denial = Denial { encoded_message: Some("abc".into()), ..Denial::default() };
        let complete = decoded.complete(&denial);
        assert_eq!(complete.action.unwrap().to_string(), "ec2:RunInstances");
        assert!(matches!(complete.resource, Some(Resource::Arn(_))));
        assert_eq!((complete.explicit, complete.encoded_message), (true, None));
        assert!(DecodedDenial::parse("{}").is_err());
    }
}
