"""Serves the simulators over real HTTP, each on its own port, and injects faults into requests.

Everything runs on one event loop in one daemon thread, so a handler that does not await is never
interrupted by another request.
"""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Protocol, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from kommo_invoice.sandbox.control import control_app
from kommo_invoice.sandbox.faults import Fault, FaultKind
from kommo_invoice.sandbox.world import RequestRecord

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from types import TracebackType

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from kommo_invoice.sandbox.world import World

HOST = "127.0.0.1"
CONTROL = "control"
GARBAGE = b"<!DOCTYPE html>\n<html><head><title>Please wait</title></head><body></body></html>\n"
HTML = "text/html; charset=utf-8"


class Simulator(Protocol):
    """One provider; it knows nothing of faults."""

    name: str

    @property
    def app(self) -> ASGIApp:
        """The provider's API."""

    def operation(self, scope: Scope, body: bytes) -> str:
        """Return what the request asks for, in the words that fault rules use."""

    def dump(self) -> dict[str, Any]:
        """Return a picture of the provider's world as JSON data."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP response."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


async def ask(app: ASGIApp, scope: Scope, body: bytes) -> Answer:
    """Return what ``app`` answers to the request; it acts whether or not anybody listens."""
    inbox: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    outbox: list[Message] = []

    async def receive() -> Message:
        return inbox.pop() if inbox else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        outbox.append(message)

    await app(dict(scope), receive, send)
    start, *rest = outbox
    parts = [part.get("body", b"") for part in rest if part["type"] == "http.response.body"]
    return Answer(start["status"], list(start.get("headers", [])), b"".join(parts))


class _Connections:
    """The open connections of one port, by which the server can hang up.

    ASGI has no word for dropping a connection, so this is the one place that reaches through it
    to uvicorn: its protocol class is subclassed to note each connection's transport, and a
    request finds its own by the addresses that its scope names.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """Return the protocol class that uvicorn has to use for this port."""
        known = self._open

        class Noting(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
                super().connection_made(transport)
                if self.client is not None:
                    known[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                if self.client is not None:
                    known.pop(self.client, None)

        return Noting

    async def drop(self, scope: Scope, receive: Receive, *, flush: bool = False) -> None:
        """Close the request's connection and wait until it is gone.

        Args:
            scope: The request's scope.
            receive: The request's receive, which tells when the connection is gone.
            flush: True to let what was sent reach the client first.
        """
        transport = self._open.get(tuple(scope["client"] or ()))
        if transport is not None:
            if flush:
                transport.close()
            else:
                transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


class _Front:
    """The ASGI application of one port: records the request, then passes it on or lets it suffer.

    Args:
        world: Where requests are recorded and faults are taken from.
        simulator: What answers.
        connections: The open connections of this port.
        stopping: Set when the server stops, which cuts delays short.
    """

    def __init__(
        self,
        world: World,
        simulator: Simulator,
        connections: _Connections,
        stopping: asyncio.Event,
    ) -> None:
        self._world = world
        self._simulator = simulator
        self._connections = connections
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        body = await _read(receive)
        operation = self._simulator.operation(scope, body)
        fault = self._world.faults.take(self._simulator.name, operation)
        record = RequestRecord(
            provider=self._simulator.name,
            method=scope["method"],
            path=scope["path"],
            operation=operation,
            query=scope["query_string"].decode("latin-1"),
            body=_readable(body),
            status=None,
            at=self._world.now(),
            fault=fault.kind.value if fault else None,
        )
        with self._world.lock:
            self._world.requests.append(record)

        async def act() -> Answer:
            answer = await ask(self._simulator.app, scope, body)
            record.status = answer.status
            return answer

        if fault is None:
            await _send(send, await act())
        elif fault.kind is FaultKind.STATUS:
            record.status = fault.status
            await _send(send, _scripted(fault))
        else:
            await self._spoil(fault, act, (scope, receive, send))

    async def _spoil(
        self,
        fault: Fault,
        act: Callable[[], Awaitable[Answer]],
        asgi: tuple[Scope, Receive, Send],
    ) -> None:
        scope, receive, send = asgi
        match fault.kind:
            case FaultKind.REFUSE:
                await self._connections.drop(scope, receive)
            case FaultKind.LOSE:
                await act()
                await self._connections.drop(scope, receive)
            case FaultKind.LATE:
                self._put_off(fault.after_s, act)
                await self._connections.drop(scope, receive)
            case FaultKind.DELAY:
                answer = await act()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), fault.delay_s)
                await _send(send, answer)
            case FaultKind.TRUNCATE:
                answer = await act()
                await _send(send, answer, upto=len(answer.body) // 2)
                await self._connections.drop(scope, receive, flush=True)
            case FaultKind.GARBLE:
                await act()
                await _send(send, _made(200, GARBAGE, HTML))

    def _put_off(self, after_s: float, act: Callable[[], Awaitable[Answer]]) -> None:
        """Have it done when the world's clock is past ``after_s``: moved on by hand, or by time."""
        loop = asyncio.get_running_loop()

        async def acting() -> None:
            await act()

        def due() -> None:
            if not loop.is_closed():
                asyncio.run_coroutine_threadsafe(acting(), loop).result(timeout=10)

        self._world.later(after_s, due)
        # A moment more: the loop's clock is not the world's, and too early would mean never.
        loop.call_later(after_s + 0.05, loop.run_in_executor, None, self._world.run_due)


class Sandbox:
    """The running simulators; a context manager.

    Args:
        world: What they share.
        simulators: One for each provider.
        ports: Provider (or ``control``) -> port; those left out, and 0, get a free one.

    Attributes:
        urls: Provider (or ``control``) -> base URL, known as soon as it is started.
    """

    def __init__(
        self,
        world: World,
        simulators: Sequence[Simulator],
        ports: Mapping[str, int] | None = None,
    ) -> None:
        self.world = world
        self.simulators = {simulator.name: simulator for simulator in simulators}
        self.urls: dict[str, str] = {}
        self._ports = dict(ports or {})
        self._sockets: dict[str, socket.socket] = {}
        self._servers: list[uvicorn.Server] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = Event()
        self._thread: Thread | None = None

    def start(self) -> Self:
        """Listen on all ports; requests are answered from now on.

        Raises:
            OSError: A port is taken.
        """
        try:
            for name in (*self.simulators, CONTROL):
                self._sockets[name] = listener = _listener(self._ports.get(name, 0))
                self.urls[name] = f"http://{HOST}:{listener.getsockname()[1]}"
        except OSError:
            self._close()
            raise
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        self._ready.wait()
        return self

    def stop(self) -> None:
        """Stop listening and end the thread; delayed answers are sent at once."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
        for server in self._servers:
            server.should_exit = True
        thread.join(timeout=10)
        self._servers.clear()
        self._close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def dump(self) -> dict[str, Any]:
        """Return a picture of every provider's world, and of the clock, as JSON data."""
        with self.world.lock:
            pictures = {name: simulator.dump() for name, simulator in self.simulators.items()}
            return {"now": self.world.now().isoformat(), **pictures}

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._servers.append(uvicorn.Server(_config(control_app(self.world, self.dump), "h11")))
        listeners = [self._sockets[CONTROL]]
        for name, simulator in self.simulators.items():
            connections = _Connections()
            front = _Front(self.world, simulator, connections, self._stopping)
            self._servers.append(uvicorn.Server(_config(front, connections.protocol())))
            listeners.append(self._sockets[name])
        self._ready.set()
        await asyncio.gather(
            *(
                server.serve(sockets=[listener])
                for server, listener in zip(self._servers, listeners, strict=True)
            )
        )

    def _close(self) -> None:
        for listener in self._sockets.values():
            listener.close()
        self._sockets.clear()


def _listener(port: int) -> socket.socket:
    # asyncio switches Nagle's algorithm off only where the protocol is named, and with it on every
    # answer waits 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _config(app: ASGIApp, http: type[asyncio.Protocol] | str) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=http,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
    )


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _readable(body: bytes) -> Any:
    if not body:
        return None
    text = body.decode("utf-8", errors="replace")
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


async def _send(send: Send, answer: Answer, upto: int | None = None) -> None:
    """Send the answer; with ``upto``, only that many bytes of the body that its headers promise."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    part = answer.body[:upto]
    await send({"type": "http.response.body", "body": part, "more_body": upto is not None})


def _scripted(fault: Fault) -> Answer:
    if isinstance(fault.body, str):
        return _made(fault.status, fault.body.encode(), fault.content_type or HTML, fault.headers)
    body = json.dumps(fault.body).encode()
    return _made(fault.status, body, fault.content_type or "application/json", fault.headers)


def _made(
    status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None
) -> Answer:
    lines = {"content-type": content_type, "content-length": str(len(body)), **(headers or {})}
    return Answer(status, [(key.encode(), value.encode()) for key, value in lines.items()], body)
