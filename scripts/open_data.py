"""Run by scripts/open-data: other engines on the segment folder count what the server counts."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import duckdb

KEY = "key-of-the-open-data-test"
TABLES = ["session", "view", "resource", "action", "long_task", "error", "vital"]


class Server:
    """The real binary on `data` in the working folder, flushing each second."""

    def __init__(self, binary):
        env = os.environ | {
            "FOOTFALL_API_KEY": KEY,
            "FOOTFALL_CREATE_APPLICATIONS": "true",
            "FOOTFALL_FLUSH_INTERVAL": "1s",
        }
        command = [binary, "serve", "--data-dir", "data", "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=open("stderr", "w"), text=True)
        for line in self.process.stdout:
            if line.startswith("ready on "):
                self.url = line.split()[-1]
                return
        sys.exit("the server did not start:\n" + Path("stderr").read_text())

    def get(self, path, body=None):
        request = urllib.request.Request(self.url + path, data=body and json.dumps(body).encode())
        request.add_header("Authorization", f"Bearer {KEY}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()

    def row(self, sql):
        return json.loads(self.get("/api/v1/query", {"sql": sql}))["rows"][0]

    def metric(self, name):
        return int(re.search(rf"^{name} (\d+)$", self.get("/metrics"), re.MULTILINE)[1])

    def settle(self):
        """Waits until all that was acknowledged is in the files that the manifest names."""
        while self.metric("footfall_log_unflushed_bytes") or self.metric("footfall_log_lag_bytes"):
            pass
        version = json.loads(self.get("/api/v1/manifest?table=view"))["catalog_version"]
        while duckdb.sql("SELECT max(catalog_version) FROM 'data/manifest/files.parquet'").fetchall()[0][0] < version:
            pass

    def stop(self):
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait()
        check("a clean stop exits 0 within 10 s", code == 0 and time.monotonic() - start < 10)


def check(fact, holds, detail=""):
    if not holds:
        sys.exit(f"not so: {fact} {detail}")
    print("ok:", fact)


def blocks(page, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def through_manifest(page, table):
    """A connection in which `table` is what the page's statements for `view` make of it."""
    connection = duckdb.connect()
    for statement in blocks(page, "sql")[0].split(";\n"):
        statement = statement.replace("'view'", f"'{table}'").replace("view_files", "files")
        connection.execute(statement.replace('TEMP VIEW "view"', f'TEMP VIEW "{table}"'))
    return connection


def counts_while_events_arrive(page, demo):
    """Each row once and tables that agree, at every manifest there is while traffic runs, and dead rows among them."""
    versions, dead = set(), 0
    while demo.poll() is None:
        connection = duckdb.connect()
        try:
            connection.execute("CREATE TEMP TABLE manifest AS FROM 'data/manifest/files.parquet'")
        except duckdb.Error as error:
            # It opens a file twice, and between them another manifest took its place: as the page says.
            print("again:", error)
            continue
        tables = connection.sql("SELECT DISTINCT table_name FROM manifest").fetchall()
        if ("view",) not in tables or ("session",) not in tables:
            continue
        statements = blocks(page, "sql")[0].split(";\n")[1:]
        for table in ("view", "session"):
            for statement in statements:
                statement = statement.replace("'view'", f"'{table}'").replace("view_files", f"{table}_files")
                connection.execute(statement.replace('TEMP VIEW "view"', f'TEMP VIEW "{table}"'))
        views, distinct = connection.sql('SELECT count(*), count(DISTINCT (app_id, view_id)) FROM "view"').fetchall()[0]
        counted = connection.sql("SELECT sum(session_view_count) FROM session").fetchall()[0][0]
        names = {}
        try:
            for code in blocks(page, "python"):
                exec(code, names)
        except (OSError, ValueError) as error:
            print("again:", error)
            continue
        except AttributeError as error:
            # No view of the first moments has the column yet, and one that is NULL in every row is in no file.
            if "largest_contentful_paint" not in str(error):
                raise
            print("again:", error)
            continue
        if names["views"].duplicated(["app_id", "view_id"]).any():
            sys.exit("pandas has a view twice")
        version, dead_rows = connection.sql("SELECT max(catalog_version), sum(len(dead_rows)) FROM manifest").fetchall()[0]
        if views != distinct or views != counted:
            sys.exit(f"version {version}: {views} rows, {distinct} views, {counted} in sessions")
        versions.add(version)
        dead = max(dead, dead_rows)
    check("each view once, and as many as its sessions count, at every manifest", len(versions) >= 3, versions)
    check("there were dead rows", dead > 0)


