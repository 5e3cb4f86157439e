"""The dashboards as files: up to date, in Grafana's schema, complete, in both languages."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.grafana import palette
from dashboards.grafana.files import different, files, write
from dashboards.grafana.provisioning import Addresses
from dashboards.grafana.tongue import BOARDS
from tests.dashboards.grafana.queries import panels
from tests.dashboards.grafana.strict import faults

DEPLOY = Path(__file__).parents[3] / "deploy" / "grafana"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SOURCES = {"tocsin-postgres": "grafana-postgresql-datasource", "tocsin-prometheus": "prometheus"}


def test_the_files_in_the_tree_are_as_they_are_built(made: dict[str, str]) -> None:
    assert different(made, DEPLOY) == [], "run `tocsin dashboards build`"


def test_a_build_follows_from_its_arguments_alone(made: dict[str, str], tmp_path: Path) -> None:
    topics = {"macro": ("It's $macro", "宏观")}
    addresses = Addresses(postgres="db:1")
    assert files(topics, addresses) == files(topics, addresses) != made
    assert len(write(made, tmp_path)) == len(made)
    assert write(made, tmp_path) == []
    stale = tmp_path / "dashboards" / "en" / "tocsin-gone.json"
    stale.write_text("{}")
    (tmp_path / "dashboards" / "en" / "mine.json").write_text("{}")
    assert different(made, tmp_path) == ["dashboards/en/tocsin-gone.json"]
    write(made, tmp_path)
    assert not stale.exists() and (tmp_path / "dashboards" / "en" / "mine.json").exists()


def test_every_dashboard_is_in_grafanas_schema(boards: dict[str, dict[str, Any]]) -> None:
    for uid, board in boards.items():
        assert faults(board) == [], uid


@pytest.mark.parametrize(
    "spoil",
    [
        lambda board: board["panels"][1].update(nonsense=1),
        lambda board: board.update(refresh=5),
        lambda board: board["panels"][1]["fieldConfig"]["defaults"].update(decimals="two"),
        lambda board: board["templating"]["list"][0].update(type="question"),
    ],
)
def test_the_schema_tells_what_is_wrong(boards: dict[str, dict[str, Any]], spoil: Any) -> None:
    board = json.loads(json.dumps(boards["tocsin-overview"]))
    spoil(board)
    assert len(faults(board)) == 1


def test_uids_and_the_links_between_them_are_fixed(boards: dict[str, dict[str, Any]]) -> None:
    assert set(boards) == {f"tocsin-{name}{ending}" for name in BOARDS for ending in ("", "-zh")}
    for uid, board in boards.items():
        names = {variable["name"] for variable in board["templating"]["list"]}
        assert {"run", "topic", "window", "language"} <= names, uid
        ending = "-zh" if uid.endswith("-zh") else ""
        assert [link["url"] for link in board["links"]] == [f"/d/tocsin-{name}{ending}" for name in BOARDS]
        for link in board["links"]:
            assert link["includeVars"] and link["keepTime"] and "placement" not in link
        linked = re.findall(r'"/d/([a-z-]+)\?([^"]*)', json.dumps(board))
        for target, query in linked:
            assert target in boards
            theirs = {variable["name"] for variable in boards[target]["templating"]["list"]}
            assert set(re.findall(r"var-(\w+)=", query)) <= theirs
            assert set(re.findall(r"\$\{(\w+):queryparam\}", query)) <= theirs & names


def test_every_panel_says_what_it_shows_and_names_its_source_by_uid(
    boards: dict[str, dict[str, Any]],
) -> None:
    for uid, board in boards.items():
        for panel in panels(board):
            place = f"{uid}, {panel['title']}"
            assert len(panel["description"]) >= (8 if uid.endswith("-zh") else 20), place
            for source in (panel["datasource"], *(target["datasource"] for target in panel["targets"])):
                assert SOURCES[source["uid"]] == source["type"], place
            assert panel["type"] == "table" or panel["fieldConfig"]["defaults"].get("unit"), place
            assert panel["type"] not in ("text", "news"), "text of others is never rendered"
            assert '"markdown"' not in json.dumps(panel), place
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids)


def test_panels_fill_the_page_and_do_not_overlap(boards: dict[str, dict[str, Any]]) -> None:
    for uid, board in boards.items():
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24, f"{uid}, {panel['title']}"
            cells = set(
                itertools.product(
                    range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
                )
            )
            assert not cells & taken, f"{uid}, {panel['title']}"
            taken |= cells


def test_colours_are_those_that_everybody_can_tell_apart(boards: dict[str, dict[str, Any]]) -> None:
    allowed = {*palette.SERIES, *(colour for _, colour in palette.HEAT_STEPS)}
    for uid, board in boards.items():
        told = set(re.findall(r"#[0-9A-Fa-f]{6}", json.dumps(board)))
        assert told <= allowed, uid
        assert not re.search(r'"(dark-|light-|semi-)?(red|green)"', json.dumps(board)), uid


def test_each_dashboard_speaks_one_language(boards: dict[str, dict[str, Any]]) -> None:
    for uid, board in boards.items():
        titles = [board["title"], board["description"], *(link["title"] for link in board["links"])]
        for panel in board["panels"]:
            titles += [panel["title"], *([panel["description"]] if panel["type"] != "row" else [])]
        titles += [variable["label"] for variable in board["templating"]["list"]]
        for text in titles:
            if uid.endswith("-zh"):
                assert CHINESE.search(text) or text == "CPU", f"{uid}: {text}"
            else:
                assert not CHINESE.search(text), f"{uid}: {text}"


def test_grafana_is_told_where_all_of_it_is_and_no_secret(made: dict[str, str]) -> None:
    told = {name: yaml.safe_load(text) for name, text in made.items() if name.endswith(".yaml")}
    sources = told["provisioning/datasources/tocsin.yaml"]["datasources"]
    assert {source["uid"]: source["type"] for source in sources}.items() >= SOURCES.items()
    assert sources[0]["secureJsonData"] == {"password": "$TOCSIN_GRAFANA_POSTGRES_PASSWORD"}
    for provider in told["provisioning/dashboards/tocsin.yaml"]["providers"]:
        folder = provider["options"]["path"].removeprefix("/etc/grafana/")
        assert any(name.startswith(f"{folder}/") for name in made)
    [point] = told["provisioning/alerting/tocsin.yaml"]["contactPoints"]
    assert point["receivers"][0]["settings"] == {"url": "http://alertmanager:9093"}
    assert "frser-sqlite-datasource" in made["provisioning/datasources/tocsin.yaml"]
