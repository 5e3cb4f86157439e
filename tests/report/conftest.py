from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.records import SentimentRow
from pipeline.store import Store
from tests.records import START, alert_event, document, evidence, sentiment_minute, sentiment_row

HOSTILE = (
    "<script>alert(1)</script> ![x](http://evil.example/a.png) [click](javascript:alert(2)) ‮liaf `rm` "
    "</td></table> {{ 7*7 }} **bold** https://evil.example/?q=1 & =1+1 | a || b\0 " + "x" * 10_000
)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BEGIN = START - 10 * DAY


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Ten ordinary days of a replay, and a Monday with a surge, a hostile headline and an alert."""
    with Store.open(url) as opened:
        opened.write_sentiment(
            [sentiment_minute(hour * 60, 0, *_rows(1), run="lehman") for hour in range(-240, 0)]
        )
        opened.write_sentiment(
            [sentiment_minute(minute, 0, *_rows(2), run="lehman") for minute in range(0, 120, 10)]
        )
        opened.write_documents(
            [
                document(
                    run="lehman",
                    id=f"s{n}",
                    published_at=START + n * 5 * MINUTE,
                    title=title,
                    source="wire <b>",
                    url=address,
                    score=-0.9 + n / 100,
                    story=n,
                    symbols=(),
                )
                for n, (title, address) in enumerate(STORIES)
            ]
        )
        told = alert_event(0, id="a1", run="lehman", at=START + 10 * MINUTE, evidence=EVIDENCE)
        opened.write_alerts(
            [
                told,
                alert_event(
                    1,
                    id="a1",
                    run="lehman",
                    at=START + 90 * MINUTE,
                    state="resolved",
                    evidence=EVIDENCE,
                    resolved_at=START + 90 * MINUTE,
                ),
            ]
        )
        yield opened


@pytest.fixture
def watched(store: Store) -> Store:
    """The same with two watchlists, stories that belong to both, and an alert of one."""
    for span, count in ((range(-240, 0), 1), (range(2), 3)):
        store.write_sentiment(
            [
                sentiment_minute(hour * 60, 1, *(_row(key, count) for key in _LISTS), run="lehman")
                for hour in span
            ]
        )
    store.write_documents(
        [
            document(
                run="lehman",
                id=f"w{n}",
                published_at=START + n * 5 * MINUTE,
                title=f"{title} again",
                score=-0.9,
                story=100 + n,
                watchlists=("banks", "us"),
                offset=100 + n,
            )
            for n, (title, _) in enumerate(STORIES[:2])
        ]
    )
    told = alert_event(0, id="w1", run="lehman", key="watch.banks", at=START + 10 * MINUTE)
    store.write_alerts([told])
    return store


_LISTS = ("watch.banks", "watch.us")


STORIES = (
    ("Lehman files for bankruptcy", "https://news.example/1"),
    ("UPDATE 1-Lehman files for bankruptcy, shares plunge", "https://news.example/2"),
    (HOSTILE, "javascript:alert(3)"),
    ("Apple and Citigroup shares fall as Lehman fails", "https://news.example/<x>"),
    ("贵州茅台股价大跌,投资者担忧", "https://user:secret@news.example/"),
    ("Analysts fear that Lehman has infected Merrill", "ftp://news.example/1"),
)
EVIDENCE = (evidence(story=2, title=HOSTILE), evidence(id="e2", story=0, contribution=1.0))


def _rows(negative: int) -> tuple[object, ...]:
    return tuple(_row(key, negative) for key in ("overall", "financials"))


def _row(key: str, negative: int) -> SentimentRow:
    row = {"documents": 4, "stories": 4, "negative": negative, "negative_stories": negative}
    return sentiment_row(key=key, **row)
