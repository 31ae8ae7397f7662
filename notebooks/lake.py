"""What the notebooks share: `%load_ext lake`, then `%pipeline NAME`, which gives %report, %%sql and the steps.

A report's SQL comes from flink-sql/<pipeline>/reports/, never from a notebook.
"""

import html
import shlex
from datetime import datetime, timezone

import pandas as pd
from ask import fill, is_applied, ledger, query, read_report, tables_of
from IPython.display import HTML, display
from looks import draw, say, show

PARTS = ["landed", "filtered", "duplicates", "quarantined", "inFlight"]


class NoRows(pd.DataFrame):
    """The answer of a pipeline without tables: whatever column a cell asks for, it is empty."""

    def __getitem__(self, key):
        return pd.Series(dtype=object) if isinstance(key, str) else self


class Page:
    """One notebook's page about one pipeline. Where the lake lacks its tables, each step says so and goes on."""

    def __init__(self, pipeline, load):
        self.pipeline = pipeline
        self.is_applied = is_applied(pipeline)
        say("Read at <b>{now}</b>.", now=f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M:%S} UTC")
        if not self.is_applied:
            say("<b>This stack does not run the pipeline.</b> <code>npx swordlake apply {p}</code> starts it.", p=pipeline)
        elif query(f"SELECT 1 FROM lake.{pipeline}.log LIMIT 1").empty:
            say("<b>No rows yet.</b> <code>{load}</code> makes some and loads them; then run this page again.", load=load)

    def ask(self, sql):
        return query(sql) if self.is_applied else NoRows()

    def kept(self):
        """What Kafka handed on, by partition, and whether a number is missing."""
        records = self.ask(
            f"""
            SELECT topic, kafka_partition, COUNT(*) AS records,
              MIN(kafka_offset) AS first_offset, MAX(kafka_offset) AS last_offset,
              MAX(kafka_offset) - MIN(kafka_offset) + 1 - COUNT(*) AS missing, MAX(kafka_timestamp) AS newest
            FROM lake.{self.pipeline}.log GROUP BY topic, kafka_partition ORDER BY topic, kafka_partition
            """
        )
        show(records)
        kept, missing = int(records["records"].sum()), int(records["missing"].sum())
        say("Kafka handed on <b>{kept}</b> records from <b>{partitions}</b> partitions.", kept=kept, partitions=len(records))
        if missing:
            say("<b>{missing} numbers are missing.</b> Look at the ledger below before you use the reports.", missing=missing)
        elif kept:
            say("No number is missing.")
        return kept

    def quarantined(self):
        """What was set aside, by reason."""
        reasons = self.ask(
            f"""
            SELECT stage, reason, COALESCE(field_path, '') AS field, COUNT(*) AS records
            FROM lake.{self.pipeline}.quarantine
            GROUP BY 1, 2, 3 ORDER BY records DESC, stage, reason, field
            """
        )
        show(reasons)
        count = int(reasons["records"].sum())
        say("<b>{count}</b> records were set aside." if count else "Nothing was set aside.", count=count)

    def stored(self):
        """Tables with their rows, files and newest snapshot. Files are those of the newest snapshot."""
        each = [
            f"""
            SELECT '{table}' AS table_name, (SELECT COUNT(*) FROM lake.{self.pipeline}.{table}) AS rows,
              (SELECT COUNT(*) FROM lake.{self.pipeline}."{table}$snapshots") AS snapshots,
              (SELECT MAX(committed_at) FROM lake.{self.pipeline}."{table}$snapshots") AS newest_snapshot,
              COUNT(*) AS files, CAST(SUM(file_size_in_bytes) / 1024.0 AS DECIMAL(18, 1)) AS size_kib
            FROM lake.{self.pipeline}."{table}$files"
            """
            for table in tables_of(self.pipeline)
        ]
        stored = self.ask(" UNION ALL ".join(each) + " ORDER BY table_name")
        show(stored)
        rows = int(stored["rows"].sum())
        if rows:
            kib = float(stored["size_kib"].astype(float).sum())
            say(
                "<b>{rows}</b> rows are in <b>{files}</b> files of {size} KiB together: {each} bytes a row.",
                rows=rows, files=int(stored["files"].sum()), size=f"{kib:,.0f}", each=f"{1024 * kib / rows:,.0f}",
            )
        return rows

    def account(self):
        """The ledger: each accepted event, and where it is."""
        if not self.is_applied:
            return say("There is no account to take.")
        account = ledger(self.pipeline)
        show(pd.DataFrame([{"accepted": account["accepted"], **{part: account[part] for part in PARTS}}]))
        if account["filteredBy"]:
            show(pd.DataFrame([{"rule": rule, "events": count} for rule, count in account["filteredBy"].items()]))
        if account["partitions"]:
            show(pd.DataFrame(account["partitions"]))
        if account["closed"]:
            return say(
                "<b>The ledger closes:</b> {accepted} accepted events, each accounted for.", accepted=account["accepted"]
            )
        adrift = int(account["accepted"]) - sum(int(account[part]) for part in PARTS)
        say(
            "<b>The ledger does not close:</b> {adrift} of {accepted} accepted events are unaccounted for. "
            "Don't act on this page before <code>npx swordlake ledger {pipeline}</code> says why.",
            adrift=adrift, accepted=account["accepted"], pipeline=self.pipeline,
        )

    def report(self, name, choices):
        """Runs a report and shows its question, picture, rows and SQL. Gives the rows."""
        asked, values = fill(read_report(name, self.pipeline), choices)
        display(HTML(f"<h3>{html.escape(asked.title)}</h3><p>{html.escape(asked.question)}</p>"))
        if values:
            chosen = ("<code>" + html.escape(key + "=" + (value or "''")) + "</code>" for key, value in values.items())
            meanings = html.escape("\n".join(f"{one.name}: {one.meaning}" for one in asked.parameters))
            display(HTML(f'<p><small title="{meanings}">With {", ".join(chosen)}</small></p>'))
        frame = self.ask(asked.sql)
        if frame.empty:
            say("No rows yet.")
        else:
            if asked.chart:
                draw(frame, asked)
            show(frame)
        sql = html.escape(asked.sql)
        display(HTML(f"<details><summary>SQL: {name}.sql</summary><pre>{sql}</pre></details>"))
        return frame


def read_line(line):
    """Reads `NAME parameter=value… as VARIABLE`: the name, the choices, and the variable's name."""
    name, *rest = shlex.split(line)
    variable = name
    if len(rest) >= 2 and rest[-2] == "as":
        *rest, _, variable = rest
    wrong = [word for word in rest if "=" not in word]
    if wrong:
        raise ValueError(f"'{wrong[0]}': write a parameter as name=value, in quotes where it has a space")
    return name, dict(word.split("=", 1) for word in rest), variable


def load_ipython_extension(shell):
    def begin(line):
        """%pipeline NAME: COMMAND that loads some rows"""
        pipeline, _, load = line.partition(":")
        page = Page(pipeline.strip(), load.strip())
        shell.push({"page": page, "query": page.ask, "say": say, "show": show})

    def run_report(line):
        name, choices, variable = read_line(line)
        shell.user_ns[variable] = shell.user_ns["page"].report(name, choices)

    def run_sql(line, cell):
        frame = shell.user_ns["page"].ask(cell.strip().removesuffix(";"))
        show(frame)
        if line.strip():
            shell.user_ns[line.strip()] = frame

    shell.register_magic_function(begin, "line", "pipeline")
    shell.register_magic_function(run_report, "line", "report")
    shell.register_magic_function(run_sql, "cell", "sql")
