"""Both simulators with an application registered at each, and kinv's own side of a login there."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kommo_invoice.auth.connection import Secret
from kommo_invoice.auth.endpoint import TokenEndpoint
from kommo_invoice.auth.logins import LOGINS
from kommo_invoice.auth.oauth import Authorization
from kommo_invoice.http import Client
from kommo_invoice.sandbox.faults import Fault, FaultKind
from kommo_invoice.sandbox.kommo import Kommo
from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.wave import WaveSimulator
from kommo_invoice.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kommo_invoice.auth.connection import TokenAnswer
    from kommo_invoice.http import Judge, Policy

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLIENT, CLIENT_SECRET = "planted-application", "planted-client-secret-0123456789"
TOKEN_PATHS = {"kommo": "POST /oauth2/access_token", "wave": "POST /oauth2/token/"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass(frozen=True)
class Got:
    """What a browser gets."""

    status: int
    headers: dict[str, str]
    text: str


def get(url: str, *, method: str = "GET", at: str | None = None, host: str | None = None) -> Got:
    """Ask for one page, as a browser that follows nothing.

    Args:
        url: The page.
        method: The HTTP method.
        at: The address to connect to, in place of the URL's own host.
        host: The Host header, in place of the URL's own.
    """
    parts = urlsplit(url)
    connection = HTTPConnection(at or parts.hostname or "", parts.port, timeout=5)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, headers={"Host": host or parts.netloc})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Got(answer.status, headers, answer.read().decode())
    finally:
        connection.close()


@dataclass
class Ground:
    """Two providers, one application, one person who agrees."""

    folder: Path
    redirect: str = field(default_factory=lambda: f"http://localhost:{free_port()}/callback")

    def __post_init__(self) -> None:
        self.world = World(lambda: NOW)
        self.world.unlimited = True
        self.kommo, self.wave = Kommo(self.world), WaveSimulator(self.world)
        self.kommo.add_user("Ada Nowak", "ada@agency.example")
        self.business = self.wave.seed()
        for simulator in (self.kommo, self.wave):
            simulator.add_integration(CLIENT, CLIENT_SECRET, self.redirect)
        self.sandbox = Sandbox(self.world, [self.kommo, self.wave])

    def begin(self, provider: str, **more: Any) -> Authorization:
        given = {"base_url": self.sandbox.urls[provider], **more}
        return Authorization.begin(LOGINS[provider], CLIENT, self.redirect, **given)

    def redirected(self, authorization: Authorization) -> str:
        """Return where the provider sends the browser back to."""
        got = get(authorization.url)
        assert got.status == 302, got
        return got.headers["location"]

    def client(self, base_url: str, provider: str, policy: Policy, judge: Judge) -> Client:
        return Client(
            base_url,
            provider,
            policy,
            judge,
            auth=None,
            state_dir=self.folder,
            clock=self.world.now,
            timeout_s=2,
            debug_http=True,
        )

    def endpoint(self, provider: str, **more: Any) -> TokenEndpoint:
        given = {
            "base_url": self.sandbox.urls[provider],
            "auth_base_url": None,
            "account": "agency",
            **more,
        }
        return TokenEndpoint(
            LOGINS[provider], open_client=self.client, clock=self.world.now, **given
        )

    def code(self, provider: str) -> str:
        """Have a person agree; return the code."""
        authorization = self.begin(provider)
        return authorization.read_pasted(self.redirected(authorization)).code

    def exchange(self, provider: str, code: str | None = None) -> TokenAnswer:
        endpoint = self.endpoint(provider)
        given = self.code(provider) if code is None else code
        return endpoint.exchange(given, CLIENT, CLIENT_SECRET, self.redirect)

    def secret(self, provider: str, tokens: TokenAnswer, **more: Any) -> Secret:
        given = {
            "host": "",
            "token_host": self.endpoint(provider).host,
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
            "redirect_uri": self.redirect,
        }
        return Secret(**{**given, **more})

    def answers(self, provider: str, status: int, body: object, **more: Any) -> None:
        """Have the token endpoint answer this, and do nothing."""
        match = TOKEN_PATHS[provider]
        fault = Fault(provider, match, FaultKind.STATUS, status=status, body=body, **more)
        self.world.faults.add(fault)

    def fault(self, provider: str, kind: FaultKind) -> None:
        self.world.faults.add(Fault(provider, TOKEN_PATHS[provider], kind))

    def asked(self, provider: str) -> list[Any]:
        """Return the bodies that the token endpoint was asked with."""
        return [
            each.body for each in self.world.requests if each.operation == TOKEN_PATHS[provider]
        ]


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    built = Ground(folder)
    with built.sandbox:
        yield built
