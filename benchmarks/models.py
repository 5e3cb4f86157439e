"""Every bar of the classifier beside what is measured: accuracy, calibration, speed, int8 against float32.

    python benchmarks/models.py [--reference en=CHECKPOINT en-zh=CHECKPOINT] [--skip-speed] [--json]

The test rows come from the data folder and stand in no training set. `--reference` names the checkpoint that
a preset was exported from: its float32 network on PyTorch is what int8 is held against, and what
`transformers.pipeline` runs. Speeds are medians of alternating rounds; leave the machine alone meanwhile.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

# Run as a script, this very file would stand for the package of its name.
sys.path[0] = str(Path(__file__).parents[1])

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from benchmarks.machine import machine
from benchmarks.speed import cpu_speeds, gpu_speeds
from models.data import data_folder, read_set
from models.errors import ModelError
from models.evaluation.evaluate import evaluate
from models.evaluation.report import Report
from models.evaluation.rows import choose_rows
from models.evaluation.tables import share
from models.serving.classifier import PRESETS, Classifier


class Bar(NamedTuple):
    """What a preset must reach: a figure's name, and its least or greatest value."""

    preset: str
    figure: str
    relation: str
    value: float


BARS = (
    Bar("en", "fpb accuracy", "≥", 0.865),
    Bar("en", "fpb macro-F1", "≥", 0.845),
    Bar("en", "fpb_all_agree accuracy", "≥", 0.97),
    Bar("en", "fpb_all_agree macro-F1", "≥", 0.95),
    Bar("en", "tfn_sentiment accuracy", "≥", 0.885),
    Bar("en", "tfn_sentiment macro-F1", "≥", 0.85),
    Bar("en", "tfn_topic accuracy", "≥", 0.905),
    Bar("en", "tfn_topic macro-F1", "≥", 0.89),
    Bar("en", "fpb ECE", "≤", 0.03),
    Bar("en", "tfn_sentiment ECE", "≤", 0.03),
    Bar("en", "tfn_topic ECE", "≤", 0.03),
    Bar("en", "int8 accuracy lost", "≤", 0.003),
    Bar("en", "× transformers.pipeline", "≥", 10),
    Bar("en", "share of int8 GEMM floor", "≥", 0.45),
    Bar("en", "GPU documents/s, from ids", "≥", 250_000),
    Bar("en", "GPU documents/s, from text", "≥", 100_000),
    Bar("en-zh", "zh_news accuracy", "≥", 0.95),
    Bar("en-zh", "finfe accuracy", "≥", 0.75),
    Bar("en-zh", "finfe lowest recall", "≥", 0.5),
    Bar("en-zh", "guba accuracy", "≥", 0.85),
    Bar("en-zh", "fpb ECE", "≤", 0.03),
    Bar("en-zh", "tfn_sentiment ECE", "≤", 0.03),
    Bar("en-zh", "tfn_topic ECE", "≤", 0.03),
    Bar("en-zh", "zh_news ECE", "≤", 0.03),
    Bar("en-zh", "finfe ECE", "≤", 0.03),
    Bar("en-zh", "guba ECE", "≤", 0.03),
    Bar("en-zh", "int8 accuracy lost", "≤", 0.003),
    Bar("en-zh", "× transformers.pipeline", "≥", 10),
    Bar("en-zh", "share of int8 GEMM floor", "≥", 0.45),
)


_WORTH_A_LINE = ("accuracy", "macro-F1", "documents/s")
"""Figures that are shown without a bar, too."""


@dataclass(frozen=True)
class Measured:
    """A figure, or why there is none."""

    value: float | None
    note: str = ""


def quality(report: Report) -> dict[str, Measured]:
    """Accuracy, macro-F1, lowest recall and calibration error of every set."""
    found = {}
    for one in report.sets:
        for name, value, interval in (
            ("accuracy", one.figures.accuracy, one.intervals.accuracy),
            ("macro-F1", one.figures.macro_f1, one.intervals.macro_f1),
        ):
            note = f"[{share(interval.low)}, {share(interval.high)}] of {one.figures.rows:,}"
            found[f"{one.name} {name}"] = Measured(value, note)
        chance = f"{share(one.after.chance)} by chance"
        found[f"{one.name} ECE"] = Measured(one.after.ece, chance)
        lowest = min((c for c in one.figures.classes if c.rows), key=lambda c: c.recall)
        found[f"{one.name} lowest recall"] = Measured(lowest.recall, lowest.name)
    return found


def lost_by_int8(served: Report, exact: Report) -> Measured:
    """Accuracy that int8 loses against float32, on the set where it loses most."""
    lost = {
        one.name: full.figures.accuracy - one.figures.accuracy
        for one, full in zip(served.sets, exact.sets, strict=True)
    }
    worst = max(lost, key=lambda name: lost[name])
    return Measured(lost[worst], f"most on {worst}; " + ", ".join(f"{n} {v:+.4f}" for n, v in lost.items()))


def reference_of(preset: str, references: Mapping[str, Path]) -> Path | None:
    """The folder that a preset's float32 network is in."""
    if preset in references:
        return references[preset]
    return PRESETS / preset if (PRESETS / preset / "network.safetensors").is_file() else None


