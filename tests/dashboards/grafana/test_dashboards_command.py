"""`tocsin dashboards build`: writes, checks, and says what is stale."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from pipeline.cli.main import app
from pipeline.errors import UsageError


def run(*arguments: str) -> tuple[int, str, BaseException | None]:
    result = CliRunner().invoke(app, ["dashboards", "build", *arguments])
    return result.exit_code, result.output, result.exception


def test_build_then_check_then_change(tmp_path: Path) -> None:
    out = ("--out", str(tmp_path))
    code, said, _ = run(*out, "--check")
    assert code == 1 and "15 of 15 files are stale" in said and not list(tmp_path.iterdir())
    code, said, _ = run(*out)
    assert code == 0 and said.count("wrote") == 15
    assert run(*out)[1] == "All 15 files were up to date.\n"
    assert run(*out, "--check")[0] == 0
    board = tmp_path / "dashboards" / "en" / "tocsin-topic.json"
    board.write_text(board.read_text().replace("Tocsin: Topic", "Mine"))
    code, said, _ = run(*out, "--check", "--json")
    assert code == 1 and json.loads(said)["stale"] == ["dashboards/en/tocsin-topic.json"]


def test_addresses_and_topics_of_ones_own(tmp_path: Path) -> None:
    taxonomy = tmp_path / "topics.toml"
    taxonomy.write_text('[[topic]]\nid = "shipping"\nname_en = "Shipping"\ndescription_en = "Ships."\n')
    out = tmp_path / "out"
    code, said, error = run(
        *("--out", str(out), "--postgres", "db.example:5432", "--sslmode", "verify-full"),
        *("--taxonomy", str(taxonomy)),
    )
    assert code == 0, (said, error)
    sources = (out / "provisioning" / "datasources" / "tocsin.yaml").read_text()
    assert "db.example:5432" in sources and "verify-full" in sources
    assert "Shipping" in (out / "dashboards" / "en" / "tocsin-topic.json").read_text()


def test_an_address_with_a_password_is_refused(tmp_path: Path) -> None:
    _, _, error = run("--out", str(tmp_path), "--alertmanager", "http://user:secret@host")
    assert isinstance(error, UsageError) and "secret" not in str(error)
