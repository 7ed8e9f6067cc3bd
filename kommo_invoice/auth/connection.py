"""What is kept of a connection: the facts that may be shown, and the secret that may not."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Kind(StrEnum):
    """How a connection came about."""

    TOKEN = "token"  # noqa: S105 - a word, not a secret
    """A long-lived, personal or full-access token that a person gave."""
    OAUTH = "oauth"
    """A grant given in the browser; its access token is refreshed."""


class StoreKind(StrEnum):
    """Where secrets can be kept (design, section 7)."""

    KEYRING = "keyring"
    FILE = "file"
    PLAIN = "plain"


class Connection(BaseModel):
    """The facts of one connection; nothing in it is secret.

    Args:
        provider: As the mapping names it.
        account: The account's id, as the mapping gives it.
        name: The account's name, for people.
        kind: How it came about.
        store: Where its secret is.
        host: Scheme, host and port that the token may be sent to, and to no other.
        base_url: What stood in place of the provider's own address when it was made.
        auth_base_url: The same for the OAuth hosts.
        environment: ``sandbox`` for an account of the provider's own sandbox.
        region: The data centre, where the provider has several.
        scopes: What the token may do, where that is known.
        connected_at: When it was made (UTC).
        expires_at: When the token ends, or the grant if it is not used; None if that is not known.
        final_at: When the grant ends however often it is used (UTC); None where it does not.
        renewable: Whether use renews it: False for a token, and for a grant without refresh token.
        refused_at: When its grant was found to have ended (UTC): only a new login helps.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str
    account: str
    name: str
    kind: Kind
    store: StoreKind
    host: str
    base_url: str | None = None
    auth_base_url: str | None = None
    environment: str | None = None
    region: str | None = None
    scopes: tuple[str, ...] | None = None
    connected_at: datetime
    expires_at: datetime | None = None
    final_at: datetime | None = None
    renewable: bool = True
    refused_at: datetime | None = None

    @property
    def key(self) -> str:
        """The name of its secret: an account of the same name on another host has another."""
        return f"{self.provider}:{self.account}@{self.host.partition('://')[2]}"

    @property
    def ends_at(self) -> datetime | None:
        """When it ends if nothing is done (UTC), None where that is not known."""
        ends = [each for each in (self.expires_at, self.final_at) if each is not None]
        return min(ends, default=None)

    def __str__(self) -> str:
        return f"{self.provider}:{self.account}"


class Secret(BaseModel):
    """What a store keeps under a connection's key, as one JSON text.

    Args:
        host: As in the connection: a token cannot be led elsewhere by changing the facts.
        token_host: The same for the endpoint at which a grant is refreshed.
        access_token: The bearer token.
        expires_at: When the access token ends (UTC), None if that is not known.
        refresh_token: For a grant.
        refresh_expires_at: When the refresh token ends if it is not used, None if not known.
        final_at: When the grant ends however often it is refreshed; None where it does not.
        generation: Grows with each refresh, so that processes see who is newer.
        client_id: The application's, for a grant.
        client_secret: The application's, for a grant.
        redirect_uri: The application's; some providers want it with each refresh.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str
    token_host: str | None = None
    access_token: str
    expires_at: datetime | None = None
    refresh_token: str | None = None
    refresh_expires_at: datetime | None = None
    final_at: datetime | None = None
    generation: int = 0
    client_id: str | None = None
    client_secret: str | None = None
    redirect_uri: str | None = None

    def __repr__(self) -> str:
        return f"Secret(host={self.host!r}, generation={self.generation})"

    __str__ = __repr__


class TokenAnswer(BaseModel):
    """What a token endpoint answered.

    Args:
        access_token: The bearer token.
        expires_at: When it ends (UTC).
        refresh_token: The new one; None where the answer had none: the old one goes on then.
        refresh_expires_at: When that ends if it is not used, None if not known.
        final_at: When the grant ends however often it is refreshed, None where it does not say.
        scopes: What was granted, where the answer says so.
        api: Scheme and host of the API that it is for, where the answer says so.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    access_token: str
    expires_at: datetime
    refresh_token: str | None = None
    refresh_expires_at: datetime | None = None
    final_at: datetime | None = None
    scopes: tuple[str, ...] | None = None
    api: str | None = None

    def __repr__(self) -> str:
        return f"TokenAnswer(expires_at={self.expires_at!r})"

    __str__ = __repr__