def measure(preset: str, reference: Path | None, console: Console, *, rounds: int) -> dict[str, Measured]:
    """Every figure of one preset."""
    served = Classifier.load(preset, backend="onnx", cache=0)
    rows = choose_rows([], [served])
    models = [served]
    if reference is not None:
        models.append(Classifier.load(reference, backend="torch", device="cpu", cache=0))
    total = len(models) * sum(len(examples) for examples in rows.sets.values())
    with progress(preset, total, console) as show:
        reports = [evaluate(model, rows, progress=show) for model in models]
    found = quality(reports[0])
    missing = Measured(None, "give --reference")
    found["int8 accuracy lost"] = lost_by_int8(*reports) if reference else missing
    if rounds:
        console.print(f"{preset}: measuring speed")
        found |= speeds(preset, reference, rounds)
    return found


def speeds(preset: str, reference: Path | None, rounds: int) -> dict[str, Measured]:
    """Speeds over Financial PhraseBank sentences, on the processor and on a GPU where there is one."""
    texts = [example.text for example, _ in read_set(data_folder(), "fpb")]
    cpu = cpu_speeds(preset, reference, texts[:2000], rounds)
    served, plain, floor = (round(cpu[name]) for name in ("served", "plain", "floor"))
    found = {
        "× transformers.pipeline": Measured(cpu["served"] / cpu["plain"], f"{served:,} against {plain:,}/s"),
        "share of int8 GEMM floor": Measured(cpu["served"] / cpu["floor"], f"{served:,} of {floor:,}/s"),
        "served documents/s": Measured(cpu["served"], "int8, CPU, from text"),
    }
    gpu = gpu_speeds(preset, 30 * texts, rounds)
    for what, name in (("ids", "GPU documents/s, from ids"), ("text", "GPU documents/s, from text")):
        found[name] = Measured(gpu[what], "bfloat16") if gpu else Measured(None, "no GPU here")
    return found


@contextmanager
def progress(what: str, total: int, console: Console) -> Iterator[Callable[[int], None]]:
    """Show how many of so many rows are done."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda more: bar.advance(task, more)


@dataclass(frozen=True)
class Line:
    """A figure beside its bar."""

    preset: str
    figure: str
    relation: str
    bar: float | None
    measured: float | None
    verdict: str
    """pass, miss, or nothing where there is no bar or no measurement."""
    note: str


def lines(preset: str, found: Mapping[str, Measured]) -> list[Line]:
    """Every bar of a preset beside what was measured, then the figures that have no bar."""
    bars = {bar.figure: bar for bar in BARS if bar.preset == preset}
    barred = [
        line(preset, figure, bar, found.get(figure, Measured(None, "not measured")))
        for figure, bar in bars.items()
    ]
    free = [
        line(preset, figure, None, one)
        for figure, one in found.items()
        if figure not in bars and figure.endswith(_WORTH_A_LINE)
    ]
    return barred + free


def line(preset: str, figure: str, bar: Bar | None, one: Measured) -> Line:
    """Hold a figure against its bar, if it has one."""
    if bar is None:
        return Line(preset, figure, "", None, one.value, "", one.note)
    verdict = ""
    if one.value is not None:
        passed = one.value >= bar.value if bar.relation == "≥" else one.value <= bar.value
        verdict = "pass" if passed else "miss"
    return Line(preset, figure, bar.relation, bar.value, one.value, verdict, one.note)


def number(value: float | None) -> str:
    """A share to thousandths, a ratio to tenths, a speed in whole documents."""
    if value is None:
        return "-"
    if abs(value) <= 1:
        return f"{value:.3f}" if abs(value) >= 0.01 or not value else f"{value:.4f}"
    return f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"


def show(found: Sequence[Line], console: Console) -> None:
    """Print the lines as a table."""
    table = Table("preset", "figure", "bar", "measured", "", "", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in table.columns[:5]:
        column.no_wrap = True
    for column in table.columns[2:4]:
        column.justify = "right"
    colours = {"pass": "green", "miss": "red"}
    for one in found:
        bar = f"{one.relation} {number(one.bar)}" if one.bar is not None else ""
        said = Text(one.verdict, style=colours.get(one.verdict, ""))
        table.add_row(one.preset, Text(one.figure), bar, number(one.measured), said, Text(one.note))
    console.print(table)
    passed, missed = (sum(one.verdict == verdict for one in found) for verdict in ("pass", "miss"))
    unmeasured = sum(one.bar is not None and not one.verdict for one in found)
    console.print(f"{passed} bars passed, {missed} missed, {unmeasured} not measured.")


def main() -> int:
    """Measure the presets and print every bar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", nargs="+", default=["en", "en-zh"])
    parser.add_argument("--reference", nargs="+", default=[], metavar="PRESET=CHECKPOINT")
    parser.add_argument("--skip-speed", action="store_true", help="accuracy and calibration only")
    parser.add_argument("--rounds", type=int, default=5, help="of each speed; the median counts")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    references = {name: Path(folder) for name, _, folder in (r.partition("=") for r in arguments.reference)}
    aside = Console(stderr=True)
    found: list[Line] = []
    absent = [preset for preset in arguments.preset if not (PRESETS / preset / "model.json").is_file()]
    for preset in arguments.preset:
        if preset in absent:
            aside.print(f"{preset}: no such preset in this tree")
            continue
        try:
            found += lines(
                preset,
                measure(
                    preset,
                    reference_of(preset, references),
                    aside,
                    rounds=0 if arguments.skip_speed else arguments.rounds,
                ),
            )
        except ModelError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    if arguments.json:
        record = {"machine": machine(), "absent": absent, "figures": [asdict(one) for one in found]}
        print(json.dumps(record, ensure_ascii=False, indent=1))
    else:
        console = Console()
        console.print(machine())
        show(found, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
