"""Which columns of a user's file hold text and labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from models.data import SETS, OwnSet
from models.data.tables import FORMATS, read_table
from models.errors import ModelError
from models.taxonomy import TONES

NAMED = ("text", "body", "tone", "topic", "split", "id")
"""What a column can be."""
_USUAL: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "title", "headline"),
    "tone": ("tone", "label", "sentiment"),
    "topic": ("topic",),
}
"""Columns that are taken where the user names none."""


def own_set(path: Path, columns: Mapping[str, str], labels: Mapping[str, str]) -> OwnSet:
    """Describe a user's file: `columns` by what they are (`NAMED`), the rest as columns are usually called.

    `labels` says which tone or topic id a label of the file means. Raises ModelError when there is no such
    file, or no column of labels in it.
    """
    if not path.is_file():
        raise ModelError(f"{path} is neither a file ({', '.join(FORMATS)}) nor a set ({', '.join(SETS)})")
    strangers = sorted(set(columns) - set(NAMED))
    if strangers:
        raise ModelError(f"a column cannot be {', '.join(map(repr, strangers))}, only {', '.join(NAMED)}")
    present = list(read_table(path).columns)
    named = dict(columns)
    for ours in ("text",) if {"tone", "topic"} & set(columns) else tuple(_USUAL):
        usual = [column for column in _USUAL[ours] if column in present]
        if usual:
            named.setdefault(ours, usual[0])
    if not {"tone", "topic"} & set(named):
        raise ModelError(
            f"{path} has no column of labels, only {', '.join(present)}: name it, tone=COLUMN or topic=COLUMN"
        )
    return OwnSet(
        path=path,
        tones={raw: ours for raw, ours in labels.items() if ours in TONES},
        topics={raw: ours for raw, ours in labels.items() if ours not in TONES},
        **named,
    )
