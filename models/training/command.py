"""Train a model from a recipe: `python -m models.training.command models/recipes/en.toml --out DIR`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models.data import data_folder, load_corpus
from models.errors import ModelError
from models.taxonomy import topic_ids
from models.training.base import resolve_base
from models.training.checkpoint import save_checkpoint
from models.training.loop import train
from models.training.recipe import load_recipe
from models.training.vocabulary import base_with_vocabulary


def run(recipe_file: Path, out: Path, console: Console) -> None:
    """Train what the recipe says and write the checkpoint to `out`."""
    recipe = load_recipe(recipe_file)
    corpus = load_corpus(data_folder(), recipe.sets, dev_share=recipe.dev_share)
    base = resolve_base(recipe.base)
    if recipe.vocabulary:
        base = str(base_with_vocabulary(Path(base), Path(recipe.vocabulary)))
    console.print(
        f"{recipe.name}: {len(corpus.train):,} rows to train on, {len(corpus.dev):,} to choose by, "
        + ", ".join(f"{len(rows):,} of {name} to test" for name, rows in corpus.tests.items())
    )
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        work = bar.add_task("training", total=None, loss=0.0)

        def progress(done: int, steps: int, loss: float) -> None:
            bar.update(work, completed=done, total=steps, loss=loss)
            if not console.is_terminal and done % 100 == 0:
                console.print(f"step {done:,} of {steps:,}, loss {loss:.3f}")

        trained = train(recipe, base, corpus, progress, folder=out, report=console.print)
    training = {
        "recipe": recipe.model_dump(mode="json"),
        "date": datetime.now(UTC).date().isoformat(),
        "train_rows": len(corpus.train),
        "dev_rows": len(corpus.dev),
        "epochs": [asdict(report) for report in trained.reports],
        "best_epoch": trained.best_epoch,
        "activation_ranges": trained.activation_ranges,
        "topics": topic_ids(),
    }
    save_checkpoint(out, trained.network, trained.tokenizer, training)
    console.print(
        f"kept epoch {trained.best_epoch}; wrote {out}. "
        f"Next: python -m models.export.command {out} --out FOLDER"
    )


def main() -> int:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m models.training.command", description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint")
    arguments = parser.parse_args()
    try:
        run(arguments.recipe, arguments.out, Console())
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
