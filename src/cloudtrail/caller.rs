//! `userIdentity`: who made the call.

use std::borrow::Cow;

use super::walk::{Members, lenient_text, members};
use crate::iam::Arn;

/// Who made a call.
#[derive(Debug, Clone)]
pub struct Caller<'a> {
    pub kind: CallerKind,
    /// The role behind the session (`sessionIssuer.arn`, path included), or the user's ARN. `None` where the record does
    /// not say: a session's ARN has no path, so that roles of one name can't be told apart by it.
    pub principal: Option<Arn>,
    /// The session's name, the last segment of an assumed-role ARN.
    pub session_name: Option<Cow<'a, str>>,
    pub access_key_id: Option<Cow<'a, str>>,
    /// `invokedBy`: the service that made the call with the caller's permissions, such as `cloudformation.amazonaws.com`.
    pub invoked_by: Option<Cow<'a, str>>,
    pub account: Option<Cow<'a, str>>,
    /// `sessionContext.sourceIdentity`
    pub source_identity: Option<Cow<'a, str>>,
}

impl Caller<'_> {
    /// The same with texts of its own.
    pub fn into_owned(self) -> Caller<'static> {
        let owned = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        Caller {
            kind: self.kind,
            principal: self.principal,
            session_name: owned(self.session_name),
            access_key_id: owned(self.access_key_id),
            invoked_by: owned(self.invoked_by),
            account: owned(self.account),
            source_identity: owned(self.source_identity),
        }
    }
}

/// `userIdentity.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerKind {
    Role,
    User,
    Root,
    FederatedUser,
    WebIdentity,
    Saml,
    AwsService,
    AwsAccount,
    IdentityCenterUser,
    Unknown,
}

/// Reads `userIdentity`; `None` where it is no object.
pub fn read_caller(raw: &[u8]) -> Option<Caller<'_>> {
    let fields = IdentityFields::read(raw)?;
    let session = fields.arn.as_deref().and_then(session_of_arn).map(|name| Cow::Owned(name.to_owned()));
    Some(Caller {
        kind: fields.kind(session.is_some()),
        principal: fields.principal(session.is_some()),
        session_name: session.or_else(|| fields.session_elsewhere()),
        access_key_id: fields.access_key_id,
        invoked_by: fields.invoked_by,
        account: fields.account,
        source_identity: fields.session.source_identity,
    })
}

#[derive(Default)]
struct IdentityFields<'a> {
    kind: Option<Cow<'a, str>>,
    arn: Option<Cow<'a, str>>,
    principal_id: Option<Cow<'a, str>>,
    account: Option<Cow<'a, str>>,
    user_name: Option<Cow<'a, str>>,
    access_key_id: Option<Cow<'a, str>>,
    invoked_by: Option<Cow<'a, str>>,
    session: SessionFields<'a>,
}

#[derive(Default)]
struct SessionFields<'a> {
    issuer_arn: Option<Cow<'a, str>>,
    source_identity: Option<Cow<'a, str>>,
}

impl<'a> IdentityFields<'a> {
    fn read(raw: &'a [u8]) -> Option<Self> {
        let mut fields = Self::default();
        for (key, value) in members(raw).ok()?.map_while(Result::ok) {
            match key.as_ref() {
                b"type" => fields.kind = lenient_text(value),
                b"arn" => fields.arn = lenient_text(value),
                b"principalId" => fields.principal_id = lenient_text(value),
                b"accountId" => fields.account = account_id(value),
                b"userName" => fields.user_name = lenient_text(value),
                b"accessKeyId" => fields.access_key_id = lenient_text(value),
                b"invokedBy" => fields.invoked_by = lenient_text(value),
                b"sessionContext" => fields.session = SessionFields::read(value),
                _ => {}
            }
        }
        Some(fields)
    }

    fn kind(&self, is_session: bool) -> CallerKind {
        match self.kind.as_deref() {
            Some("AssumedRole" | "Role") => CallerKind::Role,
            Some("IAMUser") => CallerKind::User,
            Some("Root") => CallerKind::Root,
            Some("FederatedUser") => CallerKind::FederatedUser,
            Some("WebIdentityUser") => CallerKind::WebIdentity,
            Some("SAMLUser") => CallerKind::Saml,
            Some("AWSService") => CallerKind::AwsService,
            Some("AWSAccount") => CallerKind::AwsAccount,
            Some("IdentityCenterUser") => CallerKind::IdentityCenterUser,
            None if is_session => CallerKind::Role,
            None if self.arn.is_none() && self.invoked_by.is_some() => CallerKind::AwsService,
            _ => CallerKind::Unknown,
        }
    }

    fn principal(&self, is_session: bool) -> Option<Arn> {
        match &self.session.issuer_arn {
            Some(issuer) => issuer.parse().ok(),
            None if is_session => None,
            None => self.arn.as_deref()?.parse().ok(),
        }
    }

    /// The session's name where there is no session ARN: `AROA…:SESSION`, or the only name in the console's CSV file.
    fn session_elsewhere(&self) -> Option<Cow<'a, str>> {
        if self.kind.is_none() && self.arn.is_none() && self.principal_id.is_none() {
            return self.user_name.clone();
        }
        let (id, session) = self.principal_id.as_deref()?.split_once(':')?;
        id.starts_with("AROA").then(|| Cow::Owned(session.to_owned()))
    }
}

