"""What an alert budget costs, shown: tables, and the curve as a picture or a page."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from alerts.tradeoff import Tradeoff
from pipeline.errors import UsageError

_FORMS = (".png", ".svg", ".html")


def budget_table(found: Tradeoff, budgets: Sequence[float]) -> Table:
    """One row a budget: the threshold that keeps to it on this history, and what it finds."""
    table = Table(box=box.SIMPLE_HEAD, title=Text(f"{found.weeks:g} weeks of history"), title_justify="left")
    surges = found.prices[0].found
    for name in ("budget a week and key", "threshold", "false alarms a week and key", "worst key"):
        table.add_column(name, justify="left" if name == "worst key" else "right")
    for surge in surges:
        table.add_column(f"{surge.factor:g}x for {surge.minutes} min found", justify="right")
    for budget in budgets:
        price = found.at_budget(budget)
        table.add_row(
            f"{budget:g}",
            f"{price.threshold:.2f}",
            f"{price.false_per_week:.2f}",
            Text(f"{price.worst_key} {price.worst_per_week:.2f}"),
            *(_found(each.share, each.median_delay) for each in price.found),
        )
    return table


def _found(share: float, delay: float | None) -> str:
    return f"{share:.0%}" + (f", {delay:.0f} min" if delay is not None else "")


def realised_table(found: Tradeoff) -> Table:
    """One row a key: its budget, and the alarms that the settings in force raised."""
    table = Table(box=box.SIMPLE_HEAD, title=Text("realised with these settings"), title_justify="left")
    for name in ("key", "budget a week", "alarms", "a week", "threshold now"):
        table.add_column(name, justify="left" if name == "key" else "right")
    for row in found.realised:
        table.add_row(
            Text(row.key),
            f"{row.budget_per_week:g}",
            str(row.alarms),
            f"{row.per_week:.2f}",
            f"{row.threshold:.2f}",
        )
    return table


def check_curve(path: Path) -> None:
    """Raise UsageError where the file's form is not known, or matplotlib is not there to draw it."""
    if path.suffix not in _FORMS:
        raise UsageError(f"--out {path}: a name that ends in {', '.join(_FORMS)}")
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise UsageError("the curve needs matplotlib: pip install 'tocsin[report]'") from error


def write_curve(found: Tradeoff, path: Path, feed: str) -> None:
    """Draw surges found, and realised rates beside their budgets, into a .png, .svg or .html file."""
    if path.suffix != ".html":
        path.write_bytes(_drawn(found, feed, path.suffix[1:]))
        return
    picture = base64.b64encode(_drawn(found, feed, "png")).decode()
    title = escape(f"Alert budget: {feed}")
    path.write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><h1>{title}</h1>"
        f'<img alt="Surges found against false alarms a week" src="data:image/png;base64,{picture}">'
        "</html>\n",
        "utf-8",
    )


def _drawn(found: Tradeoff, feed: str, form: str) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    false = [price.false_per_week for price in found.prices]
    for number, surge in enumerate(found.prices[0].found):
        shares = [price.found[number].share for price in found.prices]
        left.plot(false, shares, marker=".", label=f"{surge.factor:g}x for {surge.minutes} min")
    left.set(xlabel="false alarms a week and key", ylabel="surges found", ylim=(0, 1.02), title=feed)
    left.set_xscale("symlog", linthresh=0.1)
    left.set_xlim(left=0)
    left.grid(alpha=0.3)
    if found.prices[0].found:
        left.legend(loc="lower right")
    _realised(right, found)
    out = io.BytesIO()
    figure.savefig(out, format=form, metadata={"Date": None} if form == "svg" else None)
    return out.getvalue()


def _realised(axes: Any, found: Tradeoff) -> None:
    rows = [row for row in found.realised if row.alarms] or list(found.realised[:1])
    axes.barh([row.key for row in rows], [row.per_week for row in rows], color="#8a8a8a")
    axes.scatter([row.budget_per_week for row in rows], [row.key for row in rows], color="#a3161b", zorder=3)
    axes.set(xlabel="alarms a week (bar), budget (dot)", title="realised")
    axes.invert_yaxis()
