"""Waits on this machine for the browser to come back from a login (RFC 8252, section 7.3)."""

from __future__ import annotations

import errno
import logging
import socket
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Self

from kommo_invoice.auth.page import HEADERS, Page
from kommo_invoice.auth.redirect import Returned, ScopeRefused, StrangeRedirect
from kommo_invoice.errors import LoginNeeded, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from kommo_invoice.auth.oauth import Authorization

_POLL_S = 0.05
_USUAL_PORT = 80
_IDLE_S = 5.0  # browsers open connections that they may never use
_LOCALHOST = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}

_logger = logging.getLogger(__name__)


class Receiver:
    """Listens at a login's redirect address while it is open, on this machine's own addresses.

    Only the answer to this very login ends the wait: other paths, other hosts' names and other
    logins' answers get a page that says so. What is asked for is never logged, it holds the code.

    Args:
        authorization: The login.

    Raises:
        UsageError: Its redirect address is none of this machine's, or its port is taken.
    """

    def __init__(self, authorization: Authorization) -> None:
        if not authorization.redirect.receivable:
            raise UsageError(
                f"kinv cannot receive what comes back to {authorization.redirect.text}",
                hint="use --paste: copy the address that the browser ends at",
            )
        self._authorization = authorization
        self._redirect = authorization.redirect
        self._lock = Lock()
        self._outcome: Returned | LoginNeeded | None = None
        self._page: Page | None = None
        self._done = Event()
        self._servers: list[_Server] = []
        self._threads: list[Thread] = []

    def __enter__(self) -> Self:
        try:
            for family, host in self._places():
                with suppress(_NoSuchAddress):
                    self._servers.append(_server(family, host, self._redirect.port, self))
            for server in self._servers:
                thread = Thread(target=server.serve_forever, args=(_POLL_S,), daemon=True)
                thread.start()
                self._threads.append(thread)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def wait(self, timeout_s: float) -> Returned:
        """Return what the browser brings.

        Args:
            timeout_s: Seconds after which nobody is expected any more.

        Raises:
            ScopeRefused: The provider does not give what was asked for.
            LoginNeeded: The login was refused, or nobody came.
        """
        if not self._done.wait(timeout_s) or self._outcome is None:
            login = self._authorization.login
            raise LoginNeeded(
                f"the browser did not come back from {login.name} within {timeout_s:.0f} seconds",
                hint=f"check that {self._redirect.text} is registered, letter by letter, "
                f"{login.oauth.register}; or use --paste",
            )
        if isinstance(self._outcome, LoginNeeded):
            raise self._outcome
        return self._outcome

    def close(self) -> None:
        """Stop listening."""
        for server, _ in zip(self._servers, self._threads, strict=False):
            server.shutdown()
        for server in self._servers:
            server.server_close()
        for thread in self._threads:
            thread.join()
        self._servers.clear()
        self._threads.clear()

    def answer(self, target: str, hosts: Sequence[str]) -> Page:
        """Return the page for one request.

        Args:
            target: Path and query that were asked for.
            hosts: What its Host headers name.
        """
        path, _, query = target.partition("?")
        if len(hosts) != 1 or hosts[0].lower() not in self._names:
            # A page elsewhere may have its own name lead here (DNS rebinding).
            return _strange(HTTPStatus.MISDIRECTED_REQUEST, "it was asked for under a strange name")
        if path != self._redirect.path:
            return _strange(HTTPStatus.NOT_FOUND, "the login is waited for at another address")
        with self._lock:
            if self._page is None:
                return self._read(query)
            return self._page

    def sent(self) -> None:
        """End the wait if the login has ended; called when a page is out."""
        if self._outcome is not None:
            self._done.set()

    def _read(self, query: str) -> Page:
        try:
            self._outcome = self._authorization.read(query)
        except StrangeRedirect as error:
            return _strange(HTTPStatus.BAD_REQUEST, error.hint)
        except LoginNeeded as error:
            self._outcome = error
            self._page = self._bad_end(error)
        else:
            self._page = _good_end(self._authorization.login.name)
        return self._page

    def _bad_end(self, error: LoginNeeded) -> Page:
        oauth = self._authorization.login.oauth
        if isinstance(error, ScopeRefused) and oauth.wished_scopes:
            hint = "the terminal says how it goes on"
        else:
            hint = error.hint
        return Page(HTTPStatus.BAD_REQUEST, "The login did not succeed", (error.message, hint))

    def _places(self) -> Sequence[tuple[socket.AddressFamily, str]]:
        """Return where to listen: a browser may take either meaning of ``localhost``."""
        host = self._redirect.host
        if host == "localhost":
            return _LOCALHOST
        return [(socket.AF_INET6 if ":" in host else socket.AF_INET, host)]

    @property
    def _names(self) -> set[str]:
        """What browsers call this address in their Host header."""
        host, port = self._redirect.host, self._redirect.port
        host = f"[{host}]" if ":" in host else host
        return {f"{host}:{port}"} | ({host} if port == _USUAL_PORT else set())


class _NoSuchAddress(OSError):
    """The machine has no such address: it has no IPv6, or none switched on."""


class _Server(ThreadingMixIn, TCPServer):
    """One listening address; requests are answered side by side, none holds up another."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a connection that broke; the base class would print what was asked for."""
        del request, client_address
        _logger.debug("login: a connection to the redirect address broke")


class _Server6(_Server):
    """The same on IPv6."""

    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    timeout = _IDLE_S

    def __init__(self, receiver: Receiver, *arguments: Any) -> None:
        self._receiver = receiver
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Answer a page."""
        page = self._receiver.answer(self.path, self.headers.get_all("Host", []))
        _logger.debug("login: the redirect address was asked for, answered %d", page.status)
        try:
            self._send(page)
        finally:
            self._receiver.sent()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no such request; the base class would repeat it."""
        del message, explain
        self._send(_strange(HTTPStatus(code), "only a login is waited for here"))

    def version_string(self) -> str:
        """Return what the Server header says."""
        return "kinv"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Log nothing: it would be the whole request, with the code."""

    def _send(self, page: Page) -> None:
        content = page.html()
        self.send_response(page.status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)


def _server(family: socket.AddressFamily, host: str, port: int, receiver: Receiver) -> _Server:
    try:
        kind = _Server6 if family is socket.AF_INET6 else _Server
        return kind((host, port), partial(_Handler, receiver))
    except OSError as error:
        if error.errno in _NO_SUCH_ADDRESS and family is socket.AF_INET6:
            raise _NoSuchAddress from None
        taken = error.errno == errno.EADDRINUSE
        raise UsageError(
            f"port {port}, to which the login comes back, "
            + ("is taken by another program" if taken else f"cannot be used: {error.strerror}"),
            hint="end that program; or register another redirect address and give it with "
            "--redirect-uri; or use --paste",
        ) from None


def _good_end(name: str) -> Page:
    return Page(
        HTTPStatus.OK,
        "You can close this window",
        (f"{name} has agreed, and kinv goes on in the terminal",),
        good=True,
    )


def _strange(status: HTTPStatus, *paragraphs: str) -> Page:
    return Page(status, "This is not the login that kinv waits for", paragraphs)