impl<'a> SessionFields<'a> {
    fn read(raw: &'a [u8]) -> Self {
        let mut fields = Self::default();
        for (key, value) in each(raw) {
            match key.as_ref() {
                b"sessionIssuer" => {
                    let arn = each(value).filter(|(key, _)| key.as_ref() == b"arn").last();
                    fields.issuer_arn = arn.and_then(|(_, value)| lenient_text(value));
                }
                b"sourceIdentity" => fields.source_identity = lenient_text(value),
                _ => {}
            }
        }
        fields
    }
}

/// The session in `arn:aws:sts::111122223333:assumed-role/ROLE/SESSION`.
fn session_of_arn(arn: &str) -> Option<&str> {
    let resource = arn.splitn(6, ':').nth(5)?;
    resource.strip_prefix("assumed-role/")?.rsplit_once('/').map(|(_, session)| session)
}

/// The twelve digits of an account, also where an export wrote them as a number and lost zeros in front.
pub(super) fn account_id(raw: &[u8]) -> Option<Cow<'_, str>> {
    let text = lenient_text(raw)?;
    let is_number = raw.first().is_some_and(u8::is_ascii_digit);
    Some(if is_number && text.len() < 12 { Cow::Owned(format!("{text:0>12}")) } else { text })
}

fn each(raw: &[u8]) -> impl Iterator<Item = (Cow<'_, [u8]>, &[u8])> {
    members(raw).into_iter().flat_map(Members::flatten_ok)
}

impl<'a> Members<'a> {
    fn flatten_ok(self) -> impl Iterator<Item = (Cow<'a, [u8]>, &'a [u8])> {
        self.map_while(Result::ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Caller<'_> {
        read_caller(json.as_bytes()).unwrap()
    }

    fn arn(text: &str) -> Option<Arn> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_session_belongs_to_its_role_with_its_path() {
        let caller = read(
            r#"{"type":"AssumedRole","principalId":"AROAX:ci-7","arn":"arn:aws:sts::111122223333:assumed-role/runner/ci-7",
               "accountId":"111122223333","accessKeyId":"ASIAX","invokedBy":"cloudformation.amazonaws.com",
               "sessionContext":{"sourceIdentity":"ann","sessionIssuer":{"type":"Role",
               "arn":"arn:aws:iam::111122223333:role/ci/runner","userName":"runner"}}}"#,
        );
        assert_eq!(caller.kind, CallerKind::Role);
        assert_eq!(caller.principal, arn("arn:aws:iam::111122223333:role/ci/runner"));
        assert_eq!(caller.session_name.as_deref(), Some("ci-7"));
        assert_eq!(caller.invoked_by.as_deref(), Some("cloudformation.amazonaws.com"));
        assert_eq!(caller.source_identity.as_deref(), Some("ann"));
    }

    #[test]
    fn a_session_without_issuer_names_no_role() {
        let caller = read(r#"{"type":"AssumedRole","arn":"arn:aws-cn:sts::111122223333:assumed-role/runner/ci"}"#);
        assert_eq!((caller.principal, caller.session_name.as_deref()), (None, Some("ci")));
        let caller = read(r#"{"type":"AssumedRole","principalId":"AROAX:ci","sessionContext":{"sessionIssuer":{}}}"#);
        assert_eq!((caller.principal, caller.session_name.as_deref()), (None, Some("ci")));
        let caller = read(r#"{"userName":"ci","accessKeyId":"ASIAX"}"#);
        assert_eq!((caller.principal, caller.session_name.as_deref()), (None, Some("ci")));
    }

    #[test]
    fn a_user_is_its_own_principal() {
        let caller = read(
            r#"{"type":"IAMUser","arn":"arn:aws-us-gov:iam::111122223333:user/eng/ann","accountId":1122223333,
               "sessionContext":{"attributes":{"mfaAuthenticated":"false"}}}"#,
        );
        assert_eq!(caller.kind, CallerKind::User);
        assert_eq!(caller.principal, arn("arn:aws-us-gov:iam::111122223333:user/eng/ann"));
        assert_eq!(caller.account.as_deref(), Some("001122223333"));
        assert_eq!(caller.session_name, None);
    }

    #[test]
    fn a_service_has_no_principal() {
        for json in [r#"{"type":"AWSService","invokedBy":"eks.amazonaws.com"}"#, r#"{"invokedBy":"eks.amazonaws.com"}"#]
        {
            let caller = read(json);
            assert_eq!((caller.kind, caller.principal), (CallerKind::AwsService, None));
        }
    }

    #[test]
    fn masked_arns_name_nobody() {
        let caller =
            read(r#"{"type":"AssumedRole","arn":"arn***","sessionContext":{"sessionIssuer":{"arn":"arn***/x"}}}"#);
        assert_eq!((caller.kind, caller.principal), (CallerKind::Role, None));
    }

    #[test]
    fn the_last_of_repeated_keys_wins() {
        let caller = read(
            r#"{"arn":"arn:aws:iam::111122223333:user/a","arn":"arn:aws:iam::111122223333:user/b","type":"Root","type":"IAMUser"}"#,
        );
        assert_eq!((caller.kind, caller.principal), (CallerKind::User, arn("arn:aws:iam::111122223333:user/b")));
    }

    #[test]
    fn what_is_no_object_is_no_caller() {
        assert!(read_caller(b"null").is_none());
        assert!(read_caller(b"\"ann\"").is_none());
    }
}
