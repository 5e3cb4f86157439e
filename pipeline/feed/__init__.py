"""Feeds: files of news and comments, read row by row into documents or rejections with a reason."""

from __future__ import annotations

from pipeline.feed.columns import parse_mapping
from pipeline.feed.reader import Feed, open_feed
from pipeline.feed.rejections import Rejections
from pipeline.feed.times import parse_time

__all__ = ["Feed", "Rejections", "open_feed", "parse_mapping", "parse_time"]
