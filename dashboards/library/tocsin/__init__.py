"""Tocsin for notebooks and backtests: `import tocsin`, then one line a DataFrame.

    frame = tocsin.read_sentiment("http://127.0.0.1:8470", key="financials", since="2008-09-12")
    frame = tocsin.read_sentiment("sqlite:///.tocsin/tocsin.db", run="lehman", as_of="2008-09-15T12:00Z")

The command `tocsin` is another thing: it comes with the same distribution.
"""

from __future__ import annotations

from .read import read_alerts, read_documents, read_sentiment

__all__ = ["read_alerts", "read_documents", "read_sentiment"]
