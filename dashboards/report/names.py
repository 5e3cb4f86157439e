"""Who is named in headlines: companies of a list, tickers, and names told by their capital letters. Pure."""

from __future__ import annotations

import csv
import gzip
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from msgspec import Struct

from dashboards.report.values import Name, Names
from pipeline.records import ScoredDocument

MOST = 12
_LEAST_STORIES = 3
"""Stories that must share a name that is told by its capital letters only."""
_ORDINARY = 10
"""A name is an ordinary word where it is written small more often than one time in so many."""
_LONGEST = 6
_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9&'’.\-]*|\$[A-Z]{1,5}\b|[\u3400-\u9fff]+")
_TICKER = re.compile(r"\$([A-Z]{1,5})\b|[<(]([A-Z]{1,5})(?:\.[A-Z]{1,3})[>)]")
_CLOSED = re.compile(r"(?:'s|’s|[.,'’\-])+$")
_PREFIX = re.compile(r"^(?:[A-Z&.]{2,}\s*\d*\s*)+-\s*")
"""What agencies put before a headline: `UPDATE 3-`, `US STOCKS-`."""
_NO_NAMES = """
January February March April May June July August September October November December Monday Tuesday Wednesday
Thursday Friday Saturday Sunday Sept Oct Nov Dec Jan Feb Aug CEO CFO EPS IPO UPDATE US U.S UK HK
European Indian Chinese Japanese German French British American Asian Russian Canadian Australian Italian
Spanish Korean Brazilian Mexican Dutch Swiss Irish Greek African Asia Europe Africa
"""
_CALENDAR = frozenset(_NO_NAMES.split())


class Company(Struct, frozen=True):
    """One company of the list."""

    name: str
    symbol: str


class Gazetteer(Struct, frozen=True):
    """Companies by the names that headlines give them."""

    by_words: dict[tuple[str, ...], Company]
    by_symbol: dict[str, Company]
    large: dict[str, Company]
    """Tickers of large companies, three letters or more, which headlines use as names."""
    chinese: dict[str, Company]


def load_gazetteer() -> Gazetteer | None:
    """The list of companies under TOCSIN_DATA; None where there is none."""
    folder = os.environ.get("TOCSIN_DATA")
    path = Path(folder) / "gazetteer" / "gazetteer.csv.gz" if folder else None
    return _read(path) if path is not None and path.is_file() else None


@cache
def _read(path: Path) -> Gazetteer:
    found = Gazetteer({}, {}, {}, {})
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            symbol, short = row["symbol"].strip(), (row["short_name"] or "").strip()
            if not short or not symbol or not symbol.replace(".", "").isalnum():
                continue
            company = Company(short, symbol)
            found.by_symbol.setdefault(symbol, company)
            if re.fullmatch(r"[\u3400-\u9fffA-Z]*[\u3400-\u9fff]{2,}[A-Z]?", short):
                found.chinese.setdefault(short, company)
                continue
            words = tuple(_CLOSED.sub("", word) for word in _TOKEN.findall(short))
            if 0 < len(words) <= _LONGEST and len(" ".join(words)) >= 3:
                found.by_words.setdefault(words, company)
            if row["in_sp500"] == "1" and len(symbol) >= 3 and symbol.isalpha():
                found.large.setdefault(symbol, company)
    return found


def names_in(documents: Sequence[ScoredDocument], gazetteer: Gazetteer | None) -> Names:
    """Who is named in the headlines of `documents`, one a story; the negative ones counted beside."""
    titles = [_PREFIX.sub("", (each.title or each.body)[:300]) for each in documents]
    written = Counter(word for title in titles for word in _words(title))
    companies: defaultdict[str, list[ScoredDocument]] = defaultdict(list)
    symbols: dict[str, str] = {}
    capitals: defaultdict[str, list[ScoredDocument]] = defaultdict(list)
    for document, title in zip(documents, titles, strict=True):
        for company in set(_companies(title, document.symbols, gazetteer, written)):
            companies[company.name].append(document)
            symbols[company.name] = company.symbol
        for name in set(_capitals(title, written)):
            capitals[name].append(document)
    known = {word for name in companies for word in name.split()}
    recurring = {
        name: found
        for name, found in capitals.items()
        if len(found) >= _LEAST_STORIES and not set(name.split()) & known
    }
    return Names(
        companies=_most(companies, symbols),
        capitals=_most(_without_parts(recurring), {}),
        gazetteer=gazetteer is not None,
    )


