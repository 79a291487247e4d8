"""A small server that speaks Amazon Athena's API over the records of a directory.

The statement that comes in is Trino's; sqlglot writes it as DuckDB's, and DuckDB runs it over a table that holds what
Athena's reader of CloudTrail files would show. Results come in small pages. Work groups with certain names do not answer:
`failing`, `cancelled`, `over-limit`, `slow`, `small` (it has a limit), `reusing` (it answers from an earlier run).

    server.py EVENTS_DIRECTORY [spark]    prints its port, and serves until its standard input ends; with `spark` the
                                          statement runs there (see spark.py)
"""

import gzip
import json
import os
import pathlib
import sys
import tempfile
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import duckdb
import sqlglot

PAGE = 7
TEXT = "VARCHAR"
IDENTITY = (
    "STRUCT(type VARCHAR, principalid VARCHAR, arn VARCHAR, accountid VARCHAR, invokedby VARCHAR, accesskeyid VARCHAR,"
    " username VARCHAR, sessioncontext STRUCT(attributes STRUCT(mfaauthenticated VARCHAR, creationdate VARCHAR),"
    " sessionissuer STRUCT(type VARCHAR, principalid VARCHAR, arn VARCHAR, accountid VARCHAR, username VARCHAR)))"
)
COLUMNS = {
    "eventversion": TEXT, "useridentity": IDENTITY, "eventtime": TEXT, "eventsource": TEXT, "eventname": TEXT,
    "awsregion": TEXT, "sourceipaddress": TEXT, "useragent": TEXT, "errorcode": TEXT, "errormessage": TEXT,
    "requestparameters": TEXT, "responseelements": TEXT, "additionaleventdata": TEXT, "requestid": TEXT,
    "eventid": TEXT, "readonly": TEXT, "resources": "STRUCT(arn VARCHAR, accountid VARCHAR, type VARCHAR)[]",
    "eventtype": TEXT, "apiversion": TEXT, "recipientaccountid": TEXT, "sharedeventid": TEXT, "vpcendpointid": TEXT,
    "eventcategory": TEXT,
}
PARTITIONS = {"account": TEXT, "region": TEXT, "timestamp": TEXT}


def records(directory):
    """Every record with the account, Region and day of its folder."""
    for path in sorted(pathlib.Path(directory).rglob("*")):
        parts = path.parts
        if not path.is_file() or any("CloudTrail-" in part for part in parts):
            continue
        data = path.read_bytes()
        try:
            if data[:2] == b"\x1f\x8b":
                data = gzip.decompress(data)
            text = data.decode("utf-8", "replace").strip()
        except (OSError, EOFError):
            continue
        for record in parse(text):
            if "CloudTrail" in parts:
                at = parts.index("CloudTrail")
                folder = (parts[at - 1], parts[at + 1], "/".join(parts[at + 2 : at + 5]))
            else:
                day = str(record.get("eventTime", ""))[:10].replace("-", "/")
                folder = (record.get("recipientAccountId"), record.get("awsRegion"), day)
            yield record, folder


def parse(text):
    try:
        whole = json.loads(text)
        found = whole.get("Records", [whole]) if isinstance(whole, dict) else whole
    except ValueError:
        found = []
        for line in text.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                pass
    return [record for record in found if isinstance(record, dict) and "eventName" in record]


