"""A request as the API call it is: service, operation, parameters in CloudTrail's spelling."""

import dataclasses
import json
import re
import urllib.parse

from . import ec2, rest, s3, service_models
from .shapes import from_query, lower_first, spelled, tree

CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")
DYNAMODB_DATA = {
    "BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "TransactGetItems",
    "TransactWriteItems", "UpdateItem",
}


@dataclasses.dataclass
class Request:
    """What came over the wire."""

    method: str
    url: urllib.parse.SplitResult
    headers: object
    body: bytes

    @property
    def query(self):
        return urllib.parse.parse_qs(self.url.query, keep_blank_values=True)

    @property
    def form(self):
        """The parameters of the query protocol, from the body or the query string."""
        text = self.body.decode("utf8", "replace") if self.body else self.url.query
        return dict(urllib.parse.parse_qsl(text, keep_blank_values=True))

    def signature(self):
        """(access key, Region, service) out of the signature; only calls to STS may go without one."""
        match = CREDENTIAL.search(self.headers.get("Authorization") or "")
        if match:
            return match.groups()
        unsigned = "x-www-form-urlencoded" in (self.headers.get("Content-Type") or "")
        return ("", "us-east-1", "sts" if unsigned and "WebIdentity" in self.form.get("Action", "") else "")


@dataclasses.dataclass
class Call:
    """An API call, before its answer."""

    access_key: str
    region: str
    service: str
    operation: str
    parameters: dict
    model: object = None
    data_event: bool = False
    resources: list | None = None


def read(request, account):
    """The call that a request is, or nothing when it is none."""
    access_key, region, service = request.signature()
    if not service:
        return None
    call = Call(access_key, region, service, "", {})
    if request.headers.get("X-Amz-Target"):
        _read_target(call, request)
    elif service == "s3":
        call.operation, call.parameters, call.data_event, call.resources = s3.read(
            request.method, request.url.path, request.query, request.headers, request.body, region, account)
    elif "x-www-form-urlencoded" in (request.headers.get("Content-Type") or "") or "Action" in request.query:
        _read_form(call, request)
    else:
        call.operation, call.parameters, call.model = rest.read(
            service, request.method, request.url.path, request.query, request.body)
    return call


def _read_target(call, request):
    """JSON protocols: the operation stands in a header."""
    prefix, call.operation = request.headers["X-Amz-Target"].rsplit(".", 1)
    model = service_models.by_target_prefix().get(prefix)
    if model and call.operation in model.operation_names:
        call.model = model.operation_model(call.operation)
    try:
        parameters = json.loads(request.body or b"{}")
    except ValueError:
        parameters = {}
    shape = call.model.input_shape if call.model else None
    call.parameters = spelled(parameters, shape) if shape else {lower_first(k): v for k, v in parameters.items()}
    call.data_event = call.service == "dynamodb" and call.operation in DYNAMODB_DATA


def _read_form(call, request):
    """The query protocol: everything stands in a form."""
    form = request.form
    call.operation, version = form.pop("Action", "?"), form.pop("Version", None)
    call.model = service_models.query_operation(call.service, call.operation, version)
    nested = tree(form)
    if call.service == "ec2":
        call.parameters = ec2.request(call.operation, nested)
    elif call.model and call.model.input_shape:
        call.parameters = from_query(nested, call.model.input_shape)
    else:
        call.parameters = {lower_first(name): value for name, value in nested.items()}
