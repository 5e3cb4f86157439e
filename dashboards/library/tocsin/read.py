"""The three readers: what is asked for, whichever kind of source answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from .sources import Source

Moment = datetime | str
"""A datetime, a pandas Timestamp, or text such as `2008-09-15` or `2008-09-15T14:30Z`; UTC without a zone."""


def read_sentiment(
    source: str | None = None,
    *,
    run: str = "live",
    key: str | Sequence[str] = "overall",
    since: Moment | None = None,
    until: Moment | None = None,
    step: str = "1m",
    as_of: Moment | None = None,
    token: str | None = None,
) -> pd.DataFrame:
    """Sentiment of one or several keys in [since, until), indexed by `time` (UTC, start of the step).

    Args:
        source: URL of the API (`http://127.0.0.1:8470`), URL of a store (`sqlite:///FILE.db`,
            `postgresql+psycopg://…`), or None for the store that the settings name.
        run: `live`, or the name of a replay.
        key: `overall`, a topic id, `watch.` and the name of a watchlist, or several of these. Topics add up
            to `overall`; watchlists overlap, with topics and with each other.
        since: first time that is in; None from the beginning.
        until: first time that is out again; None to the end.
        step: `1m`, `5m`, `15m`, `1h`, `6h` or `1d`. Counts are sums over the step; columns with the suffix
            `_5m`, `_1h`, `_24h` are the rolling windows as they stood at its last minute with documents.
        as_of: what was known at that moment, and nothing later: wall clock for the live run, event time for
            a replay.
        token: of the API; default TOCSIN_API_TOKEN in the environment.

    Returns:
        Rows of the steps that had documents: counts as int64, means and shares as float64.

    Raises:
        UsageError: the source or a parameter is wrong. StoreUnavailable: it cannot be reached.
    """
    import pandas as pd

    with _opened(source, token) as opened:
        keys = [key] if isinstance(key, str) else list(key)
        frames = [
            opened.sentiment(run, each, _time(since), _time(until), step, _time(as_of)) for each in keys
        ]
    frame = frames[0] if len(frames) == 1 else pd.concat(frames)
    return frame.set_index("time").sort_index(kind="stable")


def read_documents(
    source: str | None = None,
    *,
    run: str = "live",
    key: str | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    tone: str | None = None,
    search: str | None = None,
    limit: int | None = 10_000,
    as_of: Moment | None = None,
    token: str | None = None,
) -> pd.DataFrame:
    """Scored documents published in [since, until), the newest `limit` of them, indexed by `published_at`.

    `limit=None` reads all. `symbols` and `watchlists` hold lists; titles, bodies and names are as published.
    The other arguments are those of `read_sentiment`.
    """
    with _opened(source, token) as opened:
        frame = opened.documents(
            run,
            _time(since),
            _time(until),
            limit,
            {"key": key, "tone": tone, "search": search, "as_of": _time(as_of)},
        )
    return frame.set_index("published_at").sort_index(kind="stable")


def read_alerts(
    source: str | None = None,
    *,
    run: str = "live",
    key: str | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    as_of: Moment | None = None,
    token: str | None = None,
) -> pd.DataFrame:
    """Alerts that began in [since, until), each as its newest event tells it, indexed by `started_at`.

    `headlines` holds the titles of the evidence. With `as_of`, alerts and their figures as they stood then.
    """
    with _opened(source, token) as opened:
        frame = opened.alerts(
            run, {"key": key, "since": _time(since), "until": _time(until), "as_of": _time(as_of)}
        )
    return frame.set_index("started_at").sort_index(kind="stable")


def _opened(source: str | None, token: str | None) -> Source:
    from .sources import open_source

    return open_source(source, token)


def _time(value: Any) -> datetime | None:
    import pandas as pd

    from pipeline.errors import UsageError

    if value is None:
        return None
    try:
        moment = pd.Timestamp(value)
        moment = moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")
    except (ValueError, TypeError) as error:
        raise UsageError(f"{value!r} is not a time; write 2008-09-15 or 2008-09-15T14:30Z") from error
    return moment.to_pydatetime()