def text_of(value):
    """A member as a column of type STRING shows it."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def row(record, folder):
    lower = {key.lower(): value for key, value in record.items()}
    out = {name: text_of(lower.get(name)) for name in COLUMNS}
    out["useridentity"] = lowered(record.get("userIdentity"))
    resources = record.get("resources")
    out["resources"] = [lowered(one) for one in resources] if isinstance(resources, list) else None
    return out | dict(zip(PARTITIONS, folder))


def lowered(value):
    if isinstance(value, dict):
        return {key.lower(): lowered(inner) for key, inner in value.items()}
    return value if value is None or isinstance(value, str) else text_of(value)


def table(rows, columns):
    """A database with the table `trail`."""
    base = duckdb.connect()
    base.execute("SET TimeZone = 'UTC'")
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson", encoding="utf-8") as lines:
        for row in rows:
            lines.write(json.dumps(row) + "\n")
        lines.flush()
        types = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items()) + "}"
        base.execute(
            f"CREATE TABLE trail AS SELECT * FROM read_json('{lines.name}', format = 'newline_delimited',"
            f" maximum_object_size = 67108864, columns = {types})"
        )
    return base


def run(base, statement):
    """Names of the columns and rows of texts."""
    (duck,) = sqlglot.transpile(statement, read="athena", write="duckdb")
    cursor = base.cursor()
    cursor.execute(duck.replace('"db"."trail"', "trail"))
    names = [column[0] for column in cursor.description]
    rows = [[None if value is None else str(value) for value in one] for one in cursor.fetchall()]
    return names, rows


class Athena:
    """The API's operations, by name."""

    def __init__(self, run):
        self.run = run
        self.runs = {}
        self.lock = threading.Lock()
        self.called = []

    def StartQueryExecution(self, asked):
        key = str(uuid.uuid4())
        group = asked.get("WorkGroup", "primary")
        with self.lock:
            names, rows = self.run(asked["QueryString"])
            self.runs[key] = {"group": group, "polls": 0, "rows": rows, "names": names, "asked": asked, "stopped": False}
        return {"QueryExecutionId": key}

    def GetQueryExecution(self, asked):
        one = self.runs[asked["QueryExecutionId"]]
        one["polls"] += 1
        state = ["QUEUED", "RUNNING", "SUCCEEDED"][min(one["polls"] - 1, 2)]
        status = {"State": state, "SubmissionDateTime": 1793000000.0}
        if state == "SUCCEEDED":
            ends = {
                "failing": ("FAILED", "SYNTAX_ERROR: line 1:1: Table does not exist", 2),
                "cancelled": ("CANCELLED", "Query cancelled by user", 2),
                "over-limit": ("CANCELLED", "Bytes scanned limit was exceeded", 2),
                "slow": ("RUNNING", None, None),
            }
            if one["group"] in ends:
                status["State"], reason, category = ends[one["group"]]
                if reason:
                    status |= {"StateChangeReason": reason}
                    status |= {"AthenaError": {"ErrorCategory": category, "ErrorMessage": reason, "Retryable": False}}
        if one["stopped"]:
            status |= {"State": "CANCELLED", "StateChangeReason": "Query cancelled by user"}
        reused = one["group"] == "reusing" and "ResultReuseConfiguration" in one["asked"]
        statistics = {
            "DataScannedInBytes": 0 if reused else 123456789,
            "EngineExecutionTimeInMillis": 1500,
            "TotalExecutionTimeInMillis": 1700,
            "ResultReuseInformation": {"ReusedPreviousResult": reused},
        }
        execution = {"QueryExecutionId": asked["QueryExecutionId"], "Status": status, "Statistics": statistics}
        return {"QueryExecution": execution | {"WorkGroup": one["group"]}}

    def GetQueryResults(self, asked):
        one = self.runs[asked["QueryExecutionId"]]
        # The first row of the first page holds the columns' names, as with Athena.
        rows = [one["names"]] + one["rows"]
        start = int(asked.get("NextToken") or 0)
        end = start + min(PAGE, asked.get("MaxResults", 1000))
        data = [{"Data": [{} if value is None else {"VarCharValue": value} for value in row]} for row in rows[start:end]]
        columns = [{"Name": name, "Type": "varchar"} for name in one["names"]]
        answer = {"ResultSet": {"Rows": data, "ResultSetMetadata": {"ColumnInfo": columns}}}
        return answer | ({"NextToken": str(end)} if end < len(rows) else {})

    def StopQueryExecution(self, asked):
        self.runs[asked["QueryExecutionId"]]["stopped"] = True
        return {}

    def GetWorkGroup(self, asked):
        configuration = {"EnforceWorkGroupConfiguration": True, "ResultConfiguration": {"OutputLocation": "s3://results/"}}
        if asked["WorkGroup"] in ("small", "over-limit"):
            configuration["BytesScannedCutoffPerQuery"] = 10_000_000_000
        if asked["WorkGroup"] == "absent":
            raise LookupError("WorkGroup absent is not found.")
        return {"WorkGroup": {"Name": asked["WorkGroup"], "State": "ENABLED", "Configuration": configuration}}

    def GetTableMetadata(self, asked):
        if (asked["DatabaseName"], asked["TableName"]) != ("db", "trail"):
            raise LookupError("EntityNotFoundException: Entity Not Found")
        keys = [{"Name": name, "Type": "string"} for name in PARTITIONS]
        columns = [{"Name": name, "Type": "string"} for name in COLUMNS]
        parameters = {"projection.enabled": "true", "projection.timestamp.format": "yyyy/MM/dd"}
        return {"TableMetadata": {"Name": "trail", "Columns": columns, "PartitionKeys": keys, "Parameters": parameters}}


class Handler(BaseHTTPRequestHandler):
    athena = None

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].split(".")[-1]
        self.athena.called.append(operation)
        try:
            status, answer = 200, getattr(self.athena, operation)(body)
        except LookupError as error:
            name = "MetadataException" if operation == "GetTableMetadata" else "InvalidRequestException"
            status, answer = 400, {"__type": name, "Message": str(error)}
        except Exception as error:  # whatever it is, the test must see it
            status, answer = 400, {"__type": "InvalidRequestException", "Message": f"{type(error).__name__}: {error}"}
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        """Which operations were asked for so far, one a line."""
        text = "\n".join(self.athena.called).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def main():
    engine = sys.modules[__name__]
    if sys.argv[2:] == ["spark"]:
        import spark as engine
    base = engine.table((row(record, folder) for record, folder in records(sys.argv[1])), COLUMNS | PARTITIONS)
    Handler.athena = Athena(lambda statement: engine.run(base, statement))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    if engine.__name__ == "spark":
        engine.close(base)
    # Without the end of an orderly exit, at which DuckDB's binding complains at length.
    os._exit(0)


if __name__ == "__main__":
    main()
