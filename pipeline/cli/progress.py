"""Progress bars on standard error, where somebody is looking at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.feed import Feed


def stderr_console() -> Console:
    """The console that progress and notices are shown on."""
    from rich.console import Console

    return Console(stderr=True)


@contextmanager
def feed_progress(what: str, feed: Feed) -> Iterator[Callable[[int], None]]:
    """Show how much of a feed has been read, by bytes; call the result with the rows so far."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = stderr_console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=feed.progress()[1], rows=0)

        def show(rows: int) -> None:
            progress.update(task, completed=feed.progress()[0], rows=rows)

        yield show


@contextmanager
def document_progress(what: str, total: int, console: Console) -> Iterator[Callable[[int], None]]:
    """Show how many of `total` documents are done; call the result with how many more are."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda more: progress.advance(task, more)
