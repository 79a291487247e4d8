"""Who makes a call: the role behind a session's access key, as `userIdentity` writes it."""

import re

PROVIDER_HOST = "token.actions.githubusercontent.com"
SUBJECT = "repo:acme/infra:ref:refs/heads/main"
ADDRESS = "198.51.100.7"


class Callers:
    """Sessions by access key. Calls with any other key are the test's own set-up, and no part of the record."""

    def __init__(self, account):
        self.account = account
        self.sessions = {}

    @property
    def provider(self):
        return f"arn:aws:iam::{self.account}:oidc-provider/{PROVIDER_HOST}"

    def remember(self, role, answer, time):
        """A session that STS has just handed out."""
        find = lambda name: re.search(f"<{name}>([^<]+)", answer)[1]
        session = {"role": role, "arn": find("Arn"), "id": find("AssumedRoleId"), "since": time}
        self.sessions[find("AccessKeyId")] = session
        return session

    def identity(self, access_key):
        """`userIdentity` of a role's session, or nothing."""
        session = self.sessions.get(access_key)
        if session is None:
            return None
        role = session["role"]
        issuer = {
            "type": "Role", "principalId": session["id"].partition(":")[0], "arn": role,
            "accountId": self.account, "userName": role.rpartition("/")[2],
        }
        context = {
            "sessionIssuer": issuer,
            "attributes": {"creationDate": session["since"], "mfaAuthenticated": "false"},
            "webIdFederationData": {"federatedProvider": self.provider, "attributes": {}},
        }
        return {
            "type": "AssumedRole", "principalId": session["id"], "arn": session["arn"], "accountId": self.account,
            "accessKeyId": access_key, "sessionContext": context,
        }

    def federated(self):
        """`userIdentity` of the pipeline before it has a session: what its identity provider says of it."""
        return {
            "type": "WebIdentityUser", "principalId": f"{self.provider}:sts.amazonaws.com:{SUBJECT}",
            "userName": SUBJECT, "identityProvider": self.provider,
        }
