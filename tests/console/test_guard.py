"""The door in front of every request and websocket."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from dashboards.console.access import COOKIE, Sessions
from dashboards.console.guard import Guard

TOKEN = "a-token-that-nobody-guesses"
HERE = "http://127.0.0.1:8600"
HOST = {"host": "127.0.0.1:8600"}
WS = "/_nicegui_ws/socket.io"


async def inside(scope: Any, receive: Any, send: Any) -> None:
    """What lies behind the door."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"inside"})


def client(token: str = "", *, loopback: bool = True) -> TestClient:
    guard = Guard(inside, Sessions(token), bound_to_loopback=loopback, clock=lambda: 0.0)
    return TestClient(guard, base_url=HERE, follow_redirects=False)


def test_on_loopback_without_a_token_the_door_is_open_and_its_pages_load_nothing_from_elsewhere() -> None:
    answer = client().get("/")
    assert answer.text == "inside"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "http" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"}, {"origin": "null"}])
def test_another_origin_is_refused(headers: dict[str, str]) -> None:
    assert client().get("/", headers=headers).status_code == 403
    with pytest.raises(WebSocketDisconnect), client().websocket_connect(WS, headers={**headers, **HOST}):
        pass


def test_a_name_that_was_made_to_point_here_is_refused() -> None:
    assert client().get("/", headers={"host": "rebound.example:8600"}).status_code == 421


def test_the_consoles_own_websocket_opens() -> None:
    with client().websocket_connect(WS, headers={"origin": HERE, **HOST}):
        pass


def test_without_login_nothing_is_served_but_the_login() -> None:
    outside = client(TOKEN)
    answer = outside.get("/alerts")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert outside.get("/_nicegui/any.js").status_code == 401
    assert outside.post("/").status_code == 401
    with pytest.raises(WebSocketDisconnect), outside.websocket_connect(WS, headers={"origin": HERE, **HOST}):
        pass
    page = outside.get("/login", headers={"accept-language": "zh-CN,zh;q=0.9"})
    assert "访问令牌" in page.text and 'lang="zh-CN"' in page.text


def test_a_wrong_token_is_refused_and_the_right_one_opens_everything() -> None:
    outside = client(TOKEN)
    wrong = outside.post("/login", data={"token": TOKEN.upper()}, headers={"origin": HERE})
    assert wrong.status_code == 401 and COOKIE not in outside.cookies
    right = outside.post("/login", data={"token": TOKEN}, headers={"origin": HERE})
    assert right.status_code == 303
    cookie = right.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert TOKEN not in cookie
    assert outside.get("/").text == "inside"
    session = {"cookie": f"{COOKIE}={outside.cookies[COOKIE]}"}
    with outside.websocket_connect(WS, headers={"origin": HERE, **HOST, **session}):
        pass
    assert outside.get("/logout").headers["location"] == "/login"
    assert outside.get("/").status_code == 303


def test_a_login_from_another_origin_is_refused() -> None:
    answer = client(TOKEN).post("/login", data={"token": TOKEN}, headers={"origin": "http://evil.example"})
    assert answer.status_code == 403


def test_guessing_is_slowed_down() -> None:
    outside = client(TOKEN)
    answers = [outside.post("/login", data={"token": f"{n}"}).status_code for n in range(12)]
    assert answers == [401] * 10 + [429] * 2


def test_an_oversized_login_is_not_read_to_its_end() -> None:
    answer: httpx.Response = client(TOKEN).post("/login", content=b"token=" + b"x" * 1_000_000)
    assert answer.status_code == 401
