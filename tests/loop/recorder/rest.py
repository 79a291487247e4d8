"""REST protocols: which operation a method and a path are, by the paths in the API models."""

import functools
import json
import re
import urllib.parse

from . import service_models
from .shapes import lower_first, spelled


@functools.cache
def _routes(service):
    """(operation model, pattern of its path, names of its labels, query keys that it must carry)"""
    routes = []
    for model in service_models.by_signing_name().get(service, []):
        if model.metadata["protocol"].startswith("rest") and model.service_name != "s3":
            for name in model.operation_names:
                operation = model.operation_model(name)
                routes.append((operation, *_compile(operation.http["requestUri"])))
    return routes


def _compile(uri):
    path, _, query = uri.partition("?")
    labels = []

    def label(match):
        labels.append(match.group(1))
        return "(.+)" if match.group(2) else "([^/]+)"

    escaped = re.sub(r"([.^$*?()\[\]|\\])", r"\\\1", path)
    pattern = re.sub(r"\{(\w[\w-]*)(\+)?\}", label, escaped)
    return re.compile(f"^{pattern}/?$"), labels, urllib.parse.parse_qs(query, keep_blank_values=True)


def read(service, method, path, query, body):
    """(operation, request parameters, model); the most specific route wins. An unknown path is named as it is."""
    best = None
    for operation, pattern, labels, needed in _routes(service):
        match = pattern.match(path) if operation.http["method"] == method else None
        if not match or any(key not in query for key in needed):
            continue
        score = (len(needed), -len(labels), len(operation.http["requestUri"]))
        if best is None or score > best[0]:
            best = (score, operation, dict(zip(labels, match.groups())))
    if best is None:
        return f"?{method} {path}", {}, None
    _, operation, labels = best
    if service == "route53":
        return operation.name, {lower_first(k): urllib.parse.unquote(v) for k, v in labels.items()}, operation
    return operation.name, _parameters(operation, labels, query, body), operation


def _parameters(operation, labels, query, body):
    """Body, query string and labels under their wire names. Labels stay percent-encoded, as CloudTrail leaves them."""
    found = {}
    if body:
        try:
            found.update(json.loads(body))
        except ValueError:
            pass
    members = operation.input_shape.members if operation.input_shape else {}
    for name, member in members.items():
        wire = member.serialization.get("name", name)
        if member.serialization.get("location") == "querystring" and wire in query:
            found[wire] = query[wire] if member.type_name == "list" else spelled(query[wire][0], member)
    found.update(labels)
    return found
