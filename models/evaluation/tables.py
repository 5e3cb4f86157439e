"""Reports and comparisons in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from models.evaluation.comparison import Comparison, Difference
from models.evaluation.report import TITLES, Part, Report, SetReport
from models.evaluation.resampling import Interval
from models.evaluation.wording import in_words


def share(value: float, interval: Interval | None = None) -> str:
    """A share to thousandths, and its interval.

    >>> share(0.853, Interval(0.817, 1.0))
    '.853 [.817, 1.000]'
    """
    if interval is None:
        return f"{value:.3f}".removeprefix("0")
    return f"{share(value)} [{share(interval.low)}, {share(interval.high)}]"


def show_report(report: Report, console: Console) -> None:
    """Print a summary, the calibration, one table of classes a set, and one of parts a head."""
    console.print(escape(report.model))
    console.print(
        _table(
            "",
            ("set", "rows", "accuracy", "macro-F1"),
            (
                (
                    _title(one.name),
                    f"{one.figures.rows:,}",
                    share(one.figures.accuracy, one.intervals.accuracy),
                    share(one.figures.macro_f1, one.intervals.macro_f1),
                )
                for one in report.sets
            ),
        )
    )
    console.print("In brackets: 95 % bootstrap intervals.")
    console.print(
        _table(
            "Calibration error (ECE)",
            ("set", "T = 1", "as served", "by chance"),
            (
                (
                    _title(one.name),
                    share(one.before.ece),
                    share(one.figures.ece, one.intervals.ece),
                    f"{share(one.after.chance)}, at most {share(one.after.chance_high)}",
                )
                for one in report.sets
            ),
        )
    )
    console.print(
        "By chance: of a perfectly calibrated model on so many rows, on average and at most (95 %)."
    )
    for one in report.sets:
        console.print(_classes(one))
    for task, parts in report.parts.items():
        if parts:
            console.print(_parts(task, parts))
    for one in report.sets:
        for mistake in one.mistakes:
            said = f"{mistake.label}, said {mistake.guess} ({mistake.confidence:.2f})"
            console.print(escape(f"{one.name} {mistake.example.id}: {said}: {mistake.example.text}"))
    show_notices(report.notices, console)


def _parts(task: str, parts: Sequence[Part]) -> Table:
    return _table(
        f"All {task} rows by part",
        ("", "rows", "accuracy", "macro-F1", "ECE"),
        (
            (
                part.name,
                f"{part.figures.rows:,}",
                share(part.figures.accuracy, part.intervals.accuracy),
                share(part.figures.macro_f1, part.intervals.macro_f1),
                share(part.figures.ece, part.intervals.ece),
            )
            for part in parts
        ),
    )


def _classes(one: SetReport) -> Table:
    return _table(
        _title(one.name),
        ("class", "rows", "precision", "recall", "F1"),
        (
            (each.name, f"{each.rows:,}", share(each.precision), share(each.recall), share(each.f1))
            for each in one.figures.classes
            if each.name in one.judged
        ),
    )


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table whose texts are no markup; figures stand to the right and are never broken."""
    table = Table(
        title=escape(title) or None, box=box.SIMPLE_HEAD, title_justify="left", padding=(0, 1, 0, 0)
    )
    for number, column in enumerate(head):
        first = number == 0
        table.add_column(column, justify="left" if first else "right", no_wrap=not first)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    return table


def _title(name: str) -> str:
    return TITLES.get(name, name)


def show_comparison(
    a: str, b: str, comparisons: Sequence[Comparison], notices: Sequence[str], console: Console
) -> None:
    """Print the differences set by set, and the verdicts in words."""
    console.print(escape(f"A: {a}\nB: {b}"))
    console.print(
        _table(
            "",
            ("set", "rows", "only A", "only B", "accuracy", "macro-F1"),
            (
                (
                    _title(one.name),
                    f"{one.rows:,}",
                    f"{one.only_a:,}",
                    f"{one.only_b:,}",
                    _difference(one.accuracy),
                    _difference(one.macro_f1),
                )
                for one in comparisons
            ),
        )
    )
    console.print(
        "Only A, only B: rows that one is right about and the other wrong. In brackets: B − A, points."
    )
    if len(comparisons) > 1:
        console.print("p-values of the sets are adjusted for their number (Holm); overall is one test.")
    for one in comparisons:
        console.print(escape(f"{one.name}: {in_words(one)}."))
    show_notices(notices, console)


def _difference(one: Difference) -> str:
    low, high = (100 * value for value in (one.interval.low, one.interval.high))
    return f"{share(one.a)} → {share(one.b)} [{low:+.1f}, {high:+.1f}]"


def show_notices(notices: Sequence[str], console: Console) -> None:
    """Print what was left out."""
    for notice in notices:
        console.print(escape(notice))
