"""What a test of tokens stands on: a connection, its secret in a store, and a token server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from token_server import CLIENT_SECRET, FIRST_ACCESS, FIRST_REFRESH

from kommo_invoice.auth.connection import Connection, Kind, Secret, StoreKind
from kommo_invoice.auth.connections import Connections
from kommo_invoice.auth.endpoint import TokenEndpoint
from kommo_invoice.auth.logins import LOGINS
from kommo_invoice.auth.stored import StoredToken
from kommo_invoice.auth.stores.plain_store import PlainStore
from kommo_invoice.http.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kommo_invoice.auth.stores.base import Store

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GRANT_ENDS = NOW + timedelta(days=60)


class Ground:
    """A grant at Wave's token endpoint, which is the test's server.

    Args:
        state_dir: Where everything lies.
        url: The server's.

    Attributes:
        now: The time that tokens are told; a test sets it.
        store: Where the secret is.
    """

    def __init__(self, state_dir: Path, url: str) -> None:
        self.state_dir = state_dir
        self.url = url
        self.now = NOW
        self.store: Store = PlainStore(state_dir)
        self.connections = Connections(state_dir, lock_wait_s=5)
        self.connection = Connection(
            provider="wave",
            account="acme",
            name="Acme Ltd",
            kind=Kind.OAUTH,
            store=StoreKind.PLAIN,
            host=url,
            base_url=url,
            connected_at=NOW - timedelta(days=30),
            expires_at=GRANT_ENDS,
        )

    def keep(self, ends_in: timedelta | None, **changed: Any) -> Secret:
        """Keep the first secret, whose access token ends that much after the ground's time."""
        secret = Secret(
            host=self.url,
            token_host=self.url,
            access_token=FIRST_ACCESS,
            expires_at=None if ends_in is None else self.now + ends_in,
            refresh_token=FIRST_REFRESH,
            refresh_expires_at=GRANT_ENDS,
            client_id="client-id",
            client_secret=CLIENT_SECRET,
            redirect_uri="http://localhost:8765/callback",
        ).model_copy(update=changed)
        self.connections.save(self.connection)
        self.put(secret)
        return secret

    def put(self, secret: Secret) -> None:
        """Keep a secret as another process would."""
        self.store.put(self.connection.key, secret.model_dump_json())

    @property
    def secret(self) -> Secret:
        """What the store has."""
        text = self.store.get(self.connection.key)
        assert text is not None
        return Secret.model_validate_json(text)

    @property
    def facts(self) -> Connection:
        """What the registry has."""
        found = self.connections.find(self.connection.key)
        assert found is not None
        return found

    def token(self, **changed: Any) -> StoredToken:
        """Return the token as a new process has it."""
        wiring: dict[str, Any] = {
            "open_store": lambda _: self.store,
            "connections": self.connections,
            "clock": self.clock,
            "host": self.url,
            "refresh": self.endpoint.refresh,
        }
        return StoredToken(self.connection, **{**wiring, **changed})

    @property
    def endpoint(self) -> TokenEndpoint:
        """The way to the server."""
        return TokenEndpoint(
            LOGINS["wave"],
            open_client=self.client,
            base_url=self.url,
            auth_base_url=None,
            account=None,
            clock=self.clock,
        )

    @property
    def client(self) -> Callable[..., Client]:
        """Opens clients that send no token."""
        return partial(Client, auth=None, state_dir=self.state_dir, clock=self.clock)

    def clock(self) -> datetime:
        """Return the ground's time."""
        return self.now
