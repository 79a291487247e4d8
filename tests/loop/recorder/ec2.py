"""EC2's two styles in CloudTrail, request and response; which call has which, and under which names, is in `ec2.toml`.

Most calls have the old one: camel case, and every list an object `xxxSet` with `items`. The others have one object,
`<Operation>Request` or `<Operation>Response`, in the API's own spelling, whose lists of one collapse to an object.
"""

import pathlib
import re
import tomllib
from xml.etree import ElementTree

from .shapes import is_list, items, lower_first

TABLES = tomllib.loads(pathlib.Path(__file__).with_name("ec2.toml").read_text())
NEW_STYLE = set(TABLES["new_style"])
NUMBER = re.compile(r"^-?\d{1,18}$")


def request(operation, tree):
    """Request parameters from a tree of query parameters."""
    if operation in NEW_STYLE:
        return {f"{operation}Request": _new(tree)}
    parameters = _old(operation, tree)
    if operation == "RunInstances":
        parameters = _instances(parameters)
    for name, value in TABLES["defaults"].get(operation, {}).items():
        parameters.setdefault(name, value)
    for name in TABLES["always_there"].get(operation, []):
        parameters.setdefault(name, {})
    return parameters


def response(operation, body):
    """Response elements from the XML of an answer."""
    root = ElementTree.fromstring(body)
    if operation not in NEW_STYLE:
        found = _old_xml(root)
        return found if isinstance(found, dict) else None
    namespace = root.tag.partition("}")[0].lstrip("{") if "}" in root.tag else None
    return {f"{operation}Response": {**({"xmlns": namespace} if namespace else {}), **xml_object(root)}}


def _old(operation, tree):
    found = {}
    for name, value in tree.items():
        if operation == "DescribeVpcAttribute" and name == "Attribute":
            continue  # real records of this call hold the VPC alone
        if name in STRUCTURES:
            key, read = STRUCTURES[name]
            found[key] = read(value)
        elif is_list(value):
            key, item = _set_name(operation, name)
            found[key] = {"items": [{item: one} if isinstance(one, str) else _old(operation, one) for one in items(value)]}
        elif isinstance(value, dict):
            found[lower_first(name)] = _old(operation, value)
        else:
            found[lower_first(name)] = _typed(lower_first(name), value)
    return found


def _set_name(operation, member):
    for row in TABLES["set"]:
        if row["member"] == member and row.get("operation", operation) == operation:
            return row["set"], row["item"]
    return f"{lower_first(member)}Set", lower_first(member)


def _filters(node):
    values = lambda one: {"items": [{"value": value} for value in items(one.get("Value") or {})]}
    return {"items": [{"name": one.get("Name"), "valueSet": values(one)} for one in items(node)]}


def _tags(node):
    return [{lower_first(name): value for name, value in tag.items()} for tag in items(node)] if is_list(node) else []


def _tag_specifications(node):
    return {"items": [{"resourceType": one.get("ResourceType"), "tags": _tags(one.get("Tag"))} for one in items(node)]}


def _permissions(node):
    """The rules of a security group. All four lists are always there."""
    lists = {"Groups": "groups", "UserIdGroupPairs": "groups", "IpRanges": "ipRanges", "Ipv6Ranges": "ipv6Ranges",
             "PrefixListIds": "prefixListIds"}
    found = []
    for one in items(node):
        rule = {"ipProtocol": one.get("IpProtocol")}
        rule.update({lower_first(port): int(one[port]) for port in ("FromPort", "ToPort") if port in one})
        for member, name in lists.items():
            if member in one:
                rule[name] = {"items": [{lower_first(k): v for k, v in item.items()} for item in items(one[member])]}
        for name in lists.values():
            rule.setdefault(name, {})
        found.append(rule)
    return {"items": found}


STRUCTURES = {
    "Filter": ("filterSet", _filters),
    "TagSpecification": ("tagSpecificationSet", _tag_specifications),
    "Tag": ("tagSet", lambda node: {"items": _tags(node)}),
    "IpPermissions": ("ipPermissions", _permissions),
}


def _instances(parameters):
    names = ("imageId", "minCount", "maxCount", "keyName")
    instance = {name: parameters.pop(name) for name in names if name in parameters}
    return {"instancesSet": {"items": [instance]}, **parameters}


def _typed(name, text):
    if text in ("true", "false"):
        return text == "true"
    return int(text) if name in TABLES["numbers"] and NUMBER.match(text) else text


def _new(node):
    if is_list(node):
        found = []
        for position in sorted(node, key=int):
            value, tag = node[position], {"tag": int(position)}
            found.append({**_new(value), **tag} if isinstance(value, dict) else {**tag, "content": _guessed(value)})
        return found[0] if len(found) == 1 else found
    if isinstance(node, dict):
        return {name: _new(value) for name, value in node.items()}
    return _guessed(node)


def _guessed(text):
    """The new style has no types: what looks like a number is one, but for account ids and leading zeros."""
    if text in ("true", "false"):
        return text == "true"
    number = NUMBER.match(text) and (text == "0" or not text.startswith("0")) and len(text) != 12
    return int(text) if number else text


def _local(element):
    return element.tag.rpartition("}")[2]


def _old_xml(element, in_tag=False):
    name, children = _local(element), list(element)
    if not children:
        text = (element.text or "").strip()
        if not text and (name.endswith("Set") or name in TABLES["empty_lists"]):
            return {}
        return text if in_tag else _typed(name, text)
    if all(_local(child) == "item" for child in children):
        return {"items": [_old_xml(child, in_tag or name == "tagSet") for child in children]}
    spelled = lambda child: "_return" if _local(child) == "return" else _local(child)
    return {spelled(child): _old_xml(child, in_tag) for child in children}


def xml_object(element):
    """An element as an object: repeated children as a list, text typed by its looks."""
    if not list(element):
        return _guessed((element.text or "").strip())
    found = {}
    for child in element:
        name, value = _local(child), xml_object(child)
        if name in found:
            found[name] = (found[name] if isinstance(found[name], list) else [found[name]]) + [value]
        else:
            found[name] = value
    return found
