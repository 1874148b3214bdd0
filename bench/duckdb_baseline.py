"""Times statements in DuckDB over the segments of a stopped, compacted store: one view a table, two threads, median of five.

Usage: duckdb_baseline.py SEGMENTS STATEMENTS.json; prints a JSON list of milliseconds.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

segments, statements = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())
connection = duckdb.connect(config={"threads": 2})
connection.execute("SET TimeZone = 'UTC'")
for table in sorted(segments.iterdir()):
    if any(table.rglob("*.parquet")):
        connection.execute(
            f"CREATE VIEW \"{table.name}\" AS SELECT * FROM read_parquet('{table}/**/*.parquet', union_by_name = true)"
        )


def milliseconds(sql: str) -> float:
    begun = time.perf_counter()
    connection.execute(sql).fetchall()
    return (time.perf_counter() - begun) * 1000


result = []
for sql in statements:
    milliseconds(sql)
    result.append(sorted(milliseconds(sql) for _ in range(5))[2])
print(json.dumps(result))
