"""A report as Markdown: headlines show as letters whatever they hold, pictures are files beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dashboards.report.telling import Grid, Telling

# Everything that CommonMark or GitHub's dialect may read as more than a letter. A backslash makes it one.
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&:@$^=\"'/])")


def as_markdown(telling: Telling, pictures: Mapping[str, tuple[str, str]]) -> str:
    """The text; `pictures` maps the name of a file beside it to title and alternative text."""
    return "\n".join(_lines(telling, pictures)).rstrip() + "\n"


def letters(text: str) -> str:
    """`text` so that Markdown shows these very letters."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _lines(t: Telling, pictures: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    heads = t.headings
    yield f"# {letters(t.title)}\n"
    badge = (f"**{letters(t.badge)}**",) if t.badge else ()
    yield " · ".join((*badge, *map(letters, t.subtitle))) + "\n"
    yield f"## {letters(heads['summary'])}\n"
    for sentence in t.summary:
        ids = " ".join(f"[{id}]" for id in sentence.ids if id.startswith("S"))
        yield f"{letters(sentence.text)} {ids}".rstrip() + "\n"
    yield f"## {letters(heads['figures'])}\n"
    yield from _grid(t.figures)
    if pictures:
        yield f"## {letters(heads['charts'])}\n"
        for file, (title, alt) in pictures.items():
            yield f"**{letters(title)}**\n\n![{letters(alt)}](<{file}>)\n"
    yield f"## {letters(heads['timeline'])}\n"
    for line in t.timeline:
        text = f"**{letters(line.text)}**" if line.severity else letters(line.text)
        yield f"- {line.at} {text}" + (f" [{line.anchor}]" if line.anchor else "")
    yield ""
    if t.topics is not None:
        yield f"## {letters(heads['topics'])}\n"
        yield from _grid(t.topics)
    if t.watchlists is not None:
        yield f"## {letters(heads['watchlists'])}\n"
        yield from _grid(t.watchlists)
    yield f"## {letters(heads['stories'])}\n"
    if t.stories_note:
        yield letters(t.stories_note) + "\n"
    for story in t.stories:
        link = f" · <{story.url}>" if story.url else ""
        cited = f" · **{letters(t.cited)}**" if story.cited else ""
        yield f"- [{story.anchor}] {letters(story.title)}  \n  {letters(story.told)}{link}{cited}"
    yield ""
    yield f"## {letters(heads['names'])}\n"
    for grid in t.names:
        yield from _grid(grid)
    yield from (letters(note) + "\n" for note in t.names_notes)
    yield f"## {letters(heads['alarm'])}\n"
    for grid in t.alarm:
        yield from _grid(grid)
    yield from (letters(note) + "\n" for note in t.alarm_notes)
    yield f"## {letters(heads['about'])}\n"
    yield from (letters(note) + "\n" for note in t.about)


def _grid(grid: Grid) -> Iterator[str]:
    if grid.title:
        yield f"### {letters(grid.title)}\n"
    yield "| " + " | ".join(letters(cell) for cell in grid.head) + " |"
    yield "|" + " --- |" * len(grid.head)
    for row in grid.rows:
        yield "| " + " | ".join(letters(cell) for cell in row) + " |"
    yield ""
    if grid.note:
        yield letters(grid.note) + "\n"
    if grid.note:
        yield letters(grid.note) + "\n"
