"""Login, origin, host: who may use the console."""

from __future__ import annotations

import pytest

from dashboards.console.access import Sessions, check_bind, host_allowed, origin_allowed
from pipeline.errors import UsageError

TOKEN = "a-token-that-nobody-guesses"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "desk.example"])
def test_other_machines_are_let_in_only_with_a_token(host: str) -> None:
    with pytest.raises(UsageError, match="TOCSIN_CONSOLE_TOKEN"):
        check_bind(host, "")
    check_bind(host, TOKEN)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_needs_none(host: str) -> None:
    check_bind(host, "")


def test_a_token_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(UsageError, match="16"):
        check_bind("127.0.0.1", "secret")


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "127.0.0.1:8600", True),
        ("http://127.0.0.1:8600", "127.0.0.1:8600", True),
        ("https://Desk.Example", "desk.example", True),
        ("http://127.0.0.1:8601", "127.0.0.1:8600", False),
        ("http://evil.example", "127.0.0.1:8600", False),
        ("null", "127.0.0.1:8600", False),
        ("http://127.0.0.1:8600.evil.example", "127.0.0.1:8600", False),
        ("", "127.0.0.1:8600", False),
    ],
)
def test_only_the_consoles_own_pages_may_ask(origin: str | None, host: str, allowed: bool) -> None:
    assert origin_allowed(origin, host) is allowed


def test_on_loopback_a_foreign_name_for_this_machine_is_not_answered() -> None:
    assert host_allowed("localhost:8600", bound_to_loopback=True)
    assert host_allowed("[::1]:8600", bound_to_loopback=True)
    assert not host_allowed("rebound.example:8600", bound_to_loopback=True)
    assert not host_allowed("", bound_to_loopback=False)
    assert host_allowed("desk.example", bound_to_loopback=False)


def test_the_right_token_opens_a_session_that_ends() -> None:
    sessions = Sessions(TOKEN)
    session = sessions.login(TOKEN, now=0.0)
    assert session is not None
    assert sessions.knows(session, now=11 * 3600.0)
    assert not sessions.knows(session, now=13 * 3600.0)
    assert not sessions.knows("", now=0.0)
    sessions.logout(session)
    assert not sessions.knows(session, now=1.0)


def test_wrong_tokens_open_nothing_and_soon_are_not_even_tried() -> None:
    sessions = Sessions(TOKEN)
    for wrong in ("", "x", TOKEN[:-1], TOKEN + "x", "ü" * 20):
        assert sessions.login(wrong, now=0.0) is None
    assert not sessions.barred(now=1.0)
    for _ in range(5):
        sessions.login("guess", now=2.0)
    assert sessions.barred(now=3.0)
    assert not sessions.barred(now=63.0)


def test_without_a_token_there_is_nothing_to_log_in_to() -> None:
    assert not Sessions("").needed
    assert Sessions("").knows("", now=0.0)
