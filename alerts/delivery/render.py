"""A message in the markup of a channel, cut to its size line by line, so that no markup is ever cut in two.

Headlines, sources and addresses are hostile. In HTML they are escaped. Dialects of Markdown differ in what a
backslash does, so there the characters that mean something are replaced by others that look alike and mean
nothing in any of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from msgspec import Struct

from alerts.delivery.message import Line, Message, Span
from alerts.delivery.text import inert, link

_LOOKALIKES = str.maketrans(
    {
        "*": "∗",
        "_": "＿",
        "`": "ˋ",
        "~": "∼",
        "#": "＃",
        "|": "｜",
        "[": "［",
        "]": "］",
        "\\": "＼",
        "&": "＆",
    }
)
_LIST_MARK = re.compile(r"^(\s*)([-+>]|\d{1,9}[.)])(?=\s|$)")
_COMMAND = re.compile(r"[A-Za-z0-9 _./:*'=|-]+")
"""Commands are ours, but hold a key and a run: where one of these is odd, it is shown as text."""

Size = Callable[[str], int]


class Dialect(Struct, frozen=True, kw_only=True):
    """How a channel writes its markup."""

    text: Callable[[str], str]
    bold: Callable[[str], str]
    code: Callable[[str], str]
    link: Callable[[str, str], str]
    """Text and address, both safe already."""
    line: Callable[[Line, str], str]
    """A whole line with its end."""
    size: Size = len


def render(message: Message, dialect: Dialect, limit: int, *, title: bool = False) -> str:
    """`message` in `dialect`, at most `limit` long; stories go first, then lines from the end."""
    head = [Line((Span(message.title, bold=True),), "head")] if title else []
    lines = [*head, *message.lines]
    said = "".join(_line(line, dialect) for line in lines)
    if dialect.size(said) <= limit:
        return said
    more = Line((Span(message.more),))
    order = [at for at, line in enumerate(lines) if line.kind == "item"]
    order += [at for at, line in enumerate(lines) if line.kind != "item"]
    for dropped in _from_the_end(order, len([line for line in lines if line.kind == "item"])):
        kept = [line for at, line in enumerate(lines) if at not in dropped]
        said = "".join(_line(line, dialect) for line in (*kept, more))
        if dialect.size(said) <= limit:
            return said
    return ""


def _from_the_end(order: list[int], items: int) -> list[set[int]]:
    """Sets of lines to leave out, growing: items from the last to the first, then the others likewise."""
    gone: list[set[int]] = []
    for at in (*reversed(order[:items]), *reversed(order[items:])):
        gone.append((gone[-1] if gone else set()) | {at})
    return gone


def _line(line: Line, dialect: Dialect) -> str:
    return dialect.line(line, "".join(_span(span, dialect) for span in line.spans))


def _span(span: Span, dialect: Dialect) -> str:
    if span.code and _COMMAND.fullmatch(span.text):
        return dialect.code(span.text)
    lead = span.text[: len(span.text) - len(span.text.lstrip())]
    tail = span.text[len(span.text.rstrip()) :] if span.text.strip() else ""
    text = dialect.text(span.text.strip())
    if not text:
        return lead + tail
    address = link(span.href) if span.href else ""
    if address:
        text = dialect.link(text, address)
    elif span.bold:
        text = dialect.bold(text)
    return lead + text + tail


def plain_text(text: str) -> str:
    """Hostile text for channels without markup."""
    return inert(text)


def markdown_text(text: str) -> str:
    """Hostile text for any dialect of Markdown."""
    safe = inert(text).translate(_LOOKALIKES)
    return _LIST_MARK.sub(lambda found: f"{found[1]}\u200b{found[2]}", safe)


def html_text(text: str) -> str:
    """Hostile text for HTML."""
    return escape(inert(text))


def _plain_line(line: Line, said: str) -> str:
    return f"{'• ' if line.kind == 'item' else ''}{said}\n"


def _markdown_line(line: Line, said: str) -> str:
    return f"- {said}\n" if line.kind == "item" else f"\n{said}\n"


def _html_line(line: Line, said: str) -> str:
    return f"<div>&bull; {said}</div>\n" if line.kind == "item" else f"<p>{said}</p>\n"


def _bytes(text: str) -> int:
    return len(text.encode())


PLAIN = Dialect(
    text=plain_text,
    bold=lambda text: text,
    code=lambda text: text,
    link=lambda text, address: f"{text} {address}",
    line=_plain_line,
)
MARKDOWN = Dialect(
    text=markdown_text,
    bold=lambda text: f"**{text}**",
    code=lambda text: f"`{text}`",
    link=lambda text, address: f"[{text}]({address})",
    line=_markdown_line,
    size=_bytes,
)
HTML = Dialect(
    text=html_text,
    bold=lambda text: f"<b>{text}</b>",
    code=lambda text: f"<code>{escape(text)}</code>",
    link=lambda text, address: f'<a href="{escape(address)}" rel="noreferrer noopener">{text}</a>',
    line=_html_line,
    size=_bytes,
)
CARD = Dialect(
    text=markdown_text,
    bold=lambda text: f"**{text}**",
    code=lambda text: text,
    link=lambda text, address: f"[{text}]({address})",
    line=_plain_line,
    size=_bytes,
)
"""Feishu's `lark_md`: no inline code, one line break ends a line."""
