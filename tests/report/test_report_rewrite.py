"""A language model may reword the summary, and nothing that rests on no source stays."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dashboards.report.gather import brief
from dashboards.report.make import write
from dashboards.report.rewrite import rewrite
from dashboards.report.summary import summary
from dashboards.report.values import Report
from dashboards.report.words import Words
from pipeline.errors import TocsinError, UsageError
from pipeline.store import Store
from tests.records import START


class Model:
    """Speaks the chat part of OpenAI's protocol, and answers what it is told to."""

    def __init__(self) -> None:
        self.answer: Any = {"sentences": []}
        self.status = 200
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                model.asked.append((self.path, dict(self.headers), body))
                said = model.answer if isinstance(model.answer, str) else json.dumps(model.answer)
                data = json.dumps({"choices": [{"message": {"content": said}}]}).encode()
                self.send_response(model.status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


@pytest.fixture
def model() -> Iterator[Model]:
    made = Model()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def report(store: Store) -> Report:
    end = START + timedelta(days=1)
    return brief(store, "lehman", "overall", START, end, made_at=datetime(2026, 1, 1, tzinfo=UTC))


def asked(report: Report, model: Model, **options: Any) -> list[tuple[str, tuple[str, ...]]]:
    words = Words("en")
    made = rewrite(report, summary(report, words), words, url=model.url, model="m", **options)
    return [(sentence.text, sentence.ids) for sentence in made.sentences]


def test_sentences_without_valid_sources_or_with_other_figures_are_dropped(
    report: Report, model: Model, tmp_path: Path
) -> None:
    model.answer = {
        "sentences": [
            {"text": "Lehman went bankrupt [S1].", "ids": ["S1"]},
            {"text": "The government saved it.", "ids": []},
            {"text": "A rival bought it.", "ids": ["S99"]},
            {"text": "It owed 613 billion.", "ids": ["S1"]},
            {"text": "<b>Shares</b> fell\u202e.", "ids": ["S1", "F1", "S1"]},
            {"text": "", "ids": ["S1"]},
        ]
    }
    kept = asked(report, model)
    assert kept == [("Lehman went bankrupt.", ("S1",)), ("<b>Shares</b> fell.", ("S1", "F1"))]
    words = Words("en")
    made = rewrite(report, summary(report, words), words, url=model.url, model="m <i>")
    [file] = write(report, words, "html", tmp_path / "r.html", made)
    page = file.read_text("utf-8")
    assert "&lt;b&gt;Shares" in page
    assert "m &lt;i&gt;" in page
    assert "were dropped (4)" in page


def test_it_is_sent_the_sources_and_its_key_and_no_more(report: Report, model: Model) -> None:
    model.answer = 'Here you are:\n```json\n{"sentences": [{"text": "Lehman fails.", "ids": ["S1"]}]}\n```'
    assert asked(report, model, key="secret") == [("Lehman fails.", ("S1",))]
    path, headers, body = model.asked[0]
    assert (path, headers["authorization"], body["model"]) == ("/v1/chat/completions", "Bearer secret", "m")
    assert "S1: 2008-09-15 04:30 UTC" in body["messages"][1]["content"]
    assert "body" not in body["messages"][1]["content"]


@pytest.mark.parametrize("answer", ["no JSON here", '{"sentences": "none"}', "{", "[]"])
def test_an_answer_of_another_form_is_an_error_that_says_so(
    report: Report, model: Model, answer: str
) -> None:
    model.answer = answer
    with pytest.raises(TocsinError, match="sentences"):
        asked(report, model)


def test_a_model_that_is_away_or_refuses_is_told(report: Report, model: Model) -> None:
    model.status = 500
    with pytest.raises(TocsinError, match="500"):
        asked(report, model)
    model.url = "http://127.0.0.1:9/v1"
    with pytest.raises(TocsinError, match="does not answer"):
        asked(report, model, timeout=2.0)
    for url, key in (("ftp://x/", ""), ("http://llm.example/v1", "secret"), ("https://u:p@llm.example/", "")):
        model.url = url
        with pytest.raises(UsageError):
            asked(report, model, key=key)
