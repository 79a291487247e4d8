"""An answer as CloudTrail keeps it: response elements of a success, code and message of an error."""

import dataclasses
import json
import re
import urllib.parse
import uuid

import botocore.parsers

from . import ec2
from .shapes import spelled

DENIED = re.compile(r"AccessDenied|UnauthorizedOperation|not authorized")
# What the server calls an error, and what CloudTrail calls it.
ERROR_NAMES = {
    ("iam", "NoSuchEntity"): "NoSuchEntityException",
    ("iam", "EntityAlreadyExists"): "EntityAlreadyExistsException",
    ("iam", "DeleteConflict"): "DeleteConflictException",
}
# The server checks these services' calls on resources that are not AWS's, and names them in its denials. AWS's denials often
# name none, so that is what is written down.
RESOURCES_NOT_TRUSTED = {"ec2", "eks", "kms", "ssm"}
ON_RESOURCE = re.compile(r" on resource: \S+")
PARSERS = botocore.parsers.ResponseParserFactory()
# The server ends EKS's ARNs in eight hex digits where AWS has a UUID; the same digits always give the same UUID.
SHORT_ID = re.compile(r":(nodegroup|addon|fargateprofile|access-entry)/(.+)/([0-9a-f]{8})$")
UUID_SPACE = uuid.UUID("12345678-1234-5678-1234-567812345678")


@dataclasses.dataclass
class Answer:
    """What came back over the wire."""

    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode("utf8", "replace")

    def header(self, name):
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)

    @property
    def denied(self):
        return self.status >= 400 and bool(DENIED.search(self.text + (self.header("x-amzn-errortype") or "")))


def error(call, answer):
    """(code, message) of an error, or nothing."""
    if answer.status < 400 and answer.status != 304:
        return None, None
    code = (answer.header("x-amzn-errortype") or "").partition(":")[0]
    code, message = _error_words(answer.body, code)
    if not code:
        absent = "NoSuchKey" if call.parameters.get("key") else "NoSuchBucket"
        code = {404: absent, 403: "AccessDenied"}.get(answer.status, str(answer.status))
    code = ERROR_NAMES.get((call.service, code), code)
    if call.service in RESOURCES_NOT_TRUSTED:
        message = ON_RESOURCE.sub("", message) if message else message
    if call.service == "ec2":
        return f"Client.{code}", message
    return ("AccessDenied" if DENIED.search(code) else code), message


def _error_words(body, code):
    try:
        content = json.loads(body)
        code = code or content.get("__type", "").rpartition("#")[2] or content.get("code") or ""
        return code, content.get("message") or content.get("Message")
    except (ValueError, AttributeError):
        text = body.decode("utf8", "replace")
        find = lambda name: (re.search(f"<{name}>([^<]*)", text) or [None, ""])[1]
        message = find("Message").replace("&quot;", '"').replace("&apos;", "'").replace("&#39;", "'")
        return code or find("Code"), message or None


def elements(call, answer):
    """Response elements of a call that changed something."""
    found = _parsed(call, answer)
    if not found:
        return None
    if call.service == "iam":
        found = _encoded_documents(found)
    if call.service == "eks":
        found = _eks(found, call.operation)
    if call.service == "ec2" and call.operation == "CreateVpc":
        for extra in ("defaultNetworkAclId", "defaultSecurityGroupId", "mainRouteTableId"):
            found.get("vpc", {}).pop(extra, None)  # the server's own; AWS has none of them
    found.get("credentials", {}).pop("secretAccessKey", None)
    found.pop("packedPolicySize", None)  # AWS has one only where a policy or tags came with the call
    return found


def _parsed(call, answer):
    if call.service == "ec2":
        return ec2.response(call.operation, answer.body)
    if call.model is None:
        return None
    protocol = call.model.service_model.metadata["protocol"]
    if protocol == "rest-json":
        try:
            return json.loads(answer.body) or None
        except ValueError:
            return None
    if call.model.output_shape is None:
        return None
    raw = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
    parsed = PARSERS.create_parser(protocol).parse(raw, call.model.output_shape)
    parsed.pop("ResponseMetadata", None)
    return spelled(parsed, call.model.output_shape) or None


def _encoded_documents(value):
    """IAM hands policy documents out percent-encoded, and so they stand in the log."""
    if isinstance(value, list):
        return [_encoded_documents(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _document(item) if key.endswith("Document") else _encoded_documents(item)
            for key, item in value.items()}


def _document(value):
    if isinstance(value, dict):
        value = json.dumps(value)
    return urllib.parse.quote(value, safe="") if isinstance(value, str) and value.startswith("{") else value


def _eks(found, operation):
    """What AWS answers at this moment: ids as UUIDs, things still being created, nothing that is known only later."""
    found = _eks_value(found, operation)
    if operation == "CreateCluster":
        cluster = found["cluster"]
        for later in ("endpoint", "identity", "certificateAuthority"):
            cluster.pop(later, None)
        cluster.get("resourcesVpcConfig", {}).pop("clusterSecurityGroupId", None)
    entry = found.get("accessEntry")
    if entry:
        account, principal = entry["principalArn"].split(":")[4], entry["principalArn"].rpartition("/")[2]
        prefix, _, last = entry["accessEntryArn"].rpartition("/")
        entry["accessEntryArn"] = f"{prefix}/role/{account}/{principal}/{last}"
    return found


def _eks_value(value, operation):
    if isinstance(value, list):
        return [_eks_value(item, operation) for item in value]
    if isinstance(value, dict):
        creating = lambda key, item: key == "status" and item == "ACTIVE" and operation.startswith("Create")
        return {key: "CREATING" if creating(key, item) else _eks_value(item, operation)
                for key, item in value.items() if item != ""}
    if isinstance(value, str) and value.startswith("arn:aws:eks:"):
        return SHORT_ID.sub(lambda match: f":{match[1]}/{match[2]}/{uuid.uuid5(UUID_SPACE, match[3])}", value)
    return value
