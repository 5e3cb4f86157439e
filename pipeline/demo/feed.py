"""The demo's feed: what a desk could have read from 1 to 17 March 2023, written for Tocsin."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pipeline.feed import open_feed
from pipeline.replay.history import History, read_history

FEED = Path(__file__).with_name("bank_run_2023.jsonl")
"""One `Document` a line, in order of time. Facts and dates are real, to the minute where the minute is known;
every wording, and every source named, is ours."""


def read_feed(now: datetime) -> History:
    """Read the whole feed, deliveries that repeat an id included; `now` is the wall clock."""
    with open_feed(str(FEED), now=now) as feed:
        return read_history(feed)
