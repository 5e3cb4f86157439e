"""Settings: what counts more, and what a wrong one is answered with."""

import json
import os
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipeline.cli.main import app
from pipeline.config import fields, key_lines, line_of, merge
from pipeline.errors import UsageError
from pipeline.settings import Settings, load, load_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no settings from whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
        monkeypatch.delenv(name)
    return tmp_path


def write(folder: Path, text: str, name: str = "tocsin.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def refusal(path: Path | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        load_settings(path)
    return str(caught.value)


# What counts


def test_without_file_and_environment_all_are_defaults() -> None:
    loaded = load()
    assert loaded.settings == Settings()
    assert loaded.file is None
    assert not loaded.origins


def test_file_then_environment_then_option(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        alone, 'run = "file"\n[broker]\nservers = "file:1"\nconnect_timeout = 5\n[topics]\npartitions = 9\n'
    )
    monkeypatch.setenv("TOCSIN_RUN", "environment")
    monkeypatch.setenv("TOCSIN_BROKER__SERVERS", "environment:1")
    loaded = load(run="option")
    assert loaded.settings.run == "option"
    assert loaded.settings.broker.servers == "environment:1"
    assert loaded.settings.broker.connect_timeout == 5
    assert loaded.settings.topics.partitions == 9
    assert loaded.settings.topics.prefix == "tocsin"
    assert loaded.origins[("run",)] == "--run"
    assert loaded.origins[("broker", "servers")] == "TOCSIN_BROKER__SERVERS"
    assert loaded.origins[("topics", "partitions")] == "tocsin.toml, line 6"


def test_option_counts_more_than_config_variable_than_folder(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(alone, 'run = "folder"')
    assert load_settings().run == "folder"
    monkeypatch.setenv("TOCSIN_CONFIG", str(write(alone, 'run = "variable"', "variable.toml")))
    assert load_settings().run == "variable"
    assert load_settings(write(alone, 'run = "option"', "option.toml")).run == "option"


def test_lists_come_as_json_or_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("[10, 60]", "10,60", "10, 60"):
        monkeypatch.setenv("TOCSIN_DETECTOR__WINDOWS", text)
        assert load_settings().detector.windows == (10, 60)


def test_the_data_folder_of_the_tests_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_DATA", "elsewhere")
    assert load_settings() == Settings()


def test_another_run_is_checked_like_any_setting() -> None:
    settings = Settings(topics={"partitions": 3}).with_run("lehman")  # type: ignore[arg-type]
    assert (settings.run, settings.topics.partitions) == ("lehman", 3)
    with pytest.raises(UsageError, match="run"):
        settings.with_run("Not a name")


# What is wrong


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '# servers\n[broker]\nserver = "a:1"',
            r"tocsin.toml, line 3: .*`broker.server`.*Did you mean `broker.servers`",
        ),
        ("[topics]\n\npartitions = 0", r"line 3: `topics.partitions`: .*greater than or equal to 1"),
        ("topics.partitions = 0", r"line 1: `topics.partitions`"),
        ("topics = { partitions = 0 }", r"line 1: `topics.partitions`"),
        ('[topics]\npartitions = "many"', r"line 2: `topics.partitions`: .*integer"),
        ('log_level = "loud"', r"line 1: `log_level`: .*'debug', 'info', 'warning' or 'error'"),
        ('[broker]\nservers = "no-port"', r"line 2: `broker.servers`: .*`host:port`"),
        ('run = "Not a name"', r"line 1: `run`: .*small letters"),
        ("[detector]\nwindows = [1]", r"line 2: `detector.windows`: a window lasts 2 to 1440 minutes"),
        ("[nothing]\na = 1", r"line 1: there is no setting `nothing`.*Allowed here: run, "),
        ("broker = 3", r"line 1: `broker`: must be a section, \[broker\]"),
        (
            '[broker]\nsecurity_protocol = "SASL_SSL"',
            r"line 1: `broker`: SASL_SSL needs broker.sasl_username",
        ),
        ("run = live", r"not valid TOML.*line 1"),
        ("a = 1\na = 2", r"not valid TOML"),
    ],
)
def test_a_wrong_file_is_told_with_line_key_and_what_is_allowed(alone: Path, text: str, told: str) -> None:
    write(alone, text)
    assert re.search(told, refusal())


def test_all_wrong_keys_are_told_at_once_in_their_order(alone: Path) -> None:
    write(alone, "[http]\nport = -1\n[topics]\nreplication = 0\npartitions = 0\n")
    assert [line.split(":")[0] for line in refusal().splitlines()] == [
        "tocsin.toml, line 2",
        "tocsin.toml, line 4",
        "tocsin.toml, line 5",
    ]


