"""Every bar of the detector beside what is measured: shocks, calm weeks, injected surges, NAB, copies, speed.

    python benchmarks/alerts.py [--only shocks injected nab copies speed] [--trials N] [--json]

Reads the public streams under TOCSIN_DATA (../shared/data). Documents are classified once; their scores are
kept under the state folder, so that the first run takes minutes a stream and later ones seconds. Delivery's
bar (Alertmanager away, receivers answering 500) is a test: tests/delivery.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

# Run as a script, this very file would stand for the package of its name.
sys.path[0] = str(Path(__file__).parents[1])

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.alert_bars import copies, injected, nab_score, shocks, speed
from benchmarks.alert_bars.bar import Bar
from benchmarks.machine import machine
from models.data import data_folder
from pipeline.settings import load_settings

PARTS = {
    "nab": nab_score.measure,
    "speed": speed.measure,
    "copies": copies.measure,
    "shocks": shocks.measure,
    "injected": injected.measure,
}


def main() -> int:
    """Print every bar; 1 where one is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to measure")
    parser.add_argument("--trials", type=int, default=500, help="injected surges (default 500)")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    asked = parser.parse_args()
    progress = Console(stderr=True)
    settings = load_settings()
    bars: list[Bar] = []
    for part in asked.only:
        progress.print(f"measuring {part} …", style="dim")
        bars += PARTS[part](data_folder(), settings, asked.trials, progress)
    if asked.json:
        print(json.dumps({"machine": machine(), "bars": [asdict(bar) | {"ok": bar.ok} for bar in bars]}))
    else:
        Console().print(_table(bars))
        print(machine())
    return 0 if all(bar.ok is not False for bar in bars) else 1


def _table(bars: list[Bar]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("measured", "value", "bar", "", "note"):
        table.add_column(name, overflow="fold")
    for bar in bars:
        passed = {True: Text("pass", style="green"), False: Text("MISS", style="bold red"), None: Text("")}
        table.add_row(Text(bar.name), bar.shown, bar.asked, passed[bar.ok], Text(bar.note, style="dim"))
    return table


if __name__ == "__main__":
    sys.exit(main())