def _companies(
    title: str, symbols: Sequence[str], gazetteer: Gazetteer | None, written: Mapping[str, int]
) -> Iterator[Company]:
    told = {symbol.lstrip("$").upper() for symbol in symbols}
    told |= {first or second for first, second in _TICKER.findall(title)}
    for symbol in told:
        unknown = Company(symbol, symbol)
        yield gazetteer.by_symbol.get(symbol, unknown) if gazetteer else unknown
    if gazetteer is None:
        return
    words = _words(title)
    shouted = _is_title_case(words)
    for length in range(min(_LONGEST, len(words)), 0, -1):
        for begin in range(len(words) - length + 1):
            phrase = tuple(words[begin : begin + length])
            company = gazetteer.by_words.get(phrase)
            if company is not None and (length > 1 or not (shouted or _ordinary(phrase[0], written))):
                yield company
            elif length == 1 and not (shouted or _ordinary(phrase[0], written)):
                large = gazetteer.large.get(phrase[0])
                if large is not None:
                    yield large
    for name, company in gazetteer.chinese.items():
        if name in title:
            yield company


def _capitals(title: str, written: Mapping[str, int]) -> Iterator[str]:
    """Runs of capitalised words of a headline in sentence case."""
    words = _words(title)
    if _is_title_case(words):
        return
    run: list[str] = []
    for place, word in enumerate([*words, ""]):
        capital = len(word) > 1 and word[0].isupper() and word not in _CALENDAR and word.isascii()
        if capital and not (place == 0 and _ordinary(word, written, at_least=1)):
            run.append(word)
            continue
        if run and len(run) <= 4 and not all(_ordinary(each, written) for each in run):
            yield " ".join(run)
        run = []


def _words(title: str) -> list[str]:
    return [_CLOSED.sub("", token) for token in _TOKEN.findall(title)]


def _is_title_case(words: Sequence[str]) -> bool:
    long = [word for word in words[1:] if len(word) >= 4 and word.isascii()]
    return len(long) >= 3 and sum(word[0].isupper() for word in long) > 0.6 * len(long)


def _ordinary(word: str, written: Mapping[str, int], *, at_least: int = 2) -> bool:
    """Whether the headlines also write it small: then it is a word, not a name."""
    small = written.get(word.lower(), 0) if word != word.lower() else at_least
    return small >= at_least and small * _ORDINARY >= written.get(word, 0)


def _without_parts(found: Mapping[str, list[ScoredDocument]]) -> dict[str, list[ScoredDocument]]:
    """Count `Lehman Brothers` for `Lehman` where both recur, under the shorter name."""
    kept: dict[str, list[ScoredDocument]] = {}
    for name in sorted(found, key=lambda each: (len(each.split()), -len(found[each]), each)):
        words = set(name.split())
        shorter = next((each for each in kept if set(each.split()) < words), None)
        if shorter is None:
            kept[name] = list(found[name])
        else:
            seen = {document.id for document in kept[shorter]}
            kept[shorter] += [document for document in found[name] if document.id not in seen]
    return kept


def _most(found: Mapping[str, list[ScoredDocument]], symbols: Mapping[str, str]) -> tuple[Name, ...]:
    told: Iterable[Name] = (
        Name(
            name=name,
            symbol=symbols.get(name, ""),
            stories=len(documents),
            negative=sum(document.tone == "negative" for document in documents),
        )
        for name, documents in found.items()
    )
    return tuple(sorted(told, key=lambda each: (-each.negative, -each.stories, each.name))[:MOST])
