"""An explanation as one HTML file: hostile text stays text, and no meaning is in colour alone."""

from __future__ import annotations

from models.evaluation.markup import Markup, foreign, join, page, table, tag
from models.explain.explanation import Explanation, HeadExplanation
from models.explain.shown import Mark, about, completeness, heaviest_first, marks, signed

_STYLE = """
:root { --for: 0 114 178; --against: 213 94 0; }
@media (prefers-color-scheme: dark) { :root { --for: 86 180 233; --against: 230 159 0; } }
.reading { font-size: 1.15rem; line-height: 2.1; overflow-wrap: anywhere; max-width: none; }
.reading mark { color: inherit; padding: .1em .15em; border-radius: .2em; border-bottom: .16em solid; }
mark.for { background: rgb(var(--for) / var(--weight)); border-color: rgb(var(--for)) !important; }
mark.against { background: rgb(var(--against) / var(--weight)); border-bottom-style: dashed !important;
  border-color: rgb(var(--against)) !important; }
.unread { color: var(--soft); text-decoration: line-through; }
.bar { display: inline-block; height: .8em; vertical-align: -.05em; }
.bar.for { background: rgb(var(--for)); }
.bar.against { background: repeating-linear-gradient(90deg, rgb(var(--against)) 0 .3em, transparent 0 .4em); }
th, td:nth-child(2), td:last-child { text-align: left; }
th:nth-child(3) { text-align: right; }
td:last-child { min-width: 7rem; }
.aside { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
"""
_SAYS = {"for": "speaks for it", "against": "speaks against it", "": ""}


def explanation_page(explanation: Explanation) -> str:
    """One page with the marked text, every word's weight and the completeness error, head by head."""
    answers = ", ".join(f"{head.head} {head.label}" for head in explanation.heads)
    return page(
        f"Why {answers}",
        tag("h1", f"Why {answers}"),
        tag("p", f"{explanation.model}. {about(explanation)}", css="soft"),
        *(part for head in explanation.heads for part in _head(explanation, head)),
        style=_STYLE,
    )


def _head(explanation: Explanation, head: HeadExplanation) -> list[Markup]:
    found = marks(explanation, head)
    rows = [
        (foreign(mark.text), _SAYS[mark.side], signed(mark.value), _bar(mark))
        for mark in heaviest_first(found)
    ]
    return [
        tag("h2", f"{head.head.capitalize()}: {head.label}"),
        tag(
            "p",
            f"Probability {head.probability:.3f}; where the text says nothing, "
            f"{head.baseline_probability:.3f}. {completeness(head)}",
        ),
        Markup(f'<p class="reading" dir="auto">{_reading(explanation, found)}</p>'),
        table(("word", "", "log-odds", "weight"), rows) if rows else tag("p", "No word was read."),
    ]


def _reading(explanation: Explanation, found: list[Mark]) -> Markup:
    parts, at = [], 0
    for word, mark in zip(explanation.words, found, strict=True):
        parts += [explanation.text[at : word.start], _marked(mark)]
        at = word.end
    rest = explanation.text[at:]
    if explanation.read < len(explanation.text) and rest.strip():
        parts += [tag("span", " (not read: ", css="aside"), tag("span", rest, css="unread")]
        parts.append(tag("span", ")", css="aside"))
    else:
        parts.append(rest)
    return Markup("".join(join([part]) for part in parts))


def _marked(mark: Mark) -> str:
    if not mark.side:
        return mark.text
    hint = tag("span", f" ({_SAYS[mark.side]})", css="aside")
    weight = 0.08 + 0.42 * mark.weight
    return Markup(
        f'<mark class="{mark.side}" style="--weight: {weight:.2f}" title="{signed(mark.value)}">'
        f'<span aria-hidden="true">{mark.sign}</span>{join([mark.text])}{hint}</mark>'
    )


def _bar(mark: Mark) -> Markup:
    if not mark.side:
        return Markup("")
    return Markup(
        f'<span class="bar {mark.side}" style="width: {7 * mark.weight:.2f}rem" aria-hidden="true"></span>'
    )
