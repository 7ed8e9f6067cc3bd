"""Zoho's simulator with an application at it, and kinv's own side of a login there."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from oauth_ground import CLIENT, CLIENT_SECRET, get

from kommo_invoice.auth.connection import Connection, Kind, Secret, StoreKind
from kommo_invoice.auth.connections import Connections
from kommo_invoice.auth.endpoint import TokenEndpoint
from kommo_invoice.auth.logins import LOGINS
from kommo_invoice.auth.oauth import Authorization
from kommo_invoice.auth.stored import StoredToken
from kommo_invoice.auth.stores.plain_store import PlainStore
from kommo_invoice.http.client import Client
from kommo_invoice.sandbox.faults import Fault, FaultKind
from kommo_invoice.sandbox.server import Sandbox
from kommo_invoice.sandbox.world import World
from kommo_invoice.sandbox.zoho import ZohoSimulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kommo_invoice.auth.connection import TokenAnswer

ZOHO = LOGINS["zoho"]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
REDIRECT = "http://localhost:8765/callback"
TOKEN = "POST /oauth/v2/token"
HOUR = timedelta(hours=1)


class Grip:
    """A grant at Zoho's token endpoint, as any process of this machine holds it.

    Args:
        folder: Where everything lies.
        url: The server's.
        clock: The time (UTC).
    """

    def __init__(self, folder: Path, url: str, clock: Callable[[], datetime]) -> None:
        self.folder = folder
        self.url = url
        self.clock = clock
        self.store = PlainStore(folder)
        self.connections = Connections(folder, lock_wait_s=30)

    def client(self, *given: Any) -> Client:
        return Client(*given, auth=None, state_dir=self.folder, clock=self.clock, debug_http=True)

    @property
    def endpoint(self) -> TokenEndpoint:
        return TokenEndpoint(
            ZOHO,
            open_client=self.client,
            base_url=self.url,
            auth_base_url=None,
            account=None,
            clock=self.clock,
        )

    def secret(self, tokens: TokenAnswer) -> Secret:
        return Secret(
            host=self.url,
            token_host=self.url,
            access_token=tokens.access_token,
            expires_at=tokens.expires_at,
            refresh_token=tokens.refresh_token,
            refresh_expires_at=tokens.refresh_expires_at,
            client_id=CLIENT,
            client_secret=CLIENT_SECRET,
            redirect_uri=REDIRECT,
        )

    def keep(self, secret: Secret) -> Connection:
        """Keep a grant as ``kinv connect`` does."""
        connection = Connection(
            provider="zoho",
            account="60012345601",
            name="Nordlicht Consulting",
            kind=Kind.OAUTH,
            store=StoreKind.PLAIN,
            host=self.url,
            base_url=self.url,
            region="eu",
            connected_at=self.clock(),
        )
        self.connections.save(connection)
        self.store.put(connection.key, secret.model_dump_json())
        return connection

    @property
    def connection(self) -> Connection:
        """The facts, as the registry has them now."""
        (connection,) = self.connections.all()
        return connection

    @property
    def kept(self) -> Secret:
        """What the store has."""
        return Secret.model_validate_json(self.store.get(self.connection.key) or "")

    def token(self) -> StoredToken:
        """Return the token as a new process has it."""
        return StoredToken(
            self.connection,
            open_store=lambda _: self.store,
            connections=self.connections,
            clock=self.clock,
            host=self.url,
            refresh=self.endpoint.refresh,
        )


class Ground(Grip):
    """A consultancy at Zoho, in Europe; an application that is registered in America.

    Args:
        folder: Where kinv's side lies.
    """

    def __init__(self, folder: Path) -> None:
        self.world = World(lambda: NOW)
        self.people = ZohoSimulator(self.world)
        self.people.seed()
        self.people.add_integration(CLIENT, CLIENT_SECRET, REDIRECT)
        self.oauth = self.people.oauth
        self.oauth.registered_at = "us"
        self.sandbox = Sandbox(self.world, [self.people]).start()
        super().__init__(folder, self.sandbox.urls["zoho"], self.world.now)

    def begin(self, **more: Any) -> Authorization:
        return Authorization.begin(ZOHO, CLIENT, REDIRECT, **{"base_url": self.url, **more})

    def redirected(self, authorization: Authorization | None = None) -> str:
        """Return where Zoho sends the browser back to."""
        got = get((authorization or self.begin()).url)
        assert got.status == 302, got
        return got.headers["location"]

    def code(self) -> str:
        """Have a person agree; return the code."""
        authorization = self.begin()
        return authorization.read_pasted(self.redirected(authorization)).code

    def exchange(
        self, code: str | None = None, *, redirect: str | None = REDIRECT, secret: str = ""
    ) -> TokenAnswer:
        return self.endpoint.exchange(
            code or self.code(), CLIENT, secret or CLIENT_SECRET, redirect
        )

    def connect(self) -> Connection:
        """Have a person agree, and keep the grant."""
        return self.keep(self.secret(self.exchange()))

    def advance(self, time: timedelta) -> None:
        self.world.advance(time.total_seconds())

    def throttle(self) -> None:
        """Let somebody else use up the refreshes of the next ten minutes."""
        self.people.rules.refreshes_per_window = 1
        self.endpoint.refresh(self.kept)

    def answers(self, status: int, body: object, **more: Any) -> None:
        """Have the token endpoint answer this, and do nothing."""
        fault = Fault("zoho", TOKEN, FaultKind.STATUS, status=status, body=body, **more)
        self.world.faults.add(fault)

    @property
    def asked(self) -> list[dict[str, list[str]]]:
        """The forms that the token endpoint was asked with."""
        bodies: list[Any] = [each.body for each in self.world.requests if each.operation == TOKEN]
        return [parse_qs(body) for body in bodies]


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Yield the ground while its server runs."""
    built = Ground(folder)
    try:
        yield built
    finally:
        built.sandbox.stop()