def round_trips(binary, server):
    """What `footfall export` wrote has the rows and sums that the server counts."""
    columns = "count(*), sum(view_time_spent)::BIGINT, count(largest_contentful_paint), count(DISTINCT view_id)"
    expected = list(map(int, server.row(f"SELECT {columns} FROM view")))
    readers = {
        "parquet": "'view.parquet'",
        "csv": "read_csv('view.csv', sample_size = -1)",
        "ndjson": "read_json('view.ndjson', format = 'newline_delimited', sample_size = -1)",
    }
    for form, reader in readers.items():
        command = [binary, "export", "--server", server.url, "--api-key", KEY, "--table", "view"]
        subprocess.run([*command, "--format", form, "--output", f"view.{form}"], check=True, stderr=subprocess.DEVNULL)
        there = list(map(int, duckdb.sql(f"SELECT {columns} FROM {reader}").fetchall()[0]))
        check(f"an export as {form} has all views", there == expected, (there, expected))


def main(binary, page, work):
    page = Path(page).read_text()
    os.chdir(work)
    server = Server(binary)
    live = [binary, "demo", "--server", server.url, "--api-key", KEY, "--seed", "7", "--rate", "900/min", "--duration", "20s"]
    demo = subprocess.Popen(live, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    counts_while_events_arrive(page, demo)
    check("the demo ended well", demo.returncode == 0)
    server.settle()

    expected = {table: server.row(f"SELECT count(*) FROM {table}")[0] for table in TABLES}
    for table in [table for table in TABLES if expected[table]]:
        counted = through_manifest(page, table).sql(f'SELECT count(*) FROM "{table}"').fetchall()[0][0]
        check(f"{table}: {counted} rows through the manifest", counted == expected[table], expected[table])
    asked = "SELECT sum(view_time_spent)::BIGINT, sum(view_error_count)::BIGINT FROM view"
    sums = through_manifest(page, "view").sql(asked).fetchall()[0]
    check("sums of views are equal", list(map(int, sums)) == list(map(int, server.row(asked))), sums)

    connection = through_manifest(page, "view")
    for statement in blocks(page, "sql")[1:]:
        check("a statement of the page has rows", connection.sql(statement).fetchall(), statement)
    names = {}
    for code in blocks(page, "python"):
        exec(code, names)
    check("pyarrow reads as many views", len(names["views"]) == expected["view"], len(names["views"]))
    check("pandas groups them", len(names["slow"]) > 1)

    round_trips(binary, server)

    server.stop()
    stopped = duckdb.sql(blocks(page, "sql stopped")[0]).fetchall()[0][0]
    check("the page's glob counts the views", stopped == expected["view"], stopped)
    for code in blocks(page, "python stopped"):
        exec(code, names)
    check("so does the one for pandas", len(names["views"]) == expected["view"], len(names["views"]))
    for table in [table for table in TABLES if expected[table]]:
        files = f"data/segments/{table}/*/*.parquet"
        counted = duckdb.sql(f"SELECT count(*) FROM read_parquet('{files}', union_by_name = true)").fetchall()[0][0]
        check(f"{table}: {counted} rows by a plain glob after the stop", counted == expected[table], expected[table])
    named = {path for (path,) in duckdb.sql("SELECT path FROM 'data/manifest/files.parquet'").fetchall()}
    there = {str(path.relative_to("data")) for path in Path("data/segments").rglob("*.parquet")}
    check("the files that are there are those that the manifest names", named == there, named ^ there)


if __name__ == "__main__":
    main(*sys.argv[1:])
