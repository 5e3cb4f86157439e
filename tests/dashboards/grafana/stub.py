"""A server that speaks as much of Grafana's documented HTTP API as a push needs, and fails as told.

https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/ (dashboard, folder, data
source, alerting provisioning).
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

TOKEN = "glsa_secret_token"
Answer = tuple[int, Any]


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class StubGrafana:
    """Keeps folders, dashboards, data sources and contact points in memory."""

    prefix: str = ""
    asked: list[Asked] = field(default_factory=list)
    folders: dict[str, Any] = field(default_factory=dict)
    boards: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Any] = field(default_factory=dict)
    points: dict[str, Any] = field(default_factory=dict)
    fail: Callable[[str, str], Answer | str | None] = lambda method, path: None
    """Asked before each request: a status and body to answer with, `hang`, or None to serve it."""

    def __enter__(self) -> StubGrafana:
        stub, self._over = self, Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                path = self.path.removeprefix(stub.prefix)
                stub.asked.append(Asked(self.command, path, dict(self.headers), body))
                told = stub.fail(self.command, path)
                if told == "hang":
                    stub._over.wait(30)
                    self.close_connection = True
                    return
                status, content = told if isinstance(told, tuple) else stub._answer(stub.asked[-1])
                text = content if isinstance(content, str) else json.dumps(content)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/login")
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = do_PUT = _serve  # noqa: N815

            def log_message(self, format: str, *values: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}{self.prefix}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def writes(self) -> list[Asked]:
        """Requests that change something."""
        return [asked for asked in self.asked if asked.method != "GET"]

    def _answer(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Invalid API key"}
        for method, pattern, serve in (
            ("GET", r"/api/folders", lambda: (200, list(self.folders.values()))),
            ("POST", r"/api/folders", lambda: self._make(self.folders, asked.body)),
            ("GET", r"/api/folders/([^/]+)", lambda uid: self._get(self.folders, uid)),
            ("PUT", r"/api/folders/([^/]+)", lambda uid: self._change(self.folders, uid, asked.body)),
            ("GET", r"/api/datasources/uid/([^/]+)", lambda uid: self._source(uid)),
            ("POST", r"/api/datasources", lambda: self._make(self.sources, asked.body)),
            ("PUT", r"/api/datasources/uid/([^/]+)", lambda uid: self._change(self.sources, uid, asked.body)),
            ("GET", r"/api/v1/provisioning/contact-points", lambda: (200, list(self.points.values()))),
            (
                "POST",
                r"/api/v1/provisioning/contact-points",
                lambda: self._make(self.points, asked.body, 202),
            ),
            (
                "PUT",
                r"/api/v1/provisioning/contact-points/([^/]+)",
                lambda uid: self._change(self.points, uid, asked.body),
            ),
            ("GET", r"/api/dashboards/uid/([^/]+)", lambda uid: self._board(uid)),
            ("POST", r"/api/dashboards/db", lambda: self._save(asked.body)),
        ):
            found = re.fullmatch(pattern, asked.path)
            if found and method == asked.method:
                return serve(*found.groups())
        return 404, "404 page not found"

    def _get(self, kept: dict[str, Any], uid: str) -> Answer:
        return (200, kept[uid]) if uid in kept else (404, {"message": "not found", "status": "not-found"})

    def _source(self, uid: str) -> Answer:
        status, told = self._get(self.sources, uid)
        if status != 200:
            return status, told
        told = copy.deepcopy(told)
        told["secureJsonFields"] = dict.fromkeys(told.pop("secureJsonData", {}), True)
        return 200, told

    def _make(self, kept: dict[str, Any], body: Any, status: int = 200) -> Answer:
        if body["uid"] in kept:
            return 409, {"message": "a folder with the same name already exists"}
        kept[body["uid"]] = {**body, "id": len(kept) + 1, "version": 1}
        return status, kept[body["uid"]]

    def _change(self, kept: dict[str, Any], uid: str, body: Any) -> Answer:
        if body.get("version") not in (None, kept[uid]["version"]):
            return 412, {
                "message": "the folder has been changed by someone else",
                "status": "version-mismatch",
            }
        kept[uid] = {**kept[uid], **body, "version": kept[uid]["version"] + 1}
        return 200, kept[uid]

    def _board(self, uid: str) -> Answer:
        if uid not in self.boards:
            return 404, {"message": "Dashboard not found"}
        return 200, self.boards[uid]

    def _save(self, body: Any) -> Answer:
        board, folder = body["dashboard"], body["folderUid"]
        if folder not in self.folders:
            return 400, {"message": "folder not found"}
        found = self.boards.get(board["uid"])
        if (
            found is not None
            and not body["overwrite"]
            and board.get("version") != found["dashboard"]["version"]
        ):
            return 412, {
                "message": "The dashboard has been changed by someone else",
                "status": "version-mismatch",
            }
        version = found["dashboard"]["version"] + 1 if found else 1
        # As Grafana does: a number of its own, a counter, and defaults that nobody asked for.
        saved = {
            **board,
            "id": len(self.boards) + 1,
            "version": version,
            "weekStart": "",
            "schemaVersion": 43,
        }
        for panel in saved["panels"]:
            panel["pluginVersion"] = "13.0.0"
        self.boards[board["uid"]] = {
            "dashboard": saved,
            "meta": {"folderUid": folder, "version": version, "provisioned": False},
        }
        return 200, {"id": saved["id"], "uid": board["uid"], "status": "success", "version": version}
