"""Pieces of an HTML page: every text that comes in is escaped, and nothing is fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from models.evaluation.resampling import Interval
from models.evaluation.style import STYLE

# Even if a text found its way round the escaping, the page may load and run nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


class Markup(str):
    """HTML that is safe as it is; any other string is text."""

    __slots__ = ()


def text(content: str) -> Markup:
    """Escape a text.

    >>> text("<b> & 'c'")
    '&lt;b&gt; &amp; &#x27;c&#x27;'
    """
    return content if isinstance(content, Markup) else Markup(escape(content))


def join(parts: Iterable[str]) -> Markup:
    """Put parts one after another, texts escaped."""
    return Markup("\n".join(text(part) for part in parts))


def tag(name: str, *content: str, css: str = "") -> Markup:
    """Wrap content in an element, texts escaped.

    >>> tag("p", "a < b", css="soft")
    '<p class="soft">a &lt; b</p>'
    """
    return Markup(f"<{name}{css and f' class={chr(34)}{css}{chr(34)}'}>{join(content)}</{name}>")


def foreign(content: str) -> Markup:
    """A text of a data set: escaped, and its writing direction kept to itself."""
    return tag("bdi", content)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], css: str = "") -> Markup:
    """A table that scrolls inside a narrow page."""
    lines = [tag("thead", tag("tr", *(tag("th", cell) for cell in head)))]
    lines.append(tag("tbody", *(tag("tr", *(tag("td", cell) for cell in row)) for row in rows)))
    return Markup(f'<div class="scroll">{tag("table", *lines, css=css)}</div>')


def figure(svg: str, caption: str, *, wide: bool = False) -> Markup:
    """A picture with what it shows; a wide one scrolls rather than shrinks."""
    drawing = Markup(svg.replace("<svg", f'<svg role="img" aria-label="{escape(caption)}"', 1))
    scroll = f'<div class="scroll{" wide" if wide else ""}">{drawing}</div>'
    return tag("figure", Markup(scroll), tag("figcaption", caption))


def share(value: float, interval: Interval | None = None) -> Markup:
    """A share to thousandths, with its interval in small."""
    if interval is None:
        return Markup(f"{value:.3f}")
    return Markup(f"{value:.3f} <small>[{interval.low:.3f}, {interval.high:.3f}]</small>")


def page(title: str, *body: str, style: str = "") -> str:
    """One page that is whole in itself; `style` is CSS of its own."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n"
        f"<body>\n{join(body)}\n</body>\n</html>\n"
    )
