"""A store with a run to show: four calm days, then a bank fails, told in hostile headlines, too."""

from __future__ import annotations

import random
import tomllib
from datetime import UTC, datetime, timedelta

from msgspec import structs

from pipeline.records import Document, ScoredDocument
from pipeline.replay.offline import Core
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.story import story_key
from pipeline.tally import tally
from pipeline.watchlists import Watchlists
from tests.headlines import distinct
from tests.records import document, sentiment_minute, sentiment_row

RUN = "bank"
BEGIN = datetime(2023, 3, 6, tzinfo=UTC)
SURGE = datetime(2023, 3, 10, 14, tzinfo=UTC)
END = datetime(2023, 3, 10, 15, 10, tzinfo=UTC)
"""While the surge still lasts, so that an alert fires."""
TOPICS = ("financials", "markets", "energy_oil")
HOSTILE = (
    "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\"> bank fails",
    "{{ constructor.constructor('document.title=1')() }} **bold** [click](javascript:alert(1))",
    "\u202eteertS llaW no cinap\u202c \u2067בנק נכשל\u2069 bank",
    "A" * 10_000,
    '=HYPERLINK("http://evil.example","pay") </style><h1>bank halts</h1>`${1}`',
    "银行停止提款，储户排队",
)


def bank_run() -> list[ScoredDocument]:
    """The run's documents in the order in which they were published."""
    draw = random.Random(1)
    made: list[ScoredDocument] = []

    def tell(at: datetime, topic: str, tone: str, title: str, score: float, lang: str = "en") -> None:
        number = len(made)
        made.append(
            document(
                run=RUN,
                id=f"d{number}",
                source=f"wire {number % 23}",
                author="A. <b>Reporter</b>" if number % 5 == 0 else "",
                published_at=at,
                title=title,
                body="",
                lang=lang,
                topic=topic,
                tone=tone,
                score=score,
                story=story_key(title, ""),
                offset=number,
            )
        )

    at = BEGIN
    while at < END:
        for topic in TOPICS:
            tone = draw.choices(("negative", "neutral", "positive"), (1, 6, 3))[0]
            score = {"negative": -0.7, "neutral": 0.01, "positive": 0.8}[tone]
            tell(at + timedelta(minutes=draw.randrange(60)), topic, tone, distinct(len(made)), score)
        at += timedelta(hours=1)
    for number, title in enumerate((*HOSTILE, *(f"Bank fails: {distinct(n)}" for n in range(9000, 9045)))):
        score, lang = (-0.98, "zh" if "银" in title else "en") if number < len(HOSTILE) else (-0.8, "en")
        tell(SURGE + timedelta(minutes=number), "financials", "negative", title, score, lang)
    made.sort(key=lambda each: (each.published_at, each.id))
    return [each for each in made if each.published_at < END]


WATCHLISTS = """
[watchlists.banks]
title = "Banks <we> hold"
title_zh = "持仓银行"
terms = ["bank", "bank fails", "银行"]

[watchlists.wire-five]
sources = ["wire 5"]

[watchlists.quiet]
title = "Nobody's"
symbols = ["ZZYZX"]
"""
"""Lists of the run: its surge, a few of its documents, and none; as tocsin.toml has them."""


def watched() -> Settings:
    """Settings with `WATCHLISTS`."""
    return Settings(run=RUN, watchlists=tomllib.loads(WATCHLISTS)["watchlists"])


def watched_run() -> list[ScoredDocument]:
    """The run with the lists that its documents belong to."""
    lists = Watchlists(watched().watchlists)
    return [structs.replace(each, watchlists=lists.of(unscored(each), each.topic)) for each in bank_run()]


def unscored(scored: ScoredDocument) -> Document:
    """The document as it was before it was scored."""
    return Document(**{name: getattr(scored, name) for name in Document.__struct_fields__ if name != "v"})


WIDE = "wide"


def fill_wide(store: Store) -> None:
    """A run of 200 topics and 40 watchlists, whose bad news grows with their number."""
    keys = [f"topic_{n:03}" for n in range(200)] + [f"watch.list-{n:02}" for n in range(40)]
    minutes = []
    for hour in range(24):
        rows = [
            sentiment_row(
                key=key, documents=n % 40, negative_stories=n // 12 if hour == 23 else 1, evidence=()
            )
            for n, key in enumerate(["overall", *keys])
        ]
        minutes.append(sentiment_minute(hour * 60, 0, *rows, run=WIDE))
    store.write_sentiment(minutes)


def fill(
    store: Store, documents: list[ScoredDocument] | None = None, settings: Settings | None = None
) -> None:
    """Write the run as a worker that counted it would."""
    documents = bank_run() if documents is None else documents
    core = Core.begin(RUN, 1, settings or Settings(), TOPICS, lambda event: None)
    counted = [
        document(**{**{n: getattr(each, n) for n in each.__struct_fields__}, "partition": 0, "offset": at})
        for at, each in enumerate(documents)
    ]
    core.apply(tally(counted, run=RUN, partition=0, start=0, end=len(counted), topics=TOPICS))
    # The clock goes on a little, so that the last minutes close and the run does not end.
    closing = document(run=RUN, id="last", published_at=END + timedelta(minutes=10), offset=len(counted))
    core.apply(
        tally([closing], run=RUN, partition=0, start=len(counted), end=len(counted) + 1, topics=TOPICS)
    )
    store.write_documents(documents)
    store.write_sentiment(core.minutes)
    store.write_alerts(core.events)
