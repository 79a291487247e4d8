"""Lays records out as CloudTrail delivers them: compressed files in the tree of a trail."""

import gzip
import json
import pathlib
import uuid


def write(records, folder, account, part=40):
    """Writes the records below `folder`, a file for each `part` of a Region's records; returns the paths."""
    regions = {}
    for record in records:
        regions.setdefault(record["awsRegion"], []).append(record)
    written = []
    for region, own in sorted(regions.items()):
        for start in range(0, len(own), part):
            written.append(_write_file(own[start:start + part], pathlib.Path(folder), account, region))
    return written


def _write_file(records, folder, account, region):
    moment = records[-1]["eventTime"]
    day, minute = moment[:10].replace("-", "/"), moment[:16].replace("-", "").replace(":", "")
    name = f"{account}_CloudTrail_{region}_{minute}Z_{uuid.uuid4().hex[:16]}.json.gz"
    path = folder / "AWSLogs" / account / "CloudTrail" / region / day / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(json.dumps({"Records": records}, separators=(",", ":")).encode()))
    return path
