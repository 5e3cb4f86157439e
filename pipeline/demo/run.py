"""The demo's run: a broker of its own, the feed through the pipeline, and nothing left running."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext

from msgspec import Struct

from alerts.settings import DeliverySettings
from pipeline.broker import Engine, start_broker
from pipeline.demo.folder import fresh_folder
from pipeline.demo.follow import Watcher, following
from pipeline.records import AlertEvent
from pipeline.replay.history import History
from pipeline.replay.pace import Pace
from pipeline.replay.result import ReplayResult, latest_alerts, summarise
from pipeline.settings import (
    BrokerSettings,
    HttpSettings,
    Settings,
    StoreSettings,
    TopicSettings,
    Watchlist,
)

RUN = "demo"
WATCHLISTS = {
    "california_lenders": Watchlist(
        title="Lenders of California",
        title_zh="加州银行",
        terms=("Silicon Valley Bank", "SVB", "First Republic", "Silvergate", "PacWest"),
    ),
    "swiss_banks": Watchlist(title="Swiss banks", title_zh="瑞士银行", terms=("Credit Suisse", "UBS")),
}
"""What the demo follows beside the topics, for those who follow nothing yet."""

Replay = Callable[[Settings, History, Pace], ReplayResult]
"""Takes a history through the pipeline over the broker that the settings name; returns when all is done."""


Console = Callable[[Settings], AbstractContextManager[None]]
"""Shows a run's store for as long as its context lasts."""


def no_console(settings: Settings) -> AbstractContextManager[None]:
    """Show nothing."""
    return nullcontext()


class DemoResult(Struct, frozen=True, kw_only=True):
    """What the demo did, as `--json` prints it."""

    documents: int
    """Documents of the feed, deliveries that repeat an id included: scored, rejected and duplicates."""
    scored: int
    rejected: int
    duplicates: int
    alerts: tuple[AlertEvent, ...]
    """Each alert as it stood at the end, by start."""
    seconds: float
    """Wall clock from the start of the broker to the last result."""
    engine: str
    """`kafka` or `tansu`."""
    model: str
    """Name and hash of the model."""
    digest: str
    """SHA-256 over minute sentiment and alerts: equal for equal documents, model and settings."""


def demo_settings(settings: Settings, servers: str) -> Settings:
    """Settings of the demo: loopback and a folder of its own, never the user's brokers, store or receivers.

    The model, the detector, event time and watchlists are the user's: that is what one may want to try out.
    """
    folder = settings.state_dir.resolve() / RUN
    return settings.model_copy(
        update={
            "run": RUN,
            "state_dir": folder,
            "broker": BrokerSettings(servers=servers),
            "topics": TopicSettings(),
            "delivery": DeliverySettings(),
            "store": StoreSettings(url=f"sqlite:///{folder / 'tocsin.db'}"),
            "http": HttpSettings(port=0),
            "watchlists": settings.watchlists or WATCHLISTS,
        }
    )


def run(
    settings: Settings,
    history: History,
    replay: Replay,
    watcher: Watcher,
    *,
    engine: Engine = "auto",
    speed: float = math.inf,
    started: Callable[[str], None] = lambda engine: None,
    console: Console = no_console,
    afterwards: Callable[[DemoResult], None] = lambda result: None,
) -> DemoResult:
    """Run the demo to its end; the broker is gone when this returns or raises, Ctrl-C included.

    Args:
        settings: the user's; the demo's folder is in `state_dir`.
        history: the feed.
        replay: what takes it through the pipeline.
        watcher: sees the run go by, from a thread.
        engine: which embedded broker.
        speed: how many times faster than it happened; infinite is as fast as it goes.
        started: told the engine once the broker answers.
        console: what shows the store meanwhile, entered with the run's settings once the broker answers.
        afterwards: called with the result while the console is still open and the folder still held.

    Raises:
        TocsinError: another demo runs, no broker can run here, or the replay failed.
    """
    began = time.monotonic()
    with fresh_folder(settings.state_dir / RUN) as folder, ExitStack() as shown:
        with start_broker(engine, folder / "broker", libs=settings.broker.kafka_libs) as broker:
            started(broker.engine)
            own = demo_settings(settings, broker.servers)
            shown.enter_context(console(own))
            with following(own, watcher):
                result = replay(own, history, Pace(speed))
            seconds = time.monotonic() - began
        done = _told(result, seconds, broker.engine)
        afterwards(done)
    return done


def _told(result: ReplayResult, seconds: float, engine: str) -> DemoResult:
    summary = summarise(result)
    return DemoResult(
        documents=summary.documents_in,
        scored=summary.scored,
        rejected=summary.rejected,
        duplicates=summary.duplicate,
        alerts=tuple(latest_alerts(result.events)),
        seconds=round(seconds, 3),
        engine=engine,
        model=summary.model,
        digest=summary.digest,
    )
