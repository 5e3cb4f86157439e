"""A training from its recipe to its checkpoint, with what a person wants to see meanwhile."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import transformers
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from models.errors import ModelError
from models.training.checkpoint import save_checkpoint
from models.training.checks import Prepared, prepare
from models.training.loop import train
from models.training.network import WEIGHTS
from models.training.processes import processes
from models.training.recipe import load_recipe
from models.training.resume import EpochReport, clear_state

LINES = 100
"""Steps between two lines where no progress bar can be drawn."""


def run(recipe_file: Path, out: Path, console: Console, *, restart: bool = False) -> dict[str, Any]:
    """Train what the recipe says, write the checkpoint to `out`, and return its `training.json`.

    A training that was killed goes on where it was; `restart` begins anew instead and replaces what is there.
    Under `accelerate launch` the first process alone prints and writes.
    """
    state = processes()
    # What loading a base says (a pooler that is not used, a bar of its own) is nothing to act on.
    quiet: Any = transformers.logging
    quiet.set_verbosity_error()
    quiet.disable_progress_bar()
    if not state.is_main_process:
        console = Console(quiet=True)
    # The first process makes what is kept in a cache; the others find it there.
    with state.main_process_first():
        prepared = check(recipe_file, console)
    if restart and state.is_main_process:
        clear_state(out / "state")
        (out / WEIGHTS).unlink(missing_ok=True)
        shutil.rmtree(out / "log", ignore_errors=True)
    state.wait_for_everyone()
    if (out / WEIGHTS).is_file():
        raise ModelError(f"{out} holds a trained network already: choose another folder, or --restart")
    began = time.monotonic()
    with _display(console) as display:
        trained = train(
            prepared.recipe,
            prepared.base,
            prepared.corpus,
            display.step,
            topics=[topic.id for topic in prepared.topics],
            folder=out,
            report=display.epoch,
            teaching=display.teaching,
        )
    training = {
        "recipe": prepared.recipe.model_dump(mode="json"),
        "date": datetime.now(UTC).date().isoformat(),
        "topics": [topic.id for topic in prepared.topics],
        "train_rows": len(prepared.corpus.train),
        "dev_rows": len(prepared.corpus.dev),
        "rows": rows_by_set(prepared),
        "seconds": round(time.monotonic() - began, 1),
        "epochs": [asdict(report) for report in trained.reports],
        "best_epoch": trained.best_epoch,
        "activation_ranges": trained.activation_ranges,
    }
    if state.is_main_process:
        save_checkpoint(out, trained.network, trained.tokenizer, training)
        clear_state(out / "state")
        (out / "teachers.safetensors").unlink(missing_ok=True)
    state.wait_for_everyone()
    console.print(f"Kept epoch {trained.best_epoch}; wrote {out}", markup=False)
    return training


def check(recipe_file: Path, console: Console) -> Prepared:
    """Check all that can be checked before the first step, and print what will be trained on."""
    prepared = prepare(load_recipe(recipe_file))
    recipe, corpus = prepared.recipe, prepared.corpus
    tasks = {row.source: row.task for row in (*corpus.train, *corpus.dev)}
    table = Table("set", "head", "train", "dev", "test", title=escape(recipe.name), title_justify="left")
    for name, counts in rows_by_set(prepared).items():
        table.add_row(name, tasks.get(name, ""), *(f"{counts[part]:,}" for part in ("train", "dev", "test")))
    console.print(table)
    for notice in prepared.notices():
        console.print(f"mind: {notice}", markup=False, style="yellow", soft_wrap=True)
    return prepared


def rows_by_set(prepared: Prepared) -> dict[str, dict[str, int]]:
    """Rows by set and part, of the sets that are trained on."""
    corpus = prepared.corpus
    train, dev = (Counter(row.source for row in rows) for rows in (corpus.train, corpus.dev))
    return {
        name: {"train": train[name], "dev": dev[name], "test": len(corpus.tests.get(name, ()))}
        for name in sorted({*train, *dev})
    }


class _Display:
    """Shows how far a training is: as a bar on a terminal, else as lines."""

    def __init__(self, console: Console, bar: Progress) -> None:
        self._console = console
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def step(self, done: int, steps: int, loss: float) -> None:
        """A step is done."""
        self._update("training", done, steps, f"loss {loss:.3f}")
        if not self._console.is_terminal and done % LINES == 0:
            self._console.print(f"step {done:,} of {steps:,}, loss {loss:.3f}")

    def teaching(self, done: int, texts: int) -> None:
        """The teachers have answered so many texts."""
        self._update("asking the teachers", done, texts, "")

    def epoch(self, report: EpochReport) -> None:
        """An epoch is over."""
        sets = ", ".join(f"{name} {score.macro_f1:.3f}" for name, score in report.dev.items())
        self._console.print(
            f"epoch {report.epoch}: loss {report.loss:.3f}, macro-F1 {report.macro_f1:.3f} ({sets})",
            soft_wrap=True,
        )

    def _update(self, what: str, done: int, total: int, said: str) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total, said=said)
        self._bar.update(self._tasks[what], completed=done, total=total, said=said)


@contextmanager
def _display(console: Console) -> Iterator[_Display]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        yield _Display(console, bar)


def prints() -> bool:
    """Whether this process is the one that prints, of those that train together."""
    return bool(processes().is_main_process)
