"""The demo: the bank run of March 2023 in our own words, replayed in a minute."""

from pipeline.demo.feed import FEED, read_feed

__all__ = ["FEED", "read_feed"]
