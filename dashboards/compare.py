"""What-if, shown: the alerts that other settings gain, lose and move, in the terminal and as a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from rich import box
from rich.table import Table
from rich.text import Text

from alerts.compare import Alarm, Comparison
from dashboards.text import printable

_COLUMNS = ("what", "rang (UTC)", "topic", "severity", "observed", "expected", "surprise", "worst story")
_STYLE = {"gained": "green", "lost": "red", "moved": "yellow"}


def compare_table(found: Comparison, before: str, after: str) -> Table:
    """One row an alert that differs; `before` and `after` name the two settings."""
    table = Table(
        box=box.SIMPLE_HEAD, title=Text(f"{before} → {after}: {summary(found)}"), title_justify="left"
    )
    for name in _COLUMNS:
        table.add_column(name, justify="right" if name in ("observed", "expected", "surprise") else "left")
    for what, alarm, note in rows(found):
        table.add_row(
            Text(f"{what} {note}".strip(), style=_STYLE[what]), *(Text(cell) for cell in _cells(alarm))
        )
    return table


def summary(found: Comparison) -> str:
    """How many alerts of each kind, in words."""
    kinds = (("gained", found.gained), ("lost", found.lost), ("moved", found.moved), ("the same", found.same))
    return ", ".join(f"{len(alerts)} {name}" for name, alerts in kinds)


def rows(found: Comparison) -> Iterator[tuple[str, Alarm, str]]:
    """Kind, alert and note of each alert that differs, by time."""
    every: list[tuple[str, Alarm, str]] = [("gained", alarm, "") for alarm in found.gained]
    every += [("lost", alarm, "") for alarm in found.lost]
    for pair in found.moved:
        minutes = f"{pair.moved_minutes:+d} min" if pair.moved_minutes else ""
        severities = (pair.before.last.severity, pair.after.last.severity)
        turned = f"{severities[0]} → {severities[1]}" if severities[0] != severities[1] else ""
        every.append(("moved", pair.after, ", ".join(filter(None, (minutes, turned)))))
    yield from sorted(every, key=lambda row: (row[1].first.detected_at, row[1].first.key))


def _cells(alarm: Alarm) -> tuple[str, ...]:
    first, last = alarm.first, alarm.last
    story = printable(last.evidence[0].title) if last.evidence else ""
    return (
        f"{first.detected_at:%Y-%m-%d %H:%M}",
        first.key,
        last.severity,
        str(last.observed),
        f"{last.expected:.1f}",
        f"{last.surprise:.1f}",
        story[:100],
    )


def compare_page(found: Comparison, before: str, after: str, feed: str) -> str:
    """The same as an HTML page that loads nothing; headlines are hostile input, so all text is escaped."""
    title = f"What if: {feed}"
    lines = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name=viewport content="width=device-width">',
        f"<title>{escape(title)}</title><style>{_CSS}</style>",
        f"<h1>{escape(title)}</h1>",
        f"<p>From <b>{escape(before)}</b> to <b>{escape(after)}</b>: {escape(summary(found))}.</p>",
        f"<table><thead><tr>{_row('th', _COLUMNS)}</tr></thead><tbody>",
    ]
    for what, alarm, note in rows(found):
        lines.append(f"<tr class={what}>{_row('td', (f'{what} {note}'.strip(), *_cells(alarm)))}</tr>")
    if not (found.gained or found.lost or found.moved):
        lines.append(f"<tr><td colspan={len(_COLUMNS)}>No alert differs.</td></tr>")
    lines.append("</tbody></table></html>")
    return "\n".join(lines) + "\n"


def _row(tag: str, cells: Iterable[str]) -> str:
    return "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)


_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_CSS = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}
body{color:#1c1c1c;background:#fff}
table{border-collapse:collapse;width:100%}
th,td{padding:.3rem .6rem;text-align:left;border-bottom:1px solid #ddd;
overflow-wrap:anywhere}td:nth-child(n+5):nth-child(-n+7){text-align:right;font-variant-numeric:tabular-nums}
.gained td:first-child{color:#0a6b2d}.lost td:first-child{color:#a3161b}.moved td:first-child{color:#7a5200}
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}th,td{border-color:#3a3a3a}
.gained td:first-child{color:#6fd08c}.lost td:first-child{color:#ff8a8a}.moved td:first-child{color:#e5b95c}}
""".strip()
