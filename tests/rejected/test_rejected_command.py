"""`tocsin rejected` on a real Kafka: what a worker refused is listed, shown, mended and published again."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from kafka import KafkaProducer
from typer.testing import CliRunner, Result

from pipeline.broker import RunningBroker
from pipeline.cli.main import app
from pipeline.config import environment
from pipeline.replay.child import worker_process
from pipeline.settings import BrokerSettings, HttpSettings, Settings, StoreSettings, TopicSettings
from pipeline.store import Store
from pipeline.topics import create, topic_name
from tests.kafka import new_run_name
from tests.records import rejected
from tests.servers import free_port
from tests.worker.eventually import eventually

WORKER = (sys.executable, "-m", "tests.worker.keyword_worker")
GOOD = b'{"id":"%s","source":"w","published_at":"2023-03-01T00:00:00Z","title":"Bank halts withdrawals"}'
HOSTILE = b"\x1b]0;owned\x07 {not json \xff"


@pytest.fixture(scope="module")
def settings(kafka_broker: RunningBroker, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A live run under a prefix of its own."""
    folder = tmp_path_factory.mktemp("rejected")
    made = Settings(
        state_dir=folder,
        broker=BrokerSettings(servers=kafka_broker.servers),
        topics=TopicSettings(prefix=new_run_name("rej"), partitions=1),
        store=StoreSettings(url=f"sqlite:///{folder}/store.db"),
        http=HttpSettings(port=free_port()),
    )
    create(made)
    return made


@pytest.fixture(autouse=True)
def _environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(settings, {}).items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def _running(settings: Settings) -> Iterator[None]:
    """A worker that has refused one record, and one that an earlier version had refused for no reason."""
    producer = KafkaProducer(bootstrap_servers=settings.broker.servers)
    for raw in (HOSTILE, GOOD % b"fine"):
        producer.send(topic_name(settings, "documents"), raw)
    producer.flush()
    with worker_process(settings, WORKER):
        with Store.open(settings.store.url) as store:
            eventually(lambda: store.counts("live").rejected, seconds=120)
            store.write_rejected(
                [
                    rejected(
                        topic=topic_name(settings, "documents"),
                        offset=77,
                        reason="unclassifiable",
                        raw=GOOD % b"odd",
                    )
                ]
            )
        yield


def tocsin(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["rejected", *arguments])


def listed(*arguments: str) -> list[dict[str, object]]:
    return json.loads(tocsin("list", "--json", *arguments).stdout)  # type: ignore[no-any-return]


@pytest.mark.usefixtures("_running")
def test_from_the_list_to_an_accepted_retry(settings: Settings, tmp_path: Path) -> None:
    topic = topic_name(settings, "documents")
    assert [each["name"] for each in listed()] == [f"{topic}:0:0", f"{topic}:0:77"]
    assert [each["name"] for each in listed("--via", "kafka")] == [f"{topic}:0:0"]
    assert [each["name"] for each in listed("--reason", "unclassifiable")] == [f"{topic}:0:77"]
    assert [each["name"] for each in listed("--since", "1d")] == [f"{topic}:0:0"]
    assert "\x1b" not in tocsin("list").output

    shown = tocsin("show", f"{topic}:0:0", "--out", str(tmp_path / "raw"))
    assert "1b 5d 30 3b" in shown.output
    assert "\x1b" not in shown.output
    assert (tmp_path / "raw").read_bytes() == HOSTILE
    told = json.loads(tocsin("show", f"{topic}:0:0", "--json", "--via", "kafka").stdout)
    assert base64.b64decode(told["raw"]) == HOSTILE

    assert tocsin("retry", "--all", "--dry-run").stdout.split() == [f"{topic}:0:0", f"{topic}:0:77"]
    first = tocsin("retry", "--all", "--by", "ann")
    assert first.exit_code == 0
    assert "now at 0:3" in first.output
    second = tocsin("retry", f"{topic}:0:0")
    assert second.exit_code == 1
    assert "by ann" in second.output

    def states() -> dict[object, object]:
        return {each["name"]: each["state"] for each in listed()}

    eventually(lambda: states().get(f"{topic}:0:0") == "rejected_again", seconds=60)
    eventually(lambda: states().get(f"{topic}:0:77") == "accepted", seconds=60)
    assert f"{topic}:0:77" not in {each["name"] for each in listed("--open")}
    scraped = httpx.get(f"http://127.0.0.1:{settings.http.port}/metrics").text
    assert 'tocsin_retried_documents_total{outcome="accepted"} 1.0' in scraped
    assert 'tocsin_retried_documents_total{outcome="rejected"} 1.0' in scraped

    again = tocsin("retry", f"{topic}:0:77", "--again", "--json")
    assert json.loads(again.stdout)["published"][0]["number"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "tocsin.documents:0:99"], "`tocsin rejected list` shows their names"),
        (["show", "what"], "write TOPIC:PARTITION:OFFSET"),
        (["list", "--reason", "ugly"], "one of bad_json"),
        (["list", "--since", "yesterday"], "write 30m, 2h, 3d"),
        (["list", "--via", "post"], "store or kafka"),
        (["retry"], "say which"),
    ],
)
def test_what_cannot_be_is_said(arguments: list[str], message: str) -> None:
    assert message in str(tocsin(*arguments).exception)


def test_what_came_from_a_file_is_mended_there(settings: Settings) -> None:
    with Store.open(settings.store.url) as store:
        store.write_rejected([rejected(topic="feed.csv", offset=7)])
    assert "mend the file" in str(tocsin("retry", "feed.csv:0:7").exception)
    assert "not possible: it came from feed.csv" in tocsin("show", "feed.csv:0:7").output
