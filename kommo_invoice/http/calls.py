"""The words of the HTTP layer: what providers hand to the client and get back. No httpx here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from kommo_invoice.errors import KinvError

if TYPE_CHECKING:
    from datetime import datetime


class CallClass(StrEnum):
    """What repeating a call would do; it decides what happens when the answer is lost."""

    READ = "read"
    SET = "set"
    CREATE = "create"
    KEYED = "keyed"

    @property
    def repeatable(self) -> bool:
        """Whether a second execution has no effect beyond the first one's."""
        return self is not CallClass.CREATE


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``requests`` requests in any ``seconds`` seconds."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Policy:
    """How politely a provider is asked.

    Args:
        rates: Budgets, all of them held, shared by the processes of this machine.
        in_flight: How many requests may be open at once. One holds across processes; more hold
            within each process, since there the rates are the guard.
        scheme: What stands before the token in the Authorization header.
    """

    rates: tuple[Rate, ...]
    in_flight: int
    scheme: str = "Bearer"


class Auth(Protocol):
    """Where the client gets its token from."""

    def token(self) -> str:
        """Return the token to send now."""

    def renew(self) -> bool:
        """Say, after a 401, whether ``token()`` gives another one now."""

    def explain(self) -> str:
        """Return what a person can do to log in, for the hint of LoginNeeded."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A provider's whole answer.

    Args:
        status: The HTTP status.
        headers: With lower-case names.
        body: The parsed JSON (fractions as Decimal, integers as int); None for an empty body.
        text: The raw text; it may hold secrets and is never logged unmasked.
        received_at: When it was there (UTC), by the client's clock.
        repeated: Whether an earlier try of the same call may have been executed as well.
    """

    status: int
    headers: Mapping[str, str]
    body: object | None
    text: str
    received_at: datetime
    repeated: bool = False


Judge = Callable[[Reply], KinvError | None]
"""A provider's own reading of a reply (a 200 may hold errors); None: nothing is wrong with it."""
