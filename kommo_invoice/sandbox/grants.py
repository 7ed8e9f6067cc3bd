"""What both simulators' OAuth has in common: codes, and refresh tokens that live in families."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from kommo_invoice.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Integration:
    """An application as it is registered."""

    client_id: str
    client_secret: str
    redirect_uri: str


class Unusable(Exception):
    """A code or refresh token that nothing is given for."""


@dataclass(slots=True)
class Family:
    """One person's consent, and everything that it led to.

    Args:
        client_id: Whose application it was given to.
        scopes: What was agreed to; None where that is not part of the question.
        business: The one business that it is limited to.
        ended: True once it gives nothing any more.
        access: The access tokens that came of it.
    """

    client_id: str
    scopes: tuple[str, ...] | None = None
    business: str | None = None
    ended: bool = False
    access: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Once:
    """A code or a refresh token."""

    family: Family
    ends: datetime | None
    used: bool = False


class Grants:
    """One provider's codes and tokens.

    Args:
        world: Gives the time; holds the access tokens that are valid.
        provider: Whose they are.

    Attributes:
        integrations: By client id.
        denies: True to let the person at the browser refuse.
        revokes_families: True to take the second use of a refresh token for theft: nothing of
            its family is good any more (RFC 9700, section 4.14.2).
        rotates: False to give no new refresh token with a refresh; the old one lives on.
    """

    def __init__(self, world: World, provider: str) -> None:
        self._world = world
        self._provider = provider
        self._codes: dict[str, _Once] = {}
        self._refresh: dict[str, _Once] = {}
        self._access: dict[str, tuple[Family, datetime]] = {}
        self.integrations: dict[str, Integration] = {}
        self.denies = False
        self.revokes_families = False
        self.rotates = True

    def new_code(self, family: Family, life: timedelta) -> str:
        """Return a code that is good once."""
        code = self._new("code", "def502")
        self._codes[code] = _Once(family, self._world.now() + life)
        return code

    def new_refresh_token(self, family: Family, life: timedelta | None) -> str:
        """Return a refresh token; one without a life does not end by itself."""
        token = self._new("refresh", "def500")
        ends = None if life is None else self._world.now() + life
        self._refresh[token] = _Once(family, ends)
        return token

    def add_access_token(self, token: str, family: Family, life: timedelta) -> None:
        """Let a token in for as long as it lives."""
        family.access.add(token)
        self._access[token] = (family, self._world.now() + life)
        self._world.tokens[self._provider].add(token)

    def redeem_code(self, code: str, client_id: str) -> Family:
        """Return whose code it is; it is used up.

        Raises:
            Unusable: It is not known, another application's, used or too old.
        """
        return self._use(self._codes, code, client_id, "Authorization code")

    def redeem_refresh_token(self, token: str, client_id: str) -> Family:
        """Return whose refresh token it is; it is dead from then on, where tokens rotate.

        Raises:
            Unusable: As for codes.
        """
        once = self._refresh.get(token)
        if once is not None and once.used and self.revokes_families:
            self.end(once.family)
        family = self._use(self._refresh, token, client_id, "Token")
        self._refresh[token].used = self.rotates
        return family

    def end(self, family: Family) -> None:
        """Let nothing of a family be good any more, as when the person revokes it."""
        family.ended = True
        self._world.tokens[self._provider] -= family.access

    def family_of(self, access_token: str) -> Family | None:
        """Return the consent behind an access token; None for one that came by another way."""
        found = self._access.get(access_token)
        return None if found is None else found[0]

    def expire(self, access_token: str) -> None:
        """Take an access token out of the world's where its time is over."""
        found = self._access.get(access_token)
        if found is not None and self._world.now() >= found[1]:
            self._world.tokens[self._provider].discard(access_token)
            self._world.expired.add(access_token)

    def _use(self, kept: dict[str, _Once], asked: str, client_id: str, what: str) -> Family:
        once = kept.get(asked)
        gone = once is None or once.used or once.family.ended
        if once is None or gone or once.family.client_id != client_id:
            raise Unusable(f"{what} has been revoked")
        once.used = True
        if once.ends is not None and once.ends <= self._world.now():
            raise Unusable(f"{what} has expired")
        return once.family

    def _new(self, kind: str, prefix: str) -> str:
        return f"{prefix}{self._world.ids.next(f'{self._provider}.{kind}'):034x}"
