"""Values in the spelling of an API model -> values in CloudTrail's spelling."""

import datetime

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


def lower_first(name):
    return name[:1].lower() + name[1:]


def timestamp(value):
    """How CloudTrail writes a time inside a request or a response: `Nov 20, 2026, 5:07:20 PM`."""
    return value.strftime("%b %-d, %Y, %-I:%M:%S %p") if isinstance(value, datetime.datetime) else value


def spelled(value, shape):
    """Members in lower camel case, keys of maps as they are, secrets hidden, blobs left out."""
    if shape is None:
        return value
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return {_member_name(name): _member(item, shape.members.get(name)) for name, item in value.items()}
    if kind == "list" and isinstance(value, list):
        return [spelled(item, shape.member) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: spelled(item, shape.value) for key, item in value.items()}
    return _scalar(value, kind)


def _member_name(name):
    return name if name == "AWSAccountId" else lower_first(name)


def _member(value, shape):
    if shape is not None and shape.metadata.get("sensitive"):
        return HIDDEN
    return spelled(value, shape)


def _scalar(value, kind):
    if kind == "timestamp":
        return timestamp(value)
    if kind == "blob":
        return None
    if isinstance(value, str) and kind in ("integer", "long"):
        return int(value) if value.lstrip("-").isdigit() else value
    if isinstance(value, str) and kind == "boolean":
        return value == "true"
    return value


# The query protocol: `Tags.member.1.Key=a` is a path through structures and lists.


def tree(parameters):
    """Flat query parameters -> nested dictionaries; a list is a dictionary with numbers for keys."""
    root = {}
    for name, value in parameters.items():
        *path, last = name.split(".")
        node = root
        for part in path:
            if not isinstance(node.get(part), dict):
                node[part] = {}
            node = node[part]
        node[last] = value
    return root


def is_list(node):
    return isinstance(node, dict) and bool(node) and all(key.isdigit() for key in node)


def items(node):
    return [node[key] for key in sorted(node, key=int)] if isinstance(node, dict) else []


def from_query(node, shape):
    """A tree of query parameters in CloudTrail's spelling."""
    if shape is None:
        return node
    kind = shape.type_name
    if kind == "list":
        return _query_list(node, shape)
    if kind == "map" and isinstance(node, dict):
        return _query_map(node, shape)
    if kind == "structure" and isinstance(node, dict):
        return _query_structure(node, shape)
    return spelled(node, shape)


def _query_list(node, shape):
    wrapper = shape.member.serialization.get("name")
    if isinstance(node, dict):
        node = node.get("member", node)
    if isinstance(node, dict) and wrapper in node and not is_list(node):
        node = node[wrapper]
    if is_list(node):
        return [from_query(item, shape.member) for item in items(node)]
    return [] if node in ("", {}) else [node]


def _query_map(node, shape):
    entries = node.get("entry", node)
    if not is_list(entries):
        return entries
    pick = lambda entry, name: entry.get(name, entry.get(name.capitalize()))
    return {pick(entry, "key"): from_query(pick(entry, "value"), shape.value) for entry in items(entries)}


def _query_structure(node, shape):
    found = {}
    for name, member in shape.members.items():
        for spelling in (member.serialization.get("name", name), name):
            if spelling in node:
                found[lower_first(name)] = from_query(node[spelling], member)
                break
    return found
