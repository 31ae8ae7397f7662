"""How answers look on a page: a table, a sentence with numbers, a picture. What users typed is shown, never run."""

import base64
import html
import io
import warnings
from datetime import date, datetime
from decimal import Decimal

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import HTML, display
from matplotlib.dates import ConciseDateFormatter

ROWS_SHOWN = 15
BARS_SHOWN = 25
PALETTE = ["#4f83d6", "#d9822b", "#3fa66b", "#b066c9", "#d2556a", "#8a8f3c", "#2f9fb3", "#9a7462"]
GREY = "#b9bec6"

# Names are what users typed: a dollar sign in them is no formula, a missing glyph no matter.
plt.rcParams.update({"text.parse_math": False, "axes.spines.top": False, "axes.spines.right": False})
warnings.filterwarnings("ignore", message="Glyph .* missing from font")


def text(value):
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return f"{value:,}" if isinstance(value, (float, Decimal)) else str(value)


def show(frame):
    """The first rows as a table."""

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


def words(name):
    return name.replace("_", " ")


def number(values):
    return pd.to_numeric(values, errors="coerce")


def groups_of(frame, chart):
    """The rows by what colours them, each with label and colour, the largest first; the small ones share a grey."""
    if "color" not in chart:
        return [(words(chart["y"]), PALETTE[0], frame)]
    names = frame[chart["color"]].map(text)
    sizes = number(frame[chart["y"]]).groupby(names).sum().sort_values(ascending=False, kind="stable")
    shown = len(sizes) if len(sizes) <= len(PALETTE) else len(PALETTE) - 1
    groups = [(name, PALETTE[at], frame[names == name]) for at, name in enumerate(sizes.index[:shown])]
    rest = f"{len(sizes) - shown} others"
    return groups + [(rest, GREY, frame[names == name]) for name in sizes.index[shown:]]


def draw_bars(axes, frame, chart):
    """Bars from top to bottom, stacked where rows of one name have several colours."""
    names = list(dict.fromkeys(text(value)[:40] for value in frame[chart["x"]]))
    shown = {name: place for place, name in enumerate(names[:BARS_SHOWN])}
    ends = [0.0] * len(shown)
    for label, color, group in groups_of(frame, chart):
        values = zip(group[chart["x"]], number(group[chart["y"]]).fillna(0), strict=True)
        for place, value in ((shown.get(text(name)[:40]), float(value)) for name, value in values):
            if place is not None:
                axes.barh(place, value, left=ends[place], color=color, label=label)
                ends[place] += value
    for place, end in enumerate(ends):
        axes.annotate(f"{end:,.6g}", (end, place), (4, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set_yticks(range(len(shown)), list(shown))
    axes.margins(x=0.12, y=0.02)
    axes.invert_yaxis()
    axes.set_xlabel(words(chart["y"]))
    axes.set_ylabel(words(chart["x"]))
    axes.xaxis.set_major_formatter("{x:,.6g}")
    if len(names) > len(shown):
        axes.set_title(f"The first {len(shown)} of {len(names):,}", loc="left", fontsize=9)
    axes.figure.set_figheight(max(1.6, 0.9 + 0.3 * len(shown)))


def draw_points(axes, frame, chart):
    for label, color, group in groups_of(frame, chart):
        x, y = list(group[chart["x"]]), number(group[chart["y"]])
        behind = 1 if color == GREY else 2
        if chart["kind"] == "line":
            axes.plot(x, y, marker="o", markersize=3, label=label, color=color, zorder=behind)
        else:
            axes.scatter(number(group[chart["x"]]), y, alpha=0.5, label=label, color=color, zorder=behind)
    axes.set_xlabel(words(chart["x"]))
    axes.set_ylabel(words(chart["y"]))
    axes.set_ylim(bottom=0)
    first = frame[chart["x"]].iloc[0]
    if isinstance(first, date):
        axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
        axes.set_xlabel(f"{words(chart['x'])} (UTC)")


def draw(frame, report):
    """The picture of a report's answer after its own chart header, as a PNG inside the page."""
    chart = report.chart
    figure, axes = plt.subplots(figsize=(9, 3.4), layout="constrained")
    (draw_bars if chart["kind"] == "bar" else draw_points)(axes, frame, chart)
    if "color" in chart:
        handles, labels = axes.get_legend_handles_labels()
        once = dict(zip(labels, handles, strict=True))
        figure.set_figheight(max(figure.get_figheight(), 0.8 + 0.22 * len(once)))
        axes.legend(once.values(), once.keys(), frameon=False, loc="upper left", bbox_to_anchor=(1, 1), fontsize=9)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=110)
    plt.close(figure)
    alt = html.escape(f"{chart['kind']} chart: {report.title}. The table has the values.")
    data = base64.b64encode(image.getvalue()).decode("ascii")
    display(HTML(f'<img src="data:image/png;base64,{data}" alt="{alt}" style="max-width: 100%">'))
