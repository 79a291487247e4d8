"""Runs each tool once a round in shuffled order, checks its answer and prints the table: see ../compare.sh."""

import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
WORK, TRAIL, ROUNDS, TRAILTRIM = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
LOGS = TRAIL / "AWSLogs"
META = json.loads((TRAIL / "meta.json").read_text())
ROLE = META["role_arn"]
ENGINES, SCRAPER = WORK / "engines/bin", WORK / "scraper/bin"

# What jq and jaq do with the text of many files, one line a call of the role.
FILTER = '.Records[] | select(.userIdentity.sessionContext.sessionIssuer.arn == "%s") | [.eventSource, .eventName, .errorCode != null] | @tsv' % ROLE
# Each batch writes a file of its own, as lines of two processes would run into each other.
PARTS = WORK / "parts"
EACH = (
    f"rm -rf {PARTS}; mkdir {PARTS}; find {LOGS} -name '*.json.gz' -print0 | "
    f"xargs -0 -n 64 -P 2 sh -c 'gzip -dc \"$@\" | %s > {PARTS}/$$' -; cat {PARTS}/*"
)

# Of the program of `benches/collect.rs`, which checks its own answers.
BENCH = {"inflating alone": "inflate", "trailtrim, the calls": "collect"}
INFLATING, OURS = BENCH
COMMANDS = {
    **dict.fromkeys(BENCH, []),
    "trailtrim, the policy": [TRAILTRIM, "generate", str(LOGS), "--role", ROLE, "--threads", "2", "--quiet", "--format", "json", "--max-policies", "1000"],
    "clickhouse-local (chdb)": [str(ENGINES / "python"), str(HERE / "clickhouse.py"), str(LOGS), ROLE],
    "DuckDB": [str(ENGINES / "python"), str(HERE / "duck.py"), str(LOGS), ROLE],
    "Polars": [str(ENGINES / "python"), str(HERE / "polar.py"), str(LOGS), ROLE],
    "jaq": ["sh", "-c", EACH % f"{ENGINES}/jaq -r -f {WORK}/filter.jq"],
    "jq": ["sh", "-c", EACH % f"jq -r -f {WORK}/filter.jq"],
    "trailscraper": [str(SCRAPER / "trailscraper"), "select", "--log-dir", str(TRAIL), "--filter-assumed-role-arn", ROLE],
}


def truth():
    pairs = {}
    for line in (TRAIL / "truth_pairs.tsv").read_text().splitlines():
        source, name, calls, failed = line.split("\t")
        pairs[source, name] = (int(calls), int(failed))
    return pairs


def count(rows):
    """Calls and failed calls by event, of one row a call."""
    pairs = {}
    for source, name, failed in rows:
        calls, failures = pairs.get((source, name), (0, 0))
        pairs[source, name] = (calls + 1, failures + failed)
    return pairs


def check(tool, answer, expected):
    text = answer.read_text()
    if tool == "trailtrim, the policy":
        records = json.loads(text)["records"]
        skipped = sum(n for reason, n in records["skipped"].items() if reason not in ("other-principal", "no-principal", "not-an-api-call"))
        found, wanted = records["used"] + skipped, sum(calls for calls, _ in expected.values())
    elif tool == "trailscraper":
        records = json.loads(text)["Records"]
        found, wanted = count((r["eventSource"], r["eventName"], "errorCode" in r) for r in records), expected
    elif tool in ("jq", "jaq"):
        rows = (line.split("\t") for line in text.splitlines())
        found, wanted = count((source, name, failed == "true") for source, name, failed in rows), expected
    else:
        rows = (line.split("\t") for line in text.splitlines())
        found, wanted = {(source, name): (int(calls), int(failed)) for source, name, calls, failed in rows}, expected
    if found != wanted:
        sys.exit(f"{tool} gives another answer: {str(found)[:300]} instead of {str(wanted)[:300]}")


def run(tool):
    """CPU and wall seconds, peak memory in MB of the largest process, and where the answer is."""
    command = COMMANDS[tool] or [bench(), "--run", BENCH[tool], str(TRAIL), "2"]
    environment = {**os.environ, "POLARS_MAX_THREADS": "2"}
    answer, errors = WORK / "answer", WORK / "errors"
    with answer.open("wb") as out, errors.open("wb") as err:
        start = time.monotonic()
        child = subprocess.Popen(command, stdout=out, stderr=err, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
    if status != 0:
        sys.exit(f"{tool} ended with {status}: {errors.read_text()[-2000:]}")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, answer


def bench():
    """The bench's own program."""
    found = [path for path in Path(TRAILTRIM).parent.parent.glob("release/deps/collect-*") if path.suffix == "" and os.access(path, os.X_OK)]
    return str(max(found, key=lambda path: path.stat().st_mtime))


def main():
    (WORK / "filter.jq").write_text(FILTER)
    expected, costs = truth(), {tool: [] for tool in COMMANDS}
    for _ in range(ROUNDS):
        for tool in random.sample(list(COMMANDS), len(COMMANDS)):
            *cost, answer = run(tool)
            # Apart: what this process once took would count into the peak of each that it starts.
            if tool not in BENCH:
                checking = multiprocessing.get_context("fork").Process(target=check, args=(tool, answer, expected))
                checking.start()
                checking.join()
                if checking.exitcode != 0:
                    sys.exit(1)
            costs[tool].append(cost)
            print(f"{tool}: {cost[0]:.2f} s CPU, {cost[1]:.2f} s wall, {cost[2]:.0f} MB", file=sys.stderr)
    print(f"{META['events']:,} events, {META['files']:,} files, {META['raw_bytes'] / 1e6:,.0f} MB, the role in {META['share']:.0%}; medians of {ROUNDS} rounds\n")
    print(f"| tool | CPU s | wall s | peak MB | CPU ÷ {INFLATING} | CPU ÷ {OURS} | wall ÷ {OURS} |\n|---|--:|--:|--:|--:|--:|--:|")
    median = lambda values: statistics.median(values)
    ratio = lambda tool, base, at: median(mine[at] / theirs[at] for mine, theirs in zip(costs[tool], costs[base]))
    for tool in sorted(COMMANDS, key=lambda tool: median(cost[0] for cost in costs[tool])):
        cpu, wall, peak = (median(cost[at] for cost in costs[tool]) for at in range(3))
        cells = [f"{ratio(tool, INFLATING, 0):.2f}", f"{ratio(tool, OURS, 0):.1f}", f"{ratio(tool, OURS, 1):.1f}"]
        print(f"| {tool} | {cpu:.2f} | {wall:.2f} | {peak:.0f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
