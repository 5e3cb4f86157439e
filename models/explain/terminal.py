"""An explanation in the terminal: signs say what colours say."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from models.explain.explanation import Explanation
from models.explain.shown import Mark, about, completeness, heaviest_first, marks, printable, signed

_STYLES = {"for": "bold cyan", "against": "underline yellow", "": ""}
_BAR = 24


def show_explanation(explanation: Explanation, console: Console, *, words: int = 10) -> None:
    """Print the marked text and the heaviest words, head by head."""
    console.print(Text(explanation.model, style="dim"))
    for head in explanation.heads:
        found = marks(explanation, head)
        console.print()
        console.print(
            Text.assemble(
                f"{head.head}: ",
                (head.label, "bold"),
                f", probability {head.probability:.3f} (where the text says nothing: "
                f"{head.baseline_probability:.3f})",
            )
        )
        console.print(Padding(_reading(explanation, found), (0, 0, 0, 2)))
        console.print(Padding(_table(found, words), (1, 0, 1, 2)))
        console.print(Padding(Text(completeness(head)), (0, 0, 0, 2)))
    console.print()
    console.print(Text(about(explanation), style="dim"))


def _reading(explanation: Explanation, found: list[Mark]) -> Text:
    text, at = Text(), 0
    for word, mark in zip(explanation.words, found, strict=True):
        text.append(printable(explanation.text[at : word.start]))
        text.append(f"{mark.sign}{printable(mark.text)}", style=_STYLES[mark.side])
        at = word.end
    rest = printable(explanation.text[at:])
    if explanation.read < len(explanation.text) and rest.strip():
        text.append(f" [not read: {rest.strip()}]", style="dim")
    else:
        text.append(rest)
    return text


def _table(found: list[Mark], words: int) -> Table:
    table = Table(
        "word", Column("log-odds", justify="right"), "", box=None, show_header=False, pad_edge=False
    )
    notable = [mark for mark in heaviest_first(found) if mark.side]
    for mark in notable[:words]:
        bar = ("█" if mark.side == "for" else "▒") * max(1, round(_BAR * mark.weight))
        style = _STYLES[mark.side].split()[-1]
        table.add_row(Text(printable(mark.text)), signed(mark.value), Text(bar, style=style))
    rest = len(found) - min(len(notable), words)
    if rest:
        total = sum(mark.value for mark in found) - sum(mark.value for mark in notable[:words])
        other = f"{rest} other{'s' if rest > 1 else ''}"
        table.add_row(Text(other, style="dim"), Text(signed(total), style="dim"), "")
    return table
