"""A hub of our own on loopback stands for the real one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from models.errors import ModelError
from models.hub import fetch, is_hub_id
from models.serving.classifier import Classifier
from models.training.base import resolve_base

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "config.json": b"{}",
    "model.safetensors": b"weights",
    "pytorch_model.bin": b"pickle",
    "more/a": b"a",
}


class Hub(BaseHTTPRequestHandler):
    """Answers as much of the hub's API as a download asks for; knows `owner/encoder`, and gates another."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path.startswith("/api/models/owner/encoder"):
            siblings = [{"rfilename": name} for name in FILES]
            body = {"id": "owner/encoder", "modelId": "owner/encoder", "sha": COMMIT, "siblings": siblings}
            tree = [
                {"type": "file", "path": name, "size": len(data), "oid": "0"} for name, data in FILES.items()
            ]
            self.answer(200, json.dumps(tree if "/tree/" in path else body).encode())
        elif path.startswith("/owner/encoder/resolve/"):
            name = path.split("/", 5)[5]
            self.answer(200, FILES[name], {"ETag": f'"{name}"', "X-Repo-Commit": COMMIT})
        elif path.startswith("/api/models/owner/gated"):
            self.answer(403, b"", {"X-Error-Code": "GatedRepo"})
        else:
            self.answer(401, b"", {"X-Error-Code": "RepoNotFound"})

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    return tmp_path / "cache"


def reach(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    from huggingface_hub import constants

    for name, value in {
        "ENDPOINT": endpoint,
        "HUGGINGFACE_CO_URL_TEMPLATE": endpoint + "/{repo_id}/resolve/{revision}/{filename}",
    }.items():
        monkeypatch.setattr(constants, name, value)


@pytest.fixture
def hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    reach(monkeypatch, endpoint)
    yield endpoint
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("hub")
def test_wanted_files_are_fetched_and_no_others() -> None:
    folder = fetch("owner/encoder", ["config.json", "*.safetensors", "more/*"])
    found = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    assert found == ["config.json", "model.safetensors", "more/a"]
    assert (folder / "model.safetensors").read_bytes() == b"weights"


@pytest.mark.usefixtures("hub")
def test_a_base_and_a_model_are_named_by_id() -> None:
    assert Path(resolve_base("owner/encoder"), "model.safetensors").read_bytes() == b"weights"
    assert resolve_base("hub:owner/encoder") == resolve_base(f"owner/encoder@{COMMIT}")
    with pytest.raises(ModelError, match=r"model\.json cannot be read"):  # it holds no served model
        Classifier.load("hub:owner/encoder")


@pytest.mark.usefixtures("hub")
def test_what_was_fetched_is_there_without_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fetch("owner/encoder", ["config.json"])
    reach(monkeypatch, "http://127.0.0.1:9")
    assert fetch("owner/encoder", ["config.json"]) == folder


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(
    ("name", "reason"),
    [("owner/no-such-model", "no such model is there, or it is private"), ("owner/gated", "grant access")],
)
def test_a_model_that_is_not_to_be_had(name: str, reason: str) -> None:
    with pytest.raises(ModelError, match=rf"{name} is neither a folder here nor .*{reason}"):
        fetch(name, ["config.json"])


@pytest.mark.usefixtures("cache")
def test_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    reach(monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(ModelError, match="no connection, and nothing of it is in the local cache"):
        fetch("owner/encoder", ["config.json"])


@pytest.mark.parametrize("name", ["", "./here", "../here", "/here", "a/b/c", "a b", "~/here", r"c:\here"])
def test_paths_are_no_ids(name: str) -> None:
    assert not is_hub_id(name)
    with pytest.raises(ModelError, match="there is no folder"):
        fetch(name, ["config.json"])
