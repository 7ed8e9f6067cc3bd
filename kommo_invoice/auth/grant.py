"""One connection's secret, and its renewal: once for all processes of this machine.

A provider that rotates refresh tokens takes the second use of one for theft and ends the whole
grant (RFC 9700, section 4.14.2). So a refresh is a transaction: lock, read again, ask once, keep
the new refresh token, and only then use the new access token.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pydantic import ValidationError

from kommo_invoice import checkpoints
from kommo_invoice.auth.connection import Connection, Secret, TokenAnswer
from kommo_invoice.auth.errors import GrantEnded, again
from kommo_invoice.auth.signals import put_off
from kommo_invoice.errors import LoginNeeded, NotExecuted, RateLimited, Temporary
from kommo_invoice.redact import remember_secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from kommo_invoice.auth.connection import StoreKind
    from kommo_invoice.auth.connections import Connections
    from kommo_invoice.auth.stores.base import Store

    Refresh = Callable[[Secret], TokenAnswer]

_logger = logging.getLogger(__name__)


class Grant:
    """A connection's secret in its store.

    Args:
        connection: The facts.
        open_store: Opens the store that the registry names at the time: a secret may be moved
            while a run is under way.
        connections: The registry; it has the lock too.
        clock: The time (UTC).
        host: Scheme, host and port at which the token will be used.
        refresh: Asks the token endpoint, exactly once; None where there is none.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        open_store: Callable[[StoreKind], Store],
        connections: Connections,
        clock: Callable[[], datetime],
        host: str,
        refresh: Refresh | None,
    ) -> None:
        self._connection = connection
        self._open_store = open_store
        self._connections = connections
        self._clock = clock
        self._host = host
        self._refresh = refresh
        self._answered: TokenAnswer | None = None

    @property
    def way_out(self) -> str:
        """What a person can do when the login is of no use any more."""
        return again(self._connection.provider)

    def renewable(self, secret: Secret) -> bool:
        """Say whether a new access token can be asked for."""
        return self._refresh is not None and secret.refresh_token is not None

    def read(self) -> Secret:
        """Return the secret as the store has it now.

        Raises:
            LoginNeeded: It is not there, damaged, or meant for another host.
            SecretStoreUnavailable: The store cannot be used.
        """
        text = self._text()
        try:
            secret = Secret.model_validate_json(text)
        except ValidationError:
            raise LoginNeeded(
                f"what the {self._connection.store} store has for {self._connection} is damaged",
                hint=self.way_out,
            ) from None
        _mask(secret)
        if secret.host != self._host:
            raise LoginNeeded(
                f"the token of {self._connection} is for {secret.host} and is not sent to "
                f"{self._host}",
                hint=f"check base_url in the mapping, or {self.way_out}",
            )
        return secret

    def _text(self) -> str:
        """Return what the secret's store has, looked for anew where it was moved meanwhile."""
        for _ in range(2):
            self._connection = self._present()
            text = self._open_store(self._connection.store).get(self._connection.key)
            if text is not None:
                return text
        raise LoginNeeded(
            f"the token of {self._connection} is not in the {self._connection.store} store",
            hint=self.way_out,
        )

    def _present(self) -> Connection:
        """Return the connection as the registry has it now."""
        connection = self._connection
        present = self._connections.find(connection.key)
        if present is None:
            raise LoginNeeded(f"{connection} was disconnected meanwhile", hint=self.way_out)
        return present

    def renewed(self, known: Secret, *, may_ask: bool = True) -> Secret:
        """Return a newer secret than ``known``: another process's, or one asked for now.

        Ctrl-C and SIGTERM wait until the answer is kept.

        Args:
            known: What this process used so far.
            may_ask: Else only another process's is taken, and ``known`` where there is none.

        Raises:
            LoginNeeded: The grant has ended. That is remembered: it is not asked for again.
            NotExecuted: The endpoint gave no usable answer, or the lock was not to be had. A
                request for which the token was wanted has not left.
            SecretStoreUnavailable: The store cannot be used. A new secret that it did not take is
                kept for the next try in this process.
        """
        with self._connections.locked(self._connection):
            stored = self.read()
            if stored.access_token != known.access_token:
                self._answered = None
            if self._is_newer(stored, known):
                _logger.info(
                    "%s: took the token of generation %d that another process got",
                    self._connection,
                    stored.generation,
                )
                return stored
            if not may_ask:
                return stored
            if since := self._connections.refused_at(self._connection, stored.generation):
                raise self._ended(since)
            try:
                return self._asked(stored)
            except GrantEnded as error:
                return self._taken_after(error, stored)

    def _is_newer(self, stored: Secret, known: Secret) -> bool:
        # Not by its generation alone: a person may have logged in anew.
        ended = stored.expires_at is not None and stored.expires_at <= self._clock()
        return stored.access_token != known.access_token and not ended

    def _asked(self, stored: Secret) -> Secret:
        """Ask for a new token and keep it."""
        if self._refresh is None or stored.refresh_token is None:
            raise LoginNeeded(
                f"the login of {self._connection} cannot be renewed", hint=self.way_out
            )
        with put_off():
            if self._answered is None:
                # A store that takes nothing is found out before the refresh token is used up.
                self._put(stored)
                self._answered = self._answer(self._refresh, stored)
                checkpoints.reach("auth.refresh.answered")
            tokens = self._answered
            renewed = _merged(stored, tokens)
            self._put(renewed)
            checkpoints.reach("auth.refresh.saved")
            self._answered = None
        self._connections.note_refresh(
            self._connection,
            expires_at=renewed.refresh_expires_at,
            scopes=tokens.scopes,
            final_at=tokens.final_at,
        )
        _logger.info(
            "%s: refreshed the token; generation %d is good until %s",
            self._connection,
            renewed.generation,
            "an unknown time" if renewed.expires_at is None else _shown(renewed.expires_at),
        )
        return renewed

    def _put(self, secret: Secret) -> None:
        store = self._open_store(self._connection.store)
        store.put(self._connection.key, secret.model_dump_json())

    def _answer(self, refresh: Refresh, stored: Secret) -> TokenAnswer:
        try:
            return refresh(stored)
        except RateLimited:
            raise
        except Temporary as error:
            raise NotExecuted(
                f"the token of {self._connection} could not be refreshed: {error.message}",
                hint="the next run tries again; if the answer got lost, it may have to ask for a "
                "new login",
                retry_at=error.retry_at,
            ) from error

    def _taken_after(self, error: GrantEnded, stored: Secret) -> Secret:
        """Return what somebody kept meanwhile who does not share our lock; else it is over."""
        again = self.read()
        if self._is_newer(again, stored):
            return again
        now = self._clock()
        self._connections.note_refusal(self._connection, generation=stored.generation, at=now)
        raise self._ended(now, error.hint) from error

    def _ended(self, since: datetime, hint: str | None = None) -> LoginNeeded:
        return LoginNeeded(
            f"the login of {self._connection} has ended: {self._connection.provider} refuses to "
            f"renew it since {_shown(since)}",
            hint=hint or self.way_out,
        )


def _merged(stored: Secret, tokens: TokenAnswer) -> Secret:
    """Return the secret after a refresh; without a new refresh token the old one goes on."""
    changed: dict[str, object] = {
        "access_token": tokens.access_token,
        "expires_at": tokens.expires_at,
        "generation": stored.generation + 1,
    }
    if tokens.refresh_token is not None:
        changed["refresh_token"] = tokens.refresh_token
        changed["refresh_expires_at"] = tokens.refresh_expires_at
    if tokens.final_at is not None:
        changed["final_at"] = tokens.final_at
    renewed = stored.model_copy(update=changed)
    _mask(renewed)
    return renewed


def _mask(secret: Secret) -> None:
    for each in (secret.access_token, secret.refresh_token, secret.client_secret):
        if each:
            remember_secret(each)


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
