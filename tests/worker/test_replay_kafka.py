"""Kafka and the offline shell come to the same digest, killed workers and dirty feeds included."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import msgspec
import pytest

from pipeline.broker import RunningBroker, start_broker
from pipeline.errors import TocsinError, UsageError
from pipeline.feed import open_feed
from pipeline.replay import History, read_history, replay_offline, summarise
from pipeline.replay.kafka import replay_via_kafka
from pipeline.settings import BrokerSettings, Settings, StoreSettings, TopicSettings
from pipeline.store import Store
from pipeline.topics import delete, topic_name
from tests.keyword_classifier import KeywordClassifier
from tests.worker.feeds import bank_run, calm

WORKER = (sys.executable, "-m", "tests.worker.keyword_worker")
SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
START = datetime(2023, 3, 1, tzinfo=UTC)


def settings_for(servers: str, run: str, folder: Path) -> Settings:
    return Settings(
        run=run,
        state_dir=folder,
        broker=BrokerSettings(servers=servers),
        topics=TopicSettings(partitions=3),
        store=StoreSettings(url=f"sqlite:///{folder / run}.db"),
    )


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Six calm days, a bank run, a day after it; duplicates, broken rows and a text that fails among them."""
    documents = [
        *calm(START, 6 * 1440, every=5, stem="before"),
        *bank_run(START + timedelta(days=6), 60, stem="run"),
        *calm(START + timedelta(days=6, minutes=30), 1440, every=5, stem="after"),
    ]
    documents += documents[100:1500:50]
    documents.append(msgspec.structs.replace(documents[7], id="odd", title="crash the model"))
    lines = [msgspec.json.encode(document) for document in documents]
    lines[200:200] = [b"{broken", b'{"id": "no-text", "published_at": "2023-03-02T00:00:00Z", "title": " "}']
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(b"\n".join(lines))
    with open_feed(
        str(feed), now=datetime.now(UTC), mapping={}, format="auto", run="r", future_tolerance=300
    ) as rows:
        return read_history(rows)


def offline(history: History, settings: Settings) -> str:
    result = replay_offline(history, KeywordClassifier(), settings, run=settings.run, now=datetime.now(UTC))
    summary = summarise(result)
    assert (summary.rejected, summary.duplicate, summary.alerts) == (3, 28, 1)
    assert summary.documents_in == summary.scored + summary.rejected + summary.duplicate
    return summary.digest


def kcat(servers: str, topic: str) -> list[str]:
    """Read a topic from beginning to end with a plain client that knows nothing of ours."""
    command = ["kcat", "-b", servers, "-C", "-t", topic, "-o", "beginning", "-e", "-q"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def valid(record: str, line: str) -> None:
    """Check one line against the schema that docs/topics.md points to."""
    schema = json.loads((SCHEMAS / f"{record}.json").read_text())
    jsonschema.validate(json.loads(line), schema, format_checker=jsonschema.FormatChecker())


def test_both_shells_come_to_the_same(kafka: str, run_name: str, history: History, tmp_path: Path) -> None:
    settings = settings_for(kafka, run_name, tmp_path)
    result = replay_via_kafka(settings, history, worker=WORKER)
    summary = summarise(result)
    assert summary.digest == offline(history, settings)
    assert summary.documents_in == summary.scored + summary.rejected + summary.duplicate
    assert sorted(each.reason for each in result.rejected) == ["bad_json", "no_text", "unclassifiable"]
    with Store.open(settings.store.url) as store:
        counts = store.counts(run_name)
    assert counts.documents == summary.scored

    scored = kcat(kafka, topic_name(settings, "scored"))
    assert len(scored) == summary.scored + summary.duplicate
    for line in scored[:50]:
        valid("ScoredDocument", line)
    *alerts, end = kcat(kafka, topic_name(settings, "alerts"))
    assert end == ""  # the mark of a replay's end has no value
    assert alerts
    for line in alerts:
        valid("AlertEvent", line)

    with pytest.raises(UsageError, match="hold an earlier replay"):
        replay_via_kafka(settings, history, worker=WORKER)
    delete(settings)


def test_a_killed_worker_and_its_successor_come_to_the_same(
    kafka: str, run_name: str, history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(kafka, run_name, tmp_path)
    monkeypatch.setenv("DIES_IN_BATCH", "4")
    result = replay_via_kafka(settings, history, worker=(sys.executable, "-m", "tests.worker.supervised"))
    assert summarise(result).digest == offline(history, settings)
    log = (tmp_path / "runs" / run_name / "worker.log").read_text()
    assert "starting again" in log


def test_a_worker_that_ends_is_an_error_with_its_log(
    kafka: str, run_name: str, history: History, tmp_path: Path
) -> None:
    command = (sys.executable, "-c", "import sys; sys.exit('no such model')")
    with pytest.raises(TocsinError, match="no such model"):
        replay_via_kafka(settings_for(kafka, run_name, tmp_path), history, worker=command)


@pytest.fixture
def tansu(tmp_path: Path) -> Iterator[RunningBroker]:
    with start_broker("tansu", tmp_path / "tansu") as broker:
        yield broker


def test_tansu_will_do_for_a_demo(
    tansu: RunningBroker, run_name: str, history: History, tmp_path: Path
) -> None:
    settings = settings_for(tansu.servers, run_name, tmp_path)
    result = replay_via_kafka(settings, history, worker=WORKER)
    assert summarise(result).digest == offline(history, settings)
