"""How well topics are told from descriptions alone, and what is told as `other`.

    python benchmarks/described_topics.py [MODEL] [--prefix "query: "] [--rows 800] [--json]

MODEL is a preset, a served model's folder, or a base (`pip:…`). Like a user with five topics of
her own: five are drawn at random, twelve times, texts of all others must come out as `other`. The topics
are Tocsin's own (Twitter Financial News, validation rows), ten of Reuters-21578 and eight of FinNL (Chinese
news), the last once described in Chinese and once in English; each from descriptions alone and with four
examples.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

# Run as a script, benchmarks/models.py would stand for the package `models`.
sys.path[0] = str(Path(__file__).parents[1])

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from models.data import data_folder, load_corpus
from models.errors import ModelError
from models.taxonomy import Topic, load_topics
from models.text import model_input
from models.topics import THRESHOLD, DescribedTopics, Embed, open_embed
from models.topics.described import Floats
from models.topics.fit import base_vectors

Ints = npt.NDArray[np.int64]
DRAWN, DRAWS, EXAMPLES = 5, 12, 4

TOPICS = Path(__file__).with_name("topics")


@dataclass(frozen=True)
class Labelled:
    """Texts, the topics of each, and the topics to draw from; examples of Tocsin's own come with them."""

    texts: Sequence[str]
    labels: Sequence[frozenset[str]]
    topics: Mapping[str, Topic]
    language: str = "en"
    own_examples: bool = False


@dataclass(frozen=True)
class Told:
    """Means over the draws."""

    accuracy: float
    """Of the nearest topic, rows of the five topics, `other` not allowed."""
    auroc: float
    """How well the fit tells rows of the five topics from all others."""
    macro_f1: float
    """Over the five topics and `other`, at the threshold."""
    recall: float
    """Of rows of the five topics."""
    recall_other: float


def in_language(topics: Sequence[Topic], language: str) -> dict[str, Topic]:
    """Topics by the data set's label, described in one language alone."""
    return {
        topic.label: (
            replace(topic, name_zh=topic.name_en, description_zh=topic.description_en)
            if language == "en"
            else replace(topic, name_en=topic.name_zh, description_en=topic.description_zh)
        )
        for topic in topics
    }


def read_sets(folder: Path, rows: int) -> dict[str, Labelled]:
    """Read a seeded sample of each set."""
    rng = random.Random(1)

    def sample(path: str, keep: str = "") -> list[dict[str, str]]:
        with gzip.open(folder / path, "rt", encoding="utf-8", newline="") as lines:
            found = [row for row in csv.DictReader(lines) if not keep or row[keep] != "unused"]
        return rng.sample(found, min(rows, len(found)))

    tested = rng.sample(load_corpus(folder, ()).tests["tfn_topic"], rows)
    own = load_topics()
    reuters = sample("topics/reuters21578.csv.gz", "modapte_split")
    finnl = sample("zh/finnl_topic.csv.gz")
    described = load_topics(TOPICS / "finnl.toml")
    chinese = (
        [model_input(row["text"]) for row in finnl],
        [frozenset(row["topic"].split("|")) for row in finnl],
    )
    return {
        "Tocsin's own, tweets": Labelled(
            [row.text for row in tested],
            [frozenset({own[row.label].id}) for row in tested],
            {topic.id: topic for topic in own if topic.id != "general_news_opinion"},
            own_examples=True,
        ),
        "Reuters 1987": Labelled(
            [model_input(row["text"], row["body"][:400]) for row in reuters],
            [frozenset(row["topic"].split("|")) for row in reuters],
            in_language(load_topics(TOPICS / "reuters.toml"), "en"),
        ),
        "FinNL, said in Chinese": Labelled(*chinese, in_language(described, "zh"), "zh"),
        "FinNL, said in English": Labelled(*chinese, in_language(described, "en"), "zh"),
    }


