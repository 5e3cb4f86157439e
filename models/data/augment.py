"""Change a training text so that its label stays: hide numbers and company names, drop words.

The interface for training is one pure function, called for every text anew in each epoch:

    settings = Augmentation(numbers=0.3, entities=0.3, words=0.1, names=load_names(path))
    text = augment(example.text, rng, settings)

`rng` is a `random.Random` of the caller's, so that a seeded training stays repeatable. All shares are off (0)
by default; a recipe switches one on where a measurement says that it helps. Labels may hang on what is
hidden: of a phrase like "5.1 million against 8.7 million" only the numbers tell the tone.

Dropping words is the blank noising of Xie et al. (2017), "Data noising as smoothing in neural network
language models"; words that turn a sentence round are never dropped.
"""

from __future__ import annotations

import csv
import gzip
import random
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.errors import ModelError
from models.text import CJK

NUMBER_MASK: Final = "#"
ENTITY_MASK: Final = "the company"
ENTITY_MASK_ZH: Final = "该公司"

KEPT: Final = frozenset(
    {
        *("not", "no", "never", "none", "without", "neither", "nor", "fails", "failed", "less", "more"),
        *("不", "没", "未", "无", "非", "否", "别"),
    }
)
"""Words that turn the tone round; `n't` at a word's end does so too."""

_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_WORD = re.compile(rf"[{CJK}]|[^\W\d_{CJK}]+(?:['’][^\W\d_{CJK}]+)*")
_TOKEN = re.compile(rf"[^\W_{CJK}]+(?:['’&.-][^\W_{CJK}]+)*")
_TICKER = re.compile(r"\$[A-Za-z]{1,5}\b")
_LEAST_LETTERS = 4


class Names:
    """Names of companies, found as whole words in Latin script and anywhere in Chinese."""

    def __init__(self, names: frozenset[str]) -> None:
        """Take the names; single Latin words that are short or begin small are too ambiguous and left out."""
        self._by_first: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        self._chinese: set[str] = set()
        for name in names:
            words = tuple(_TOKEN.findall(name))
            if re.search(f"[{CJK}]", name):
                self._chinese.add(name)
            elif len(words) > 1 or (
                words and words[0][0].isupper() and len(words[0]) >= _LEAST_LETTERS and words[0].isalpha()
            ):
                self._by_first[words[0]].append(words)
        for candidates in self._by_first.values():
            candidates.sort(key=len, reverse=True)
        self._lengths = sorted({len(name) for name in self._chinese}, reverse=True)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Spans of names from left to right, the longest where several begin at one place."""
        tokens = list(_TOKEN.finditer(text))
        words = [token[0] for token in tokens]
        starts = {token.start(): place for place, token in enumerate(tokens)}
        position = 0
        while position < len(text):
            end = 0
            if position in starts:
                place = starts[position]
                for candidate in self._by_first.get(words[place], ()):
                    if tuple(words[place : place + len(candidate)]) == candidate:
                        end = tokens[place + len(candidate) - 1].end()
                        break
            else:
                found = (n for n in self._lengths if text[position : position + n] in self._chinese)
                end = position + next(found, 0)
            if end > position:
                yield position, end
            position = max(position + 1, end)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How much of a text to change; every share is the probability for one number, name or word."""

    numbers: float = 0.0
    """Of hiding a number behind `NUMBER_MASK`."""
    entities: float = 0.0
    """Of hiding a company or a `$TICKER` behind "the company"; needs `names`, but for tickers."""
    words: float = 0.0
    """Of dropping a word, in Chinese a character."""
    names: Names | None = None


def load_names(path: Path) -> Names:
    """Read company names: a CSV with a column `short_name` or `name`, or one name a line; also `.gz`."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = content.decode("utf-8-sig").splitlines()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ModelError(f"cannot read names from {path}: {error}") from error
    if path.name.removesuffix(".gz").endswith(".csv"):
        rows = csv.DictReader(lines)
        column = next((c for c in ("short_name", "name") if c in (rows.fieldnames or ())), None)
        if column is None:
            raise ModelError(f"{path} has neither a column short_name nor name")
        lines = [row[column] or "" for row in rows]
    return Names(frozenset(line.strip() for line in lines) - {""})


def augment(text: str, rng: random.Random, settings: Augmentation) -> str:
    """Change a text at random as the settings say; with all shares at 0 it comes back as it is."""
    if settings.entities:
        text = _mask_entities(text, rng, settings)
    if settings.numbers:
        text = _NUMBER.sub(lambda m: NUMBER_MASK if rng.random() < settings.numbers else m[0], text)
    if settings.words:
        text = _drop_words(text, rng, settings.words)
    return text


def _mask_entities(text: str, rng: random.Random, settings: Augmentation) -> str:
    spans = {match.start(): match.end() for match in _TICKER.finditer(text)}
    spans |= dict(settings.names.find(text)) if settings.names else {}
    made, position = [], 0
    for start in sorted(spans):
        if start < position or rng.random() >= settings.entities:
            continue
        chinese = re.search(f"[{CJK}]", text[max(0, start - 1) : spans[start] + 1])
        made += [text[position:start], ENTITY_MASK_ZH if chinese else ENTITY_MASK]
        position = spans[start]
    return "".join([*made, text[position:]])


def _drop_words(text: str, rng: random.Random, share: float) -> str:
    words = list(_WORD.finditer(text))
    gone = [
        match
        for match in words
        if rng.random() < share
        and (word := match[0].casefold()) not in KEPT
        and not word.endswith(("n't", "n’t"))
    ]
    if len(gone) == len(words):
        gone = gone[1:]
    for match in reversed(gone):
        text = text[: match.start()] + text[match.end() :]
    return " ".join(text.split())
