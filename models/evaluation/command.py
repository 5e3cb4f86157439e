"""Measure the served model on rows it never saw: `python -m models.evaluation.command [MODEL] [--json]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
from rich.console import Console
from rich.table import Table

from models.data import Example, data_folder, load_corpus
from models.errors import ModelError
from models.evaluation.measures import Figures, figures
from models.serving.classifier import Classifier
from models.taxonomy import TONES

TITLES = {
    "fpb": "Financial PhraseBank hold-out, tone",
    "fpb_all_agree": "… of these, all annotators agreed",
    "tfn_sentiment": "Twitter Financial News, tone",
    "tfn_topic": "Twitter Financial News, topic",
}


def evaluate(classifier: Classifier, tests: Mapping[str, Sequence[Example]]) -> dict[str, Figures]:
    """Figures of every test, and of the Financial PhraseBank rows that all annotators agreed on."""
    parts = dict(tests)
    if "fpb" in parts:
        parts["fpb_all_agree"] = [example for example in parts["fpb"] if example.agreement == 100]
    report = {}
    for name, rows in parts.items():
        labels = np.array([example.label for example in rows], dtype=np.int64)
        scores = classifier.classify([example.text for example in rows])
        if rows[0].task == "tone":
            report[name] = figures(labels, scores.tone, scores.tones.max(axis=1) / 1000, TONES)
        else:
            report[name] = figures(labels, scores.topic, scores.p_topic / 1000, classifier.topics)
    return {name: report[name] for name in sorted(report, key=list(TITLES).index)}


def show(report: Mapping[str, Figures], console: Console) -> None:
    """Print a summary table and one table of classes a test."""
    summary = Table("set", "rows", "accuracy", "macro-F1", "ECE", title="Rows that stand in no training set")
    for name, result in report.items():
        cells = (f"{value:.3f}" for value in (result.accuracy, result.macro_f1, result.ece))
        summary.add_row(TITLES[name], f"{result.rows:,}", *cells)
    console.print(summary)
    for name, result in report.items():
        if name == "fpb_all_agree":
            continue
        table = Table("class", "rows", "precision", "recall", "F1", title=TITLES[name])
        for one in result.classes:
            cells = (f"{value:.3f}" for value in (one.precision, one.recall, one.f1))
            table.add_row(one.name, f"{one.rows:,}", *cells)
        console.print(table)


def main() -> int:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m models.evaluation.command", description=__doc__)
    parser.add_argument("model", nargs="?", default="en", help="preset or folder (default: en)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    arguments = parser.parse_args()
    try:
        classifier = Classifier.load(arguments.model)
        report = evaluate(classifier, load_corpus(data_folder(), ()).tests)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        results = {name: asdict(result) for name, result in report.items()}
        print(json.dumps({"model": classifier.model, "sets": results}, indent=1))
    else:
        console = Console()
        console.print(classifier.model)
        show(report, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
