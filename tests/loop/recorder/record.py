"""CloudTrail's record of a call and its answer."""

import json
import re
import uuid

from . import answer as answers
from .identity import ADDRESS
from .journal import iso, now

GLOBAL_SERVICES = {"iam", "route53", "sts"}
API_VERSIONS = {"dynamodb": "2012-08-10", "elasticloadbalancing": "2015-12-01", "logs": "20140328"}
READS = re.compile(r"BatchDescribe|BatchGet|Describe|Get|Head|List|Lookup|Query|Scan|Search|Simulate|AssumeRole")


class Recorder:
    """Makes the records of one account."""

    def __init__(self, account, callers):
        self.account, self.callers = account, callers
        self.keys = {}  # KMS alias -> key id

    def record(self, call, answer, user_agent):
        """The record, or nothing for a call of the test's own set-up."""
        code, message = answers.error(call, answer)
        if call.operation == "AssumeRoleWithWebIdentity":
            return self._web_identity(call, answer, code, message, user_agent)
        identity = self.callers.identity(call.access_key)
        if identity is None:
            return None
        if call.operation == "AssumeRole" and not code:
            self.callers.remember(call.parameters["roleArn"], answer.text, iso(now()))
        read_only = bool(READS.match(call.operation))
        kept = (not read_only or call.operation == "AssumeRole") and not code and not call.data_event
        elements = answers.elements(call, answer) if kept else None
        resources = self._resources(call, answer, elements, code)
        if kept and call.service == "kms" and elements is None and resources:
            # Since December 2022 the entry of a call that manages a key names it, although the answer does not.
            elements = {"keyId": resources[-1]["ARN"]}
        return self.build(
            identity, call.service, call.operation, call.region, self._parameters(call), elements, read_only,
            error=(code, message), data_event=call.data_event, resources=resources,
            request_id=answer.header("x-amzn-requestid"), user_agent=user_agent)

    def build(self, identity, service, operation, region, parameters, elements, read_only, *, error=(None, None),
              data_event=False, resources=None, request_id=None, source=ADDRESS, user_agent=""):
        """A record out of its parts. A `source` other than an address is a service that called for somebody."""
        region = "us-east-1" if service in GLOBAL_SERVICES else region
        made = {
            "eventVersion": "1.11", "userIdentity": identity, "eventTime": iso(now()),
            "eventSource": f"{service}.amazonaws.com", "eventName": operation, "awsRegion": region,
            "sourceIPAddress": source, "userAgent": user_agent,
        }
        if error[0]:
            made.update(errorCode=error[0], errorMessage=error[1])
        made.update(requestParameters=parameters or None, responseElements=elements,
                    requestID=request_id or str(uuid.uuid4()), eventID=str(uuid.uuid4()), readOnly=read_only)
        if resources:
            made["resources"] = resources
        made["eventType"] = "AwsApiCall"
        if service in API_VERSIONS:
            made["apiVersion"] = API_VERSIONS[service]
        made.update(managementEvent=not data_event, recipientAccountId=self.account,
                    eventCategory="Data" if data_event else "Management")
        if source == ADDRESS:
            host = "iam.amazonaws.com" if service == "iam" else f"{service}.{region}.amazonaws.com"
            made["tlsDetails"] = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
                                  "clientProvidedHostHeader": host}
        return made

    def _web_identity(self, call, answer, code, message, user_agent):
        """The pipeline's way in. Without a session of the role this is the record of the identity provider's user."""
        role = call.parameters["roleArn"]
        call.parameters.pop("webIdentityToken", None)
        elements = None
        if not code:
            self.callers.remember(role, answer.text, iso(now()))
            elements = answers.elements(call, answer)
        role_resource = [{"accountId": self.account, "type": "AWS::IAM::Role", "ARN": role}]
        return self.build(
            self.callers.federated(), "sts", call.operation, call.region, call.parameters, elements, True,
            error=(code, message), resources=role_resource, user_agent=user_agent)

    def _parameters(self, call):
        """What the log fills in or rewrites."""
        found = call.parameters
        if call.service == "dynamodb" and call.data_event:
            plain = lambda value: next(iter(value.values())) if isinstance(value, dict) else value
            if isinstance(found.get("item"), dict):
                found["key"] = {key: plain(value) for key, value in found["item"].items() if key == "LockID"}
                found["item"] = list(found["item"])
            elif isinstance(found.get("key"), dict):
                found["key"] = {key: plain(value) for key, value in found["key"].items()}
        return found

    def _resources(self, call, answer, elements, code):
        """The `resources` field, which only some services fill."""
        parameters, region = call.parameters, call.region
        if call.operation == "AssumeRole":
            return [{"accountId": self.account, "type": "AWS::IAM::Role", "ARN": parameters.get("roleArn")}]
        if call.service == "kms" and not code:
            return self._key_resources(call, answer, elements)
        if call.service == "dynamodb" and call.data_event:
            arn = f"arn:aws:dynamodb:{region}:{self.account}:table/{parameters.get('tableName')}"
            return [{"accountId": self.account, "type": "AWS::DynamoDB::Table", "ARN": arn}]
        if call.service == "ssm" and call.operation == "GetParameter":
            public = parameters.get("name", "").startswith("/aws/service")
            owner = "" if public else self.account
            arn = f"arn:aws:ssm:{region}:{owner}:parameter{parameters.get('name')}"
            return [{**({} if public else {"accountId": owner}), "ARN": arn}]
        return call.resources

    def _key_resources(self, call, answer, elements):
        parameters = call.parameters
        key = (elements or {}).get("keyMetadata", {}).get("keyId") or parameters.get("targetKeyId")
        key = key or parameters.get("keyId") or parameters.get("aliasName", "")
        if call.operation == "DescribeKey":
            key = json.loads(answer.body)["KeyMetadata"]["KeyId"]
        key = self.keys.get(key, "" if key.startswith("alias/") else key).rpartition("/")[2]
        if not key:
            return None
        arn = lambda name: f"arn:aws:kms:{call.region}:{self.account}:{name}"
        names = [f"key/{key}"]
        if "Alias" in call.operation and "aliasName" in parameters:
            self.keys[parameters["aliasName"]] = key
            names.insert(0, parameters["aliasName"])
        return [{"accountId": self.account, "type": "AWS::KMS::Key", "ARN": arn(name)} for name in names]
