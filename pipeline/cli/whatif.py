"""What `tocsin replay --compare` shows: the alerts that other settings gain, lose and move."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.replay import History
    from pipeline.scoring import Classifier
    from pipeline.settings import Settings


def show_comparison(
    history: History,
    files: tuple[Path, Path],
    settings: Settings,
    now: datetime,
    out: Path | None,
    *,
    use_cache: bool,
    as_json: bool,
) -> None:
    """Replay `history` once under both files; print what differs, and write it to `out` where that is given.

    The model and the place of kept scores are those of `settings`, which must agree with both files.
    """
    import msgspec
    from rich.console import Console

    from alerts.compare import compare
    from dashboards.compare import compare_page, compare_table
    from pipeline.replay.whatif import replay_each
    from pipeline.settings import load_settings

    both = [load_settings(file, run=settings.run) for file in files]
    with classifying(both[0], history, use_cache=use_cache) as (classifier, on_scored):
        before, after = replay_each(history, classifier, both, now=now, on_scored=on_scored)
    found = compare(before, after)
    encoded = msgspec.json.encode(found)
    if out is not None:
        page = compare_page(found, str(files[0]), str(files[1]), history.feed)
        (out / "compare.html").write_text(page, "utf-8")
        (out / "compare.json").write_bytes(encoded + b"\n")
    if as_json:
        print(encoded.decode())
        return
    Console(highlight=False).print(compare_table(found, str(files[0]), str(files[1])))
    if out is not None:
        print(f"written to {out / 'compare.html'}")


@contextmanager
def classifying(
    settings: Settings, history: History, *, use_cache: bool = True
) -> Iterator[tuple[Classifier, Callable[[int], None]]]:
    """A classifier with its kept scores, and a progress bar for a history, told how many more are done."""
    from pipeline.cli.progress import document_progress, stderr_console
    from pipeline.model import load_classifier
    from pipeline.score_cache import CachedClassifier, ScoreCache

    loaded = load_classifier(settings)
    kept = ScoreCache(settings.state_dir / "cache" / "scores.sqlite", _notify) if use_cache else None
    try:
        with document_progress("classifying", len(history.documents), stderr_console()) as shown:
            yield (CachedClassifier(loaded, kept) if kept is not None else loaded), shown
    finally:
        if kept is not None:
            kept.close()


def _notify(notice: str) -> None:
    print(f"tocsin: {notice}", file=sys.stderr)
