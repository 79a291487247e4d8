"""CloudTrail's LookupEvents as AWS answers it: newest first, 50 a page, one attribute, two requests a second."""

import base64
import collections
import datetime
import json
import threading
import time

ATTRIBUTES = {"AccessKeyId", "EventId", "EventName", "EventSource", "ReadOnly", "ResourceName", "ResourceType",
              "Username"}


class Refused(Exception):
    """An error as the API names it."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class EventHistory:
    def __init__(self, journal, requests_per_second=2):
        self.journal, self.rate = journal, requests_per_second
        self._recent, self._lock = collections.deque(), threading.Lock()

    def lookup(self, body, region):
        """One page, for the Region that the request was signed for."""
        self._throttle()
        request = json.loads(body or b"{}")
        size, attribute = _checked(request)
        window = request.get("StartTime"), request.get("EndTime")
        question = json.dumps([attribute, *window, region], sort_keys=True)
        offset = _offset(request.get("NextToken"), question)
        found = [_entry(record) for record in self.journal.records() if _is_managed_in(record, region)]
        found = [entry for entry in found if _within(entry, *window) and _has(entry, attribute)]
        found.sort(key=lambda entry: (-entry["EventTime"], entry["EventId"]))
        page = {"Events": found[offset:offset + size]}
        if offset + size < len(found):
            page["NextToken"] = base64.b64encode(json.dumps([offset + size, question]).encode()).decode()
        return page

    def _throttle(self):
        moment = time.monotonic()
        with self._lock:
            while self._recent and moment - self._recent[0] > 1:
                self._recent.popleft()
            if len(self._recent) >= self.rate:
                raise Refused("ThrottlingException", "Rate exceeded")
            self._recent.append(moment)


def _checked(request):
    size = request.get("MaxResults", 50)
    if not 1 <= size <= 50:
        raise Refused("InvalidMaxResultsException", "Max results value must be between 1 and 50.")
    attributes = request.get("LookupAttributes") or []
    if len(attributes) > 1:
        raise Refused("InvalidLookupAttributesException", "You can only use one lookup attribute.")
    if any(attribute["AttributeKey"] not in ATTRIBUTES for attribute in attributes):
        raise Refused("InvalidLookupAttributesException", "Lookup attribute is not valid.")
    start, end = request.get("StartTime"), request.get("EndTime")
    if start and end and start > end:
        raise Refused("InvalidTimeRangeException", "Time range is invalid.")
    return size, attributes[0] if attributes else None


def _offset(token, question):
    """A token counts for the question that it was given for alone."""
    if not token:
        return 0
    try:
        offset, asked = json.loads(base64.b64decode(token))
        assert asked == question
        return offset
    except (ValueError, AssertionError):
        raise Refused("InvalidNextTokenException", "Invalid NextToken.") from None


def _is_managed_in(record, region):
    return record.get("eventCategory") == "Management" and record.get("awsRegion") == region


def _within(entry, start, end):
    return (not start or entry["EventTime"] >= start) and (not end or entry["EventTime"] <= end)


def _has(entry, attribute):
    if attribute is None:
        return True
    key, value = attribute["AttributeKey"], attribute["AttributeValue"]
    if key in ("ResourceName", "ResourceType"):
        return value in [resource[key] for resource in entry["Resources"]]
    return entry.get(key) == value


def _entry(record):
    identity = record.get("userIdentity", {})
    name = identity.get("userName") or (identity.get("arn") or identity.get("principalId") or "").rpartition("/")[2]
    moment = datetime.datetime.strptime(record["eventTime"], "%Y-%m-%dT%H:%M:%S%z").timestamp()
    resources = [{"ResourceType": resource.get("type"), "ResourceName": resource["ARN"]}
                 for resource in record.get("resources") or [] if resource.get("ARN")]
    return {
        "EventId": record["eventID"], "EventName": record["eventName"], "EventSource": record["eventSource"],
        "EventTime": moment, "ReadOnly": str(record.get("readOnly", False)).lower(), "Username": name,
        "AccessKeyId": identity.get("accessKeyId") or "", "Resources": resources,
        "CloudTrailEvent": json.dumps(record, separators=(",", ":")),
    }
