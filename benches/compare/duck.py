"""The role's calls and failed calls by event, with DuckDB and two threads."""

import sys

import duckdb

logs, role = sys.argv[1:]
duckdb.execute("SET threads = 2")
rows = duckdb.execute(
    """
    SELECT r.eventSource, r.eventName, count(*), count(r.errorCode)
    FROM (SELECT unnest(Records) AS r FROM read_json(?, columns = {
        Records: 'STRUCT(eventSource VARCHAR, eventName VARCHAR, errorCode VARCHAR,
                  userIdentity STRUCT(sessionContext STRUCT(sessionIssuer STRUCT(arn VARCHAR))))[]'},
        maximum_object_size = 50000000))
    WHERE r.userIdentity.sessionContext.sessionIssuer.arn = ?
    GROUP BY ALL
    """,
    [f"{logs}/**/*.json.gz", role],
).fetchall()
for row in rows:
    print(*row, sep="\t")
