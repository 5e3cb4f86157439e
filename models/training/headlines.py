"""Draw the unlabelled headlines that the presets' teachers are asked about.

Of every stream of `TOCSIN_DATA` a seeded sample, and more of those that tell of runs, halts and collapses:
they are rare, and the ones that an alarm is about.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import random
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from models.data import data_folder
from models.errors import ModelError

STRESS = re.compile(
    r"\b(bank run|withdraw\w*|deposit\w*|lender\w*|bailout|liquidity|collapse\w*|halt\w*|suspend\w*"
    r"|default\w*|insolven\w*|bankrupt\w*|panic|queue\w*|rescue\w*|contagion|plunge\w*|crash\w*|seize\w*|receiver\w*)\b",
    re.IGNORECASE,
)
"""Words of headlines that come up oftener than by chance."""

LONGEST = 400
"""Characters that are kept of a text."""


class Share(NamedTuple):
    """How many texts are drawn of one file."""

    file: str
    rows: int
    press: int = 0
    """Press releases among them (`wire` says so)."""


ENGLISH = (
    Share("streams/reuters_2008_lehman.csv.gz", 11_000, 1_500),
    Share("streams/reuters_2010_flash_crash.csv.gz", 11_000, 1_500),
    Share("streams/reuters_2013_april_control.csv.gz", 11_000, 1_500),
    Share("streams/reuters_2015_china_vw.csv.gz", 11_000, 1_500),
    Share("streams/headlines_2017_2020.csv.gz", 12_000),
    Share("streams/cryptonews_2021_2022.csv.gz", 3_000),
    Share("streams/reddit_wsb_2021.csv.gz", 5_000),
    Share("sentiment/gold_news.csv.gz", 5_000),
    Share("sentiment/fiqa.csv.gz", 2_000),
    Share("sentiment/semeval_headlines.csv.gz", 2_000),
    Share("sentiment/semeval_microblogs.csv.gz", 3_000),
    Share("sentiment/stock_tweets_yash.csv.gz", 6_000),
    Share("topics/sentifm_events.csv.gz", 8_000),
)
CHINESE = (Share("zh/finnsp_negative.csv.gz", 4_500), Share("zh/fewfc_events.csv.gz", 7_000))
STRESSED = 12_000
"""Headlines with a word of `STRESS` that are drawn on top, of all wires together."""


def sample(texts: Iterable[str], rows: int, random_: random.Random) -> list[str]:
    """At most `rows` different texts of more than a word or two, in random order."""
    different = list(dict.fromkeys(text.strip() for text in texts if len(text.strip()) > 12))
    random_.shuffle(different)
    return different[:rows]


def draw(shares: Iterable[Share], folder: Path, seed: int, stressed: int = 0) -> list[str]:
    """The texts of all shares, each once; raises ModelError where a file is missing."""
    random_ = random.Random(seed)  # noqa: S311 (no secret)
    drawn: list[str] = []
    stress: list[str] = []
    for share in shares:
        rows = list(_rows(folder / share.file))
        news = [row["text"] for row in rows if row.get("wire") != "press_release"]
        stress += [text for text in news if "wire" in rows[0] and STRESS.search(text)]
        drawn += sample(news, share.rows, random_)
        drawn += sample((r["text"] for r in rows if r.get("wire") == "press_release"), share.press, random_)
    drawn += sample(stress, stressed, random_)
    return [text[:LONGEST] for text in sample(drawn, len(drawn), random_)]


def _rows(file: Path) -> Iterator[dict[str, str]]:
    if not file.is_file():
        raise ModelError(f"there is no {file}: set TOCSIN_DATA to the folder with the data sets")
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def write(file: Path, texts: Iterable[str]) -> None:
    """Write a CSV of one column, `text`."""
    with gzip.open(file, "wt", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["text"])
        writer.writerows([text] for text in texts)


def main() -> int:
    """Write headlines-en, headlines-en-small (30,000 of them) and headlines-zh to a folder."""
    parser = argparse.ArgumentParser(prog="python -m models.training.headlines", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    try:
        english = draw(ENGLISH, data_folder(), arguments.seed, STRESSED)
        chinese = draw(CHINESE, data_folder(), arguments.seed)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    arguments.out.mkdir(parents=True, exist_ok=True)
    parts = {"en": english, "en-small": english[:30_000], "zh": chinese}
    for name, texts in parts.items():
        write(arguments.out / f"headlines-{name}.csv.gz", texts)
    print(", ".join(f"headlines-{name}: {len(texts):,}" for name, texts in parts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
