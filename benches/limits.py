#!/usr/bin/env python3
"""Start-up, memory and linear cost of `trailtrim generate`, each against its limit; ends with 1 where one is passed.

    python3 benches/limits.py                  what takes a minute or two
    python3 benches/limits.py --large          also ten million events and one file of a gigabyte

Needs the build that is shipped and the generated trails:

    cargo build --profile dist --no-default-features --bin trailtrim
    for n in 100000 1000000; do cargo bench --no-default-features --bench collect -- --events $n --generate-only; done

Times are CPU seconds, user and system, the least of five runs: other work on the machine adds to them and never takes away.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", Path(__file__).parent.parent / "target"))
TRAILTRIM = TARGET / "dist/trailtrim"
ROLE = "arn:aws:iam::123456789012:role/ci/deploy-runner"
OPERATIONS = [  # 25 operations on something that a field names
    ("ssm", "GetParameter", "name"), ("ssm", "PutParameter", "name"), ("ssm", "DeleteParameter", "name"),
    ("dynamodb", "DescribeTable", "tableName"), ("dynamodb", "UpdateTable", "tableName"), ("dynamodb", "DeleteTable", "tableName"),
    ("dynamodb", "DescribeContinuousBackups", "tableName"), ("dynamodb", "DescribeTimeToLive", "tableName"),
    ("iam", "GetRole", "roleName"), ("iam", "DeleteRole", "roleName"), ("iam", "ListRolePolicies", "roleName"),
    ("iam", "ListAttachedRolePolicies", "roleName"), ("iam", "UpdateRole", "roleName"), ("iam", "GetUser", "userName"),
    ("lambda", "GetFunction20150331v2", "functionName"), ("lambda", "DeleteFunction20150331", "functionName"),
    ("lambda", "UpdateFunctionCode20150331v2", "functionName"), ("eks", "DescribeCluster", "name"), ("eks", "DeleteCluster", "name"),
    ("eks", "UpdateClusterConfig", "name"), ("ecr", "DescribeImages", "repositoryName"), ("ecr", "DeleteRepository", "repositoryName"),
    ("ecr", "GetLifecyclePolicy", "repositoryName"), ("logs", "DeleteLogGroup", "logGroupName"), ("logs", "PutRetentionPolicy", "logGroupName"),
]


def run(*arguments, statuses=(0,)):
    """CPU seconds and peak memory in MB."""
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen([TRAILTRIM, *arguments], stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        if os.waitstatus_to_exitcode(status) not in statuses:
            errors.seek(0)
            sys.exit(f"{arguments}: {status}: {errors.read().decode()[-2000:]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def generate(source, *more, statuses=(0,)):
    return run("generate", str(source), "--role", ROLE, "--threads", "2", "--quiet", "--format", "json", "--max-policies", "100000", *more, statuses=statuses)


def record(number, source, name, member, value, region="eu-central-1"):
    return {
        "eventVersion": "1.09", "eventType": "AwsApiCall", "eventTime": "2026-11-01T10:00:00Z", "eventID": f"{number:032x}",
        "eventSource": f"{source}.amazonaws.com", "eventName": name, "awsRegion": region, "recipientAccountId": "123456789012",
        "userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE}}},
        "requestParameters": {member: value}, "responseElements": None,
    }


def write(path, records):
    with gzip.open(path, "wt", compresslevel=1) as file:
        json.dump({"Records": list(records)}, file)


def cases(folder, large):
    """Name, seconds and MB, limits of both."""
    least = lambda measure: min(measure() for _ in range(5))
    (folder / "empty").mkdir()
    (folder / "empty/a.json").touch()
    one = folder / "one.json.gz"
    write(one, [record(1, "eks", "DescribeCluster", "name", "demo")])
    yield "trailtrim --version", *least(lambda: run("--version")), 0.015, 16
    yield "a tree without records", *least(lambda: generate(folder / "empty", statuses=(3,))), 0.015, 24
    yield "a trail of one record", *least(lambda: generate(one)), 0.015, 24
    bomb = folder / "bomb.json.gz"
    with gzip.open(bomb, "wb", compresslevel=9) as file:
        file.write(b'{"Records":[{"eventVersion":"')
        for _ in range(1024):
            file.write(b"a" * (1 << 20))
    yield "a gzip bomb, 1 MB of which 1 GB comes out", *generate(bomb, statuses=(3,)), None, 64
    nested = folder / "nested.json"
    nested.write_text('{"Records":[' + '{"a":' * 1_000_000 + "1" + "}" * 1_000_000 + "]}")
    yield "a record nested a million deep", *generate(nested, statuses=(3,)), None, 64
    pairs = folder / "pairs"
    pairs.mkdir()
    # Two thousand for each action and Region: more would become a pattern.
    for at, (source, name, member) in enumerate(OPERATIONS):
        things = (record(at * 4000 + i, source, name, member, f"thing-{chr(97 + i % 26)}-{i}", ("us-east-1", "eu-central-1")[i % 2]) for i in range(4000))
        write(pairs / f"{at}.json.gz", things)
    yield "100,000 pairs of action and resource", *generate(pairs), 30, 300
    # Start-up and the policy of some thousand resources cost the same however large the trail is.
    first = None
    for events, name in [(100_000, "100,000"), (1_000_000, "a million"), *([(10_000_000, "ten million")] if large else [])]:
        seconds, megabytes = min(generate(TARGET / f"trails/{events}-1-0.03/AWSLogs") for _ in range(1 if large else 3))
        yield f"{name} events, the role in 3 %", seconds, megabytes, None if first is None else 11 * first, 64
        first = seconds
    if large:
        whole = folder / "whole.json.gz"
        with gzip.open(whole, "wt", compresslevel=1) as file:
            file.write('{"Records":[')
            text = json.dumps({**record(0, "eks", "DescribeCluster", "name", "demo"), "userAgent": "x" * 700})
            for number in range(1_000_000):
                file.write((text if number == 0 else "," + text).replace("0" * 32, f"{number:032x}"))
            file.write("]}")
        yield "one file of 1.2 GB, a million events of the role", *generate(whole), None, 64


def main():
    failed = False
    print(f"| | CPU s | peak MB | limit |\n|---|--:|--:|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, seconds, megabytes, most_seconds, most_megabytes in cases(Path(folder), "--large" in sys.argv):
            slow = most_seconds is not None and seconds > most_seconds
            failed |= slow or megabytes > most_megabytes
            limit = f"{most_megabytes} MB" if most_seconds is None else f"{most_seconds:.3g} s, {most_megabytes} MB"
            passed = " **passed**" if slow or megabytes > most_megabytes else ""
            print(f"| {name} | {seconds:.3f} | {megabytes:.0f} | {limit}{passed} |", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