def measure(of: Labelled, embed: Embed, *, examples: bool) -> Told:
    """Draw topics, describe them, and see what is told."""
    figures = []
    for seed in range(DRAWS):
        rng = random.Random(seed)
        drawn = rng.sample(sorted(of.topics), DRAWN)
        used: set[int] = set()
        topics = []
        for name in drawn:
            topic = of.topics[name]
            if not examples:
                topic = replace(topic, examples_en=(), examples_zh=())
            elif not of.own_examples:
                plain = [row for row, labels in enumerate(of.labels) if labels & of.topics.keys() == {name}]
                taken = rng.sample(plain, min(EXAMPLES, len(plain) // 2))
                used.update(taken)
                said = tuple(of.texts[row] for row in taken)
                chinese = of.language == "zh"
                topic = replace(topic, examples_zh=said) if chinese else replace(topic, examples_en=said)
            topics.append(topic)
        rest = [row for row in range(len(of.texts)) if row not in used]
        described = DescribedTopics(topics, embed)
        fits = described.fit([of.texts[row] for row in rest])
        right = np.array([[name in of.labels[row] for name in drawn] for row in rest])
        figures.append(_figures(fits, described.decide(fits), right))
    return Told(*np.mean(figures, axis=0).tolist())


def _figures(fits: Floats, places: Ints, right: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    inside = right.sum(axis=1) > 0
    nearest = right[np.arange(len(fits)), fits.argmax(axis=1)]
    # A row of two of the topics counts as the one that was told, else as its first.
    said = np.hstack([right, ~inside[:, None]])[np.arange(len(fits)), places]
    truth = np.where(said, places, np.where(inside, right.argmax(axis=1), right.shape[1]))
    f1 = []
    for place in range(right.shape[1] + 1):
        both = (places == place).sum() + (truth == place).sum()
        if both:
            f1.append(2 * ((places == place) & (truth == place)).sum() / both)
    ranks = fits.max(axis=1).argsort().argsort() + 1
    n, m = inside.sum(), (~inside).sum()
    auroc = (ranks[inside].sum() - n * (n + 1) / 2) / (n * m)
    return nearest[inside].mean(), auroc, np.mean(f1), said[inside].mean(), said[~inside].mean()


def remembering(embed: Embed) -> Embed:
    """Embed every text once."""
    known: dict[str, Floats] = {}

    def look_up(texts: Sequence[str]) -> Floats:
        new = list(dict.fromkeys(text for text in texts if text not in known))
        if new:
            known.update(zip(new, embed(new), strict=True))
        return np.stack([known[text] for text in texts])

    return look_up


def main() -> int:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", default="en")
    parser.add_argument("--prefix", default="", help="put before every text; the e5 bases want 'query: '")
    parser.add_argument("--rows", type=int, default=800, help="texts a set")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        if arguments.model.startswith("pip:"):
            embed: Embed = partial(
                base_vectors, arguments.model, arguments.prefix, console=Console(quiet=True)
            )
        else:
            embed = open_embed(arguments.model)
        sets = read_sets(data_folder(), arguments.rows)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    embed = remembering(embed)
    found = {
        (name, examples): measure(of, embed, examples=examples)
        for name, of in sets.items()
        for examples in (False, True)
    }
    if arguments.json:
        rows = [{"set": name, "examples": ex, **vars(told)} for (name, ex), told in found.items()]
        print(json.dumps({"model": arguments.model, "threshold": THRESHOLD, "sets": rows}, indent=1))
        return 0
    table = Table("topics", "examples", "accuracy", "AUROC", "macro-F1", "recall", "recall of other")
    for (name, examples), told in found.items():
        cells = (told.accuracy, told.auroc, told.macro_f1, told.recall, told.recall_other)
        table.add_row(name, "4" if examples else "", *(f"{value:.3f}" for value in cells))
    console = Console()
    console.print(f"{arguments.model}: five topics drawn {DRAWS} times, threshold {THRESHOLD}")
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
