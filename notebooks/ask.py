"""Questions to Trino, a report's file read and filled in, and the ledger. Draws and shows nothing."""

import json
import os
import re
import subprocess
from collections import namedtuple
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import trino

ROOT = Path(__file__).resolve().parent.parent
# As in SQL: a name, its default (in quotes where it is empty or has two spaces), its meaning.
PARAMETER = re.compile(r"([a-z][a-z0-9_]*)\s*=\s*(?:'((?:[^']|'')*)'|(\S+(?:\s\S+)*))\s{2,}(\S.*)")

Report = namedtuple("Report", "name title question chart parameters sql")
Parameter = namedtuple("Parameter", "name value meaning")


def connect():
    address = os.environ.get("SWORDLAKE_TRINO", "http://127.0.0.1:8080")
    url = urlsplit(address)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError(f"SWORDLAKE_TRINO is '{address}': give an address such as http://127.0.0.1:8080")
    port = url.port or (443 if url.scheme == "https" else 80)
    return trino.dbapi.connect(
        host=url.hostname, port=port, http_scheme=url.scheme, user="notebook", timezone="UTC"
    )


def query(sql):
    """The answer as a frame of Python values: pandas' own types would round ids beside a NULL."""
    with connect() as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        rows = cursor.fetchall()
        return pd.DataFrame(rows, columns=[column[0] for column in cursor.description], dtype=object)


def tables_of(pipeline):
    """Names of the tables that the folder declares."""
    return sorted(file.stem for file in (ROOT / "flink-sql" / pipeline / "tables").glob("*.sql"))


def is_applied(pipeline):
    """Whether the lake has every table that the folder declares, and its log."""
    rows = query(f"SELECT table_name FROM lake.information_schema.tables WHERE table_schema = '{pipeline}'")
    return {*tables_of(pipeline), "log", "quarantine"} <= set(rows["table_name"])


def read_report(name, pipeline):
    """A report file: title, question, chart and parameters from its header, then the SQL."""
    folder = ROOT / "flink-sql" / pipeline / "reports"
    path = folder / f"{name}.sql"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.sql")))
        raise ValueError(f"Pipeline '{pipeline}' has no report '{name}'. It has: {known}.")
    header, sql = re.match(r"((?:--[^\n]*\n)*)(.*)", path.read_text("utf-8-sig"), re.DOTALL).groups()
    lines = [line.removeprefix("--").strip() for line in header.splitlines()]
    entries = [line.split(": ", 1) for line in lines[1:] if ": " in line]
    values = {key: value for key, value in entries if key != "param"}
    kind, *settings = values.get("chart", "").split() or [None]
    chart = kind and {"kind": kind, **dict(setting.split("=", 1) for setting in settings)}
    parameters = []
    for key, value in entries:
        if key == "param":
            called, quoted, bare, meaning = PARAMETER.fullmatch(value).groups()
            default = bare if quoted is None else quoted.replace("''", "'")
            parameters.append(Parameter(called, default, meaning))
    return Report(name, lines[0], values["question"], chart, parameters, sql.strip().removesuffix(";"))


def fill(report, choices):
    """The report with its parameters filled in, and what each became. Values are escaped: none is read as SQL."""
    known = {parameter.name: parameter.value for parameter in report.parameters}
    unknown = [name for name in choices if name not in known]
    if unknown:
        names = ", ".join(known) or "none"
        raise ValueError(f"Report '{report.name}' has no parameter '{unknown[0]}'. It has: {names}.")
    values = {**known, **{name: str(value) for name, value in choices.items()}}
    sql = re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]].replace("'", "''"), report.sql)
    return report._replace(sql=sql), values


def ledger(pipeline):
    """What `swordlake ledger` finds: every accepted event, and where it is."""
    command = ["node", "orchestrator/bin.js", "ledger", pipeline, "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    try:
        # It exits with 1 where the ledger doesn't close; the answer says so itself.
        return json.loads(ran.stdout)
    except json.JSONDecodeError as error:
        raise RuntimeError(f"{' '.join(command)} exited with {ran.returncode}: {ran.stderr}") from error
