from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from tests.scenarios.proxy import every_commit, proxy


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while piece := self.request.recv(1024):
            self.request.sendall(piece)


@pytest.fixture
def echo() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def gone(client: socket.socket) -> bool:
    """Tell whether the other side has reset the connection, or ended it."""
    try:
        client.sendall(b"two")
        return client.recv(10) == b""
    except ConnectionError:
        return True


def test_passes_on_until_cut_and_again_when_restored(echo: int) -> None:
    with proxy(echo) as between:
        before = connect(between.port)
        before.sendall(b"one")
        assert before.recv(10) == b"one"
        between.cut()
        assert gone(before)
        with pytest.raises(ConnectionRefusedError):
            connect(between.port)
        between.restore()
        with connect(between.port) as after:
            after.sendall(b"three")
            assert after.recv(10) == b"three"
        before.close()


def test_a_frozen_network_says_nothing_and_delivers_later(echo: int) -> None:
    with proxy(echo) as between, connect(between.port) as client:
        client.sendall(b"one")
        assert client.recv(10) == b"one"
        between.freeze()
        client.sendall(b"two")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(10)
        between.restore()
        client.settimeout(10)
        assert client.recv(10) == b"two"


def test_every_third_commit_is_lost_before_and_after_in_turn() -> None:
    judge = every_commit(3)
    assert [judge(b"Q\0\0\0\x0bCOMMIT\0") for _ in range(6)] == [
        "pass", "pass", "lose before", "pass", "pass", "lose after",
    ]  # fmt: skip
    assert judge(b"INSERT") == "pass"
