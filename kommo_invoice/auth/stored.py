"""The bearer token of a stored connection: read once, refreshed in time, renewed after a 401."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from kommo_invoice.auth.grant import Grant
from kommo_invoice.errors import NotExecuted

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from kommo_invoice.auth.connection import Connection, Secret, StoreKind
    from kommo_invoice.auth.connections import Connections
    from kommo_invoice.auth.grant import Refresh
    from kommo_invoice.auth.stores.base import Store

_BEFORE_END = timedelta(minutes=5)  # design, section 7
_REST = timedelta(minutes=1)

_logger = logging.getLogger(__name__)


class StoredToken:
    """A connection's token, as ``http.Client`` wants it.

    A token endpoint is asked at most once a minute, whatever its answers are like, so that
    tokens that are dead on arrival make no loop.

    Args:
        connection: The facts.
        open_store: Opens the store of its secret, which is read when the first request is made.
        connections: The registry.
        clock: The time (UTC).
        host: Scheme, host and port that will be asked: ``Origin.of(base_url).root``. The token
            is given out for the host it was connected for, and for no other.
        refresh: Asks the token endpoint, exactly once; None for a token that cannot be renewed.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        open_store: Callable[[StoreKind], Store],
        connections: Connections,
        clock: Callable[[], datetime],
        host: str,
        refresh: Refresh | None = None,
    ) -> None:
        self._clock = clock
        self._grant = Grant(
            connection,
            open_store=open_store,
            connections=connections,
            clock=clock,
            host=host,
            refresh=refresh,
        )
        self._secret: Secret | None = None
        self._tried_at: datetime | None = None
        self._failure: NotExecuted | None = None

    def token(self) -> str:
        """Return the token to send now; one that ends within five minutes is refreshed first.

        Raises:
            LoginNeeded: There is none, it is for another host, or its grant has ended.
            NotExecuted: It has ended and cannot be refreshed now.
            SecretStoreUnavailable: The store cannot be used.
        """
        secret = self._current()
        if secret.expires_at is not None and self._grant.renewable(secret):
            left = secret.expires_at - self._clock()
            if left <= _BEFORE_END:
                return self._in_time(secret, lives=left > timedelta()).access_token
        return secret.access_token

    def renew(self) -> bool:
        """Say, after a 401, whether ``token()`` gives another one now.

        Raises:
            LoginNeeded, NotExecuted, SecretStoreUnavailable: As for ``token``.
        """
        secret = self._current()
        if not self._grant.renewable(secret):
            return False
        rests = self._rests()
        if rests and self._failure:
            raise _again(self._failure)
        # A token that was got a moment ago and is refused is refused for another reason.
        renewed = self._renewed(secret, may_ask=not rests)
        return renewed.access_token != secret.access_token

    def explain(self) -> str:
        """Return what to do when the token is refused."""
        return self._grant.way_out

    def _current(self) -> Secret:
        if self._secret is None:
            self._secret = self._grant.read()
        return self._secret

    def _in_time(self, secret: Secret, *, lives: bool) -> Secret:
        """Return a token in place of one that ends soon, or ended; that one while it is good."""
        if self._rests():
            if lives or not self._failure:
                return secret
            raise _again(self._failure)
        try:
            return self._renewed(secret, may_ask=True)
        except NotExecuted as error:
            if not lives:
                raise
            _logger.warning("%s; the present one is still good", error.message)
            return secret

    def _renewed(self, secret: Secret, *, may_ask: bool) -> Secret:
        try:
            self._secret = self._grant.renewed(secret, may_ask=may_ask)
        except NotExecuted as error:
            self._tried_at, self._failure = self._clock(), error
            raise
        if may_ask:
            self._tried_at, self._failure = self._clock(), None
        return self._secret

    def _rests(self) -> bool:
        """Say whether the last try was a moment ago, by a clock that may have been set since."""
        return self._tried_at is not None and abs(self._clock() - self._tried_at) < _REST


def _again(error: NotExecuted) -> NotExecuted:
    """Return the same error for another request."""
    return type(error)(error.message, hint=error.hint, retry_at=error.retry_at)
