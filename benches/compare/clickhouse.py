"""The role's calls and failed calls by event, with clickhouse-local (chdb) and two threads."""

import sys

import chdb

logs, role = sys.argv[1:]
print(
    chdb.query(
        f"""
        SELECT r.eventSource, r.eventName, count(), countIf(r.errorCode IS NOT NULL)
        FROM file('{logs}/**/*.json.gz', 'JSONEachRow', 'Records Array(Tuple(
            eventSource String, eventName String, errorCode Nullable(String),
            userIdentity Tuple(sessionContext Tuple(sessionIssuer Tuple(arn String)))))')
        ARRAY JOIN Records AS r
        WHERE r.userIdentity.sessionContext.sessionIssuer.arn = '{role}'
        GROUP BY ALL
        SETTINGS max_threads = 2, max_parsing_threads = 1, input_format_parallel_parsing = 0,
            input_format_skip_unknown_fields = 1, input_format_json_ignore_unknown_keys_in_named_tuple = 1,
            input_format_json_defaults_for_missing_elements_in_named_tuple = 1, input_format_null_as_default = 1
        """,
        "TabSeparated",
    ),
    end="",
)