def test_a_file_that_is_not_there_or_no_text_is_named(alone: Path) -> None:
    assert "elsewhere.toml" in refusal(Path("elsewhere.toml"))
    (alone / "binary.toml").write_bytes(b"\xff\xfe\x00")
    assert "binary.toml" in refusal(Path("binary.toml"))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TOCSIN_BROKER__SERVRS", "a:1", "TOCSIN_BROKER__SERVRS is no setting.*`TOCSIN_BROKER__SERVERS`"),
        ("TOCSIN_TOPICS", "{}", "TOCSIN_TOPICS is no setting"),
        ("TOCSIN_HTTP__PORT", "70000", "TOCSIN_HTTP__PORT: `http.port`: .*less than or equal to 65535"),
        ("TOCSIN_DETECTOR__WINDOWS", "[1, 2", "TOCSIN_DETECTOR__WINDOWS is not the JSON"),
        ("TOCSIN_DETECTOR__WINDOWS", "10,x", "TOCSIN_DETECTOR__WINDOWS: `detector.windows`: .*integer"),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(name, value)
    assert re.search(told, refusal())


def test_no_message_holds_a_secret(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(alone, '[broker]\nsasl_password = ["hunter2"]\n[delivery]\nwebhook_url = "ftp://hunter2"\n')
    monkeypatch.setenv("TOCSIN_STORE__URL", "hunter2 hunter2")
    monkeypatch.setenv("TOCSIN_HTTP__PORT", "hunter2")
    assert "hunter2" not in refusal()


# Lines

KEYS = st.lists(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), min_size=1, max_size=6, unique=True)


@given(KEYS, KEYS, st.integers(0, 3))
def test_every_key_has_its_line(tables: list[str], names: list[str], blank: int) -> None:
    lines: list[str] = []
    where: dict[tuple[str, ...], int] = {}
    for table in tables:
        lines += ["# a = 1"] * blank + [f"[{table}]  # b = 2"]
        where[(table,)] = len(lines)
        for name in names:
            lines.append(f'{name} = "x = [y]"')
            where[(table, name)] = len(lines)
    text = "\n".join(lines)
    assert tomllib.loads(text).keys() == set(tables)
    assert key_lines(text) == where


def test_a_key_in_an_inline_table_has_the_line_of_the_table() -> None:
    assert line_of(key_lines("\na = { b = 1 }"), ("a", "b")) == 2
    assert line_of({}, ("a",)) is None


@given(st.dictionaries(st.text(), st.integers()), st.dictionaries(st.text(), st.integers()))
def test_merging_keeps_what_is_above(below: dict[str, int], above: dict[str, int]) -> None:
    assert merge(below, above) == {**below, **above}
    assert merge({"s": below}, {"s": above}) == {"s": {**below, **above}}


# The command and the example


def test_the_command_shows_values_and_origins_and_no_secret(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(alone, '[delivery]\nwebhook_url = "https://hooks.example/services/hunter2"\n')
    monkeypatch.setenv("TOCSIN_BROKER__SASL_PASSWORD", "hunter2")
    monkeypatch.setenv("TOCSIN_STORE__URL", "postgresql+psycopg://me:hunter2@db/tocsin")
    plain = CliRunner().invoke(app, ["settings"], catch_exceptions=False)
    assert "hunter2" not in plain.stdout
    shown = json.loads(CliRunner().invoke(app, ["settings", "--json"], catch_exceptions=False).stdout)
    assert shown["delivery.webhook_url"] == {
        "value": "https://hooks.example/…",
        "origin": "tocsin.toml, line 2",
    }
    assert shown["store.url"]["value"] == "postgresql+psycopg://me:***@db/tocsin"
    assert shown["broker.sasl_password"]["origin"] == "TOCSIN_BROKER__SASL_PASSWORD"
    assert shown["topics.partitions"] == {"value": 4, "origin": "default"}


def test_the_documented_example_holds_every_setting_with_its_default() -> None:
    example = ROOT / "deploy" / "tocsin.toml"
    assert load_settings(example) == Settings(), "deploy/tocsin.toml shows defaults that are not"
    text = example.read_text("utf-8")
    commented = key_lines(re.sub(r"^# (?=\w+ = )", "", text, flags=re.M))
    assert [".".join(key) for key, _ in fields(Settings) if key not in commented] == []
