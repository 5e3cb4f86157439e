"""Sentiment as a pandas DataFrame: for notebooks and backtests."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
import pandas as pd

from pipeline.settings import load_settings
from pipeline.store import SentimentPoint, Store


def read_sentiment(
    source: str | Path | None = None,
    *,
    run: str = "live",
    key: str = "overall",
    start: datetime | None = None,
    end: datetime | None = None,
) -> pd.DataFrame:
    """Minutes of one key in [start, end), indexed by `minute` (UTC), with the columns of `sentiment.parquet`.

    `source` is the folder or `sentiment.parquet` of a replay (whose one run is meant), a store's URL, or None
    for the store that the settings name. Minutes without a document have no row. Columns with the suffix
    `_5m`, `_1h` or `_24h` are of the windows that end with the minute, as they stood when it closed.
    """
    if source is not None and "://" not in str(source):
        return _of_replay(Path(source), key, start, end)
    url = str(source) if source is not None else load_settings().store.url
    with Store.open(url) as store:
        points = store.sentiment(run, key, start, end)
    rows = [_row(point) for point in points]
    frame = pd.DataFrame(rows) if rows else pd.DataFrame(columns=["run", "minute", "key"])
    frame["minute"] = pd.to_datetime(frame["minute"], utc=True).astype("datetime64[ms, UTC]")
    return frame.set_index("minute")


def _of_replay(path: Path, key: str, start: datetime | None, end: datetime | None) -> pd.DataFrame:
    file = path / "sentiment.parquet" if path.is_dir() else path
    frame = pd.read_parquet(file, filters=[("key", "==", key)]).set_index("minute").sort_index()
    kept = pd.Series(True, index=frame.index)
    if start is not None:
        kept &= frame.index >= start
    if end is not None:
        kept &= frame.index < end
    return frame.loc[kept]


def _row(point: SentimentPoint) -> dict[str, object]:
    sums = msgspec.structs.asdict(point.row)
    windows = sums.pop("windows")
    del sums["evidence"]
    flat = {
        f"{figure}_{name}": value
        for name, window in windows.items()
        for figure, value in msgspec.structs.asdict(window).items()
    }
    return {"run": point.run, "minute": point.minute, **sums, **flat}
