"""The role's calls and failed calls by event, with Polars and two threads (POLARS_MAX_THREADS)."""

import sys
from pathlib import Path

import polars as pl

logs, role = sys.argv[1:]
text = pl.String
issuer = pl.Struct({"sessionIssuer": pl.Struct({"arn": text})})
record = pl.Struct({"eventSource": text, "eventName": text, "errorCode": text, "userIdentity": pl.Struct({"sessionContext": issuer})})
files = sorted(Path(logs).rglob("*.json.gz"))
calls = (
    pl.scan_ndjson(files, schema={"Records": pl.List(record)})
    .explode("Records")
    .unnest("Records")
    .filter(pl.col("userIdentity").struct.field("sessionContext").struct.field("sessionIssuer").struct.field("arn") == role)
    .group_by("eventSource", "eventName")
    .agg(pl.len(), pl.col("errorCode").count().alias("failed"))
    .collect(engine="streaming")
)
for row in calls.iter_rows():
    print(*row, sep="\t")
