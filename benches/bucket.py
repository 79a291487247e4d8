#!/usr/bin/env python3
"""Ten thousand objects of a trail, listed and read out of S3: is memory flat, and is every event there?

    tests/servers/install ministack
    cargo build --release --bin trailtrim
    python3 benches/bucket.py [--objects 10000] [--program target/release/trailtrim]

S3 is MiniStack, on a free port of the loopback interface; so time says little (it is the server's), and memory is what counts.
The trail is read with a fifth of the objects, which fill all buffers, and with all of them: ends with 1 where all of them take
more than 16 MB over a fifth, or more than 160 MB, where an event is missing, or where a second `collect` reads an object again.
"""

import argparse
import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parent.parent
SERVERS = Path(os.environ.get("TRAILTRIM_SERVERS", ROOT / "target/servers"))
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci/deploy"
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
EVENTS = 60  # an object
MARGIN, MOST = 16, 160  # MB
BEGIN = datetime(2026, 11, 1)


def record(number, region, time):
    """Every tenth is the role's; it reads one of fifty tables."""
    name = "deploy" if number % 10 == 0 else f"other-{number % 7}"
    return {
        "eventVersion": "1.11", "eventID": f"{number:08x}-0000-4000-8000-000000000000", "eventTime": f"{time:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "dynamodb.amazonaws.com", "eventName": "DescribeTable", "eventType": "AwsApiCall", "awsRegion": region,
        "recipientAccountId": ACCOUNT, "readOnly": True, "sourceIPAddress": "192.0.2.1", "requestID": f"{number * 7919:032x}",
        "userAgent": "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.8 md/arch#x86_64 lang/python#3.13.7",
        "requestParameters": {"tableName": f"table-{number // 10 % 50}"}, "responseElements": None,
        "userIdentity": {
            "type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/run-{number // 1000}", "accountId": ACCOUNT,
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/ci/{name}", "accountId": ACCOUNT}},
        },
    }


def log_file(index):
    """Key and bytes; all Regions in turn, five minutes on with each round."""
    region = REGIONS[index % len(REGIONS)]
    time = BEGIN + timedelta(minutes=5 * (index // len(REGIONS)))
    key = (
        f"AWSLogs/{ACCOUNT}/CloudTrail/{region}/{time:%Y/%m/%d}/"
        f"{ACCOUNT}_CloudTrail_{region}_{time:%Y%m%dT%H%MZ}_{index:016}.json.gz"
    )
    records = [record(index * EVENTS + number, region, time) for number in range(EVENTS)]
    return key, gzip.compress(json.dumps({"Records": records}).encode(), compresslevel=1)


class Server:
    """MiniStack, and a client for it in a process of the server's own Python."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        command = [ROOT / "tests/servers/ministack", str(self.port), ACCOUNT, folder]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.url}/_ministack/ready", timeout=2)
                return
            except OSError:
                time.sleep(0.2)
        sys.exit("the server does not start")

    def fill(self, first, behind):
        import botocore.session

        session = botocore.session.get_session()
        client = session.create_client(
            "s3", region_name="eu-central-1", endpoint_url=self.url, aws_access_key_id="test", aws_secret_access_key="test",
            config=botocore.config.Config(s3={"addressing_style": "path"}, max_pool_connections=8),
        )
        if first == 0:
            client.create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

        def put(index):
            key, body = log_file(index)
            client.put_object(Bucket="logs", Key=key, Body=body)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(put, range(first, behind)))


def run(program, server, *arguments):
    """Standard output and error, seconds of CPU, and peak memory in MB."""
    environment = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-central-1", "HOME": "/nonexistent"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        command = [program, *arguments, "--role", ROLE, "--endpoint-url", server.url, "--threads", "2"]
        child = subprocess.Popen(command, stdout=out, stderr=errors, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        out.seek(0), errors.seek(0)
        told, said = out.read().decode(), errors.read().decode()
        if os.waitstatus_to_exitcode(status):
            sys.exit(f"{arguments}: {said[-2000:]}")
    return told, said, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(program, server, objects, folder):
    """Peak memory of reading that many objects; all events must be there."""
    generate = ("generate", "s3://logs", "--format", "json", "--no-config")
    told, _, seconds, megabytes = run(program, server, *generate)
    used = json.loads(told)["records"]["used"]
    expected = objects * EVENTS // 10
    store = ("collect", "s3://logs", "--no-config", "--store", str(folder / "s.db"))
    _, first, _, of_collect = run(program, server, *store)
    _, second, again, _ = run(program, server, *store)
    left_out = re.search(r"([\d,]+) objects not read again", second)
    print(f"{objects:>7,} objects: {used:,} of {expected:,} events; generate {megabytes:.0f} MB, {seconds:.1f} s CPU; "
          f"collect {of_collect:.0f} MB; again {again:.1f} s CPU, {left_out and left_out[1]} not read again")
    if used != expected or not left_out or int(left_out[1].replace(",", "")) != objects:
        sys.exit(f"events are missing or objects were read twice:\n{first}\n{second}")
    return max(megabytes, of_collect)


def main():
    python = SERVERS / "ministack/bin/python"
    if not python.exists():
        sys.exit("no MiniStack; `tests/servers/install ministack` installs it")
    # The client for S3 comes with the server.
    if Path(sys.prefix).resolve() != (SERVERS / "ministack").resolve():
        os.execv(python, [python, __file__, *sys.argv[1:]])
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=10_000)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("--program", type=Path, default=target / "release/trailtrim")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "server")
        try:
            few = options.objects // 5
            server.fill(0, few)
            (Path(folder) / "few").mkdir()
            least = measure(options.program, server, few, Path(folder) / "few")
            server.fill(few, options.objects)
            most = measure(options.program, server, options.objects, Path(folder))
        finally:
            server.process.send_signal(signal.SIGTERM)
            server.process.wait()
    if most > least + MARGIN or most > MOST:
        sys.exit(f"memory grows with the trail: {least:.0f} MB, then {most:.0f} MB")


if __name__ == "__main__":
    main()
