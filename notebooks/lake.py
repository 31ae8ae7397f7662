"""What the notebooks share: `%load_ext lake` gives %report NAME, %%sql, say() and ledger().

A report's SQL comes from flink-sql/<pipeline>/reports/, never from a notebook. Asks only Trino.
"""

import base64
import html
import io
import json
import os
import re
import subprocess
import warnings
from collections import namedtuple
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import pandas as pd
import trino
from IPython.display import HTML, display
from matplotlib.dates import ConciseDateFormatter

ROOT = Path(__file__).resolve().parent.parent
ROWS_SHOWN = 15
BARS_SHOWN = 25
PALETTE = ["#4f83d6", "#d9822b", "#3fa66b", "#b066c9", "#d2556a", "#8a8f3c", "#2f9fb3", "#9a7462"]

# Names are what users typed: a dollar sign in them is no formula, a missing glyph no matter.
plt.rcParams.update({"text.parse_math": False, "axes.spines.top": False, "axes.spines.right": False})
warnings.filterwarnings("ignore", message="Glyph .* missing from font")

Report = namedtuple("Report", "name title question chart sql")


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


def read_report(name, pipeline="game"):
    """A report file: title, question and chart from its header, then the SQL."""
    folder = ROOT / "flink-sql" / pipeline / "reports"
    path = folder / f"{name}.sql"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.sql")))
        raise ValueError(f"Pipeline '{pipeline}' has no report '{name}'. It has: {known}.")
    header, sql = re.match(r"((?:--[^\n]*\n)*)(.*)", path.read_text("utf-8-sig"), re.DOTALL).groups()
    lines = [line.removeprefix("--").strip() for line in header.splitlines()]
    values = dict(line.split(": ", 1) for line in lines[1:])
    kind, *settings = values.get("chart", "").split() or [None]
    chart = kind and {"kind": kind, **dict(setting.split("=", 1) for setting in settings)}
    return Report(name, lines[0], values["question"], chart, sql.strip().removesuffix(";"))


def text(value):
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return f"{value:,}" if isinstance(value, (float, Decimal)) else str(value)


def show(frame):
    """The first rows as a table; what users typed is shown, never run."""

    def cell(tag, value, like):
        side = "right" if isinstance(like, (int, float, Decimal)) else "left"
        return f'<{tag} style="text-align: {side}">{html.escape(text(value))}</{tag}>'

    if frame.empty:
        return
    rows = list(frame.head(ROWS_SHOWN).itertuples(index=False, name=None))
    # The first value that isn't missing tells the column's side.
    likes = [next((v for v in column if v is not None), None) for column in zip(*rows, strict=True)]
    names = [str(name).replace("_", " ") for name in frame.columns]
    head = "".join(cell("th", *pair) for pair in zip(names, likes, strict=True))
    body = ["".join(cell("td", *pair) for pair in zip(row, likes, strict=True)) for row in rows]
    lines = "".join(f"<tr>{row}</tr>" for row in body)
    rest = len(frame) - len(rows)
    more = f"<p><small>{rest:,} more rows.</small></p>" if rest else ""
    display(HTML(f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>{more}"))


def say(sentence, **values):
    """A paragraph with values filled in: numbers grouped, text escaped."""

    def fit(value):
        if isinstance(value, int):
            return f"{value:,}"
        return html.escape(value) if isinstance(value, str) else value

    display(HTML(f"<p>{sentence.format(**{name: fit(value) for name, value in values.items()})}</p>"))


def draw(frame, report):
    """The picture of a report's answer after its own chart header, as a PNG inside the page."""
    chart = report.chart
    number = lambda name: pd.to_numeric(frame[name], errors="coerce")
    words = lambda name: name.replace("_", " ")
    figure, axes = plt.subplots(figsize=(9, 3.4), layout="constrained")
    if chart["kind"] == "bar":
        first = frame.head(BARS_SHOWN)
        figure.set_figheight(max(1.6, 0.9 + 0.3 * len(first)))
        names = [str(value)[:40] for value in first[chart["x"]]]
        bars = axes.barh(range(len(names)), number(chart["y"]).head(BARS_SHOWN), color=PALETTE[0])
        axes.bar_label(bars, fmt="{:,.6g}", padding=4, fontsize=9)
        axes.set_yticks(range(len(names)), names)
        axes.margins(x=0.08, y=0.02)
        axes.invert_yaxis()
        axes.set_xlabel(words(chart["y"]))
        axes.xaxis.set_major_formatter("{x:,.6g}")
        if len(frame) > len(first):
            axes.set_title(f"The first {len(first)} of {len(frame):,}", loc="left", fontsize=9)
    else:
        color = chart.get("color")
        groups = [(words(chart["y"]), frame)]
        if color:
            groups = [(str(value), group) for value, group in frame.groupby(color, sort=True)]
        for index, (label, group) in enumerate(groups):
            style = {"label": label, "color": PALETTE[index % len(PALETTE)]}
            x, y = list(group[chart["x"]]), number(chart["y"])[group.index]
            if chart["kind"] == "line":
                axes.plot(x, y, marker="o", markersize=3, **style)
            else:
                axes.scatter(x, y, alpha=0.5, **style)
        axes.set_xlabel(words(chart["x"]))
        axes.set_ylabel(words(chart["y"]))
        axes.set_ylim(bottom=0)
        if isinstance(frame[chart["x"]].iloc[0], datetime):
            axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
            axes.set_xlabel(f"{words(chart['x'])} (UTC)")
        if color:
            axes.legend(frameon=False, ncols=4, loc="lower left", bbox_to_anchor=(0, 1))
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=110)
    plt.close(figure)
    alt = html.escape(f"{chart['kind']} chart: {report.title}. The table has the values.")
    data = base64.b64encode(image.getvalue()).decode("ascii")
    display(HTML(f'<img src="data:image/png;base64,{data}" alt="{alt}" style="max-width: 100%">'))


def report(name, pipeline="game"):
    """Runs a report and shows its question, picture, rows and SQL. Gives the rows."""
    asked = read_report(name, pipeline)
    display(HTML(f"<h3>{html.escape(asked.title)}</h3><p>{html.escape(asked.question)}</p>"))
    frame = query(asked.sql)
    if frame.empty:
        say("No rows yet.")
    else:
        if asked.chart:
            draw(frame, asked)
        show(frame)
    sql = html.escape(asked.sql)
    display(HTML(f"<details><summary>SQL: {name}.sql</summary><pre>{sql}</pre></details>"))
    return frame


def ledger(pipeline="game"):
    """What `swordlake ledger` finds: every accepted event, and where it is."""
    command = ["npx", "--no", "--", "swordlake", "ledger", pipeline, "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    try:
        # It exits with 1 where the ledger doesn't close; the answer says so itself.
        return json.loads(ran.stdout)
    except json.JSONDecodeError as error:
        raise RuntimeError(f"{' '.join(command)} exited with {ran.returncode}: {ran.stderr}") from error


def load_ipython_extension(shell):
    def run_report(line):
        name, _, variable = line.partition(" as ")
        shell.user_ns[variable.strip() or name.strip()] = report(name.strip())

    def run_sql(line, cell):
        frame = query(cell.strip().removesuffix(";"))
        show(frame)
        if line.strip():
            shell.user_ns[line.strip()] = frame

    shell.register_magic_function(run_report, "line", "report")
    shell.register_magic_function(run_sql, "cell", "sql")
    shell.push({"query": query, "say": say, "show": show, "ledger": ledger})
