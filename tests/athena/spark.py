"""Runs the statement on Apache Spark with two executors, instead of DuckDB.

sqlglot writes Trino's SQL as Spark's, but for some things that come out as something else; they are put right on the
parsed statement. What the table shows is the same as for DuckDB.
"""

import json
import os
import pathlib
import shutil
import tempfile

import sqlglot
from sqlglot import exp

# Two executors, each a process of its own, so that rows are shuffled between them.
MASTER = "local-cluster[2,1,1024]"

FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="trailtrim-spark-"))


def schema(columns):
    """The columns with Spark's names of DuckDB's types."""
    types = {name: exp.DataType.build(kind, dialect="duckdb").sql("spark") for name, kind in columns.items()}
    return ", ".join(f"`{name}` {kind}" for name, kind in types.items())


def table(rows, columns):
    """A session with the table `trail`."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    session = (
        SparkSession.builder.master(MASTER)
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "4")
        # As in Trino, an element that is not there is null.
        .config("spark.sql.ansi.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    with open(FOLDER / "rows.ndjson", "w", encoding="utf-8") as lines:
        for row in rows:
            lines.write(json.dumps(row) + "\n")
    session.read.schema(schema(columns)).json(str(FOLDER / "rows.ndjson")).createOrReplaceTempView("trail")
    return session


def close(session):
    session.stop()
    shutil.rmtree(FOLDER)


def of_spark(statement):
    """Trino's statement as Spark's."""
    tree = sqlglot.parse_one(statement, read="athena")
    return tree.transform(rewritten).sql(dialect="spark").replace("`db`.`trail`", "trail")


def rewritten(node):
    # The n smallest values of a group; sqlglot takes it for the smaller of two.
    if isinstance(node, exp.Min) and node.expressions:
        values, most = node.this.sql(dialect="spark"), node.expressions[0].sql(dialect="spark")
        return parsed(f"IF(count({values}) > 0, slice(array_sort(collect_list({values})), 1, {most}), NULL)")
    # A list in the order of something; Spark's has none.
    if isinstance(node, exp.ArrayAgg) and isinstance(node.this, exp.Order):
        values = node.this.this.sql(dialect="spark")
        order = node.this.expressions[0].this.sql(dialect="spark")
        return parsed(f"transform(array_sort(collect_list(struct({order} AS o, {values} AS v))), s -> s.v)")
    # A map of JSON values is one of variants.
    if isinstance(node, exp.Try) and isinstance(node.this, exp.Cast) and isinstance(node.this.this, exp.ParseJSON):
        text = node.this.this.this.sql(dialect="spark")
        return parsed(f"try_cast(try_parse_json({text}) AS MAP<STRING, VARIANT>)")
    if isinstance(node, exp.JSONFormat):
        return parsed(f"to_json({node.this.transform(rewritten).sql(dialect='spark')})")
    return node


def parsed(text):
    return sqlglot.parse_one(text, read="spark")


def run(session, statement):
    """Names of the columns and rows of texts."""
    found = session.sql(of_spark(statement))
    rows = [[None if value is None else str(value) for value in row] for row in found.collect()]
    return found.columns, rows
