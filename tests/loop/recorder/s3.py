"""S3: operation, parameters, kind of event and resources from method, path and query string."""

import json
import urllib.parse
from xml.etree import ElementTree

from .ec2 import xml_object

SUBRESOURCES = {
    "versioning": "Versioning", "encryption": "Encryption", "publicAccessBlock": "PublicAccessBlock",
    "policyStatus": "PolicyStatus", "policy": "Policy", "tagging": "Tagging", "location": "Location", "acl": "Acl",
    "lifecycle": "Lifecycle", "cors": "Cors", "logging": "Logging", "notification": "Notification",
    "ownershipControls": "OwnershipControls", "object-lock": "ObjectLockConfiguration", "replication": "Replication",
    "requestPayment": "RequestPayment", "website": "Website", "accelerate": "Accelerate",
}
LOGGED_HEADERS = (
    "x-amz-copy-source", "x-amz-acl", "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-tagging",
)


def read(method, path, query, headers, body, region, account):
    """(operation, request parameters, is a data event, resources)"""
    bucket, _, key = urllib.parse.unquote(path).lstrip("/").partition("/")
    sub = next((name for name in SUBRESOURCES if name in query), None)
    parameters = _parameters(bucket, key, query, headers, region)
    if not bucket:
        operation, data = "ListBuckets", False
    elif key:
        operation, data = _object_operation(method, sub, query, headers), True
    else:
        operation, data = _bucket_operation(method, sub, query)
        if method == "PUT" and body:
            parameters.update(_configuration(sub, body))
    # Writes on buckets carry no resources; reads and data events do.
    listed = data or method in ("GET", "HEAD")
    return operation, parameters, data, _resources(bucket, key, account) if listed else None


def _parameters(bucket, key, query, headers, region):
    host = f"s3.{region}.amazonaws.com"
    found = {"bucketName": bucket, "Host": f"{bucket}.{host}"} if bucket else {"Host": host}
    if key:
        found["key"] = key
    found.update({name: values[0] for name, values in query.items() if name != "x-id"})
    found.update({name: headers[name] for name in LOGGED_HEADERS if headers.get(name)})
    return found


def _verb(method):
    return {"GET": "Get", "PUT": "Put", "DELETE": "Delete", "HEAD": "Head", "POST": "Post"}[method]


def _bucket_operation(method, sub, query):
    if sub == "accelerate":
        return f"{_verb(method)}AccelerateConfiguration", False
    if sub:
        return f"{_verb(method)}Bucket{SUBRESOURCES[sub]}", False
    if method in ("PUT", "DELETE"):
        return {"PUT": "CreateBucket", "DELETE": "DeleteBucket"}[method], False
    if method == "HEAD":
        return "HeadBucket", True
    if method == "POST":
        return "DeleteObjects", True
    if "versions" in query:
        return "ListObjectVersions", True
    return ("ListMultipartUploads" if "uploads" in query else "ListObjects"), True


def _object_operation(method, sub, query, headers):
    copied = "x-amz-copy-source" in headers
    if sub in ("tagging", "acl"):
        return f"{_verb(method)}Object{SUBRESOURCES[sub]}"
    if method == "PUT" and "partNumber" in query:
        return "UploadPartCopy" if copied else "UploadPart"
    if method == "PUT":
        return "CopyObject" if copied else "PutObject"
    if method == "POST":
        return "CreateMultipartUpload" if "uploads" in query else "CompleteMultipartUpload"
    if method == "DELETE" and "uploadId" in query:
        return "AbortMultipartUpload"
    return f"{_verb(method)}Object"


def _configuration(sub, body):
    """The body of a bucket's configuration, under the name of its root element; a policy as JSON."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        try:
            return {"bucketPolicy" if sub == "policy" else "body": json.loads(body)}
        except ValueError:
            return {}
    namespace, _, name = root.tag.rpartition("}")
    return {name: {"xmlns": namespace.lstrip("{"), **(xml_object(root) if list(root) else {})}}


def _resources(bucket, key, account):
    found = [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"}] if key else []
    if bucket:
        found.append({"accountId": account, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"})
    return found or None
