"""What the classifier can say: three tones, and the topics of a taxonomy that is a file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Final

from models.errors import ModelError

TONES: Final = ("negative", "neutral", "positive")
"""The tones in the order of the model's outputs."""

OTHER: Final = "other"
"""Id of the topic of a text that fits no description."""

_FILE = Path(__file__).with_name("taxonomy.toml")
_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")
_RESERVED = frozenset({"overall"})
"""Names that records, windows and alerts give to all topics together."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of the taxonomy; what a file leaves out in one language is filled from the other."""

    id: str
    """What records, alerts and metrics carry: lower-case letters, digits and `_`."""
    label: str = ""
    """What labelled data call it: for the built-in topics the spelling of Twitter Financial News; else the
    id."""
    name_en: str = ""
    name_zh: str = ""
    description_en: str = ""
    """What belongs to it, in a sentence."""
    description_zh: str = ""
    examples_en: tuple[str, ...] = ()
    """Texts that belong to it, in our own words."""
    examples_zh: tuple[str, ...] = ()


def load_topics(path: Path | str | None = None) -> tuple[Topic, ...]:
    """Read the topics of a taxonomy, in the order of the model's outputs; by default Tocsin's own.

    Raises ModelError that names the topic and what is wrong with it.
    """
    return _read(_FILE) if path is None else _read.__wrapped__(Path(path))


@cache
def _read(file: Path) -> tuple[Topic, ...]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"cannot read the taxonomy {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{file} is not valid TOML: {error}") from error
    rows = content.pop("topic", None)
    if content or not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        extra = f" (and no {', '.join(content)})" if content else ""
        raise ModelError(
            f"{file}: a taxonomy is a list of [[topic]] tables, each with an id, a name "
            f"and a description{extra}"
        )
    topics = tuple(_topic(row, f"{file}, topic {number}") for number, row in enumerate(rows, start=1))
    for field in ("id", "label"):
        _refuse_copies(file, field, (getattr(topic, field) for topic in topics))
    return topics


def topic_ids(path: Path | str | None = None) -> tuple[str, ...]:
    """Ids of the topics of a taxonomy, in the order of the model's outputs."""
    return tuple(topic.id for topic in load_topics(path))


def _topic(row: dict[str, Any], where: str) -> Topic:
    known = {field.name: field.default for field in fields(Topic)}
    unknown = [key for key in row if key not in known]
    if unknown:
        raise ModelError(f"{where}: unknown field {', '.join(unknown)}; known: {', '.join(known)}")
    for key, default in known.items():
        if default is MISSING and key not in row:
            raise ModelError(f"{where}: {key} is missing")
        if key in row:
            _check_type(row[key], list if default == () else str, f"{where}: {key}")
    if not _ID.fullmatch(row["id"]):
        raise ModelError(
            f"{where}: the id {row['id']!r} must begin with a letter and hold lower-case letters, digits "
            "and _ only, at most 63: it becomes a label of metrics"
        )
    if row["id"] in _RESERVED:
        raise ModelError(f"{where}: the id {row['id']!r} stands for all topics together; choose another")
    where = f"{where} ({row['id']})"
    filled = {key: value for key, value in row.items() if not isinstance(value, list)}
    for kind in ("name", "description"):
        english, chinese = (row.get(f"{kind}_{language}", "").strip() for language in ("en", "zh"))
        if not (english or chinese):
            raise ModelError(f"{where}: {kind}_en or {kind}_zh is missing")
        filled |= {f"{kind}_en": english or chinese, f"{kind}_zh": chinese or english}
    examples = {key: tuple(row.get(key, ())) for key in ("examples_en", "examples_zh")}
    return Topic(**({"label": row["id"]} | filled | examples))


def _check_type(value: object, wanted: type, what: str) -> None:
    texts = value if wanted is list else [value]
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ModelError(f"{what} must be {'a list of texts' if wanted is list else 'a text in quotes'}")


def _refuse_copies(file: Path, field: str, values: Iterable[str]) -> None:
    first: dict[str, int] = {}
    for number, value in enumerate(values, start=1):
        if value in first:
            raise ModelError(f"{file}: topics {first[value]} and {number} have the same {field} {value!r}")
        first[value] = number
