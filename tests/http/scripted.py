"""A provider on loopback that does, request by request, exactly what a script says."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Provider:
    """What the scripted provider was asked, and how often it acted."""

    url: str
    script: list[Behaviour] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    acted: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def will(self, *behaviours: Behaviour) -> None:
        self.script[:] = behaviours


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    provider: Provider

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def act(self) -> None:
        self.provider.acted += 1

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.provider.seen.append(Seen(self.command, self.path, headers, body))
        # The last behaviour stays: a script of one is a provider that always does the same.
        script = self.provider.script
        (script.pop(0) if len(script) > 1 else script[0])(self)

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.serve
        raise AttributeError(name)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


Behaviour = Callable[[Handler], None]


def answer(
    status: int = 200, body: object = None, *, raw: bytes | None = None, **headers: str
) -> Behaviour:
    """Act (when the status is a success) and answer ``body`` as JSON, or ``raw`` bytes."""
    content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()

    def behave(handler: Handler) -> None:
        if status < 300:
            handler.act()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if status != 204:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return behave


def html(status: int) -> Behaviour:
    return answer(status, raw=b"<html><h1>nginx</h1></html>", Content_Type="text/html")


def drop(*, acting: bool) -> Behaviour:
    """Reset the connection without an answer, before or after acting."""

    def behave(handler: Handler) -> None:
        if acting:
            handler.act()
        linger_none = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_none)
        handler.connection.close()
        handler.close_connection = True

    return behave


def truncated(handler: Handler) -> None:
    """Act, announce a whole answer, and hang up in its middle."""
    handler.act()
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"id": 1')
    handler.close_connection = True


def hang(handler: Handler) -> None:
    """Act, and never answer."""
    handler.act()
    handler.provider.over.wait()
    handler.close_connection = True


def dribble(handler: Handler) -> None:
    """Act, and answer so slowly that no single read times out."""
    handler.act()
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while not handler.provider.over.wait(0.02):
        handler.wfile.write(b" ")


@contextmanager
def provider() -> Iterator[Provider]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    it = Provider(f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = type("Bound", (Handler,), {"provider": it})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield it
    finally:
        it.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
