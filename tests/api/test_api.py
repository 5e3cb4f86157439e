"""The query API as a client sees it, over ASGI, on both databases."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import jsonschema
import pyarrow.parquet as pq
import pytest

from dashboards.api.access import check_bind
from dashboards.api.app import create_app
from dashboards.api.tables import harmless
from pipeline.errors import UsageError
from pipeline.store import Store
from tests.records import START, alert_event, document, evidence, sentiment_minute, sentiment_row
from tests.servers import new_database, start_postgres

MINUTE = timedelta(minutes=1)
HOSTILE = '=HYPERLINK("http://x","<script>alert(1)</script>")\u202e\0'


@pytest.fixture
def filled(store: Store) -> Store:
    rows = (sentiment_row(), sentiment_row(key="financials"))
    store.write_sentiment([sentiment_minute(n, 0, *rows) for n in range(180)])
    store.write_documents(
        [
            document(id=f"d{n}", title=HOSTILE, source="@wire", published_at=START + n * MINUTE, offset=n)
            for n in range(25)
        ]
    )
    store.write_alerts([alert_event(0, evidence=(evidence(title=HOSTILE),))])
    return store


@pytest.fixture
async def client(filled: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with over(create_app(lambda: filled)) as opened:
        yield opened


def over(app: Any, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8470", headers=headers)


ASKED = (
    "/v1/runs",
    "/v1/keys",
    "/v1/board",
    "/v1/board?at=2008-09-15T05:00:00Z&as_of=2100-01-01",
    "/v1/sentiment",
    "/v1/sentiment?step=1h&window=24h&key=financials",
    "/v1/documents",
    "/v1/documents?search=script&tone=negative&limit=3",
    "/v1/document?id=d7",
    "/v1/stories?order=spread",
    "/v1/alerts?severity=warning&state=firing",
    "/v1/alert?id=a1",
)


async def test_every_answer_is_as_openapi_describes_it(client: httpx.AsyncClient) -> None:
    openapi = (await client.get("/v1/openapi.json")).json()
    assert set(openapi["paths"]) == {path.partition("?")[0] for path in ASKED}
    for path in ASKED:
        answer = await client.get(path)
        assert answer.status_code == 200, (path, answer.text)
        told = openapi["paths"][path.partition("?")[0]]["get"]["responses"]["200"]["content"]
        schema = told["application/json"]["schema"] | {"components": openapi["components"]}
        jsonschema.validate(answer.json(), schema)
        assert answer.json()


async def test_sentiment_is_the_last_day_unless_asked(client: httpx.AsyncClient) -> None:
    series = (await client.get("/v1/sentiment")).json()
    assert series["until"] == "2008-09-15T07:30:00Z"
    assert sum(point["documents"] for point in series["points"]) == 540
    part = await client.get("/v1/sentiment?since=2008-09-15T05:00&until=2008-09-15T05:10")
    assert len(part.json()["points"]) == 10


async def test_tables_come_as_csv_and_parquet(client: httpx.AsyncClient) -> None:
    for path, rows in (("sentiment", 180), ("documents", 25), ("alerts", 1)):
        answer = await client.get(f"/v1/{path}?format=csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        found = list(csv.DictReader(io.StringIO(answer.text)))
        frame = await client.get(f"/v1/{path}", headers={"accept": "application/vnd.apache.parquet"})
        table = pq.read_table(io.BytesIO(frame.content))
        assert len(found) == table.num_rows == rows
        assert tuple(found[0]) == tuple(table.schema.names)
    assert str(table.schema.field("started_at").type) == "timestamp[ms, tz=UTC]"


async def test_a_watchlist_is_a_key_like_any_other(client: httpx.AsyncClient, filled: Store) -> None:
    filled.write_documents(
        [document(id=f"w{n}", published_at=START, offset=50 + n, watchlists=("banks", "x")) for n in range(3)]
    )
    filled.write_sentiment([sentiment_minute(7, 1, sentiment_row(key="watch.banks"))])
    filled.write_alerts([alert_event(0, id="w", key="watch.banks")])
    assert (await client.get("/v1/keys")).json() == ["overall", "financials", "watch.banks"]
    assert "watch.banks" in [line["key"] for line in (await client.get("/v1/board")).json()["lines"]]
    assert len((await client.get("/v1/sentiment?key=watch.banks")).json()["points"]) == 1
    page = (await client.get("/v1/documents?key=watch.banks&limit=2")).json()
    assert [each["id"] for each in page["documents"]] == ["w2", "w1"]
    assert page["documents"][0]["watchlists"] == ["banks", "x"]
    rest = (await client.get(f"/v1/documents?key=watch.banks&before={page['next']}")).json()
    assert [each["id"] for each in rest["documents"]] == ["w0"]
    assert (await client.get("/v1/stories?key=watch.banks")).json()["documents"] == 3
    assert [each["id"] for each in (await client.get("/v1/alerts?key=watch.banks")).json()] == ["w"]
    answer = await client.get("/v1/documents?key=watch.banks&format=csv")
    assert [row["watchlists"] for row in csv.DictReader(io.StringIO(answer.text))] == ["banks | x"] * 3
    frame = await client.get("/v1/documents?key=watch.banks&format=parquet")
    table = pq.read_table(io.BytesIO(frame.content))
    assert table.column("watchlists").to_pylist() == [["banks", "x"]] * 3


async def test_no_spreadsheet_obeys_a_headline(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/documents?format=csv&limit=1")
    [row] = csv.DictReader(io.StringIO(answer.text))
    assert row["title"].startswith("'=HYPERLINK")
    assert row["source"] == "'@wire"
    assert "\0" not in answer.text
    assert row["score"] == "-0.938"
    for formula in ("+1", " -1", "\t=1", "＝1", "\u3000@a", "|cmd"):
        assert harmless(formula).startswith("'")
    assert harmless("Bank fails") == "Bank fails"


async def test_an_export_goes_on_over_many_pages(client: httpx.AsyncClient, monkeypatch: Any) -> None:
    monkeypatch.setattr("dashboards.api.routes._PAGE", 4)
    answer = await client.get("/v1/documents?format=csv&limit=23")
    found = [row["id"] for row in csv.DictReader(io.StringIO(answer.text))]
    assert found == [f"d{n}" for n in range(24, 1, -1)]


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/v1/sentiment?since=1999-01-01&until=2009-01-01", 413, "400 days"),
        ("/v1/sentiment?since=2008-01-01&until=2008-12-31&step=1m", 413, "coarser"),
        ("/v1/sentiment?since=2009-01-01&until=2008-01-01", 422, "not before"),
        ("/v1/sentiment?window=7d", 422, "window"),
        ("/v1/sentiment?run=NO%20SUCH", 422, "run"),
        ("/v1/sentiment?run=nobody", 404, "/v1/runs"),
        ("/v1/sentiment?key=nothing", 404, "/v1/keys"),
        ("/v1/sentiment?since=0001-01-01T00:00:00Z", 422, "1900"),
        ("/v1/documents?limit=5000", 422, "before"),
        ("/v1/documents?before=x", 422, "earlier page"),
        ("/v1/documents?before=%25", 422, "before"),
        ("/v1/documents?search=%00%00", 422, "NUL"),
        ("/v1/document?id=none", 404, "none"),
        ("/v1/alert?id=none", 404, "none"),
        ("/v1/nothing", 404, "openapi"),
    ],
)
async def test_a_refusal_is_a_problem_that_says_what_to_do(
    client: httpx.AsyncClient, path: str, status: int, says: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert says in problem["detail"]


async def test_nothing_can_be_written(client: httpx.AsyncClient) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await client.request(method, "/v1/alerts")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET"


async def test_a_token_is_asked_for_where_there_is_one(filled: Store) -> None:
    app = create_app(lambda: filled, token="a-long-enough-secret")
    async with over(app) as stranger:
        for headers in (
            {},
            {"authorization": "Bearer wrong"},
            {"authorization": "Basic a-long-enough-secret"},
        ):
            answer = await stranger.get("/v1/runs", headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert (await stranger.get("/healthz")).text == "ok\n"
        assert (await stranger.get("/")).status_code == 401
    async with over(app, authorization="Bearer a-long-enough-secret") as known:
        assert (await known.get("/v1/runs", headers={"host": "tocsin.example"})).status_code == 200


async def test_without_a_token_only_loopback_names_are_answered(client: httpx.AsyncClient) -> None:
    for host in ("localhost:8470", "127.0.0.1", "[::1]:8470"):
        assert (await client.get("/v1/runs", headers={"host": host})).status_code == 200
    for host in ("evil.example", "127.0.0.1.evil.example", "[bad"):
        assert (await client.get("/v1/runs", headers={"host": host})).status_code == 421


def test_other_machines_reach_it_with_a_token_only() -> None:
    check_bind("127.0.0.1", "")
    check_bind("0.0.0.0", "a-long-enough-secret")
    for host, token in (("0.0.0.0", ""), ("192.0.2.1", ""), ("127.0.0.1", "short")):
        with pytest.raises(UsageError, match="TOCSIN_API_TOKEN"):
            check_bind(host, token)


async def test_the_page_for_people_loads_nothing(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert "/v1/sentiment" in page.text
    assert "<script" not in page.text
    assert "http://" not in page.text and "https://" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_an_empty_store_says_what_to_run(store: Store) -> None:
    async with over(create_app(lambda: store)) as client:
        assert (await client.get("/v1/runs")).json() == []
        for path in ("sentiment", "board", "documents", "alerts", "keys", "stories"):
            answer = await client.get(f"/v1/{path}")
            assert answer.status_code == 404
            assert "tocsin worker" in answer.json()["detail"]


async def test_a_database_that_is_away_is_503_and_comes_back() -> None:
    with start_postgres() as server:
        url = new_database(server)
        app = create_app(lambda: Store.open(url))
        async with over(app) as client:
            assert (await client.get("/healthz")).status_code == 200
            server.kill()
            for path in ("/v1/runs", "/healthz", "/v1/documents?format=csv"):
                answer = await client.get(path)
                assert answer.status_code == 503
                assert answer.headers["retry-after"]
                assert "postgres" not in json.dumps(answer.json()), "an answer names no database"
            server.start()
            assert (await client.get("/v1/runs")).status_code == 200
