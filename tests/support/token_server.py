"""A strict token endpoint on loopback: it rotates, and takes a second use for theft."""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/oauth2/token/"
FIRST_ACCESS, FIRST_REFRESH = "access-planted-0", "refresh-planted-0"
CLIENT_SECRET = "client-secret-planted"


class Lose(Enum):
    """When the connection breaks."""

    BEFORE = "before the server acted"
    AFTER = "after it acted"


@dataclass
class TokenServer:
    """The grant as the server sees it, and how the server behaves.

    Args:
        url: Where it listens.
        alive: Whether the grant is good; a second use of a refresh token ends it.
        number: How often it was rotated.
        asked: The refresh tokens it was asked with.
        rotates: Whether an answer has a new refresh token.
        ended: The access tokens whose time is over.
        life_s: How long access tokens live, in seconds.
        lose: When connections break, None: they do not.
        came: Set when a request has come; it is then answered once ``go`` is set.
        go: As above.
    """

    url: str
    alive: bool = True
    number: int = 0
    asked: list[str] = field(default_factory=list)
    rotates: bool = True
    ended: set[str] = field(default_factory=set)
    life_s: int = 3600
    lose: Lose | None = None
    came: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    _one: threading.Lock = field(default_factory=threading.Lock)

    @property
    def access_token(self) -> str:
        """The access token that is good now."""
        return f"access-planted-{self.number}"

    @property
    def refresh_token(self) -> str:
        """The refresh token that is good now."""
        return f"refresh-planted-{self.number if self.rotates else 0}"

    def accepts(self, access_token: str) -> bool:
        """Say whether an API would take this token."""
        good = access_token == self.access_token and access_token not in self.ended
        return self.alive and good

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        """Act on a request for new tokens."""
        with self._one:
            self.asked.append(form["refresh_token"])
            if form["client_secret"] != CLIENT_SECRET:
                return 401, {"error": "invalid_client"}
            if form["refresh_token"] != self.refresh_token:
                self.alive = False
            if not self.alive:
                return 400, {"error": "invalid_grant"}
            self.number += 1
            new = {"refresh_token": self.refresh_token} if self.rotates else {}
            return 200, {"access_token": self.access_token, "expires_in": self.life_s, **new}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    it: TokenServer

    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self._say(200 if self.it.accepts(token) else 401, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        assert self.path == PATH
        self.it.came.set()
        self.it.go.wait()
        if self.it.lose is Lose.BEFORE:
            self._break()
            return
        status, answer = self.it.answer({name: each[0] for name, each in parse_qs(body).items()})
        if self.it.lose is Lose.AFTER:
            self._break()
            return
        self._say(status, answer)

    def _say(self, status: int, answer: dict[str, object]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _break(self) -> None:
        linger_none = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_none)
        self.close_connection = True

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 32


@contextmanager
def token_server() -> Iterator[TokenServer]:
    """Yield a server whose grant is good and which answers at once."""
    listener = _Listener(("127.0.0.1", 0), _Handler)
    it = TokenServer(f"http://127.0.0.1:{listener.server_port}")
    it.go.set()
    listener.RequestHandlerClass = type("Bound", (_Handler,), {"it": it})
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield it
    finally:
        it.go.set()
        listener.shutdown()
        listener.server_close()
        thread.join()
