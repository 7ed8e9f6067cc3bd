"""The words of a login: what was asked for, where, and what it gave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kommo_invoice.auth.connection import Kind, Secret
from kommo_invoice.auth.logins import Login


class Way(StrEnum):
    """How a person gives kinv access."""

    STDIN = "stdin"
    PROMPT = "prompt"
    BROWSER = "browser"
    PASTE = "paste"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for; None is left to the mapping, to what is connected, or to a question."""

    provider: str
    way: Way | None
    account: str | None
    store: str | None
    redirect_uri: str | None
    base_url: str | None
    auth_base_url: str | None
    environment: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where one logs in."""

    account: str | None
    base_url: str | None
    auth_base_url: str | None
    environment: str | None = None
    region: str | None = None

    def address(self, login: Login, account: str | None = None) -> str:
        """Return the address of the API there.

        Args:
            login: The provider's.
            account: The one that the login named.

        Raises:
            ConfigInvalid: The provider has no such environment or data centre.
        """
        account = account or self.account
        return self.base_url or login.address(account, self.environment, self.region)


@dataclass(frozen=True, slots=True)
class Access:
    """What a login gave.

    Args:
        secret: What is to be kept.
        kind: How it was got.
        scopes: What it may do, where that is known.
        account: The account that the login named.
        region: The data centre whose API it is for, where there are several.
    """

    secret: Secret
    kind: Kind
    scopes: tuple[str, ...] | None = None
    account: str | None = None
    region: str | None = None
