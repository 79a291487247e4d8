"""Answers where the server's own are not AWS's: calls that it authorises but has not built, and OIDC issuers.

A denial of the server is never answered here.
"""

import dataclasses
import json
import re
import time
import uuid

from .answer import Answer

EKS_UPDATES = {
    "UpdateClusterConfig": "LoggingUpdate", "UpdateClusterVersion": "VersionUpdate",
    "UpdateNodegroupConfig": "ConfigUpdate", "UpdateNodegroupVersion": "VersionUpdate",
}
IMAGE = "ami-0abcdef1234567890"
OWN_ISSUER = re.compile(rb"https?://[^\"/]+/oidc/id/([0-9A-F]+)")


def answer(call, given):
    """What to answer in place of what the server gave."""
    if call is None:
        return given
    if given.status >= 400 and not given.denied:
        return _in_place_of_error(call, given) or given
    if call.service == "eks" and OWN_ISSUER.search(given.body):
        # The server is its own issuer; AWS's has a host of its own and a longer id.
        issuer = f"https://oidc.eks.{call.region}.amazonaws.com/id/".encode()
        body = OWN_ISSUER.sub(lambda match: issuer + match[1].rjust(32, b"0"), given.body)
        return dataclasses.replace(given, body=body)
    return given


def _in_place_of_error(call, refused):
    content = {"eks": _eks, "ssm": _parameter}.get(call.service, lambda call, refused: None)(call, refused)
    if content is None:
        return None
    kind = "application/json" if call.service == "eks" else "application/x-amz-json-1.1"
    return Answer(200, {"Content-Type": kind, "x-amzn-RequestId": str(uuid.uuid4())}, json.dumps(content).encode())


def _eks(call, _):
    parameters, moment = call.parameters, round(time.time(), 3)
    update = {"status": "InProgress", "params": [], "createdAt": moment, "errors": []}
    if call.operation in EKS_UPDATES:
        return {"update": {**update, "id": str(uuid.uuid4()), "type": EKS_UPDATES[call.operation]}}
    if call.operation == "DescribeUpdate":
        done = {"id": parameters.get("updateId"), "type": "VersionUpdate", "status": "Successful"}
        return {"update": {**update, **done}}
    if call.operation == "DescribeAddonVersions":
        version = {"addonVersion": "v1.18.3-eksbuild.1", "architecture": ["amd64"], "compatibilities": [
            {"clusterVersion": "1.31", "platformVersions": ["*"], "defaultVersion": True}]}
        name = parameters.get("addonName", "vpc-cni")
        return {"addons": [{"addonName": name, "type": "networking", "addonVersions": [version]}]}
    if call.operation == "DescribeClusterVersions":
        return {"clusterVersions": [{"clusterVersion": "1.31", "defaultVersion": True}]}
    return None


def _parameter(call, refused):
    """AWS's public parameters, such as the image that nodes run."""
    name = call.parameters.get("name", "")
    if call.operation != "GetParameter" or "ParameterNotFound" not in refused.text or "/aws/service/" not in name:
        return None
    return {"Parameter": {"Name": name, "Type": "String", "Value": IMAGE, "Version": 1, "DataType": "text"}}
